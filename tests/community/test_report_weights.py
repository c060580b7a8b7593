"""What a report weighs and what it takes to hide a post, on both sides of each boundary."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from studiox.community import reports
from studiox.models.moderation import Moderation, Report, ReportReason, Subject
from studiox.models.users import User
from tests.support.people import NOW, user_of

TICK = timedelta.resolution
DAY, WEEK = timedelta(days=1), timedelta(days=7)
LATER = NOW + DAY


def _account(age: timedelta = WEEK, overruled: int | None = None) -> User:
    return replace(user_of(now=NOW - age), reports_overruled=overruled)


@pytest.mark.parametrize(
    ("age", "has_made", "weight"),
    [(timedelta(), True, 0), (DAY - TICK, True, 0), (DAY, True, 100), (DAY, False, 0)]
    + [(WEEK - TICK, True, 100), (WEEK - TICK, False, 0), (WEEK, False, 100), (WEEK, True, 100)],
)
def test_where_addresses_are_confirmed_a_young_account_weighs_nothing(
    age: timedelta, has_made: bool, weight: int
) -> None:
    assert reports.points(_account(age), strict=True, has_made=has_made, now=NOW) == weight
    assert reports.points(_account(age), strict=False, has_made=has_made, now=NOW) == 100


def test_without_a_profile_the_account_is_new() -> None:
    assert reports.points(None, strict=True, has_made=True, now=NOW) == 0
    assert reports.points(None, strict=False, has_made=False, now=NOW) == 100


@pytest.mark.parametrize(
    ("overruled", "weight"), [(None, 100), (0, 100), (1, 50), (2, 25), (3, 12), (6, 1), (7, 0), (8, 0), (99, 0)]
)
def test_each_overruled_report_halves_the_weight(overruled: int | None, weight: int) -> None:
    assert reports.points(_account(overruled=overruled), strict=False, has_made=False, now=NOW) == weight


@pytest.mark.parametrize(("restores", "points"), [(0, 300), (1, 600), (4, 4_800), (5, 9_600), (6, 9_600)])
def test_each_restore_doubles_what_hides_a_post(restores: int, points: int) -> None:
    assert reports.points_to_hide(3, restores) == points


EMPTY = Moderation(post_id="p1", uid="ann", reports=0, points=0, restores=0)


def test_a_posts_record_begins_empty() -> None:
    assert reports.moderation(None, Subject("p1"), "ann") == EMPTY
    of_comment = reports.moderation(None, Subject("p1", "c1"), "ann")
    assert of_comment == replace(EMPTY, comment_id="c1", uid=None), "its author is named by the comment alone"
    known = replace(EMPTY, reports=2)
    assert reports.moderation(known, Subject("p1"), "ann") is known


def test_reports_add_up_until_a_restore() -> None:
    def given(points: int, at: timedelta, reason: ReportReason = "spam") -> Report:
        return Report(
            post_id="p1", uid="bob", reason=reason, text=None, created_at=NOW + at, points=points, state="open"
        )

    one = reports.after_report(EMPTY, given(50, timedelta()))
    assert one == replace(EMPTY, reports=1, points=50, updated_at=NOW, open_since=NOW, reasons={"spam": 1})
    two = reports.after_report(one, given(7, DAY, "hate"))
    told = {"spam": 1, "hate": 1}
    assert two == replace(EMPTY, reports=2, points=57, updated_at=LATER, open_since=NOW, reasons=told)
    assert reports.after_restore(two) == replace(two, reports=0, points=0, restores=1, reasons=None)
    assert [reports.main_reason(each) for each in (EMPTY, one, two)] == ["other", "spam", "spam"]
    assert reports.main_reason(reports.after_report(two, given(0, DAY, "hate"))) == "hate"
    assert reports.after_restore(replace(two, restores=4)).restores == 5


@pytest.mark.parametrize(
    ("before", "upheld", "after"),
    [(None, True, 0), (0, True, 0), (1, True, 0), (2, True, 1), (7, True, 6)]
    + [(None, False, 1), (0, False, 1), (5, False, 6), (6, False, 7), (7, False, 7)],
)
def test_a_decision_counts_for_the_reporter(before: int | None, upheld: bool, after: int) -> None:
    assert reports.overruled(_account(overruled=before), upheld) == after


def test_who_has_no_profile_has_no_overruled_reports() -> None:
    assert reports.overruled(None, upheld=True) == 0
    assert reports.overruled(None, upheld=False) == 1
