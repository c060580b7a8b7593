"""The administrators' overview: the last days, and the state of the queue, the providers and the money now."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from studiox.api.callables import Admin, Request, Response, endpoint, present
from studiox.catalog.margins import TOKEN_MICRO_USD
from studiox.integrations.providers import specs
from studiox.kit import clock
from studiox.kit.clock import datetime, timedelta
from studiox.kit.rate_limits import Limit
from studiox.models import daily_counters
from studiox.models.daily_counters import Figures
from studiox.models.ledger_audits import LedgerAlert
from studiox.models.provider_health import ProviderHealth
from studiox.studio import breaker
from studiox.tokens.endpoints import Day

from . import overview


class GetOverview(Request, frozen=True):
    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None


class EndedJobs(Response):
    completed: int
    failed: int
    cancelled: int


class OverviewDay(EndedJobs):
    """A day's jobs that have ended. Money is in millionths of a dollar, but `revenue` in the currency's minor unit."""

    date: str
    consumed: int
    """Tokens, as `refunded`."""
    refunded: int
    new_users: int
    revenue: dict[str, int]
    """Payments by currency, less later refunds."""
    earned_micro_usd: int
    """The tokens that we kept, at their approximate price."""
    cost_micro_usd: int
    """What the providers charged."""


class OverviewHour(EndedJobs):
    at: datetime


class ModelFigures(EndedJobs):
    model: str
    jobs: int
    """More than those three together if some ended before they were counted by model."""
    consumed: int
    refunded: int


class ActiveWeek(Response):
    week_start: str
    active_users: int


class ProviderState(Response):
    """A time is absent unless the provider gets no orders until then, for this reason."""

    provider: str
    failures: int
    """Submissions that failed in a row."""
    open_until: datetime | UnsetType = UNSET
    """It fails; after this, one order is a trial."""
    spent_until: datetime | UnsetType = UNSET
    """Its daily limit is reached."""
    unpaid_spent_until: datetime | UnsetType = UNSET
    """Its daily limit of unpaid orders is reached."""


class Queue(Response):
    pending: int
    processing: int
    waiting: int
    """Of the pending jobs, at most 1,000 that wait for their provider."""
    oldest_at: datetime | UnsetType = UNSET
    """When the oldest of them was ordered."""


class OpenAlert(Response):
    uid: str
    kind: str
    subject: str
    expected: str
    found: str
    first_seen_at: datetime
    last_seen_at: datetime


class Overview(Response):
    from_: str = msgspec.field(name="from")
    to: str
    days: list[OverviewDay]
    hours: list[OverviewHour]
    """Of the last two days, by the time of the order."""
    models: list[ModelFigures]
    """Of all days, the most ordered first."""
    active: list[ActiveWeek]
    """Users with an order, in the last three weeks."""
    queue: Queue
    providers: list[ProviderState]
    alerts: list[OpenAlert]
    """The ledger alerts of the last eight days, at most 20."""
    payments_in_review: int
    """At most 100."""
    failed_events: int


@endpoint(limit=Limit(60, per=60), timeout_sec=120, memory=512)
def getOverview(caller: Admin, request: GetOverview) -> Overview:
    """Return jobs, tokens, money and people by UTC day, both dates included: the last 7 days by default, at most 31.

    Also the queue, the providers' health and what needs an administrator, as they are now.
    """
    now = clock.now()
    found = overview.look(request.from_, request.to, now)
    return Overview(
        from_=found.days[0].day.isoformat(),
        to=found.days[-1].day.isoformat(),
        days=[_day(each) for each in found.days],
        hours=[hour for each in found.days[-2:] for hour in _hours(each)],
        models=_models(found.counted),
        active=[ActiveWeek(week_start=week, active_users=users) for week, users in found.active_users.items()],
        queue=Queue(
            pending=found.running["pending"],
            processing=found.running["processing"],
            waiting=len(found.waiting),
            oldest_at=min(found.waiting, default=UNSET),
        ),
        providers=[_provider(name, found.health, now) for name in specs.PROVIDERS],
        alerts=[_alert(each) for each in found.alerts],
        payments_in_review=found.payments_in_review,
        failed_events=found.failed_events,
    )


def _ended(counted: Figures, kind: str, prefix: str = "") -> dict[str, int]:
    return {status: counted.get((kind, prefix + status), 0) for status in ("completed", "failed", "cancelled")}


def _day(day: overview.Day) -> OverviewDay:
    consumed = day.counted.get(daily_counters.PAID, 0)
    refunded = day.counted.get(daily_counters.REFUNDED, 0)
    return OverviewDay(
        **_ended(day.counted, "status"),
        date=day.day.isoformat(),
        consumed=consumed,
        refunded=refunded,
        new_users=day.new_users,
        revenue=day.revenue,
        earned_micro_usd=(consumed - refunded) * TOKEN_MICRO_USD,
        cost_micro_usd=day.cost_micro_usd,
    )


def _hours(day: overview.Day) -> list[OverviewHour]:
    start = clock.start_of(day.day)
    return [
        OverviewHour(**_ended(day.counted, "hour", f"{hour:02} "), at=start + timedelta(hours=hour))
        for hour in range(24)
    ]


def _models(total: Figures) -> list[ModelFigures]:
    kinds = ("completed", "failed", "cancelled", "consumed", "refunded")
    found = [
        ModelFigures(model=model, jobs=number, **{kind: total.get((kind, model), 0) for kind in kinds})
        for (kind, model), number in total.items()
        if kind == "model"
    ]
    return sorted(found, key=lambda each: (-each.jobs, each.model))


def _provider(name: str, health: ProviderHealth, now: datetime) -> ProviderState:
    streak = breaker.streak_of(health, name)
    limits = [(health.spent or {}).get(name), (health.free_spent or {}).get(name)]
    opened, spent, unpaid = (
        present(until if until is not None and until > now else None)
        for until in (None if streak is None else streak.open_until, *limits)
    )
    return ProviderState(
        provider=name,
        failures=0 if streak is None else streak.failures,
        open_until=opened,
        spent_until=spent,
        unpaid_spent_until=unpaid,
    )


def _alert(alert: LedgerAlert) -> OpenAlert:
    return OpenAlert(
        uid=alert.uid,
        kind=alert.kind,
        subject=alert.subject,
        expected=alert.expected,
        found=alert.found,
        first_seen_at=alert.first_seen_at,
        last_seen_at=alert.last_seen_at,
    )
