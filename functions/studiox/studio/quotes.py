"""The terms of an order: its price, what it debits, and why it is refused. `createStudioJob` commits them.

`quoteStudioJob` answers them and discards what the decision would have written.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from studiox.api.callers import Reader, VerifiedUser, check_email
from studiox.auth import service as auth_service
from studiox.catalog import catalog, sales_store
from studiox.catalog import store as catalogue
from studiox.kit import clock, firestore, rate_limits
from studiox.kit.audit import Admission
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention, InvalidRequest, StudioxError, Unavailable, Wrong
from studiox.kit.rate_limits import RateLimitCharge
from studiox.kit.transaction import Docs, Reads
from studiox.models import sessions
from studiox.models.catalog import Model
from studiox.models.creations import creation_path
from studiox.models.ledger import Buckets
from studiox.models.model_times import TypicalTime
from studiox.models.provider_health import PROVIDER_HEALTH, ProviderHealth
from studiox.models.users import User as Account
from studiox.tokens import allowance
from studiox.tokens.allowance import Allowance
from studiox.tokens.service import taken_by

from . import breaker_store, input_files, lifecycle, model_times, spend
from .orders import NewJob


class Priced(NamedTuple):
    """An order as the catalogue has it."""

    model: Model
    inputs: dict[str, Any]
    """The job's checked inputs, with their defaults."""
    price: int
    sources: list[str]
    """The caller's creations whose files are among the inputs."""


class Terms(NamedTuple):
    """An order that is not refused, and what it debits."""

    uid: str
    account: Account
    new: NewJob
    order: Priced
    taken: Buckets
    """From each bucket."""
    song: Allowance | None
    """The plan's song allowance without this order, if it is for a song."""


class Quote(NamedTuple):
    """What an order would do now."""

    price: int
    taken: Buckets
    """From each bucket; nothing if it would be refused."""
    balance: int
    refusal: StudioxError | None
    typical: TypicalTime | None
    """None if it is not known."""

    @property
    def balance_after(self) -> int:
        return self.balance - self.taken.total


def documents(uid: str, new: NewJob) -> list[str]:
    """The documents that the terms of this order depend on and that are not cached, besides the account's."""
    keys = [f"models/{new.model}", *_listed_keys(new)]
    session = [sessions.session_path(new.session_id)] if new.session_id else []
    sources = map(creation_path, input_files.sources(uid, new.input_paths))
    return [*catalogue.stale(keys), *sales_store.stale(), *session, *sources]


def _listed_keys(new: NewJob) -> list[str]:
    return [f"{name}s/{new.given[name]}" for name in ("style", "color", "size") if name in new.given]


def priced(docs: Docs, uid: str, new: NewJob) -> Priced:
    """The model, the job's checked inputs and the price. `InvalidRequest`."""
    model = catalogue.find_model(docs, new.model)
    if model.type != new.type:
        raise InvalidRequest(fields={"type": Wrong("not this model's type", {"rule": "choice"})})
    listed = {key: catalogue.find(docs, key) is not None for key in _listed_keys(new)}
    chosen = catalog.chosen(model, new.given, listed)
    sources = input_files.check_sources(docs, uid, new.input_paths)
    return Priced(model, chosen, catalog.price_of(model.price, chosen), sources)


def terms(
    docs: Docs,
    account: Account,
    uid: str,
    new: NewJob,
    order: Priced,
    *,
    health: ProviderHealth | None,
    sender: str,
    now: datetime,
) -> Terms:
    """What the order debits from the account, or its refusal. If it is the provider's trial, that is written.

    `health`, `sender`: as `breaker_store.admits` takes them.
    """
    model, price = order.model, order.price
    catalog.check_price(price, new.max_price)
    catalog.check_plan(model, account.plan)
    plan = sales_store.plan_of(docs, account.plan)
    if account.active_jobs >= plan.max_concurrent_jobs:
        raise lifecycle.TooManyJobs(limit=plan.max_concurrent_jobs)
    unpaid = spend.waits(account.buckets, price, account.plan)
    spend.check_waste(account.wasted, unpaid, now)
    if not breaker_store.admits(docs, health, model.provider, sender, now, unpaid=unpaid):
        raise lifecycle.ProviderUnavailable
    song = allowance.of(account, plan.allowances.songs_per_month, now) if new.type == "music" else None
    if song is not None:
        allowance.with_one_more(song)
    taken = -taken_by(account, price, now)
    if new.session_id is not None:
        sessions.need_session(docs, uid, new.session_id)
    return Terms(uid, account, new, order, taken, song)


def quote(caller: Reader, new: NewJob, charge: RateLimitCharge) -> Quote:
    """What `createStudioJob` would do with this order now. Nothing is written, charged or held.

    `charge`: of a call of `createStudioJob`. `InvalidRequest`, `Unavailable`; `Unauthenticated` for a deleted account.
    Every other refusal is part of the quote. An account without its document is provisioned first.
    """
    input_files.check_uploads(caller.uid, new.input_paths)
    orderer = VerifiedUser.of(caller, charge)
    found = auth_service.with_account(orderer, lambda account_of: _read(orderer, new, charge, account_of))
    return found._replace(typical=model_times.known().get(new.model))


def _read(orderer: VerifiedUser, new: NewJob, charge: RateLimitCharge, account_of: auth_service.AccountOf) -> Quote:
    """The quote without the typical time, which it reads too if it is not cached; one round trip."""
    refused = refused_at_once(orderer, charge)
    admission = orderer.admission(Reads(fresh=[*documents(orderer.uid, new), PROVIDER_HEALTH, *model_times.stale()]))
    docs = firestore.docs_of(firestore.read_documents(admission.reads.fresh))
    return quoted(docs, orderer, new, account_of, admission, refused, clock.now())


def refused_at_once(orderer: VerifiedUser, charge: RateLimitCharge) -> StudioxError | None:
    """How an order would be refused before any document is read."""
    try:
        check_email(VerifiedUser, orderer.email_verified)
        rate_limits.refuse_known(charge, orderer.session)
    except StudioxError as refusal:
        return refusal
    return None


def quoted(
    docs: Docs,
    orderer: VerifiedUser,
    new: NewJob,
    account_of: auth_service.AccountOf,
    admission: Admission,
    refused: StudioxError | None,
    now: datetime,
) -> Quote:
    """The quote, from the documents that the order would decide on. What is written to `docs` is to be discarded."""
    order = priced(docs, orderer.uid, new)
    account = account_of(docs)
    refusal = refused
    try:
        if refusal is None:
            admission.admit(docs, now, False)
            debit = terms(docs, account, orderer.uid, new, order, health=None, sender="", now=now)
            return Quote(order.price, debit.taken, account.balance, refusal=None, typical=None)
    except (Unavailable, Contention):
        raise
    except StudioxError as error:
        refusal = error
    return Quote(order.price, Buckets(), account.balance, refusal, typical=None)
