"""How a job comes to its end: one function settles for poll, callback, dispatcher, task and cancel alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studiox.catalog import margins
from studiox.integrations.providers.protocol import PollFailed, Task
from studiox.integrations.providers.registry import provider
from studiox.kit import audit, clock, config, ids, log, tasks
from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import StudioxError, Unavailable
from studiox.kit.transaction import Docs, Reads, transact
from studiox.media import objects
from studiox.models import jobs, notifications
from studiox.models.creations import add_creation
from studiox.models.ledger import part_of
from studiox.models.ledger_store import buckets_of
from studiox.models.users import change_user, user_path
from studiox.studio import job_store
from studiox.tokens import allowance
from studiox.tokens.service import refund_job

from . import breaker_store, lifecycle, results, spend
from .lifecycle import Event, Step
from .results import folder, plain

Data = Mapping[str, Any]

INLINE_BYTES = 25_000_000
INLINE_S = 40.0  # of the 70 s after which the JavaScript client gives up
TASK_S = 600.0  # a gigabyte at 2 MB/s; should the instance die, so long nobody else tries
LAST_S = 40.0  # what a copy has at or past the job's deadline, so that the job ends soon after it
LEASE_SLACK_S = 20.0
MAX_TEXT = 100_000


def settle(
    job_id: str,
    uid: str,
    event: Event,
    *,
    action: str,
    actor: str = "system",
    warm: bool = False,
    first: Callable[[Docs, Data], None] | None = None,
    reason: str = "",
) -> Data:
    """Let `event` happen to the job, in one commit with all that follows from it; the job as it is then.

    The only way that a job ends: its refund, its creation and the place it held are in the same commit, so
    that settling twice changes nothing. `warm`: this process has just committed the job's documents.
    `first` is given the private state and may refuse, or count, in the same commit. `reason`: why an administrator
    wants it, for the audit entry.
    """
    now = clock.now()
    documents = (jobs.job_path(job_id), jobs.state_path(job_id))

    def decide(docs: Docs) -> tuple[Data, Data, str, float | None]:
        job, state = docs.get(documents[0]), docs.get(documents[1])
        if job is None or state is None:
            return {}, {}, "", None
        step = lifecycle.next_step(job, state, event, now)
        if step is None:
            return job, {}, "", None
        if first is not None:
            first(docs, state)
        step.state |= spend.of_step(job, state, step, now)
        contradiction = "" if state["holdsPlace"] else step.state.get("lateEvent", "")
        after = _apply(docs, job, state, step, action, actor, now, reason)
        loss = _loss(after, state, step)
        if loss:
            job_store.note_loss(docs, job_id, loss, now)
        return after, loss, contradiction, spend.absurd_charge(job, state, step)

    hot = (user_path(uid), *documents) if warm else ()
    reads = () if warm else documents
    after, loss, contradiction, absurd = transact(user_path(uid), decide, Reads(fresh=reads, cached=hot))
    if contradiction:
        log.alert("job_contradiction", jobId=job_id, status=after["status"], event=contradiction)
    if absurd is not None:
        log.alert("provider_charge_absurd", jobId=job_id, model=after["model"], creditsCharged=absurd)
    if loss:
        # A cancelled one is a known price of cancelling, and cancels are limited.
        report = log.warning if after["status"] == "cancelled" else log.alert
        report("provider_loss", jobId=job_id, **loss)
    log.info("job_event", jobId=job_id, event=type(event).__name__, status=after.get("status"), by=action)
    return after


def _loss(after: Data, state: Data, step: Step) -> Data:
    """What is to be reported when this step tells that the provider charged more than the job has earned."""
    charged = step.state.get("creditsCharged")
    kept = after["price"] - after["refunded"]
    lost = 0 if charged is None else margins.loss(spend.charge(after, state, charged), kept)
    if not lost:
        return {}
    about = {"model": after["model"], "provider": state["provider"], "status": after["status"]}
    return {**about, "tokensKept": kept, "creditsCharged": charged, "lossMicroUsd": lost}


def _apply(docs: Docs, job: Data, state: Data, step: Step, action: str, actor: str, now: datetime, reason: str) -> Data:
    """Write the step: the two documents, the money, the library, the place, the audit entry."""
    uid, job_id = job["uid"], job["jobId"]
    user = docs.get(user_path(uid)) if step.ends or step.frees_place else None
    fields = dict(step.job)
    if step.refund and user is not None and job["price"] > 0:
        refund_job(docs, uid, job_id, buckets_of(state["paidFrom"]), f"Job {step.ends}", now)
        fields["refunded"] = job["price"]
    if step.refund_part and user is not None:
        back = part_of(buckets_of(state["paidFrom"]), step.refund_part)
        refund_job(docs, uid, job_id, back, "Outputs missing", now)
        fields["refunded"] = step.refund_part
    if step.frees_place and user is not None:
        change_user(docs, uid, now, active_jobs=max(0, user.active_jobs - 1))
    if (waste := spend.wasted(state, step)) and user is not None:
        change_user(docs, uid, now, wasted=spend.with_waste(user.wasted, waste, now))
    if step.refund and user is not None and "songCountedUntil" in state:
        change_user(docs, uid, now, **allowance.with_one_less(user, state["songCountedUntil"]))
    if step.ends == "completed":
        fields["creationId"] = add_creation(docs, {**job, **fields}, now)
    if step.ends == "completed" and user is not None:
        notifications.add(docs, uid, "job_completed", job_id, now, job_id=job_id, job_type=job["type"])
    if step.ends == "failed" and user is not None:
        notifications.add(docs, uid, "job_failed", job_id, now, job_id=job_id, job_type=job["type"])
    if step.ends:
        about = {"status": step.ends, **({"reason": reason} if reason else {})}
        audit.record(docs, actor=actor, action=action, target=jobs.job_path(job_id), at=now, **about)
    if step.state:
        docs.update(jobs.state_path(job_id), step.state)
    return docs.update(jobs.job_path(job_id), fields) if fields else job


def advance(
    job_id: str, *, action: str, inline: bool = False, hint: bool = False, budget_s: float = TASK_S
) -> Data | None:
    """Ask the provider about a job if it is time to, and settle what it says; the job as it is then, or None.

    `inline`: a client waits, so large media are left to the task. `hint`: somebody says that it has changed.
    `budget_s`: how long the task or the dispatcher may take to bring its media in.
    """
    found = job_store.find_job(job_id)
    if found is None:
        return None
    job, state = found
    now = clock.now()
    if lifecycle.is_over(job, state) or (lifecycle.is_terminal(job) and not state["holdsPlace"] and not hint):
        return job
    if state["submission"] == "sending" and now >= state["sendingSince"] + lifecycle.SENDING:
        # Its caller died between the debit and the answer: it may have been sent, so it is not sent again.
        job = settle(job_id, job["uid"], lifecycle.OutcomeLost(), action=action)
    expired = now >= job.get("deadlineAt", now + timedelta(days=1))
    if not state["taskId"]:
        return settle(job_id, job["uid"], lifecycle.Expired(), action=action) if expired else job
    if inline and state["deferred"]:
        return job
    if not (expired or hint) and not _may_poll(job, state, now):
        return job
    if not _claim_poll(job, now, timedelta(seconds=1) if hint or expired else None):
        return job
    return _poll(job, state, expired=expired, inline=inline, budget_s=budget_s, action=action)


def _may_poll(job: Data, state: Data, now: datetime) -> bool:
    polled = state.get("polledAt")
    leased = "lease" in state and now < state["lease"]["until"]
    return not leased and (polled is None or abs(now - polled) >= lifecycle.client_poll_every(job["type"]))


def _claim_poll(job: Data, now: datetime, pause: timedelta | None) -> bool:
    """Take the turn to ask the provider: of many pollers at once, one asks (faults J9, J15)."""
    path = jobs.state_path(job["jobId"])
    every = pause or lifecycle.client_poll_every(job["type"])

    def decide(docs: Docs) -> bool:
        current = docs.get(path)
        if current is None or ("lease" in current and now < current["lease"]["until"]):
            return False
        polled = current.get("polledAt")
        if polled is not None and abs(now - polled) < every:  # another instance's clock may be ahead (J27)
            return False
        docs.update(path, {"polledAt": now})
        return True

    return transact(path, decide, Reads(fresh=[path]))


def _ask(job: Data, state: Data) -> Task | None:
    """The provider's task as it stands; None when that cannot be had now, and the job must not wait for it for ever."""
    try:
        task = provider(state["provider"]).poll(state["taskId"], job["type"], state["providerModel"])
        breaker_store.told(state["provider"])
        return task
    except PollFailed as error:
        log.warning("poll_failed", jobId=job["jobId"], provider=state["provider"], gone=error.gone)
    except config.MissingSecret:
        log.alert("provider_not_configured", provider=state["provider"], error="MissingSecret")
    except Exception:  # noqa: BLE001 - a bug, or a provider that is no more: the job ends by its deadline all the same
        log.bug("bug", function="poll", jobId=job["jobId"], provider=state["provider"])
    return None


def _poll(job: Data, state: Data, *, expired: bool, inline: bool, budget_s: float, action: str) -> Data:
    job_id, uid = job["jobId"], job["uid"]
    task = _ask(job, state)
    if task is None:
        event: Event = lifecycle.Expired() if expired else lifecycle.Polled()
        return settle(job_id, uid, event, action=action)
    match task.status:
        case "failed":
            return settle(
                job_id, uid, lifecycle.Failed(task.reason, task.raw_error, credits=task.credits), action=action
            )
        case "finished" if lifecycle.is_terminal(job):
            # Cancelled meanwhile: the late result is discarded, its place becomes free.
            return settle(job_id, uid, lifecycle.Finished(credits=task.credits), action=action)
        case "finished":
            return _take(job, state, task, expired=expired, inline=inline, budget_s=budget_s, action=action)
        case _ if expired:
            return settle(job_id, uid, lifecycle.Expired(), action=action)
        case _:
            return settle(job_id, uid, lifecycle.Polled(task.progress), action=action)


def _take(job: Data, state: Data, task: Task, *, expired: bool, inline: bool, budget_s: float, action: str) -> Data:
    """Bring the finished task's media in, under a lease, and complete the job."""
    job_id, uid = job["jobId"], job["uid"]
    now = clock.now()
    seconds = min(INLINE_S if inline else budget_s, max(LAST_S, (job["deadlineAt"] - now).total_seconds()))
    if not _lease(job, ids.new(), now + timedelta(seconds=seconds + LEASE_SLACK_S)):
        return job
    last = expired or state["mediaAttempts"] + 1 >= lifecycle.MAX_MEDIA_ATTEMPTS
    try:
        if not task.files and task.text is None:
            raise objects.MediaGone("finished without files")
        items = results.store_all(job, task.files, seconds, INLINE_BYTES if inline else None, last)
        settled = settle(job_id, uid, _finished(state, task, items), action=action)
    except StudioxError:
        raise  # Firestore is not there: the media are, and whoever looks next adopts them (faults M8)
    except objects.MediaDeferred:
        job = settle(job_id, uid, lifecycle.Polled(99, deferred=True), action=action)
        watch(job)
        return job
    except objects.MediaRefused as error:
        log.warning("media_not_taken", jobId=job_id, error=type(error).__name__)
        return _give_up(job, action)
    except Exception as error:  # noqa: BLE001 - of media, or a bug: either way it is tried again, and then ends
        if isinstance(error, objects.MediaError):
            log.warning("media_not_taken", jobId=job_id, error=type(error).__name__)
        else:
            log.bug("bug", function="take", jobId=job_id)
        if last:
            return _give_up(job, action)
        return settle(job_id, uid, lifecycle.Polled(99, media_attempt=True), action=action)
    # Cancelled or expired while we copied: the refund stands, so nothing is kept.
    return _discard_unless_completed(job, settled)


def _finished(state: Data, task: Task, items: Sequence[Data]) -> lifecycle.Finished:
    """What a finished task has brought, `items` being those of its files that are in Cloud Storage."""
    text = None if task.text is None else plain(task.text, MAX_TEXT)
    title = task.title and plain(task.title, 200)
    missing = lifecycle.missing(len(items), len(task.files) + task.missing, state.get("outputs", 0))
    return lifecycle.Finished(tuple(items), text, task.credits, title, missing)


def take_answer(job: Data, state: Data, task: Task, *, action: str) -> tuple[Data, Event]:
    """End a job whose provider answered the order with its result; the job as it is then, and what happened to it.

    The result is in this call's hands alone. Text goes into the very commit that completes the job, media are in
    Cloud Storage before it. Should the process die in between, nobody can ask again: the job counts as lost, and
    its deadline refunds it.
    """
    job_id = job["jobId"]
    event: Event = lifecycle.Failed(task.reason or "GenerationFailed", task.raw_error, "failed", task.credits)
    if task.status == "finished" and (task.files or task.text is not None):
        try:
            items = results.store_all(job, task.files, INLINE_S, None, True)
            event = _finished(state, task, items)
            settled = settle(job_id, job["uid"], event, action=action, warm=True)
            return _discard_unless_completed(job, settled), event
        except StudioxError:
            raise
        except Exception as error:  # noqa: BLE001 - of media, or a result that cannot be written: it cannot be had again
            log.alert("media_refused", jobId=job_id, error=type(error).__name__)
            event = lifecycle.Failed("MediaFailed", "", "failed", task.credits)
    settled = settle(job_id, job["uid"], event, action=action, warm=True)
    return _discard_unless_completed(job, settled), event


def _give_up(job: Data, action: str) -> Data:
    settled = settle(job["jobId"], job["uid"], lifecycle.Failed("MediaFailed"), action=action)
    return _discard_unless_completed(job, settled)


def _discard_unless_completed(job: Data, settled: Data) -> Data:
    """Delete what was copied, unless the job completed: by us, or by one who took over when our lease was up."""
    if settled.get("status") != "completed":
        try:
            objects.delete_prefix(folder(job), limit=100)
        except objects.MediaError:
            log.warning("media_left", jobId=job["jobId"])  # the nightly sweep finds it
    return settled


def _lease(job: Data, holder: str, until: datetime) -> bool:
    """Take the right to bring the media in; False while somebody else holds it. Should its holder die, the job
    is looked at again when the lease is over."""
    now = clock.now()
    path, state_path = jobs.job_path(job["jobId"]), jobs.state_path(job["jobId"])

    def decide(docs: Docs) -> bool:
        state, current = docs.get(state_path), docs.get(path)
        if state is None or current is None or lifecycle.is_terminal(current):
            return False
        if "lease" in state and state["lease"]["holder"] == holder:
            return True  # our own commit, whose answer was lost (faults J22)
        if "lease" in state and now < state["lease"]["until"]:
            return False
        docs.update(state_path, {"lease": {"holder": holder, "until": until}})
        docs.update(path, {"nextPollAt": until})
        return True

    return transact(state_path, decide, Reads(fresh=[path, state_path]))


def _enqueue(job_id: str, name: str, delay_s: float = 0, *, hint: bool = False) -> None:
    tasks.enqueue("settleStudioJob", {"jobId": job_id, "hint": hint}, name=f"{job_id}-{name}", delay_s=delay_s)


def watch(job: Data) -> None:
    """Enqueue the task that looks at the job when it is next due. A queue that is not there is no refusal:
    the dispatcher finds the job by the same time."""
    due, now = job.get("nextPollAt"), clock.now()
    if due is None:
        return
    # Named by when it is due, so that whoever enqueues it means the same task. One that is overdue has had its task,
    # which died or found the job in use, and its name is spent: it is named by the present moment.
    name = f"late-{int(now.timestamp()) // 3}" if due <= now else str(clock.to_millis(due))
    try:
        _enqueue(job["jobId"], name, max(0.0, (due - now).total_seconds()))
    except Unavailable:
        log.warning("watch_not_enqueued", jobId=job["jobId"])


def hint(job_id: str, task_id: str, *, action: str) -> None:
    """A provider called back: remember the task's id if its answer was lost, and have the job looked at soon.

    A StudioxError when that cannot be arranged, so that the provider calls again. Many callbacks are one task.
    """
    found = job_store.find_job(job_id)
    if found is None or lifecycle.is_over(*found):
        return
    job, state = found
    if not state["taskId"]:
        settle(job_id, job["uid"], lifecycle.Sent(task_id), action=action)
    elif state["taskId"] != task_id:
        log.alert("second_task", jobId=job_id, provider=state["provider"])  # one job, charged twice (faults I15)
    _enqueue(job_id, f"hint-{int(clock.now().timestamp()) // 3}", hint=True)
