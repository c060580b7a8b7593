"""The community's documents: posts, comments and likes.

A post is published under its creation's id. `posts/{id}/private/state` lives exactly as long as its post. Every write
about a post changes one of the two in the same commit, so nothing can be added to a post that is being deleted.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from studiox.kit import firestore, ids, query, transaction
from studiox.kit.clock import datetime, timedelta
from studiox.kit.documents import Collection, D, Path, Stored
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Docs

from .jobs import JobType
from .media_files import MediaFile
from .moderation import (
    APPEALS,
    COMMENT_MODERATION,
    COMMENT_REPORTS,
    HiddenBy,
    Moderation,
    Report,
    Subject,
    delete_all,
)
from .ratings import Rating

HOT_S = 45_000
"""In the ranking, ten times the likes are worth this many seconds of age: 12.5 hours."""
REQUESTS_KEPT = timedelta(days=35)
Hidden = bool | Literal["mature"]
"""From whom a post is hidden. False: nobody. True: all but administrators, by moderation. `mature`: those who did not
ask for mature posts. Clients query `hidden == false` and can read nothing else."""


class Post(Stored, frozen=True, kw_only=True):
    """`posts/{id}`: everything about a post that the public may read. Clients query it directly."""

    post_id: str
    """Also the id of its creation and of the job that made it."""
    uid: str
    """The author."""
    author_name: str
    author_photo_url: str | None
    type: JobType
    model: str
    caption: str
    tags: list[str]
    """Normalized, unique, in the author's order."""
    media: list[MediaFile]
    """Public copies below `posts/{id}/`."""
    like_count: int
    """The number of like documents, at all times."""
    comment_count: int
    remix_count: int
    hidden: Hidden
    score: float
    """The rank in `top`; see `score`."""
    created_at: datetime
    prompt: str | None = None
    """Only if the author shares how it was made."""
    params: dict[str, Any] | None = None
    """The shared input of the model, by its names. Only together with `prompt`."""
    remix_of: str | None = None
    """The post that it was remixed from."""
    sources: list[str] | None = None
    """The author's creations that it was made from; a published one is the post of the same id. Only with `prompt`."""
    rating: Rating = "general"
    """Absent from posts that were published before there were ratings."""

    @property
    def is_hidden(self) -> bool:
        """Whether moderation has hidden it."""
        return self.hidden is True

    @property
    def is_mature(self) -> bool:
        return "mature" in (self.rating, self.hidden)


class PostState(Stored, frozen=True, kw_only=True):
    """`posts/{id}/private/state`: what no client may read."""

    post_id: str
    uid: str
    reports: int
    """Reports since the last restore."""
    hidden_by: HiddenBy | UnsetType | None = UNSET
    """Absent until the post is hidden for the first time; None after a restore."""
    comment_reports: int = 0
    """Reports of comments on the post."""


class Comment(Stored, frozen=True, kw_only=True):
    """`posts/{id}/comments/{id}`."""

    comment_id: str
    uid: str | None
    """None once the author's account is deleted."""
    author_name: str
    text: str
    created_at: datetime


class HiddenComment(Comment, frozen=True, kw_only=True):
    """`hiddenComments/{postId}_{commentId}`: a comment that moderation has hidden.

    It is not among the post's comments, so no client reads it and no count includes it.
    """

    post_id: str
    hidden_by: HiddenBy
    hidden_at: datetime


class CommentRequest(Stored, frozen=True, kw_only=True):
    """`commentRequests/{commentId}`: the idempotency record of commentPost. It outlives its comment, so that a repeated
    request does not write a deleted comment again. Firestore deletes it after `expires_at`."""

    uid: str
    post_id: str
    fingerprint: str
    """A hash of the request's content, hex."""
    created_at: datetime
    expires_at: datetime


class Like(Stored, frozen=True, kw_only=True):
    """`likes/{postId}_{uid}`."""

    post_id: str
    uid: str
    created_at: datetime


POSTS = Collection("posts", Post)
transaction.SHARED.add(str(POSTS))
COMMENTS = Collection("comments", Comment)
"""The collection group."""
STATES = Collection("private", PostState)
COMMENT_REQUESTS = Collection("commentRequests", CommentRequest)
LIKES = Collection("likes", Like)
HIDDEN_COMMENTS = Collection("hiddenComments", HiddenComment)


def post_path(post_id: str) -> Path[Post]:
    return POSTS.document(post_id)


def state_path(post_id: str) -> Path[PostState]:
    return Path(f"{POSTS}/{post_id}/{STATES}/state", PostState)


def comments(post_id: str) -> Collection[Comment]:
    return Collection(f"{post_path(post_id)}/{COMMENTS}", Comment)


def comment_path(post_id: str, comment_id: str) -> Path[Comment]:
    return comments(post_id).document(comment_id)


def comment_request_path(comment_id: str) -> Path[CommentRequest]:
    return COMMENT_REQUESTS.document(comment_id)


def like_path(post_id: str, uid: str) -> Path[Like]:
    return LIKES.document(_pair_id(post_id, uid))


def path_of(subject: Subject) -> Path[Any]:
    """The post's or comment's path."""
    if subject.comment_id is None:
        return post_path(subject.post_id)
    return comment_path(subject.post_id, subject.comment_id)


def hidden_comment_path(post_id: str, comment_id: str) -> Path[HiddenComment]:
    return HIDDEN_COMMENTS.document(f"{post_id}_{comment_id}")


def _pair_id(post_id: str, uid: str) -> str:
    """`{postId}_{uid}`. A post's id has no `_`: the first one ends it, and no two pairs share an id."""
    return f"{post_id}_{uid}"


def comment_id_of(uid: str, request_id: str) -> str:
    return ids.derived("commentPost", uid, request_id)


def score(likes: int, created_at: datetime) -> float:
    """The rank in `top`: the logarithm of the likes, plus the creation time as a fixed number.

    Age is not subtracted, so only a post that is liked is ever recomputed (docs/decisions/0005-ranking.md).
    """
    return round(math.log10(1 + max(0, likes)) + created_at.timestamp() / HOT_S, 7)


def unless_hidden(rating: Rating) -> Hidden:
    """`hidden` of a post that moderation has not hidden."""
    return "mature" if rating == "mature" else False


# In a decision.


def visible_post(docs: Docs, post_id: str) -> Post:
    """The post. `NotFound` if it is absent or hidden."""
    post = docs.get(post_path(post_id))
    if post is None or post.is_hidden:
        raise NotFound
    return post


def add_post(docs: Docs, post: Post) -> None:
    docs.create(post_path(post.post_id), post)
    moderation = docs.get(Subject(post.post_id).moderation_path)
    reports = 0 if moderation is None else moderation.reports
    docs.create(state_path(post.post_id), PostState(post_id=post.post_id, uid=post.uid, reports=reports))


def remove_post(docs: Docs, post_id: str) -> None:
    """Delete the post's own documents. Its likes and comments can no longer grow; a clean-up deletes them."""
    docs.delete(post_path(post_id))
    docs.delete(state_path(post_id))


def hide_post(docs: Docs, post_id: str, by: HiddenBy) -> None:
    docs.update(post_path(post_id), hidden=True)
    docs.update(state_path(post_id), hidden_by=by)


def show_post(docs: Docs, post: Post) -> None:
    """Undo `hide_post` and reset the post's count of reports."""
    docs.update(post_path(post.post_id), hidden=unless_hidden(post.rating))
    docs.update(state_path(post.post_id), hidden_by=None, reports=0)


def rate_post(docs: Docs, post: Post, rating: Rating) -> None:
    hidden = post.is_hidden or unless_hidden(rating)
    docs.update(post_path(post.post_id), rating=rating, hidden=hidden)


def set_like(docs: Docs, post: Post, uid: str, liked: bool, now: datetime) -> Post:
    """Create or delete the like, which must not be as asked already; the post with its new count and rank."""
    path = like_path(post.post_id, uid)
    if liked:
        docs.create(path, Like(post_id=post.post_id, uid=uid, created_at=now))
    else:
        docs.delete(path)
    count = post.like_count + (1 if liked else -1)
    return docs.update(post_path(post.post_id), like_count=count, score=score(count, post.created_at))


def add_comment(docs: Docs, post: Post, comment: Comment, request: CommentRequest) -> None:
    docs.create(comment_path(post.post_id, comment.comment_id), comment)
    docs.create(comment_request_path(comment.comment_id), request)
    docs.update(post_path(post.post_id), comment_count=post.comment_count + 1)


def remove_comment(docs: Docs, post: Post, comment_id: str) -> None:
    docs.delete(comment_path(post.post_id, comment_id))
    docs.update(post_path(post.post_id), comment_count=post.comment_count - 1)


def hide_comment(docs: Docs, post: Post, comment: Comment, by: HiddenBy, now: datetime) -> None:
    """Take a comment from its post, which then counts one less."""
    hidden = HiddenComment(**asdict(comment), post_id=post.post_id, hidden_by=by, hidden_at=now)
    docs.put(hidden_comment_path(post.post_id, comment.comment_id), hidden)
    remove_comment(docs, post, comment.comment_id)


def show_comment(docs: Docs, post: Post, hidden: HiddenComment) -> None:
    """Undo `hide_comment`."""
    comment = Comment(
        comment_id=hidden.comment_id,
        uid=hidden.uid,
        author_name=hidden.author_name,
        text=hidden.text,
        created_at=hidden.created_at,
    )
    docs.delete(hidden_comment_path(post.post_id, hidden.comment_id))
    docs.put(comment_path(post.post_id, hidden.comment_id), comment)
    docs.update(post_path(post.post_id), comment_count=post.comment_count + 1)


def add_report(docs: Docs, report: Report, moderation: Moderation) -> None:
    """A user's only report of a post or comment, and the `moderation` that includes it."""
    subject = Subject(report.post_id, report.comment_id)
    docs.create(subject.report_path(report.uid), report)
    docs.put(subject.moderation_path, moderation)
    path = state_path(report.post_id)
    state = docs.get(path)
    if report.comment_id is None:
        docs.update(path, reports=moderation.reports)
    else:
        docs.update(path, comment_reports=(0 if state is None else state.comment_reports) + 1)


def count_remix(docs: Docs, post: Post) -> None:
    docs.update(post_path(post.post_id), remix_count=post.remix_count + 1)


# Reads.


def find_post(post_id: str) -> Post | None:
    """The post, hidden or not. `Unavailable`."""
    return firestore.get(post_path(post_id))


def read_post(post_id: str, uid: str | None) -> tuple[Post | None, bool]:
    """The post, hidden or not, and whether this user likes it. One round trip. `Unavailable`."""
    if uid is None:
        return find_post(post_id), False
    post, like = firestore.get_pair(post_path(post_id), like_path(post_id, uid))
    return post, like is not None


def list_posts(
    *,
    order: Literal["createdAt", "score"],
    tag: str | None,
    uid: str | None,
    mature: bool,
    size: int,
    cursor: str | None,
) -> tuple[list[Post], str | None]:
    """A page of the posts that are not hidden, and the next page's cursor; `mature`: also of the mature ones.

    `InvalidCursor`, `Unavailable`.
    """
    equal = {"hidden": (False, "mature") if mature else False, "uid": uid}
    found, following = query.page(POSTS, equal, order, size=size, cursor=cursor, holds={"tags": tag})
    return [each.data for each in found], following


def list_comments(post_id: str, *, size: int, cursor: str | None) -> tuple[list[Comment], str | None]:
    """A page of a post's comments, newest first, and the next page's cursor. `InvalidCursor`, `Unavailable`."""
    found, following = query.page(comments(post_id), {}, "createdAt", size=size, cursor=cursor)
    return [each.data for each in found], following


def visible_paths(uid: str, limit: int) -> list[Path[Post]]:
    """The paths of up to `limit` posts of the user that are not hidden. `Unavailable`."""
    return query.names(POSTS, {"uid": uid, "hidden": (False, "mature")}, limit)


def owned_paths(collection: Collection[D], uid: str, limit: int) -> list[Path[D]]:
    """The paths of up to `limit` documents whose `uid` is this one. `Unavailable`."""
    return query.names(collection, {"uid": uid}, limit)


def comment_paths(uid: str, limit: int) -> list[Path[Comment]]:
    """The paths of up to `limit` of the user's comments, on any post. `Unavailable`."""
    return query.names(COMMENTS, {"uid": uid}, limit, group=True)


# Deleting.


def delete_children(post_id: str, pages: int) -> bool:
    """Delete up to `pages` times PAGE of a deleted post's likes and comments, and what is known of those; True when
    none is left. `Unavailable`."""
    of_post = {"postId": post_id}
    filters: dict[Collection[Any], dict[str, str]] = {
        LIKES: of_post,
        comments(post_id): {},
        HIDDEN_COMMENTS: of_post,
        COMMENT_REPORTS: of_post,
        COMMENT_MODERATION: of_post,
        APPEALS: {**of_post, "kind": "comments"},
    }
    return delete_all(filters, pages)
