"""The community's callables. Reading posts and comments needs no sign-in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from msgspec import UNSET, Meta, UnsetType

from studiox.api.callables import (
    Anyone,
    Id,
    Nothing,
    Reader,
    Request,
    RequestId,
    Response,
    Text,
    Uid,
    User,
    VerifiedUser,
    endpoint,
)
from studiox.content_check import service as content_check
from studiox.creations.endpoints import MediaItem, media_item
from studiox.kit import clock
from studiox.kit.clock import datetime
from studiox.kit.errors import AccountSuspended, EmailNotVerified, Forbidden, NotFound, RequestIdReused
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.models import posts as store
from studiox.models.jobs import JobType
from studiox.models.moderation import Subject
from studiox.models.ratings import Rating

from . import blocks, moderation, publishing, ratings, rules, service

READS = Limit(120, per=60)
WRITES = Limit(60, per=60, in_commit=True)
COMMENTS = Limit(20, per=60, in_commit=True)

T = TypeVar("T")

Tag = Annotated[str, Meta(min_length=1, max_length=100)]


class PublishPost(Request, frozen=True):
    creation_id: Id
    caption: Annotated[str, Meta(max_length=2000), Text] = ""
    tags: Annotated[list[Tag], Meta(max_length=rules.MAX_TAGS)] = []
    share_params: bool = True
    rating: Rating = "general"

    @property
    def chosen(self) -> rules.Publishing:
        return rules.Publishing(self.caption, rules.normal_tags(self.tags), self.share_params, self.rating)


class PostRef(Request, frozen=True):
    post_id: Id


class Published(Response):
    post_id: str


@endpoint(
    limit=WRITES,
    secrets=content_check.SECRETS,
    refuses=(
        AccountSuspended,
        EmailNotVerified,
        Forbidden,
        NotFound,
        content_check.ContentRejected,
        rules.NotPublishable,
    ),
)
def publishPost(caller: VerifiedUser, request: PublishPost) -> Published:
    """Publish one of the caller's creations, with public copies of its files; once per creation.

    What becomes public may be checked first. `rating` can raise the creation's rating, and not lower it.
    """
    return Published(post_id=publishing.publish(caller, request.creation_id, request.chosen))


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
    rating: Rating
    score: float
    created_at: datetime
    prompt: str | UnsetType = UNSET
    params: dict[str, Any] | UnsetType = UNSET
    remix_of: str | UnsetType = UNSET
    sources: list[str] | UnsetType = UNSET
    liked_by_me: bool | UnsetType = UNSET


def _post(post: store.Post, liked: bool | UnsetType) -> Post:
    return Post(
        post_id=post.post_id,
        uid=post.uid,
        author_name=post.author_name,
        author_photo_url=post.author_photo_url,
        type=post.type,
        model=post.model,
        caption=post.caption,
        tags=post.tags,
        media=[media_item(file, with_url=False) for file in post.media],
        like_count=post.like_count,
        comment_count=post.comment_count,
        remix_count=post.remix_count,
        hidden=post.is_hidden,
        rating=post.rating,
        score=post.score,
        created_at=post.created_at,
        prompt=_present(post.prompt),
        params=_present(post.params),
        remix_of=_present(post.remix_of),
        sources=_present(post.sources),
        liked_by_me=liked,
    )


def _present(value: T | None) -> T | UnsetType:
    """The value for the wire, where an optional field is absent rather than null."""
    return UNSET if value is None else value


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
    """List posts that are not hidden, newest or highest ranked first, optionally of one author or tag (in any case).

    A signed-in caller does not see posts of people whom they have blocked or who have blocked them. A page may then be
    short, or empty, although `nextCursor` is given. Mature posts are the caller's own, or for those who asked for them
    (`preferences.matureContent`).
    """
    found, liked, cursor = service.feed(
        caller.uid, request.sort, tag=request.tag, author=request.uid, size=request.page_size, cursor=request.cursor
    )
    posts = [_post(post, UNSET if liked is None else post.post_id in liked) for post in found]
    return Feed(posts=posts, next_cursor=cursor)


@endpoint(limit=READS, refuses=(NotFound, ratings.MatureContent))
def getPost(caller: Anyone, request: PostRef) -> Post:
    """Return one post. Only administrators can read a hidden one, and only those a mature one who asked for them."""
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


@endpoint(limit=READS, refuses=(NotFound, ratings.MatureContent))
def getComments(caller: Anyone, request: GetComments) -> Comments:
    """List a post's comments, newest first."""
    service.post_for(caller.uid, caller.admin, request.post_id)
    found, cursor = store.list_comments(request.post_id, size=request.page_size, cursor=request.cursor)
    return Comments(comments=[_comment(comment) for comment in found], next_cursor=cursor)


def _comment(comment: store.Comment) -> Comment:
    return Comment(
        comment_id=comment.comment_id,
        uid=comment.uid,
        author_name=comment.author_name,
        text=comment.text,
        created_at=comment.created_at,
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
    refuses=(AccountSuspended, EmailNotVerified, Forbidden, NotFound, RequestIdReused, rules.TooManyComments),
)
def commentPost(caller: VerifiedUser, request: CommentPost) -> Commented:
    """Comment on a post, in plain text. The post's author is notified. `Forbidden` if they do not accept comments of
    the caller."""
    return Commented(comment_id=service.comment(caller, request.post_id, request.text, request.request_id))


class CommentRef(Request, frozen=True):
    post_id: Id
    comment_id: Id


class Deleted(Response):
    deleted: bool


@endpoint(limit=WRITES, refuses=(Forbidden, NotFound))
def deleteComment(caller: User, request: CommentRef) -> Deleted:
    """Delete a comment. Allowed for its author, the post's author and administrators."""
    if service.delete_comment(caller, request.post_id, request.comment_id):
        moderation.settle(Subject(request.post_id, request.comment_id), clock.now(), upheld=True)
    return Deleted(deleted=True)


class RemixPost(Request, frozen=True):
    post_id: Id
    request_id: RequestId


class Remixed(Response):
    session_id: str
    params: dict[str, Any]
    type: JobType
    model: str


@endpoint(
    limit=WRITES,
    refuses=(
        AccountSuspended,
        EmailNotVerified,
        NotFound,
        RequestIdReused,
        ratings.MatureContent,
        rules.RemixDisabled,
    ),
)
def remixPost(caller: VerifiedUser, request: RemixPost) -> Remixed:
    """Start a session with a post's shared parameters. Posts published from it name the remixed post, and have at least
    its rating."""
    session = service.remix(caller, request.post_id, request.request_id)
    return Remixed(session_id=session.session_id, params=session.params, type=session.type, model=session.model)


@endpoint(limit=WRITES, refuses=(Forbidden, NotFound))
def deletePost(caller: User, request: PostRef) -> Deleted:
    """Delete a post. It leaves the feed at once; likes, comments and public files are deleted soon afterwards."""
    if service.delete(caller, request.post_id):
        moderation.settle(Subject(request.post_id), clock.now(), upheld=True)
    return Deleted(deleted=True)


class BlockUser(Request, frozen=True):
    uid: Uid
    blocked: bool


class UserBlocked(Response):
    blocked: bool


@endpoint(limit=WRITES, refuses=(NotFound, blocks.TooManyBlocked))
def blockUser(caller: User, request: BlockUser) -> UserBlocked:
    """Block somebody, or unblock them. They can no longer comment on the caller's posts, and neither sees the other's
    posts in getFeed. They are not told."""
    blocks.block(caller, request.uid, request.blocked)
    return UserBlocked(blocked=request.blocked)


class BlockedUser(Response):
    uid: str
    display_name: str
    photo_url: str | None


class BlockedUsers(Response):
    users: list[BlockedUser]


@endpoint(limit=READS)
def getBlockedUsers(caller: Reader, request: Nothing) -> BlockedUsers:
    """List whom the caller has blocked, latest first: at most 200 people."""
    return BlockedUsers(users=[BlockedUser(**each._asdict()) for each in blocks.blocked_by(caller.uid)])
