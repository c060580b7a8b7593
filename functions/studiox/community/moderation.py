"""Reports and administrators' decisions: what is hidden is hidden with its files, and comes back with them."""

from __future__ import annotations

from collections.abc import Sequence

from studiox.api.callables import User
from studiox.deletions import service as cleanups
from studiox.deletions import store as cleanup_store
from studiox.kit import audit, clock, config, ids, log
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention, NotFound, Unavailable
from studiox.kit.transaction import REMOVE, Docs, Reads, transact
from studiox.models import creations as library
from studiox.models import posts
from studiox.models.users import change_user, user_path

from . import reports, rules
from . import service as community

PAGE = 100
PAGES = 5


def report(caller: User, post_id: str, reason: str, text: str | None) -> None:
    """Counts once per user; REPORTS_TO_HIDE ordinary reports hide the post and its files until somebody has looked."""
    now, token = clock.now(), ids.new()
    path, report_path = posts.post_path(post_id), posts.report_path(post_id, caller.uid)
    enough, strict = config.REPORTS_TO_HIDE.value, config.REQUIRE_VERIFIED_EMAIL.value
    has_made = strict and library.has_any(caller.uid)

    def decide(docs: Docs) -> bool:
        reporter = docs.get(user_path(caller.uid))
        if docs.get(report_path) is not None:
            return False
        post = posts.visible_post(docs, post_id)
        weighs = reports.points(reporter, strict=strict, has_made=has_made, now=now)
        current = reports.standing(docs.get(posts.moderation_path(post_id)), post_id, post["uid"])
        after = posts.add_report(docs, current, caller.uid, reason, text, weighs, now)
        known = {"reason": reason, "reports": after["reports"]}
        audit.record(docs, actor=caller.uid, action="reportPost", target=path, at=now, **known)
        if after["points"] < reports.points_to_hide(enough, after["restores"]):
            return False
        posts.set_hidden(docs, post_id, True, hiddenBy="reports")
        cleanup_store.order(docs, "post", post_id, post["uid"], token, now)
        return True

    asked = [path, posts.state_path(post_id), posts.moderation_path(post_id), report_path]
    if caller.commit(path, decide, Reads(fresh=asked)):
        cleanups.start("post", post_id, cleanups.clear_post)


def hide(caller: User, post_id: str, note: str | None) -> None:
    """Out of the feed, files too. Idempotent."""
    now, token = clock.now(), ids.new()
    path = posts.post_path(post_id)

    def decide(docs: Docs) -> None:
        post = docs.get(path)
        if post is None:
            raise NotFound
        posts.set_hidden(docs, post_id, True, hiddenBy="admin")
        cleanup_store.order(docs, "post", post_id, post["uid"], token, now)
        audit.record(docs, actor=caller.uid, action="moderatePost", target=path, at=now, decision="hide", note=note)

    record = cleanup_store.cleanup_path("post", post_id)
    caller.commit(path, decide, Reads(fresh=[path, posts.state_path(post_id), record]))
    cleanups.start("post", post_id, cleanups.clear_post)


def restore(caller: User, post_id: str, note: str | None) -> None:
    """Back into the feed with its files; the reports so far count no more, and the next time it takes twice as many.

    `Contention` while the files are deleted.
    """
    now, token = clock.now(), ids.new()
    path, creation_path = posts.post_path(post_id), library.creation_path(post_id)

    def begin(docs: Docs) -> community.Copying | None:
        post, creation = docs.get(path), docs.get(creation_path)
        if post is None or creation is None:
            raise NotFound
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
        posts.set_hidden(docs, post_id, False, hiddenBy=None, reports=0)
        known = reports.standing(docs.get(posts.moderation_path(post_id)), post_id, post["uid"])
        docs.put(posts.moderation_path(post_id), reports.after_restore(known))
        audit.record(docs, actor=caller.uid, action="moderatePost", target=path, at=now, decision="restore", note=note)

    record = cleanup_store.cleanup_path("post", post_id)
    begun = caller.commit(path, begin, Reads(fresh=[path, creation_path, record]))
    if begun is not None:
        copying = begun
        community.copy_public(copying.creation)
        transact(path, finish, Reads(fresh=[path, posts.state_path(post_id), posts.moderation_path(post_id), record]))
        _settle_reports(post_id, now, upheld=False)


def moderate(caller: User, post_id: str, action: rules.ModerationAction, note: str | None) -> None:
    """An administrator's decision about a post, reported or not."""
    match action:
        case "hide":
            hide(caller, post_id, note)
            _settle_reports(post_id, clock.now(), upheld=True)
        case "restore":
            restore(caller, post_id, note)
        case "remove":
            community.delete(caller, post_id, "moderatePost", decision="remove", note=note)
            _settle_reports(post_id, clock.now(), upheld=True)


def _settle_reports(post_id: str, decided_at: datetime, *, upheld: bool) -> None:
    """Tell the reports up to now apart into right and wrong ones, each once: it is how their authors' next ones weigh.

    The decision stands without it, so that it never fails for this.
    """
    try:
        for _ in range(PAGES):
            found = posts.open_reports(post_id, PAGE)
            if not found or not _settle_page(post_id, found, decided_at, upheld=upheld):
                return
    except (Contention, Unavailable):
        log.warning("reports_not_settled", postId=post_id)


def _settle_page(post_id: str, paths: Sequence[str], decided_at: datetime, *, upheld: bool) -> int:
    """How many of these reports were settled."""
    authors = {path: path.split("_", 1)[1] for path in paths}

    known = posts.moderation_path(post_id)

    def decide(docs: Docs) -> int:
        settled, later = 0, False
        for path, uid in authors.items():
            given, account = docs.get(path), docs.get(user_path(uid))
            if given is None or given["state"] != "open" or given["createdAt"] > decided_at:
                later = later or (given is not None and given["state"] == "open")
                continue
            settled += 1
            docs.update(path, {"state": "upheld" if upheld else "overruled"})
            change_user(docs, uid, decided_at, reportsOverruled=reports.overruled(account or {}, upheld))
        if not later and docs.get(known) is not None:
            docs.update(known, {"openSince": REMOVE})  # it waits for nobody's decision any more
        return settled

    return transact(known, decide, Reads(fresh=[known, *authors, *map(user_path, authors.values())]))
