"""Welcomes, `welcomes/{person}`: which account took a person's welcome bonus. Named by a keyed hash of the address."""

from __future__ import annotations

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Stored


class UsedMonth(Stored, frozen=True, kw_only=True):
    """What a deleted account used of its month. The person's next account continues that month."""

    credit_reset_at: datetime
    generation_count: int
    generation_reset_at: datetime | None = None


class Welcome(Stored, frozen=True, kw_only=True):
    """Written when the bonus is granted, and when the account is deleted."""

    uid: str
    """The account that took the bonus; its pseudonym once it is deleted."""
    seq: int
    """The account's `ledger_seq` with the bonus as its last entry."""
    tokens: int
    at: datetime
    month: UsedMonth | None = None


WELCOMES = Collection("welcomes", Welcome)
