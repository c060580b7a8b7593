"""What the daily counters must hold, worked out from the stored jobs without any production code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

ENDED = ("completed", "failed", "cancelled")
Sums = Counter[tuple[str, str, str]]
"""{(day, kind, value): number}"""


def sums(everything: Mapping[str, Mapping[str, Any]]) -> Sums:
    """What the counters among these documents hold, without zeros."""
    found: Sums = Counter()
    for path, data in everything.items():
        if path.startswith("dailyCounters/"):
            day = path.split("-", 1)[1]
            for kind, held in data["counts"].items():
                for value, number in held.items():
                    found[day, kind, value] += number
    return Counter({key: number for key, number in found.items() if number})


def recount(everything: Mapping[str, Mapping[str, Any]]) -> Sums:
    """The same of the jobs among these documents that are marked as counted."""
    jobs = {path: data for path, data in everything.items() if path.startswith("jobs/") and path.count("/") == 1}
    return of_all(job for path, job in jobs.items() if everything.get(f"{path}/private/state", {}).get("counted"))


def of_all(jobs: Iterable[Mapping[str, Any]]) -> Sums:
    """What the counters should hold of these jobs, as far as they have ended."""
    found: Sums = Counter()
    for job in jobs:
        for (kind, value), number in of(job).items() if job["status"] in ENDED else ():
            found[f"{job['createdAt']:%Y-%m-%d}", kind, value] += number
    return Counter({key: number for key, number in found.items() if number})


def of(job: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """What the counters hold of a job that has ended."""
    found = {("status", job["status"]): 1, ("model", job["model"]): 1, ("type", job["type"]): 1}
    found |= {(name, str(job["params"][name])): 1 for name in ("size", "style", "color") if name in job["params"]}
    found |= {("tokens", "consumed"): job["price"], ("tokens", "refunded"): job["refunded"]}
    found |= {("consumed", job["model"]): job["price"], ("refunded", job["model"]): job["refunded"]}
    found["hour", f"{job['createdAt']:%H} {job['status']}"] = 1
    if job["status"] in ENDED:
        found[job["status"], job["model"]] = 1
    if job["status"] == "completed":
        seconds = min(max(0.0, (job["completedAt"] - job["createdAt"]).total_seconds()), 7_200.0)
        tenths = round(10 * seconds)
        found["latency", str(tenths if tenths < 6_000 else tenths - tenths % 100)] = 1
    return found


def check(everything: Mapping[str, Mapping[str, Any]]) -> None:
    """Assert that the counters hold what the jobs come to."""
    held, expected = sums(everything), recount(everything)
    assert held == expected, {key: (held[key], expected[key]) for key in held | expected if held[key] != expected[key]}
