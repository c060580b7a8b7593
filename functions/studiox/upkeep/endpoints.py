"""The monthly reset's schedule."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from firebase_functions import scheduler_fn

from .. import batch, config
from . import service


@scheduler_fn.on_schedule(
    schedule="0 2 * * *", timezone=ZoneInfo("UTC"), secrets=[config.APP_SIGNING_KEY], timeout_sec=1800
)
@batch.resumed
def resetMonthlyTokens(event: scheduler_fn.ScheduledEvent) -> None:
    """Daily at 02:00 UTC: whoever's month is over and has no paid subscription gets the plan's monthly tokens anew."""
    service.reset_monthly()
