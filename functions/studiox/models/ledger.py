"""The ledger's rules: what an entry does to an account. Pure; the only code that computes a balance."""

from __future__ import annotations

from typing import Literal

import msgspec

from studiox.kit.clock import datetime
from studiox.kit.errors import StudioxError

MAX_BALANCE = 10**12
BURN_ORDER = ("monthly", "bonus", "purchased")

EntryType = Literal[
    "welcome_bonus",
    "deduction",
    "refund",
    "purchase",
    "plan_grant",
    "plan_expiry",
    "reward",
    "admin_adjustment",
    "clawback",
    "restore",
]
RefKind = Literal[
    "job", "user", "period", "checkout", "subscription", "feature", "streak", "task", "admin"
]  # fmt: skip


class InsufficientTokens(StudioxError):
    code = "failed-precondition"
    figures = {"balance": int, "price": int}
    text = "Not enough tokens."


class Buckets(msgspec.Struct, frozen=True):
    """Tokens by where they came from. In an entry: signed changes."""

    monthly: int = 0
    bonus: int = 0
    purchased: int = 0

    @property
    def total(self) -> int:
        return self.monthly + self.bonus + self.purchased

    def __add__(self, other: Buckets) -> Buckets:
        return Buckets(self.monthly + other.monthly, self.bonus + other.bonus, self.purchased + other.purchased)

    def __neg__(self) -> Buckets:
        return Buckets(-self.monthly, -self.bonus, -self.purchased)


class Account(msgspec.Struct, frozen=True):
    """A user's money: the buckets, and the number of entries that made them."""

    buckets: Buckets = Buckets()
    seq: int = 0

    @property
    def balance(self) -> int:
        return self.buckets.total


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why tokens move. The entry's id is derived from it, so that a cause counts once (contract §3)."""

    id: str
    type: EntryType
    kind: RefKind
    """What `ref` names."""
    ref: str
    reason: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ledger."""

    cause: Cause
    seq: int
    buckets: Buckets
    balance_after: int
    at: datetime

    @property
    def amount(self) -> int:
        return self.buckets.total


def burn(account: Account, price: int) -> Buckets:
    """What a debit of `price` takes from each bucket, as negative changes. `InsufficientTokens`."""
    if price > account.balance:
        raise InsufficientTokens(balance=account.balance, price=price)
    left = price
    taken: dict[str, int] = {}
    for name in BURN_ORDER:
        # `purchased` may be below zero after a clawback: nothing can be taken there, and price <= balance
        # means that the buckets before it hold enough.
        taken[name] = min(left, max(0, getattr(account.buckets, name)))
        left -= taken[name]
    return -Buckets(**taken)


def part_of(taken: Buckets, tokens: int) -> Buckets:
    """`tokens` of what a debit took, from the bucket that it burnt last backwards. ValueError beyond what it took."""
    if not 0 <= tokens <= taken.total:
        raise ValueError("more than was taken")
    left = tokens
    part: dict[str, int] = {}
    for name in reversed(BURN_ORDER):
        part[name] = min(left, getattr(taken, name))
        left -= part[name]
    return Buckets(**part)


def next_entry(account: Account, cause: Cause, change: Buckets, at: datetime) -> tuple[Account, Entry]:
    """The account after `change`, and the entry that says so. ValueError for what no ledger may hold."""
    after = Account(account.buckets + change, account.seq + 1)
    if abs(after.balance) > MAX_BALANCE:
        raise ValueError("a balance beyond all bounds")
    if min(after.buckets.monthly, after.buckets.bonus) < 0:
        raise ValueError("only `purchased` may be a debt")
    if cause.type != "clawback" and after.buckets.purchased < min(0, account.buckets.purchased):
        raise ValueError("only a clawback makes a debt")
    return after, Entry(cause=cause, seq=after.seq, buckets=change, balance_after=after.balance, at=at)
