"""A suspended user's posts are hidden while the suspension lasts, and come back with their files after it.

`suspendUser` orders a clean-up, which works in steps until no post is left to hide or to show. Each step looks at the
account, so whichever order came last is carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from studiox.deletions import service as cleanups
from studiox.deletions import store as cleanup_store
from studiox.kit import audit, clock, firestore, ids, log
from studiox.kit.documents import Path
from studiox.kit.transaction import Docs, Reads
from studiox.models import creations as library
from studiox.models import moderation as records
from studiox.models import posts
from studiox.models.deletions import CleanUp, clean_up_path
from studiox.models.moderation import Subject
from studiox.models.users import change_user, user_path

from . import decisions, publishing, rules

HIDDEN_TOGETHER = 20
"""Posts that one commit hides: four writes each."""
STEPS = 5
"""Commits of one run. It has three minutes, and copies files."""
THREADS = 8
_BY = audit.System("suspendUser")


def clear(record: CleanUp, pages: int) -> bool:
    """Hide or show up to STEPS times HIDDEN_TOGETHER posts; True when none is left.

    `Unavailable`, `Contention`: the clean-up is repeated later.
    """
    user = firestore.get(user_path(record.uid))
    if user is None or user.closing:
        return True  # the posts are deleted with the account
    step = _hide_some if user.suspended else _show_some
    return any(step(record.uid) for _ in range(min(pages, STEPS)))


def _hide_some(uid: str) -> bool:
    """Hide some of the posts that are visible; True if there are none, or the user is not suspended any more."""
    paths = posts.visible_paths(uid, HIDDEN_TOGETHER)
    if not paths:
        return True
    now, token = clock.now(), ids.new()

    def decide(docs: Docs) -> list[str]:
        user = docs.get(user_path(uid))
        if user is None or user.closing or not user.suspended:
            return []
        # Written, so that the user is still suspended when this is committed.
        change_user(docs, uid, now)
        visible = [post for path in paths if (post := docs.get(path)) is not None and not post.is_hidden]
        for post in visible:
            decisions.hide_for_suspension(docs, post)
            cleanup_store.order(docs, "post", post.post_id, uid, token, now)
        return [post.post_id for post in visible]

    about = [other for path in paths for other in _documents_of(path)]
    hidden = _BY.commit(user_path(uid), decide, Reads(fresh=[user_path(uid), *about]), target=None)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda post_id: cleanups.start("post", post_id, cleanups.clear_post), hidden))
    return not hidden


def _documents_of(path: Path[posts.Post]) -> Sequence[str]:
    return path, posts.state_path(path.id), Subject(path.id).moderation_path, clean_up_path("post", path.id)


def _show_some(uid: str) -> bool:
    """Show some of the posts that the suspension has hidden; True if there are none."""
    post_ids = records.suspended_posts(uid, HIDDEN_TOGETHER)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda post_id: _show(uid, post_id), post_ids))
    return not post_ids


def _show(uid: str, post_id: str) -> None:
    """Show a post again, unless it was hidden for another reason since. `Contention` while its files are deleted."""
    now, token = clock.now(), ids.new()
    path, creation_path, mark = posts.post_path(post_id), library.creation_path(post_id), Subject(post_id)
    reads = Reads(fresh=[user_path(uid), creation_path, *_documents_of(path)])

    def begin(docs: Docs) -> publishing.Copying | None:
        creation = docs.get(creation_path)
        if not _is_over(docs, uid):
            return None
        if creation is None or not _is_hidden(docs, post_id):
            _unmark(docs, post_id)
            return None
        return publishing.Copying(creation, cleanup_store.begin_copying(docs, post_id, uid, token, now))

    copying = _BY.commit(path, begin, reads, target=None)
    if copying is None:
        return
    try:
        publishing.copy_public(copying.creation)
    except rules.NotPublishable:
        log.alert("post_not_shown_again", postId=post_id)  # a file is missing: it stays hidden
        _BY.commit(mark.moderation_path, lambda docs: _unmark(docs, post_id), reads, target=None)
        return

    def finish(docs: Docs) -> None:
        post = docs.get(path)
        if post is None or not _is_over(docs, uid) or not _is_hidden(docs, post_id):
            return  # the copies are deleted when their time is over
        cleanup_store.end_copying(docs, post_id, copying.token)
        change_user(docs, uid, now)
        docs.update(path, hidden=posts.unless_hidden(post.rating))
        docs.update(posts.state_path(post_id), hidden_by=None)
        _unmark(docs, post_id)

    _BY.commit(path, finish, reads, target=None)


def _is_over(docs: Docs, uid: str) -> bool:
    user = docs.get(user_path(uid))
    return user is not None and not user.suspended and not user.closing


def _is_hidden(docs: Docs, post_id: str) -> bool:
    """Whether the suspension, and nothing else, hides the post."""
    post, state = docs.get(posts.post_path(post_id)), docs.get(posts.state_path(post_id))
    return post is not None and post.is_hidden and state is not None and state.hidden_by == "suspension"


def _unmark(docs: Docs, post_id: str) -> None:
    path = Subject(post_id).moderation_path
    record = docs.get(path)
    if record is not None:
        docs.put(path, replace(record, suspended=None))
