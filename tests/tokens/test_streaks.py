"""The rules of streaks over ten years of dates (faults J26, J27)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from studiox.models.users import Streak
from studiox.tokens.streaks import EVERY_AFTER_LAST, MILESTONES, reward, visit

FIRST = date(2024, 1, 1)
DAYS = st.integers(0, 3652)
NONE = Streak(current=0, longest=0, last_active_date=None)


def visited(days: list[int]) -> tuple[Streak, int]:
    """The streak after visits on these days, in this order, and what they earned."""
    streak, earned = NONE, 0
    for day in days:
        streak, bonus = visit(streak, FIRST + timedelta(days=day))
        earned += bonus
    return streak, earned


@given(st.sets(DAYS, min_size=1, max_size=60), st.integers(1, 40))
def test_a_streak_is_the_run_of_days_up_to_the_last_visit(days: set[int], run: int) -> None:
    """Against a slow recount, whatever months, leap days and years lie between."""
    days = days | {min(days) + n for n in range(run)}
    streak, earned = visited(sorted(days))
    runs = dict.fromkeys(days, 1)
    for day in sorted(days):
        runs[day] = runs[day - 1] + 1 if day - 1 in days else 1
    last = (FIRST + timedelta(days=max(days))).isoformat()
    assert streak == Streak(current=runs[max(days)], longest=max(runs.values()), last_active_date=last)
    assert earned == sum(map(reward, runs.values()))


@given(st.lists(DAYS, max_size=60))
def test_no_order_of_clocks_earns_more_than_the_days_themselves(days: list[int]) -> None:
    """J27: a clock that is behind changes nothing, and a day is never counted twice."""
    streak, earned = visited(days)
    _, orderly = visited(sorted(set(days)))
    assert earned <= orderly
    assert streak.current <= streak.longest <= len(set(days))
    again = visit(streak, date.fromisoformat(streak.last_active_date)) if streak.last_active_date else (streak, 0)
    assert again == (streak, 0)


def test_the_bonus_of_each_day() -> None:
    assert {day: bonus for day in range(-1, 130) if (bonus := reward(day))} == {
        3: 5,
        7: 10,
        14: 20,
        30: 50,
        60: 50,
        90: 50,
        120: 50,
    }


def test_a_second_visit_of_a_day_keeps_a_streak() -> None:
    streak = Streak(current=2, longest=5, last_active_date="2026-03-02")
    assert visit(streak, date(2026, 3, 2)) == (streak, 0)


def test_the_milestones_of_a_year() -> None:
    earned = {day + 1: visited(list(range(day + 1)))[1] - visited(list(range(day)))[1] for day in range(120)}
    assert {day: bonus for day, bonus in earned.items() if bonus} == {**MILESTONES, 60: 50, 90: 50, 120: 50}
    assert EVERY_AFTER_LAST == 30


def test_over_the_leap_day_and_the_turn_of_the_year() -> None:
    """J26."""
    for first in (date(2024, 2, 28), date(2024, 12, 31), date(2025, 2, 28), date(2028, 2, 29)):
        one, _ = visit(NONE, first)
        two, _ = visit(one, first + timedelta(days=1))
        assert two.current == 2
        assert visit(two, first + timedelta(days=3))[0].current == 1
