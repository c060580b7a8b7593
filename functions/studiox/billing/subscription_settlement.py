"""Brings a subscription to what Stripe holds of it: the plan, the monthly tokens, the user's history of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from studiox.catalog import sales, sales_store
from studiox.integrations import stripe
from studiox.integrations.stripe_objects import Invoice, Subject, Subscription
from studiox.kit import clock, firestore, log
from studiox.kit.clock import a_month_after, datetime
from studiox.kit.errors import Contention, StudioxError
from studiox.kit.firestore import Document
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import notifications
from studiox.models.ledger import Cause
from studiox.models.users import FREE_PLAN, User, change_user, user_path
from studiox.tokens.service import post_paid

from . import event_store, invoice_memory, store, subscriptions
from .event_store import Why, record
from .invoice_memory import Record
from .monthly_tokens import NOTHING, Reversal, Term
from .subscriptions import Held, Looked, Settled
from .unmatched_payments import Review, Unmatched, keep_unmatched, park, tell_unmatched

ROUNDS = 6
FEW = 8
NOTICES: Mapping[str, notifications.Type] = {
    "customer.subscription.trial_will_end": "trial_ending",
    "invoice.payment_action_required": "payment_action_required",
}


class Stale(Exception):
    """Somebody settled the same while we fetched it: what we hold may be the older state."""


class _Second(StudioxError):
    """The user has another live subscription. `loser`, `current`."""


class _Fetched(NamedTuple):
    """All that a decision needs beside documents."""

    subscription: Subscription
    invoices: list[Invoice]
    plans: Mapping[str, sales.Plan]
    terms: Mapping[str, Term]
    rev: int
    """Of our document when Stripe was asked."""
    restored: Mapping[str, Record]
    """What the user's history tells of invoices that our document does not hold any more."""


def settle_subscription(
    subscription_id: str,
    uid: str,
    why: Why,
    *,
    order_id: str = "",
    reversal: Callable[[], Reversal | None] = lambda: None,
) -> None:
    """Bring the subscription and its user to its state in Stripe. `uid`: probably whose.

    A second subscription of one user is ended and refunded on the way (the older one stays).
    One that Stripe does not have has ended, if we know it; if not, there is nothing to do.
    `PaymentsUnavailable`, `Unavailable`, `Contention`.
    """
    looked: set[str] = set()
    for _ in range(ROUNDS):
        seen = _read(subscription_id, uid, order_id, why)
        if why.event is not None and why.counts(seen[event_store.event_path(why.event.id)].data):
            return
        reversed_ = reversal()
        found = _fetch(subscription_id, uid, reversed_, seen)
        if found is None:
            log.warning("stripe_object_missing", kind="subscription", object=subscription_id)
            record(why, seen, order_id)
            return
        fetched, owner = found
        if not owner or fetched.subscription.price_id not in fetched.terms:
            park(
                Subject("subscription", subscription_id),
                "plan_unknown" if owner else "user_unknown",
                why,
                owner,
                _in_review(fetched.invoices, seen[store.subscription_path(subscription_id)].data),
            )
            return
        try:
            _commit(fetched, owner, why, order_id, reversed_, seen)
        except Stale:
            continue
        except _Second as second:
            _end_second(second.details["loser"], second.details["current"], looked, owner, why)
            continue
        return
    raise Contention(retryAfterSeconds=2)


def _in_review(invoices: Iterable[Invoice], held: Mapping[str, Any] | None) -> list[Review]:
    """What was paid for a subscription that nobody can be given, without what was settled before."""
    known = (held or {}).get("invoices", {})
    paid = [each for each in invoices if each.status == "paid" and each.paid and each.id not in known]
    return [Review(each.id, "subscription", each.paid, each.currency) for each in paid]


def _read(subscription_id: str, uid: str, order_id: str, why: Why) -> dict[str, Document]:
    paths = [store.subscription_path(subscription_id), *why.paths(), *sales_store.stale()]
    paths += [store.account_path(uid), user_path(uid)] if uid else []
    paths += [store.order_path(order_id)] if order_id else []
    return firestore.read_documents(paths)


def _fetch(
    subscription_id: str, uid: str, reversal: Reversal | None, seen: Mapping[str, Document]
) -> tuple[_Fetched, str] | None:
    """What Stripe holds, and whose it is ("" if nobody's). None if neither Stripe nor we know of it."""
    plans = sales_store.all_plans(Docs(lambda path: seen[path].data))
    held = store.as_subscription(seen[store.subscription_path(subscription_id)].data)
    found = stripe.subscription(subscription_id)
    invoices: list[Invoice] = []
    restored: dict[str, Record] = {}
    if found is not None:
        owner = found.uid or (held.uid if held else "") or uid
        invoices, restored = _invoices(subscription_id, owner, held, reversal)
    elif held is None:
        return None
    else:
        if subscriptions.is_live(held.status):
            log.alert("subscription_gone", subscription=subscription_id)
        found, owner = subscriptions.as_gone(held), held.uid
    terms = _terms(found, invoices, {**restored, **(held.invoices if held else {})}, plans)
    return _Fetched(found, invoices, plans, terms, held.rev if held else 0, restored), owner


def _terms(
    found: Subscription, invoices: list[Invoice], known: Mapping[str, Record], plans: Mapping[str, sales.Plan]
) -> dict[str, Term]:
    """What each price buys. Stripe is only asked for those that neither the catalogue nor the subscription names."""
    terms = {plan.price_id: Term(plan.id, plan.monthly_tokens, plan.amount) for plan in plans.values() if plan.price_id}
    own = plans[found.plan_id].id if found.plan_id in plans else terms.get(found.price_id, NOTHING).plan
    if own:
        amount = terms.get(found.price_id, NOTHING).amount if found.amount is None else found.amount
        terms[found.price_id] = Term(own, plans[own].monthly_tokens, amount)
    for invoice in invoices:
        if known.get(invoice.id, {}).get("counted"):
            continue
        for price_id in {line.price_id for line in invoice.lines} - terms.keys() - {""}:
            plan_id, amount = stripe.price(price_id)
            if plan_id in plans:
                terms[price_id] = Term(plan_id, plans[plan_id].monthly_tokens, amount)
    return terms


def _invoices(
    subscription_id: str, owner: str, held: Held | None, reversal: Reversal | None
) -> tuple[list[Invoice], dict[str, Record]]:
    """The invoices that may change something, oldest first, and what is known of those that were forgotten.

    Only a reversal asks for an invoice that was forgotten, and only a document of before does not tell which were.
    """
    invoices = stripe.invoices(subscription_id, held.forgotten if held else None)
    if held is None or not owner:
        return invoices, {}
    asked = reversal.invoice_id if reversal is not None else ""
    if asked and asked not in {each.id for each in invoices}:
        old = stripe.invoice(asked)
        invoices = [old, *invoices] if old is not None else invoices
    unsure = [
        each
        for each in invoices
        if each.id not in held.invoices
        and (held.forgotten is None or (each.id == asked and each.created <= held.forgotten))
    ]
    told = firestore.read(*(store.payment_path(owner, each.id) for each in unsure)) if unsure else []
    pairs = [(invoice, payment) for invoice, payment in zip(unsure, told, strict=True) if payment is not None]
    restored: dict[str, Record] = {invoice.id: invoice_memory.restored(invoice, each) for invoice, each in pairs}
    records = {**held.invoices, **restored}
    return [each for each in invoices if invoice_memory.is_news(each, records, held.forgotten)], restored


def _commit(
    fetched: _Fetched,
    uid: str,
    why: Why,
    order_id: str,
    reversal: Reversal | None,
    seen: Mapping[str, Document],
) -> None:
    """The one transaction. `Stale`, `_Second`."""
    now = clock.now()
    found = fetched.subscription
    path, account_path = store.subscription_path(found.id), store.account_path(uid)
    missing = [each for each in (user_path(uid), account_path) if each not in seen]
    missing += [store.payment_path(uid, invoice_id) for invoice_id in fetched.restored]
    known = (seen[path].data or {}).get("invoices", {})
    news = [store.payment_path(uid, each.id) for each in fetched.invoices if each.id not in known]
    missing += news if len(news) > FEW else []  # together; a few are read as they are asked for
    if not missing and _is_settled(fetched, uid, why, reversal, seen, now):
        record(why, seen, order_id)
        return

    def decide(docs: Docs) -> Unmatched | None:
        if why.is_done(docs):
            return None
        held = store.as_subscription(docs.get(path), fetched.restored)
        user = docs.get(user_path(uid))
        if user is None:
            parked = keep_unmatched(docs, Subject("subscription", found.id), "user_missing", now)
            why.record(docs, event_store.PARKED, now)
            return parked
        plan = fetched.terms[found.price_id].plan
        new = subscriptions.view(held, found, fetched.invoices, plan, uid, now)
        if held is not None and held.rev != fetched.rev:
            raise Stale
        account = docs.get(account_path) or {"uid": uid, "customerId": found.customer_id}
        if loser := subscriptions.rival(account.get("current"), new):
            raise _Second(loser=loser, current=account["current"]["id"])
        settled = subscriptions.settle(held, new, _looked(fetched, reversal, user, account, now), fetched.plans)
        for move in settled.moves:
            cause = Cause(id=move.id, type=move.kind, kind="subscription", ref=move.ref, reason=move.reason)
            post_paid(docs, uid, cause, move.tokens, "monthly", now)
        _change_plan(docs, held, settled.held, now)
        owed = {"owedTokens": settled.owed} if settled.owed or "owedTokens" in account else {}
        docs.put(account_path, {**_account(account, settled.held), **owed})
        if settled.held != held:
            docs.put(path, {**store.fields(settled.held), "updatedAt": now})
            _tell(docs, held, settled, fetched, now)
            was = held.plan if held is not None and held.entitled else FREE_PLAN
            store.add_history(docs, settled.held, was, settled.events, now)
            why.effect(docs, path, now, status=new.status, plan=new.plan)
        store.mark_bought(docs, order_id, now)
        _notice(docs, uid, found, why, now)
        why.record(docs, event_store.HANDLED, now)
        return None

    held = (seen[path].data or {}).get("invoices", {})
    new = [each.id for each in fetched.invoices if held.get(each.id, {"status": "draft"})["status"] == "draft"]
    unseen = [store.payment_path(uid, each) for each in new]
    if parked := transact(user_path(uid), decide, Reads(fresh=missing, assumed_absent=unseen, already_read=seen)):
        tell_unmatched(found.id, parked, now)


def _is_settled(
    fetched: _Fetched,
    uid: str,
    why: Why,
    reversal: Reversal | None,
    seen: Mapping[str, Document],
    now: datetime,
) -> bool:
    """Whether all of it was done before: most events of a story bring nothing new."""
    found = fetched.subscription
    held = store.as_subscription(seen[store.subscription_path(found.id)].data, fetched.restored)
    user = seen[user_path(uid)].as_(user_path(uid))
    if held is None or user is None or (why.event is not None and why.event.type in NOTICES):
        return False
    account = seen[store.account_path(uid)].data or {}
    plan = fetched.terms[found.price_id].plan
    new = subscriptions.view(held, found, fetched.invoices, plan, uid, now)
    settled = subscriptions.settle(held, new, _looked(fetched, reversal, user, account, now), fetched.plans)
    return settled.held == held and not settled.moves


def _looked(
    fetched: _Fetched, reversal: Reversal | None, user: User, account: Mapping[str, Any], now: datetime
) -> Looked:
    monthly, owed = user.buckets.monthly, account.get("owedTokens", 0)
    return Looked(fetched.invoices, reversal, fetched.terms, monthly, owed, now)


def _change_plan(docs: Docs, held: Held | None, new: Held, now: datetime) -> None:
    """The user's document: plan and premium as the subscription has them, free when it has ended."""
    if new.entitled:
        change_user(
            docs,
            new.uid,
            now,
            plan=new.plan,
            is_premium=new.plan != FREE_PLAN,
            subscription_id=new.subscription_id,
            credit_reset_at=new.period_end,
        )
    elif held is not None and (held.entitled or _is_over(new) > _is_over(held)):
        # Who pauses keeps the month's tokens until the month is over.
        paid_until = new.period_end if subscriptions.keeps(new, new.grant, now) else None
        reset_at = paid_until or a_month_after(now)
        change_user(
            docs, new.uid, now, plan=FREE_PLAN, is_premium=False, subscription_id=None, credit_reset_at=reset_at
        )


def _is_over(held: Held) -> bool:
    return held.grant is not None and held.grant.over


def _account(account: Mapping[str, Any], new: Held) -> dict[str, Any]:
    """The account with this subscription as the current one, unless another one that lives is."""
    current = account.get("current")
    if current is not None and current["id"] != new.subscription_id and not subscriptions.is_live(new.status):
        return dict(account)
    summary = {
        "id": new.subscription_id,
        "status": new.status,
        "plan": new.plan,
        "entitled": new.entitled,
        "currentPeriodEnd": new.period_end,
        "cancelAtPeriodEnd": new.cancel_at_period_end,
        "createdAt": new.created_at,
        "itemId": new.item_id,
        "priceId": new.price_id,
        "rev": new.rev,
    }
    return {**account, "current": summary}


def _tell(docs: Docs, held: Held | None, settled: Settled, fetched: _Fetched, now: datetime) -> None:
    """The invoices that changed in the user's billing history; a notification for each refused payment."""
    before = held.invoices if held is not None else {}
    new = settled.held
    for invoice in fetched.invoices:
        known, old = settled.invoices[invoice.id], before.get(invoice.id)
        same = old is not None and invoice_memory.shown(old) == invoice_memory.shown(known)
        if invoice.status == "draft" or (same and invoice.id not in fetched.restored):
            continue
        payment = {
            "amount": invoice.paid or invoice.amount,
            "currency": invoice.currency,
            "status": subscriptions.payment_status(invoice, known),
            "refunded": known["reversed"] or None,
            "invoiceUrl": invoice.url,
            "createdAt": invoice.created,
            **({"tokens": known["granted"]} if known["granted"] else {}),
        }
        if old is None or old["status"] == "draft":
            payment |= {"kind": "subscription", "itemId": new.plan}
        store.show_payment(docs, new.uid, invoice.id, now, **payment)
        if invoice.status == "open" and invoice.attempts > (old or {}).get("attempts", 0):
            cause = f"{invoice.id}:{invoice.attempts}"
            notifications.add(docs, new.uid, "payment_failed", cause, now, payment_id=invoice.id)


def _notice(docs: Docs, uid: str, found: Subscription, why: Why, now: datetime) -> None:
    """What only the event itself says: that a trial ends soon, that the bank wants to ask the user."""
    kind = NOTICES.get(why.event.type) if why.event is not None else None
    if kind is None:
        return
    cause = f"{found.id}:{found.period_end.isoformat()}"
    if docs.get(notifications.notification_path(uid, kind, cause)) is None:
        notifications.add(docs, uid, kind, cause, now, subscription_id=found.id)


def _end_second(loser: str, current: str, looked: set[str], uid: str, why: Why) -> None:
    """End one of two live subscriptions and give its money back; but first see whether the other still lives.

    Vendor calls come before any commit: whoever is killed in between is followed by Stripe's next delivery.
    """
    again = why._replace(event=None, toll=None, deed=None)
    if current not in looked:
        looked.add(current)
        settle_subscription(current, uid, again)
        return
    log.warning("second_subscription_ended", subscription=loser)
    stripe.cancel_subscription(loser)
    there = stripe.subscription(loser) is not None
    for invoice in stripe.invoices(loser) if there else ():
        if invoice.status == "paid" and invoice.paid > 0 and invoice.intent_id:
            stripe.refund(invoice.intent_id)
        if invoice.status == "paid" and (invoice.paid < invoice.total or (invoice.paid > 0 and not invoice.intent_id)):
            # What the customer's balance or another way paid is no payment that a refund could name.
            log.alert("second_subscription_not_refunded", subscription=loser, invoice=invoice.id)
    if loser == current:
        settle_subscription(current, uid, again)
