"""Auto top-up: a pack that is bought by a saved card when a debit takes the balance below a threshold.

The settings are the field `autoTopUp` of `users/{uid}`, because every debit reads and writes that document: so a
crossing is recorded in the commit of the debit. Amounts are in the currency's minor unit.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from studiox.kit import ids
from studiox.kit.clock import datetime
from studiox.kit.documents import Stored

from . import ledger
from .ledger import LedgerEntry

TopUpProblem = Literal["authentication", "declined", "ceiling", "pack_changed", "unavailable"]
"""Why a top-up was not paid. `authentication`: the bank wants the customer to confirm the payment. `declined`: the card
was refused. `ceiling`: it would exceed the month's. `pack_changed`: the pack is no longer sold at the price that was
agreed. `unavailable`: auto top-up is no longer offered."""


class SavedCard(Stored, frozen=True, kw_only=True):
    """The card that a checkout saved at Stripe."""

    payment_method_id: str
    """Stripe's."""
    brand: str
    last4: str


class AutoTopUp(Stored, frozen=True, kw_only=True):
    """A user's auto top-up: what they agreed to, and the top-up that is under way."""

    enabled: bool
    pack_id: str
    tokens: int
    """Of the pack, as agreed."""
    amount: int
    """The pack's price, as agreed: no other amount is charged."""
    currency: str
    below: int
    """A debit that takes the balance below this many tokens is followed by a top-up."""
    monthly_ceiling: int
    """The most that is ordered in a UTC month."""
    card: SavedCard | None = None
    """Absent until a checkout saves one, and again after a payment with it was refused."""

    month: str | None = None
    """The UTC month (`2026-11`) that `ordered` is of."""
    ordered: int = 0
    """What top-ups of the month come to, whether or not they were paid."""
    order_id: str | None = None
    """The order of the top-up that is under way. Until it has ended, there is no other."""
    crossed_at: datetime | None = None
    """When that top-up's debit was made."""

    @property
    def wants_card(self) -> bool:
        """Whether the next checkout of a pack saves its card."""
        return self.enabled and self.card is None


def order_id_of(uid: str, entry_id: str) -> str:
    """The id of the top-up's order that this debit calls for, which is derived from the debit's ledger entry."""
    return ids.derived("autoTopUp", uid, entry_id)


def after_debit(setting: AutoTopUp | None, uid: str, debit: LedgerEntry) -> AutoTopUp | None:
    """The settings after this debit: with a new top-up under way if it crosses the threshold."""
    if setting is None or not setting.enabled or setting.card is None or setting.order_id is not None:
        return setting
    if not ledger.falls_below(setting.below, debit.balance_after - debit.amount, debit.balance_after):
        return setting
    return replace(setting, order_id=order_id_of(uid, debit.id), crossed_at=debit.created_at)
