"""Rate limits as values on the endpoints, and their counters in Firestore.

A window opens with a caller's first call and admits `calls` until it closes. A call that commits anyway is counted in
its own commit (`RateLimitCharge.count`), exactly, however many instances there are. Reads have no commit: an instance
takes a tenth of the window at a time. So nine of ten reads cost no round trip, and never more than `calls` pass. If an
instance ends, the rest of its tenth is lost.

A call that should have committed and was refused, or had nothing to commit, is counted afterwards (`charge_later`): an
instance adds a tenth of the window to the same counter when it has let so many of them pass. A caller whose window is
known to be full is refused from memory, before any work (`refuse_known`).

`settings/limits` overrides the limit of a function, `{createStudioJob: {calls: 10, per: 60}}`. It takes effect within
about a minute, without a deploy; `calls: 0` turns a function off. Administrators write it. Its fields are functions'
names, so it is read as a mapping, and each value is checked when it is used (`Override`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import msgspec
from cachetools import LRUCache

from . import clock, firestore, ids, log, structs, windows
from .clock import datetime
from .documents import Collection, Path
from .errors import Contention, Unauthenticated, Unavailable
from .process import per_process
from .transaction import Docs, Reads, transact
from .windows import FULL, Limit, Override, Share, Uncounted, Window

__all__ = ["Limit", "RateLimitCharge", "admit", "charge", "charge_later", "close", "refuse_known", "remember_refused"]

REMEMBERED_CALLERS = 5_000
TIMEOUT_S = 2.0
"""A read is let through when the counter has not answered for this long. A round trip has 1 s."""
SETTINGS = "settings/limits"
firestore.PIGGYBACKED.add(SETTINGS)

RATE_LIMITS = Collection("rateLimits", Window)


class Receipt:
    """Whether one call was counted."""

    def __init__(self) -> None:
        self.given = False

    def give(self) -> None:
        self.given = True


class RateLimitCharge(msgspec.Struct, frozen=True):
    """One call that is to be counted against its caller's limit."""

    path: Path[Window]
    """The counter."""
    declared: Limit
    function: str = ""
    receipt: Receipt = msgspec.field(default_factory=Receipt)

    @property
    def limit(self) -> Override | Limit:
        """The limit that applies now: the one in the settings, or the declared one if that is missing or invalid."""
        given = firestore.settings(SETTINGS).get(self.function)
        if given is None:
            return self.declared
        try:
            return structs.convert(given, Override)
        except msgspec.ValidationError as error:
            _counters().report_invalid(self.function, str(error))
            return self.declared

    def count(self, docs: Docs, now: datetime, calls: int = 1) -> None:
        """Count the call in this commit. `RateLimited` when the window is full.

        `Unauthenticated` when the caller's account was deleted, also if that happened after it was read.
        """
        docs.put(self.path, windows.with_calls(docs.get(self.path), self.limit, now, calls))
        docs.after_commit.append(self.receipt.give)


class _Refill:
    """One thread takes the next share, and the other threads of this process wait for it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.failed = False


class Counters:
    """The state of callers' windows that this process has cached."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.shares: LRUCache[str, Share] = LRUCache(REMEMBERED_CALLERS)
        self.uncounted: LRUCache[str, Uncounted] = LRUCache(REMEMBERED_CALLERS)
        self.refills: dict[str, _Refill] = {}
        self.reported: set[tuple[str, str]] = set()

    def report_invalid(self, function: str, error: str) -> None:
        """Alert about an invalid limit in the settings, once per instance: the limit is looked up at every call."""
        with self.lock:
            known = (function, error) in self.reported
            self.reported.add((function, error))
        if not known:
            log.alert("limit_override_broken", function=function, error=error)

    def note_uncounted(self, key: str, per: int, now: datetime, share: int | None = None) -> bool:
        """Note one more uncounted call. True when they have reached `share`, which the caller then writes."""
        with self.lock:
            noted = windows.one_more(self.uncounted.pop(key, None), per, now)
            if noted.calls == share:
                return True
            self.uncounted[key] = noted
            return False


@per_process
def _counters() -> Counters:
    return Counters()


def charge(function: str, caller: str, limit: Limit) -> RateLimitCharge:
    """The charge for one call. `caller` is a uid, or the hash of an address."""
    return RateLimitCharge(RATE_LIMITS.document(ids.derived(function, caller)), limit, function)


def windows_of(charges: Sequence[RateLimitCharge]) -> list[Window | None]:
    """The counters of these charges as they are stored; None where there is none. One round trip. `Unavailable`."""
    return firestore.get_all([each.path for each in charges])


def close(docs: Docs, charges: Iterable[RateLimitCharge], now: datetime) -> None:
    """Refuse these calls from this commit on: their caller's account is deleted (faults A9).

    A call that read the account before is counted in its commit, which fails because the counter has changed. So
    nothing is written for an account that has been deleted since.
    """
    for each in charges:
        docs.put(each.path, windows.closed(now))


def admit(charge: RateLimitCharge, now: datetime | None = None) -> None:
    """Count a call that commits nothing itself. `RateLimited`. Lets it through if Firestore cannot be reached (R7)."""
    moment, counters = now or clock.now(), _counters()
    while True:
        with counters.lock:
            share = counters.shares.get(charge.path)
            if share is not None and moment < share.closes:
                if share.calls == FULL:
                    raise windows.refusal(share.closes, moment)
                if share.calls > 0:
                    counters.shares[charge.path] = Share(share.calls - 1, share.closes)
                    charge.receipt.give()
                    return
            others = counters.refills.get(charge.path)
            refill = counters.refills.setdefault(charge.path, _Refill())
        if others is None:
            _refill(counters, charge, moment, refill)
        else:
            refill.done.wait()
        if refill.failed:
            return


def _refill(counters: Counters, charge: RateLimitCharge, now: datetime, refill: _Refill) -> None:
    """Take the next share for all threads of this process."""
    refill.failed = True
    try:
        share = transact(
            charge.path, lambda docs: _take_share(docs, charge, now), Reads(cached=[charge.path]), timeout_s=TIMEOUT_S
        )
        refill.failed = False
    except (Contention, Unavailable):
        log.warning("rate_limit_open", counter=str(charge.path))
    finally:
        with counters.lock:
            if not refill.failed:
                counters.shares[charge.path] = share
            del counters.refills[charge.path]
        refill.done.set()


def _take_share(docs: Docs, charge: RateLimitCharge, now: datetime) -> Share:
    """Count a share of the window, of which this instance then lets calls through."""
    share = windows.next_share(docs.get(charge.path), charge.limit, now)
    if share.calls != FULL:
        charge.count(docs, now, share.calls)
    return share


def charge_later(charge: RateLimitCharge, now: datetime | None = None) -> None:
    """Count a call that ended without a commit: nine of ten cost nothing, the tenth writes all ten.

    Never refuses; `refuse_known` and every later commit do. Silent when Firestore cannot be reached.
    """
    moment = now or clock.now()
    if not _counters().note_uncounted(charge.path, charge.limit.per, moment, windows.share_of(charge.limit)):
        return
    try:
        transact(
            charge.path,
            lambda docs: _take_share(docs, charge, moment),
            Reads(cached=[charge.path]),
            timeout_s=TIMEOUT_S,
        )
    except (Contention, Unavailable):
        log.warning("rate_limit_open", counter=str(charge.path))
    except Unauthenticated:
        return  # the account was deleted and its counter closed


def remember_refused(charge: RateLimitCharge, session: str, now: datetime | None = None) -> None:
    """Count a call in memory, for one session, if it was refused because of its caller or could not be parsed.

    The caller's counter is not changed: an old token must not be able to use up its owner's calls.
    """
    _counters().note_uncounted(f"{charge.path}/{session}", charge.limit.per, now or clock.now())


def refuse_known(charge: RateLimitCharge, session: str, now: datetime | None = None) -> None:
    """`RateLimited` for a caller whose window is full by this instance's cache. Costs no round trip."""
    moment, counters = now or clock.now(), _counters()
    with counters.lock:
        share = counters.shares.get(charge.path)
        uncounted = counters.uncounted.get(f"{charge.path}/{session}")
    cached = firestore.cached(charge.path) if charge.declared.in_commit else None
    counted = None if cached is None else cached.as_(charge.path)
    if (until := windows.full_until(charge.limit, share, uncounted, counted, moment)) is not None:
        raise windows.refusal(until, moment)
