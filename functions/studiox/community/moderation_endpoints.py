"""The callables of moderation: reports, appeals and administrators' decisions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from studiox.api.callables import Admin, Id, RequestId, Response, Text, User, VerifiedUser, endpoint
from studiox.kit.errors import AccountSuspended, EmailNotVerified, NotFound, RequestIdReused
from studiox.models.moderation import ReportReason, Subject
from studiox.models.ratings import Rating

from . import appeals, moderation, ratings, rules
from .endpoints import WRITES, CommentRef, PostRef


class ReportPost(PostRef, frozen=True):
    reason: ReportReason
    text: Annotated[str, Meta(max_length=2000), Text] | None = None


class Reported(Response):
    reported: bool


@endpoint(limit=WRITES, refuses=(AccountSuspended, EmailNotVerified, NotFound))
def reportPost(caller: VerifiedUser, request: ReportPost) -> Reported:
    """Report a post, once per user. Enough reports hide it until an administrator has decided."""
    moderation.report(caller, Subject(request.post_id), request.reason, request.text)
    return Reported(reported=True)


class ReportComment(CommentRef, frozen=True):
    reason: ReportReason
    text: Annotated[str, Meta(max_length=2000), Text] | None = None


@endpoint(limit=WRITES, refuses=(AccountSuspended, EmailNotVerified, NotFound))
def reportComment(caller: VerifiedUser, request: ReportComment) -> Reported:
    """Report a comment, once per user. Enough reports hide it until an administrator has decided."""
    moderation.report(caller, Subject(request.post_id, request.comment_id), request.reason, request.text)
    return Reported(reported=True)


class AppealModeration(PostRef, frozen=True):
    text: Annotated[str, Meta(min_length=1, max_length=2000), Text]
    request_id: RequestId
    comment_id: Id | None = None


class Appealed(Response):
    status: appeals.Status


@endpoint(limit=WRITES, refuses=(NotFound, RequestIdReused, appeals.AlreadyAppealed, appeals.NothingToAppeal))
def appealModeration(caller: User, request: AppealModeration) -> Appealed:
    """Appeal against the hiding or removal of the caller's post, or of their comment on the post; once per decision.

    An administrator's next decision settles it (`upheld`: our decision stands), and the caller is notified.
    """
    subject = Subject(request.post_id, request.comment_id)
    return Appealed(status=appeals.appeal(caller, subject, request.text, request.request_id))


class ModeratePost(PostRef, frozen=True):
    action: rules.ModerationAction
    comment_id: Id | None = None
    reason: ReportReason | None = None
    rating: Rating | None = None
    note: Annotated[str, Meta(max_length=1000), Text] | None = None


class Moderated(Response):
    post_id: str
    action: rules.ModerationAction


@endpoint(limit=WRITES, refuses=(NotFound, rules.NotPublishable))
def moderatePost(caller: Admin, request: ModeratePost) -> Moderated:
    """Hide a post, restore it with its files, or remove it permanently; with `commentId` a comment on it. Or `rate` a
    post, up or down.

    The author is told the action and the reason (of most reports, if none is given), and whoever reported it what came
    of that. An open appeal is settled: overturned by `restore`, else upheld. Only the audit log has the note.
    """
    subject = Subject(request.post_id, request.comment_id)
    if request.action == "rate":
        ratings.rate(caller, subject, request.rating, request.note)
    else:
        moderation.moderate(caller, subject, request.action, request.reason, request.note)
    return Moderated(post_id=request.post_id, action=request.action)
