"""The callables that export and delete an account, the nightly sweep, and the tasks that work for several domains."""

from __future__ import annotations

from typing import Annotated, Any

from firebase_functions.https_fn import CallableRequest
from firebase_functions.scheduler_fn import ScheduledEvent
from msgspec import Meta

from studiox.api.background import schedule, task
from studiox.api.callables import AccountHolder, Nothing, RecentAccountHolder, Request, Response, endpoint
from studiox.community import suspension
from studiox.creations import collection_upkeep
from studiox.deletions import service
from studiox.fan_out import service as fan_out
from studiox.kit import config, ids, log, tasks
from studiox.kit.clock import datetime
from studiox.kit.errors import Unavailable
from studiox.kit.rate_limits import Limit
from studiox.studio import counter_audit
from studiox.tokens import audit, monthly_reset

from . import deletion, export, nightly_sweep

CLEARS: dict[str, service.Clear] = {
    "post": service.clear_post,
    "creation": service.clear_creation,
    "collection": collection_upkeep.clear,
    "account": deletion.clear_account,
    "suspension": suspension.clear,
}


@task(secrets=[config.APP_SIGNING_KEY, config.STRIPE_SECRET_KEY])  # an account's subscription ends with it
def cleanUp(request: CallableRequest[Any]) -> None:
    """Delete a bounded part of the data of a pending deletion, and enqueue the next task for the rest.

    A task with malformed data is dropped, since retrying would not help.
    """
    data = request.data if isinstance(request.data, dict) else {}
    kind, id_ = data.get("kind"), data.get("id")
    if kind not in CLEARS or not isinstance(id_, str) or not ids.is_id(id_):
        log.warning("task_malformed", function="cleanUp")
        return
    if not service.run(kind, id_, CLEARS[kind]):
        service.enqueue(kind, id_)


SCHEDULES = {
    each.name: each for each in (audit.SCHEDULE, monthly_reset.SCHEDULE, nightly_sweep.SCHEDULE, counter_audit.SCHEDULE)
}


@task(secrets=[config.APP_SIGNING_KEY], memory=512, max_instances=tasks.QUEUES["workShard"].at_once)
def workShard(request: CallableRequest[Any]) -> None:
    """Work at one part of a schedule's run that was divided, and enqueue the next task for the rest of it.

    A task with malformed data is dropped, since retrying would not help.
    """
    fan_out.work(SCHEDULES, request.data)


class AccountExported(Response):
    url: str
    expires_at: datetime


@endpoint(limit=Limit(5, per=3600), refuses=(Unavailable,), timeout_sec=120)
def exportAccount(caller: AccountHolder, request: Nothing) -> AccountExported:
    """Export the caller's data as a JSON file, with a ledger whose running sum proves the balance."""
    url, expires_at = export.export(caller)
    return AccountExported(url=url, expires_at=expires_at)


class DeleteAccount(Request, frozen=True):
    confirm: Annotated[str, Meta(min_length=1, max_length=320)]


class AccountDeleted(Response):
    deleted: bool


@endpoint(limit=Limit(10, per=60, in_commit=True), secrets=[config.STRIPE_SECRET_KEY], timeout_sec=120)
def deleteAccount(caller: RecentAccountHolder, request: DeleteAccount) -> AccountDeleted:
    """Delete the caller's account permanently; `confirm` is its e-mail address. Large accounts take a little longer."""
    deletion.delete_account(caller, request.confirm)
    return AccountDeleted(deleted=True)


@schedule("30 3 * * *", timeout_s=1_800, memory=512, secrets=[config.APP_SIGNING_KEY])
def sweepMedia(event: ScheduledEvent) -> None:
    """Daily at 03:30 UTC: delete unreferenced media and abandoned uploads, report creations whose media are missing,
    write missing search terms, and delete accounts without a sign-in."""
    nightly_sweep.sweep()
