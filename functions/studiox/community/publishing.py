"""Publishing: what becomes public is checked, then its files are copied, between two commits."""

from __future__ import annotations

from typing import NamedTuple

from studiox.api.callables import User
from studiox.content_check import service as content_check
from studiox.deletions import store as cleanup_store
from studiox.kit import clock, ids
from studiox.kit.clock import datetime
from studiox.kit.errors import Forbidden, NotFound, Unavailable
from studiox.kit.transaction import Docs, Reads
from studiox.media import objects
from studiox.models import creations as library
from studiox.models import jobs as studio
from studiox.models import posts, sessions
from studiox.models.deletions import clean_up_path
from studiox.models.media_files import public_path
from studiox.models.moderation import Subject
from studiox.models.ratings import Rating, highest
from studiox.models.users import change_user, user_path

from . import rules

PUBLIC_CACHE = "public, max-age=300"
"""Hidden files leave the caches within five minutes."""


class Copying(NamedTuple):
    """Public copies that were announced and must now be made."""

    creation: library.Creation
    token: str


def announce(docs: Docs, creation: library.Creation, token: str, now: datetime) -> Copying:
    """Announce public copies of these files. `Contention` while older copies are being deleted.

    The creation is written too. So renditions that were about to be stored, without the announcement having been seen,
    are not: else the post would name thumbnails that nobody has copied.
    """
    library.change_creation(docs, creation.creation_id, now)
    return Copying(creation, cleanup_store.begin_copying(docs, creation.creation_id, creation.uid, token, now))


def publish(caller: User, creation_id: str, given: rules.Publishing) -> str:
    """Publish the creation, unless it is published already; the post's id.

    Public copies are announced by a clean-up record, made, and confirmed in the commit that creates the post. If the
    call dies in between, the record deletes the copies. `NotFound`, `Forbidden`, `NotPublishable`, `ContentRejected`,
    `Contention` while older copies are being deleted, `Unavailable`.
    """
    if not rules.is_post_id(creation_id):
        raise NotFound
    now, token = clock.now(), ids.new()
    path, creation_path = posts.post_path(creation_id), library.creation_path(creation_id)

    def begin(docs: Docs) -> Copying | None:
        creation = docs.get(creation_path)
        if creation is None or creation.uid != caller.uid:
            raise _unfinished(docs, caller.uid, creation_id)
        if docs.exists(path):
            return None
        if creation.moderated:
            raise Forbidden  # its post was hidden or removed by moderation
        if not creation.media:
            raise rules.NotPublishable(status="completed")
        return announce(docs, creation, token, now)

    reads: list[str] = [path, creation_path, clean_up_path("post", creation_id)]
    # Checked last: what would be refused anyway, or is published already, is not judged.
    would = caller.preview(begin, Reads(fresh=reads)) if content_check.is_on() else None
    rating = given.rating if would is None else highest(given.rating, _checked(caller, would.creation, given, now))
    copying = caller.commit(path, begin, Reads(fresh=reads), target=None)
    if copying is None:
        return creation_id
    copy_public(copying.creation)

    def finish(docs: Docs) -> None:
        creation = docs.get(creation_path)
        if creation is None:
            raise NotFound  # deleted since, and its clean-up deletes the copies
        user = docs.get(user_path(caller.uid))
        if docs.exists(path):
            return
        cleanup_store.end_copying(docs, creation_id, copying.token)
        job = docs.get(studio.job_path(creation_id))
        source = None if job is None else sessions.source_of(docs, job.session_id)
        posts.add_post(docs, rules.new_post(creation, user, given, rating=rating, remix_of=source, now=now))
        library.link_post(docs, creation_id, creation_id)
        # This commit charges no rate limit. Writing the account makes it fail after the account's deletion.
        change_user(docs, caller.uid, now)

    more: list[str] = [user_path(caller.uid), studio.job_path(creation_id), Subject(creation_id).moderation_path]
    caller.commit(path, finish, Reads(fresh=[*reads, *more]), target=path)
    return creation_id


def _checked(caller: User, creation: library.Creation, given: rules.Publishing, now: datetime) -> Rating:
    """The rating of what would become public. `ContentRejected`, `Unavailable`."""
    post = rules.new_post(creation, None, given, rating=given.rating, remix_of=None, now=now)
    return content_check.check(caller, rules.content_of(post, creation), "posts")


def _unfinished(docs: Docs, uid: str, creation_id: str) -> NotFound | rules.NotPublishable:
    """Why there is no creation: `NotPublishable` if the caller's job of the same id has not completed."""
    job = docs.get(studio.job_path(creation_id))
    if job is None or job.uid != uid or job.status == "completed":
        return NotFound()
    return rules.NotPublishable(status=job.status)


def copy_public(creation: library.Creation) -> None:
    """Copy all files within Cloud Storage. `NotPublishable` if one is missing, `Unavailable`."""
    try:
        for path in rules.files_of(creation):
            objects.copy(path, public_path(creation.creation_id, path), cache_control=PUBLIC_CACHE)
    except objects.MediaGone:
        raise rules.NotPublishable(status="completed") from None
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=5) from error
