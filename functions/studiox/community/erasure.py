"""What a person leaves behind in the community, taken back when their account is deleted (faults A9, A10)."""

from __future__ import annotations

from .. import clock, firestore, ids
from ..cleanups import service as cleanups
from ..cleanups import store as cleanup_store
from ..creations import store as library
from ..transact import Docs, transact
from . import posts, store

STEP = 50
"""Documents that are taken back one by one, because each changes a post too."""


def erase(uid: str) -> bool:
    """One bounded step: posts, likes and reports go, comments become anonymous; True when nothing is left.

    To be repeated until it is, by whoever deletes the account: each step may be repeated after a crash. Nobody may act
    as this user any more. What hangs on the posts follows by their clean-ups.
    """
    own = firestore.names("posts", {"uid": uid}, STEP)
    for path in own:
        _delete_post(uid, path.rsplit("/", 1)[1])
    likes = firestore.names("likes", {"uid": uid}, STEP)
    for path in likes:
        _take_back_like(uid, path)
    said = store.comments_of(uid, STEP)
    for path in said:
        _make_anonymous(path)
    left = [firestore.names(collection, {"uid": uid}, store.PAGE) for collection in ("reports", "commentRequests")]
    for paths in filter(None, left):
        firestore.delete_all(paths)
    return not (own or likes or said or any(left))


def _delete_post(uid: str, post_id: str) -> None:
    now, token = clock.now(), ids.new()
    path = store.post_path(post_id)

    def decide(docs: Docs) -> None:
        if docs.get(path) is None:
            return
        library.unlink_post(docs, post_id, moderated=False)
        store.remove_post(docs, post_id)
        cleanup_store.order(docs, "post", post_id, uid, token, now)

    record, creation = cleanup_store.cleanup_path("post", post_id), library.creation_path(post_id)
    transact(path, decide, reads=[path, record, store.state_path(post_id), creation])
    cleanups.start("post", post_id)


def _take_back_like(uid: str, path: str) -> None:
    def decide(docs: Docs) -> None:
        like = docs.get(path)
        if like is None:
            return
        post = docs.get(store.post_path(like["postId"]))
        if post is None:
            docs.delete(path)  # the post's own clean-up would have come to it
        else:
            store.set_like(docs, post, uid, False, clock.now())

    transact(path, decide, reads=[path])


def _make_anonymous(path: str) -> None:
    def decide(docs: Docs) -> None:
        if docs.get(path) is not None:
            docs.update(path, {"uid": None, "authorName": posts.ANONYMOUS})

    transact(path, decide, reads=[path])
