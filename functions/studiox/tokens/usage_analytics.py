"""Computes a user's daily figures from jobs and ledger entries. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec

from studiox.kit.clock import start_of
from studiox.kit.errors import InvalidRequest
from studiox.models.jobs import TERMINAL, UsedJob
from studiox.models.ledger import EntryAmount
from studiox.models.usage_months import DayFigures

DEFAULT_DAYS = 30
MAX_DAYS = 92


class Figures(msgspec.Struct):
    """The figures of one day or of the whole period. `earned`: all credits except refunds, such as purchases."""

    jobs: int = 0
    by_type: Counter[str] = msgspec.field(default_factory=Counter)
    by_model: Counter[str] = msgspec.field(default_factory=Counter)
    by_status: Counter[str] = msgspec.field(default_factory=Counter)
    spent: int = 0
    refunded: int = 0
    earned: int = 0

    def add_job(self, job: UsedJob) -> None:
        self.jobs += 1
        self.by_type[job.type] += 1
        self.by_model[job.model] += 1
        self.by_status[job.status] += 1

    def add_entry(self, entry: EntryAmount) -> None:
        if entry.type == "deduction":
            self.spent -= entry.amount
        elif entry.type == "refund":
            self.refunded += entry.amount
        else:
            self.earned += max(0, entry.amount)

    def include(self, other: Figures | DayFigures) -> None:
        """Add other figures, also those of a stored day."""
        self.jobs += other.jobs
        for mine, its in (
            (self.by_type, other.by_type),
            (self.by_model, other.by_model),
            (self.by_status, other.by_status),
        ):
            mine.update(its)
        self.spent += other.spent
        self.refunded += other.refunded
        self.earned += other.earned


def to_keep(figures: Figures) -> DayFigures:
    """A day's figures as they are stored."""
    return DayFigures(
        jobs=figures.jobs,
        by_type=dict(figures.by_type),
        by_model=dict(figures.by_model),
        by_status=dict(figures.by_status),
        spent=figures.spent,
        refunded=figures.refunded,
        earned=figures.earned,
    )


def kept(day: DayFigures) -> Figures:
    """The figures of a stored day."""
    figures = Figures()
    figures.include(day)
    return figures


def is_settled(day: date, jobs: Iterable[UsedJob], now: datetime) -> bool:
    """Whether the day's figures can no longer change. A commit under way may still carry a time of an hour ago."""
    is_over = now >= start_of(day) + timedelta(days=1, hours=1)
    return is_over and all(job.status in TERMINAL for job in jobs)


def period(
    first: str | None, last: str | None, today: date, *, days: int = DEFAULT_DAYS, most: int = MAX_DAYS
) -> tuple[date, date]:
    """The first and last day, both included: the last `days` by default, at most `most` days. `InvalidRequest`."""
    end = _day("to", last) or today
    begin = _day("from", first) or end - timedelta(days=days - 1)
    if begin > end:
        raise InvalidRequest(fields={"from": "must not be after the end"})
    if (end - begin).days >= most:
        raise InvalidRequest(fields={"from": f"at most {most} days"})
    return begin, end


def _day(field: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(fields={field: "not a date"}) from None
    if not 2000 <= found.year <= 2999:
        raise InvalidRequest(fields={field: "must be from 2000 to 2999"})
    return found


def by_day(
    jobs: Iterable[UsedJob], entries: Iterable[EntryAmount], begin: date, end: date
) -> tuple[dict[str, Figures], Figures]:
    """{day: figures} for every day of the period, and the figures of the whole period."""
    days = {(begin + timedelta(days=n)).isoformat(): Figures() for n in range((end - begin).days + 1)}
    total = Figures()
    for job in jobs:
        for figures in (days[job.created_at.date().isoformat()], total):
            figures.add_job(job)
    for entry in entries:
        for figures in (days[entry.created_at.date().isoformat()], total):
            figures.add_entry(entry)
    return days, total
