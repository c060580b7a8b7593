"""At rest: packs, subscriptions and months of tokens agree with Stripe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.simulation.stripe_truth import Bill, Contract, Sale
from tests.simulation.truth import FREE_SONGS, MONTHLY, View, seconds
from tests.simulation.violations import Document, Violation

DAY = 86_400.0
DEAREST = "enterprise"
OVER = ("canceled", "incomplete", "incomplete_expired")
GRACE = (6.5 * DAY, 8 * DAY)
"""A subscription that is past due keeps its plan at least and at most so long. Between them, either is right."""


def check(view: View) -> Iterator[Violation]:
    paid = Counter(sale.order_id for sale in view.truth.stripe.sales.values())
    for payment_id, sale in view.truth.stripe.sales.items():
        yield from _sale(view, payment_id, sale)
    for name, order in view.orders.items():
        if paid[name] > 1:
            yield Violation(9, f"orders/{name}", f"paid {paid[name]} times")
        if order["credited"] and not paid[name]:
            yield Violation(9, f"orders/{name}", "credited, and Stripe has no payment")
    for contract in view.truth.stripe.contracts.values():
        yield from _contract(view, contract)
    for bill in view.truth.stripe.bills.values():
        yield from _bill(view, bill)
    for uid, user in view.users.items():
        yield from _grants(view, uid)
        if not view.did("setPlan", f"users/{uid}"):
            yield from _plan(view, uid, user)
            yield from _month(view, uid, user)
    for path, event in view.snapshot.items():
        if path.startswith("stripeEvents/") and event["status"] == "failed":
            yield Violation(9, path, f"the event fails: {event['error']}")


def _sale(view: View, payment_id: str, sale: Sale) -> Iterator[Violation]:
    """A paid pack is credited, less what was given back, or it is parked."""
    order, path = view.orders.get(sale.order_id), f"orders/{sale.order_id}"
    parked = view.is_parked(payment_id) or view.is_parked(sale.order_id)
    if order is None or not order["credited"]:
        if not parked:
            yield Violation(9, path, f"{payment_id} is paid, and neither credited nor parked")
        elif order is not None and order["uid"] in view.users and _matches(view, order, sale):
            yield Violation(9, path, f"{payment_id} is paid as ordered, and not credited")
        return
    if not _matches(view, order, sale):
        yield Violation(9, path, f"credited {order['credited']}, though {sale.amount} were paid")
    back = sale.refunded + sale.disputed
    due = order["credited"] * min(back, sale.amount) // sale.amount if sale.amount else 0
    if order["taken"] - order["restored"] != due and order["uid"] in view.users:
        yield Violation(10, path, f"took {order['taken'] - order['restored']}, not {due}: {back} of {sale.amount} back")


def _matches(view: View, order: Document, sale: Sale) -> bool:
    same = sale.amount == order["amount"] * sale.quantity + sale.added and sale.quantity > 0
    known = view.truth.people.get(sale.uid)
    owners = (sale.uid, known.pseudonym if known else "")  # a deleted buyer's orders are kept under the pseudonym
    return bool(same and order["uid"] in owners and sale.session_id == order["sessionId"])


def _contract(view: View, contract: Contract) -> Iterator[Violation]:
    """Our record says what Stripe says."""
    name, record = contract.subscription_id, view.subscriptions.get(contract.subscription_id)
    path = f"subscriptions/{name}"
    if contract.uid not in view.users:
        if record is None and not view.is_parked(name):
            yield Violation(9, path, "of nobody's, and not parked")
        if contract.status not in OVER and record is not None and contract.uid in view.truth.people:
            yield Violation(17, path, f"still {contract.status} at Stripe, and its account is deleted")
        return
    if record is None:
        if not view.is_parked(name):
            yield Violation(9, path, f"{contract.status} at Stripe, and neither recorded nor parked")
        return
    told = (record["status"], record["plan"], seconds(record["periodEnd"]), record["cancelAtPeriodEnd"])
    true = (contract.status, contract.plan, float(contract.period_end), contract.cancel_at_period_end)
    if told != true:
        yield Violation(9, path, f"says {told}, Stripe {true}")


def _bill(view: View, bill: Bill) -> Iterator[Violation]:
    """A paid month was granted, or parked, or given back."""
    contract = view.truth.stripe.contracts[bill.subscription_id]
    path, entry = f"users/{bill.uid}/ledger/grant:{bill.invoice_id}", view.entries(bill.uid)
    granted = entry.get(f"grant:{bill.invoice_id}")
    if bill.uid not in view.users or view.is_parked(bill.subscription_id):
        return
    if granted is not None and granted["amount"] > MONTHLY[bill.plan]:
        yield Violation(10, path, f"granted {granted['amount']} for a month of {bill.plan}")
    if bill.due and (granted is None or granted["amount"] != MONTHLY[bill.plan]):
        amount = 0 if granted is None else granted["amount"]
        yield Violation(9, path, f"a month of {bill.plan} is paid, and {amount} were granted")
    if granted is None and contract.ended_by_us and bill.reason == "subscription_create" and bill.paid:
        back = bill.refunded + bill.disputed
        if back < bill.paid and bill.subscription_id not in view.truth.unrefunded:
            yield Violation(9, path, f"{bill.subscription_id} was ended, and {back} of {bill.paid} given back")
    yield from _memory(view, bill)


def _memory(view: View, bill: Bill) -> Iterator[Violation]:
    """An invoice that the record lacks is as old as the record says that it forgets: else it would be granted again."""
    record = view.subscriptions.get(bill.subscription_id)
    shown = view.snapshot.get(f"users/{bill.uid}/payments/{bill.invoice_id}")
    if record is None or shown is None or bill.invoice_id in record["invoices"]:
        return
    until = record.get("forgotten")
    if until is None or shown["createdAt"] > until:
        yield Violation(9, f"subscriptions/{bill.subscription_id}", f"forgot {bill.invoice_id}, which is newer")


def _grants(view: View, uid: str) -> Iterator[Violation]:
    bills = view.truth.stripe.bills
    for name, entry in view.entries(uid).items():
        if entry["type"] == "plan_grant" and entry["ref"]["kind"] == "subscription":
            bill = bills.get(entry["ref"]["id"])
            if bill is None:
                yield Violation(9, f"users/{uid}/ledger/{name}", "granted for what was not paid")
            elif bill.uid not in ("", uid):
                yield Violation(9, f"users/{uid}/ledger/{name}", f"paid by {bill.uid}")


def _plan(view: View, uid: str, user: Document) -> Iterator[Violation]:
    """The plan is the subscription's."""
    path = f"users/{uid}"
    live = [
        each
        for each in view.truth.stripe.contracts.values()
        if each.uid == uid and each.status not in OVER and each.subscription_id in view.subscriptions
    ]
    if len(live) > 1:
        yield Violation(9, path, f"pays for {sorted(each.subscription_id for each in live)}")
        return
    expected = {"free"}
    for each in live:
        age = view.truth.now - each.since
        if each.status in ("active", "trialing") or (each.status == "past_due" and age < GRACE[0]):
            expected = {each.plan}
        elif each.status == "past_due" and age < GRACE[1]:
            expected = {each.plan, "free"}
    if user["plan"] not in expected:
        yield Violation(
            9, path, f"has the plan {user['plan']}, not {sorted(expected)}: {[each.status for each in live]}"
        )
    elif user["isPremium"] != (user["plan"] != "free"):
        yield Violation(9, path, f"isPremium is {user['isPremium']} with the plan {user['plan']}")


def _month(view: View, uid: str, user: Document) -> Iterator[Violation]:
    """Monthly tokens are at most the plan's; a free month ends within a month."""
    path, now = f"users/{uid}", view.truth.now
    kept = [MONTHLY[user["plan"]]]
    for record in view.subscriptions.values():
        grant = record.get("grant")
        if record["uid"] != uid or not grant:
            continue
        if grant["tokens"] > MONTHLY[DEAREST]:
            yield Violation(
                10, path, f"{grant['tokens']} tokens of one period, the dearest plan has {MONTHLY[DEAREST]}"
            )
        if record["status"] not in OVER and not record["entitled"] and not grant["over"]:
            kept.append(grant["tokens"])  # what is left of a paid period stays without the plan
    refunds = sum(
        entry["buckets"]["monthly"]
        for entry in view.entries(uid).values()
        if entry["type"] == "refund" and now - seconds(entry["createdAt"]) < 45 * DAY
    )
    monthly = user["buckets"]["monthly"]
    if monthly > max(kept) + refunds:
        yield Violation(10, path, f"{monthly} monthly tokens, at most {max(kept)} and {refunds} refunded")
    if user.get("subscriptionId") is None:
        left = seconds(user["creditResetAt"]) - now
        if not -26 * 3600 <= left <= 32 * DAY:
            yield Violation(11, path, f"the month ends in {left / DAY:.1f} days")


def _accounts(view: View, uid: str) -> list[str]:
    """The accounts of the same person: a month goes on after a deletion."""
    people = view.truth.people
    return [each for each in people if people[each].email == people[uid].email] if uid in people else [uid]


def songs(view: View, consumed: dict[str, int]) -> Iterator[Violation]:
    """Songs counted are those of the month that were not refunded. `consumed`: counted by calls for it, at most."""
    for uid, user in view.users.items():
        month = user.get("generationResetAt")
        if month is None:
            continue
        made = [
            job_id
            for job_id, job in view.jobs.items()
            if job["uid"] == uid and job["type"] == "music" and job["status"] not in ("failed", "cancelled")
            if view.state(job_id).get("songCountedUntil") == month
        ]
        counted, most = user["generationCount"], len(made) + sum(consumed.get(each, 0) for each in _accounts(view, uid))
        if counted < len(made) or (counted > most and not view.came_back(uid)):
            yield Violation(18, f"users/{uid}", f"{counted} songs counted, {len(made)} made, at most {most}")
        paying = any(
            each["type"] == "plan_grant" and each["ref"]["kind"] == "subscription"
            for each in view.entries(uid).values()
        ) or view.did("setPlan", f"users/{uid}")
        if len(made) > FREE_SONGS and not paying:
            yield Violation(18, f"users/{uid}", f"{len(made)} songs of one month on the plan free")
