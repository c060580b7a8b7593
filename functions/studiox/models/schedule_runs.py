"""A schedule's run that was divided among tasks, `scheduleRuns/{id}`, and the position of each task below it.

A run that one instance finishes alone has no documents.
"""

from __future__ import annotations

from typing import Any

import msgspec

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored


class Shard(Stored, frozen=True, kw_only=True):
    """A part of a run: the documents of one kind whose keys are in [low, below)."""

    kind: str
    low: Any = None
    """A document's id or a time. None: from the first thing on."""
    below: Any = None
    """None: up to the last thing."""
    cursor: Any = None
    """Where the part continues: after the document with this [key, id]. None: at `low`."""


class ScheduleRun(Stored, frozen=True, kw_only=True):
    """A run and the parts that it was divided into, as they were when it began."""

    schedule: str
    """The function's name."""
    started_at: datetime
    about: dict[str, Any]
    """What the schedule decided when the run began."""
    shards: list[Shard]
    open: list[int]
    """The parts that have not ended, by their index."""
    counts: dict[str, int]
    """What was done, in the parts that have ended and by the schedule before it divided the run."""
    expires_at: datetime
    """When Firestore may delete it."""
    failed: list[int] = []
    """The parts that were given up."""
    closed_at: datetime | None = None


class Progress(Stored, frozen=True, kw_only=True):
    """How far an open part has come, `scheduleRuns/{id}/shards/{index}`. Deleted when the part ends."""

    cursor: Any
    counts: dict[str, int]
    expires_at: datetime
    attempts: int = 0
    """Tasks that have begun since the part last made progress."""
    tasks: int = 0
    """How often a task ran out of time and another one continued."""


SCHEDULE_RUNS = Collection("scheduleRuns", ScheduleRun)
SHARDS = Collection("shards", Progress)


class Run(msgspec.Struct, frozen=True):
    """The run's data that a schedule's work receives."""

    started_at: datetime
    about: dict[str, Any]


def run_path(run_id: str) -> Path[ScheduleRun]:
    return SCHEDULE_RUNS.document(run_id)


def progress_path(run_id: str, index: int) -> Path[Progress]:
    return Path(f"{run_path(run_id)}/{SHARDS}/{index}", Progress)
