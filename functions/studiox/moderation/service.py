"""Reports and administrators' decisions: what is hidden is hidden with its files, and comes back with them."""

from __future__ import annotations

from .. import audit, clock, config, ids
from ..auth.store import active_user
from ..cleanups import service as cleanups
from ..cleanups import store as cleanup_store
from ..community import posts, store
from ..community import service as community
from ..creations import store as library
from ..endpoint import User
from ..errors import NotFound
from ..transact import Docs, transact


def report(caller: User, post_id: str, reason: str, text: str | None) -> None:
    """Counts once per user; at REPORTS_TO_HIDE reports the post and its files are hidden until somebody has looked."""
    now, token = clock.now(), ids.new()
    path, report_path = store.post_path(post_id), store.report_path(post_id, caller.uid)
    enough = config.REPORTS_TO_HIDE.value

    def decide(docs: Docs) -> bool:
        active_user(docs, caller.uid, caller.signed_in_at)
        if docs.get(report_path) is not None:
            return False
        post = store.visible_post(docs, post_id)
        community.count(caller, docs, now)
        reports = store.add_report(docs, post_id, caller.uid, reason, text, now)
        audit.record(docs, actor=caller.uid, action="reportPost", target=path, at=now, reason=reason, reports=reports)
        if reports < enough:
            return False
        store.set_hidden(docs, post_id, True, hiddenBy="reports")
        cleanup_store.order(docs, "post", post_id, post["uid"], token, now)
        return True

    if transact(path, decide, reads=community.reads_of(caller, path, store.state_path(post_id), report_path)):
        cleanups.start("post", post_id)


def hide(caller: User, post_id: str, note: str | None) -> None:
    """Out of the feed, files too. Idempotent."""
    now, token = clock.now(), ids.new()
    path = store.post_path(post_id)

    def decide(docs: Docs) -> None:
        post = docs.get(path)
        if post is None:
            raise NotFound
        community.count(caller, docs, now)
        store.set_hidden(docs, post_id, True, hiddenBy="admin")
        cleanup_store.order(docs, "post", post_id, post["uid"], token, now)
        audit.record(docs, actor=caller.uid, action="moderatePost", target=path, at=now, decision="hide", note=note)

    record = cleanup_store.cleanup_path("post", post_id)
    transact(path, decide, reads=community.reads_of(caller, path, store.state_path(post_id), record))
    cleanups.start("post", post_id)


def restore(caller: User, post_id: str, note: str | None) -> None:
    """Back into the feed with its files; the reports so far count no more. `Contention` while the files are deleted."""
    now, token = clock.now(), ids.new()
    path, creation_path = store.post_path(post_id), library.creation_path(post_id)

    def begin(docs: Docs) -> community.Copying | None:
        post, creation = docs.get(path), docs.get(creation_path)
        if post is None or creation is None:
            raise NotFound
        community.count(caller, docs, now)
        if not post["hidden"]:
            return None
        return community.Copying(creation, cleanup_store.begin_copying(docs, post_id, post["uid"], token, now))

    def finish(docs: Docs) -> None:
        post = docs.get(path)
        if post is None:
            raise NotFound
        if not post["hidden"]:
            return
        cleanup_store.end_copying(docs, post_id, copying.token)
        store.set_hidden(docs, post_id, False, hiddenBy=None, reports=0)
        audit.record(docs, actor=caller.uid, action="moderatePost", target=path, at=now, decision="restore", note=note)

    record = cleanup_store.cleanup_path("post", post_id)
    begun = transact(path, begin, reads=community.reads_of(caller, path, creation_path, record))
    if begun is not None:
        copying = begun
        community.copy_public(copying.creation)
        transact(path, finish, reads=[path, store.state_path(post_id), record])


def moderate(caller: User, post_id: str, action: posts.ModerationAction, note: str | None) -> None:
    """An administrator's decision about a post, reported or not."""
    match action:
        case "hide":
            hide(caller, post_id, note)
        case "restore":
            restore(caller, post_id, note)
        case "remove":
            community.delete(caller, post_id, "moderatePost", decision="remove", note=note)
