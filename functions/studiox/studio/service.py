"""The studio's use cases: order a job, submit it, cancel it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from studiox.api.callables import User
from studiox.auth import service as accounts
from studiox.catalog import catalog, margins, sales_store
from studiox.catalog import store as catalogue
from studiox.integrations.providers.protocol import AccountRefused, NotAccepted, Order, OutcomeUnknown, Rejected, Task
from studiox.integrations.providers.registry import provider
from studiox.kit import audit, clock, config, ids, log
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention, InvalidRequest, RequestIdReused, StudioxError, Unavailable
from studiox.kit.transaction import Docs, Reads
from studiox.media import objects
from studiox.models import jobs, sessions, users
from studiox.models.users import change_user, user_path
from studiox.studio import job_store
from studiox.tokens import allowance
from studiox.tokens.service import debit_job

from . import breaker_store, lifecycle, settlement, spend

Data = Mapping[str, Any]

UPLOAD_URL_S = 3600
MAX_PATH_BYTES = 1000  # of Cloud Storage's 1,024
ANSWER_WAIT_S = 15.0


class NewJob(NamedTuple):
    """A job as its caller orders it; `given` holds its inputs by the request's names."""

    function: str
    request_id: str
    type: str
    model: str
    given: Mapping[str, Any]
    session_id: str | None = None
    max_price: int | None = None

    @property
    def fingerprint(self) -> str:
        """The same for the same request only."""
        parts = [self.type, self.model, dict(self.given), self.session_id, self.max_price]
        return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


class Created(NamedTuple):
    """A job as it is now, the balance that the first answer gave, and whether the call that made it is under way."""

    job: Data
    balance: int
    under_way: bool = False


class Ordered(NamedTuple):
    """What came of an order: the job's two documents, and whether an earlier call made them."""

    job: Data
    state: Data
    replayed: bool


def create_job(caller: User, new: NewJob) -> Created:
    """Debit and create the job, then submit it.

    A replay answers with the same job, price and balance, or the same refusal; the job's status is what it is by then.
    `ProviderRejected` after the refund; `ProviderUnavailable` after the refund, or at once and without a job while the
    provider is left alone.
    """
    job_id = ids.derived(new.function, caller.uid, new.request_id)
    try:
        _check_uploads(caller.uid, new.given.get("inputPaths") or ())
    except (InvalidRequest, Unavailable):
        if job_store.find_job(job_id) is None:
            raise
        # A replay, and the upload is gone meanwhile: the first answer stands.
    sender = ids.new()
    ordered = accounts.with_account(caller, new.function, lambda account: _order(caller, new, job_id, sender, account))
    if ordered.replayed:
        return _answer(*_answered(ordered.job, ordered.state))
    balance = ordered.state["balanceAfter"]
    try:
        job, event = submit(ordered.job, ordered.state, action=new.function)
    except (Contention, Unavailable):
        # Debited and perhaps sent, and the database went away: the callback, the task or the deadline settle it.
        log.warning("submission_not_recorded", jobId=job_id)
        return Created(ordered.job, balance)
    if isinstance(event, lifecycle.Failed) and event.answer != "failed":
        raise _refusal(event.answer or "ProviderRejected", job)
    settlement.watch(job)
    return Created(job, balance + (job["refunded"] if isinstance(event, lifecycle.Failed) else 0))


def _order(caller: User, new: NewJob, job_id: str, sender: str, account_of: accounts.AccountOf) -> Ordered:
    """The one transaction: debit, ledger entry, job, which `sender`, this call, is to submit."""
    now = clock.now()
    path, state_path, user = jobs.job_path(job_id), jobs.state_path(job_id), user_path(caller.uid)
    keys = [f"models/{new.model}"]
    keys += [f"{name}s/{new.given[name]}" for name in ("style", "color", "size") if name in new.given]

    def decide(docs: Docs) -> Ordered:
        existing = docs.get(path)
        if existing is not None:
            state = docs.get(state_path) or {}
            if state["requestHash"] != new.fingerprint:
                raise RequestIdReused
            # Our own commit, whose answer was lost, is no replay: nobody but we submit it (faults J22).
            return Ordered(existing, state, replayed=state["sender"] != sender)
        model, inputs = _chosen(docs, new, keys[1:])
        account = account_of(docs)
        price = catalog.price_of(model.price, inputs)
        catalog.check_price(price, new.max_price)
        catalog.check_plan(model, account.plan)
        if account.active_jobs >= (most := sales_store.plan_of(docs, account.plan).max_concurrent_jobs):
            raise lifecycle.TooManyJobs(limit=most)
        held = account.buckets
        unpaid = spend.waits(held, price, account.plan)
        spend.check_waste(account.wasted, unpaid, now)
        fresh = breaker_store.PATH in reads
        if not breaker_store.admits(docs, model.provider, sender, now, fresh=fresh, unpaid=unpaid):
            raise lifecycle.ProviderUnavailable
        counted = _count_song(docs, caller.uid, account, now) if new.type == "music" else {}
        entry = debit_job(docs, caller.uid, job_id, price, f"{model.label}: {model.type}", now)
        change_user(docs, caller.uid, now, active_jobs=account.active_jobs + 1)
        session_id = _session(docs, caller.uid, new, inputs, job_id, now)
        job = job_store.new_job(
            job_id=job_id,
            uid=caller.uid,
            type=new.type,
            model=new.model,
            price=price,
            session_id=session_id,
            params=inputs,
            now=now,
        )
        state = job_store.new_state(
            uid=caller.uid,
            request_hash=new.fingerprint,
            provider=model.provider,
            provider_model=model.provider_model,
            inputs=inputs,
            paid_from=-entry.buckets,
            balance=entry.balance_after,
            sender=sender,
            money=spend.of_order(price, margins.expected(model, inputs).cost, held, -entry.buckets, account.plan),
            outputs=catalog.outputs_of(model, inputs),
            counted=counted,
            now=now,
        )
        job_store.add_job(docs, job, state)
        audit.record(docs, actor=caller.uid, action=new.function, target=path, at=now, price=price)
        return Ordered(job, state, replayed=False)

    reads = [*catalogue.stale(keys), *sales_store.stale()]
    reads += [*([sessions.session_path(new.session_id)] if new.session_id else [])]
    reads += [breaker_store.PATH] if reads or breaker_store.is_stale() else []
    return caller.commit(user, decide, Reads(fresh=reads, cached=[user], assumed_absent=[path, state_path]))


def _count_song(docs: Docs, uid: str, account: users.User, now: datetime) -> Data:
    """Count a song of the plan's; what the job remembers of it, to give it back. `AllowanceExceeded`."""
    plan = sales_store.plan_of(docs, account.plan)
    month = allowance.of(account, plan.allowances.songs_per_month, now)
    change_user(docs, uid, now, **allowance.with_one_more(month))
    return {"songCountedUntil": month.resets_at}


def _chosen(docs: Docs, new: NewJob, listed_keys: list[str]) -> tuple[catalog.Model, dict[str, Any]]:
    """The model and the job's inputs. `InvalidRequest`."""
    model = catalogue.find_model(docs, new.model)
    if model.type != new.type:
        raise InvalidRequest(fields={"type": "not this model's type"})
    listed = {key: catalogue.find(docs, key) is not None for key in listed_keys}
    return model, catalog.chosen(model, new.given, listed)


def _session(docs: Docs, uid: str, new: NewJob, inputs: Data, job_id: str, now: datetime) -> str:
    """The session the job belongs to: the caller's own, or a new one that remembers these parameters."""
    if new.session_id is not None:
        sessions.join_session(docs, new.session_id, uid, job_id)
        return new.session_id
    session_id = ids.derived("session", job_id)
    sessions.add_session(
        docs, session_id=session_id, uid=uid, type=new.type, model=new.model, params=inputs, now=now, job_id=job_id
    )
    return session_id


def _check_uploads(uid: str, paths: tuple[str, ...] | list[str]) -> None:
    """Inputs are pictures that the caller has uploaded. `InvalidRequest`; `Unavailable` when Storage cannot tell."""
    try:
        found = [_upload(uid, path) for path in paths]
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=5) from error
    if None in found:
        raise InvalidRequest(fields={"inputPaths": "not an upload of yours"})
    # Every provider is sent them as pictures: a song would be paid for, refused there, and refunded.
    if any(head is not None and head.content_type.startswith(("audio/", "video/")) for head in found):
        raise InvalidRequest(fields={"inputPaths": "not a picture"})


def _upload(uid: str, path: str) -> objects.Head | None:
    folder, _, name = path.rpartition("/")
    if folder != f"users/{uid}/uploads" or name in ("", ".", "..") or not name.isprintable():
        return None
    return objects.read_head(path) if len(path.encode()) <= MAX_PATH_BYTES else None


def _answered(job: Data, state: Data) -> tuple[Data, Data]:
    """The job once the call that made it has its answer: a second click while it submits waits for the same one."""
    until, pause = time.monotonic() + ANSWER_WAIT_S, 0.1
    while not state["answer"] and job["status"] == "pending" and time.monotonic() < until:
        if clock.now() >= state["sendingSince"] + lifecycle.SENDING:
            break  # that call died
        time.sleep(pause)
        pause = min(1.0, pause * 2)
        found = job_store.find_job(job["jobId"])
        if found is None:
            break
        job, state = found
    return job, state


def _answer(job: Data, state: Data) -> Created:
    """What the first call answered, or would have: the same refusal, the same balance."""
    answer = state["answer"]
    if answer in ("ProviderRejected", "ProviderUnavailable"):
        raise _refusal(answer, job)
    refunded = job["refunded"] if answer == "failed" else 0  # in the very call that debited
    under_way = not answer and job["status"] == "pending" and clock.now() < state["sendingSince"] + lifecycle.SENDING
    return Created(job, state["balanceAfter"] + refunded, under_way)


def _refusal(name: str, job: Data) -> StudioxError:
    kind = lifecycle.ProviderUnavailable if name == "ProviderUnavailable" else lifecycle.ProviderRejected
    return kind(jobId=job["jobId"], refunded=job["refunded"])


def submit(job: Data, state: Data, *, action: str) -> tuple[Data, lifecycle.Event]:
    """Send the order once, and commit what came of it. The job must be marked as being submitted, by this call."""
    # An instance that was frozen comes too late: by now its order counts as lost, perhaps as refunded.
    late = clock.now() >= state["sendingSince"] + lifecycle.SENDING
    event, answered = _Sending(lifecycle.Postponed()) if late else _send(job, state)
    if isinstance(event, Task):
        settled, event = settlement.take_answer(job, state, event, action=action)
    else:
        settled = settlement.settle(job["jobId"], job["uid"], event, action=action, warm=True)
    if answered is not None:
        breaker_store.note(state["provider"], state["sender"], answered=answered)
    return settled, event


class _Sending(NamedTuple):
    """What an answer means for the job, or a result given at once; and whether its provider is in order."""

    event: lifecycle.Event | Task
    answered: bool | None = None
    """It took the order or refused it for good; None: it was not asked, or the mistake is ours."""


def _send(job: Data, state: Data) -> _Sending:
    """Every answer that a provider can give to an order."""
    job_id = job["jobId"]
    try:
        urls = tuple(objects.signed_url(path, UPLOAD_URL_S) for path in state["inputs"].get("inputPaths", ()))
        order = Order(
            job_id=job_id,
            type=job["type"],
            model=state["providerModel"],
            inputs={name: value for name, value in state["inputs"].items() if name != "inputPaths"},
            image_urls=urls,
            callback_url=callback_url(state["provider"], job_id),
        )
        vendor = provider(state["provider"])
    except Exception as error:  # noqa: BLE001 - a key, an address, an upload is missing: surely nothing was sent
        log.alert("provider_not_configured", provider=state["provider"], error=type(error).__name__)
        return _Sending(lifecycle.Failed("ProviderUnavailable", "", "ProviderUnavailable"))
    try:
        answer = vendor.submit(order)
        if isinstance(answer, Task):
            return _Sending(answer, answered=not answer.lost)
        return _Sending(lifecycle.Sent(answer), answered=True)
    except Rejected as error:
        return _Sending(lifecycle.Failed(error.reason, error.raw, "ProviderRejected"), answered=True)
    except AccountRefused as error:
        log.alert("provider_refuses_our_account", provider=state["provider"], jobId=job_id)
        return _Sending(lifecycle.Failed("ProviderUnavailable", error.raw, "ProviderUnavailable"), answered=False)
    except NotAccepted as error:
        log.warning("provider_not_accepting", provider=state["provider"], jobId=job_id)
        return _Sending(lifecycle.Postponed(error.retry_after_s), answered=False)
    except OutcomeUnknown:
        log.warning("submission_outcome_unknown", provider=state["provider"], jobId=job_id)
        return _Sending(lifecycle.OutcomeLost(), answered=False)
    except Exception:  # noqa: BLE001 - a bug of ours, at a point where the order may have gone out
        log.bug("bug", function="submit", jobId=job_id)
        return _Sending(lifecycle.OutcomeLost())


def callback_url(provider_name: str, job_id: str) -> str:
    """Where the provider calls back: the job's id and its HMAC, so that only those who were given it can use it."""
    seal = ids.keyed("callback", provider_name, job_id)
    return f"{config.functions_base_url()}/{provider_name}Webhook?job={job_id}&seal={seal}"


def cancel_job(caller: User, job_id: str) -> Data:
    """Cancel with a full refund. `NotCancellable`; cancelling a cancelled job answers the same again."""
    job, _ = job_store.owned_job(caller.uid, job_id)
    now = clock.now()

    def count(docs: Docs, state: Data) -> None:
        caller.admit(docs, now)
        if lifecycle.at_provider(state):
            account = docs.get(user_path(caller.uid))
            cancels = None if account is None else account.cancels
            change_user(docs, caller.uid, now, cancels=spend.count_cancel(cancels, state, now))

    if job["status"] != "cancelled":
        job = settlement.settle(
            job_id, caller.uid, lifecycle.Cancelled(), action="cancelStudioJob", actor=caller.uid, first=count
        )
    caller.verify()  # nothing was committed for a job that had ended
    if job["status"] != "cancelled":
        raise lifecycle.NotCancellable(status=job["status"])
    return job
