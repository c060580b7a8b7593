"""Rate limits as values on the endpoints, and their counters in Firestore.

A window opens with a caller's first call and admits `calls` until it closes. A call that commits anyway counts
in its own commit (`Toll.count`), exactly, however many instances there are. Reads have no commit: an
instance takes a tenth of the window at a time, so nine of ten reads cost no round trip, never more than `calls`
pass, and a lost instance only takes the rest of its tenth with it.

`settings/limits` may say otherwise of any function, `{createStudioJob: {calls: 10, per: 60}}`, and counts within a
minute or so, without a deploy; `calls: 0` turns a function off.
"""

from __future__ import annotations

import functools
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Annotated

import msgspec

from . import clock, firestore, ids, log
from .clock import datetime, timedelta
from .errors import Contention, RateLimited, Unauthenticated, Unavailable
from .transact import Docs, transact

SHARES = 10
REMEMBERED_CALLERS = 5_000
CLOSED = timedelta(days=1)
PATIENCE_S = 2.0
"""A read whose caller waits is let pass after so long without an answer from the counter (a round trip has 1 s)."""
SETTINGS = "settings/limits"
firestore.RIDERS.add(SETTINGS)


class Limit(msgspec.Struct, frozen=True):
    """At most `calls` of one caller on one function in `per` seconds."""

    calls: int
    per: int
    in_commit: bool = False
    """The function's service counts the call in its own commit, by `caller.toll`."""


class Override(msgspec.Struct, frozen=True):
    """What the settings say of one function."""

    calls: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    per: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60


class Toll(msgspec.Struct, frozen=True):
    """One call that is still to be counted."""

    path: str
    declared: Limit
    function: str = ""

    @property
    def limit(self) -> Override | Limit:
        """What counts now: the settings' limit, or the declared one where they say nothing that makes sense."""
        given = firestore.settings(SETTINGS).get(self.function)
        if given is None:
            return self.declared
        try:
            return msgspec.convert(given, Override)
        except msgspec.ValidationError as error:
            _say_broken(self.function, str(error))
            return self.declared

    def count(self, docs: Docs, now: datetime, calls: int = 1) -> None:
        """Count in this commit. `RateLimited` when the window is full; whatever else is refused is not counted.

        `Unauthenticated` when the caller's account was closed, also if that happened after it was read.
        """
        taken, opened = _window(docs, self, now)
        if taken + calls > self.limit.calls:
            raise _refusal(opened + timedelta(seconds=self.limit.per), now)
        window = {"openedAt": opened, "count": taken + calls, "expiresAt": opened + timedelta(seconds=self.limit.per)}
        docs.put(self.path, window)


@functools.cache
def _say_broken(function: str, error: str) -> None:
    """Once an instance: it is asked at every call."""
    log.alert("limit_override_broken", function=function, error=error)


def _refusal(closes: datetime, now: datetime) -> RateLimited:
    return RateLimited(retryAfterSeconds=max(1, math.ceil((closes - now).total_seconds())))


def _window(docs: Docs, toll: Toll, now: datetime) -> tuple[int, datetime]:
    """How many were counted in the open window, and when it opened."""
    counter = docs.get(toll.path)
    if counter is not None and counter.get("closed"):
        raise Unauthenticated
    if counter is None or now >= counter["openedAt"] + timedelta(seconds=toll.limit.per):
        return 0, now
    return counter["count"], counter["openedAt"]


def toll(function: str, caller: str, limit: Limit) -> Toll:
    """`caller` is a uid, or what stands for one (a hash of an address)."""
    return Toll(f"rateLimits/{ids.derived(function, caller)}", limit, function)


def close(docs: Docs, tolls: Iterable[Toll], now: datetime) -> None:
    """From this commit on these calls are refused: their caller's account ends (faults A9).

    A call that read the account before counts in its commit, which fails with the counter as it was: so nothing is
    written in the name of an account that ends meanwhile. An ID token lives for an hour, a closed counter for a day.
    """
    for each in tolls:
        docs.put(each.path, {"openedAt": now, "count": 0, "closed": True, "expiresAt": now + CLOSED})


class _Refill:
    """One thread takes the next share for all of this process that wait for it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.failed = False


_shares: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
"""{counter: (calls this instance may still let pass, until when)}; FULL: nobody may until then."""
FULL = -1
_refills: dict[str, _Refill] = {}
_shares_lock = threading.Lock()


def admit(toll: Toll, now: datetime | None = None) -> None:
    """Count a call that commits nothing itself. `RateLimited`. Open when Firestore is not to be reached (R7)."""
    moment = now or clock.now()
    while True:
        with _shares_lock:
            left, until = _shares.get(toll.path, (0, moment))
            if left == FULL and moment < until:
                raise _refusal(until, moment)
            if left > 0 and moment < until:
                _shares[toll.path] = (left - 1, until)
                return
            others = _refills.get(toll.path)
            refill = _refills.setdefault(toll.path, _Refill())
        if others is None:
            _take(toll, moment, refill)
        else:
            refill.done.wait()
        if refill.failed:
            return


def _take(toll: Toll, now: datetime, refill: _Refill) -> None:
    """Put the next share where all threads of this process find it."""
    refill.failed = True
    try:
        share = transact(toll.path, lambda docs: _take_share(docs, toll, now), warm=[toll.path], patience_s=PATIENCE_S)
        refill.failed = False
    except (Contention, Unavailable):
        log.warning("rate_limit_open", counter=toll.path)
    finally:
        with _shares_lock:
            if not refill.failed:
                _shares[toll.path] = share
                _shares.move_to_end(toll.path)
                while len(_shares) > REMEMBERED_CALLERS:
                    _shares.popitem(last=False)
            del _refills[toll.path]
        refill.done.set()


def _take_share(docs: Docs, toll: Toll, now: datetime) -> tuple[int, datetime]:
    """How many calls this instance may let pass without asking again, and until when."""
    taken, opened = _window(docs, toll, now)
    closes = opened + timedelta(seconds=toll.limit.per)
    share = min(max(1, toll.limit.calls // SHARES), toll.limit.calls - taken)
    if share <= 0:
        return FULL, closes
    toll.count(docs, now, share)
    return share, closes
