"""Who sees mature posts, and an administrator's rating of a post."""

from __future__ import annotations

from studiox.api.callables import User
from studiox.kit import clock, ids, malformed
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import InvalidRequest, NotFound, StudioxError
from studiox.kit.transaction import Docs, Reads
from studiox.models import creations as library
from studiox.models import posts
from studiox.models.moderation import Subject
from studiox.models.ratings import Rating
from studiox.models.users import User as Account
from studiox.models.users import user_path

from . import decisions, statements


class MatureContent(StudioxError):
    """The post is rated mature, and the caller has not asked for such posts (`preferences.matureContent`)."""

    code = "failed-precondition"
    text = "This post is rated mature. Sign in and switch on mature posts in your account to see it."


def sees_mature(uid: str) -> bool:
    """Whether the user has asked for mature posts. One round trip. `Unavailable`.

    A document that does not fit its struct must not end the feed: then they have not.
    """
    [account] = malformed.get_all([user_path(uid)])
    return _has_asked(account)


def _has_asked(account: Account | MalformedDocument | None) -> bool:
    return isinstance(account, Account) and account.preferences.mature_content is True


def check_reader(uid: str | None, post: posts.Post) -> None:
    """`MatureContent` unless this user may see the post. No round trip for a post for everybody. `Unavailable`."""
    if post.is_mature and post.uid != uid and (uid is None or not sees_mature(uid)):
        raise MatureContent


def check_remixer(docs: Docs, uid: str, post: posts.Post) -> None:
    """As `check_reader`, in a decision that reads the account."""
    if post.is_mature and post.uid != uid and not _has_asked(docs.get(user_path(uid))):
        raise MatureContent


def rate(caller: User, subject: Subject, rating: Rating | None, note: str | None) -> None:
    """Set the rating of a post and its creation, up or down, and tell the author. Idempotent.

    `InvalidRequest`, `NotFound`.
    """
    if subject.comment_id is not None:
        raise InvalidRequest(fields={"commentId": "only posts have a rating"})
    if rating is None:
        raise InvalidRequest(fields={"rating": "needed for this action"})
    now, token, post_id = clock.now(), ids.new(), subject.post_id
    path, creation_path = posts.post_path(post_id), library.creation_path(post_id)

    def decide(docs: Docs) -> None:
        post = docs.get(path)
        if post is None:
            raise NotFound
        if post.rating != rating:
            posts.rate_post(docs, post, rating)
            words = statements.of_rating(subject, post.caption, rating)
            decisions.tell(docs, post.uid, "content_rated", token, now, words, post_id=post_id)
        # Published again, it has this rating at least.
        creation = docs.get(creation_path)
        if creation is not None and creation.rating != rating:
            library.change_creation(docs, post_id, now, rating=rating)

    reads = Reads(fresh=[path, creation_path])
    details = {"decision": "rate", "rating": rating, "note": note}
    caller.commit(path, decide, reads, target=path, details=lambda _none: details)
