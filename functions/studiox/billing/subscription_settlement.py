"""Settles a subscription with its state in Stripe: the plan, the monthly tokens, and the user's history of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from studiox.catalog import sales_store
from studiox.catalog.sales import prices
from studiox.integrations import stripe
from studiox.integrations.stripe_types import Invoice, Subject, Subscription
from studiox.kit import clock, firestore, log
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention, StudioxError
from studiox.kit.firestore import Document
from studiox.kit.transaction import Docs, Reads
from studiox.models.catalog import Plan
from studiox.models.ledger import Cause
from studiox.models.orders import order_path
from studiox.models.payments import payment_path
from studiox.models.subscriptions import (
    BillingAccount,
    InvoiceRecord,
    SubscriptionRecord,
    account_path,
    subscription_path,
)
from studiox.models.users import FREE_PLAN, PlanId, user_path
from studiox.tokens.service import post_paid

from . import bills, invoice_memory, referral_settlement, store, subscriptions
from .checkout import current_terms
from .context import MAX_ROUNDS, SettlementContext, StaleRead, record_unchanged
from .monthly_tokens import NO_TERMS, PriceTerms, Reversal
from .subscription_effects import NOTICES, account_after, change_plan, notify, show_payments
from .subscriptions import SettlementInput
from .unmatched_payments import Outcome, Parked, PaymentInReview, alert_unmatched, park, park_in_commit

FEW = 8
"""The payments of up to this many new invoices are assumed absent; more are read together."""


class _Second(StudioxError):
    """The user has a second live subscription. Details: `loser`, `current`. It never reaches a client."""


class _Fetched(NamedTuple):
    """What a settlement needs beside documents."""

    subscription: Subscription
    invoices: list[Invoice]
    """Those that may change something, oldest first."""
    plans: Mapping[str, Plan]
    terms: Mapping[str, PriceTerms]
    """By Stripe's price id."""
    plan: PlanId | None
    """The plan that the subscription pays for; None if its price is not of the catalogue."""
    restored: Mapping[str, InvoiceRecord]
    """Records of forgotten invoices, from the user's billing history."""
    unexplained: Mapping[str, bills.Mismatch]
    """By the invoice's id: why its sum is not explained. Nothing is granted for it."""


def sync_subscription(
    subscription_id: str,
    uid: str,
    context: SettlementContext,
    *,
    order_id: str = "",
    fetch_reversal: Callable[[], Reversal | None] = lambda: None,
) -> None:
    """Settle the subscription and its user with its state in Stripe. `uid` is a hint; the subscription names its owner.

    A second subscription of one user is cancelled and refunded; the older one stays. A subscription that Stripe does
    not have counts as ended if we know it, and is ignored otherwise.
    `PaymentsUnavailable`, `Unavailable`, `Contention`.
    """
    synced: set[str] = set()
    for _ in range(MAX_ROUNDS):
        already_read = _read(subscription_id, uid, order_id, context)
        docs = firestore.docs_of(already_read)
        if context.is_processed(docs):
            return
        known = docs.get(subscription_path(subscription_id))
        reversal = fetch_reversal()
        found = _fetch(subscription_id, uid, reversal, known, sales_store.all_plans(docs))
        if found is None:
            log.warning("stripe_object_missing", kind="subscription", object=subscription_id)
            record_unchanged(context, already_read, order_id)
            return
        fetched, owner = found
        if not owner or fetched.plan is None:
            problem = "plan_unknown" if owner else "user_unknown"
            payments = _in_review(fetched.invoices, known)
            park(Subject("subscription", subscription_id), problem, context, owner, payments)
            return
        try:
            _commit(fetched, fetched.plan, owner, context, order_id, reversal, already_read)
        except StaleRead:
            continue
        except _Second as second:
            _end_second(second.details["loser"], second.details["current"], synced, owner, context)
            continue
        return
    raise Contention(retryAfterSeconds=2)


def _in_review(invoices: Iterable[Invoice], known: SubscriptionRecord | None) -> list[PaymentInReview]:
    """The paid invoices that were not settled before."""
    settled = known.invoices if known else {}
    paid = [each for each in invoices if each.status == "paid" and each.paid and each.id not in settled]
    return [PaymentInReview(each.id, "subscription", each.paid, each.currency) for each in paid]


def _read(subscription_id: str, uid: str, order_id: str, context: SettlementContext) -> dict[str, Document]:
    paths = [subscription_path(subscription_id), *context.paths(), *sales_store.stale()]
    paths += [account_path(uid), user_path(uid)] if uid else []
    paths += [order_path(order_id)] if order_id else []
    return firestore.read_documents(paths)


def _fetch(
    subscription_id: str,
    uid: str,
    reversal: Reversal | None,
    known: SubscriptionRecord | None,
    plans: Mapping[str, Plan],
) -> tuple[_Fetched, str] | None:
    """Stripe's state and the owner's uid ("" if there is none). None if neither Stripe nor we have the subscription."""
    found = stripe.subscription(subscription_id)
    invoices: list[Invoice] = []
    restored: dict[str, InvoiceRecord] = {}
    if found is not None:
        owner = found.uid or (known.uid if known else "") or uid
        invoices, restored = _fetch_invoices(subscription_id, owner, known, reversal)
    elif known is None:
        return None
    else:
        if subscriptions.is_live(known.status):
            log.alert("subscription_gone", subscription=subscription_id)
        found, owner = subscriptions.as_ended(known), known.uid
    terms = _fetch_terms(found, invoices, {**restored, **(known.invoices if known else {})}, plans)
    plan = terms[found.price_id].plan if found.price_id in terms else ""
    unexplained = _unexplained(found, invoices, {**restored, **(known.invoices if known else {})})
    return _Fetched(found, invoices, plans, terms, plan or None, restored, unexplained), owner


def _unexplained(
    found: Subscription, invoices: list[Invoice], records: Mapping[str, InvoiceRecord]
) -> dict[str, bills.Mismatch]:
    """The paid invoices whose sum is not explained, unless they were counted before."""
    now = current_terms()
    terms = bills.SaleTerms(codes=now.codes or "codes" in found.allows, tax=bool(now.tax) or "tax" in found.allows)
    made = {}
    for invoice in invoices:
        record, bill = records.get(invoice.id), invoice.bill
        if invoice.status == "paid" and not (record is not None and record.counted):
            made[invoice.id] = bills.mismatch(bill, {bill.currency: bill.subtotal}, terms)
    return {name: problem for name, problem in made.items() if problem}


def _fetch_terms(
    found: Subscription,
    invoices: list[Invoice],
    records: Mapping[str, InvoiceRecord],
    plans: Mapping[str, Plan],
) -> dict[str, PriceTerms]:
    """What each price buys. Stripe is asked only for prices that neither the catalogue nor the subscription names."""
    terms = {
        plan.price_id: PriceTerms(plan.id, plan.monthly_tokens, prices(plan).get(found.currency, plan.amount))
        for plan in plans.values()
        if plan.price_id
    }
    own = plans[found.plan_id].id if found.plan_id in plans else terms.get(found.price_id, NO_TERMS).plan
    if own:
        amount = terms.get(found.price_id, NO_TERMS).amount if found.amount is None else found.amount
        terms[found.price_id] = PriceTerms(own, plans[own].monthly_tokens, amount)
    for invoice in invoices:
        record = records.get(invoice.id)
        if record is not None and record.counted:
            continue
        for price_id in {line.price_id for line in invoice.lines} - terms.keys() - {""}:
            plan_id, amount = stripe.price(price_id, found.currency)
            if (plan := plans.get(plan_id)) is not None:
                terms[price_id] = PriceTerms(plan.id, plan.monthly_tokens, amount)
    return terms


def _fetch_invoices(
    subscription_id: str, owner: str, known: SubscriptionRecord | None, reversal: Reversal | None
) -> tuple[list[Invoice], dict[str, InvoiceRecord]]:
    """The invoices that may change something, oldest first, and the restored records of forgotten ones.

    A forgotten invoice matters only for a reversal. Old documents do not say which invoices they have forgotten.
    """
    invoices = stripe.invoices(subscription_id, known.forgotten if known else None)
    if known is None or not owner:
        return invoices, {}
    reversed_id = reversal.invoice_id if reversal is not None else ""
    if reversed_id and reversed_id not in {each.id for each in invoices}:
        old = stripe.invoice(reversed_id)
        invoices = [old, *invoices] if old is not None else invoices
    unsure = [
        each
        for each in invoices
        if each.id not in known.invoices
        and (known.forgotten is None or (each.id == reversed_id and each.created <= known.forgotten))
    ]
    payments = firestore.get_all([payment_path(owner, each.id) for each in unsure])
    pairs = [(invoice, payment) for invoice, payment in zip(unsure, payments, strict=True) if payment is not None]
    restored = {invoice.id: invoice_memory.restored(invoice, payment) for invoice, payment in pairs}
    records = {**known.invoices, **restored}
    return [each for each in invoices if invoice_memory.may_change(each, records, known.forgotten)], restored


def _restored(known: SubscriptionRecord | None, fetched: _Fetched) -> SubscriptionRecord | None:
    """The record, with those of forgotten invoices that this settlement needs."""
    if known is None or not fetched.restored:
        return known
    return replace(known, invoices={**fetched.restored, **known.invoices})


def _commit(
    fetched: _Fetched,
    plan: PlanId,
    uid: str,
    context: SettlementContext,
    order_id: str,
    reversal: Reversal | None,
    already_read: Mapping[str, Document],
) -> None:
    """The settlement's one transaction. `StaleRead`, `_Second`."""
    now = clock.now()
    found = fetched.subscription
    path = subscription_path(found.id)
    before = firestore.docs_of(already_read).get(path)
    reads = _reads(fetched, uid, before, already_read)
    if not reads.fresh and _is_settled(fetched, plan, uid, context, reversal, already_read, now):
        assert before is not None  # what is settled has been recorded
        record_unchanged(context, already_read, order_id, record=(path, before))
        return

    def decide(docs: Docs) -> Outcome:
        if context.is_processed(docs):
            return Outcome()
        known = _restored(docs.get(path), fetched)
        user = docs.get(user_path(uid))
        if user is None:
            parked = park_in_commit(docs, Subject("subscription", found.id), "user_missing", now)
            context.record(docs, "parked", now)
            return Outcome(parked)
        if docs.get(path) != before:
            raise StaleRead
        new = subscriptions.fetched_record(known, found, fetched.invoices, plan, uid, now)
        account = docs.get(account_path(uid)) or BillingAccount(uid=uid, customer_id=found.customer_id)
        if account.current and (loser := subscriptions.duplicate(account.current, new)):
            raise _Second(loser=loser, current=account.current.id)
        given = _input(fetched, reversal, user.buckets.monthly, account, now)
        settled = subscriptions.settle_subscription(known, new, given, fetched.plans)
        for move in settled.moves:
            cause = Cause(id=move.id, type=move.kind, kind="subscription", ref=move.ref, reason=move.reason)
            post_paid(docs, uid, cause, move.tokens, "monthly", now)
        change_plan(docs, known, settled.record, now)
        # Also if it stays the same: the commit that closes the account deletes it, so no settlement comes after that.
        docs.put(account_path(uid), account_after(account, settled))
        if settled.record != known:
            docs.put(path, settled.record)
            explained = [each for each in fetched.invoices if each.id not in fetched.unexplained]
            show_payments(docs, known, settled, explained, fetched.restored, now)
            was = known.plan if known is not None and known.entitled else FREE_PLAN
            store.add_plan_events(docs, settled.record, was, settled.events, now)
        else:
            docs.put(path, replace(settled.record, updated_at=now))
        store.mark_paid(docs, order_id, now)
        notify(docs, uid, found, context, now)
        in_review = _park_unexplained(docs, fetched, settled.invoices, uid, now)
        context.record(docs, "parked" if in_review else "handled", now)
        effect = {"status": new.status, "plan": new.plan} if settled.record != known else None
        return Outcome(invoices=in_review, effect=effect)

    outcome = context.commit(user_path(uid), decide, reads, target=path, effect=lambda made: made.effect)
    if outcome.parked is not None:
        alert_unmatched(found.id, outcome.parked, now)
    for name, each in outcome.invoices.items():
        alert_unmatched(name, each, now)
    referral_settlement.settle_after_payment(uid, already_read, context.by.function)


def _park_unexplained(
    docs: Docs, fetched: _Fetched, records: Mapping[str, InvoiceRecord], uid: str, now: datetime
) -> dict[str, Parked]:
    """Park each invoice whose sum is not explained. The rest of the subscription is settled all the same."""
    parked = {}
    for invoice in fetched.invoices:
        if problem := fetched.unexplained.get(invoice.id):
            is_refunded = 0 < invoice.paid <= records[invoice.id].reversed
            shown = PaymentInReview(invoice.id, "subscription", invoice.paid, invoice.currency, is_refunded)
            parked[invoice.id] = park_in_commit(docs, Subject("invoice", invoice.id), problem, now, uid, [shown])
    return parked


def _reads(
    fetched: _Fetched, uid: str, known: SubscriptionRecord | None, already_read: Mapping[str, Document]
) -> Reads:
    """How the commit reads its documents."""
    records = known.invoices if known else {}
    missing: list[str] = [each for each in (user_path(uid), account_path(uid)) if each not in already_read]
    missing += [payment_path(uid, invoice_id) for invoice_id in fetched.restored]
    new = [payment_path(uid, each.id) for each in fetched.invoices if each.id not in records]
    missing += new if len(new) > FEW else []
    unpaid = [each.id for each in fetched.invoices if each.id not in records or records[each.id].status == "draft"]
    return Reads(fresh=missing, assumed_absent=[payment_path(uid, each) for each in unpaid], already_read=already_read)


def _is_settled(
    fetched: _Fetched,
    plan: PlanId,
    uid: str,
    context: SettlementContext,
    reversal: Reversal | None,
    already_read: Mapping[str, Document],
    now: datetime,
) -> bool:
    """Whether the settlement would change nothing, as with most events."""
    docs = firestore.docs_of(already_read)
    found = fetched.subscription
    known = _restored(docs.get(subscription_path(found.id)), fetched)
    user = docs.get(user_path(uid))
    if (
        known is None
        or user is None
        or fetched.unexplained
        or (context.event is not None and context.event.type in NOTICES)
    ):
        return False
    account = docs.get(account_path(uid))
    new = subscriptions.fetched_record(known, found, fetched.invoices, plan, uid, now)
    given = _input(fetched, reversal, user.buckets.monthly, account, now)
    settled = subscriptions.settle_subscription(known, new, given, fetched.plans)
    return settled.record == known and not settled.moves


def _input(
    fetched: _Fetched, reversal: Reversal | None, monthly: int, account: BillingAccount | None, now: datetime
) -> SettlementInput:
    owed = (account.owed_tokens if account else None) or 0
    return SettlementInput(
        fetched.invoices, reversal, fetched.terms, monthly, owed, now, unexplained=fetched.unexplained
    )


def _end_second(loser: str, current: str, synced: set[str], uid: str, context: SettlementContext) -> None:
    """Cancel and refund one of two live subscriptions, after making sure that the other one is live in Stripe.

    Stripe is called before any commit: if this process dies in between, Stripe's next delivery repeats it.
    """
    without_event = context._replace(event=None, user_action=None)
    if current not in synced:
        synced.add(current)
        sync_subscription(current, uid, without_event)
        return
    log.warning("second_subscription_ended", subscription=loser)
    stripe.cancel_subscription(loser)
    exists = stripe.subscription(loser) is not None
    for invoice in stripe.invoices(loser) if exists else ():
        if invoice.status == "paid" and invoice.paid > 0 and invoice.intent_id:
            stripe.refund(invoice.intent_id, loser)
        if invoice.status == "paid" and (
            invoice.paid < invoice.bill.total or (invoice.paid > 0 and not invoice.intent_id)
        ):
            # A refund names a card payment; what the customer's balance paid cannot be refunded that way.
            log.alert("second_subscription_not_refunded", subscription=loser, invoice=invoice.id)
    if loser == current:
        sync_subscription(current, uid, without_event)
