"""The callables for balance, ledger, features, allowance and rewards, and the nightly token schedules."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from firebase_functions.scheduler_fn import ScheduledEvent
from msgspec import UNSET, Meta, UnsetType

from studiox.api.background import schedule
from studiox.api.callables import (
    Admin,
    Id,
    Nothing,
    Reader,
    Request,
    RequestId,
    Response,
    Text,
    User,
    VerifiedUser,
    endpoint,
)
from studiox.auth import service as auth_service
from studiox.kit import config
from studiox.kit.clock import datetime
from studiox.kit.errors import AccountSuspended, EmailNotVerified, NotFound, RateLimited, RequestIdReused
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.models import ledger_store
from studiox.models.ledger import Buckets, EntryType, InsufficientTokens, LedgerEntry, RefKind
from studiox.models.rewards import SocialClaim
from studiox.models.users import PlanId

from . import audit, monthly_reset, rewards, rewards_store, social_tasks, usage, usage_analytics, usage_days
from .allowance import Allowance
from .daily_spend import SpendLimitReached

READS = Limit(120, per=60)


class Balance(Response):
    balance: int
    buckets: Buckets
    plan: PlanId
    is_premium: bool
    credit_reset_at: datetime


@endpoint(limit=READS)
def getUserBalance(caller: Reader, request: Nothing) -> Balance:
    """Return the caller's tokens by bucket. Live clients can listen to `users/{uid}` with onSnapshot instead."""
    user = auth_service.account(caller)
    return Balance(
        balance=user.balance,
        buckets=user.buckets,
        plan=user.plan,
        is_premium=user.is_premium,
        credit_reset_at=user.credit_reset_at,
    )


class GetTokenTransactions(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None
    type: EntryType | None = None


class Ref(Response):
    kind: RefKind
    id: str


class Transaction(Response):
    id: str
    seq: int
    type: EntryType
    amount: int
    buckets: Buckets
    balance_after: int
    ref: Ref
    reason: str
    created_at: datetime


class Transactions(Response):
    transactions: list[Transaction]
    next_cursor: str | None


@endpoint(limit=READS)
def getTokenTransactions(caller: Reader, request: GetTokenTransactions) -> Transactions:
    """List the caller's ledger entries, newest first."""
    entries, cursor = ledger_store.list_entries(
        caller.uid, type=request.type, size=request.page_size, cursor=request.cursor
    )
    return Transactions(transactions=[transaction(entry) for entry in entries], next_cursor=cursor)


def transaction(entry: LedgerEntry) -> Transaction:
    return Transaction(
        id=entry.id,
        seq=entry.seq,
        type=entry.type,
        amount=entry.amount,
        buckets=entry.buckets,
        balance_after=entry.balance_after,
        ref=Ref(kind=entry.ref.kind, id=entry.ref.id),
        reason=entry.reason,
        created_at=entry.created_at,
    )


@schedule("30 3 * * *", timeout_s=1_800, secrets=[config.APP_SIGNING_KEY])
def auditLedger(event: ScheduledEvent) -> None:
    """Nightly: check every balance against its ledger and every job against its entries, and report mismatches."""
    audit.audit_ledger()


class UseTokens(Request, frozen=True):
    feature: Id
    request_id: RequestId


class TokensUsed(Response):
    spent: int
    balance: int


@endpoint(
    limit=Limit(60, per=60, in_commit=True),
    refuses=(AccountSuspended, EmailNotVerified, InsufficientTokens, RequestIdReused, SpendLimitReached),
)
def useTokens(caller: VerifiedUser, request: UseTokens) -> TokensUsed:
    """Pay for a feature at the catalogue's price. Repeating a request with the same `requestId` debits once."""
    used = usage.use_tokens(caller, request.feature, request.request_id)
    return TokensUsed(spent=used.spent, balance=used.balance)


Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]


class GetUsageAnalytics(Request, frozen=True):
    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None


class JobFigures(Response):
    total: int
    by_type: dict[str, int]
    by_model: dict[str, int]
    by_status: dict[str, int]


class TokenFigures(Response):
    spent: int
    refunded: int
    earned: int


class UsageTotal(Response):
    jobs: JobFigures
    tokens: TokenFigures


class UsageDay(UsageTotal):
    date: str


class UsageAnalytics(Response):
    from_: str = msgspec.field(name="from")
    to: str
    days: list[UsageDay]
    total: UsageTotal
    truncated: bool


@endpoint(limit=Limit(120, per=60), timeout_sec=60)
def getUsageAnalytics(caller: Reader, request: GetUsageAnalytics) -> UsageAnalytics:
    """Return the caller's jobs and tokens by UTC day, both dates included: the last 30 days by default, at most 92.

    `truncated`: figures are missing, because a day has more than 5,000 jobs or ledger entries, or because the call has
    read enough; then repeat it, and it continues.
    """
    found = usage_days.usage_of(caller.uid, request.from_, request.to)
    days = [UsageDay(date=day, jobs=_jobs(each), tokens=_tokens(each)) for day, each in found.days.items()]
    total = UsageTotal(jobs=_jobs(found.total), tokens=_tokens(found.total))
    return UsageAnalytics(from_=found.begin, to=found.end, days=days, total=total, truncated=found.truncated)


def _jobs(figures: usage_analytics.Figures) -> JobFigures:
    return JobFigures(
        total=figures.jobs,
        by_type=dict(figures.by_type),
        by_model=dict(figures.by_model),
        by_status=dict(figures.by_status),
    )


def _tokens(figures: usage_analytics.Figures) -> TokenFigures:
    return TokenFigures(spent=figures.spent, refunded=figures.refunded, earned=figures.earned)


class CheckGenerationAllowance(Request, frozen=True):
    consume: bool = False


class GenerationAllowance(Response):
    allowed: bool
    remaining: int | None
    limit: int | None
    resets_at: datetime
    reason: Literal["AllowanceExceeded"] | UnsetType = UNSET


@endpoint(limit=Limit(60, per=60), refuses=(AccountSuspended,))
def checkGenerationAllowance(caller: User, request: CheckGenerationAllowance) -> GenerationAllowance:
    """Return the plan's monthly song allowance; null is unlimited. `consume` counts one song, if one is left."""
    if request.consume:
        return _allowance(*usage.consume_allowance(caller))
    left = usage.check_allowance(caller)
    return _allowance(left, left.allowed)


def _allowance(left: Allowance, allowed: bool) -> GenerationAllowance:
    return GenerationAllowance(
        allowed=allowed,
        remaining=left.remaining,
        limit=left.limit,
        resets_at=left.resets_at,
        reason=UNSET if allowed else "AllowanceExceeded",
    )


WRITES = Limit(60, per=60, in_commit=True)


class SocialTaskStatus(Response):
    id: str
    title: str
    tokens: int
    status: social_tasks.Status
    proof_hosts: tuple[str, ...]
    """The hosts that the proof's URL may have; empty: any https URL."""
    note: str | UnsetType = UNSET
    """The administrator's note on the claim."""


class SocialTasks(Response):
    tasks: list[SocialTaskStatus]


@endpoint(limit=Limit(120, per=60))
def getSocialTasks(caller: Reader, request: Nothing) -> SocialTasks:
    """List every task on offer, with the status of the caller's claim."""
    tasks = rewards_store.tasks()
    claims = rewards_store.claims_of(caller.uid, tasks)
    return SocialTasks(tasks=[_task(task, claim) for task, claim in zip(tasks, claims, strict=True)])


def _task(task: social_tasks.SocialTask, claim: SocialClaim | None) -> SocialTaskStatus:
    status: social_tasks.Status = "available" if claim is None else claim.status
    note = (claim.note or UNSET) if claim is not None else UNSET
    return SocialTaskStatus(
        id=task.id, title=task.title, tokens=task.tokens, status=status, proof_hosts=task.hosts, note=note
    )


class SubmitSocialTask(Request, frozen=True):
    task_id: Id
    proof_url: Annotated[str, Meta(min_length=1, max_length=2048), Text]
    request_id: RequestId


class TaskClaimed(Response):
    status: social_tasks.Status
    tokens: int


@endpoint(
    limit=WRITES,
    refuses=(AccountSuspended, EmailNotVerified, RateLimited, RequestIdReused, social_tasks.AlreadyClaimed),
)
def submitSocialTask(caller: VerifiedUser, request: SubmitSocialTask) -> TaskClaimed:
    """Claim a task's tokens with a URL as proof. Most claims wait for an administrator's review."""
    status, tokens = rewards.claim(caller, request.task_id, request.proof_url, request.request_id)
    return TaskClaimed(status=status, tokens=tokens)


class ReviewSocialTask(Request, frozen=True):
    uid: Id
    task_id: Id
    approve: bool
    note: Annotated[str, Meta(min_length=1, max_length=500), Text] | None = None


@endpoint(limit=WRITES, refuses=(NotFound, social_tasks.AlreadyClaimed))
def reviewSocialTask(caller: Admin, request: ReviewSocialTask) -> TaskClaimed:
    """Approve a claim and credit its tokens, or reject it. A rejected task can be claimed again."""
    status, tokens = rewards.review(caller, request.uid, request.task_id, approve=request.approve, note=request.note)
    return TaskClaimed(status=status, tokens=tokens)


class StreakVisited(Response):
    current_streak: int
    longest_streak: int
    last_active_date: str | None
    reward: int


@endpoint(limit=WRITES, refuses=(AccountSuspended, EmailNotVerified))
def updateStreak(caller: VerifiedUser, request: Nothing) -> StreakVisited:
    """Count today's visit, at most once per UTC day. Milestones earn bonus tokens."""
    streak, reward = rewards.visit(caller)
    return StreakVisited(
        current_streak=streak.current,
        longest_streak=streak.longest,
        last_active_date=streak.last_active_date,
        reward=reward,
    )


@schedule("0 2 * * *", timeout_s=1_800, secrets=[config.APP_SIGNING_KEY])
def resetMonthlyTokens(event: ScheduledEvent) -> None:
    """Daily at 02:00 UTC: reset the monthly tokens of users without a paid subscription whose month has ended."""
    monthly_reset.reset_monthly()
