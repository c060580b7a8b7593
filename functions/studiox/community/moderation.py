"""Reports and administrators' decisions. A post is hidden and restored together with its public files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from studiox.api.callables import User
from studiox.deletions import service as cleanups
from studiox.deletions import store as cleanup_store
from studiox.kit import audit, clock, config, ids, log
from studiox.kit.clock import datetime
from studiox.kit.documents import Path
from studiox.kit.errors import Contention, NotFound, Unavailable
from studiox.kit.transaction import Docs, Reads
from studiox.models import creations as library
from studiox.models import posts
from studiox.models.deletions import clean_up_path
from studiox.models.users import change_user, user_path

from . import reports, rules
from . import service as community

PAGE = 100
"""Reports settled in one commit."""
PAGES = 5
"""Commits in one call."""


class _Reported(NamedTuple):
    """What a new report did."""

    reports: int
    """The post's reports, with this one."""
    hides: bool


def report(caller: User, post_id: str, reason: posts.ReportReason, text: str | None) -> None:
    """Report a post, once per user. REPORTS_TO_HIDE ordinary reports hide the post and its files. `NotFound`."""
    now, token = clock.now(), ids.new()
    path, report_path = posts.post_path(post_id), posts.report_path(post_id, caller.uid)
    enough, strict = config.REPORTS_TO_HIDE.value, config.REQUIRE_VERIFIED_EMAIL.value
    has_made = strict and library.has_any(caller.uid)

    def decide(docs: Docs) -> _Reported:
        reporter = docs.get(user_path(caller.uid))
        if docs.exists(report_path):
            return _Reported(0, hides=False)
        post = posts.visible_post(docs, post_id)
        given = posts.Report(
            post_id=post_id,
            uid=caller.uid,
            reason=reason,
            text=text,
            created_at=now,
            points=reports.points(reporter, strict=strict, has_made=has_made, now=now),
            state="open",
        )
        current = reports.moderation(docs.get(posts.moderation_path(post_id)), post_id, post.uid)
        after = reports.after_report(current, given)
        posts.add_report(docs, given, after)
        if after.points < reports.points_to_hide(enough, after.restores):
            return _Reported(after.reports, hides=False)
        posts.hide_post(docs, post_id, "reports")
        cleanup_store.order(docs, "post", post_id, post.uid, token, now)
        return _Reported(after.reports, hides=True)

    def details(made: _Reported) -> dict[str, object]:
        return {"reason": reason, "reports": made.reports}

    reads: list[str] = [path, posts.state_path(post_id), posts.moderation_path(post_id), report_path]
    if caller.commit(path, decide, Reads(fresh=reads), target=path, details=details).hides:
        cleanups.start("post", post_id, cleanups.clear_post)


def hide(caller: User, post_id: str, note: str | None) -> None:
    """Hide a post and its files. Idempotent. `NotFound`."""
    now, token = clock.now(), ids.new()
    path = posts.post_path(post_id)

    def decide(docs: Docs) -> None:
        post = docs.get(path)
        if post is None:
            raise NotFound
        posts.hide_post(docs, post_id, "admin")
        cleanup_store.order(docs, "post", post_id, post.uid, token, now)

    record = clean_up_path("post", post_id)
    reads = Reads(fresh=[path, posts.state_path(post_id), record])
    caller.commit(path, decide, reads, target=path, details=lambda _none: {"decision": "hide", "note": note})
    cleanups.start("post", post_id, cleanups.clear_post)


def restore(caller: User, post_id: str, note: str | None) -> None:
    """Show a hidden post with its files again, discount its reports, and double what it takes to hide it. Idempotent.

    `NotFound`, `NotPublishable` if a file is missing, `Contention` while the public files are being deleted.
    """
    now, token = clock.now(), ids.new()
    path, creation_path = posts.post_path(post_id), library.creation_path(post_id)

    def begin(docs: Docs) -> community.Copying | None:
        post, creation = docs.get(path), docs.get(creation_path)
        if post is None or creation is None:
            raise NotFound
        if not post.hidden:
            return None
        return community.Copying(creation, cleanup_store.begin_copying(docs, post_id, post.uid, token, now))

    record = clean_up_path("post", post_id)
    copying = caller.commit(path, begin, Reads(fresh=[path, creation_path, record]), target=None)
    if copying is None:
        return
    community.copy_public(copying.creation)

    def finish(docs: Docs) -> None:
        post = docs.get(path)
        if post is None:
            raise NotFound
        if not post.hidden:
            return
        cleanup_store.end_copying(docs, post_id, copying.token)
        posts.show_post(docs, post_id)
        current = reports.moderation(docs.get(posts.moderation_path(post_id)), post_id, post.uid)
        docs.put(posts.moderation_path(post_id), reports.after_restore(current))

    reads = Reads(fresh=[path, posts.state_path(post_id), posts.moderation_path(post_id), record])
    caller.commit(path, finish, reads, target=path, details=lambda _none: {"decision": "restore", "note": note})
    _settle_reports(post_id, now, upheld=False)


def moderate(caller: User, post_id: str, action: rules.ModerationAction, note: str | None) -> None:
    """Apply an administrator's decision about a post, whether it was reported or not. `NotFound`, `NotPublishable`."""
    match action:
        case "hide":
            hide(caller, post_id, note)
            _settle_reports(post_id, clock.now(), upheld=True)
        case "restore":
            restore(caller, post_id, note)
        case "remove":
            community.delete(caller, post_id, decision="remove", note=note)
            _settle_reports(post_id, clock.now(), upheld=True)


def _settle_reports(post_id: str, decided_at: datetime, *, upheld: bool) -> None:
    """Mark the open reports as upheld or overruled, which sets the weight of their authors' next ones.

    Never raises: the decision about the post stands without it.
    """
    try:
        for _ in range(PAGES):
            found = posts.open_report_paths(post_id, PAGE)
            if not found or not _settle_page(post_id, found, decided_at, upheld=upheld):
                return
    except (Contention, Unavailable):
        log.warning("reports_not_settled", postId=post_id)


def _settle_page(post_id: str, paths: Sequence[Path[posts.Report]], decided_at: datetime, *, upheld: bool) -> int:
    """Settle those of these reports that were made before the decision; how many."""
    authors = {path: posts.reporter(path) for path in paths}
    moderation_path = posts.moderation_path(post_id)

    def decide(docs: Docs) -> int:
        settled, later = 0, False
        for path, uid in authors.items():
            given, account = docs.get(path), docs.get(user_path(uid))
            if given is None or given.state != "open":
                continue
            if given.created_at > decided_at:
                later = True
                continue
            settled += 1
            docs.update(path, state="upheld" if upheld else "overruled")
            change_user(docs, uid, decided_at, reports_overruled=reports.overruled(account, upheld))
        if not later and docs.exists(moderation_path):
            docs.update(moderation_path, open_since=None)
        return settled

    users = [user_path(uid) for uid in authors.values()]
    # The decision about the post, which was committed before, has the audit entry.
    by = audit.System("moderatePost")
    return by.commit(moderation_path, decide, Reads(fresh=[moderation_path, *authors, *users]), target=None)
