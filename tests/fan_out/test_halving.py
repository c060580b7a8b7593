"""The middle between two keys, and the counts of a run."""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.fan_out import rules
from studiox.kit import ids

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UIDS = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=40)


@given(UIDS, UIDS)
def test_a_middle_lies_between(one: str, other: str) -> None:
    low, below = sorted((one, other))
    found = rules.middle(low, below)
    assert found is None or low < found < below


@given(st.datetimes(), st.datetimes())
def test_so_does_that_of_times(one: datetime, other: datetime) -> None:
    low, below = sorted((one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)))
    found = rules.middle(low, below)
    assert found is None or low < found < below
    assert found is not None or below - low <= timedelta(microseconds=1)


def halves(names: list[str], most: int) -> list[int]:
    """How many of the sorted names are in each part, when parts with more than `most` are halved."""

    def count(low: str | None, below: str | None) -> list[int]:
        held = sum((low or "") <= each and (below is None or each < below) for each in names)
        middle = rules.middle(low, below)
        if held <= most or middle is None:
            return [held]
        assert ids.is_segment(middle)
        return [*count(low, middle), *count(middle, below)]

    return count(None, None)


_CHANCE = random.Random(7)
SHAPES = {
    "Firebase Auth's": ["".join(_CHANCE.choices(string.ascii_letters + string.digits, k=28)) for _ in range(500)],
    "numbered": [f"user-{number:06d}" for number in range(500)],
    "hexadecimal": [f"{_CHANCE.getrandbits(128):032x}" for _ in range(500)],
    "of a provider": [f"google-oauth2|{_CHANCE.getrandbits(60)}" for _ in range(500)],
    "with dots": [f"a.person.{number}" for number in range(500)],
    "of two kinds": [f"auth0|{number:04d}" for number in range(250)] + [f"zz{number:04d}" for number in range(250)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_ids_of_any_shape_are_divided(shape: str) -> None:
    found = halves(sorted(SHAPES[shape]), 50)
    assert sum(found) == 500
    assert max(found) <= 50
    assert len([each for each in found if each]) <= 30


def test_ids_that_cannot_be_told_apart_stay_together() -> None:
    assert rules.middle("é", "ü") is None
    assert rules.middle("~~~~~~~~", None) is None
    assert rules.middle(NOW, NOW + timedelta(microseconds=1)) is None


def test_figures_are_added_by_name() -> None:
    assert rules.added({"users": 2, "broken": 0}, {"users": 3, "missing": 1}) == {"users": 5, "broken": 0, "missing": 1}
