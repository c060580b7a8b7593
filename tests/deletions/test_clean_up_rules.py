"""The life cycle of a clean-up record, on both sides of each moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from studiox.deletions import rules
from studiox.kit.errors import Contention
from studiox.models.deletions import CleanUp, Kind, State

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK, MINUTE = timedelta.resolution, timedelta(minutes=1)
ORDERED = CleanUp(
    kind="post", id="p1", uid="ann", state="clearing", token="t1", due_at=NOW, last=False, failures=0, created_at=NOW
)


def test_what_is_ordered_is_due_now() -> None:
    assert rules.ordered("post", "p1", "ann", "t1", NOW) == ORDERED
    assert rules.ordered("account", "a1", "", "t1", NOW) == replace(ORDERED, kind="account", id="a1", uid="")


def test_a_call_that_copies_has_ten_minutes() -> None:
    fresh = replace(ORDERED, state="copying", token="t2", due_at=NOW + 10 * MINUTE)
    copying = replace(ORDERED, state="copying", due_at=NOW + TICK, created_at=NOW - MINUTE, uid="bob")
    assert rules.copying(None, "p1", "ann", "t2", NOW) == fresh
    assert rules.copying(replace(copying, state="settling"), "p1", "ann", "t2", NOW) == fresh
    # another call for the post shares the token until it is too late
    assert rules.copying(copying, "p1", "ann", "t2", NOW) == replace(fresh, token="t1")
    assert rules.copying(replace(copying, due_at=NOW), "p1", "ann", "t2", NOW) == fresh


def test_nothing_is_copied_while_older_copies_are_deleted() -> None:
    with pytest.raises(Contention) as refused:
        rules.copying(replace(ORDERED, due_at=NOW + MINUTE), "p1", "ann", "t2", NOW)
    assert refused.value.details["retryAfterSeconds"] == 5


@pytest.mark.parametrize(
    ("state", "before", "last"),
    [("clearing", False, False), ("copying", False, False), ("settling", False, True), ("clearing", True, True)],
)
def test_a_run_has_a_lease_of_three_minutes(state: State, before: bool, last: bool) -> None:
    record = replace(ORDERED, state=state, last=before, failures=2)
    run = replace(record, state="clearing", token="t2", due_at=NOW + 3 * MINUTE, last=last)
    assert rules.claimed(record, "t2", NOW) == run
    assert rules.claimed(replace(record, due_at=NOW + TICK), "t2", NOW) is None


def test_no_record_is_nothing_to_do() -> None:
    assert rules.claimed(None, "t2", NOW) is None


@pytest.mark.parametrize(("kind", "pause"), [("post", 10 * MINUTE), ("creation", 35 * MINUTE), ("account", None)])
def test_posts_and_creations_are_cleared_once_more(kind: Kind, pause: timedelta | None) -> None:
    run = replace(ORDERED, kind=kind, failures=3, due_at=NOW + MINUTE)
    after = None if pause is None else replace(run, state="settling", due_at=NOW + pause, failures=0)
    assert rules.after_run(run, complete=True, now=NOW) == after
    last = replace(run, last=True)
    assert rules.after_run(last, complete=True, now=NOW) is None
    for each in (run, last):
        assert rules.after_run(each, complete=False, now=NOW) == replace(each, due_at=NOW, failures=0)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 15), (1, 30), (2, 60), (7, 1_920), (8, 3_600), (9, 3_600), (100, 3_600)]
)
def test_the_pause_doubles_up_to_an_hour(failures: int, seconds: int) -> None:
    record = replace(ORDERED, failures=failures)
    after = replace(record, due_at=NOW + timedelta(seconds=seconds), failures=failures + 1)
    assert rules.after_failure(record, NOW) == after
