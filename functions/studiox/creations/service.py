"""The library's use cases: rename, mark as favorite, count plays, delete."""

from __future__ import annotations

from studiox.api.callables import User
from studiox.auth import service as auth_service
from studiox.deletions import service as deletions
from studiox.deletions import store as cleanup_store
from studiox.kit import audit, clock, ids
from studiox.kit.clock import a_month_after, datetime
from studiox.kit.transaction import Docs, Reads
from studiox.models import creations, jobs, posts
from studiox.models.creations import Creation
from studiox.models.deletions import clean_up_path
from studiox.models.users import Plays, change_user, user_path


def rename(caller: User, creation_id: str, title: str) -> Creation:
    """The creation with its new title. `NotFound`."""
    now = clock.now()
    path = creations.creation_path(creation_id)

    def decide(docs: Docs) -> Creation:
        creations.need_creation(docs, caller.uid, creation_id)
        return creations.change_creation(docs, creation_id, now, title=title)

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
    path, post_path = creations.creation_path(creation_id), posts.post_path(creation_id)
    record = clean_up_path("creation", creation_id)
    post_record = clean_up_path("post", creation_id)

    def decide(docs: Docs) -> bool:
        ordered = docs.get(record)
        if ordered is not None and ordered.token == token:
            return False  # our own commit, whose answer was lost
        creations.need_creation(docs, caller.uid, creation_id)
        published = docs.get(post_path) is not None
        # A call that is copying the files has no post yet, only this record. A new order makes that call fail.
        if published or docs.get(post_record) is not None:
            posts.remove_post(docs, creation_id)
            cleanup_store.order(docs, "post", creation_id, caller.uid, token, now)
        creations.remove_creation(docs, creation_id)
        jobs.forget_result(docs, creation_id)
        cleanup_store.order(docs, "creation", creation_id, caller.uid, token, now)
        return published

    reads: list[str] = [
        path,
        record,
        post_path,
        post_record,
        posts.state_path(creation_id),
        jobs.job_path(creation_id),
    ]
    caller.commit(path, decide, Reads(fresh=reads), target=path, details=lambda published: {"published": published})
    deletions.start("post", creation_id, deletions.clear_post)
    deletions.start("creation", creation_id, deletions.clear_creation)
