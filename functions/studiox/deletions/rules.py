"""The life cycle of a clean-up record: clearing, settling, cleared once more, deleted. Pure.

A call that makes public copies announces them first with a record in `copying`. If the call dies, the record comes due
and the copies are deleted. See docs/decisions/0006-deletion.md.
"""

from __future__ import annotations

from msgspec.structs import replace

from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import Contention
from studiox.models.deletions import CleanUp, Kind

COPY_GRACE = timedelta(minutes=10)
"""Longer than a call that copies can run."""
LEASE = timedelta(minutes=3)
"""The time that one run has."""
SETTLE_AFTER = {"post": timedelta(minutes=10), "creation": timedelta(minutes=35)}
"""Longer than any late writer can run: a call that publishes (a minute), a task that stores media (half an hour)."""
FIRST_BACKOFF_S = 15
MAX_BACKOFF_S = 3600


def ordered(kind: Kind, id_: str, uid: str, token: str, now: datetime) -> CleanUp:
    """A new record, due now."""
    return CleanUp(
        kind=kind,
        id=id_,
        uid=uid,
        state="clearing",
        token=token,
        due_at=now,
        last=False,
        failures=0,
        created_at=now,
    )


def copying(record: CleanUp | None, post_id: str, uid: str, token: str, now: datetime) -> CleanUp:
    """The record of a call that is about to make public copies. `Contention` while older copies are being deleted.

    A second call for the same post shares the first one's token: both make the same copies.
    """
    if record is not None and record.state == "clearing":
        raise Contention(retryAfterSeconds=5)
    if record is not None and record.state == "copying" and now < record.due_at:
        token = record.token
    return replace(ordered("post", post_id, uid, token, now), state="copying", due_at=now + COPY_GRACE)


def claimed(record: CleanUp | None, token: str, now: datetime) -> CleanUp | None:
    """The record of a run that starts now; None if nothing is due, or another run holds the lease."""
    if record is None or now < record.due_at:
        return None
    last = record.last or record.state == "settling"
    return replace(record, state="clearing", token=token, due_at=now + LEASE, last=last)


def after_run(record: CleanUp, *, complete: bool, now: datetime) -> CleanUp | None:
    """The record after a successful run; None when nothing is left to do.

    Others than a post and a creation are cleared only once: nothing is added to them after the commit that ordered it.
    """
    if not complete:
        return replace(record, due_at=now, failures=0)
    if record.last or record.kind not in SETTLE_AFTER:
        return None
    return replace(record, state="settling", due_at=now + SETTLE_AFTER[record.kind], failures=0)


def after_failure(record: CleanUp, now: datetime) -> CleanUp:
    """The record after a failed run. The pause doubles with each failure in a row, up to an hour."""
    pause_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2**record.failures)
    return replace(record, due_at=now + timedelta(seconds=pause_s), failures=record.failures + 1)
