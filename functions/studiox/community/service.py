"""The community's use cases, each one commit."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from studiox.api.callables import User
from studiox.deletions import service as cleanups
from studiox.deletions import store as cleanup_store
from studiox.kit import audit, clock, ids
from studiox.kit.errors import Forbidden, InvalidRequest, NotFound, RequestIdReused
from studiox.kit.texts import plain_name, shortened
from studiox.kit.transaction import Docs, Reads
from studiox.models import creations as library
from studiox.models import notifications, posts, sessions
from studiox.models.deletions import clean_up_path
from studiox.models.media_files import first_thumbnail
from studiox.models.moderation import Decision, ReportReason, Subject
from studiox.models.users import user_path

from . import blocks, decisions, ratings, reports, rules


def like(caller: User, post_id: str, liked: bool | None) -> tuple[bool, int]:
    """Set the caller's like, or toggle it if `liked` is None; the like and the post's count afterwards. `NotFound`."""
    now, entry_id = clock.now(), ids.new()
    path, like_path, entry = posts.post_path(post_id), posts.like_path(post_id, caller.uid), audit.entry_path(entry_id)
    # A toggle whose outcome was unknown is decided again: its audit entry shows whether it was committed.
    entries = [entry] if liked is None else []

    def decide(docs: Docs) -> tuple[bool, int]:
        post = posts.visible_post(docs, post_id)
        has = docs.exists(like_path)
        if any(docs.exists(each) for each in entries):
            return has, post.like_count
        target = not has if liked is None else liked
        if target != has:
            post = posts.set_like(docs, post, caller.uid, target, now)
        return target, post.like_count

    reads = Reads(fresh=[path, like_path], created_once=entries)
    return caller.commit(
        path, decide, reads, target=path, details=lambda answer: {"liked": answer[0]}, entry_id=entry_id
    )


def comment(caller: User, post_id: str, text: str, request_id: str) -> str:
    """Comment on a post and notify its author, unless that is the caller; the comment's id.

    `InvalidRequest`, `NotFound`, `Forbidden` if the author has blocked the caller, `RequestIdReused`,
    `TooManyComments`.
    """
    rules.check_comment(text)
    now = clock.now()
    comment_id = posts.comment_id_of(caller.uid, request_id)
    fingerprint = hashlib.sha256(msgspec.json.encode([post_id, text])).hexdigest()
    path, request_path = posts.post_path(post_id), posts.comment_request_path(comment_id)
    request = posts.CommentRequest(
        uid=caller.uid, post_id=post_id, fingerprint=fingerprint, created_at=now, expires_at=now + posts.REQUESTS_KEPT
    )

    def decide(docs: Docs) -> None:
        user = docs.get(user_path(caller.uid))
        earlier = docs.get(request_path)
        if earlier is not None:
            if earlier.fingerprint != fingerprint:
                raise RequestIdReused
            return
        post = posts.visible_post(docs, post_id)
        if blocks.has_blocked(docs, post.uid, caller.uid):
            raise Forbidden  # no more than that: it is nobody's business who has blocked them
        if post.comment_count >= rules.MAX_COMMENTS:
            raise rules.TooManyComments(limit=rules.MAX_COMMENTS)
        name = rules.author_name(user)
        added = posts.Comment(comment_id=comment_id, uid=caller.uid, author_name=name, text=text, created_at=now)
        posts.add_comment(docs, post, added, request)
        if post.uid != caller.uid:
            notifications.add(
                docs,
                post.uid,
                "post_commented",
                comment_id,
                now,
                post_id=post_id,
                comment_id=comment_id,
                author_name=name,
                title=shortened(plain_name(post.caption), 100) or None,
                thumbnail_path=first_thumbnail(post.media),
            )

    reads = Reads(fresh=[path, request_path])
    caller.commit(path, decide, reads, target=path, details=lambda _none: {"commentId": comment_id})
    return comment_id


def delete_comment(caller: User, post_id: str, comment_id: str) -> bool:
    """Delete a comment in the name of its author or the post's author. `NotFound`, `Forbidden`.

    An administrator's deletion is a decision: the comment is hidden, and its author may appeal. Whether it was one.
    """
    now, token, subject = clock.now(), ids.new(), Subject(post_id, comment_id)
    path, comment_path = posts.post_path(post_id), posts.comment_path(post_id, comment_id)

    def decide(docs: Docs) -> bool:
        post, found = docs.get(path), docs.get(comment_path)
        record = docs.get(subject.moderation_path)
        if record is not None and record.decision is not None and record.decision.id == token:
            return True  # our own commit, whose answer was lost
        if post is None or found is None:
            raise NotFound
        if caller.uid in (post.uid, found.uid):
            posts.remove_comment(docs, post, comment_id)
            notifications.withdraw(docs, post.uid, "post_commented", comment_id)
            if record is not None:
                docs.update(subject.moderation_path, open_since=None)
            return False
        if not caller.admin:
            raise NotFound if post.is_hidden else Forbidden
        work = decisions.of_comment(post_id, found)
        record = decisions.record_of(docs, work)
        made = Decision(id=token, action="removed", by="admin", reason=reports.main_reason(record), at=now)
        decisions.enforce(docs, work, record, made)
        decisions.hide_comment(docs, post, found, made)
        return True

    reads = Reads(fresh=[path, comment_path, subject.moderation_path])
    return caller.commit(path, decide, reads, target=comment_path)


def remix(caller: User, post_id: str, request_id: str) -> sessions.Session:
    """A new session of the caller with the post's shared parameters. `NotFound`, `MatureContent`, `RemixDisabled`,
    `RequestIdReused`."""
    now = clock.now()
    session_id = ids.derived("remixPost", caller.uid, request_id)
    path, session_path = posts.post_path(post_id), sessions.session_path(session_id)

    def decide(docs: Docs) -> sessions.Session:
        earlier = docs.get(session_path)
        if earlier is not None:
            if earlier.source_post_id != post_id:
                raise RequestIdReused
            return earlier
        post = posts.visible_post(docs, post_id)
        ratings.check_remixer(docs, caller.uid, post)
        params = rules.remix_params(post)
        session = sessions.Session(
            session_id=session_id,
            uid=caller.uid,
            type=post.type,
            model=post.model,
            params=params,
            jobs=[],
            created_at=now,
            source_post_id=post_id,
            rating=post.rating,
        )
        sessions.add_session(docs, session)
        posts.count_remix(docs, post)
        return session

    reads = Reads(fresh=[path, session_path])
    return caller.commit(path, decide, reads, target=path, details=lambda _session: {"sessionId": session_id})


def delete(caller: User, post_id: str, reason: ReportReason | None = None, **why: object) -> bool:
    """Remove the post in one commit, in the name of its author or an administrator; a clean-up deletes the rest.

    `reason` is an administrator's, and `why` goes into the audit entry. Whether it was an administrator's decision.
    `NotFound`, `Forbidden`.
    """
    now, token = clock.now(), ids.new()
    path, record = posts.post_path(post_id), clean_up_path("post", post_id)

    def decide(docs: Docs) -> ReportReason | None:
        post, ordered = docs.get(path), docs.get(record)
        if post is None and ordered is not None and ordered.token == token:
            return None  # deleted by this call's first attempt, whose outcome was unknown
        if post is None:
            raise NotFound
        if not caller.admin and post.uid != caller.uid:
            raise NotFound if post.is_hidden else Forbidden
        # A post that moderation has hidden or removed cannot be published again.
        moderated = post.is_hidden or post.uid != caller.uid
        library.unlink_post(docs, post_id, moderated=moderated)
        posts.remove_post(docs, post_id)
        cleanup_store.order(docs, "post", post_id, post.uid, token, now)
        if post.uid == caller.uid:
            return None
        work = decisions.of_post(post)
        known = decisions.record_of(docs, work)
        made = Decision(id=token, action="removed", by="admin", reason=reason or reports.main_reason(known), at=now)
        decisions.enforce(docs, work, known, made)
        return made.reason

    def details(given: ReportReason | None) -> dict[str, object]:
        return why if given is None else {**why, "reason": given}

    reads: list[str] = [path, record, posts.state_path(post_id), library.creation_path(post_id)]
    decided = caller.commit(path, decide, Reads(fresh=reads), target=path, details=details)
    cleanups.start("post", post_id, cleanups.clear_post)
    return decided is not None


def feed(
    uid: str | None,
    sort: Literal["new", "top"],
    *,
    tag: str | None,
    author: str | None,
    size: int,
    cursor: str | None,
) -> tuple[list[posts.Post], set[str] | None, str | None]:
    """A page of the feed, the ids of the posts that `uid` likes (None without a user), and the next page's cursor.

    Mature posts are for their author and for those who asked for them. A signed-in user does not see posts of people
    whom they have blocked or who have blocked them: a page may be short although the list goes on. One round trip;
    three for a signed-in user. `InvalidRequest`, `InvalidCursor`, `Unavailable`.
    """
    try:
        normal = None if tag is None else rules.normal_tag(tag)
    except InvalidRequest:
        raise InvalidRequest(fields={"tag": "not a valid tag"}) from None
    order: Literal["score", "createdAt"] = "score" if sort == "top" else "createdAt"
    mature = uid is not None and (author == uid or ratings.sees_mature(uid))
    found, next_cursor = posts.list_posts(order=order, tag=normal, uid=author, mature=mature, size=size, cursor=cursor)
    if uid is None:
        return found, None, next_cursor
    shown, liked = blocks.as_seen_by(uid, found)
    if author is not None and not shown:
        next_cursor = None  # the author is hidden from the user, or the list has ended
    return shown, liked, next_cursor


def post_for(uid: str | None, admin: bool, post_id: str) -> tuple[posts.Post, bool]:
    """A post, and whether the user likes it. One round trip, two for a mature post. For an admin whatever it is.

    `NotFound` if it is hidden, `MatureContent` if it is mature and not the user's, who has not asked for such posts.
    """
    post, liked = posts.read_post(post_id, uid)
    if post is None or (post.is_hidden and not admin):
        raise NotFound
    if not admin:
        ratings.check_reader(uid, post)
    return post, liked
