"""Rate limits as values on the endpoints, and their counters in Firestore.

A window opens with a caller's first call and admits `calls` until it closes. A call that commits anyway counts
in its own commit (`Toll.count`), exactly, however many instances there are. Reads have no commit: an
instance takes a tenth of the window at a time, so nine of ten reads cost no round trip, never more than `calls`
pass, and a lost instance only takes the rest of its tenth with it.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict

import msgspec

from . import clock, ids, log
from .clock import datetime, timedelta
from .errors import Contention, RateLimited, Unavailable
from .transact import Docs, transact

SHARES = 10
REMEMBERED_CALLERS = 5_000


class Limit(msgspec.Struct, frozen=True):
    """At most `calls` of one caller on one function in `per` seconds."""

    calls: int
    per: int
    in_commit: bool = False
    """The function's service counts the call in its own commit, by `caller.toll`."""


class Toll(msgspec.Struct, frozen=True):
    """One call that is still to be counted."""

    path: str
    limit: Limit

    def count(self, docs: Docs, now: datetime, calls: int = 1) -> None:
        """Count in this commit. `RateLimited` when the window is full; whatever else is refused is not counted."""
        taken, opened = _window(docs, self, now)
        if taken + calls > self.limit.calls:
            closes = opened + timedelta(seconds=self.limit.per)
            raise RateLimited(retryAfterSeconds=max(1, math.ceil((closes - now).total_seconds())))
        window = {"openedAt": opened, "count": taken + calls, "expiresAt": opened + timedelta(seconds=self.limit.per)}
        docs.put(self.path, window)


def _window(docs: Docs, toll: Toll, now: datetime) -> tuple[int, datetime]:
    """How many were counted in the open window, and when it opened."""
    counter = docs.get(toll.path)
    if counter is None or now >= counter["openedAt"] + timedelta(seconds=toll.limit.per):
        return 0, now
    return counter["count"], counter["openedAt"]


def toll(function: str, caller: str, limit: Limit) -> Toll:
    """`caller` is a uid, or what stands for one (a hash of an address)."""
    return Toll(f"rateLimits/{ids.derived(function, caller)}", limit)


_shares: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
_shares_lock = threading.Lock()


def admit(toll: Toll, now: datetime | None = None) -> None:
    """Count a call that commits nothing itself. `RateLimited`. Open when Firestore is not to be reached (R7)."""
    moment = now or clock.now()
    with _shares_lock:
        left, until = _shares.get(toll.path, (0, moment))
        if left > 0 and moment < until:
            _shares[toll.path] = (left - 1, until)
            return
    try:
        left, until = transact(toll.path, lambda docs: _take_share(docs, toll, moment), warm=[toll.path])
    except (Contention, Unavailable):
        log.warning("rate_limit_open", counter=toll.path)
        return
    with _shares_lock:
        _shares[toll.path] = (left - 1, until)
        _shares.move_to_end(toll.path)
        while len(_shares) > REMEMBERED_CALLERS:
            _shares.popitem(last=False)


def _take_share(docs: Docs, toll: Toll, now: datetime) -> tuple[int, datetime]:
    """How many calls this instance may let pass without asking again, and until when."""
    taken, opened = _window(docs, toll, now)
    share = max(1, min(toll.limit.calls // SHARES, toll.limit.calls - taken))
    toll.count(docs, now, share)
    return share, opened + timedelta(seconds=toll.limit.per)
