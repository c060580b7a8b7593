"""The library's use cases: rename, mark as favorite, count plays, delete."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

from studiox.api.callables import User
from studiox.auth import service as auth_service
from studiox.deletions import service as deletions
from studiox.deletions import store as cleanup_store
from studiox.kit import audit, clock, ids, malformed
from studiox.kit.clock import a_month_after, datetime
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Docs, Reads
from studiox.models import creations, jobs, notifications, posts
from studiox.models.collections import collection_path, lose_member
from studiox.models.creations import Creation
from studiox.models.deletions import clean_up_path
from studiox.models.users import Plays, change_user, user_path

from . import collection_upkeep

DELETED_TOGETHER = 10
"""Creations that one commit deletes: at most seven writes each, and one for each of their collections."""
THREADS = 8


def rename(caller: User, creation_id: str, title: str) -> Creation:
    """The creation with its new title. `NotFound`."""
    now = clock.now()
    path = creations.creation_path(creation_id)

    def decide(docs: Docs) -> Creation:
        creation = creations.need_creation(docs, caller.uid, creation_id)
        return creations.rename_creation(docs, creation, title, now)

    return caller.commit(path, decide, Reads(fresh=[path]), target=path)


def favor(caller: User, creation_id: str, favorite: bool | None) -> bool:
    """Set whether the creation is a favorite, or toggle it if `favorite` is None; what it is then. `NotFound`."""
    now, entry_id = clock.now(), ids.new()
    path = creations.creation_path(creation_id)
    # A toggle always writes its audit entry. If the entry exists, the commit's answer was lost: do not toggle back.
    marks = [audit.entry_path(entry_id)] if favorite is None else []

    def decide(docs: Docs) -> bool:
        creation = creations.need_creation(docs, caller.uid, creation_id)
        if any(docs.exists(mark) for mark in marks):
            return creation.is_favorite
        target = not creation.is_favorite if favorite is None else favorite
        if creation.is_favorite != target:
            creations.change_creation(docs, creation_id, now, is_favorite=target)
        return target

    reads = Reads(fresh=[path], created_once=marks)
    return caller.commit(
        path, decide, reads, target=path, details=lambda target: {"favorite": target}, entry_id=entry_id
    )


def count_play(caller: User, creation_id: str | None) -> tuple[int, datetime]:
    """The caller's plays of the month with one more, and when the month ends. A play is no streak visit."""
    return auth_service.with_account(caller, lambda account: _count_play(caller, creation_id, account))


def _count_play(caller: User, creation_id: str | None, account: auth_service.AccountOf) -> tuple[int, datetime]:
    now, entry_id = clock.now(), ids.new()
    path, entry = user_path(caller.uid), audit.entry_path(entry_id)
    creation_path = creations.creation_path(creation_id) if creation_id else ""

    def decide(docs: Docs) -> tuple[int, datetime]:
        user = account(docs)
        if docs.exists(entry) and user.plays.reset_at is not None:
            return user.plays.count, user.plays.reset_at  # our own commit, whose answer was lost
        if creation_id:
            creation = creations.need_creation(docs, caller.uid, creation_id)
            creations.change_creation(docs, creation_id, now, play_count=creation.play_count + 1)
        count, resets_at = one_more_play(user.plays, now)
        plays = Plays(count=count, reset_at=resets_at)
        change_user(docs, caller.uid, now, plays=plays, last_seen_at=now)
        return count, resets_at

    reads = Reads(fresh=[path, *([creation_path] if creation_path else [])], created_once=[entry])
    return caller.commit(path, decide, reads, target=creation_path or path, entry_id=entry_id)


def one_more_play(plays: Plays, now: datetime) -> tuple[int, datetime]:
    """The month's count with one more, and when the month ends: a month after its first play."""
    if plays.reset_at is None or now >= plays.reset_at:
        return 1, a_month_after(now)
    return plays.count + 1, plays.reset_at


def delete(caller: User, creation_id: str) -> None:
    """Delete the creation, its post and its job's result in one commit, then the files, resumably (faults C14–C16).

    `NotFound`, `Unavailable`.
    """
    now, token = clock.now(), ids.new()
    path = creations.creation_path(creation_id)

    def decide(docs: Docs) -> Removed:
        if _is_ordered(docs, creation_id, token):
            return Removed(False, True, set())  # our own commit, whose answer was lost
        return _remove(docs, caller.uid, creation_id, token, now)

    reads = Reads(fresh=_documents_of(caller.uid, creation_id))
    removed = caller.commit(
        path, decide, reads, target=path, details=lambda removed: {"published": removed.was_published}
    )
    for collection_id in sorted(removed.without_cover):
        collection_upkeep.choose_cover(caller.uid, collection_id)
    _clear("post", creation_id)
    _clear("creation", creation_id)


def delete_all(caller: User, creation_ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Delete these creations, each as `delete` does; the ids of those deleted, and of those that are not there.

    DELETED_TOGETHER of them share a commit. A call that dies is repeated for the rest: what it has deleted is missing
    then, and its files are deleted by tasks. `Unavailable`.
    """
    now, token = clock.now(), ids.new()
    deleted: dict[str, Removed] = {}
    asked = list(dict.fromkeys(creation_ids))
    for start in range(0, len(asked), DELETED_TOGETHER):
        deleted |= _delete_some(caller, asked[start : start + DELETED_TOGETHER], token, now)
    for collection_id in sorted(set[str]().union(*(each.without_cover for each in deleted.values()))):
        collection_upkeep.choose_cover(caller.uid, collection_id)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda id_: _clear("post", id_), [id_ for id_, each in deleted.items() if each.has_copies]))
        list(pool.map(lambda id_: _clear("creation", id_), deleted))
    return list(deleted), [creation_id for creation_id in asked if creation_id not in deleted]


def _delete_some(caller: User, creation_ids: Sequence[str], token: str, now: datetime) -> dict[str, Removed]:
    """Those of these creations that were deleted now."""

    def decide(docs: Docs) -> dict[str, Removed]:
        removed = {}
        for creation_id in creation_ids:
            if _is_ordered(docs, creation_id, token):
                removed[creation_id] = Removed(False, True, set())  # our own commit, whose answer was lost
                continue
            with contextlib.suppress(NotFound):
                removed[creation_id] = _remove(docs, caller.uid, creation_id, token, now)
        return removed

    found = malformed.get_all([creations.creation_path(creation_id) for creation_id in creation_ids])
    containing = {id_ for each in found if isinstance(each, Creation) for id_ in each.collection_ids}
    reads = [each for creation_id in creation_ids for each in _documents_of(caller.uid, creation_id)]
    reads += [collection_path(caller.uid, id_) for id_ in sorted(containing)]
    return caller.commit(
        creations.creation_path(creation_ids[0]),
        decide,
        Reads(fresh=reads),
        target=user_path(caller.uid),
        details=lambda removed: {"creationIds": list(removed)},
    )


def _documents_of(uid: str, creation_id: str) -> list[str]:
    """What `_remove` reads."""
    return [
        creations.creation_path(creation_id),
        clean_up_path("creation", creation_id),
        posts.post_path(creation_id),
        clean_up_path("post", creation_id),
        posts.state_path(creation_id),
        jobs.job_path(creation_id),
        notifications.notification_path(uid, "job_completed", creation_id),
    ]


def _is_ordered(docs: Docs, creation_id: str, token: str) -> bool:
    """Whether the call with this token has ordered the creation's deletion."""
    ordered = docs.get(clean_up_path("creation", creation_id))
    return ordered is not None and ordered.token == token


class Removed(NamedTuple):
    """What the deletion of a creation leaves to do."""

    was_published: bool
    has_copies: bool
    """Whether there may be public copies of its files."""
    without_cover: set[str]
    """The collections whose cover it was."""


def _remove(docs: Docs, uid: str, creation_id: str, token: str, now: datetime) -> Removed:
    """Delete the creation, its post and its job's result, and order the deletion of their files. `NotFound`."""
    creation = creations.need_creation(docs, uid, creation_id)
    published = docs.get(posts.post_path(creation_id)) is not None
    # A call that is copying the files has no post yet, only this record. A new order makes that call fail.
    has_copies = published or docs.get(clean_up_path("post", creation_id)) is not None
    if has_copies:
        posts.remove_post(docs, creation_id)
        cleanup_store.order(docs, "post", creation_id, uid, token, now)
    creations.remove_creation(docs, creation_id)
    jobs.forget_result(docs, creation_id)
    notifications.withdraw(docs, uid, "job_completed", creation_id)
    cleanup_store.order(docs, "creation", creation_id, uid, token, now)
    without_cover = {id_ for id_ in creation.collection_ids if lose_member(docs, uid, id_, creation_id)}
    return Removed(published, has_copies, without_cover)


def _clear(kind: Literal["post", "creation"], id_: str) -> None:
    """The first run of the clean-up, if one is ordered. Never raises: a task continues what is left."""
    deletions.start(kind, id_, deletions.clear_post if kind == "post" else deletions.clear_creation)
