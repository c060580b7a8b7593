"""Orders, `orders/{orderId}`: what a checkout sold, and what has happened to its payment since. No client reads them.

Amounts are in the currency's minor unit (cents).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored

OrderStatus = Literal["open", "pending", "paid", "failed", "expired", "parked"]
DisputeState = Literal["inquiry", "open", "won", "lost"]
"""An inquiry moves no money. An open dispute holds the money back until it is won."""


class DisputeRecord(Stored, frozen=True, kw_only=True):
    """A dispute in Stripe, as last fetched."""

    amount: int
    state: DisputeState
    restored: bool
    """Whether the tokens that the dispute took were given back. Also true if it was won before it took any."""


class OffSession(Stored, frozen=True, kw_only=True):
    """How an auto top-up is paid: by a saved card, without the buyer."""

    customer_id: str
    payment_method_id: str
    intent_id: str = ""
    """Stripe's payment intent. Absent while it is not known whether Stripe has made one."""


class Order(Stored, frozen=True, kw_only=True, omit_defaults=False):
    """Written by `createCheckoutSession`, and by auto top-ups; changed by the settlement of the order.

    Tokens and amounts of the first block are those of the catalogue at checkout. Every field is always written;
    the default is for orders written before the field existed.
    """

    order_id: str
    uid: str
    session_id: str
    """Stripe's checkout session; empty for an auto top-up."""
    kind: Literal["pack", "plan", "top_up"]
    item_id: str
    """The pack's or the plan's id in the catalogue."""
    tokens: int
    """Tokens of one pack; 0 for a plan, whose tokens come with its invoices."""
    amount: int
    """Price of one pack, or of a month of the plan, in `currency`."""
    currency: str
    """The catalogue's; once it is paid, the one that was paid in."""
    amounts: dict[str, int] = msgspec.field(default_factory=dict)
    """The price in each currency that Stripe may choose; empty if `currency` is the only one."""
    codes_allowed: bool = False
    """Whether the checkout takes promotion codes."""
    tax_allowed: bool = False
    """Whether Stripe Tax counts tax."""
    url: str
    """Address of the checkout page; empty for an auto top-up."""
    fingerprint: str
    """Hash of the request; empty for an auto top-up. A request with the same `requestId` and another one is refused."""

    status: OrderStatus
    quantity: int
    """Packs that were paid for; 0 until Stripe reports a payment."""
    paid: int | None = None
    """What Stripe charges for all of them, after the discount and with tax. None until a payment is attempted, and in
    old orders."""
    discount: int = 0
    tax: int = 0
    """Tax on top of the price, or part of it."""
    credited: int
    """Tokens credited in all."""
    taken: int
    """Tokens taken back in all, by refunds and disputes together."""
    restored: int
    """Tokens given back in all, after failed refunds and won disputes."""
    refunded: int
    """Money refunded. It decreases when a refund fails at the bank."""
    failures: int = 0
    """How often a delayed payment failed."""
    charge_id: str
    receipt_url: str
    """Stripe's receipt, or its invoice."""
    disputes: dict[str, DisputeRecord]
    """By the dispute's id."""
    off_session: OffSession | None = None
    """Of an auto top-up only."""

    created_at: datetime
    updated_at: datetime


ORDERS = Collection("orders", Order)


def order_path(order_id: str) -> Path[Order]:
    return ORDERS.document(order_id)
