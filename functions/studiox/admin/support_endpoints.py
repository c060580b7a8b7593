"""What an administrator who helps one person looks up: the person's ledger, and the limits that apply to them."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from studiox.api.callables import CONTRACTS, Admin, Request, Response, Uid, endpoint
from studiox.kit import clock, rate_limits, windows
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.models import ledger_store
from studiox.models.ledger import Buckets, EntryType
from studiox.tokens.endpoints import Transaction, transaction

from . import service


class GetUserLedger(Request, frozen=True):
    uid: Uid
    type: EntryType | None = None
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class UserLedger(Response):
    uid: str
    balance: int
    buckets: Buckets
    transactions: list[Transaction]
    next_cursor: str | None


@endpoint(limit=Limit(60, per=60, in_commit=True), refuses=(NotFound,))
def getUserLedger(caller: Admin, request: GetUserLedger) -> UserLedger:
    """List a user's ledger entries, newest first. The audit log records who looked."""
    user = service.look_up(caller, request.uid)
    entries, cursor = ledger_store.list_entries(
        request.uid, type=request.type, size=request.page_size, cursor=request.cursor
    )
    return UserLedger(
        uid=request.uid,
        balance=user.balance,
        buckets=user.buckets,
        transactions=[transaction(entry) for entry in entries],
        next_cursor=cursor,
    )


class GetRateLimits(Request, frozen=True):
    uid: Uid | None = None


class FunctionLimit(Response):
    """At most `calls` of one user in `per` seconds."""

    function: str
    calls: int
    per: int
    declared_calls: int
    """What the code declares; another limit is from the settings."""
    declared_per: int
    used: int | UnsetType = UNSET
    """The calls that the user's open window has counted; reads are counted a tenth of the window at a time. Absent
    without `uid`, and for a function that the user has not called in its window."""
    resets_at: datetime | UnsetType = UNSET


class RateLimits(Response):
    limits: list[FunctionLimit]


@endpoint(limit=Limit(60, per=60))
def getRateLimits(caller: Admin, request: GetRateLimits) -> RateLimits:
    """List the limit of each function, and with `uid` how much of it the user has used: what is full is refused."""
    charges = [rate_limits.charge(name, request.uid or "", each.limit) for name, each in sorted(CONTRACTS.items())]
    counted = rate_limits.windows_of(charges) if request.uid is not None else [None] * len(charges)
    return RateLimits(limits=[_limit(each, window, clock.now()) for each, window in zip(charges, counted, strict=True)])


def _limit(charge: rate_limits.RateLimitCharge, window: windows.Window | None, now: datetime) -> FunctionLimit:
    standing = windows.standing(window, charge.limit, now)
    return FunctionLimit(
        function=charge.function,
        calls=charge.limit.calls,
        per=charge.limit.per,
        declared_calls=charge.declared.calls,
        declared_per=charge.declared.per,
        used=UNSET if standing is None else standing[0],
        resets_at=UNSET if standing is None else standing[1],
    )
