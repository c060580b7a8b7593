"""The weekly report of 100,000 jobs beside one of 10,000: its time, and its memory, which must not grow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta

from bench.stage import ENVIRONMENT, HERE, Stage
from bench.table import Row, counts, table
from tests.admin.weeks import MONDAY, put_jobs, random_week

SCHEDULE_S = 1800  # weeklyReport's own time limit
MEASURED = """
import json, resource, sys, time
from datetime import datetime, timedelta
from studiox.admin import weekly_report
start = datetime.fromisoformat(sys.argv[1])
found = []
for week in range(2):
    began = time.perf_counter()
    report = weekly_report.run(start + timedelta(days=7 * week), actor="bench", action="bench", at=start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found.append([time.perf_counter() - began, peak, report["totalRequests"]])
print(json.dumps(found))
"""


def run(_stage: Stage, *, quick: bool) -> None:
    few, many = (1_000, 4_000) if quick else (10_000, 100_000)
    os.environ["GCLOUD_PROJECT"] = "demo-bench-reports"
    put_jobs(random_week(1, few))
    late = random_week(2, many, MONDAY + timedelta(days=7))
    put_jobs({**each, "jobId": f"n{each['jobId']}"} for each in late)
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(HERE.parent / "functions")}
    command = [sys.executable, "-c", MEASURED, MONDAY.isoformat()]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=SCHEDULE_S, check=True)
    (short, before, smaller), (long, after, larger) = json.loads(done.stdout.splitlines()[-1])
    rows = [
        Row("jobs in the week", larger, smaller),
        Row("the report, s", long, short),
        Row("peak memory, MiB", after, before, "≤", 1.1),
    ]
    table("The weekly report", f"{many:,}", f"{few:,}", rows)
    counts("Its schedule's limits", [("seconds", long, SCHEDULE_S), ("memory, MiB", after, 512)])
