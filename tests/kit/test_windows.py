"""Each rule of a rate limit's window at its boundaries. What instances and commits do with it: test_rate_limits.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from studiox.kit import documents, windows
from studiox.kit.errors import RateLimited, Unauthenticated
from studiox.kit.windows import FULL, Limit, Override, Share, Uncounted, Window

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MINUTE = timedelta(seconds=60)
LIMIT = Limit(30, per=60)


def window(count: int, opened: datetime = NOW) -> Window:
    return Window(opened_at=opened, count=count, expires_at=opened + MINUTE)


def test_a_limit_is_a_minutes_unless_it_says_otherwise_and_no_commit_counts_it() -> None:
    assert Override(calls=3).per == 60
    assert Limit(3, 60).in_commit is False
    for calls, per in ((-1, 60), (1_000_001, 60), (3, 0), (3, 86_401)):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"calls": calls, "per": per}, Override)
    for calls, per in ((0, 1), (1_000_000, 86_400)):
        assert msgspec.convert({"calls": calls, "per": per}, Override) == Override(calls=calls, per=per)


@pytest.mark.parametrize(("left", "seconds"), [(MINUTE, 60), (MINUTE - TICK, 60), (TICK, 1), (timedelta(0), 1)])
def test_a_refusal_is_in_whole_seconds_and_never_none(left: timedelta, seconds: int) -> None:
    assert windows.refusal(NOW + left, NOW).details == {"retryAfterSeconds": seconds}


def test_the_first_call_opens_a_window() -> None:
    assert windows.with_calls(None, LIMIT, NOW, 3) == window(3)
    opened = windows.with_calls(None, Override(calls=5, per=10), NOW, 5)
    assert opened == Window(opened_at=NOW, count=5, expires_at=NOW + timedelta(seconds=10))


def test_calls_are_added_until_the_window_is_full() -> None:
    assert windows.with_calls(window(28), LIMIT, NOW + MINUTE - TICK, 1) == window(29)
    assert windows.with_calls(window(28), LIMIT, NOW, 2) == window(30)
    for before, calls, at in ((28, 3, NOW), (30, 1, NOW), (31, 1, NOW)):
        with pytest.raises(RateLimited) as refused:
            windows.with_calls(window(before), LIMIT, at + timedelta(seconds=20), calls)
        assert refused.value.details == {"retryAfterSeconds": 40}
    with pytest.raises(RateLimited):
        windows.with_calls(None, Limit(0, per=60), NOW, 1)


def test_a_window_that_has_closed_is_followed_by_a_new_one() -> None:
    assert windows.with_calls(window(30), LIMIT, NOW + MINUTE, 1) == window(1, NOW + MINUTE)


def test_a_changed_limit_moves_the_end_of_an_open_window() -> None:
    after = windows.with_calls(window(1), Limit(30, per=90), NOW + MINUTE, 1)
    assert after == Window(opened_at=NOW, count=2, expires_at=NOW + timedelta(seconds=90))


@pytest.mark.parametrize(("calls", "share"), [(0, 1), (1, 1), (19, 1), (20, 2), (109, 10), (110, 11)])
def test_a_share_is_a_tenth_and_at_least_one(calls: int, share: int) -> None:
    assert windows.share_of(Limit(calls, per=60)) == share


@pytest.mark.parametrize(("count", "calls"), [(0, 3), (27, 3), (28, 2), (29, 1), (30, FULL), (31, FULL)])
def test_the_next_share_is_what_is_left_at_most(count: int, calls: int) -> None:
    assert windows.next_share(window(count), LIMIT, NOW + MINUTE - TICK) == Share(calls, NOW + MINUTE)
    assert windows.next_share(window(count), LIMIT, NOW + MINUTE) == Share(3, NOW + 2 * MINUTE)


def test_no_share_of_a_new_window_is_more_than_its_calls() -> None:
    assert windows.next_share(None, Limit(1, per=60), NOW) == Share(1, NOW + MINUTE)
    assert windows.next_share(None, Limit(0, per=60), NOW) == Share(FULL, NOW + MINUTE)


def test_full_is_no_number_of_calls() -> None:
    """A share of which no call is left, and which may be followed by another, holds 0."""
    assert FULL == -1


def test_a_deleted_accounts_counter_refuses_for_a_day_whatever_the_time() -> None:
    closed = windows.closed(NOW)
    assert documents.encode(closed) == {
        "openedAt": NOW,
        "count": 0,
        "closed": True,
        "expiresAt": NOW + timedelta(days=1),
    }
    for at in (NOW, NOW + MINUTE):
        with pytest.raises(Unauthenticated):
            windows.with_calls(closed, LIMIT, at, 1)
        with pytest.raises(Unauthenticated):
            windows.next_share(closed, LIMIT, at)


def test_uncounted_calls_are_noted_until_the_first_is_too_old() -> None:
    first = windows.one_more(None, 60, NOW)
    assert first == Uncounted(1, NOW + MINUTE)
    second = windows.one_more(first, 60, NOW + MINUTE - TICK)
    assert second == Uncounted(2, NOW + MINUTE)
    assert windows.one_more(second, 60, NOW + MINUTE) == Uncounted(1, NOW + 2 * MINUTE)


def test_a_full_window_is_known_by_a_share() -> None:
    closes = NOW + MINUTE
    assert windows.full_until(LIMIT, Share(FULL, closes), None, None, closes - TICK) == closes
    assert windows.full_until(LIMIT, Share(FULL, closes), None, None, closes) is None
    assert windows.full_until(LIMIT, Share(0, closes), None, None, NOW) is None
    assert windows.full_until(LIMIT, None, None, None, NOW) is None


def test_a_full_window_is_known_by_a_sessions_refused_calls() -> None:
    until = NOW + MINUTE
    assert windows.full_until(LIMIT, None, Uncounted(30, until), None, until - TICK) == until
    assert windows.full_until(LIMIT, None, Uncounted(31, until), None, NOW) == until
    assert windows.full_until(LIMIT, None, Uncounted(30, until), None, until) is None
    assert windows.full_until(LIMIT, None, Uncounted(29, until), None, NOW) is None


def test_a_full_window_is_known_by_the_counter_as_it_was() -> None:
    closes = NOW + MINUTE
    assert windows.full_until(LIMIT, None, None, window(30), closes - TICK) == closes
    assert windows.full_until(LIMIT, None, None, window(31), NOW) == closes
    assert windows.full_until(LIMIT, None, None, window(30), closes) is None
    assert windows.full_until(LIMIT, None, None, window(29), NOW) is None
    assert windows.full_until(Limit(0, per=60), None, None, windows.closed(NOW), NOW) is None, "its commit says why"


def test_the_window_that_is_open_now_is_shown() -> None:
    assert windows.standing(None, LIMIT, NOW) is None
    assert windows.standing(window(7), LIMIT, NOW + MINUTE - TICK) == (7, NOW + MINUTE)
    assert windows.standing(window(7), LIMIT, NOW + MINUTE) is None


def test_what_is_known_first_decides() -> None:
    share, noted, counted = Share(FULL, NOW + TICK), Uncounted(30, NOW + 2 * TICK), window(30)
    assert windows.full_until(LIMIT, share, noted, counted, NOW) == NOW + TICK
    assert windows.full_until(LIMIT, None, noted, counted, NOW) == NOW + 2 * TICK
