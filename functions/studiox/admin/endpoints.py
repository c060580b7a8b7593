"""The administrators' callables: corrections, the audit log, search, the moderation queue and the weekly report."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from firebase_functions.scheduler_fn import ScheduledEvent
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from studiox.api.background import schedule
from studiox.api.callables import Admin, Id, Request, RequestId, Response, Text, Uid, endpoint
from studiox.creations.endpoints import MediaItem, media_item
from studiox.kit import audit, clock, config, documents
from studiox.kit.clock import UTC, datetime
from studiox.kit.errors import InvalidRequest, NotFound, RequestIdReused
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.models import users
from studiox.models.jobs import JobStatus, JobType
from studiox.models.ledger import InsufficientTokens
from studiox.models.moderation import Action, DecidedBy, Decision, Kind, ReportReason
from studiox.models.rewards import SocialClaim
from studiox.models.users import PlanId, search_users
from studiox.studio import counter_audit
from studiox.studio.lifecycle import NotCancellable

from . import moderation_queue, report_rules, report_store, service, weekly_report
from .corrections import MAX_ADJUSTMENT

READS = Limit(120, per=60)
WRITES = Limit(60, per=60, in_commit=True)

Reason = Annotated[str, Meta(min_length=1, max_length=500), Text]


class AddTokens(Request, frozen=True):
    uid: Uid
    amount: Annotated[int, Meta(ge=-MAX_ADJUSTMENT, le=MAX_ADJUSTMENT)]
    reason: Reason
    request_id: RequestId


class TokensAdded(Response):
    balance: int


@endpoint(limit=WRITES, refuses=(NotFound, RequestIdReused, InsufficientTokens))
def addTokens(caller: Admin, request: AddTokens) -> TokensAdded:
    """Add bonus tokens to a user, or debit tokens if the amount is negative. Makes a ledger entry."""
    balance = service.add_tokens(caller, request.uid, request.amount, request.reason, request.request_id)
    return TokensAdded(balance=balance)


class SetJobStatus(Request, frozen=True):
    job_id: Id
    status: Literal["failed", "cancelled"]
    reason: Reason


class JobEnded(Response):
    job_id: str
    status: JobStatus
    refunded: int


@endpoint(limit=WRITES, refuses=(NotFound, NotCancellable))
def setJobStatus(caller: Admin, request: SetJobStatus) -> JobEnded:
    """End a pending or processing job with a full refund. A result that arrives later is discarded."""
    job = service.set_job_status(caller, request.job_id, request.status, request.reason)
    return JobEnded(job_id=job.job_id, status=job.status, refunded=job.refunded)


class SetPlan(Request, frozen=True):
    uid: Uid
    plan_id: PlanId
    reason: Reason


class PlanSet(Response):
    uid: str
    plan: PlanId
    is_premium: bool


@endpoint(limit=WRITES, refuses=(NotFound,))
def setPlan(caller: Admin, request: SetPlan) -> PlanSet:
    """Set a user's plan without payment. A later change of a paid subscription sets the plan again."""
    user = service.set_plan(caller, request.uid, request.plan_id, request.reason)
    return PlanSet(uid=request.uid, plan=user.plan, is_premium=user.is_premium)


class SuspendUser(Request, frozen=True):
    uid: Uid
    suspended: bool
    reason: Reason


class UserSuspended(Response):
    uid: str
    suspended: bool


@endpoint(limit=WRITES, refuses=(NotFound,))
def suspendUser(caller: Admin, request: SuspendUser) -> UserSuspended:
    """Suspend a user, who then cannot spend or publish and is signed out everywhere, or lift the suspension.

    The user is told the reason. Their posts are hidden while the suspension lasts.
    """
    user = service.suspend_user(caller, request.uid, request.suspended, request.reason)
    return UserSuspended(uid=request.uid, suspended=user.suspended)


Filter = Annotated[str, Meta(min_length=1, max_length=512)]


class GetAuditLog(Request, frozen=True):
    actor: Filter | None = None
    action: Filter | None = None
    target: Filter | None = None
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class AuditEntry(Response):
    actor: str
    action: str
    target: str
    at: datetime
    details: dict[str, Any]


class AuditLog(Response):
    entries: list[AuditEntry]
    next_cursor: str | None


@endpoint(limit=READS)
def getAuditLog(caller: Admin, request: GetAuditLog) -> AuditLog:
    """List the audit log, newest first. A target is a document path, such as users/{uid} or jobs/{id}."""
    wanted = {"actor": request.actor, "action": request.action, "target": request.target}
    found, cursor = audit.entries(wanted, size=request.page_size, cursor=request.cursor)
    return AuditLog(entries=[AuditEntry(**asdict(entry)) for entry in found], next_cursor=cursor)


class SearchUsers(Request, frozen=True):
    email: Annotated[str, Meta(min_length=3, max_length=320)] | None = None
    uid: Uid | None = None
    plan: PlanId | None = None
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class FoundUser(Response):
    uid: str
    email: str | None
    display_name: str | None
    plan: PlanId
    is_premium: bool
    balance: int
    suspended: bool
    created_at: datetime


class FoundUsers(Response):
    users: list[FoundUser]
    next_cursor: str | None


@endpoint(limit=READS)
def searchUsers(caller: Admin, request: SearchUsers) -> FoundUsers:
    """List accounts, newest first, filtered by exact e-mail address, uid or plan; at most one of them."""
    if sum(given is not None for given in (request.email, request.uid, request.plan)) > 1:
        raise InvalidRequest(fields={"": "at most one of email, uid and plan"})
    found, cursor = search_users(
        email=request.email, uid=request.uid, plan=request.plan, size=request.page_size, cursor=request.cursor
    )
    return FoundUsers(users=[_found(each.id, each.data) for each in found], next_cursor=cursor)


def _found(uid: str, user: users.User) -> FoundUser:
    return FoundUser(
        uid=uid,
        email=user.email,
        display_name=user.display_name,
        plan=user.plan,
        is_premium=user.is_premium,
        balance=user.balance,
        suspended=user.suspended,
        created_at=user.created_at,
    )


QueueKind = Literal["posts", "comments", "appeals", "claims"]


class GetModerationQueue(Request, frozen=True):
    kind: QueueKind = "posts"
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class GivenReport(Response):
    reason: ReportReason
    text: str | None
    created_at: datetime


class DecisionMade(Response):
    """`by`: `reports` if enough reports hid it, `admin` if an administrator decided."""

    action: Action
    by: DecidedBy
    reason: ReportReason
    at: datetime


class ModerationItem(Response):
    """A reported post or comment, an appeal, or a claim of a social task. `uid` is its author, null for a comment of a
    deleted account."""

    kind: QueueKind
    uid: str | None
    post_id: str | UnsetType = UNSET
    comment_id: str | UnsetType = UNSET
    """Of a comment, and of an appeal about one."""
    comment_text: str | UnsetType = UNSET
    reported_at: datetime | UnsetType = UNSET
    """The time of the first open report."""
    hidden: bool | UnsetType = UNSET
    """Also true of a post that was removed."""
    report_count: int | UnsetType = UNSET
    reports: list[GivenReport] | UnsetType = UNSET
    """At most ten reports: those that are open, of an appeal all."""
    type: JobType | UnsetType = UNSET
    model: str | UnsetType = UNSET
    caption: str | UnsetType | None = UNSET
    media: list[MediaItem] | UnsetType = UNSET
    decision: DecisionMade | UnsetType = UNSET
    """What was decided last."""
    appeal_text: str | UnsetType = UNSET
    appealed_at: datetime | UnsetType = UNSET
    task_id: str | UnsetType = UNSET
    tokens: int | UnsetType = UNSET
    proof_url: str | UnsetType = UNSET
    claimed_at: datetime | UnsetType = UNSET


class ModerationQueue(Response):
    items: list[ModerationItem]
    next_cursor: str | None


@endpoint(limit=READS)
def getModerationQueue(caller: Admin, request: GetModerationQueue) -> ModerationQueue:
    """List what awaits a decision, oldest first: reported posts or comments, authors' appeals, or social-task claims
    with their proofs."""
    if request.kind == "claims":
        claims, cursor = moderation_queue.claims(size=request.page_size, cursor=request.cursor)
        return ModerationQueue(items=[_claim(each) for each in claims], next_cursor=cursor)
    found, cursor = moderation_queue.KINDS[request.kind](size=request.page_size, cursor=request.cursor)
    return ModerationQueue(items=[_waiting(request.kind, each) for each in found], next_cursor=cursor)


def _claim(claim: SocialClaim) -> ModerationItem:
    return ModerationItem(
        kind="claims",
        uid=claim.uid,
        task_id=claim.task_id,
        tokens=claim.tokens,
        proof_url=claim.proof_url,
        claimed_at=claim.created_at,
    )


def _waiting(kind: QueueKind, found: moderation_queue.Waiting) -> ModerationItem:
    record, (post, creation, comment), appeal = found.record, found.shown, found.appeal
    decision, about = record.decision, post or creation
    uid = record.uid if comment is None else comment.uid
    return ModerationItem(
        kind=kind,
        uid=uid,
        post_id=record.post_id,
        comment_id=record.comment_id or UNSET,
        comment_text=UNSET if comment is None else comment.text,
        reported_at=record.open_since or UNSET,
        hidden=found.shown.hidden,
        report_count=record.reports,
        reports=[
            GivenReport(reason=report.reason, text=report.text, created_at=report.created_at)
            for report in found.reports
        ],
        type=UNSET if about is None else about.type,
        model=UNSET if about is None else about.model,
        caption=UNSET if post is None else post.caption,
        media=[media_item(item, with_url=True) for item in found.shown.media],
        decision=UNSET if decision is None else _decision(decision),
        appeal_text=UNSET if appeal is None else appeal.text,
        appealed_at=UNSET if appeal is None else appeal.created_at,
    )


def _decision(decision: Decision) -> DecisionMade:
    return DecisionMade(action=decision.action, by=decision.by, reason=decision.reason, at=decision.at)


class GetModerationReport(Request, frozen=True):
    year: Annotated[int, Meta(ge=2000, le=9999)]


class ModerationCount(Response):
    """How often something happened: reports were `made`, `upheld` or `overruled`; posts and comments were
    `hiddenByReports`, and by administrators `hidden`, `removed` or `restored`; appeals were `made`, `upheld` (the
    decision stands) or `overturned`; accounts were `suspended` or `reinstated`, for the reason `other`; prompts and
    posts were `refused` by the check of content, for the reason `other`."""

    kind: Kind
    reason: ReportReason
    outcome: str
    count: int


class ModerationReport(Response):
    year: int
    counts: list[ModerationCount]


@endpoint(limit=READS)
def getModerationReport(caller: Admin, request: GetModerationReport) -> ModerationReport:
    """Count reports, decisions, appeals and suspensions of a year (UTC) by kind, reason and outcome."""
    counts = [ModerationCount(**each) for each in moderation_queue.counts(request.year)]
    return ModerationReport(year=request.year, counts=counts)


@schedule("0 0 * * 1", timeout_s=1_800, memory=512, secrets=[config.APP_SIGNING_KEY])
def weeklyReport(event: ScheduledEvent) -> None:
    """Every Monday at 00:00 UTC: report the week that has just ended, and recount the one before it."""
    start, _ = report_rules.week_before(event.schedule_time)
    weekly_report.run_scheduled(start, at=clock.now())
    counter_audit.audit_week(start - report_rules.WEEK)


class GetWeeklyReports(Request, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=100)] = 12


class WeeklyReports(Response):
    reports: list[dict[str, Any]]


@endpoint(limit=Limit(120, per=60))
def getWeeklyReports(caller: Admin, request: GetWeeklyReports) -> WeeklyReports:
    """List the latest weekly reports, newest first."""
    return WeeklyReports(reports=[documents.encode(report) for report in report_store.latest(request.limit)])


class RunWeeklyReport(Request, frozen=True):
    week_start: Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}-\d{2}\Z")]


class ReportMade(Response):
    report_status: Literal["success"]
    report: dict[str, Any]


@endpoint(limit=Limit(60, per=60), timeout_sec=540, memory=512)
def runWeeklyReport(caller: Admin, request: RunWeeklyReport) -> ReportMade:
    """Make the report of the week that began on this Monday, which may be the current week."""
    start = _monday(request.week_start)
    report = weekly_report.run(start, actor=caller.uid, action="runWeeklyReport", at=clock.now())
    return ReportMade(report_status="success", report=documents.encode(report))


def _monday(text: str) -> datetime:
    """The Monday as a time. `InvalidRequest` unless the text is the date of a Monday that is not in the future."""
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidRequest(fields={"weekStart": "not a date"}) from None
    if day.weekday() != 0 or day > clock.now() or not re.fullmatch(r"20\d\d-.*", text):
        raise InvalidRequest(fields={"weekStart": "must be the date of a Monday, and not in the future"})
    return day
