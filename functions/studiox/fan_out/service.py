"""A schedule processes a small collection by itself, and divides a larger one among tasks.

A run is named by its schedule and period: a second run of the same period continues the first one. What is done to a
page of things must be idempotent, because a page may be repeated after a crash; its figures are counted once, since
only one task can move a part's cursor from one place to the next.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from studiox.kit import batch, clock, firestore, ids, log, query, tasks
from studiox.kit.documents import Collection, Path
from studiox.kit.errors import Contention, StudioxError
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.schedule_runs import Progress, Run, ScheduleRun, Shard, progress_path, run_path

from . import rules

T = TypeVar("T")

TASK = "workShard"
ALONE = 1_000
"""Documents that a schedule processes before it counts the rest."""
PER_SHARD = 20_000
"""The most documents of a part, unless their keys are equal or there are MAX_SHARDS."""
MAX_SHARDS = 2_000
RUN_S = 1_500.0
"""How long a schedule or a task works. Both have 1,800 s, and a page may take long during an outage."""


class Part(NamedTuple):
    """One kind of thing that a schedule walks through: documents in the order of their ids or of a time, or what
    belongs to documents in the order of their ids."""

    collection: Collection[Any]
    """By whose keys the part is divided."""
    span: query.Span
    work: Callable[[Run, list[Any]], Mapping[str, int]]
    """Process a page. Returns what was done, by name. `Contention`, `Unavailable`: the page is repeated."""
    page: int
    """Things on a page."""
    pages: Callable[[Shard, Sequence[Any] | None], Iterator[tuple[list[Any], list[Any]]]] | None = None
    """Lists what is walked through, if that is not the documents: each page behind a cursor, and the cursor after it,
    which begins with the key of the page's last thing."""


class Schedule(NamedTuple):
    """The work of a schedule's run, whether or not it is divided."""

    name: str
    """The function's."""
    parts: Callable[[Run], Mapping[str, Part]]
    """By their kinds."""
    tell: Callable[[Run, Mapping[str, int], int], None]
    """Log what a run has done: its figures, and the number of parts that were given up."""
    settle: Callable[[Run, Mapping[str, int], int], None] = lambda _run, _counts, _failed: None
    """What remains to be done after all parts have ended, with the same arguments. May be repeated."""


def start(schedule: Schedule, run: Run) -> None:
    """Run the schedule, or divide the run among tasks. `Contention`, `Unavailable`: repeat it.

    A divided run of the same day continues; one that has ended is repeated only if it gave up some of its parts.
    """
    until = time.monotonic() + RUN_S
    parts = schedule.parts(run)
    counts: Counter[str] = Counter()
    begun = [Shard(kind=kind, low=part.span.low, below=part.span.below) for kind, part in parts.items()]
    left, outages = [], []
    for each in begun:
        try:
            rest = _alone(parts, run, each, counts, until, ALONE)
        except StudioxError as error:
            if not batch.passes(error):
                raise
            outages.append(error)  # of Auth, for example: the other parts do not need it
        else:
            left += [rest] if rest is not None else []
    if outages:
        raise outages[0]
    shards = [shard for each in left for shard in _divided(parts[each.kind], each)]
    if len(shards) == len(left) and time.monotonic() < until:  # little enough
        shards = [rest for each in left if (rest := _alone(parts, run, each, counts, until, None)) is not None]
    if not shards:
        schedule.settle(run, counts, 0)
        schedule.tell(run, counts, 0)
        return
    path = run_path(_run_id(schedule, run.started_at))
    made = rules.divided(schedule.name, shards, counts, run.about, run.started_at)

    def decide(docs: Docs) -> None:
        found = docs.get(path)
        if found is None or (found.closed_at is not None and found.failed):
            docs.put(path, made)

    transact(path, decide, Reads(fresh=[path]))
    resume(schedule, run.started_at)


def _run_id(schedule: Schedule, started_at: clock.datetime) -> str:
    """Letters, digits and hyphens: a task's name contains it."""
    return f"{schedule.name}-{started_at.date().isoformat()}"


def _alone(
    parts: Mapping[str, Part], run: Run, shard: Shard, counts: Counter[str], until: float, most: int | None
) -> Shard | None:
    """Process up to `most` documents of a part here. Returns what is left of it; None if nothing is."""
    part = parts[shard.kind]
    done = 0
    for page, cursor in _pages(part, shard, shard.cursor):
        counts.update(part.work(run, page))
        done += len(page)
        shard = replace(shard, cursor=cursor)
        if len(page) == part.page and ((most is not None and done >= most) or time.monotonic() > until):
            return shard
    return None


def _pages(part: Part, shard: Shard, behind: Sequence[Any] | None) -> Iterator[tuple[list[Any], list[Any]]]:
    """Each page of the part behind the cursor, and the cursor after it."""
    if part.pages is not None:
        yield from part.pages(shard, behind)
        return
    span = part.span._replace(low=shard.low, below=shard.below)
    for page in chunks(query.spanned(part.collection, span, behind=behind), part.page):
        yield page, [query.key_of(page[-1], span), page[-1].id]


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while chunk := list(itertools.islice(source, size)):
        yield chunk


def _divided(part: Part, rest: Shard) -> list[Shard]:
    """Divide the rest of a part into parts of at most PER_SHARD documents each, if that is possible."""
    begin = rest.low if rest.cursor is None else rest.cursor[0]
    bounds = (_bounds(part, begin, rest.below) or [])[: MAX_SHARDS - 1]
    lows, ends = [rest.low, *bounds], [*bounds, rest.below]
    shards = [Shard(kind=rest.kind, low=low, below=below) for low, below in zip(lows, ends, strict=True)]
    return [replace(shards[0], cursor=rest.cursor), *shards[1:]]


def _bounds(part: Part, low: Any, below: Any) -> list[Any] | None:
    """The keys in (low, below) that divide it, in order; None if there is nothing in it."""
    held = query.count_of(part.collection, part.span._replace(low=low, below=below), PER_SHARD + 1)
    if held <= PER_SHARD:
        return [] if held else None
    middle = rules.middle(low, below)
    if middle is None or (isinstance(middle, str) and not ids.is_segment(middle)):
        return []
    left, right = _bounds(part, low, middle), _bounds(part, middle, below)
    if left is None or right is None:  # one half is empty: no part for it
        return right if left is None else left
    return [*left, middle, *right]


def resume(schedule: Schedule, started_at: clock.datetime) -> bool:
    """Enqueue a task for each open part of the run of this day; False if it was not divided or has ended.

    `Unavailable`.
    """
    run_id = _run_id(schedule, started_at)
    run = firestore.get(run_path(run_id))
    if run is None or run.closed_at is not None:
        return False
    for index in run.open or [0]:  # all parts have ended, but the task that should have closed the run died
        _enqueue(run_id, run, index, firestore.get(progress_path(run_id, index)))
    return True


def _enqueue(run_id: str, run: ScheduleRun, index: int, progress: Progress | None) -> None:
    name = f"{run_id}-{clock.to_millis(run.started_at)}-{index}-{0 if progress is None else progress.tasks}"
    tasks.enqueue(TASK, {"run": run_id, "shard": index}, name=name)


def work(schedules: Mapping[str, Schedule], data: object) -> None:
    """One task: work at a part of a run for RUN_S, or to its end. The last part that ends closes the run.

    `Contention`, `Unavailable`: the queue sends the task again. A task whose part has ended does nothing.
    """
    named = data if isinstance(data, dict) else {}
    run_id, index = named.get("run"), named.get("shard")
    if not isinstance(run_id, str) or not ids.is_id(run_id) or type(index) is not int:
        log.warning("task_malformed", function=TASK)
        return
    run = firestore.get(run_path(run_id))
    if run is None or run.closed_at is not None or run.schedule not in schedules:
        return
    schedule = schedules[run.schedule]
    after = _worked(schedule, run_id, run, index) if index in run.open else run
    if after is not None and not after.open:
        _close(schedule, run_id, after)


def _worked(schedule: Schedule, run_id: str, run: ScheduleRun, index: int) -> ScheduleRun | None:
    """The run after the part has ended; None if another task continues it."""
    until = time.monotonic() + RUN_S
    path, shard = progress_path(run_id, index), run.shards[index]

    def begin(docs: Docs) -> Progress:
        progress = rules.begun(docs.get(path), shard, run.expires_at)
        docs.put(path, progress)
        return progress

    progress = transact(path, begin, Reads(fresh=[path]))
    if progress.attempts > rules.ATTEMPTS:
        log.alert("shard_failed", schedule=schedule.name, run=run_id, shard=index)
        return _end(run_id, index, progress, failed=True)
    told = Run(run.started_at, run.about)
    part = schedule.parts(told)[shard.kind]
    for page, cursor in _pages(part, shard, progress.cursor):
        after = rules.advanced(progress, cursor, part.work(told, page))
        if len(page) == part.page and time.monotonic() > until:
            _enqueue(run_id, run, index, _moved(path, progress, replace(after, tasks=after.tasks + 1)))
            return None
        progress = _moved(path, progress, after)
    return _end(run_id, index, progress, failed=False)


def _moved(path: Path[Progress], before: Progress, after: Progress) -> Progress:
    """Store a part's progress. `Contention` if another task works at it: then its figures count, not ours."""

    def decide(docs: Docs) -> bool:
        found = docs.get(path)
        if found == after:
            return True  # our own commit, whose answer was lost; or another task did the same
        if found is None or (found.cursor, found.tasks) != (before.cursor, before.tasks):
            return False
        docs.put(path, after)
        return True

    if not transact(path, decide, Reads(fresh=[path])):
        raise Contention(retryAfterSeconds=5)
    return after


def _end(run_id: str, index: int, progress: Progress, *, failed: bool) -> ScheduleRun | None:
    """End a part; the run after that. The part's position is deleted: it may name a user."""
    path, mark = run_path(run_id), progress_path(run_id, index)

    def decide(docs: Docs) -> ScheduleRun | None:
        run, found = docs.get(path), docs.get(mark)
        if run is None or index not in run.open:
            return run
        if found is None or found.cursor != progress.cursor:
            raise Contention(retryAfterSeconds=5)  # another task works at it
        after = rules.ended(run, index, progress.counts, failed=failed)
        docs.put(path, after)
        docs.delete(mark)
        return after

    return transact(path, decide, Reads(fresh=[path, mark]))


def _close(schedule: Schedule, run_id: str, run: ScheduleRun) -> None:
    """Settle a run whose parts have all ended, log it, and close it. One commit closes it.

    It is logged first: after a death between the two a second line is better than none, which is an alert.
    """
    path, now = run_path(run_id), clock.now()
    told = Run(run.started_at, run.about)
    schedule.settle(told, run.counts, len(run.failed))
    schedule.tell(told, run.counts, len(run.failed))

    def decide(docs: Docs) -> None:
        found = docs.get(path)
        if found is not None and found.closed_at is None:
            docs.put(path, replace(found, closed_at=now))

    transact(path, decide, Reads(fresh=[path]))
