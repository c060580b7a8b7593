"""A user's balance and ledger, as callables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..auth import service as accounts
from ..catalog.sales import PlanId
from ..clock import datetime
from ..endpoint import Nothing, Reader, Request, Response, endpoint
from ..limits import Limit
from ..pages import DEFAULT_SIZE, Cursor, PageSize
from . import store
from .ledger import Buckets, EntryType, RefKind

READS = Limit(120, per=60)


class Balance(Response):
    balance: int
    buckets: Buckets
    plan: PlanId
    is_premium: bool
    credit_reset_at: datetime


@endpoint(limit=READS)
def getUserBalance(caller: Reader, request: Nothing) -> Balance:
    """The caller's tokens by bucket; a live client reads the same from `users/{uid}` by onSnapshot."""
    user = accounts.account(caller)
    return Balance(
        balance=user["balance"],
        buckets=store.buckets_of(user["buckets"]),
        plan=user["plan"],
        is_premium=user["isPremium"],
        credit_reset_at=user["creditResetAt"],
    )


class GetTokenTransactions(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None
    type: EntryType | None = None


class Ref(Response):
    kind: RefKind
    id: str


class Transaction(Response):
    id: str
    seq: int
    type: EntryType
    amount: int
    buckets: Buckets
    balance_after: int
    ref: Ref
    reason: str
    created_at: datetime


class Transactions(Response):
    transactions: list[Transaction]
    next_cursor: str | None


@endpoint(limit=READS)
def getTokenTransactions(caller: Reader, request: GetTokenTransactions) -> Transactions:
    """The caller's ledger, newest entry first."""
    entries, cursor = store.list_entries(caller.uid, type=request.type, size=request.page_size, cursor=request.cursor)
    return Transactions(transactions=[_transaction(entry) for entry in entries], next_cursor=cursor)


def _transaction(entry: Mapping[str, Any]) -> Transaction:
    return Transaction(
        id=entry["id"],
        seq=entry["seq"],
        type=entry["type"],
        amount=entry["amount"],
        buckets=store.buckets_of(entry["buckets"]),
        balance_after=entry["balanceAfter"],
        ref=Ref(kind=entry["ref"]["kind"], id=entry["ref"]["id"]),
        reason=entry["reason"],
        created_at=entry["createdAt"],
    )
