"""Which key is the middle, and what a run and its parts are after each step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from studiox.fan_out import rules
from studiox.models.schedule_runs import Progress, ScheduleRun, Shard

NOW = datetime(2026, 3, 1, tzinfo=UTC)
END = NOW + timedelta(days=30)
LETTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "/")
HALF = LETTERS[46] * 5  # of 93 letters


@pytest.mark.parametrize(
    ("low", "below", "middle"),
    [
        ("a", "c", "b"),
        ("!", "#", '"'),
        ("a", "b", f"a{HALF}"),
        ("xya", "xyb", f"xya{HALF}"),  # the common prefix does not count
        ("a~", "c", f"b{HALF[0]}"),
        ("aé", "c", f"b{HALF[0]}"),  # letters beyond ASCII count as the last one
        ("a", "a!!!!!!!!!", None),
        ("a\x01b", "a!b", None),
    ],
)
def test_the_middle_is_found_by_six_letters(low: str, below: str, middle: str | None) -> None:
    assert rules.middle(low, below) == middle


def test_times_begin_with_the_year_2020() -> None:
    assert rules.middle(None, datetime(2022, 1, 1, tzinfo=UTC)) == datetime(2020, 12, 31, 12, tzinfo=UTC)
    assert rules.middle(NOW, NOW + timedelta(days=2)) == NOW + timedelta(days=1)


def test_a_run_begins_with_all_of_its_parts() -> None:
    shards = [Shard(kind="users", below="m"), Shard(kind="users", low="m")]
    assert rules.divided("reset", shards, {"users": 2}, {"full": True}, NOW) == ScheduleRun(
        schedule="reset",
        started_at=NOW,
        about={"full": True},
        shards=shards,
        open=[0, 1],
        counts={"users": 2},
        expires_at=END,
    )


def test_attempts_count_until_a_part_makes_progress() -> None:
    first = rules.begun(None, Shard(kind="users", cursor=["k", "id"]), END)
    assert first == Progress(cursor=["k", "id"], counts={}, expires_at=END, attempts=1)
    second = rules.begun(first, Shard(kind="users"), END)
    assert second == replace(first, attempts=2)
    further = rules.advanced(second, ["l", "id"], {"users": 3})
    assert further == Progress(cursor=["l", "id"], counts={"users": 3}, expires_at=END, attempts=0)
    assert rules.advanced(further, ["m", "id"], {"users": 1}).counts == {"users": 4}


def test_a_part_that_ends_no_longer_names_where_it_began() -> None:
    began = [Shard(kind="users", low=each, cursor=[uid, uid]) for each, uid in (("a", "ada"), ("m", "max"))]
    done = rules.ended(rules.divided("reset", began, {}, {}, NOW), 1, {}, failed=False)
    assert done.shards == [began[0], Shard(kind="users", low="m")]


def test_a_part_that_ends_is_no_longer_open() -> None:
    run = rules.divided("reset", [Shard(kind="users")] * 3, {"users": 2}, {}, NOW)
    done = rules.ended(run, 1, {"users": 3}, failed=False)
    assert done == replace(run, open=[0, 2], counts={"users": 5})
    assert rules.ended(done, 2, {}, failed=True) == replace(done, open=[0], failed=[2])
