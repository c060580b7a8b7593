"""Running clean-ups: a first bounded run in the call that orders one, further runs in tasks, lost ones by schedule."""

from __future__ import annotations

from collections.abc import Callable

from studiox.kit import clock, ids, log, malformed, tasks
from studiox.kit.documents import MalformedDocument, Path
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Docs, Reads, transact
from studiox.media import objects
from studiox.models import moderation, posts
from studiox.models.deletions import CleanUp, Kind, clean_up_path

from . import rules, store

FIRST_PAGES = 3
"""Pages of moderation.PAGE documents that the caller's own call deletes: everything of an ordinary post."""
TASK_PAGES = 20
MEDIA_PER_RUN = 200
RESUMED_PER_RUN = 50


Clear = Callable[[CleanUp, int], bool]
"""Deletes a part of a record's data, at most this many pages of documents; False if some is left."""


def run(kind: Kind, id_: str, clear: Clear, *, pages: int = TASK_PAGES) -> bool:
    """One bounded run, if the record is due; True when nothing is left to do now.

    A run that fails is due again later. `Contention`, `Unavailable` if the record itself cannot be read or written.
    """
    now, token = clock.now(), ids.new()
    path = clean_up_path(kind, id_)

    def claim(docs: Docs) -> CleanUp | None:
        record = rules.claimed(docs.get(path), token, now)
        if record is not None:
            docs.put(path, record)
        return record

    record = transact(path, claim, Reads(fresh=[path]))
    if record is None:
        return True
    try:
        complete = clear(record, pages)
    except (objects.MediaError, Unavailable, Contention) as error:
        log.warning("clean_up_postponed", kind=kind, id=id_, failures=record.failures, error=type(error).__name__)
        _finish(path, token, rules.after_failure(record, clock.now()))
        return False
    except MalformedDocument as error:
        malformed.report(error)  # until a person corrects the document, each run stops there
        _finish(path, token, rules.after_failure(record, clock.now()))
        return False
    _finish(path, token, rules.after_run(record, complete=complete, now=clock.now()))
    log.info("clean_up_ran", kind=kind, id=id_, complete=complete)
    return complete


def _finish(path: Path[CleanUp], token: str, after: CleanUp | None) -> None:
    """Store a run's outcome, unless the clean-up was ordered again during the run."""

    def decide(docs: Docs) -> None:
        record = docs.get(path)
        if record is None or record.token != token:
            return
        if after is None:
            docs.delete(path)
        else:
            docs.put(path, after)

    transact(path, decide, Reads(fresh=[path]))


def clear_post(record: CleanUp, pages: int) -> bool:
    """Delete a hidden post's public files, and a deleted post's likes and comments as well. Files go first."""
    post = posts.find_post(record.id)
    if post is not None and not post.is_hidden:
        return True  # the post is visible again, so nothing is superfluous
    if not objects.delete_prefix(f"posts/{record.id}/", MEDIA_PER_RUN):
        return False
    return post is not None or posts.delete_children(record.id, pages)


def clear_creation(record: CleanUp, pages: int) -> bool:
    """Delete a creation's files, then the reports about its posts."""
    cleared = objects.delete_prefix(f"users/{record.uid}/creations/{record.id}/", MEDIA_PER_RUN)
    return cleared and moderation.delete_reports(record.id, pages)


def start(kind: Kind, id_: str, clear: Clear) -> None:
    """The first run, in the call that ordered it, and a task for the rest.

    Never raises: the task retries failures, and the schedule finds records whose task was lost.
    """
    try:
        if run(kind, id_, clear, pages=FIRST_PAGES):
            return
    except (Contention, Unavailable):
        log.warning("clean_up_not_started", kind=kind, id=id_)
    enqueue(kind, id_)


def enqueue(kind: Kind, id_: str) -> None:
    """Run it in a task, soon. Enqueue failures are ignored: the schedule finds the record when it is due."""
    try:
        # Names are unique: two tasks for one clean-up are harmless, but a task must not be dropped as a duplicate.
        name = f"{kind}-{ids.derived(id_)}-{clock.to_millis(clock.now())}"
        tasks.enqueue("cleanUp", {"kind": kind, "id": id_}, name=name)
    except Unavailable:
        log.warning("clean_up_not_enqueued", kind=kind, id=id_)


def resume() -> None:
    """Enqueue the clean-ups that are due: those that have settled, and those whose task or call was lost."""
    for record in store.due(clock.now(), RESUMED_PER_RUN):
        enqueue(record.kind, record.id)
