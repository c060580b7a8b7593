"""The one place that asks what time it is: rules take `now` as an argument."""

from datetime import UTC, datetime, timedelta

__all__ = ["UTC", "datetime", "now", "parse", "timedelta", "to_millis"]


def now() -> datetime:
    """The present moment in UTC, to the microsecond (what Firestore keeps)."""
    return datetime.now(UTC)


def parse(text: str) -> datetime:
    """An ISO 8601 time; one without a zone is UTC (Poyo's `created_time` has none). ValueError if it is none."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def to_millis(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)
