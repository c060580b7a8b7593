"""The current time, read only here. Rules take `now` as an argument."""

import calendar
from datetime import UTC, date, datetime, timedelta

__all__ = [
    "UTC",
    "a_month_after",
    "datetime",
    "iso",
    "midnight_after",
    "months_after",
    "now",
    "parse",
    "start_of",
    "timedelta",
    "to_millis",
]


def now() -> datetime:
    """The present moment in UTC, to the microsecond (what Firestore keeps)."""
    return datetime.now(UTC)


def parse(text: str) -> datetime:
    """An ISO 8601 time; one without a zone is UTC (Poyo's `created_time` has none). ValueError for other text."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """The time in UTC as clients get it: ISO 8601, ending in `Z`."""
    return moment.isoformat().replace("+00:00", "Z")


def start_of(day: date) -> datetime:
    """When the day begins in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def midnight_after(moment: datetime) -> datetime:
    """When the moment's UTC day ends."""
    return (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def to_millis(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def a_month_after(moment: datetime, day: int | None = None) -> datetime:
    """The same moment in the next month; a day that the month lacks is its last (31 January → 28 February)."""
    return months_after(moment, 1, day or moment.day)


def months_after(moment: datetime, months: int, day: int) -> datetime:
    """The same time `months` later, on this day or the month's last. Always a plain datetime: Firestore's own class
    cannot be stored again after a change."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    clock = (moment.hour, moment.minute, moment.second, moment.microsecond)
    return datetime(year, month + 1, min(day, last), *clock, tzinfo=moment.tzinfo)
