"""The audit's schedule."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from firebase_functions import scheduler_fn

from .. import batch, config
from . import service


@scheduler_fn.on_schedule(
    schedule="30 3 * * *", timezone=ZoneInfo("UTC"), secrets=[config.APP_SIGNING_KEY], timeout_sec=1800
)
@batch.resumed
def auditLedger(event: scheduler_fn.ScheduledEvent) -> None:
    """Nightly: see that every balance is its ledger's and every job has its entries; tell of what does not hold."""
    service.audit_ledger()
