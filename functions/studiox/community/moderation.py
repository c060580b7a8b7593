"""Reports and administrators' decisions. A post is hidden and restored together with its public files.

A hidden comment is moved out of its post's comments, so that no query of a client finds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from studiox.models import moderation as records
from studiox.models import posts
from studiox.models.deletions import clean_up_path
from studiox.models.moderation import Decision, ReportReason, Subject
from studiox.models.users import change_user, user_path

from . import decisions, publishing, reports, rules
from . import service as community

PAGE = 80
"""Reports settled in one commit: each writes the report, its author, a notification and perhaps an e-mail."""
PAGES = 7
"""Commits in one call."""


class _Reported(NamedTuple):
    """What a new report did."""

    reports: int
    """The reports of the post or comment, with this one."""
    hides: bool


def report(caller: User, subject: Subject, reason: ReportReason, text: str | None) -> None:
    """Report a post or comment, once per user. REPORTS_TO_HIDE ordinary reports hide it. `NotFound`."""
    now, token = clock.now(), ids.new()
    path, report_path = posts.path_of(subject), subject.report_path(caller.uid)
    enough, strict = config.REPORTS_TO_HIDE.value, config.REQUIRE_VERIFIED_EMAIL.value
    has_made = strict and library.has_any(caller.uid)

    def decide(docs: Docs) -> _Reported:
        reporter = docs.get(user_path(caller.uid))
        if docs.exists(report_path):
            return _Reported(0, hides=False)
        post = posts.visible_post(docs, subject.post_id)
        comment = _comment(docs, subject)
        given = records.Report(
            post_id=subject.post_id,
            comment_id=subject.comment_id,
            uid=caller.uid,
            reason=reason,
            text=text,
            created_at=now,
            points=reports.points(reporter, strict=strict, has_made=has_made, now=now),
            state="open",
        )
        work = decisions.of_post(post) if comment is None else decisions.of_comment(post.post_id, comment)
        current = decisions.record_of(docs, work)
        after = reports.after_report(current, given)
        posts.add_report(docs, given, after)
        records.count(docs, now, "reports", reason, "made")
        if after.points < reports.points_to_hide(enough, after.restores):
            return _Reported(after.reports, hides=False)
        made = Decision(id=token, action="hidden", by="reports", reason=reports.main_reason(after), at=now)
        decisions.enforce(docs, work, after, made)
        if comment is None:
            posts.hide_post(docs, post.post_id, "reports")
            cleanup_store.order(docs, "post", post.post_id, post.uid, token, now)
        else:
            decisions.hide_comment(docs, post, comment, made)
        return _Reported(after.reports, hides=True)

    def details(made: _Reported) -> dict[str, object]:
        return {"reason": reason, "reports": made.reports}

    reads: list[str] = [posts.post_path(subject.post_id), posts.state_path(subject.post_id)]
    reads += [subject.moderation_path, report_path, *([path] if subject.comment_id else [])]
    hides = caller.commit(reads[0], decide, Reads(fresh=reads), target=path, details=details).hides
    if hides and subject.comment_id is None:
        cleanups.start("post", subject.post_id, cleanups.clear_post)


def _comment(docs: Docs, subject: Subject) -> posts.Comment | None:
    """The comment that it is about, unless it is hidden; None for a post. `NotFound`."""
    if subject.comment_id is None:
        return None
    comment = docs.get(posts.comment_path(subject.post_id, subject.comment_id))
    if comment is None:
        raise NotFound
    return comment


def hide(caller: User, post_id: str, reason: ReportReason | None, note: str | None) -> None:
    """Hide a post and its files. Idempotent. `NotFound`."""
    now, token = clock.now(), ids.new()
    path, subject = posts.post_path(post_id), Subject(post_id)

    def decide(docs: Docs) -> ReportReason:
        post = docs.get(path)
        if post is None:
            raise NotFound
        work = decisions.of_post(post)
        record = decisions.record_of(docs, work)
        made = Decision(id=token, action="hidden", by="admin", reason=reason or reports.main_reason(record), at=now)
        if not (post.is_hidden and decisions.stands(docs, record, made)):
            decisions.enforce(docs, work, record, made)
        posts.hide_post(docs, post_id, "admin")
        cleanup_store.order(docs, "post", post_id, post.uid, token, now)
        return made.reason

    record = clean_up_path("post", post_id)
    reads = Reads(fresh=[path, posts.state_path(post_id), subject.moderation_path, record])
    caller.commit(path, decide, reads, target=path, details=lambda given: _details("hide", given, note))
    cleanups.start("post", post_id, cleanups.clear_post)


def _details(decision: rules.ModerationAction, reason: str | None, note: str | None) -> Mapping[str, object]:
    """What the audit log says of a decision."""
    return {"decision": decision, "note": note, **({} if reason is None else {"reason": reason})}


def restore(caller: User, post_id: str, note: str | None) -> None:
    """Show a hidden post with its files again, discount its reports, and double what it takes to hide it. Idempotent.

    Reports of a post that is not hidden are discounted too. A post that was removed may be published again.
    `NotFound`, `NotPublishable` if a file is missing, `Contention` while the public files are being deleted.
    """
    now, token = clock.now(), ids.new()
    path, creation_path, subject = posts.post_path(post_id), library.creation_path(post_id), Subject(post_id)

    def begin(docs: Docs) -> publishing.Copying | None:
        post, creation = docs.get(path), docs.get(creation_path)
        if creation is None:
            raise NotFound
        work = decisions.Work(subject, creation.uid, creation.title)
        record = decisions.record_of(docs, work)
        if post is not None and post.is_hidden:
            if decisions.is_suspended(docs, post.uid):
                _leave_to_suspension(docs, post, token, now)
                return None
            return publishing.announce(docs, creation, token, now)
        if post is not None and record.open_since is not None:
            decisions.dismiss(docs, subject, record)
            docs.update(posts.state_path(post_id), reports=0)
        elif post is None and creation.moderated:
            library.change_creation(docs, post_id, now, moderated=False)
            decisions.lift(docs, work, record, token, now)
        elif post is None and not record.restores:
            raise NotFound
        return None

    def details(copying: publishing.Copying | None) -> Mapping[str, object] | None:
        return None if copying else {"decision": "restore", "note": note}

    record = clean_up_path("post", post_id)
    reads = Reads(fresh=[path, creation_path, record, subject.moderation_path, posts.state_path(post_id)])
    copying = caller.commit(path, begin, reads, target=path, details=details)
    if copying is not None:
        publishing.copy_public(copying.creation)
        _finish_restore(caller, post_id, copying.token, token, note)
    settle(subject, now, upheld=False)


def _finish_restore(caller: User, post_id: str, copying: str, token: str, note: str | None) -> None:
    now = clock.now()
    path, subject = posts.post_path(post_id), Subject(post_id)

    def finish(docs: Docs) -> None:
        post = docs.get(path)
        if post is None:
            raise NotFound
        if not post.is_hidden:
            return
        if decisions.is_suspended(docs, post.uid):
            _leave_to_suspension(docs, post, token, now)
            return
        cleanup_store.end_copying(docs, post_id, copying)
        posts.show_post(docs, post)
        work = decisions.of_post(post)
        decisions.lift(docs, work, decisions.record_of(docs, work), token, now)

    record = clean_up_path("post", post_id)
    reads = Reads(fresh=[path, posts.state_path(post_id), subject.moderation_path, record])
    caller.commit(path, finish, reads, target=path, details=lambda _none: {"decision": "restore", "note": note})


def _leave_to_suspension(docs: Docs, post: posts.Post, token: str, now: datetime) -> None:
    """End what was decided about a post whose author is suspended: it stays hidden until the suspension ends."""
    state = docs.get(posts.state_path(post.post_id))
    if state is None or state.hidden_by == "suspension":
        return
    work = decisions.of_post(post)
    decisions.lift(docs, work, decisions.record_of(docs, work), token, now, suspended=True)
    docs.update(posts.state_path(post.post_id), reports=0)
    decisions.hide_for_suspension(docs, post)


def moderate(
    caller: User, subject: Subject, action: rules.ModerationAction, reason: ReportReason | None, note: str | None
) -> None:
    """Apply an administrator's decision, whether there were reports or not. `NotFound`, `NotPublishable`."""
    if subject.comment_id is not None:
        _moderate_comment(caller, subject, action, reason, note)
        settle(subject, clock.now(), upheld=action != "restore")
        return
    match action:
        case "hide":
            hide(caller, subject.post_id, reason, note)
            settle(subject, clock.now(), upheld=True)
        case "restore":
            restore(caller, subject.post_id, note)
        case "remove":
            community.delete(caller, subject.post_id, reason, decision="remove", note=note)
            settle(subject, clock.now(), upheld=True)


def _moderate_comment(
    caller: User, subject: Subject, action: rules.ModerationAction, reason: ReportReason | None, note: str | None
) -> None:
    """Hide, restore or remove a comment. A removed one is kept, unseen, so that its author can appeal. `NotFound`."""
    now, token = clock.now(), ids.new()
    post_id, comment_id = subject.post_id, str(subject.comment_id)
    post_path, path = posts.post_path(post_id), posts.comment_path(post_id, comment_id)
    hidden_path = posts.hidden_comment_path(post_id, comment_id)

    def decide(docs: Docs) -> ReportReason | None:
        post, shown, hidden = docs.get(post_path), docs.get(path), docs.get(hidden_path)
        comment = shown or hidden
        if post is None or comment is None:
            raise NotFound
        work = decisions.of_comment(post_id, comment)
        record = decisions.record_of(docs, work)
        if action == "restore":
            if hidden is not None:
                posts.show_comment(docs, post, hidden)
                decisions.lift(docs, work, record, token, now)
            elif record.open_since is not None:
                decisions.dismiss(docs, subject, record)
            return None
        done: records.Action = "hidden" if action == "hide" else "removed"
        made = Decision(id=token, action=done, by="admin", reason=reason or reports.main_reason(record), at=now)
        if hidden is None or not decisions.stands(docs, record, made):
            decisions.enforce(docs, work, record, made)
        if shown is not None:
            decisions.hide_comment(docs, post, shown, made)
        else:
            docs.update(hidden_path, hidden_by="admin")
        return made.reason

    reads = Reads(fresh=[post_path, path, hidden_path, subject.moderation_path])
    caller.commit(post_path, decide, reads, target=path, details=lambda given: _details(action, given, note))


def settle(subject: Subject, decided_at: datetime, *, upheld: bool) -> None:
    """Mark the open reports as upheld or overruled, which sets the weight of their authors' next ones, and tell them.

    Never raises: the decision stands without it. What is left waits in the queue for the next decision.
    """
    try:
        for _ in range(PAGES):
            found = records.open_report_paths(subject, PAGE)
            if not found or not _settle_page(subject, found, decided_at, upheld=upheld):
                return
    except (Contention, Unavailable):
        log.warning("reports_not_settled", postId=subject.post_id)


def _settle_page(subject: Subject, paths: Sequence[Path[records.Report]], decided_at: datetime, *, upheld: bool) -> int:
    """Settle those of these reports that were made before the decision; how many."""
    authors = {path: subject.reporter(path) for path in paths}
    moderation_path = subject.moderation_path

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
            change_user(docs, uid, decided_at, reports_overruled=reports.overruled(account, upheld))
            decisions.settle_report(docs, subject, given, upheld=upheld, now=decided_at)
        if not later and docs.exists(moderation_path):
            docs.update(moderation_path, open_since=None)
        return settled

    users = [user_path(uid) for uid in authors.values()]
    # The decision about the post, which was committed before, has the audit entry.
    by = audit.System("moderatePost")
    return by.commit(moderation_path, decide, Reads(fresh=[moderation_path, *authors, *users]), target=None)
