"""What a request's filters mean, on both sides of each boundary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from studiox.creations import filters
from studiox.kit.errors import InvalidRequest

DAY = timedelta(days=1)
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)


def fields(first: str | None, last: str | None) -> dict[str, object]:
    with pytest.raises(InvalidRequest) as refused:
        filters.period(first, last)
    [(field, why)] = refused.value.details["fields"].items()
    return {field: why}


def test_words_are_those_of_the_index() -> None:
    assert filters.words(None) == ()
    assert filters.words("A réd FOX") == ("a", "red", "fox")
    with pytest.raises(InvalidRequest) as refused:
        filters.words("…!")
    assert refused.value.details["fields"] == {"query": "has no letters or digits"}


def test_a_date_is_a_whole_day_and_a_time_is_a_moment() -> None:
    assert filters.period(None, None) == (None, None)
    assert filters.period("2000-01-01", "2999-12-31") == (FIRST, LAST + DAY)
    assert filters.period("2000-01-01", "2000-01-01") == (FIRST, FIRST + DAY)
    noon = FIRST + timedelta(hours=12)
    assert filters.period("2000-01-01T00:00:00Z", "2000-01-01T12:00:00Z") == (FIRST, noon)
    assert filters.period(None, "2000-01-01T00:00:00Z") == (None, FIRST)


def test_a_span_ends_after_it_begins() -> None:
    empty = {"from": "must not be after the end"}
    assert fields("2000-01-02", "2000-01-01") == empty
    assert fields("2000-01-01T12:00:00Z", "2000-01-01T12:00:00Z") == empty
    assert filters.period("2000-01-01T12:00:00Z", "2000-01-01T12:00:00.000001Z") != (None, None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1999-12-31", "must be from 2000 to 2999"),
        ("3000-01-01", "must be from 2000 to 2999"),
        ("2026-02-30", "neither a date nor a time"),
    ],
)
def test_what_is_no_day_of_these_years_is_refused_by_its_field(text: str, why: str) -> None:
    assert fields(text, None) == {"from": why}
    assert fields(None, text) == {"to": why}
