"""The studio's callables, task and schedule."""

from __future__ import annotations

from typing import Annotated, Any

from firebase_functions import https_fn
from firebase_functions.scheduler_fn import ScheduledEvent
from msgspec import UNSET, Meta, UnsetType

from studiox.api.background import schedule, task
from studiox.api.callables import (
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
    plain_text,
    present,
)
from studiox.catalog.catalog import PlanRequired, PriceChanged
from studiox.content_check import service as content_check
from studiox.creations.endpoints import MediaItem, media_item
from studiox.deletions import service as deletions
from studiox.integrations.providers import specs
from studiox.kit import config, ids, log, rate_limits
from studiox.kit.clock import datetime
from studiox.kit.errors import (
    AccountSuspended,
    EmailNotVerified,
    NotFound,
    RateLimited,
    RequestIdReused,
)
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.models import jobs
from studiox.models.jobs import FailureReason, JobStatus, JobType, WaitReason
from studiox.models.ledger import InsufficientTokens
from studiox.tokens.allowance import AllowanceExceeded
from studiox.tokens.daily_spend import SpendLimitReached

from . import dispatch, job_store, lifecycle, orders, polling, quotes, service
from .options_endpoints import READS, TypicalSeconds, seconds

ORDERS = Limit(30, per=60, in_commit=True)
MAX_CALLBACK_BYTES = 1 << 20


OptionText = Annotated[str, Meta(min_length=1, max_length=5_000), Text]  # long enough for lyrics
ShortText = Annotated[str, Meta(min_length=1, max_length=100), Text]


class QuoteStudioJob(Request, frozen=True):
    type: JobType
    model: ShortText
    prompt: Annotated[str, Meta(min_length=1, max_length=10_000), Text]
    negative_prompt: Annotated[str, Meta(min_length=1, max_length=2_000), Text] | None = None
    style: ShortText | None = None
    color: ShortText | None = None
    size: ShortText | None = None
    aspect_ratio: ShortText | None = None
    duration_seconds: Annotated[int, Meta(ge=1, le=3600)] | None = None
    input_paths: Annotated[list[Annotated[str, Meta(min_length=1, max_length=512)]], Meta(max_length=10)] | None = None
    options: Annotated[dict[ShortText, bool | int | OptionText], Meta(max_length=20)] | None = None
    session_id: Id | None = None


class CreateStudioJob(QuoteStudioJob, frozen=True, kw_only=True):
    request_id: RequestId
    max_price: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None


class JobCreated(Response):
    job_id: str
    status: JobStatus
    price: int
    balance: int
    session_id: str


_INPUTS = {
    "prompt": "prompt",
    "negative_prompt": "negativePrompt",
    "style": "style",
    "color": "color",
    "size": "size",
    "aspect_ratio": "aspectRatio",
    "duration_seconds": "durationSeconds",
    "input_paths": "inputPaths",
}


def _given(request: QuoteStudioJob) -> dict[str, Any]:
    """The inputs that the request sets, by their wire names."""
    named = {wire: getattr(request, field) for field, wire in _INPUTS.items()}
    given = {name: value for name, value in named.items() if value is not None and value != []}
    for name, value in (request.options or {}).items():
        given[f"options.{name}"] = plain_text("options", value) if isinstance(value, str) else value
    return given


@endpoint(
    limit=ORDERS,
    consume_app_check=True,
    secrets=specs.SECRETS,
    refuses=(
        AccountSuspended,
        EmailNotVerified,
        InsufficientTokens,
        SpendLimitReached,
        PlanRequired,
        PriceChanged,
        RequestIdReused,
        NotFound,
        AllowanceExceeded,
        content_check.ContentRejected,
        lifecycle.TooManyJobs,
        lifecycle.ProviderRejected,
        lifecycle.ProviderUnavailable,
    ),
    timeout_sec=120,  # a synchronous provider can take most of a minute
)
def createStudioJob(caller: VerifiedUser, request: CreateStudioJob) -> JobCreated:
    """Debit the model's price and start the generation.

    Repeating a request with the same `requestId` returns the same job and debits once. A failed job is refunded.
    """
    new = orders.NewJob(
        request_id=request.request_id,
        type=request.type,
        model=request.model,
        given=_given(request),
        session_id=request.session_id,
        max_price=request.max_price,
    )
    job, balance, _ = service.create_job(caller, new)
    return JobCreated(job_id=job.job_id, status=job.status, price=job.price, balance=balance, session_id=job.session_id)


class Takes(Response):
    monthly: int
    bonus: int
    purchased: int


class QuoteRefusal(Response):
    """The reason and the details of the error that the order would answer."""

    reason: str
    details: dict[str, Any]


class Quote(Response):
    price: int
    takes: Takes
    balance: int
    balance_after: int
    refusal: QuoteRefusal | UnsetType = UNSET
    typical_seconds: TypicalSeconds | UnsetType = UNSET


@endpoint(limit=READS)
def quoteStudioJob(caller: Reader, request: QuoteStudioJob) -> Quote:
    """Return what `createStudioJob` would debit now, or why it would refuse. Nothing is debited or held.

    An order that would be refused takes nothing. Malformed inputs are an error, as in `createStudioJob`. The content is
    not checked, so a quote never says `ContentRejected`.
    """
    new = orders.NewJob(
        request_id="",
        type=request.type,
        model=request.model,
        given=_given(request),
        session_id=request.session_id,
    )
    return _quote(quotes.quote(caller, new, rate_limits.charge("createStudioJob", caller.uid, ORDERS)))


def _quote(quote: quotes.Quote) -> Quote:
    refusal = quote.refusal
    return Quote(
        price=quote.price,
        takes=Takes(monthly=quote.taken.monthly, bonus=quote.taken.bonus, purchased=quote.taken.purchased),
        balance=quote.balance,
        balance_after=quote.balance_after,
        refusal=UNSET if refusal is None else QuoteRefusal(reason=refusal.reason, details=refusal.as_details()),
        typical_seconds=seconds(quote.typical),
    )


class JobError(Response):
    reason: FailureReason
    message: str


class JobWait(Response):
    """Why a job makes no progress, and how many attempts have failed.

    `provider_busy`: the provider does not take it now, so it is sent again. `answer_lost`: the provider may be working
    on it, and it is refunded if no result comes in time. `saving_failed`: the result is saved again soon.
    """

    reason: WaitReason
    attempts: int


class Job(Response):
    job_id: str
    status: JobStatus
    progress: int
    type: JobType
    model: str
    price: int
    refunded: int
    session_id: str
    media: list[MediaItem]
    created_at: datetime
    creation_id: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    error: JobError | UnsetType = UNSET
    started_at: datetime | UnsetType = UNSET
    completed_at: datetime | UnsetType = UNSET
    sources: list[str] | UnsetType = UNSET
    wait: JobWait | UnsetType = UNSET


def _job(job: jobs.Job, *, with_url: bool) -> Job:
    return Job(
        job_id=job.job_id,
        status=job.status,
        progress=job.progress,
        type=job.type,
        model=job.model,
        price=job.price,
        refunded=job.refunded,
        session_id=job.session_id,
        media=[media_item(item, with_url=with_url) for item in job.media],
        created_at=job.created_at,
        creation_id=present(job.creation_id),
        text=present(job.text),
        error=UNSET if job.error is None else JobError(reason=job.error.reason, message=job.error.message),
        started_at=present(job.started_at),
        completed_at=present(job.completed_at),
        sources=present(job.sources),
        wait=UNSET if job.wait is None else JobWait(reason=job.wait.reason, attempts=job.wait.attempts),
    )


class JobRef(Request, frozen=True):
    job_id: Id


@endpoint(limit=Limit(240, per=60), secrets=specs.SECRETS, refuses=(NotFound,), timeout_sec=120)
def getJobStatus(caller: Reader, request: JobRef) -> Job:
    """Return a job's status and media. Polls the provider if a poll is due, and stores small media at once."""
    job, _ = job_store.owned_job(caller.uid, request.job_id)
    if not job.is_terminal:
        job = polling.advance(request.job_id, action="getJobStatus", inline=True) or job
    return _job(job, with_url=True)


class ListStudioJobs(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None
    status: JobStatus | None = None
    type: JobType | None = None


class Jobs(Response):
    jobs: list[Job]
    next_cursor: str | None


@endpoint(limit=READS)
def listStudioJobs(caller: Reader, request: ListStudioJobs) -> Jobs:
    """List the caller's jobs, newest first. Media have paths and no signed URLs."""
    found, cursor = job_store.list_jobs(
        caller.uid, status=request.status, type=request.type, size=request.page_size, cursor=request.cursor
    )
    return Jobs(jobs=[_job(each.data, with_url=False) for each in found], next_cursor=cursor)


class JobStats(Response):
    total: int
    by_status: dict[str, int]
    by_type: dict[str, int]
    tokens_spent: int
    tokens_refunded: int


@endpoint(limit=READS)
def getJobStats(caller: Reader, request: Nothing) -> JobStats:
    """Count the caller's jobs by status and by type, with the tokens spent and refunded."""
    by_status, by_type, spent, refunded = job_store.totals(caller.uid)
    return JobStats(
        total=sum(by_status.values()),
        by_status=by_status,
        by_type=by_type,
        tokens_spent=spent,
        tokens_refunded=refunded,
    )


class JobCancelled(Response):
    job_id: str
    status: JobStatus
    refunded: int


@endpoint(limit=Limit(60, per=60, in_commit=True), refuses=(NotFound, lifecycle.NotCancellable, RateLimited))
def cancelStudioJob(caller: User, request: JobRef) -> JobCancelled:
    """Cancel a pending or processing job with a full refund. A result that arrives later is discarded."""
    job = service.cancel_job(caller, request.job_id)
    return JobCancelled(job_id=job.job_id, status=job.status, refunded=job.refunded)


# Each job has several tasks, which mostly wait for the provider and for media: they share a CPU.
@task(secrets=[config.APP_SIGNING_KEY, *specs.SECRETS], **config.OFTEN)
def settleStudioJob(request: https_fn.CallableRequest[Any]) -> None:
    """Advance one job, and enqueue this task again until the job has ended. Malformed data is logged and dropped."""
    data = request.data if isinstance(request.data, dict) else {}
    job_id = data.get("jobId")
    if not isinstance(job_id, str) or not ids.is_id(job_id):
        log.warning("task_malformed", function="settleStudioJob")
        return
    job = polling.advance(job_id, action="settleStudioJob", hint=data.get("hint") is True)
    if job is not None:
        polling.watch(job)


@schedule("* * * * *", timeout_s=120, retries=0, secrets=[config.APP_SIGNING_KEY, *specs.SECRETS])
def dispatchStudioJobs(event: ScheduledEvent) -> None:
    """Every minute: submit waiting jobs, end overdue jobs, enqueue polls of the rest, and resume deletions."""
    dispatch.dispatch()
    deletions.resume()
