"""What the jobs of each day come to, `dailyCounters/{shard}-{day}`. Kept as jobs end; the reports are sums of these.

A day is that of the orders (UTC). It has SHARDS documents, because Firestore advises about one write a second of each.
They have no expiry: an account's deletion subtracts its jobs from days of any age.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Protocol

from studiox.kit import firestore
from studiox.kit.clock import UTC, datetime
from studiox.kit.documents import Collection, FieldPath, Path, Stored
from studiox.kit.transaction import Docs

from .jobs import TERMINAL, JobStatus, JobType

SHARDS = 50
"""Enough for a million jobs a day (docs/capacity.md). With another number the sums remain right."""
PARAMETERS = ("size", "style", "color")
LATENCY_STEP_S = 0.1
MAX_LATENCY_S = 7_200
COARSE_FROM, COARSE_STEP = 6_000, 100
"""Steps. A counter tells latencies of ten minutes and more to ten seconds only, so that a document stays small."""
MAX_NAME = 200
UNNAMED = "other"
"""In place of a value that cannot be a field's name."""
PAID, REFUNDED = ("tokens", "consumed"), ("tokens", "refunded")

Figures = Mapping[FieldPath, int]
"""{(kind, value): number}, such as `("status", "failed")` or `("model", "Model A")`."""


class DailyCounter(Stored, frozen=True, kw_only=True):
    """One shard of a day."""

    counts: dict[str, dict[str, int]] = {}
    """`status`, `model`, `type`, `size`, `style`, `color`: jobs. `completed`, `failed`, `cancelled`: those by model.
    `hour`: jobs by the hour of the order and their status, as `13 failed`. `tokens`: `consumed` and `refunded`.
    `consumed`, `refunded`: tokens by model. `latency`: completed jobs by the tenths of a second that they took."""


DAILY_COUNTERS = Collection("dailyCounters", DailyCounter)


class Counted(Protocol):
    """What is counted of a job."""

    @property
    def status(self) -> JobStatus: ...
    @property
    def model(self) -> str: ...
    @property
    def type(self) -> JobType: ...
    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def price(self) -> int: ...
    @property
    def refunded(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def completed_at(self) -> datetime | None: ...


def figures(job: Counted) -> dict[FieldPath, int]:
    """What the job, as it is now, adds to a report."""
    found: dict[FieldPath, int] = {("status", job.status): 1, ("model", _name(job.model)): 1, ("type", job.type): 1}
    found |= {(each, _name(job.params[each])): 1 for each in PARAMETERS if each in job.params}
    found |= {PAID: job.price, REFUNDED: job.refunded}
    found |= {("consumed", _name(job.model)): job.price, ("refunded", _name(job.model)): job.refunded}
    found["hour", f"{job.created_at.astimezone(UTC):%H} {job.status}"] = 1
    if job.status in TERMINAL:
        found[job.status, _name(job.model)] = 1
    if job.status == "completed" and job.completed_at is not None:
        seconds = (job.completed_at - job.created_at).total_seconds()
        found["latency", str(round(min(max(seconds, 0), MAX_LATENCY_S) / LATENCY_STEP_S))] = 1
    return found


def kept(job: Counted) -> dict[FieldPath, int]:
    """What the counters hold of a job that has ended."""
    return {(kind, _coarse(value) if kind == "latency" else value): n for (kind, value), n in figures(job).items()}


def _name(value: object) -> str:
    """The value as a field's name. An increment of a name that Firestore refuses would keep the job from ending."""
    text = str(value)
    is_reserved = text.startswith("__") and text.endswith("__")
    return text if 0 < len(text.encode(errors="replace")) <= MAX_NAME and not is_reserved else UNNAMED


def _coarse(latency: str) -> str:
    steps = int(latency)
    return latency if steps < COARSE_FROM else str(steps // COARSE_STEP * COARSE_STEP)


def add(docs: Docs, job_id: str, job: Counted, before: Counted | None = None) -> None:
    """Count a job that has ended, in the commit that changes it. `before`: as it was counted until now."""
    _increment(docs, job_id, job, _sum((kept(job), 1), *([] if before is None else [(kept(before), -1)])))


def subtract(docs: Docs, job_id: str, job: Counted) -> None:
    """Take back what was counted of a job, in the commit that deletes it."""
    _increment(docs, job_id, job, _sum((kept(job), -1)))


def _sum(*parts: tuple[Figures, int]) -> Counter[FieldPath]:
    total: Counter[FieldPath] = Counter()
    for part, sign in parts:
        for path, number in part.items():
            total[path] += sign * number
    return total


def _increment(docs: Docs, job_id: str, job: Counted, amounts: Figures) -> None:
    changed = {("counts", *path): amount for path, amount in amounts.items() if amount}
    if changed:
        docs.increment(_path(zlib.crc32(job_id.encode()) % SHARDS, job.created_at.astimezone(UTC).date()), changed)


def _path(shard: int, day: date) -> Path[DailyCounter]:
    """The shard is first, because Firestore writes adjacent ids more slowly."""
    return DAILY_COUNTERS.document(f"{shard:02}-{day.isoformat()}")


def of_days(first: date, last: date) -> Counter[FieldPath]:
    """The sums over the jobs that were ordered on these days and have ended. SHARDS reads a day. `Unavailable`."""
    total: Counter[FieldPath] = Counter()
    day = first
    while day <= last:
        for found in firestore.get_all([_path(shard, day) for shard in range(SHARDS)]):
            total.update(_flat({} if found is None else found.counts))
        day += timedelta(days=1)
    return +total


def _flat(counts: Mapping[str, Mapping[str, int]]) -> dict[FieldPath, int]:
    return {(kind, value): number for kind, held in counts.items() for value, number in held.items()}


def total_of(sums: Figures) -> int:
    """The number of jobs in these figures."""
    return sum(number for (kind, _), number in sums.items() if kind == "status")


def recounted(jobs: Iterable[Counted]) -> Counter[FieldPath]:
    """What the counters should hold of these jobs."""
    return _sum(*((kept(job), 1) for job in jobs if job.status in ("completed", "failed", "cancelled")))
