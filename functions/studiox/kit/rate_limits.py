"""Rate limits as values on the endpoints, and their counters in Firestore.

A window opens with a caller's first call and admits `calls` until it closes. A call that commits anyway counts
in its own commit (`Toll.count`), exactly, however many instances there are. Reads have no commit: an
instance takes a tenth of the window at a time, so nine of ten reads cost no round trip, never more than `calls`
pass, and a lost instance only takes the rest of its tenth with it.

A call that should have committed and was refused, or had nothing to commit, is charged afterwards (`charge`): an
instance adds a tenth of the window to the same counter when it has let so many of them pass. What an instance knows
to be full it refuses from memory, before any work (`refuse_known`).

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
from .transaction import Docs, Reads, transact

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


class Receipt:
    """Whether one call was counted."""

    def __init__(self) -> None:
        self.given = False

    def give(self) -> None:
        self.given = True


class Toll(msgspec.Struct, frozen=True):
    """One call that is still to be counted."""

    path: str
    declared: Limit
    function: str = ""
    receipt: Receipt = msgspec.field(default_factory=Receipt)

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
        """Count in this commit. `RateLimited` when the window is full; what is not committed is not counted here.

        `Unauthenticated` when the caller's account was closed, also if that happened after it was read.
        """
        taken, opened = _window(docs, self, now)
        if taken + calls > self.limit.calls:
            raise _refusal(opened + timedelta(seconds=self.limit.per), now)
        window = {"openedAt": opened, "count": taken + calls, "expiresAt": opened + timedelta(seconds=self.limit.per)}
        docs.put(self.path, window)
        docs.after_commit.append(self.receipt.give)


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
                toll.receipt.give()
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
        share = transact(
            toll.path, lambda docs: _take_share(docs, toll, now), Reads(cached=[toll.path]), timeout_s=PATIENCE_S
        )
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


_owed: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
"""{counter or session: (calls that no commit counted, until when they matter)}, of this instance."""


def _owe(key: str, per: int, now: datetime, share: int | None = None) -> bool:
    """One call more that was not counted. Whether they are a share now, which its caller is to write down."""
    with _shares_lock:
        calls, until = _owed.pop(key, (0, now))
        if now >= until:
            calls, until = 0, now + timedelta(seconds=per)
        if calls + 1 == share:
            return True
        _owed[key] = (calls + 1, until)
        while len(_owed) > REMEMBERED_CALLERS:
            _owed.popitem(last=False)
        return False


def charge(toll: Toll, now: datetime | None = None) -> None:
    """Count a call that ended without its commit: nine of ten cost nothing, the tenth writes them down.

    Never refuses; from then on `refuse_known` does, and every commit. Silent when Firestore is not to be reached.
    """
    moment = now or clock.now()
    share = max(1, toll.limit.calls // SHARES)
    if not _owe(toll.path, toll.limit.per, moment, share):
        return

    def write_down(docs: Docs) -> None:
        taken, _ = _window(docs, toll, moment)
        if (owed := min(share, toll.limit.calls - taken)) > 0:
            toll.count(docs, moment, owed)

    try:
        transact(toll.path, write_down, Reads(cached=[toll.path]), timeout_s=PATIENCE_S)
    except (Contention, Unavailable):
        log.warning("rate_limit_open", counter=toll.path)
    except Unauthenticated:
        return  # the account was closed meanwhile, and its counter with it


def remember_refused(toll: Toll, session: str, now: datetime | None = None) -> None:
    """Count in memory, for one session: what is refused for who calls, or before it is understood.

    Not in the caller's counter: whoever holds an old token must not be able to use up its owner's calls.
    """
    _owe(f"{toll.path}/{session}", toll.limit.per, now or clock.now())


def refuse_known(toll: Toll, session: str, now: datetime | None = None) -> None:
    """`RateLimited` for a caller of whom this instance knows that no call is left. Costs no round trip."""
    moment, limit = now or clock.now(), toll.limit
    with _shares_lock:
        left, closes = _shares.get(toll.path, (0, moment))
        refused, forgotten = _owed.get(f"{toll.path}/{session}", (0, moment))
    if left == FULL and moment < closes:
        raise _refusal(closes, moment)
    if refused >= limit.calls and moment < forgotten:
        raise _refusal(forgotten, moment)
    counter = firestore.cached(toll.path)
    if counter is None or counter.data is None or counter.data.get("closed"):
        return
    # A window only fills: what it held a while ago is enough to know that it is full.
    closes = counter.data["openedAt"] + timedelta(seconds=limit.per)
    if toll.declared.in_commit and counter.data["count"] >= limit.calls and moment < closes:
        raise _refusal(closes, moment)
