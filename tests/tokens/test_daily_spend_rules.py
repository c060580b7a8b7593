"""The rules of a user's daily limit of tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from studiox.models.users import DaySpend, Preferences, User
from studiox.tokens import daily_spend
from studiox.tokens.daily_spend import SpendLimitReached
from tests.support.people import user_of

NOW = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
TODAY, YESTERDAY, TOMORROW = "2026-03-01", "2026-02-28", "2026-03-02"


def user(limit: int | None, spent: DaySpend | None = None) -> User:
    return replace(user_of(), preferences=Preferences(daily_spend_limit=limit), spent=spent)


@pytest.mark.parametrize(
    ("limit", "spent", "price", "refused"),
    [
        (10, None, 10, False),
        (10, None, 11, True),
        (10, DaySpend(TODAY, 4), 6, False),
        (10, DaySpend(TODAY, 4), 7, True),
        (10, DaySpend(YESTERDAY, 10), 10, False),
        (10, DaySpend(TOMORROW, 4), 7, True),  # another instance has seen midnight
        (None, DaySpend(TODAY, 10**9), 10**9, False),
        (5, DaySpend(TODAY, 10), 0, False),
        (5, DaySpend(TODAY, 10), 1, True),
    ],
)
def test_a_debit_may_reach_the_limit_and_not_exceed_it(
    limit: int | None, spent: DaySpend | None, price: int, refused: bool
) -> None:
    if not refused:
        daily_spend.check_limit(user(limit, spent), price, NOW)
        return
    with pytest.raises(SpendLimitReached) as refusal:
        daily_spend.check_limit(user(limit, spent), price, NOW)
    assert refusal.value.details == {"limit": limit, "resetsAt": "2026-03-02T00:00:00Z"}


@pytest.mark.parametrize(
    ("limit", "spent", "tokens", "after", "tells"),
    [
        (None, None, 3, DaySpend(TODAY, 3), False),
        (None, DaySpend(TODAY, 2), 3, DaySpend(TODAY, 5), False),
        (None, DaySpend(YESTERDAY, 2, limit_told=True), 3, DaySpend(TODAY, 3), False),
        (10, DaySpend(TODAY, 2), 7, DaySpend(TODAY, 9), False),
        (10, DaySpend(TODAY, 2), 8, DaySpend(TODAY, 10, limit_told=True), True),
        (10, DaySpend(TODAY, 2, limit_told=True), 8, DaySpend(TODAY, 10, limit_told=True), False),
        (10, DaySpend(YESTERDAY, 10, limit_told=True), 10, DaySpend(TODAY, 10, limit_told=True), True),
        (5, DaySpend(TODAY, 9), 0, DaySpend(TODAY, 9), False),
        (10, DaySpend(TOMORROW, 2), 8, DaySpend(TOMORROW, 10, limit_told=True), True),
    ],
)
def test_a_debit_counts_and_tells_once_a_day(
    limit: int | None, spent: DaySpend | None, tokens: int, after: DaySpend, tells: bool
) -> None:
    assert daily_spend.with_debit(user(limit, spent), tokens, NOW) == (after, tells)


@pytest.mark.parametrize(
    ("spent", "debited_at", "after"),
    [
        (None, NOW, None),
        (DaySpend(TODAY, 9, limit_told=True), NOW, DaySpend(TODAY, 5, limit_told=True)),
        (DaySpend(TODAY, 9), NOW - timedelta(days=1), DaySpend(TODAY, 9)),
        (DaySpend(YESTERDAY, 9), NOW, DaySpend(YESTERDAY, 9)),
        (DaySpend(TODAY, 3), NOW, DaySpend(TODAY, 0)),
    ],
)
def test_a_refund_makes_room_on_the_day_of_its_debit(
    spent: DaySpend | None, debited_at: datetime, after: DaySpend | None
) -> None:
    assert daily_spend.with_refund(spent, 4, debited_at) == after
