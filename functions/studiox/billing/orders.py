"""The rules of an order: from the state of its checkout session in Stripe to the tokens that move. Pure.

`settle_order` compares what was credited and taken back so far with Stripe's current state and returns the
difference. The result depends neither on the order in which events arrive nor on how often they arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from studiox.catalog.sales import prices
from studiox.integrations.stripe_types import Charge, Dispute, Session
from studiox.kit.clock import datetime
from studiox.models.catalog import Pack, Plan
from studiox.models.orders import DisputeRecord, Order
from studiox.models.payments import OrderPaymentStatus

from .bills import SaleTerms, mismatch
from .plans import NOTHING_ADDED, CheckoutTerms


class OrderMove(NamedTuple):
    """Tokens that move because of an order."""

    kind: Literal["purchase", "clawback", "restore"]
    id: str
    """The ledger entry's id, derived from the cause."""
    tokens: int
    """Signed."""


class OrderSettlement(NamedTuple):
    """The order after a settlement, and the tokens that move."""

    order: Order
    moves: tuple[OrderMove, ...]
    problem: str
    """Why a payment cannot be credited, such as `amount_mismatch`; empty if nothing is wrong."""


def new_order(
    *,
    order_id: str,
    uid: str,
    session_id: str,
    url: str,
    fingerprint: str,
    pack: Pack | None,
    plan: Plan | None,
    now: datetime,
    terms: CheckoutTerms = NOTHING_ADDED,
) -> Order:
    """An order at the current catalogue price. Later changes of the catalogue do not affect what it credits."""
    item = pack or plan
    assert item is not None
    return open_order(
        order_id,
        uid,
        now,
        session_id=session_id,
        kind="pack" if pack else "plan",
        item_id=item.id,
        tokens=pack.tokens if pack else 0,
        amount=item.amount,
        currency=item.currency,
        amounts=prices(item),
        codes_allowed=terms.codes,
        tax_allowed=bool(terms.tax),
        url=url,
        fingerprint=fingerprint,
    )


def open_order(order_id: str, uid: str, now: datetime, **sold: Any) -> Order:
    """An order of which nothing is paid. `sold`: the fields of `Order` that say what is sold, and how it is paid."""
    return Order(
        order_id=order_id,
        uid=uid,
        status="open",
        quantity=0,
        credited=0,
        taken=0,
        restored=0,
        refunded=0,
        failures=0,
        charge_id="",
        receipt_url="",
        disputes={},
        created_at=now,
        updated_at=now,
        **sold,
    )


def paid_amount(order: Order) -> int:
    """What was charged, after the discount and with tax, in the currency's minor unit."""
    return order.amount * order.quantity if order.paid is None else order.paid


def payment_status(order: Order) -> OrderPaymentStatus | None:
    """The status in the user's billing history; None if no payment was attempted."""
    if order.status in ("pending", "failed"):
        return "pending" if order.status == "pending" else "failed"
    if order.status != "paid":
        return None
    if disputed_amount(order.disputes):
        return "disputed"
    if 0 < paid_amount(order) <= order.refunded:
        return "refunded"
    return "partially_refunded" if order.refunded else "paid"


def taken_target(sold: int, reversed_amount: int, amount: int) -> int:
    """How many of the tokens sold must be taken back after this much of the amount was reversed, rounded down."""
    return sold * min(reversed_amount, amount) // amount if amount > 0 else 0


def settle_order(order: Order, session: Session) -> OrderSettlement:
    """Settle the order with its session. Tokens that were credited once stay credited.

    `session` must have been fetched after `order` was read: a refund that failed since then makes `refunded` smaller.
    """
    if order.off_session is not None:
        order = replace(order, off_session=replace(order.off_session, intent_id=session.id))
    if session.payment_status == "unpaid" and not order.credited:
        return OrderSettlement(_unpaid(order, session), (), "")
    moves: list[OrderMove] = []
    settled = order
    if not order.credited:
        if session.status != "complete":
            return OrderSettlement(order, (), "")
        if problem := _mismatch(order, session):
            return OrderSettlement(replace(order, status="parked"), (), problem)
        tokens = order.tokens * session.quantity
        settled = replace(_with_bill(order, session), status="paid", credited=tokens)
        # A top-up has no checkout session.
        moves.append(OrderMove("purchase", f"purchase:{order.session_id or order.order_id}", tokens))
    if session.charge is not None:
        settled = _with_charge(settled, session.charge)
        if reversal := _reversal(settled):
            settled = _reversed(settled, reversal)
            moves.append(reversal)
    if session.invoice_url:
        settled = replace(settled, receipt_url=session.invoice_url)
    return OrderSettlement(settled, tuple(moves), "")


def _unpaid(order: Order, session: Session) -> Order:
    """The order while its session is unpaid: a delayed payment method may still succeed, or it has failed."""
    if session.status == "expired":
        return replace(order, status="expired")
    if session.status != "complete":
        return order
    if session.intent_status not in ("requires_payment_method", "canceled"):
        return replace(_with_bill(order, session), status="pending")
    failures = order.failures + (order.status != "failed")
    return replace(_with_bill(order, session), status="failed", failures=failures)


def _mismatch(order: Order, session: Session) -> str:
    """How the payment differs from what was sold."""
    if session.quantity < 1:
        return "amount_mismatch"
    sold = {name: amount * session.quantity for name, amount in _prices(order).items()}
    terms = SaleTerms(codes=order.codes_allowed, tax=order.tax_allowed)
    return mismatch(session.bill, sold, terms) or ("" if session.uid == order.uid else "user_mismatch")


def _prices(order: Order) -> Mapping[str, int]:
    """The price of one, by currency."""
    return order.amounts or {order.currency: order.amount}


def _with_bill(order: Order, session: Session) -> Order:
    """The order with what Stripe charges for it, in the currency that the buyer was shown."""
    bill, sold = session.bill, _prices(order)
    if bill.currency not in sold:  # it is parked once it is paid
        return replace(order, quantity=session.quantity)
    return replace(
        order,
        quantity=session.quantity,
        amount=sold[bill.currency],
        currency=bill.currency,
        paid=bill.total,
        discount=bill.discount,
        tax=bill.tax + bill.tax_included,
    )


def _with_charge(order: Order, charge: Charge) -> Order:
    """The order with the charge's refunds and disputes."""
    return replace(
        order,
        charge_id=charge.id,
        receipt_url=charge.receipt_url,
        refunded=charge.refunded,
        disputes=merged_disputes(order.disputes, charge.disputes),
    )


Disputes = Mapping[str, DisputeRecord]
"""By the dispute's id."""


def merged_disputes(known: Disputes, fetched: tuple[Dispute, ...]) -> dict[str, DisputeRecord]:
    """The disputes after a fetch."""
    merged = dict(known)
    for each in fetched:
        before = merged.get(each.id)
        # A dispute that was won before it took anything, such as a closed inquiry, has nothing to give back.
        never_took = each.state == "won" and (before is None or before.state == "inquiry")
        restored = never_took or (before is not None and before.restored)
        merged[each.id] = DisputeRecord(amount=each.amount, state=each.state, restored=restored)
    return merged


def disputed_amount(disputes: Disputes) -> int:
    """How much money open and lost disputes hold back."""
    return sum(each.amount for each in disputes.values() if each.state in ("open", "lost"))


def to_restore(disputes: Disputes) -> str:
    """Id of the won dispute whose tokens are given back now; "" if there is none. It names the ledger entry."""
    won = [name for name, each in disputes.items() if each.state == "won" and not each.restored]
    return max(won, default="")


def with_restored(disputes: Disputes) -> dict[str, DisputeRecord]:
    """The disputes after the tokens of every won one were given back."""
    return {name: replace(each, restored=each.restored or each.state == "won") for name, each in disputes.items()}


def _reversal(order: Order) -> OrderMove | None:
    """Take back what refunds and disputes ask for beyond what was taken, or give back what exceeds it."""
    target = taken_target(order.credited, order.refunded + disputed_amount(order.disputes), paid_amount(order))
    net = order.taken - order.restored
    if target > net:
        total = order.taken + target - net
        return OrderMove("clawback", f"clawback:{order.charge_id}:{total}", net - target)
    if target < net:
        cause = to_restore(order.disputes) or f"{order.charge_id}:{order.restored + net - target}"
        return OrderMove("restore", f"restore:{cause}", net - target)
    return None


def _reversed(order: Order, move: OrderMove) -> Order:
    if move.kind == "clawback":
        return replace(order, taken=order.taken - move.tokens)
    return replace(order, restored=order.restored + move.tokens, disputes=with_restored(order.disputes))
