"""Jobs: `jobs/{id}`, which the owner can read, and `jobs/{id}/private/state`, which no client can read.

Also what is noted about jobs: `providerLosses/{jobId}` and `lyricGenerationErrors/{jobId}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from msgspec import UNSET, UnsetType, field
from msgspec.structs import replace

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, MalformedDocument, Path, Stored
from studiox.kit.transaction import Docs

from .ledger import Buckets
from .media_files import MediaFile
from .ratings import Rating

JobType = Literal["image", "edit", "video", "music", "speech", "analysis", "lyrics"]
JobStatus = Literal["pending", "processing", "completed", "failed", "cancelled"]
TERMINAL: tuple[JobStatus, ...] = ("completed", "failed", "cancelled")
FailureReason = Literal[
    "GenerationFailed", "ContentRejected", "InvalidInput", "InputMissing", "ProviderUnavailable", "TimedOut",
    "MediaFailed",
]  # fmt: skip
WaitReason = Literal["provider_busy", "answer_lost", "saving_failed"]
Submission = Literal["sending", "waiting", "sent", "unknown"]
FirstAnswer = Literal["", "pending", "processing", "completed", "failed", "ProviderRejected", "ProviderUnavailable"]


class JobError(Stored, frozen=True, kw_only=True):
    """Why a job failed: the reason, and a sentence for its owner."""

    reason: FailureReason
    message: str


class JobWait(Stored, frozen=True, kw_only=True):
    """Why a job makes no progress, for its owner."""

    reason: WaitReason
    """`provider_busy`: the provider does not take it now, so it is sent again. `answer_lost`: the provider may be
    working on it, and it is refunded at the deadline if no result comes. `saving_failed`: the result is saved again
    soon."""
    attempts: int
    """How many have failed."""


class Job(Stored, frozen=True, kw_only=True):
    """`jobs/{id}`. Written by the studio alone."""

    job_id: str
    uid: str
    type: JobType
    model: str
    """The catalogue's id of the model."""
    status: JobStatus
    progress: int
    """0 to 99 while it runs, 100 when it has completed."""
    price: int
    """The debited tokens."""
    refunded: int
    """The refunded tokens: the whole price, or the part for missing outputs."""
    session_id: str
    params: dict[str, Any]
    """The inputs by the catalogue's names, as `prompt`, `size` or `options.tempo`."""
    media: list[MediaFile]
    """Its files; empty until it has completed, and after its creation was deleted."""
    created_at: datetime
    updated_at: datetime
    deadline_at: datetime | None = None
    """The time by which it must have ended. This and the next two are absent once the job needs no further work."""
    next_poll_at: datetime | None = None
    """The time of the next poll."""
    next_attempt_at: datetime | None = None
    """The time of the next submission, only while it waits for its provider."""
    wait: JobWait | None = None
    """Absent while it is not held up."""
    started_at: datetime | None = None
    """The time when the provider accepted it."""
    completed_at: datetime | None = None
    """The time when it completed, failed or was cancelled."""
    error: JobError | None = None
    """The failure of a failed job; absent if an administrator ended it."""
    text: str | None = None
    """The text that it wrote: lyrics, or an analysis."""
    title: str | None = None
    creation_id: str | None = None
    """Its entry in the owner's library, until that is deleted."""
    sources: list[str] | None = None
    """The owner's creations whose files are among its inputs; absent if there are none. They may have been deleted."""
    rating: Rating = "general"
    """The highest one of its prompt, its sources and its session."""

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL


class Lease(Stored, frozen=True, kw_only=True):
    """The right to store a job's media. A lease without a holder is a pause before the next attempt."""

    holder: str
    until: datetime


class JobState(Stored, frozen=True, kw_only=True):
    """`jobs/{id}/private/state`: the provider's task and the money's origin. Written by the studio alone."""

    uid: str
    request_hash: str
    """The hash of the request that ordered the job. A replay must have the same hash."""
    provider: str
    provider_model: str
    """The provider's own name of the model."""
    inputs: dict[str, Any]
    paid_from: Buckets
    """The tokens debited from each bucket."""
    balance_after: int
    """The owner's balance after the debit."""
    submission: Submission
    """`sending`: a call is submitting it. `waiting`: for another attempt. `unknown`: the provider's answer was lost."""
    sender: str
    """The id of the call that submits it, or was the last one to."""
    sending_since: datetime
    outputs: int
    """The guaranteed number of files; 0 if the catalogue does not specify it."""
    attempts: int
    """The number of submissions that the provider did not accept temporarily."""
    task_id: str
    """The id of the provider's task, empty until it is known."""
    polls: int
    media_attempts: int
    """The number of failed attempts to store the media."""
    deferred: bool
    """Whether the media are too large to store in a client's call, so that the task stores them."""
    holds_place: bool
    """Cancelled, and still counted among the owner's running jobs because the provider may be working on it."""
    answer: FirstAnswer
    """The ordering call's answer, so that a replay answers the same; empty until it is known."""
    cost_micro_usd: int
    """The cost to us in millionths of a dollar: the expected cost, then the provider's charge once it is known."""
    paid_tokens: int | None = None
    """The paid tokens of its price. This and the next three are absent from older jobs."""
    unpaid: bool | None = None
    """Whether it waits while the day's budget for unpaid orders is used up."""
    expected_micro_usd: int | None = None
    unpaid_micro_usd: int | None = None
    """The unpaid part of the cost."""
    spent_on: str | None = None
    """The key under which its cost is summed (`spend.spend_key`), set once it may have been submitted."""
    song_counted_until: datetime | None = None
    """The end of the month in which it was counted against the plan's song allowance."""
    polled_at: datetime | None = None
    lease: Lease | None = None
    raw_error: str | None = None
    """The provider's message, at most 500 characters. Never shown to users."""
    credits_charged: int | float | UnsetType | None = UNSET
    """The provider's charge in its own credits; None if not reported."""
    counted: bool = False
    """Whether the daily counters include the job. Those that ended before there were any do not."""
    late_event: str | None = None
    """An event that came after the end: `Finished`, `Failed`, `Expired` or `Postponed`."""


class ReportedJob(Stored, frozen=True, kw_only=True):
    """The fields of a job that the weekly report counts."""

    status: JobStatus
    model: str
    type: JobType
    params: dict[str, Any] = field(default_factory=dict)
    uid: str
    price: int
    refunded: int = 0
    created_at: datetime
    completed_at: datetime | None = None


class ReportedLoss(Stored, frozen=True, kw_only=True):
    """The fields of a provider's loss that the weekly report sums."""

    model: str
    status: JobStatus
    loss_micro_usd: int


class UsedJob(Stored, frozen=True, kw_only=True):
    """The fields of a job that usage figures need."""

    type: JobType
    model: str
    status: JobStatus
    created_at: datetime


class WaitingJob(Stored, frozen=True, kw_only=True):
    """The field of a waiting job that says for how long it waits."""

    created_at: datetime


class JobTimes(Stored, frozen=True, kw_only=True):
    """How long a completed job took, from its order to its result."""

    created_at: datetime
    completed_at: datetime


class UncheckedJob(Stored, frozen=True, kw_only=True):
    """The fields of a job that the ledger audit reads. Any value is accepted: the audit must find wrong ones."""

    uid: Any = None
    status: Any = None
    price: Any = None
    refunded: Any = 0
    deadline_at: Any = None
    updated_at: Any = None


class ProviderLoss(Stored, frozen=True, kw_only=True):
    """`providerLosses/{jobId}`: the provider charged more for the job than it earned. The weekly report sums these."""

    job_id: str
    model: str
    provider: str
    status: JobStatus
    tokens_kept: int
    credits_charged: int | float
    loss_micro_usd: int
    created_at: datetime


class LyricError(Stored, frozen=True, kw_only=True):
    """`lyricGenerationErrors/{jobId}`: a failed request for lyrics. Written once."""

    job_id: str
    uid: str
    theme: str
    mood: str
    preset_type: str
    cause: str
    """The reason of the failure."""
    message: str
    """The provider's message, at most 500 characters; the reason if there is none."""
    created_at: datetime


JOBS = Collection("jobs", Job)
CHANGES = JOBS.select(UncheckedJob)
STATES = Collection("private", JobState)
"""The collection group of all jobs' private states."""
PROVIDER_LOSSES = Collection("providerLosses", ProviderLoss)
LYRIC_ERRORS = Collection("lyricGenerationErrors", LyricError)


def job_path(job_id: str) -> Path[Job]:
    return JOBS.document(job_id)


def unchecked_job_path(job_id: str) -> Path[UncheckedJob]:
    """The job as the audit reads it."""
    return Path(f"jobs/{job_id}", UncheckedJob)


def state_path(job_id: str) -> Path[JobState]:
    return Path(f"jobs/{job_id}/private/state", JobState)


def forget_result(docs: Docs, job_id: str) -> None:
    """For the commit that deletes the job's creation: the job stays as it ended, without its files and text."""
    job = docs.get(job_path(job_id))
    if job is not None:
        docs.put(job_path(job_id), replace(job, media=[], text=None, creation_id=None))


def ordered_between(start: datetime, end: datetime, skipped: list[MalformedDocument]) -> Iterator[ReportedJob]:
    """The jobs ordered in [start, end), oldest first, a page in memory at a time. `skipped`: as `query.documents`."""
    return query.created_between(JOBS.select(ReportedJob), start, end, skipped)


def running_of(start: datetime, end: datetime, limit: int, skipped: list[MalformedDocument]) -> list[ReportedJob]:
    """Of at most `limit` jobs with a deadline, those ordered in [start, end) that have not ended. `skipped`: as
    `query.documents`."""
    found = query.documents(
        JOBS.select(ReportedJob), order="deadlineAt", limit=limit, page_size=query.BULK, skipped=skipped
    )
    return [each.data for each in found if start <= each.data.created_at < end and each.data.status not in TERMINAL]


def losses_between(start: datetime, end: datetime, skipped: list[MalformedDocument]) -> Iterator[ReportedLoss]:
    """The providers' losses noted in [start, end), as `ordered_between`."""
    return query.created_between(PROVIDER_LOSSES.select(ReportedLoss), start, end, skipped)


def created_between(uid: str, since: datetime, until: datetime, limit: int) -> list[UsedJob]:
    """The user's jobs ordered in [since, until), the newest `limit` of them."""
    found = query.documents(
        JOBS.select(UsedJob),
        order="createdAt",
        equal={"uid": uid},
        least=since,
        below=until,
        limit=limit,
        newest_first=True,
    )
    return [each.data for each in found]


def newest_completed(model: str, since: datetime, limit: int) -> list[JobTimes]:
    """Everybody's newest jobs of this model that were ordered since then and have completed. `Unavailable`."""
    found = query.documents(
        JOBS.select(JobTimes),
        order="createdAt",
        equal={"model": model, "status": "completed"},
        least=since,
        limit=limit,
        newest_first=True,
    )
    return [each.data for each in found]


def which_exist(job_ids: Iterable[str]) -> set[str]:
    """The jobs among these that exist; one round trip."""
    paths = list(map(job_path, job_ids))
    found = firestore.read_documents(paths) if paths else {}
    return {path.id for path in paths if found[path].data is not None}
