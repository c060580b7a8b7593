"""The community's use cases. Each is one commit on the post; only publishing and restoring copy files between two."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from studiox.api.callables import User
from studiox.deletions import service as cleanups
from studiox.deletions import store as cleanup_store
from studiox.kit import audit, clock, firestore, ids
from studiox.kit.errors import Forbidden, InvalidRequest, NotFound, RequestIdReused, Unavailable
from studiox.kit.transaction import Docs, Reads, transact
from studiox.media import objects
from studiox.models import creations as library
from studiox.models import jobs as studio
from studiox.models import notifications, posts, sessions
from studiox.models.users import change_user, user_path

from . import rules

Data = Mapping[str, Any]

ERASED_PER_STEP = 50
"""Documents of a person's that are taken back one by one, because each changes a post too."""
PUBLIC_CACHE = "public, max-age=300"
"""What was hidden leaves the caches in five minutes."""


class Copying(NamedTuple):
    """Public copies that were announced and are to be made."""

    creation: Data
    token: str


def publish(caller: User, creation_id: str, caption: str, tags: Sequence[str], share_params: bool) -> str:
    """The creation's post; made if there is none. A call that dies in between leaves nothing public (faults C2)."""
    if not rules.is_post_id(creation_id):
        raise NotFound  # no creation is named so
    normal = rules.normal_tags(tags)
    now, token = clock.now(), ids.new()
    path, creation_path = posts.post_path(creation_id), library.creation_path(creation_id)

    def begin(docs: Docs) -> Copying | None:
        creation = docs.get(creation_path)
        if creation is None or creation["uid"] != caller.uid:
            raise _unfinished(docs, caller.uid, creation_id)
        if docs.get(path) is not None:
            return None
        if creation.get("moderated"):
            raise Forbidden  # it was published, and taken out of the feed
        if not creation["media"]:
            raise rules.NotPublishable(status="completed")
        return Copying(creation, cleanup_store.begin_copying(docs, creation_id, caller.uid, token, now))

    def finish(docs: Docs) -> None:
        creation = docs.get(creation_path)
        if creation is None:
            raise NotFound  # deleted meanwhile: its clean-up takes the copies too
        caller.check(docs)
        user = docs.get(user_path(caller.uid))
        if docs.get(path) is not None:
            return
        cleanup_store.end_copying(docs, creation_id, copying.token)
        job = docs.get(studio.job_path(creation_id))
        source = None if job is None else sessions.source_of(docs, job["sessionId"])
        post = rules.new_post(
            creation, user, caption=caption, tags=normal, share_params=share_params, remix_of=source, now=now
        )
        posts.add_post(docs, post)
        library.link_post(docs, creation_id, creation_id)
        change_user(docs, caller.uid, now)  # this commit counts no call: only so it fails if the account ends meanwhile
        audit.record(docs, actor=caller.uid, action="publishPost", target=path, at=now)

    record = cleanup_store.cleanup_path("post", creation_id)
    reads = [path, creation_path, record]
    begun = caller.commit(path, begin, Reads(fresh=reads))
    if begun is not None:
        copying = begun
        copy_public(copying.creation)
        more = [user_path(caller.uid), studio.job_path(creation_id), posts.moderation_path(creation_id)]
        transact(path, finish, Reads(fresh=[*reads, *more]))
    return creation_id


def _unfinished(docs: Docs, uid: str, creation_id: str) -> NotFound | rules.NotPublishable:
    """A creation is named as its job: the caller's own that made none says why (faults C3)."""
    job = docs.get(studio.job_path(creation_id))
    if job is None or job["uid"] != uid or job["status"] == "completed":
        return NotFound()
    return rules.NotPublishable(status=job["status"])


def copy_public(creation: Data) -> None:
    """Server-side copies of all files. What is missing stays announced, and is cleared if nobody tries again."""
    try:
        for path in rules.files_of(creation):
            objects.copy(path, rules.public_path(creation["creationId"], path), cache_control=PUBLIC_CACHE)
    except objects.MediaGone:
        raise rules.NotPublishable(status="completed") from None
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=5) from error


def like(caller: User, post_id: str, liked: bool | None) -> tuple[bool, int]:
    """Set the caller's like, or toggle it; what it is then, and the post's count."""
    now = clock.now()
    path, like_path = posts.post_path(post_id), posts.like_path(post_id, caller.uid)
    target = liked

    def decide(docs: Docs) -> tuple[bool, int]:
        nonlocal target
        post = posts.visible_post(docs, post_id)
        has = docs.get(like_path) is not None
        # Once chosen it stays: a commit whose answer was lost must not toggle back when it is decided anew.
        target = not has if target is None else target
        if target != has:
            post = posts.set_like(docs, post, caller.uid, target, now)
            audit.record(docs, actor=caller.uid, action="likePost", target=path, at=now, liked=target)
        return target, post["likeCount"]

    return caller.commit(path, decide, Reads(fresh=[path, like_path]))


def comment(caller: User, post_id: str, text: str, request_id: str) -> str:
    """The new comment's id; the post's author is told, unless it is their own."""
    rules.check_comment(text)
    now = clock.now()
    comment_id = posts.comment_id_of(caller.uid, request_id)
    fingerprint = hashlib.sha256(msgspec.json.encode([post_id, text])).hexdigest()
    path, request = posts.post_path(post_id), posts.request_path(comment_id)

    def decide(docs: Docs) -> None:
        user = docs.get(user_path(caller.uid))
        earlier = docs.get(request)
        if earlier is not None:
            if earlier["fingerprint"] != fingerprint:
                raise RequestIdReused
            return
        post = posts.visible_post(docs, post_id)
        if post["commentCount"] >= rules.MAX_COMMENTS:
            raise rules.TooManyComments(limit=rules.MAX_COMMENTS)
        name = rules.author(user)["authorName"]
        said = {"commentId": comment_id, "uid": caller.uid, "authorName": name, "text": text, "createdAt": now}
        posts.add_comment(docs, post, said, fingerprint, now)
        audit.record(docs, actor=caller.uid, action="commentPost", target=path, at=now, commentId=comment_id)
        if post["uid"] != caller.uid:
            about = {"postId": post_id, "commentId": comment_id, "authorName": name}
            notifications.add(docs, post["uid"], "post_commented", comment_id, now, **about)

    caller.commit(path, decide, Reads(fresh=[path, request]))
    return comment_id


def delete_comment(caller: User, post_id: str, comment_id: str) -> None:
    """By its author, the post's author or an administrator."""
    now = clock.now()
    path, comment_path = posts.post_path(post_id), posts.comment_path(post_id, comment_id)

    def decide(docs: Docs) -> None:
        post, said = docs.get(path), docs.get(comment_path)
        if post is None or said is None:
            raise NotFound
        if not caller.admin and caller.uid not in (post["uid"], said["uid"]):
            raise NotFound if post["hidden"] else Forbidden
        posts.remove_comment(docs, post, comment_id)
        notifications.withdraw(docs, post["uid"], "post_commented", comment_id)
        audit.record(docs, actor=caller.uid, action="deleteComment", target=comment_path, at=now)

    caller.commit(path, decide, Reads(fresh=[path, comment_path]))


def remix(caller: User, post_id: str, request_id: str) -> Data:
    """A new session of the caller's with the post's parameters and its lineage."""
    now = clock.now()
    session_id = ids.derived("remixPost", caller.uid, request_id)
    path, session_path = posts.post_path(post_id), sessions.session_path(session_id)

    def decide(docs: Docs) -> Data:
        earlier = docs.get(session_path)
        if earlier is not None:
            if earlier.get("sourcePostId") != post_id:
                raise RequestIdReused
            return earlier
        post = posts.visible_post(docs, post_id)
        params = rules.remix_params(post)
        session = sessions.add_session(
            docs,
            session_id=session_id,
            uid=caller.uid,
            type=post["type"],
            model=post["model"],
            params=params,
            source_post_id=post_id,
            now=now,
        )
        posts.count_remix(docs, post)
        audit.record(docs, actor=caller.uid, action="remixPost", target=path, at=now, sessionId=session_id)
        return session

    return caller.commit(path, decide, Reads(fresh=[path, session_path]))


def delete(caller: User, post_id: str, action: str = "deletePost", **why: object) -> None:
    """Gone from the feed in one commit; what belonged to it follows."""
    now, token = clock.now(), ids.new()
    path, record = posts.post_path(post_id), cleanup_store.cleanup_path("post", post_id)

    def decide(docs: Docs) -> None:
        post, ordered = docs.get(path), docs.get(record)
        if post is None and ordered is not None and ordered["token"] == token:
            return  # by this very call, whose first commit's answer was lost
        if post is None:
            raise NotFound
        if not caller.admin and post["uid"] != caller.uid:
            raise NotFound if post["hidden"] else Forbidden
        # What was taken out of the feed does not come back by publishing it again.
        moderated = post["hidden"] or post["uid"] != caller.uid
        library.unlink_post(docs, post_id, moderated=moderated)
        posts.remove_post(docs, post_id)
        cleanup_store.order(docs, "post", post_id, post["uid"], token, now)
        audit.record(docs, actor=caller.uid, action=action, target=path, at=now, **why)

    creation = library.creation_path(post_id)
    caller.commit(path, decide, Reads(fresh=[path, record, posts.state_path(post_id), creation]))
    cleanups.start("post", post_id, cleanups.clear_post)


def feed(
    uid: str | None, sort: str, *, tag: str | None, author: str | None, size: int, cursor: str | None
) -> tuple[list[Data], set[str] | None, str | None]:
    """A page of the feed, which of its posts `uid` likes (None: nobody asks), and the next page's cursor.

    One round trip, and one more for somebody who is signed in.
    """
    try:
        normal = None if tag is None else rules.normal_tag(tag)
    except InvalidRequest:
        raise InvalidRequest(fields={"tag": "no tag is like this"}) from None
    order = "score" if sort == "top" else "createdAt"
    found, next_cursor = posts.list_posts(order=order, tag=normal, uid=author, size=size, cursor=cursor)
    liked = None if uid is None else posts.liked_by(uid, [post["postId"] for post in found])
    return found, liked, next_cursor


def post_for(uid: str | None, admin: bool, post_id: str) -> tuple[Data, bool]:
    """A post, and whether this caller likes it; one round trip. `NotFound`, also for a hidden one but to an admin."""
    post, liked = posts.read_post(post_id, uid)
    if post is None or (post["hidden"] and not admin):
        raise NotFound
    return post, liked


def erase(uid: str) -> bool:
    """One bounded step of taking back what a person leaves behind (faults A9, A10); True when nothing is left.

    Posts, likes and reports go, comments become anonymous; what hangs on the posts follows by their clean-ups.
    To be repeated until it is, by whoever deletes the account: each step may be repeated after a crash. Nobody may act
    as this user any more.
    """
    own = posts.names_of("posts", uid, ERASED_PER_STEP)
    for path in own:
        _erase_post(uid, path.rsplit("/", 1)[1])
    likes = posts.names_of("likes", uid, ERASED_PER_STEP)
    for path in likes:
        _take_back_like(uid, path)
    said = posts.comments_of(uid, ERASED_PER_STEP)
    for path in said:
        _make_anonymous(path)
    left = [posts.names_of("reports", uid, posts.PAGE), posts.names_of("commentRequests", uid, posts.PAGE)]
    for paths in filter(None, left):
        firestore.delete_all(paths)
    # What others reported of this person's: no post of theirs is left that could get more.
    reported = [] if own else posts.names_of("moderation", uid, ERASED_PER_STEP)
    for path in reported:
        posts.delete_reports(path.rsplit("/", 1)[1], 1)
    return not (own or likes or said or reported or any(left))


def _erase_post(uid: str, post_id: str) -> None:
    now, token = clock.now(), ids.new()
    path = posts.post_path(post_id)

    def decide(docs: Docs) -> None:
        if docs.get(path) is None:
            return
        library.unlink_post(docs, post_id, moderated=False)
        posts.remove_post(docs, post_id)
        cleanup_store.order(docs, "post", post_id, uid, token, now)

    record, creation = cleanup_store.cleanup_path("post", post_id), library.creation_path(post_id)
    transact(path, decide, Reads(fresh=[path, record, posts.state_path(post_id), creation]))
    cleanups.start("post", post_id, cleanups.clear_post)


def _take_back_like(uid: str, path: str) -> None:
    def decide(docs: Docs) -> None:
        like = docs.get(path)
        if like is None:
            return
        post = docs.get(posts.post_path(like["postId"]))
        if post is None:
            docs.delete(path)  # the post's own clean-up would have come to it
        else:
            posts.set_like(docs, post, uid, False, clock.now())

    transact(path, decide, Reads(fresh=[path]))


def _make_anonymous(path: str) -> None:
    _, post_id, _, comment_id = path.split("/")

    def decide(docs: Docs) -> None:
        if docs.get(path) is not None:
            docs.update(path, {"uid": None, "authorName": rules.ANONYMOUS})
        post = docs.get(posts.post_path(post_id))
        if post is not None:
            notifications.amend(docs, post["uid"], "post_commented", comment_id, authorName=rules.ANONYMOUS)

    transact(path, decide, Reads(fresh=[path]))
