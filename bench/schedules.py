"""The monthly reset and the ledger audit of many users by 1, 2 and 4 instances: users a second."""

from __future__ import annotations

import json
import os
import random
import string
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from bench.stage import ENVIRONMENT, HERE, Stage
from bench.table import Row, table
from tests.admin.weeks import put_all
from tests.support.people import user_data
from tests.support.queue import Queue, queue_server

WORKERS = (1, 2, 4)
SHARDS = 32
"""About so many parts, so that each of four instances has several."""
WORKER = """
import json, sys
from studiox.account_data.endpoints import SCHEDULES
from studiox.fan_out import service
from studiox.tokens import audit, monthly_reset
service.ALONE, service.PER_SHARD = 1, int(sys.argv[1])
schedules = {"resetMonthlyTokens": monthly_reset.reset_monthly, "auditLedger": audit.audit_ledger}
print(flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    schedules[asked]() if isinstance(asked, str) else service.work(SCHEDULES, asked)
    print(flush=True)
"""


def run(_stage: Stage, *, quick: bool) -> None:
    users = 200 if quick else 6_000
    speeds = {number: measured(users, number) for number in WORKERS}
    for schedule in ("resetMonthlyTokens", "auditLedger"):
        one = speeds[1][schedule]
        rows = [Row(f"users a second, {number} instances", speeds[number][schedule], one) for number in WORKERS[1:]]
        table(f"{schedule} of {users:,} users, on {os.cpu_count()} cores", "instances", "one", rows)


def measured(users: int, workers: int) -> dict[str, float]:
    """Users a second, by schedule: from the schedule's call to the end of its run."""
    os.environ["GCLOUD_PROJECT"] = f"demo-bench-schedules-{workers}"
    put_all(due_users(users))
    found = {}
    with queue_server() as queue, instances(queue, workers, users // SHARDS) as running:
        for schedule in ("resetMonthlyTokens", "auditLedger"):
            began = time.perf_counter()
            ask(running[0], schedule)
            tasks = [each.data for each in queue.tasks]
            queue.tasks.clear()
            free = list(running)

            def one(data: Mapping[str, Any], free: list[Instance] = free) -> None:
                instance = free.pop()
                ask(instance, data)
                free.append(instance)

            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(one, tasks))
            found[schedule] = users / (time.perf_counter() - began)
            assert len(tasks) > workers, "the run was not divided"
            assert not queue.tasks
    return found


def due_users(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Users with Firebase Auth's random ids, whose month ended in the last day."""
    choose, now = random.Random(1), datetime.now(UTC)
    for _ in range(number):
        uid = "".join(choose.choices(string.ascii_letters + string.digits, k=28))
        due = now - timedelta(seconds=choose.uniform(0, 86_400))
        yield f"users/{uid}", user_data(None, due - timedelta(days=30), creditResetAt=due, updatedAt=due)


Instance = subprocess.Popen[str]


@contextmanager
def instances(queue: Queue, number: int, per_shard: int) -> Iterator[list[Instance]]:
    """Processes that each do one task at a time, as an instance of Cloud Run does here."""
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(HERE.parent / "functions")}
    environment["CLOUD_TASKS_EMULATOR_HOST"] = queue.host
    command = [sys.executable, "-c", WORKER, str(per_shard)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [Instance(command, env=environment, **pipes) for _ in range(number)]
    try:
        for each in running:
            answered(each)
        yield running
    finally:
        for each in running:
            pipe(each.stdin).close()
            each.wait(30)


def ask(instance: Instance, what: object) -> None:
    """Let the instance do this, and wait until it has."""
    pipe(instance.stdin).write(json.dumps(what) + "\n")
    pipe(instance.stdin).flush()
    answered(instance)


def answered(instance: Instance) -> None:
    if not pipe(instance.stdout).readline():
        raise RuntimeError(f"an instance ended with {instance.wait(30)}")


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
