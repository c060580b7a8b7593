"""The studio's use cases: order a job, submit it, cancel it."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from studiox.api.callables import User
from studiox.auth import service as auth_service
from studiox.catalog import catalog, margins
from studiox.content_check import service as content_check
from studiox.integrations.providers import specs
from studiox.integrations.providers.protocol import AccountRefused, NotAccepted, Order, OutcomeUnknown, Rejected, Task
from studiox.integrations.providers.registry import provider
from studiox.kit import clock, config, ids, log
from studiox.kit.audit import System
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention, InvalidRequest, NotFound, RequestIdReused, StudioxError, Unavailable
from studiox.kit.transaction import Docs, Reads
from studiox.media import objects
from studiox.models import jobs, sessions
from studiox.models.creations import creation_path
from studiox.models.jobs import Job, JobState
from studiox.models.provider_health import PROVIDER_HEALTH
from studiox.models.ratings import Rating, highest
from studiox.models.users import change_user, user_path, with_one_more_job
from studiox.tokens import allowance
from studiox.tokens.service import called_top_up, debit_job, start_top_up

from . import breaker_store, input_files, job_store, lifecycle, orders, polling, quotes, spend
from .orders import NewJob
from .settlement import settle_job

UPLOAD_URL_S = 3600
ANSWER_WAIT_S = 15.0


class Created(NamedTuple):
    """The job's current state, and the balance that the first answer returned."""

    job: Job
    balance: int
    submitting: bool = False
    """Another call, which created the job, is still submitting it."""


class Ordered(NamedTuple):
    """The job's two documents, and whether an earlier call created them."""

    job: Job
    state: JobState
    replayed: bool
    top_up: str = ""
    """The order id of the top-up that its debit called for."""


def create_job(caller: User, new: NewJob) -> Created:
    """Debit and create the job, then submit it.

    A replay returns the same job, price and balance, or raises the same refusal; the job's status is the current one.
    `ProviderRejected` is raised after the refund. `ProviderUnavailable` is raised after the refund, or, while the
    provider's circuit is open, before a job is created.
    """
    job_id = ids.derived(caller.function, caller.uid, new.request_id)
    try:
        input_files.check_uploads(caller.uid, new.input_paths)
    except (InvalidRequest, Unavailable):
        if job_store.find_job(job_id) is None:
            raise
        # A replay whose upload has since been deleted returns the first answer.
    sender = ids.new()
    ordered = auth_service.with_account(caller, lambda account: _order(caller, new, job_id, sender, account))
    start_top_up(caller.uid, ordered.top_up)
    if ordered.replayed:
        return _first_answer(*_await_first_answer(ordered.job, ordered.state))
    balance = ordered.state.balance_after
    try:
        job, event = submit(ordered.job, ordered.state, action=caller.function)
    except (Contention, Unavailable):
        # The job is debited and possibly sent, but the database is unreachable. The callback, the task or the deadline
        # settles it.
        log.warning("submission_not_recorded", jobId=job_id)
        return Created(ordered.job, balance)
    if isinstance(event, lifecycle.Failed) and event.answer != "failed":
        raise _refusal(event.answer or "ProviderRejected", job)
    polling.watch(job)
    return Created(job, balance + (job.refunded if isinstance(event, lifecycle.Failed) else 0))


def _order(caller: User, new: NewJob, job_id: str, sender: str, account_of: auth_service.AccountOf) -> Ordered:
    """Debit and create the job in one transaction. `sender` identifies this call, which then submits the job."""
    now = clock.now()
    path, state_path, user = jobs.job_path(job_id), jobs.state_path(job_id), user_path(caller.uid)
    health = breaker_store.cached()
    reads = quotes.documents(caller.uid, new)
    if reads or health is None:
        reads, health = [*reads, PROVIDER_HEALTH], None

    def decide(docs: Docs, rating: Rating = "general") -> Ordered:
        existing, state = docs.get(path), docs.get(state_path)
        if existing is not None and state is not None:
            if state.request_hash != new.fingerprint:
                raise RequestIdReused
            # If our own commit's response was lost, this is not a replay: this call submits the job (fault J22).
            return Ordered(existing, state, replayed=state.sender != sender)
        order = quotes.priced(docs, caller.uid, new)
        terms = quotes.terms(docs, account_of(docs), caller.uid, new, order, health=health, sender=sender, now=now)
        return place(docs, terms, job_id, sender, now, rating)

    needed = Reads(fresh=reads, cached=[user], created_once=[path, state_path])
    rating: Rating = "general"
    if content_check.is_on():
        would = caller.preview(decide, needed)
        # Only an order that nothing else refuses is judged, and an order that was accepted is not judged again.
        rating = (
            would.job.rating if would.replayed else content_check.check(caller, orders.content_of(would.job), "prompts")
        )
    return caller.commit(
        user,
        lambda docs: decide(docs, rating),
        needed,
        target=path,
        details=lambda ordered: {"price": ordered.job.price},
    )


def place(
    docs: Docs, terms: quotes.Terms, job_id: str, sender: str, now: datetime, rating: Rating = "general"
) -> Ordered:
    """Debit and create a job on these terms, in a decision. `rating`: of its inputs."""
    new, account, uid = terms.new, terms.account, terms.uid
    model, inputs, price, sources = terms.order
    if terms.song is not None:
        change_user(docs, uid, now, **allowance.with_one_more(terms.song))
    entry = debit_job(docs, uid, job_id, price, f"{model.label}: {model.type}", now)
    by_week = with_one_more_job(account.jobs_by_week, now)
    change_user(docs, uid, now, active_jobs=account.active_jobs + 1, jobs_by_week=by_week)
    job = orders.new_job(
        job_id=job_id,
        uid=uid,
        type=new.type,
        model=new.model,
        price=price,
        session_id=_session(docs, uid, new, inputs, job_id, now),
        params=inputs,
        sources=sources,
        rating=highest(rating, *_ratings(docs, sources, new.session_id)),
        now=now,
    )
    cost = margins.expected(model, inputs).cost
    state = orders.new_state(
        uid=uid,
        request_hash=new.fingerprint,
        model=model,
        inputs=inputs,
        outputs=catalog.outputs_of(model, inputs),
        paid_from=-entry.buckets,
        balance=entry.balance_after,
        cost=spend.of_order(price, cost, account.buckets, -entry.buckets, account.plan),
        sender=sender,
        song_counted_until=None if terms.song is None else terms.song.resets_at,
        now=now,
    )
    job_store.add_job(docs, job, state)
    return Ordered(job, state, replayed=False, top_up=called_top_up(docs, uid, entry.id))


def _ratings(docs: Docs, sources: list[str], session_id: str | None) -> list[Rating]:
    """The ratings of the creations and the session that a job is made from."""
    session = None if session_id is None else docs.get(sessions.session_path(session_id))
    made_from = [*(docs.get(creation_path(each)) for each in sources), session]
    return [each.rating for each in made_from if each is not None]


def _session(docs: Docs, uid: str, new: NewJob, inputs: dict[str, Any], job_id: str, now: datetime) -> str:
    """The id of the job's session: the caller's own, or a new one with these parameters. `NotFound`."""
    if new.session_id is not None:
        sessions.join_session(docs, new.session_id, uid, job_id)
        return new.session_id
    session_id = ids.derived("session", job_id)
    session = sessions.Session(
        session_id=session_id,
        uid=uid,
        type=new.type,
        model=new.model,
        params=inputs,
        jobs=[job_id],
        created_at=now,
    )
    sessions.add_session(docs, session)
    return session_id


def _await_first_answer(job: Job, state: JobState) -> tuple[Job, JobState]:
    """Wait up to ANSWER_WAIT_S for the call that created the job, so that a replay returns the same answer."""
    until, pause = time.monotonic() + ANSWER_WAIT_S, 0.1
    while not state.answer and job.status == "pending" and time.monotonic() < until:
        if clock.now() >= state.sending_since + lifecycle.SENDING:
            break  # the submitting call has died
        time.sleep(pause)
        pause = min(1.0, pause * 2)
        found = job_store.find_job(job.job_id)
        if found is None:
            break
        job, state = found
    return job, state


def _first_answer(job: Job, state: JobState) -> Created:
    """The first call's answer: the same refusal or the same balance."""
    if state.answer in ("ProviderRejected", "ProviderUnavailable"):
        raise _refusal(state.answer, job)
    refunded = job.refunded if state.answer == "failed" else 0  # refunded by the first call, so part of its balance
    submitting = not state.answer and job.status == "pending" and clock.now() < state.sending_since + lifecycle.SENDING
    return Created(job, state.balance_after + refunded, submitting)


def _refusal(name: str, job: Job) -> StudioxError:
    kind = lifecycle.ProviderUnavailable if name == "ProviderUnavailable" else lifecycle.ProviderRejected
    return kind(jobId=job.job_id, refunded=job.refunded)


def submit(job: Job, state: JobState, *, action: str) -> tuple[Job, lifecycle.Event]:
    """Send the order once and commit the outcome. The job must be marked as being submitted by this call."""
    # An instance that was frozen may resume after the order counted as lost and was refunded: do not send it then.
    late = clock.now() >= state.sending_since + lifecycle.SENDING
    event, answered = _Sending(lifecycle.Postponed()) if late else _send(job, state)
    if isinstance(event, Task):
        settled, event = polling.settle_immediate_result(job, state, event, action=action)
    else:
        settled = settle_job(job.job_id, job.uid, event, by=System(action), just_committed=True)
    if answered is not None:
        breaker_store.note(state.provider, state.sender, answered=answered)
    return settled or job, event


class _Sending(NamedTuple):
    """The lifecycle event that the provider's answer causes, or the result of a synchronous provider."""

    event: lifecycle.Event | Task
    answered: bool | None = None
    """For the circuit breaker: True if the provider accepted the order or rejected it permanently. None if it was not
    called, or the error is ours."""


def _send(job: Job, state: JobState) -> _Sending:
    """Send the order and map every possible answer to an event. Never raises."""
    job_id, name = job.job_id, state.provider
    try:
        if input_files.is_one_missing(state):
            return _Sending(lifecycle.Failed("InputMissing", "", "failed"))
    except objects.MediaError as error:
        log.warning("inputs_not_looked_up", jobId=job_id, error=type(error).__name__)
        return _Sending(lifecycle.Postponed())
    try:
        urls = tuple(objects.signed_url(path, UPLOAD_URL_S) for path in state.inputs.get("inputPaths", ()))
        order = Order(
            job_id=job_id,
            type=job.type,
            model=state.provider_model,
            inputs={name: value for name, value in state.inputs.items() if name != "inputPaths"},
            image_urls=urls,
            callback_url=callback_url(name, job_id),
        )
        vendor = provider(name)
    except Exception as error:  # noqa: BLE001 - a key, a URL or an upload is missing; nothing was sent
        log.alert("provider_not_configured", provider=name, error=type(error).__name__)
        return _Sending(lifecycle.Failed("ProviderUnavailable", "", "ProviderUnavailable"))
    try:
        answer = vendor.submit(order)
        if isinstance(answer, Task):
            return _Sending(answer, answered=not answer.lost)
        return _Sending(lifecycle.Sent(answer), answered=True)
    except Rejected as error:
        return _Sending(lifecycle.Failed(error.reason, error.raw, "ProviderRejected"), answered=True)
    except AccountRefused as error:
        log.alert("provider_refuses_our_account", provider=name, jobId=job_id)
        return _Sending(lifecycle.Failed("ProviderUnavailable", error.raw, "ProviderUnavailable"), answered=False)
    except NotAccepted as error:
        log.warning("provider_not_accepting", provider=name, jobId=job_id)
        return _Sending(lifecycle.Postponed(error.retry_after_s), answered=False)
    except OutcomeUnknown:
        log.warning("submission_outcome_unknown", provider=name, jobId=job_id)
        return _Sending(lifecycle.OutcomeLost(), answered=False)
    except Exception:  # noqa: BLE001 - our bug; the order may have been sent
        log.bug("bug", function="submit", jobId=job_id)
        return _Sending(lifecycle.OutcomeLost())


def callback_url(provider_name: str, job_id: str) -> str:
    """The callback URL, with the job's id and an HMAC of it, so that the URL cannot be guessed. Empty: no webhook."""
    webhook = specs.PROVIDERS[provider_name].webhook
    seal = ids.keyed("callback", provider_name, job_id)
    return f"{config.functions_base_url()}/{webhook}?job={job_id}&seal={seal}" if webhook else ""


def cancel_job(caller: User, job_id: str) -> Job:
    """Cancel with a full refund. Cancelling a cancelled job returns it again. `NotFound`, `NotCancellable`."""
    job, _ = job_store.owned_job(caller.uid, job_id)
    now = clock.now()

    def count(docs: Docs, state: JobState) -> None:
        if lifecycle.at_provider(state):
            account = docs.get(user_path(caller.uid))
            before = None if account is None else account.cancels
            cancels = spend.count_cancel(before, state.cost_micro_usd, bool(state.unpaid_micro_usd), now)
            change_user(docs, caller.uid, now, cancels=cancels)

    if job.status != "cancelled":
        cancelled = settle_job(job_id, caller.uid, lifecycle.Cancelled(), by=caller, first=count)
        if cancelled is None:
            raise NotFound
        job = cancelled
    caller.verify()  # if the job was cancelled before, no commit has checked the caller
    if job.status != "cancelled":
        raise lifecycle.NotCancellable(status=job.status)
    return job
