"""What an administrator sees first: the days' jobs, tokens, money and people, providers, the queue and open alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import NamedTuple

from studiox.billing import event_store, unmatched_payments
from studiox.integrations.providers import specs
from studiox.kit import clock
from studiox.kit.clock import datetime, timedelta
from studiox.kit.documents import FieldPath
from studiox.models import daily_counters, users
from studiox.models.daily_counters import Figures
from studiox.models.jobs import JobStatus
from studiox.models.ledger_audits import LedgerAlert
from studiox.models.provider_health import ProviderHealth
from studiox.studio import breaker_store, job_store
from studiox.studio.spend import spend_key
from studiox.tokens import usage_analytics

from . import report_store

DAYS, MAX_DAYS = 7, 31
WAITING = 1_000
"""The most waiting jobs whose age is looked at."""
ALERTS = 20
ALERTS_SINCE = timedelta(days=8)
"""Every ledger is audited weekly: an alert that was not seen for longer has been mended."""
IN_REVIEW = 100
AT_ONCE = 12

DAY = timedelta(days=1)


class Day(NamedTuple):
    """What a day (UTC) comes to."""

    day: date
    counted: Figures
    """Of the jobs that were ordered on it and have ended."""
    new_users: int
    revenue: dict[str, int]
    """By currency, in its minor unit, less later refunds."""
    cost_micro_usd: int
    """What providers charged for the day's submissions."""


class Overview(NamedTuple):
    days: list[Day]
    active_users: dict[str, int]
    """By week, for the weeks that the users' documents still hold."""
    running: dict[JobStatus, int]
    waiting: list[datetime]
    """When up to WAITING waiting jobs were ordered."""
    health: ProviderHealth
    alerts: list[LedgerAlert]
    payments_in_review: int
    """At most IN_REVIEW."""
    failed_events: int

    @property
    def counted(self) -> Figures:
        """Of all days."""
        total: Counter[FieldPath] = Counter()
        for each in self.days:
            total.update(each.counted)
        return total


def look(begin: str | None, end: str | None, now: datetime) -> Overview:
    """The days from `begin` to `end`, and everything else as it is now. `InvalidRequest`, `Unavailable`.

    A day takes 50 counters, and aggregations for each provider and currency. The rest are a few bounded queries.
    """
    first, last = usage_analytics.period(begin, end, now.date(), days=DAYS, most=MAX_DAYS)
    dates = [first + n * DAY for n in range((last - first).days + 1)]
    weeks = [users.week_of(now - n * 7 * DAY) for n in reversed(range(users.WEEKS_KEPT))]
    currencies = report_store.currencies()
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        days = [pool.submit(_day, each, currencies) for each in dates]
        active = [pool.submit(users.count_with_jobs, week, 1) for week in weeks]
        running = pool.submit(job_store.running)
        waiting = pool.submit(job_store.waiting, WAITING)
        health = pool.submit(breaker_store.look)
        alerts = pool.submit(report_store.open_alerts, now - ALERTS_SINCE, ALERTS)
        in_review = pool.submit(unmatched_payments.open_payments, IN_REVIEW)
        events = pool.submit(event_store.count_events)
        return Overview(
            days=[each.result() for each in days],
            active_users={week: each.result() for week, each in zip(weeks, active, strict=True)},
            running=running.result(),
            waiting=waiting.result(),
            health=health.result(),
            alerts=alerts.result(),
            payments_in_review=len(in_review.result()),
            failed_events=events.result().failed,
        )


def _day(day: date, currencies: Sequence[str]) -> Day:
    start = clock.start_of(day)
    end = start + DAY
    costs = (job_store.spent(spend_key(provider, start)).total for provider in specs.PROVIDERS)
    return Day(
        day=day,
        counted=daily_counters.of_days(day, day),
        new_users=users.count_new_users(start, end),
        revenue=report_store.revenue_in(currencies, start, end),
        cost_micro_usd=sum(costs),
    )
