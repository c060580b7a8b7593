"""Reads the filters of a list of creations from a request. Pure."""

from __future__ import annotations

from studiox.kit.clock import UTC, datetime, timedelta
from studiox.kit.errors import InvalidRequest, Wrong
from studiox.models import search_terms


def words(text: str | None) -> tuple[str, ...]:
    """The words of a search. `InvalidRequest` if there are none in it."""
    if text is None:
        return ()
    found = tuple(search_terms.words_of(text))
    if not found:
        raise InvalidRequest(fields={"query": Wrong("has no letters or digits", {"rule": "tooShort", "least": 1})})
    return found


def period(first: str | None, last: str | None) -> tuple[datetime | None, datetime | None]:
    """The times [low, below) of creation. A date is a whole UTC day, both included; a time is a moment.

    `InvalidRequest`.
    """
    low, below = _moment("from", first, timedelta(0)), _moment("to", last, timedelta(days=1))
    if low is not None and below is not None and low >= below:
        raise InvalidRequest(fields={"from": "must not be after the end"})
    return low, below


def _moment(field: str, text: str | None, day: timedelta) -> datetime | None:
    """A time as it is, a date's first moment with `day` added."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(fields={field: "neither a date nor a time"}) from None
    if not 2000 <= found.year <= 2999:
        raise InvalidRequest(fields={field: "must be from 2000 to 2999"})
    return found.replace(tzinfo=UTC) + (day if "T" not in text else timedelta(0))
