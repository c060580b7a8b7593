"""A user's figures by day, from jobs and ledger. Days that no longer change are kept for users with much of both."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from studiox.kit import clock, firestore
from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import jobs as studio
from studiox.models import ledger_store
from studiox.models.jobs import UsedJob
from studiox.models.ledger import EntryAmount
from studiox.models.usage_months import DayFigures, UsageMonth, month_path
from studiox.models.users import change_user, user_path

from . import usage_analytics

MAX_DOCUMENTS = 5_000
"""The most jobs, and the most ledger entries, that are read at once: of the whole period, or of a day."""
MOST_READ = 20_000
"""A call reads no further day once it has read so many jobs and entries."""


class Usage(NamedTuple):
    """A user's figures by day. `truncated`: some are missing. A day may have more than MAX_DOCUMENTS jobs or entries;
    or the call read MOST_READ of older days, and the next one continues."""

    begin: str
    end: str
    days: dict[str, usage_analytics.Figures]
    total: usage_analytics.Figures
    truncated: bool


def usage_of(uid: str, first: str | None, last: str | None) -> Usage:
    """The user's figures for these UTC days. `InvalidRequest`, `Unavailable`."""
    now = clock.now()
    begin, end = usage_analytics.period(first, last, now.date())
    known = _kept_days(uid, begin, end)
    if not known:
        jobs, entries = _read(uid, begin, end)
        if max(len(jobs), len(entries)) < MAX_DOCUMENTS:
            return Usage(begin.isoformat(), end.isoformat(), *usage_analytics.by_day(jobs, entries, begin, end), False)
    return _by_day(uid, begin, end, known, now)


def _by_day(uid: str, begin: date, end: date, known: dict[str, usage_analytics.Figures], now: datetime) -> Usage:
    """The figures of somebody with much: kept days from their documents, the others read, newest first."""
    days, total = usage_analytics.by_day([], [], begin, end)
    fresh: dict[str, usage_analytics.Figures] = {}
    read, truncated = 0, False
    for name in sorted(days, reverse=True):
        if name in known:
            days[name] = known[name]
        elif read >= MOST_READ:
            truncated = True
        else:
            day = date.fromisoformat(name)
            jobs, entries = _read(uid, day, day)
            read += len(jobs) + len(entries)
            _, days[name] = usage_analytics.by_day(jobs, entries, day, day)
            is_whole = max(len(jobs), len(entries)) < MAX_DOCUMENTS
            truncated = truncated or not is_whole
            if is_whole and usage_analytics.is_settled(day, jobs, now):
                fresh[name] = days[name]
        total.include(days[name])
    _keep(uid, fresh, now)
    return Usage(begin.isoformat(), end.isoformat(), days, total, truncated)


def _read(uid: str, begin: date, end: date) -> tuple[list[UsedJob], list[EntryAmount]]:
    """The newest MAX_DOCUMENTS jobs and ledger entries of these days."""
    since = clock.start_of(begin)
    until = clock.start_of(end + timedelta(days=1))
    jobs = studio.created_between(uid, since, until, MAX_DOCUMENTS)
    return jobs, ledger_store.created_between(uid, since, until, MAX_DOCUMENTS)


def _kept_days(uid: str, begin: date, end: date) -> dict[str, usage_analytics.Figures]:
    """The kept days among these, in one round trip."""
    names = [(begin + timedelta(days=each)).isoformat() for each in range((end - begin).days + 1)]
    months = dict.fromkeys(name[:7] for name in names)
    found = firestore.get_all([month_path(uid, month) for month in months])
    held = {name: day for month in found if month is not None for name, day in month.days.items()}
    return {name: usage_analytics.kept(held[name]) for name in names if name in held}


def _keep(uid: str, fresh: dict[str, usage_analytics.Figures], now: datetime) -> None:
    """Keep these days. The account is changed too, so that the commit fails if it is deleted meanwhile."""
    months: dict[str, dict[str, DayFigures]] = {}
    for name, figures in fresh.items():
        months.setdefault(name[:7], {})[name] = usage_analytics.to_keep(figures)
    paths = {month: month_path(uid, month) for month in months}

    def decide(docs: Docs) -> None:
        user = docs.get(user_path(uid))
        if user is None or user.closing:
            return
        for month, path in paths.items():
            before = docs.get(path)
            docs.put(path, UsageMonth(days={**(before.days if before else {}), **months[month]}))
        change_user(docs, uid, max(now, user.updated_at + timedelta(microseconds=1)))

    if months:
        transact(user_path(uid), decide, Reads(fresh=[user_path(uid), *paths.values()]))
