"""The rules of a plan's allowance of songs."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from studiox.kit.clock import a_month_after
from studiox.tokens import allowance
from studiox.tokens.allowance import Allowance, AllowanceExceeded
from tests.support.people import NOW, user_of

LATER = NOW + timedelta(days=3)
USER = msgspec.structs.replace(user_of(), credit_reset_at=LATER, generation_count=2, generation_reset_at=LATER)


def test_nothing_is_left_once_all_is_used_also_where_the_limit_was_lowered() -> None:
    left = [Allowance(3, used, LATER).remaining for used in (2, 3, 4)]
    assert left == [1, 0, 0]
    assert Allowance(None, 1000, LATER).remaining is None


def test_a_month_ends_at_its_very_moment() -> None:
    before = LATER - timedelta(microseconds=1)
    assert allowance.of(USER, 3, before) == Allowance(3, 2, LATER)
    assert allowance.of(USER, 3, LATER) == Allowance(3, 0, a_month_after(LATER))


def test_a_first_month_ends_with_the_monthly_reset() -> None:
    first = msgspec.structs.replace(USER, generation_reset_at=None)
    assert allowance.of(first, 3, NOW) == Allowance(3, 0, LATER)
    assert allowance.of(first, 3, LATER) == Allowance(3, 0, a_month_after(LATER))


def test_one_more_is_counted_or_refused() -> None:
    assert allowance.with_one_more(Allowance(3, 2, LATER)) == {"generation_count": 3, "generation_reset_at": LATER}
    assert allowance.with_one_more(Allowance(None, 9, LATER))["generation_count"] == 10
    with pytest.raises(AllowanceExceeded) as refused:
        allowance.with_one_more(Allowance(3, 3, LATER))
    assert refused.value.details == {"limit": 3, "resetsAt": "2026-03-04T12:00:00Z"}


def test_one_is_given_back_in_the_month_that_counted_it() -> None:
    assert allowance.with_one_less(USER, LATER) == {"generation_count": 1}
    assert allowance.with_one_less(USER, NOW) == {}
    none = msgspec.structs.replace(USER, generation_count=0)
    assert allowance.with_one_less(none, LATER) == {"generation_count": 0}
