"""Removes a user from the community when their account is deleted, in bounded steps."""

from __future__ import annotations

from studiox.deletions import service as cleanups
from studiox.deletions import store as cleanup_store
from studiox.kit import audit, clock, firestore, ids, malformed
from studiox.kit.documents import MalformedDocument, Path
from studiox.kit.transaction import Docs, Reads
from studiox.models import creations as library
from studiox.models import moderation as records
from studiox.models import notifications, posts
from studiox.models.deletions import clean_up_path

from . import blocks, rules

ERASED_PER_STEP = 50
"""Posts, likes or comments of a user that one step removes. Each takes a commit, since it changes a post as well."""
_ERASURE = audit.System("deleteAccount")


def erase(uid: str) -> bool:
    """One bounded step of removing a user whose account is being deleted; True when nothing is left. `Unavailable`.

    Posts, likes and reports are deleted, comments become anonymous; clean-ups delete what belongs to the posts. A
    malformed document is reported and deleted too. Every step may be repeated. The account must be closed to
    further calls before the first one.
    """
    own = posts.owned_paths(posts.POSTS, uid, ERASED_PER_STEP)
    for path in own:
        _erase_post(uid, path.id)
    likes = posts.owned_paths(posts.LIKES, uid, ERASED_PER_STEP)
    for like_path in likes:
        _erase_like(uid, like_path)
    comments = posts.comment_paths(uid, ERASED_PER_STEP)
    for comment_path in comments:
        _make_anonymous(comment_path)
    given = posts.owned_paths(records.REPORTS, uid, records.PAGE)
    requests = posts.owned_paths(posts.COMMENT_REQUESTS, uid, records.PAGE)
    if given:
        firestore.delete_all(given)
    if requests:
        firestore.delete_all(requests)
    # Reports about the user's posts. They go last: no post is left that could be reported again.
    reported = [] if own else posts.owned_paths(records.MODERATION, uid, ERASED_PER_STEP)
    for moderation_path in reported:
        records.delete_reports(moderation_path.id, 1)
    blocking = blocks.erase(uid, ERASED_PER_STEP)
    return not (blocking or own or likes or comments or given or requests or reported)


def _erase_post(uid: str, post_id: str) -> None:
    now, token = clock.now(), ids.new()
    path = posts.post_path(post_id)

    def decide(docs: Docs) -> MalformedDocument | None:
        broken = None
        if docs.exists(path):
            try:
                library.unlink_post(docs, post_id, moderated=False)
            except MalformedDocument as error:
                broken = error
            posts.remove_post(docs, post_id)
            cleanup_store.order(docs, "post", post_id, uid, token, now)
        return broken

    record, creation = clean_up_path("post", post_id), library.creation_path(post_id)
    reads = Reads(fresh=[path, record, posts.state_path(post_id), creation])
    malformed.report(_ERASURE.commit(path, decide, reads, target=None))
    cleanups.start("post", post_id, cleanups.clear_post)


def _erase_like(uid: str, path: Path[posts.Like]) -> None:
    now = clock.now()

    def decide(docs: Docs) -> MalformedDocument | None:
        try:
            like = docs.get(path)
            post = None if like is None else docs.get(posts.post_path(like.post_id))
        except MalformedDocument as error:
            docs.delete(path)  # the post's count stays as it is
            return error
        if post is None:
            docs.delete(path)  # the post's clean-up would have deleted it
        else:
            posts.set_like(docs, post, uid, False, now)
        return None

    malformed.report(_ERASURE.commit(path, decide, Reads(fresh=[path]), target=None))


def _make_anonymous(path: Path[posts.Comment]) -> None:
    _, post_id, _, comment_id = path.split("/")

    def decide(docs: Docs) -> MalformedDocument | None:
        docs.rewrite(path, lambda stored: {**stored, "uid": None, "authorName": rules.ANONYMOUS})
        try:
            post = docs.get(posts.post_path(post_id))
            if post is not None:
                notifications.amend(docs, post.uid, "post_commented", comment_id, author_name=rules.ANONYMOUS)
        except MalformedDocument as error:
            return error
        return None

    malformed.report(_ERASURE.commit(path, decide, Reads(fresh=[path]), target=None))
