"""Features, analytics and the songs of a plan, as callables."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ..clock import datetime
from ..endpoint import Id, Reader, Request, RequestId, Response, User, VerifiedUser, endpoint
from ..errors import AccountSuspended, EmailNotVerified, RequestIdReused
from ..limits import Limit
from ..tokens.allowance import Allowance
from ..tokens.ledger import InsufficientTokens
from . import analytics, service


class UseTokens(Request, frozen=True):
    feature: Id
    request_id: RequestId


class TokensUsed(Response):
    spent: int
    balance: int


@endpoint(
    limit=Limit(60, per=60, in_commit=True),
    refuses=(AccountSuspended, EmailNotVerified, InsufficientTokens, RequestIdReused),
)
def useTokens(caller: VerifiedUser, request: UseTokens) -> TokensUsed:
    """Pay for a feature at the catalogue's price."""
    used = service.use_tokens(caller, request.feature, request.request_id)
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
    """The caller's jobs and tokens by UTC day, both dates included: the last 30 days by default, at most 92."""
    found = service.usage_of(caller, request.from_, request.to)
    days = [UsageDay(date=day, jobs=_jobs(each), tokens=_tokens(each)) for day, each in found.days.items()]
    total = UsageTotal(jobs=_jobs(found.total), tokens=_tokens(found.total))
    return UsageAnalytics(from_=found.begin, to=found.end, days=days, total=total, truncated=found.truncated)


def _jobs(figures: analytics.Figures) -> JobFigures:
    return JobFigures(
        total=figures.jobs,
        by_type=dict(figures.by_type),
        by_model=dict(figures.by_model),
        by_status=dict(figures.by_status),
    )


def _tokens(figures: analytics.Figures) -> TokenFigures:
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
    """The plan's songs of the month; null is unlimited. With `consume` a song made outside is counted, if allowed."""
    if request.consume:
        return _allowance(*service.consume_allowance(caller))
    left = service.check_allowance(caller)
    return _allowance(left, left.allowed)


def _allowance(left: Allowance, allowed: bool) -> GenerationAllowance:
    return GenerationAllowance(
        allowed=allowed,
        remaining=left.remaining,
        limit=left.limit,
        resets_at=left.resets_at,
        reason=UNSET if allowed else "AllowanceExceeded",
    )
