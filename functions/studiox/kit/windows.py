"""The windows of rate limits: how many calls each still admits, and until when it refuses. Pure.

A window opens with a caller's first call and closes `per` seconds later. Its calls are split into shares: an instance
lets the calls of one share through before it counts again.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

from .clock import datetime, timedelta
from .documents import Stored
from .errors import RateLimited, Unauthenticated

SHARES = 10
"""The number of shares into which a window's calls are split."""
CLOSED = timedelta(days=1)
"""How long the counters of a deleted account refuse. Its ID tokens live for an hour."""
FULL = -1


class Limit(msgspec.Struct, frozen=True):
    """At most `calls` of one caller on one function in `per` seconds."""

    calls: int
    per: int
    in_commit: bool = False
    """The call is counted in the commit that it makes (`caller.commit`)."""


class Override(Stored, frozen=True, kw_only=True):
    """The limit of one function in the settings: at most `calls` in `per` seconds."""

    calls: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    per: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60


Bound = Limit | Override


class Window(Stored, frozen=True, kw_only=True):
    """A counter, `rateLimits/{hash of function and caller}`: the calls of one caller on one function in its window."""

    opened_at: datetime
    count: int
    expires_at: datetime
    """When Firestore may delete it: when the window closes, or CLOSED after the account was deleted."""
    closed: bool = False
    """The caller's account is deleted: every call is refused."""


class Share(msgspec.Struct, frozen=True):
    """The calls that this instance may let through without asking again; FULL: none may until `closes`."""

    calls: int
    closes: datetime


class Uncounted(msgspec.Struct, frozen=True):
    """The calls of one counter or session that no commit counted, until they no longer matter."""

    calls: int
    until: datetime


def refusal(closes: datetime, now: datetime) -> RateLimited:
    """The refusal until then, in whole seconds."""
    return RateLimited(retryAfterSeconds=max(1, math.ceil((closes - now).total_seconds())))


def with_calls(window: Window | None, limit: Bound, now: datetime, calls: int) -> Window:
    """The window after this many more calls; a new one if it has ended. `RateLimited` if full; `Unauthenticated`."""
    count, opened = _counted(window, limit, now)
    closes = _closes(opened, limit)
    if count + calls > limit.calls:
        raise refusal(closes, now)
    return Window(opened_at=opened, count=count + calls, expires_at=closes)


def next_share(window: Window | None, limit: Bound, now: datetime) -> Share:
    """The share that an instance may take now, without counting it. `Unauthenticated`."""
    count, opened = _counted(window, limit, now)
    calls = min(share_of(limit), limit.calls - count)
    return Share(calls if calls > 0 else FULL, _closes(opened, limit))


def share_of(limit: Bound) -> int:
    """The number of calls in a share: a tenth of the window's, and at least one."""
    return max(1, limit.calls // SHARES)


def standing(window: Window | None, limit: Bound, now: datetime) -> tuple[int, datetime] | None:
    """The calls that the window which is open now has counted, and when it closes; None if none is open."""
    if window is None or now >= _closes(window.opened_at, limit):
        return None
    return window.count, _closes(window.opened_at, limit)


def _counted(window: Window | None, limit: Bound, now: datetime) -> tuple[int, datetime]:
    """The number of calls in the window that is open now, and when it opened."""
    if window is not None and window.closed:
        raise Unauthenticated
    if window is None or now >= _closes(window.opened_at, limit):
        return 0, now
    return window.count, window.opened_at


def _closes(opened: datetime, limit: Bound) -> datetime:
    return opened + timedelta(seconds=limit.per)


def closed(now: datetime) -> Window:
    """The counter of an account that is deleted now."""
    return Window(opened_at=now, count=0, closed=True, expires_at=now + CLOSED)


def one_more(noted: Uncounted | None, per: int, now: datetime) -> Uncounted:
    """What is noted of the uncounted calls with one more; the first one opens a time of `per` seconds."""
    if noted is None or now >= noted.until:
        return Uncounted(1, now + timedelta(seconds=per))
    return Uncounted(noted.calls + 1, noted.until)


def full_until(
    limit: Bound,
    share: Share | None,
    uncounted: Uncounted | None,
    counted: Window | None,
    now: datetime,
) -> datetime | None:
    """The time until which no call is admitted, by an instance's cache; None if one may be.

    `counted`: a window that was read a while ago. A window only fills, so it suffices to know that it is full.
    """
    if share is not None and share.calls == FULL and now < share.closes:
        return share.closes
    if uncounted is not None and uncounted.calls >= limit.calls and now < uncounted.until:
        return uncounted.until
    if counted is None or counted.closed or counted.count < limit.calls:
        return None
    closes = _closes(counted.opened_at, limit)
    return closes if now < closes else None
