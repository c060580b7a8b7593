"""The community, as callables. What the public may read needs no sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from studiox.api.callables import Admin, Anyone, Id, Request, RequestId, Response, Text, User, VerifiedUser, endpoint
from studiox.creations.endpoints import MediaItem, media_item
from studiox.kit.clock import datetime
from studiox.kit.errors import AccountSuspended, EmailNotVerified, Forbidden, NotFound, RequestIdReused
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.models import posts as store
from studiox.models.jobs import JobType

from . import moderation, rules, service

READS = Limit(120, per=60)
WRITES = Limit(60, per=60, in_commit=True)
COMMENTS = Limit(20, per=60, in_commit=True)

Tag = Annotated[str, Meta(min_length=1, max_length=100)]


class PublishPost(Request, frozen=True):
    creation_id: Id
    caption: Annotated[str, Meta(max_length=2000), Text] = ""
    tags: Annotated[list[Tag], Meta(max_length=rules.MAX_TAGS)] = []
    share_params: bool = True


class PostRef(Request, frozen=True):
    post_id: Id


class Published(Response):
    post_id: str


@endpoint(limit=WRITES, refuses=(AccountSuspended, EmailNotVerified, Forbidden, NotFound, rules.NotPublishable))
def publishPost(caller: VerifiedUser, request: PublishPost) -> Published:
    """Show a creation of the caller's to everybody, with public copies of its files; once per creation."""
    post_id = service.publish(caller, request.creation_id, request.caption, request.tags, request.share_params)
    return Published(post_id=post_id)


class Post(Response):
    post_id: str
    uid: str
    author_name: str
    author_photo_url: str | None
    type: JobType
    model: str
    caption: str
    tags: list[str]
    media: list[MediaItem]
    like_count: int
    comment_count: int
    remix_count: int
    hidden: bool
    score: float
    created_at: datetime
    prompt: str | UnsetType = UNSET
    params: dict[str, Any] | UnsetType = UNSET
    remix_of: str | UnsetType = UNSET
    liked_by_me: bool | UnsetType = UNSET


def _post(data: Mapping[str, Any], liked: bool | UnsetType) -> Post:
    return Post(
        post_id=data["postId"],
        uid=data["uid"],
        author_name=data["authorName"],
        author_photo_url=data["authorPhotoUrl"],
        type=data["type"],
        model=data["model"],
        caption=data["caption"],
        tags=data["tags"],
        media=[media_item(item, with_url=False) for item in data["media"]],
        like_count=data["likeCount"],
        comment_count=data["commentCount"],
        remix_count=data["remixCount"],
        hidden=data["hidden"],
        score=data["score"],
        created_at=data["createdAt"],
        prompt=data.get("prompt", UNSET),
        params=data.get("params", UNSET),
        remix_of=data.get("remixOf", UNSET),
        liked_by_me=liked,
    )


class GetFeed(Request, frozen=True):
    sort: Literal["new", "top"] = "new"
    tag: Tag | None = None
    uid: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class Feed(Response):
    posts: list[Post]
    next_cursor: str | None


@endpoint(limit=READS)
def getFeed(caller: Anyone, request: GetFeed) -> Feed:
    """Posts that are not hidden, the newest or the highest ranked first; of one tag (in any case), of one author."""
    found, liked, cursor = service.feed(
        caller.uid, request.sort, tag=request.tag, author=request.uid, size=request.page_size, cursor=request.cursor
    )
    posts = [_post(data, UNSET if liked is None else data["postId"] in liked) for data in found]
    return Feed(posts=posts, next_cursor=cursor)


@endpoint(limit=READS, refuses=(NotFound,))
def getPost(caller: Anyone, request: PostRef) -> Post:
    """One post; a hidden one is shown to administrators only."""
    post, liked = service.post_for(caller.uid, caller.admin, request.post_id)
    return _post(post, UNSET if caller.uid is None else liked)


class GetComments(Request, frozen=True):
    post_id: Id
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class Comment(Response):
    comment_id: str
    uid: str | None
    author_name: str
    text: str
    created_at: datetime


class Comments(Response):
    comments: list[Comment]
    next_cursor: str | None


@endpoint(limit=READS, refuses=(NotFound,))
def getComments(caller: Anyone, request: GetComments) -> Comments:
    """A post's comments, newest first."""
    service.post_for(None, caller.admin, request.post_id)
    found, cursor = store.list_comments(request.post_id, size=request.page_size, cursor=request.cursor)
    return Comments(comments=[_comment(data) for data in found], next_cursor=cursor)


def _comment(data: Mapping[str, Any]) -> Comment:
    return Comment(
        comment_id=data["commentId"],
        uid=data["uid"],
        author_name=data["authorName"],
        text=data["text"],
        created_at=data["createdAt"],
    )


class LikePost(Request, frozen=True):
    post_id: Id
    liked: bool | None = None


class Liked(Response):
    liked: bool
    like_count: int


@endpoint(limit=WRITES, refuses=(AccountSuspended, EmailNotVerified, NotFound))
def likePost(caller: VerifiedUser, request: LikePost) -> Liked:
    """Toggle the caller's like, or set it with `liked`."""
    liked, count = service.like(caller, request.post_id, request.liked)
    return Liked(liked=liked, like_count=count)


class CommentPost(Request, frozen=True):
    post_id: Id
    text: Annotated[str, Meta(min_length=1, max_length=2000), Text]
    request_id: RequestId


class Commented(Response):
    comment_id: str


@endpoint(
    limit=COMMENTS,
    refuses=(AccountSuspended, EmailNotVerified, NotFound, RequestIdReused, rules.TooManyComments),
)
def commentPost(caller: VerifiedUser, request: CommentPost) -> Commented:
    """Say something below a post, as plain text; its author is told."""
    return Commented(comment_id=service.comment(caller, request.post_id, request.text, request.request_id))


class CommentRef(Request, frozen=True):
    post_id: Id
    comment_id: Id


class Deleted(Response):
    deleted: bool


@endpoint(limit=WRITES, refuses=(Forbidden, NotFound))
def deleteComment(caller: User, request: CommentRef) -> Deleted:
    """Delete a comment: its author, the post's author or an administrator may."""
    service.delete_comment(caller, request.post_id, request.comment_id)
    return Deleted(deleted=True)


class RemixPost(Request, frozen=True):
    post_id: Id
    request_id: RequestId


class Remixed(Response):
    session_id: str
    params: dict[str, Any]
    type: JobType
    model: str


@endpoint(limit=WRITES, refuses=(AccountSuspended, EmailNotVerified, NotFound, RequestIdReused, rules.RemixDisabled))
def remixPost(caller: VerifiedUser, request: RemixPost) -> Remixed:
    """Start a session of the caller's with a post's shared parameters; what is made in it remembers the post."""
    session = service.remix(caller, request.post_id, request.request_id)
    return Remixed(
        session_id=session["sessionId"], params=session["params"], type=session["type"], model=session["model"]
    )


@endpoint(limit=WRITES, refuses=(Forbidden, NotFound))
def deletePost(caller: User, request: PostRef) -> Deleted:
    """Take a post out of the feed at once; likes, comments and public files follow, if need be in a task."""
    service.delete(caller, request.post_id)
    return Deleted(deleted=True)


class ReportPost(Request, frozen=True):
    post_id: Id
    reason: rules.ReportReason
    text: Annotated[str, Meta(max_length=2000), Text] | None = None


class Reported(Response):
    reported: bool


@endpoint(limit=WRITES, refuses=(AccountSuspended, EmailNotVerified, NotFound))
def reportPost(caller: VerifiedUser, request: ReportPost) -> Reported:
    """Report a post; it counts once per user, and enough of them hide it until it was looked at."""
    moderation.report(caller, request.post_id, request.reason, request.text)
    return Reported(reported=True)


class ModeratePost(Request, frozen=True):
    post_id: Id
    action: rules.ModerationAction
    note: Annotated[str, Meta(max_length=1000), Text] | None = None


class Moderated(Response):
    post_id: str
    action: rules.ModerationAction


@endpoint(limit=WRITES, refuses=(NotFound, rules.NotPublishable))
def moderatePost(caller: Admin, request: ModeratePost) -> Moderated:
    """Hide a post, restore it with its files, or remove it for good."""
    moderation.moderate(caller, request.post_id, request.action, request.note)
    return Moderated(post_id=request.post_id, action=request.action)
