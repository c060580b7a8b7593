"""The monthly reset of users whose month has ended. Each period is reset once, even if runs are late or overlap."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from studiox.catalog import sales_store
from studiox.kit import audit, batch, clock, log
from studiox.kit.clock import datetime
from studiox.kit.query import Found
from studiox.kit.transaction import Docs, Reads
from studiox.models import users
from studiox.models.ledger_store import entry_path, post
from studiox.models.users import change_user, user_path

from . import monthly

T = TypeVar("T")

RUN_S = 1500.0  # of the schedule's 1,800 s
THREADS = 8
CHUNK = 100
_RESET = audit.System("resetMonthlyTokens")


def reset_monthly() -> int:
    """Reset every user who is due. Returns their number. Users that a run does not reach are first in the next one."""
    now = clock.now()
    until = time.monotonic() + RUN_S
    done = missing = broken = 0

    def reset(user: Found[users.UserReset]) -> bool:
        return _reset(user.id, user.data.credit_reset_at, now)

    with ThreadPoolExecutor(THREADS) as pool:
        for chunk in chunks(users.due_for_reset(now), CHUNK):
            worked = batch.work_through(pool, "resetMonthlyTokens", reset, chunk)
            done += sum(worked.results)
            missing += len(worked.missing)
            broken += len(worked.broken)
            if time.monotonic() > until or len(worked.missing) == len(chunk):
                log.warning("monthly_reset_unfinished", done=done, missing=missing)
                break
    log.info("monthly_reset", users=done, missing=missing, broken=broken)
    return done


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while chunk := list(itertools.islice(source, size)):
        yield chunk


def _reset(uid: str, due: datetime, now: datetime) -> bool:
    path = user_path(uid)
    period = due.date().isoformat()
    posted = [entry_path(uid, f"{kind}:{period}") for kind in ("expiry", "grant")]

    def decide(docs: Docs) -> bool:
        user = docs.get(path)
        if user is None or user.credit_reset_at != due or not monthly.is_due(user, now):
            return False  # another run has reset the user, or a subscription began
        reset = monthly.reset(user, sales_store.plan_of(docs, user.plan).monthly_tokens, now)
        if not any(docs.get(each) for each in posted):
            for cause, buckets in reset.entries:
                post(docs, uid, cause, buckets, now)
        change_user(docs, uid, now, **reset.fields)
        return True

    reads = Reads(fresh=[path, *posted, *sales_store.stale()])
    return _RESET.commit(path, decide, reads, target=path, details=lambda _done: {"period": period})
