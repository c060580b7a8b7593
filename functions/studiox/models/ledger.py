"""The ledger's rules: what an entry does to an account. Pure; the only code that computes a balance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from studiox.kit.clock import datetime
from studiox.kit.documents import Stored
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
    "job", "user", "period", "checkout", "top_up", "subscription", "feature", "streak", "task", "admin", "referral"
]  # fmt: skip


class InsufficientTokens(StudioxError):
    code = "failed-precondition"
    figures = {"balance": int, "price": int}
    text = "You don't have enough tokens for this."


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
    """Why tokens move. The entry's id is derived from it, so a cause counts once."""

    id: str
    type: EntryType
    kind: RefKind
    """What `ref` names."""
    ref: str
    reason: str


class Ref(Stored, frozen=True, kw_only=True):
    """What an entry is about: the id of a `kind` of thing."""

    kind: RefKind
    id: str


class LedgerEntry(Stored, frozen=True, kw_only=True):
    """One change of an account, `users/{uid}/ledger/{id}`. Entries are created, never changed."""

    id: str
    """Derived from the cause, so that a cause counts once."""
    seq: int
    """1, 2, 3 …, without gaps."""
    type: EntryType
    amount: int
    """Tokens, signed: the sum of `buckets`."""
    buckets: Buckets
    """The change of each bucket, signed."""
    balance_after: int
    """The account's balance with this entry: the running sum of amounts."""
    ref: Ref
    reason: str
    """For the user to read."""
    created_at: datetime


class EntryAmount(Stored, frozen=True, kw_only=True):
    """The fields of an entry that usage figures need."""

    type: EntryType
    amount: int
    created_at: datetime


class UncheckedAccount(Stored, frozen=True):
    """The account's fields of a user's document. Any value is accepted, because the audit must find wrong ones."""

    balance: Any = None
    buckets: Any = None
    ledger_seq: Any = None
    updated_at: Any = None

    @property
    def figures(self) -> Mapping[str, Any]:
        return {"balance": self.balance, "buckets": self.buckets, "ledgerSeq": self.ledger_seq}


class UncheckedEntry(Stored, frozen=True, kw_only=True):
    """An entry with any values, because the audit must find wrong ones."""

    id: Any = None
    seq: Any = None
    type: Any = None
    amount: Any = None
    buckets: Any = None
    balance_after: Any = None
    ref: Any = None


def burn(account: Account, price: int) -> Buckets:
    """What a debit of `price` takes from each bucket, as negative changes. `InsufficientTokens`."""
    if price > account.balance:
        raise InsufficientTokens(balance=account.balance, price=price)
    left = price
    taken: dict[str, int] = {}
    for name in BURN_ORDER:
        # `purchased` may be below zero after a clawback. Then nothing is taken from it: the buckets before it hold
        # enough, because price <= balance.
        taken[name] = min(left, max(0, getattr(account.buckets, name)))
        left -= taken[name]
    return -Buckets(**taken)


def falls_below(threshold: int, before: int, after: int) -> bool:
    """Whether a debit takes the balance from `threshold` or more to less. A refund and a new debit are a new crossing.

    No debit crosses a threshold of 0.
    """
    return before >= threshold > after


def part_of(taken: Buckets, tokens: int) -> Buckets:
    """`tokens` of what a debit took, in reverse order of the buckets. ValueError for more than it took."""
    if not 0 <= tokens <= taken.total:
        raise ValueError("more than was taken")
    left = tokens
    part: dict[str, int] = {}
    for name in reversed(BURN_ORDER):
        part[name] = min(left, getattr(taken, name))
        left -= part[name]
    return Buckets(**part)


def next_entry(account: Account, cause: Cause, change: Buckets, at: datetime) -> tuple[Account, LedgerEntry]:
    """The account after `change`, and the entry that records it. ValueError for what no ledger may hold."""
    after = Account(account.buckets + change, account.seq + 1)
    if abs(after.balance) > MAX_BALANCE:
        raise ValueError("a balance beyond all bounds")
    if min(after.buckets.monthly, after.buckets.bonus) < 0:
        raise ValueError("only `purchased` may be a debt")
    if cause.type != "clawback" and after.buckets.purchased < min(0, account.buckets.purchased):
        raise ValueError("only a clawback makes a debt")
    entry = LedgerEntry(
        id=cause.id,
        seq=after.seq,
        type=cause.type,
        amount=change.total,
        buckets=change,
        balance_after=after.balance,
        ref=Ref(kind=cause.kind, id=cause.ref),
        reason=cause.reason,
        created_at=at,
    )
    return after, entry
