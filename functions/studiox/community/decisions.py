"""What a decision about a post or comment changes beside it, in the same commit: its record, an open appeal, what its
author is told, and the year's counts."""

from __future__ import annotations

from typing import Literal, NamedTuple, Unpack

from msgspec.structs import replace

from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs
from studiox.models import moderation as records
from studiox.models import notifications, posts
from studiox.models.moderation import Decision, Moderation, Subject
from studiox.models.users import change_user, user_path

from . import reports, statements


class Work(NamedTuple):
    """Somebody's post or comment."""

    subject: Subject
    author: str | None
    """None if their account was deleted."""
    text: str
    """The caption or comment."""


def of_post(post: posts.Post) -> Work:
    return Work(Subject(post.post_id), post.uid, post.caption)


def of_comment(post_id: str, comment: posts.Comment) -> Work:
    return Work(Subject(post_id, comment.comment_id), comment.uid, comment.text)


def record_of(docs: Docs, work: Work) -> Moderation:
    return reports.moderation(docs.get(work.subject.moderation_path), work.subject, work.author)


def enforce(docs: Docs, work: Work, record: Moderation, decision: Decision) -> None:
    """Record that a post or comment is hidden or removed.

    An open appeal against a former decision is lost. The author may appeal against this one, unless it only confirms
    the decision that they have appealed against.
    """
    subject, before = work.subject, record.decision
    appeal = _settle_appeal(docs, record, "upheld", decision.at)
    records.count(docs, decision.at, subject.kind, decision.reason, _outcome(decision))
    if appeal is not None and before is not None:
        tell(
            docs,
            appeal.uid,
            "appeal_upheld",
            before.id,
            decision.at,
            post_id=subject.post_id,
            comment_id=subject.comment_id,
            reason=decision.reason,
            words=statements.of_upheld_appeal(subject, work.text, decision.reason),
        )
        if before.action == decision.action:
            decision = replace(decision, id=before.id, appeal_id=before.appeal_id)
            docs.put(subject.moderation_path, replace(record, decision=decision))
            return
    docs.put(subject.moderation_path, replace(record, decision=decision))
    tell(
        docs,
        work.author,
        "content_hidden" if decision.action == "hidden" else "content_removed",
        decision.id,
        decision.at,
        post_id=subject.post_id,
        comment_id=subject.comment_id,
        reason=decision.reason,
        words=statements.of_decision(subject, work.text, decision),
    )


def stands(docs: Docs, record: Moderation, decision: Decision) -> bool:
    """Whether an administrator has decided the same before, and no appeal awaits an answer."""
    before = record.decision
    if before is None or (before.action, before.by) != (decision.action, "admin"):
        return False
    appeal = None if before.appeal_id is None else docs.get(records.APPEALS.document(before.appeal_id))
    return appeal is None or appeal.status != "open"


def hide_comment(docs: Docs, post: posts.Post, comment: posts.Comment, decision: Decision) -> None:
    """Take a comment from its post, and the notification about it from the post's author."""
    posts.hide_comment(docs, post, comment, decision.by, decision.at)
    notifications.withdraw(docs, post.uid, "post_commented", comment.comment_id)


def _outcome(decision: Decision) -> str:
    return "hiddenByReports" if decision.by == "reports" else decision.action


def hide_for_suspension(docs: Docs, post: posts.Post) -> None:
    """Hide a post until its author's suspension ends."""
    path = Subject(post.post_id).moderation_path
    posts.hide_post(docs, post.post_id, "suspension")
    docs.put(path, replace(record_of(docs, of_post(post)), suspended=True))


def is_suspended(docs: Docs, uid: str) -> bool:
    user = docs.get(user_path(uid))
    return user is not None and user.suspended


def lift(docs: Docs, work: Work, record: Moderation, token: str, now: datetime, *, suspended: bool = False) -> None:
    """Record that a decision no longer stands. An open appeal against it is won. `token`: an id of this call;
    `suspended`: the author's suspension hides it still."""
    subject, before = work.subject, record.decision
    appeal = _settle_appeal(docs, record, "overturned", now)
    reason = reports.main_reason(record) if before is None else before.reason
    docs.put(subject.moderation_path, reports.after_restore(record))
    records.count(docs, now, subject.kind, reason, "restored")
    published = before is None or before.action == "hidden" or subject.comment_id is not None
    tell(
        docs,
        work.author,
        "content_restored",
        token if before is None else before.id,
        now,
        post_id=subject.post_id,
        comment_id=subject.comment_id,
        reason=reason,
        words=statements.of_restore(
            subject, work.text, appealed=appeal is not None, published=published, suspended=suspended
        ),
    )


def dismiss(docs: Docs, subject: Subject, record: Moderation) -> None:
    """Discount the reports of something that is not hidden."""
    docs.put(subject.moderation_path, reports.after_restore(record))


def _settle_appeal(
    docs: Docs, record: Moderation, status: Literal["upheld", "overturned"], now: datetime
) -> records.Appeal | None:
    """The open appeal against what was decided last, which this settles; None if there is none."""
    if record.decision is None or record.decision.appeal_id is None:
        return None
    path = records.APPEALS.document(record.decision.appeal_id)
    appeal = docs.get(path)
    if appeal is None or appeal.status != "open":
        return None
    docs.update(path, status=status, open_since=None, settled_at=now)
    records.count(docs, now, "appeals", record.decision.reason, status)
    return appeal


def settle_report(docs: Docs, subject: Subject, report: records.Report, *, upheld: bool, now: datetime) -> None:
    """Mark a report as decided, and tell its author what came of it. That happens once."""
    docs.update(subject.report_path(report.uid), state="upheld" if upheld else "overruled")
    outcome: records.Outcome = "upheld" if upheld else "overruled"
    records.count(docs, now, "reports", report.reason, outcome)
    tell(
        docs,
        report.uid,
        "report_decided",
        subject.key,
        now,
        post_id=subject.post_id,
        comment_id=subject.comment_id,
        reason=report.reason,
        outcome=outcome,
        words=statements.of_report(subject, upheld=upheld),
    )


def tell(
    docs: Docs,
    uid: str | None,
    type_: notifications.Type,
    cause: str,
    now: datetime,
    words: notifications.Words,
    **about: Unpack[notifications.About],
) -> None:
    """Notify a person whose account exists. The account is written too: its deletion cannot end meanwhile."""
    account = None if uid is None else docs.get(user_path(uid))
    if uid is None or account is None:
        return
    change_user(docs, uid, now)
    if not account.closing:
        notifications.add(docs, uid, type_, cause, now, words, **about)
