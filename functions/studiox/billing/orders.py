"""The rules of a token pack's order: from what Stripe holds of it to the tokens that move. Pure.

An order converges: `settle` compares what was credited and taken so far with what Stripe says now, and answers the
difference. So no order of events matters, nor how often one comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from studiox.integrations.stripe_objects import Charge, Dispute, Session

OrderStatus = Literal["open", "pending", "paid", "failed", "expired", "parked"]
PaymentKind = Literal["pack", "subscription"]
PaymentStatus = Literal["pending", "paid", "failed", "refunded", "partially_refunded", "disputed"]


class Move(NamedTuple):
    """Tokens that move because of an order; `id` is the ledger entry's."""

    kind: Literal["purchase", "clawback", "restore"]
    id: str
    tokens: int
    """Signed."""


class Held(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an order says was sold, written at checkout, and what has come of it."""

    order_id: str
    uid: str
    session_id: str
    tokens: int
    """Of one pack."""
    amount: int
    """Of one pack, in the currency's minor unit."""
    currency: str
    status: OrderStatus = "open"
    quantity: int = 0
    credited: int = 0
    taken: int = 0
    """Ever taken back, by refunds and disputes together."""
    restored: int = 0
    refunded: int = 0
    """Of the money; a refund that fails at the bank makes it less again."""
    failures: int = 0
    """How often a slow payment failed."""
    charge_id: str = ""
    receipt_url: str = ""
    disputes: Mapping[str, Mapping[str, Any]] = {}
    """By id: {amount, state, restored}."""

    @property
    def paid(self) -> int:
        return self.amount * self.quantity

    @property
    def payment_status(self) -> PaymentStatus | None:
        """As the user's billing history shows it; None for what was never paid nor tried."""
        if self.status in ("pending", "failed"):
            return "pending" if self.status == "pending" else "failed"
        if self.status != "paid":
            return None
        if disputed_amount(self.disputes):
            return "disputed"
        if self.refunded >= self.paid:
            return "refunded"
        return "partially_refunded" if self.refunded else "paid"


class Settled(NamedTuple):
    order: Held
    moves: tuple[Move, ...]
    problem: str
    """Why what was paid cannot be credited, for a person to look at; "" if nothing is wrong."""


def taken_target(sold: int, reversed_amount: int, amount: int) -> int:
    """How many of the tokens sold must be taken back when this much of the amount was (faults S6)."""
    return sold * min(reversed_amount, amount) // amount if amount > 0 else 0


def settle(held: Held, session: Session) -> Settled:
    """The order after what Stripe says now, and the tokens that move. What was credited once stays credited.

    `session` is newer than what made `held`: money that went back may have come again.
    """
    if session.payment_status == "unpaid" and not held.credited:
        return Settled(_unpaid(held, session), (), "")
    moves: list[Move] = []
    order = held
    if not held.credited:
        if session.status != "complete":
            return Settled(held, (), "")  # nobody has bought it yet
        if problem := _mismatch(held, session):
            return Settled(msgspec.structs.replace(held, status="parked"), (), problem)
        tokens = held.tokens * session.quantity
        order = msgspec.structs.replace(held, status="paid", quantity=session.quantity, credited=tokens)
        moves.append(Move("purchase", f"purchase:{held.session_id}", tokens))
    if session.charge is not None:
        order = _heard(order, session.charge)
        moves += _reversals(order)
        for move in moves:
            if move.kind == "clawback":
                order = msgspec.structs.replace(order, taken=order.taken - move.tokens)
            elif move.kind == "restore":
                restored = order.restored + move.tokens
                order = msgspec.structs.replace(order, restored=restored, disputes=with_restored(order.disputes))
    return Settled(order, tuple(moves), "")


def _unpaid(held: Held, session: Session) -> Held:
    """Completed without money: a slow payment method is under way, or it failed (S3, S4)."""
    if session.status == "expired":
        return msgspec.structs.replace(held, status="expired")
    if session.status != "complete":
        return held
    if session.intent_status not in ("requires_payment_method", "canceled"):
        return msgspec.structs.replace(held, status="pending", quantity=session.quantity)
    failures = held.failures + (held.status != "failed")
    return msgspec.structs.replace(held, status="failed", quantity=session.quantity, failures=failures)


def _mismatch(held: Held, session: Session) -> str:
    """What differs between what was paid and what was sold. A wholly discounted session was not sold by us."""
    if session.quantity < 1 or session.currency != held.currency:
        return "currency_mismatch"
    if session.amount != held.amount * session.quantity:
        return "amount_mismatch"
    return "" if session.uid == held.uid else "user_mismatch"


def _heard(order: Held, charge: Charge) -> Held:
    """What is known of the money that went back (S5)."""
    return msgspec.structs.replace(
        order,
        charge_id=charge.id,
        receipt_url=charge.receipt_url,
        refunded=charge.refunded,
        disputes=merged_disputes(order.disputes, charge.disputes),
    )


Disputes = Mapping[str, Mapping[str, Any]]
"""By id: {amount, state, restored}."""


def merged_disputes(known: Disputes, seen: tuple[Dispute, ...]) -> dict[str, Mapping[str, Any]]:
    """The disputes after what is seen now."""
    merged = dict(known)
    for each in seen:
        held = merged.get(each.id)
        # One that is won before it took anything, as an inquiry is that was closed, has nothing to give back.
        never_took = each.state == "won" and (held is None or held["state"] == "inquiry")
        restored = never_took or bool(held and held["restored"])
        merged[each.id] = {"amount": each.amount, "state": each.state, "restored": restored}
    return merged


def disputed_amount(disputes: Disputes) -> int:
    """How much money disputes hold back, or have taken for good. An inquiry moves no money yet."""
    return sum(each["amount"] for each in disputes.values() if each["state"] in ("open", "lost"))


def to_restore(disputes: Disputes) -> str:
    """The won dispute that gives back now; its id makes sure that it does so once. "" if there is none."""
    won = [name for name, each in disputes.items() if each["state"] == "won" and not each["restored"]]
    return max(won, default="")


def with_restored(disputes: Disputes) -> dict[str, Mapping[str, Any]]:
    """Every dispute that is won by now has given back what it took."""
    return {name: {**each, "restored": each["restored"] or each["state"] == "won"} for name, each in disputes.items()}


def _reversals(order: Held) -> list[Move]:
    """Take what refunds and disputes ask for beyond what was taken, or give back what they ask for no more."""
    target = taken_target(order.credited, order.refunded + disputed_amount(order.disputes), order.paid)
    net = order.taken - order.restored
    if target > net:
        total = order.taken + target - net
        return [Move("clawback", f"clawback:{order.charge_id}:{total}", net - target)]
    if target < net:
        cause = to_restore(order.disputes) or f"{order.charge_id}:{order.restored + net - target}"
        return [Move("restore", f"restore:{cause}", net - target)]
    return []
