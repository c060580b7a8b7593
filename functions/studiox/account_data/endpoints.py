"""The callables that export and delete an account, the task `cleanUp` and the nightly sweep."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from firebase_functions import https_fn, options, scheduler_fn, tasks_fn
from msgspec import Meta

from studiox.api.callables import AccountHolder, Nothing, RecentAccountHolder, Request, Response, endpoint
from studiox.creations import media_sweep
from studiox.deletions import service
from studiox.kit import batch, config, ids, log
from studiox.kit.clock import datetime
from studiox.kit.errors import Unavailable
from studiox.kit.rate_limits import Limit

from . import abandoned_accounts, deletion, export

CLEARS: dict[str, service.Clear] = {
    "post": service.clear_post,
    "creation": service.clear_creation,
    "account": deletion.clear_account,
}


@tasks_fn.on_task_dispatched(
    secrets=[config.APP_SIGNING_KEY, config.STRIPE_SECRET_KEY],  # an account's subscription ends with it
    timeout_sec=150,
    retry_config=options.RetryConfig(max_attempts=3, min_backoff_seconds=5),
    rate_limits=options.RateLimits(max_concurrent_dispatches=5),
)
@batch.repeated
def cleanUp(request: https_fn.CallableRequest[Any]) -> None:
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


@scheduler_fn.on_schedule(
    schedule="30 3 * * *",
    timezone=ZoneInfo("UTC"),
    secrets=[config.APP_SIGNING_KEY],
    timeout_sec=1800,
    memory=options.MemoryOption.MB_512,
)
@batch.resumed
def sweepMedia(event: scheduler_fn.ScheduledEvent) -> None:
    """Daily at 03:30 UTC: delete unreferenced media and abandoned uploads, report creations whose media are missing,
    and delete accounts without a sign-in."""
    try:
        abandoned_accounts.sweep_accounts()
    finally:
        media_sweep.sweep()
