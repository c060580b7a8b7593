"""Blocking: no comments of theirs on my posts, none of their posts in my feed, and none of mine in theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from studiox.api.callables import User
from studiox.kit import audit, clock, firestore, malformed, query
from studiox.kit.documents import MalformedDocument, Path
from studiox.kit.errors import InvalidRequest, NotFound, StudioxError, Wrong
from studiox.kit.transaction import Docs, Reads
from studiox.models import posts
from studiox.models.blocks import BLOCKS, MAX_BLOCKED, Blocks, blocks_path
from studiox.models.users import change_user, user_path

from . import rules

_ERASURE = audit.System("deleteAccount")


class TooManyBlocked(StudioxError):
    code = "resource-exhausted"
    figures = {"limit": int}
    text = "You have blocked as many people as possible. Unblock somebody first."


class Blocked(NamedTuple):
    """Somebody whom a user has blocked."""

    uid: str
    display_name: str
    photo_url: str | None


def block(caller: User, uid: str, blocked: bool) -> None:
    """Block or unblock somebody. Idempotent. `InvalidRequest` for oneself, `NotFound`, `TooManyBlocked`."""
    if uid == caller.uid:
        raise InvalidRequest(fields={"uid": Wrong("must be somebody else", {"rule": "own"})})
    now = clock.now()
    path = blocks_path(caller.uid)

    def decide(docs: Docs) -> None:
        mine = docs.get(path) or Blocks(uid=caller.uid, blocked=[], updated_at=now)
        if (uid in mine.blocked) == blocked:
            return
        others = [each for each in mine.blocked if each != uid]
        if not blocked:
            docs.put(path, replace(mine, blocked=others, updated_at=now))
            return
        account = docs.get(user_path(uid))
        if account is None or account.closing:
            raise NotFound
        if len(others) >= MAX_BLOCKED:
            raise TooManyBlocked(limit=MAX_BLOCKED)
        # Written, so that this fails once the account's deletion has looked for its uid in all lists.
        change_user(docs, uid, now)
        docs.put(path, replace(mine, blocked=[*others, uid], updated_at=now))

    reads = Reads(fresh=[path, user_path(uid)])
    # By the other user's path the deletion of their account finds the entry.
    caller.commit(path, decide, reads, target=user_path(uid), details=lambda _none: {"blocked": blocked})


def blocked_by(uid: str) -> list[Blocked]:
    """Whom the user has blocked, latest first. Two round trips. `Unavailable`."""
    mine = firestore.get(blocks_path(uid))
    uids = [] if mine is None else mine.blocked[::-1]
    accounts = firestore.get_all([user_path(each) for each in uids]) if uids else []
    return [
        Blocked(each, rules.author_name(account), account.photo_url)
        for each, account in zip(uids, accounts, strict=True)
        if account is not None
    ]


def has_blocked(docs: Docs, uid: str, other: str) -> bool:
    """Whether the user has blocked this person."""
    found = docs.get(blocks_path(uid))
    return found is not None and other in found.blocked


def as_seen_by(uid: str, found: Sequence[posts.Post]) -> tuple[list[posts.Post], set[str]]:
    """Those of the posts that the user sees, and the ids of those that they like.

    One round trip, which reads a like for each post, and a document for the user and each author.
    """
    if not found:
        return [], set()
    people = list(dict.fromkeys([uid, *(post.uid for post in found)]))
    likes = {post.post_id: posts.like_path(post.post_id, uid) for post in found}
    known = firestore.read_documents([*likes.values(), *map(blocks_path, people)])
    mine = _readable(known, uid)
    hidden = {other for other in people if other in mine or uid in _readable(known, other)}
    shown = [post for post in found if post.uid not in hidden]
    return shown, {post.post_id for post in shown if known[likes[post.post_id]].data is not None}


def _readable(known: Mapping[str, firestore.Document], uid: str) -> list[str]:
    """Whom the user has blocked. A document that does not fit its struct must not end everybody's feed."""
    path = blocks_path(uid)
    try:
        found = known[path].as_(path)
    except MalformedDocument as error:
        malformed.report(error)
        return []
    return [] if found is None else found.blocked


def erase(uid: str, limit: int) -> bool:
    """Take a user whose account is being deleted from up to `limit` lists; whether there were any. `Unavailable`."""
    found, _ = query.page(BLOCKS, {}, "updatedAt", size=limit, cursor=None, holds={"blocked": uid})
    for each in found:
        _unlist(uid, blocks_path(each.id))
    return bool(found)


def _unlist(uid: str, path: Path[Blocks]) -> None:
    def decide(docs: Docs) -> None:
        theirs = docs.get(path)
        if theirs is not None:
            docs.update(path, blocked=[other for other in theirs.blocked if other != uid])

    _ERASURE.commit(path, decide, Reads(fresh=[path]), target=None)
