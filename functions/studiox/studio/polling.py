"""Polling a job's provider, storing what it made, and arranging the next look at the job.

Clients' polls, the task, the dispatcher and callbacks all use it. `settle_job` applies the results.
"""

from __future__ import annotations

from collections.abc import Sequence

from studiox.creations import renditions
from studiox.integrations.providers.protocol import PollFailed, Task
from studiox.integrations.providers.registry import provider
from studiox.kit import clock, config, ids, log, tasks
from studiox.kit.audit import System
from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import StudioxError, Unavailable
from studiox.kit.transaction import Docs, Reads, transact
from studiox.media import objects
from studiox.models import jobs
from studiox.models.jobs import Job, JobState, Lease
from studiox.models.media_files import MediaFile

from . import breaker_store, job_store, lifecycle, results
from .lifecycle import Event
from .results import folder, storable_text
from .settlement import settle_job

INLINE_BYTES = 25_000_000
INLINE_S = 40.0  # of the 70 s after which the JavaScript client gives up
TASK_S = 600.0  # a gigabyte at 2 MB/s. If the instance dies, no other worker tries before then
LAST_S = 40.0  # for a copy at or past the job's deadline, so that the job ends soon after it
LEASE_SLACK_S = 20.0
MAX_TEXT = 100_000


def advance(
    job_id: str, *, action: str, inline: bool = False, hint: bool = False, budget_s: float = TASK_S
) -> Job | None:
    """Poll the job's provider if a poll is due, and settle the answer. The job after it, None if it was deleted.

    `inline`: a client waits, so large media are left to the task. `hint`: a callback reported a change.
    `budget_s`: how long the task or the dispatcher may take to store its media.
    """
    found = job_store.find_job(job_id)
    if found is None:
        return None
    job, state = found
    now = clock.now()
    if lifecycle.is_over(job, state) or (job.is_terminal and not state.holds_place and not hint):
        return job
    if state.submission == "sending" and now >= state.sending_since + lifecycle.SENDING:
        # The ordering call died before it recorded an answer. The order may have been sent, so it is not sent again.
        changed = settle_job(job_id, job.uid, lifecycle.OutcomeLost(), by=System(action))
        if changed is None:
            return None
        job = changed
    expired = job.deadline_at is not None and now >= job.deadline_at
    if not state.task_id:
        return settle_job(job_id, job.uid, lifecycle.Expired(), by=System(action)) if expired else job
    if inline and state.deferred:
        return job
    if not (expired or hint) and not _may_poll(job, state, now):
        return job
    if not _claim_poll(job, now, timedelta(seconds=1) if hint or expired else None):
        return job
    return _poll(job, state, expired=expired, inline=inline, budget_s=budget_s, action=action)


def _may_poll(job: Job, state: JobState, now: datetime) -> bool:
    waited = state.polled_at is None or abs(now - state.polled_at) >= lifecycle.client_poll_every(job.type)
    return waited and not lifecycle.is_leased(state, now)


def _claim_poll(job: Job, now: datetime, pause: timedelta | None) -> bool:
    """Claim the next poll: of many pollers at the same time, one asks the provider (faults J9, J15)."""
    path = jobs.state_path(job.job_id)
    every = pause or lifecycle.client_poll_every(job.type)

    def decide(docs: Docs) -> bool:
        state = docs.get(path)
        if state is None or lifecycle.is_leased(state, now):
            return False
        if state.polled_at is not None and abs(now - state.polled_at) < every:
            return False  # `abs`: another instance's clock may be ahead (J27)
        docs.update(path, polled_at=now)
        return True

    return transact(path, decide, Reads(fresh=[path]))


def _poll_provider(job: Job, state: JobState) -> Task | None:
    """The provider's current task; None if it cannot be read now. Never raises: the job ends by its deadline."""
    try:
        task = provider(state.provider).poll(state.task_id, job.type, state.provider_model)
        breaker_store.poll_succeeded(state.provider)
        return task
    except PollFailed as error:
        log.warning("poll_failed", jobId=job.job_id, provider=state.provider, gone=error.gone)
    except config.MissingSecret:
        log.alert("provider_not_configured", provider=state.provider, error="MissingSecret")
    except Exception:  # noqa: BLE001 - a bug, or a provider that was removed
        log.bug("bug", function="poll", jobId=job.job_id, provider=state.provider)
    return None


def _poll(job: Job, state: JobState, *, expired: bool, inline: bool, budget_s: float, action: str) -> Job | None:
    """Poll the provider and settle what it answers."""
    job_id, uid = job.job_id, job.uid
    task = _poll_provider(job, state)
    if task is None:
        event: Event = lifecycle.Expired() if expired else lifecycle.Polled()
        return settle_job(job_id, uid, event, by=System(action))
    match task.status:
        case "failed":
            failed = lifecycle.Failed(task.reason, task.raw_error, credits=task.credits)
            return settle_job(job_id, uid, failed, by=System(action))
        case "finished" if job.is_terminal:
            # The job was cancelled: discard the late result and free the job's place.
            return settle_job(job_id, uid, lifecycle.Finished(credits=task.credits), by=System(action))
        case "finished":
            return _take(job, state, task, expired=expired, inline=inline, budget_s=budget_s, action=action)
        case _ if expired:
            return settle_job(job_id, uid, lifecycle.Expired(), by=System(action))
        case _:
            return settle_job(job_id, uid, lifecycle.Polled(task.progress), by=System(action))


def _take(
    job: Job, state: JobState, task: Task, *, expired: bool, inline: bool, budget_s: float, action: str
) -> Job | None:
    """Store the finished task's media under a lease, and complete the job."""
    job_id, uid = job.job_id, job.uid
    now = clock.now()
    left_s = (job.deadline_at - now).total_seconds() if job.deadline_at is not None else 0.0
    seconds = min(INLINE_S if inline else budget_s, max(LAST_S, left_s))
    if not _lease(job, ids.new(), now, now + timedelta(seconds=seconds + LEASE_SLACK_S)):
        return job
    last = expired or state.media_attempts + 1 >= lifecycle.MAX_MEDIA_ATTEMPTS
    try:
        if not task.files and task.text is None:
            raise objects.MediaGone("finished without files")
        media = results.store_all(job, task.files, seconds, INLINE_BYTES if inline else None, last)
        settled = settle_job(job_id, uid, _finished(state, task, media), by=System(action))
    except StudioxError:
        raise  # Firestore cannot be reached. The media are stored, and the next attempt adopts them (fault M8)
    except objects.MediaDeferred:
        deferred = settle_job(job_id, uid, lifecycle.Polled(99, deferred=True), by=System(action))
        if deferred is not None:
            watch(deferred)
        return deferred
    except objects.MediaRefused as error:
        log.warning("media_not_taken", jobId=job_id, error=type(error).__name__)
        return _give_up(job, action)
    except Exception as error:  # noqa: BLE001 - Storage, the provider or a bug: retried until the deadline
        if isinstance(error, objects.MediaError):
            log.warning("media_not_taken", jobId=job_id, error=type(error).__name__)
        else:
            log.bug("bug", function="take", jobId=job_id)
        if last:
            return _give_up(job, action)
        return settle_job(job_id, uid, lifecycle.Polled(99, media_attempt=True), by=System(action))
    # Cancelled or expired while we copied: the refund stands, so nothing is kept.
    return _discard_unless_completed(job, settled)


def _finished(state: JobState, task: Task, media: Sequence[MediaFile]) -> lifecycle.Finished:
    """The event of a finished task. `media`: those of its files that are in Cloud Storage."""
    text = None if task.text is None else storable_text(task.text, MAX_TEXT)
    title = task.title and storable_text(task.title, 200)
    missing = lifecycle.missing(len(media), len(task.files) + task.missing, state.outputs)
    return lifecycle.Finished(tuple(media), text, task.credits, title, missing)


def settle_immediate_result(job: Job, state: JobState, task: Task, *, action: str) -> tuple[Job | None, Event]:
    """End a job whose provider answered the order with its result; the job as it is then, and the event.

    Only this call has the result. Text is part of the commit that completes the job, media are stored before it. If
    the process dies in between, the result cannot be fetched again: the order counts as lost, and the job is refunded
    at its deadline.
    """
    job_id = job.job_id
    event: Event = lifecycle.Failed(task.reason or "GenerationFailed", task.raw_error, "failed", task.credits)
    if task.status == "finished" and (task.files or task.text is not None):
        try:
            media = results.store_all(job, task.files, INLINE_S, None, True)
            event = _finished(state, task, media)
            settled = settle_job(job_id, job.uid, event, by=System(action), just_committed=True)
            return _discard_unless_completed(job, settled), event
        except StudioxError:
            raise
        except Exception as error:  # noqa: BLE001 - of media, or a result that cannot be written: it is lost
            log.alert("media_refused", jobId=job_id, error=type(error).__name__)
            event = lifecycle.Failed("MediaFailed", "", "failed", task.credits)
    settled = settle_job(job_id, job.uid, event, by=System(action), just_committed=True)
    return _discard_unless_completed(job, settled), event


def _give_up(job: Job, action: str) -> Job | None:
    settled = settle_job(job.job_id, job.uid, lifecycle.Failed("MediaFailed"), by=System(action))
    return _discard_unless_completed(job, settled)


def _discard_unless_completed(job: Job, settled: Job | None) -> Job | None:
    """Delete the copied media, unless the job completed: by this call, or by one that took over an expired lease.

    Thumbnails of a completed job are made by a task.
    """
    if settled is None or settled.status != "completed":
        try:
            objects.delete_prefix(folder(job), limit=100)
        except objects.MediaError:
            log.warning("media_left", jobId=job.job_id)  # the nightly sweep finds it
    elif settled.media:
        renditions.enqueue(job.job_id)
    return settled


def _lease(job: Job, holder: str, now: datetime, until: datetime) -> bool:
    """Take the right to store the media; False while another worker holds it.

    If the holder dies, the job is looked at again when the lease ends.
    """
    path, state_path = jobs.job_path(job.job_id), jobs.state_path(job.job_id)

    def decide(docs: Docs) -> bool:
        state, current = docs.get(state_path), docs.get(path)
        if state is None or current is None or current.is_terminal:
            return False
        if state.lease is not None and state.lease.holder == holder:
            return True  # our own commit, whose answer was lost (fault J22)
        if lifecycle.is_leased(state, now):
            return False
        docs.update(state_path, lease=Lease(holder=holder, until=until))
        docs.update(path, next_poll_at=until)
        return True

    return transact(state_path, decide, Reads(fresh=[path, state_path]))


def _enqueue(job_id: str, name: str, delay_s: float = 0, *, hint: bool = False) -> None:
    tasks.enqueue("settleStudioJob", {"jobId": job_id, "hint": hint}, name=f"{job_id}-{name}", delay_s=delay_s)


def watch(job: Job) -> None:
    """Enqueue the task that looks at the job when it is next due; none for a job without `next_poll_at`.

    Enqueue failures are ignored: the dispatcher finds the job at the same time.
    """
    due, now = job.next_poll_at, clock.now()
    if due is None:
        return
    # The task is named by its due time, so that all callers enqueue the same one. An overdue job's task has run: it
    # died, or found the job leased. Its name cannot be reused, so the new task is named by the current time.
    name = f"late-{int(now.timestamp()) // 3}" if due <= now else str(clock.to_millis(due))
    try:
        _enqueue(job.job_id, name, max(0.0, (due - now).total_seconds()))
    except Unavailable:
        log.warning("watch_not_enqueued", jobId=job.job_id)


def hint(job_id: str, task_id: str, *, action: str) -> None:
    """A provider called back: record the task's id if the provider's answer was lost, and look at the job soon.

    Raises a StudioxError if that fails, so that the provider calls again. Callbacks within three seconds share a task.
    """
    found = job_store.find_job(job_id)
    if found is None or lifecycle.is_over(*found):
        return
    job, state = found
    if not state.task_id:
        settle_job(job_id, job.uid, lifecycle.Sent(task_id), by=System(action))
    elif state.task_id != task_id:
        log.alert("second_task", jobId=job_id, provider=state.provider)  # one job, charged twice (fault I15)
    _enqueue(job_id, f"hint-{int(clock.now().timestamp()) // 3}", hint=True)
