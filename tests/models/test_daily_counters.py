"""What a job adds to the counters of its day, and in which document."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.kit.documents import decode
from studiox.models import daily_counters
from studiox.models.daily_counters import Counted
from studiox.models.jobs import Job
from tests.support import Database, Rpcs
from tests.support.documents import docs_with
from tests.support.jobs import job
from tests.support.things import thing_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MARK = thing_at("things/mark")


def made(**fields: Any) -> Job:
    given = {"created_at": NOON, "completed_at": NOON + timedelta(seconds=3), **fields}
    return decode(Job, job("j1", "u1", **given))


def test_what_a_job_comes_to() -> None:
    done = made(params={"prompt": "x", "size": 512, "style": "oil", "color": "neon"})
    assert daily_counters.figures(done) == {
        ("status", "completed"): 1,
        ("model", "Model A"): 1,
        ("type", "image"): 1,
        ("size", "512"): 1,
        ("style", "oil"): 1,
        ("color", "neon"): 1,
        ("tokens", "consumed"): 3,
        ("tokens", "refunded"): 0,
        ("consumed", "Model A"): 3,
        ("refunded", "Model A"): 0,
        ("completed", "Model A"): 1,
        ("hour", "12 completed"): 1,
        ("latency", "30"): 1,
    }
    failed = daily_counters.figures(made(status="failed", refunded=2, params={}))
    assert failed == {
        ("status", "failed"): 1,
        ("model", "Model A"): 1,
        ("type", "image"): 1,
        ("tokens", "consumed"): 3,
        ("tokens", "refunded"): 2,
        ("consumed", "Model A"): 3,
        ("refunded", "Model A"): 2,
        ("failed", "Model A"): 1,
        ("hour", "12 failed"): 1,
    }
    assert ("latency", "30") not in daily_counters.figures(made(status="cancelled"))
    assert daily_counters.figures(made(completed_at=None)).keys() & {("latency", "0"), ("latency", "30")} == set()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", "other"),
        ("__x__", "other"),
        ("__x", "__x"),
        ("x__", "x__"),
        ("a" * 200, "a" * 200),
        ("a" * 201, "other"),
        ("ä" * 100, "ä" * 100),
        ("ä" * 101, "other"),
        ("a.b c", "a.b c"),
    ],
)
def test_a_value_that_is_no_fields_name_is_counted_as_another(value: str, name: str) -> None:
    found = daily_counters.figures(made(model=value, status="failed", params={"size": value}))
    assert {path for path in found if path[0] in ("model", "failed", "size")} == {
        ("model", name),
        ("failed", name),
        ("size", name),
    }


@pytest.mark.parametrize(
    ("seconds", "exact", "held"),
    [(-1, 0, 0), (0.06, 1, 1), (599.9, 5_999, 5_999), (600, 6_000, 6_000), (609.9, 6_099, 6_000)]
    + [(610, 6_100, 6_100), (7_199.9, 71_999, 71_900), (7_200, 72_000, 72_000), (9_999, 72_000, 72_000)],
)
def test_a_counter_tells_long_latencies_to_ten_seconds(seconds: float, exact: int, held: int) -> None:
    done = made(completed_at=NOON + timedelta(seconds=seconds))
    for found, expected in ((daily_counters.figures(done), exact), (daily_counters.kept(done), held)):
        assert [value for kind, value in found if kind == "latency"] == [str(expected)]
    rest = {path: number for path, number in daily_counters.figures(done).items() if path[0] != "latency"}
    assert rest.items() <= daily_counters.kept(done).items()


def increments(change: Any) -> dict[str, dict[tuple[str, ...], int]]:
    docs = docs_with({})
    docs.create(MARK, MARK.struct(n=1))
    change(docs)
    return {path: dict(amounts) for path, amounts in docs.increments.items()}


def test_an_end_a_change_and_a_deletion() -> None:
    cancelled = made(status="cancelled", refunded=3, params={})
    added = increments(lambda docs: daily_counters.add(docs, "j1", cancelled))
    [(path, amounts)] = added.items()
    assert amounts == {
        ("counts", "status", "cancelled"): 1,
        ("counts", "model", "Model A"): 1,
        ("counts", "type", "image"): 1,
        ("counts", "tokens", "consumed"): 3,
        ("counts", "tokens", "refunded"): 3,
        ("counts", "consumed", "Model A"): 3,
        ("counts", "refunded", "Model A"): 3,
        ("counts", "hour", "12 cancelled"): 1,
        ("counts", "cancelled", "Model A"): 1,
    }
    kept = replace(cancelled, refunded=1)
    assert increments(lambda docs: daily_counters.add(docs, "j1", kept, cancelled)) == {
        path: {("counts", "tokens", "refunded"): -2, ("counts", "refunded", "Model A"): -2}
    }
    assert increments(lambda docs: daily_counters.add(docs, "j1", cancelled, cancelled)) == {}
    taken = increments(lambda docs: daily_counters.subtract(docs, "j1", cancelled))
    assert taken == {path: {field: -amount for field, amount in amounts.items()}}


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 2, tzinfo=UTC), "2026-03-02"),
        (datetime(2026, 3, 2, 23, 59, 59, 999_999, UTC), "2026-03-02"),
        (datetime(2026, 3, 3, 1, tzinfo=timezone(timedelta(hours=2))), "2026-03-02"),
    ],
)
def test_the_document_is_of_the_orders_day(at: datetime, day: str) -> None:
    paths = {
        path
        for number in range(300)
        for path in increments(lambda docs, n=number: daily_counters.add(docs, f"j{n}", made(created_at=at)))
    }
    assert paths == {f"dailyCounters/{shard:02}-{day}" for shard in range(50)}


def test_days_are_summed(database: Database, rpcs: Rpcs) -> None:
    def put(shard: int, day: str, **counts: dict[str, int]) -> None:
        database.put(f"dailyCounters/{shard:02}-{day}", {"counts": counts})

    put(0, "2026-03-01", status={"completed": 100})
    put(0, "2026-03-02", status={"completed": 2, "failed": 1}, model={"a.b": 3})
    put(49, "2026-03-03", status={"completed": 1, "failed": -1}, model={"gone": 0})
    put(3, "2026-03-04", status={"completed": 100})
    sums = daily_counters.of_days(date(2026, 3, 2), date(2026, 3, 3))
    assert sums == {("status", "completed"): 3, ("model", "a.b"): 3}
    assert daily_counters.total_of(sums) == 3
    assert rpcs.calls == ["BatchGetDocuments"] * 2
    read = [name for _, request in rpcs.requests for name in request.get("documents", []) if "/dailyCounters/" in name]
    assert len(read) == 100


def test_only_what_has_ended_is_recounted() -> None:
    jobs: list[Counted] = [made(status=each) for each in ("pending", "processing", "completed", "failed", "cancelled")]
    found = daily_counters.recounted(jobs)
    assert daily_counters.total_of(found) == 3
    assert found == sum((Counter(daily_counters.kept(each)) for each in jobs[2:]), Counter())
