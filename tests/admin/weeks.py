"""Weeks of jobs to report: made at random from a seed, put into the engine in bulk, and counted slowly."""

from __future__ import annotations

import itertools
import random
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support import Database, jobs

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
MODELS = ("Model A", "Model B", "z-image", "veo3.1-lite")
SIZES = ("512x512", "1024x1024", "1024x1792")
STYLES = ("realistic", "anime", "oil painting")


def job(number: int, at: datetime, **fields: Any) -> dict[str, Any]:
    """A completed job of user u0 that took three seconds; `fields` replace its own, by their stored names."""
    done = at + timedelta(seconds=3)
    params = {"prompt": "x", "size": "1024x1024"}
    made = jobs.job(f"j{number}", "u0", params=params, created_at=at, updated_at=done, completed_at=done)
    return made | fields


def random_week(seed: int, jobs: int, start: datetime = MONDAY) -> Iterator[dict[str, Any]]:
    """Jobs of every kind, some of them a moment outside the week."""
    choose = random.Random(seed)
    edges = (timedelta(0), WEEK - timedelta(microseconds=1), -timedelta(microseconds=1), WEEK)
    for number in range(jobs):
        inside = timedelta(seconds=choose.randrange(7 * 86_400), microseconds=choose.randrange(10**6))
        at = start + (choose.choice(edges) if choose.random() < 0.05 else inside)
        status = choose.choices(("completed", "failed", "cancelled", "processing", "pending"), (80, 8, 6, 4, 2))[0]
        price = choose.randrange(1, 40)
        params = {"prompt": "x"}
        for name, values in (("size", SIZES), ("style", STYLES), ("color", ("neon", "pastel"))):
            if choose.random() < 0.7:
                params[name] = choose.choice(values)
        made = job(
            number,
            at,
            uid=f"u{choose.randrange(60)}",
            type=choose.choice(("image", "video")),
            model=choose.choice(MODELS),
            status=status,
            price=price,
            refunded=price if status in ("failed", "cancelled") else 0,
            params=params,
        )
        if status in ("pending", "processing"):
            del made["completedAt"]
        else:
            made["completedAt"] = at + timedelta(seconds=choose.randrange(1, 900) / 10)
        yield made


def put_all(found: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write {path: data} in commits of 500, past the code under test."""
    left = iter(found)
    while part := dict(itertools.islice(left, 500)):
        Database().apply(part)


def put_jobs(jobs: Iterable[dict[str, Any]]) -> None:
    put_all((f"jobs/{each['jobId']}", each) for each in jobs)


def recount(jobs: list[dict[str, Any]], start: datetime = MONDAY) -> dict[str, Any]:
    """The figures of the week's jobs as somebody would work them out by hand."""
    week = [each for each in jobs if start <= each["createdAt"] < start + WEEK]
    done = [each for each in week if each["status"] == "completed"]
    failed = [each for each in week if each["status"] == "failed"]
    ended = len(done) + len(failed)

    def by(field: str) -> dict[str, int]:
        found = [each.get(field, each["params"].get(field)) for each in week]
        return dict(sorted(Counter(value for value in found if value is not None).items()))

    return {
        "reportId": f"report_{start + WEEK:%Y%m%d}",
        "weekStartDate": f"{start:%Y-%m-%d}",
        "weekEndDate": f"{start + timedelta(days=6):%Y-%m-%d}",
        "totalRequests": len(week),
        "successfulRequests": len(done),
        "failedRequests": len(failed),
        "cancelledRequests": sum(each["status"] == "cancelled" for each in week),
        "successRate": round(len(done) / ended, 4) if ended else 0.0,
        "failureRate": round(len(failed) / ended, 4) if ended else 0.0,
        "totalCreditsConsumed": sum(each["price"] for each in week),
        "totalCreditsRefunded": sum(each["refunded"] for each in week),
        "requestsByModel": by("model"),
        "requestsByType": by("type"),
        "requestsBySize": by("size"),
        "requestsByStyle": by("style"),
        "requestsByColor": by("color"),
        "activeUsers": len({each["uid"] for each in week}),
        "latency": {"p50": _percentile(done, 50), "p95": _percentile(done, 95)},
    }


def _percentile(done: list[dict[str, Any]], share: int) -> float | None:
    """By the nearest rank."""
    took: list[float] = sorted(round((each["completedAt"] - each["createdAt"]).total_seconds(), 1) for each in done)
    if len(took) < 2:
        return took[0] if took else None
    if share == 50:
        return statistics.median_low(took)
    return took[-(-len(took) * share // 100) - 1]
