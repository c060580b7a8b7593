"""At rest: top-ups and referrals agree with Stripe and with what their users agreed to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.simulation.answers import Exchange
from tests.simulation.truth import View
from tests.simulation.violations import Document, Violation

REFERRAL = 100
"""Tokens for each of the two people."""


def check(view: View, history: Sequence[Exchange]) -> Iterator[Violation]:
    yield from _ceilings(view, history)
    for name, uid in view.truth.stripe.chargeable.items():
        if name.startswith("pi_"):
            yield Violation(9, name, f"a top-up of {uid} was refused, and can still be paid")
        elif uid in view.truth.people and uid not in view.users:
            yield Violation(17, name, f"the card of the deleted {uid} is still saved")
    for uid, user in view.users.items():
        if order_id := (user.get("autoTopUp") or {}).get("orderId"):
            yield Violation(9, f"users/{uid}", f"the top-up {order_id} never ended")
    for path, document in view.snapshot.items():
        if path.startswith("referrals/"):
            yield from _referral(view, path, document)


def _ceilings(view: View, history: Sequence[Exchange]) -> Iterator[Violation]:
    """The top-ups of a month come to the highest of the user's ceilings at most."""
    agreed: dict[str, int] = {}
    for each in history:
        if each.function == "setAutoTopUp" and (ceiling := each.data.get("monthlyCeiling")):
            agreed[each.caller] = max(agreed.get(each.caller, 0), ceiling)
    ordered: Counter[tuple[str, str]] = Counter()
    for order in view.orders.values():
        if order["kind"] == "top_up":
            ordered[order["uid"], order["createdAt"].strftime("%Y-%m")] += order["amount"]
    for (uid, month), amount in ordered.items():
        if amount > agreed.get(uid, amount):
            yield Violation(9, f"users/{uid}", f"top-ups of {amount} in {month}, agreed {agreed[uid]}")


def _referral(view: View, path: str, referral: Document) -> Iterator[Violation]:
    """Both have the reward as long as the purchase stands; nobody else has."""
    uid, code = referral["uid"], view.snapshot.get(f"referralCodes/{referral['code']}")
    if referral.get("dueAt") is not None:
        yield Violation(9, path, "still due")
    if uid not in view.users:
        return
    stands = _stands(view, referral.get("purchaseId"))
    due = REFERRAL if stands and referral.get("refused") is None else 0
    people = {uid: "invited"} | ({code["uid"]: "inviter"} if code is not None else {})
    for person, role in people.items():
        if person not in view.users or (role == "inviter" and referral.get("invited") and not referral.get("inviter")):
            continue  # gone, or at its limit when the purchase was settled
        entries = view.entries(person).values()
        got = sum(each["amount"] for each in entries if each["ref"] == {"kind": "referral", "id": referral["rewardId"]})
        if got != due:
            yield Violation(10 if got > due else 9, path, f"{person} has {got} tokens of it, not {due}: {referral}")


def _stands(view: View, purchase: str | None) -> bool:
    """Whether at most half of the purchase was refunded, and none is disputed."""
    sale = next((each for each in view.truth.stripe.sales.values() if each.order_id == purchase), None)
    bill = view.truth.stripe.bills.get(purchase or "")
    if sale is not None:
        return sale.amount > 0 and not sale.disputed and 2 * sale.refunded <= sale.amount
    return bill is not None and bill.paid > 0 and not bill.disputed and 2 * bill.refunded <= bill.paid
