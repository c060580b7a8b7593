"""The nightly sweep's schedule."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from firebase_functions import options, scheduler_fn

from .. import batch, config
from . import accounts_service, service


@scheduler_fn.on_schedule(
    schedule="30 3 * * *",
    timezone=ZoneInfo("UTC"),
    secrets=[config.APP_SIGNING_KEY],
    timeout_sec=1800,
    memory=options.MemoryOption.MB_512,
)
@batch.resumed
def sweepMedia(event: scheduler_fn.ScheduledEvent) -> None:
    """Daily at 03:30 UTC: delete media of nothing and abandoned uploads, report creations whose media are gone, and
    close the accounts whose sign-in is gone."""
    try:
        accounts_service.sweep_accounts()
    finally:
        service.sweep()
