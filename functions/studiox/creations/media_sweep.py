"""The nightly sweep of media. Two runs at once are harmless."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from studiox.deletions import service as deletions
from studiox.deletions import store as cleanup_store
from studiox.fan_out import service as fan_out
from studiox.kit import clock, firestore, ids, log, malformed, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, MalformedDocument
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.query import Found
from studiox.kit.transaction import Docs, Reads, transact
from studiox.media import objects
from studiox.models.creations import creation_path
from studiox.models.deletions import clean_up_path
from studiox.models.jobs import job_path
from studiox.models.posts import POSTS, post_path
from studiox.models.schedule_runs import Run, Shard
from studiox.models.sweeps import MEDIA_ALERTS, MediaAlert
from studiox.models.users import USERS

from . import renditions, search_index, sweep_rules, sweep_store
from .sweep_rules import Place
from .sweep_store import CreatedMedia

PAGE = 200
THREADS = 8
RENDERED = 20
"""How many creations of a page are enqueued for their renditions in one night."""
UPLOADS_PAGE = 1000
UPLOADS_LOOKED_AT = 20_000
LAST = "\U0010ffff"
"""Sorts after every path."""


def parts(run: Run) -> Mapping[str, fan_out.Part]:
    """The objects of users and of posts, and the creations whose media may be missing."""
    settled = query.Span("createdAt", below=run.started_at - sweep_rules.MEDIA_AGE)
    return {
        "users": _objects_of("users", USERS),
        "posts": _objects_of("posts", POSTS),
        "creations": fan_out.Part(sweep_store.CREATED_MEDIA, settled, _sweep_creations, PAGE),
    }


def _objects_of(folder: str, owners: Collection[Any]) -> fan_out.Part:
    """The objects of a folder, whose parts are ranges of their owners' ids."""
    return fan_out.Part(owners, query.Span(), _sweep_objects, PAGE, pages=functools.partial(_listed, folder))


def _listed(folder: str, shard: Shard, behind: Sequence[Any] | None) -> Iterator[tuple[list[objects.Head], list[Any]]]:
    """The objects of the folder, page by page, and a cursor after each: [the owner's id, the object's path]."""
    reached = behind[1] if behind is not None else ""
    start = max(reached, f"{folder}/{shard.low or ''}")
    end = None if shard.below is None else f"{folder}/{shard.below}"
    token: str | None = None
    while True:
        with _outages():
            page = objects.list_prefix(f"{folder}/", token, PAGE, start=start, end=end)
        items = [each for each in page.items if each.path > reached and start <= each.path < (end or LAST)]
        if items:
            last = items[-1].path
            yield items, [last.split("/")[1], last]
        token = page.next_page_token
        if token is None:
            return


@contextlib.contextmanager
def _outages() -> Iterator[None]:
    """What Cloud Storage does not answer is tried again later, as what Firestore does not."""
    try:
        yield
    except objects.MediaError as error:
        log.warning("sweep_stopped", error=type(error).__name__)
        raise Unavailable(retryAfterSeconds=5) from error


def _sweep_objects(_run: Run, page: list[objects.Head]) -> Mapping[str, int]:
    """Delete the objects of this page that nothing refers to. `Unavailable`."""
    with _outages():
        now = clock.now()
        found = [(item.path, place) for item in page if (place := _old_place(item, now)) is not None]
        orphans = [*_orphaned_uploads(found), *_orphaned_media(found)]
        orphans += [path for path in _surplus_uploads(page) if path not in orphans]
        with ThreadPoolExecutor(THREADS) as pool:
            deleted = sum(pool.map(_delete, orphans))
        cleared = _clear_posts({place.id for _, place in found if place.kind == "post"})
    return {"deleted": deleted, "postsCleared": cleared}


def _sweep_creations(run: Run, page: list[Found[CreatedMedia]]) -> Mapping[str, int]:
    """Report the creations of this page whose media are missing, and complete those of before. `Unavailable`.

    Missing search terms are written, missing renditions are made by tasks. Of each page a few are enqueued, so that a
    night renders a tenth of a library that has none.
    """
    search_index.complete(page)
    untried = [each.id for each in page if each.data.media and each.data.renditions_at is None][:RENDERED]
    for creation_id in untried:
        renditions.enqueue(creation_id, again=f"-{run.started_at.date().isoformat()}")
    with _outages(), ThreadPoolExecutor(THREADS) as pool:
        return {"missing": sum(pool.map(_report_missing, page)), "rendered": len(untried)}


def _old_place(item: objects.Head, now: datetime) -> Place | None:
    place = sweep_rules.place_of(item.path)
    if place is None or not sweep_rules.is_old(place, item.created_at, now):
        return None
    # No document can have such an id, so we did not write the file: a person must decide.
    return place if all(ids.is_segment(part) for part in (place.owner, place.id) if part) else None


def _orphaned_uploads(found: Iterable[tuple[str, Place]]) -> list[str]:
    uploads = [(path, place.owner) for path, place in found if place.kind == "upload"]
    used = {uid: sweep_store.inputs_in_use(uid) for uid in {uid for _, uid in uploads}}
    return [path for path, uid in uploads if (inputs := used[uid]) is not None and path not in inputs]


def _surplus_uploads(items: Iterable[objects.Head]) -> list[str]:
    """The surplus uploads of each user with many on this page, without inputs of running jobs."""
    places = [
        place for item in items if (place := sweep_rules.place_of(item.path)) is not None and place.kind == "upload"
    ]
    gone = []
    for uid, count in Counter(place.owner for place in places).items():
        if count >= sweep_rules.CROWD and ids.is_segment(uid):
            used = sweep_store.inputs_in_use(uid)
            if used is not None:
                gone += [path for path in sweep_rules.surplus(_uploads_of(uid)) if path not in used]
    return gone


def _uploads_of(uid: str) -> Iterator[sweep_rules.Upload]:
    """At most UPLOADS_LOOKED_AT of them; the next night processes the rest."""
    token: str | None = None
    for _ in range(UPLOADS_LOOKED_AT // UPLOADS_PAGE):
        page = objects.list_prefix(f"users/{uid}/uploads/", token, UPLOADS_PAGE)
        yield from (sweep_rules.Upload(item.path, item.size_bytes, item.created_at) for item in page.items)
        token = page.next_page_token
        if token is None:
            return


def _orphaned_media(found: Iterable[tuple[str, Place]]) -> list[str]:
    files = [(path, place) for path, place in found if place.kind == "creation"]
    if not files:
        return []
    asked = sorted({place.id for _, place in files})
    # In one read: a job that completes during the sweep is seen either as running or with its creation.
    documents = firestore.read_documents([*map(creation_path, asked), *map(job_path, asked)])

    def is_orphan(path: str, place: Place) -> bool:
        creation, job = creation_path(place.id), job_path(place.id)
        try:
            return sweep_rules.is_orphan(path, place.owner, documents[creation].as_(creation), documents[job].as_(job))
        except MalformedDocument as error:
            malformed.report(error)
            return False  # which files it refers to is not known

    return [path for path, place in files if is_orphan(path, place)]


def _delete(path: str) -> bool:
    """Delete one object; False if it failed. Failures are isolated: the next sweep finds the object again."""
    try:
        objects.delete(path)
    except objects.MediaError as error:
        log.warning("sweep_not_deleted", error=type(error).__name__)
        return False
    return True


def _clear_posts(post_ids: set[str]) -> int:
    """Order the clean-up of every folder without a visible post; how many. A clean-up waits for calls that publish."""
    asked = sorted(post_ids)
    posts = malformed.get_all([post_path(post_id) for post_id in asked])
    cleared = 0
    for post_id, post in zip(asked, posts, strict=True):
        if isinstance(post, MalformedDocument):
            continue  # whether it is visible is not known
        if (post is None or post.is_hidden) and _order_clean_up(post_id):
            deletions.start("post", post_id, deletions.clear_post)
            cleared += 1
    return cleared


def _order_clean_up(post_id: str) -> bool:
    now, token = clock.now(), ids.new()
    path, record = post_path(post_id), clean_up_path("post", post_id)

    def decide(docs: Docs) -> bool:
        post, under_way = docs.get(path), docs.get(record)
        if under_way is not None:
            return under_way.token == token  # else a publishing call or another clean-up is responsible
        if post is not None and not post.is_hidden:
            return False
        cleanup_store.order(docs, "post", post_id, "" if post is None else post.uid, token, now)
        return True

    try:
        return transact(record, decide, Reads(fresh=[path, record]))
    except (Contention, Unavailable):
        return False  # the next sweep tries again


def _report_missing(creation: Found[CreatedMedia]) -> bool:
    """Log one alert for a creation whose media are missing, and record it in `mediaAlerts`. True if it is new."""
    media, text = creation.data.media, creation.data.text
    missing = sweep_rules.missing_media(media, text, _existing(sorted(sweep_rules.media_paths(media))))
    if not missing:
        return False
    path, mark = creation_path(creation.id), MEDIA_ALERTS.document(creation.id)
    names = [each.rpartition("/")[2] for each in missing]
    alert = MediaAlert(creation_id=creation.id, missing=names, created_at=clock.now())

    def decide(docs: Docs) -> bool:
        if not docs.exists(path) or docs.exists(mark):
            return False  # deleted since, its files first; or reported before
        docs.create(mark, alert)
        return True

    reported = transact(mark, decide, Reads(fresh=[path, mark]))
    if reported:
        log.alert("media_missing", creationId=creation.id, missing=len(missing))
    return reported


def _existing(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if objects.exists(path)]
