"""Running clean-ups: first a bounded run in the call that orders one, the rest in tasks, what was lost by schedule."""

from __future__ import annotations

from collections.abc import Callable

from studiox.kit import clock, ids, log, tasks
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Docs, Reads, transact
from studiox.media import objects
from studiox.models import posts

from . import rules, store
from .rules import Kind, Record

FIRST_PAGES = 3
"""Of at most posts.PAGE documents, within the caller's own call: all of a post that is not famous."""
TASK_PAGES = 20
MEDIA_PER_RUN = 200
RESUMED_PER_RUN = 50


Clear = Callable[[Record, int], bool]
"""Deletes a bounded part of a record's data, at most so many pages of documents; False if some is left."""


def run(kind: Kind, id_: str, clear: Clear, *, pages: int = TASK_PAGES) -> bool:
    """One bounded run of what is due; True when nothing is left to do now. What a later run mends is not raised."""
    token = ids.new()
    path = store.cleanup_path(kind, id_)

    def claim(docs: Docs) -> Record | None:
        record = rules.claimed(docs.get(path), token, clock.now())
        if record is not None:
            docs.put(path, record)
        return record

    record = transact(path, claim, Reads(fresh=[path]))
    if record is None:
        return True
    try:
        complete = clear(record, pages)
    except (objects.MediaError, Unavailable, Contention) as error:
        log.warning("clean_up_postponed", kind=kind, id=id_, failures=record["failures"], error=type(error).__name__)
        _finish(path, token, rules.after_failure(record, clock.now()))
        return False
    _finish(path, token, rules.after_run(record, complete=complete, now=clock.now()))
    log.info("clean_up_ran", kind=kind, id=id_, complete=complete)
    return complete


def _finish(path: str, token: str, after: Record | None) -> None:
    """Keep what came of a run, unless the clean-up was ordered anew meanwhile: then that order stands."""

    def decide(docs: Docs) -> None:
        record = docs.get(path)
        if record is None or record["token"] != token:
            return
        if after is None:
            docs.delete(path)
        else:
            docs.put(path, after)

    transact(path, decide, Reads(fresh=[path]))


def clear_post(record: Record, pages: int) -> bool:
    """Delete what a post leaves behind, public files first."""
    post = posts.find_post(record["id"])
    if post is not None and not post["hidden"]:
        return True  # it is in the feed: nothing of it is superfluous
    if not objects.delete_prefix(f"posts/{record['id']}/", MEDIA_PER_RUN):
        return False
    return post is not None or posts.delete_children(record["id"], pages)


def clear_creation(record: Record, pages: int) -> bool:
    """Delete a creation's files and the reports about its posts."""
    cleared = objects.delete_prefix(f"users/{record['uid']}/creations/{record['id']}/", MEDIA_PER_RUN)
    return cleared and posts.delete_reports(record["id"], pages)


def start(kind: Kind, id_: str, clear: Clear) -> None:
    """The first run, within the call that ordered it, and the task for the rest. It never refuses: what goes wrong here
    is done by the task or, where there is no queue, by the schedule."""
    try:
        if run(kind, id_, clear, pages=FIRST_PAGES):
            return
    except (Contention, Unavailable):
        log.warning("clean_up_not_started", kind=kind, id=id_)
    enqueue(kind, id_)


def enqueue(kind: Kind, id_: str) -> None:
    """Have it run soon. A queue that is not there is no refusal: the schedule finds it by its time."""
    try:
        # Named by the moment: two tasks for one clean-up are harmless, one that is dropped would delay it.
        name = f"{kind}-{ids.derived(id_)}-{clock.to_millis(clock.now())}"
        tasks.enqueue("cleanUp", {"kind": kind, "id": id_}, name=name)
    except Unavailable:
        log.warning("clean_up_not_enqueued", kind=kind, id=id_)


def resume() -> None:
    """Have the clean-ups run whose time has come: those that settle, those whose task or call was lost."""
    for record in store.due(clock.now(), RESUMED_PER_RUN):
        enqueue(record["kind"], record["id"])
