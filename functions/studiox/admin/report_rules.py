"""The rules of the weekly report: its period, its figures and its anomalies. Pure.

Memory grows with the number of models, and of users where they are counted here, not with the number of jobs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from studiox.kit.clock import UTC, datetime, start_of, timedelta
from studiox.models import daily_counters
from studiox.models.daily_counters import LATENCY_STEP_S, Figures
from studiox.models.jobs import ReportedJob
from studiox.models.weekly_reports import Anomaly, Latency, WeeklyReport

WEEK = timedelta(days=7)
DIMENSIONS = {each: f"requestsBy{each.capitalize()}" for each in ("model", "type", *daily_counters.PARAMETERS)}
MAX_KEYS = 200
OTHER = "other"

# An anomaly needs enough jobs or users to exclude chance, and a figure far from the expected one.
MIN_JOBS = 20
EXPECTED_FAILURE_RATE = Fraction(1, 10)
EXPECTED_REFUND_RATIO = Fraction(1, 10)
SPIKE = 3
MIN_USERS = 10
FAR_ABOVE = 10
MAX_ANOMALIES = 100


def week_before(moment: datetime) -> tuple[datetime, datetime]:
    """The last whole week, Monday to Monday 00:00 UTC, that had ended by `moment`: [start, end)."""
    midnight = start_of(moment.astimezone(UTC).date())
    end = midnight - timedelta(days=midnight.weekday())
    return end - WEEK, end


def report_id(end: datetime) -> str:
    """The report's id, from the Monday after the week."""
    return f"report_{end:%Y%m%d}"


class Activity(NamedTuple):
    """How many jobs the users of a week have ordered."""

    users: int
    """With at least one job."""
    median: int
    """The jobs of the middle one of them; 0 if it does not matter."""
    busiest: list[tuple[str, int]]
    """(uid, jobs), the most first."""


def activity_of(by_user: Mapping[str, int]) -> Activity:
    counts = sorted(by_user.values())
    return Activity(len(counts), counts[len(counts) // 2] if counts else 0, Counter(by_user).most_common(MAX_ANOMALIES))


def median(users: int, at_least: Callable[[int], int]) -> int:
    """The jobs of the middle one of so many users. `at_least`: how many of them have so many jobs or more.

    It is called twice for each binary digit of the result.
    """
    above = users - users // 2
    low, high = 1, 2
    while at_least(high) >= above:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at_least(middle) >= above else (low, middle)
    return low


class Tally:
    """The counts of a week's jobs."""

    def __init__(self) -> None:
        self.counted_activity: Activity | None = None
        """The users' jobs, if they were not counted here."""
        self.ordered = 0
        """The jobs that there are, if more than were counted here."""
        self.statuses: Counter[str] = Counter()
        self.by: dict[str, Counter[str]] = {name: Counter() for name in DIMENSIONS.values()}
        self.failed_by_model: Counter[str] = Counter()
        self.by_user: Counter[str] = Counter()
        self.consumed = 0
        self.refunded = 0
        self.latencies: Counter[int] = Counter()

    def add(self, job: ReportedJob) -> None:
        """Count one job."""
        self.by_user[job.uid] += 1
        self.include(daily_counters.figures(job))

    def include(self, figures: Figures) -> None:
        """Count what jobs come to, without their users."""
        for (kind, value), number in figures.items():
            if kind in DIMENSIONS:
                _count(self.by[DIMENSIONS[kind]], value, number)
            elif kind == "status":
                self.statuses[value] += number
            elif kind == "failed":
                _count(self.failed_by_model, value, number)
            elif kind == "latency":
                self.latencies[int(value)] += number
            elif (kind, value) == daily_counters.PAID:
                self.consumed += number
            elif (kind, value) == daily_counters.REFUNDED:
                self.refunded += number

    @property
    def total(self) -> int:
        return self.statuses.total()

    @property
    def activity(self) -> Activity:
        return activity_of(self.by_user) if self.counted_activity is None else self.counted_activity

    def percentile(self, percent: int) -> float | None:
        """The latency percentile of completed jobs, in seconds to a tenth; None without completed jobs."""
        rank = -(-self.latencies.total() * percent // 100)
        for step in sorted(self.latencies):
            rank -= self.latencies[step]
            if rank <= 0:
                return round(step * LATENCY_STEP_S, 1)
        return None


def _count(counter: Counter[str], key: str, number: int) -> None:
    """Count under the key. Once there are MAX_KEYS keys, new keys are counted together as OTHER."""
    counter[key if key in counter or len(counter) < MAX_KEYS else OTHER] += number


def anomalies(
    tally: Tally, violations: Iterable[str], losses: Mapping[str, float], malformed: Iterable[str]
) -> list[Anomaly]:
    """The week's anomalies. `violations`: uids. `losses`: by model, the provider's charges beyond the jobs' revenue.
    `malformed`: the paths of documents that the report leaves out.
    """
    found = [*_failure_spikes(tally), *_refund_ratio(tally), *_heavy_users(tally.activity), *_shortfall(tally)]
    found += [Anomaly("ledger_violation", uid, 1, 0) for uid in violations]
    found += [Anomaly("provider_loss", model, lost, 0) for model, lost in sorted(losses.items()) if lost > 0]
    found += [Anomaly("malformed_document", path, 1, 0) for path in sorted(malformed)]
    return found[:MAX_ANOMALIES]


def _failure_spikes(tally: Tally) -> list[Anomaly]:
    """Models that failed far more often than the week's other models."""
    found = []
    for model, jobs in sorted(tally.by["requestsByModel"].items()):
        if jobs < MIN_JOBS:
            continue
        others = tally.total - jobs
        failed = tally.failed_by_model[model]
        expected = EXPECTED_FAILURE_RATE
        if others >= MIN_JOBS:
            expected = max(expected, Fraction(tally.statuses["failed"] - failed, others))
        rate = Fraction(failed, jobs)
        if rate >= SPIKE * expected:
            found.append(Anomaly("failure_spike", model, _rounded(rate), _rounded(expected)))
    return found


def _rounded(figure: Fraction) -> float:
    return round(float(figure), 4)


def _refund_ratio(tally: Tally) -> list[Anomaly]:
    if tally.total < MIN_JOBS or tally.consumed == 0:
        return []
    ratio = Fraction(tally.refunded, tally.consumed)
    if ratio < SPIKE * EXPECTED_REFUND_RATIO:
        return []
    return [Anomaly("refund_ratio", "all", _rounded(ratio), _rounded(EXPECTED_REFUND_RATIO))]


def is_worth_a_median(users: int, most: int) -> bool:
    """Whether one of so many users, who has `most` jobs, may be a heavy user."""
    return users >= MIN_USERS and most >= MIN_JOBS


def _heavy_users(activity: Activity) -> list[Anomaly]:
    """Users with more than ten times as many jobs as the median user, if there are at least MIN_USERS."""
    usual = activity.median
    return [
        Anomaly("heavy_user", uid, jobs, usual)
        for uid, jobs in activity.busiest
        if is_worth_a_median(activity.users, jobs) and jobs > FAR_ABOVE * usual
    ]


def _shortfall(tally: Tally) -> list[Anomaly]:
    """Jobs that have ended and are not in the counters."""
    return [Anomaly("counters_short", "jobs", tally.total, tally.ordered)] if tally.ordered > tally.total else []


def document(
    tally: Tally,
    start: datetime,
    end: datetime,
    *,
    new_users: int,
    revenue: Mapping[str, int],
    found: list[Anomaly],
    created_at: datetime,
) -> WeeklyReport:
    """The report of the week [start, end). The same week gives the same figures."""
    ended = tally.statuses["completed"] + tally.statuses["failed"]
    by = {name: dict(sorted(counts.items())) for name, counts in tally.by.items()}
    return WeeklyReport(
        report_id=report_id(end),
        week_start_date=start.date().isoformat(),
        week_end_date=(end - timedelta(days=1)).date().isoformat(),
        total_requests=tally.total,
        successful_requests=tally.statuses["completed"],
        failed_requests=tally.statuses["failed"],
        cancelled_requests=tally.statuses["cancelled"],
        success_rate=_rounded(Fraction(tally.statuses["completed"], ended)) if ended else 0.0,
        failure_rate=_rounded(Fraction(tally.statuses["failed"], ended)) if ended else 0.0,
        total_credits_consumed=tally.consumed,
        total_credits_refunded=tally.refunded,
        requests_by_model=by["requestsByModel"],
        requests_by_type=by["requestsByType"],
        requests_by_size=by["requestsBySize"],
        requests_by_style=by["requestsByStyle"],
        requests_by_color=by["requestsByColor"],
        active_users=tally.activity.users,
        new_users=new_users,
        revenue=dict(sorted(revenue.items())),
        latency=Latency(p50=tally.percentile(50), p95=tally.percentile(95)),
        anomalies=found,
        created_at=created_at,
    )
