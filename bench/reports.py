"""The weekly report from the daily counters: of many jobs beside a tenth of them, and beside one from the jobs."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bench.stage import ENVIRONMENT, HERE, Stage
from bench.table import Row, counts, table
from tests.admin.weeks import MODELS, MONDAY, WEEK, put_all, put_jobs, random_week
from tests.support.people import user_data

SCHEDULE_S = 1800  # weeklyReport's own time limit
SHARDS, USERS = 50, 2_000
MEASURED = """
import json, resource, sys, time
from datetime import datetime, timedelta
from studiox.admin import weekly_report
start = datetime.fromisoformat(sys.argv[1])
found = []
for week in (0, 1, 3):
    began = time.perf_counter()
    report = weekly_report.run(start + timedelta(days=7 * week), actor="bench", action="bench", at=start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found.append([time.perf_counter() - began, peak, report.total_requests])
print(json.dumps(found))
"""


def run(_stage: Stage, *, quick: bool) -> None:
    few, many = (2_000, 20_000) if quick else (100_000, 1_000_000)
    os.environ["GCLOUD_PROJECT"] = "demo-bench-reports"
    put_counted(few, 0)
    put_counted(many, 1)
    read = random_week(2, few, MONDAY + 3 * WEEK)  # some of them are a moment outside of it
    put_jobs({**each, "jobId": f"r{each['jobId']}"} for each in read)
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(HERE.parent / "functions")}
    command = [sys.executable, "-c", MEASURED, MONDAY.isoformat()]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=SCHEDULE_S, check=True)
    (short, before, smaller), (long, after, larger), (read_s, _, jobs) = json.loads(done.stdout.splitlines()[-1])
    assert (smaller, larger) == (few, many), "the counters are the report"
    rows = [
        Row("jobs in the week", larger, smaller),
        Row("the report, s", long, short),
        Row("peak memory, MiB", after, before, "≤", 1.1),
    ]
    table("The weekly report from the counters", f"{many:,}", f"{few:,}", rows)
    table(
        "The same from the counters and from the jobs",
        "counters",
        "jobs",
        [Row("jobs in the week", smaller, jobs), Row("the report, s", short, read_s)],
    )
    counts("Its limits", [("seconds", long, 60), ("memory, MiB", after, 128)])


def put_counted(jobs: int, week: int) -> None:
    """A week of so many jobs that have ended, their counters, and their users. The report does not read the jobs."""
    start = MONDAY + week * WEEK
    put_all((f"jobs/w{week}-{n}", {"createdAt": start + n * WEEK / jobs}) for n in range(jobs))
    put_all(_counters(jobs, week))
    name = start.date().isoformat()
    each = [jobs // USERS + (n < jobs % USERS) for n in range(USERS)]
    put_all((f"users/w{week}-{n}", user_data(now=start, jobsByWeek={name: orders})) for n, orders in enumerate(each))


def _counters(jobs: int, week: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """As if each document of the week had as many of the jobs, with latencies of all kinds."""
    choose = random.Random(week)
    documents = 7 * SHARDS
    for number in range(documents):
        held = jobs // documents + (number < jobs % documents)
        day = (MONDAY + week * WEEK + timedelta(days=number // SHARDS)).date()
        latencies: dict[str, int] = {}
        for _ in range(held):
            step = str(choose.randrange(6_000))
            latencies[step] = latencies.get(step, 0) + 1
        counted = {"status": {"completed": held}, "type": {"image": held}, "model": {choose.choice(MODELS): held}}
        tokens = {"tokens": {"consumed": 3 * held}}
        yield f"dailyCounters/{number % SHARDS:02}-{day}", {"counts": {**counted, **tokens, "latency": latencies}}
