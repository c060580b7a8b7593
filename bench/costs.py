"""What jobs and an idle month cost: counts that tests/studio/test_costs.py measures, times list prices.

`python -m bench.costs` measures again and writes bench/costs.json and docs/costs.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
COUNTS = HERE / "costs.json"
PAGE = HERE.parent / "docs" / "costs.md"
MEASURE = "STUDIOX_MEASURE_COSTS"

PRICED_ON = "2026-11"
# Dollars for one, in us-central1, beyond the free quotas: the public price lists of Firestore (Standard edition),
# Cloud Run (request-based billing, tier 1), Cloud Storage (Standard class), Cloud Tasks and Cloud Scheduler.
PRICES = {
    "reads": 0.03 / 100_000,
    "writes": 0.09 / 100_000,
    "deletes": 0.01 / 100_000,
    "vCPU-s": 0.000024,
    "GiB-s": 0.0000025,
    "requests": 0.40 / 1_000_000,
    "tasks": 0.40 / 1_000_000,
    "class A": 0.005 / 1_000,
    "class B": 0.0004 / 1_000,
}
STORED_GB_MONTH = 0.020
SENT_GB = 0.12
SCHEDULE_MONTH = 0.10
NAM5 = 2.0
"""Firestore's multi-region `nam5` costs twice as much for each operation."""

# The rest is assumed, because it depends on the network and the provider.
FIRESTORE_S = 0.010
"""One round trip to Firestore in the same region."""
PROVIDER_S = 0.5
"""One request to a provider."""
COPIED_MB_S = 20.0
MEDIA_MB = {"image": 1.0, "video": 20.0, "music": 8.0, "text": 0.0}
"""The media of a job of each kind, in megabytes (10^6 bytes)."""
RENDERED_S = {"image": 0.6, "video": 1.2, "music": 4.0, "text": 0.0}
"""A task of makeRenditions on its share of a CPU. Measured: a picture takes 0.3 s of CPU time, a film 0.6 s, three
minutes of music 0.8 s; a music job has two songs with covers."""
RENDERING = {"vCPU": 7 / 12, "GiB": 1.0}
MEMORY_GIB = 0.25
RUNS = 30 * 24 * 60
DISPATCHER = {"vCPU": 1 / 6, "seconds": 0.3}

COLUMNS = [
    *("kind", "reads + listened", "writes", "deletes", "requests", "tasks", "vCPU-s", "Storage A, B"),
    *("Firestore", "Cloud Run", "Storage", "together", "storing, a month"),
]


class Life(NamedTuple):
    """What one job causes from its order to its result, as it was counted."""

    reads: int
    writes: int
    deletes: int
    listened: int
    """Documents that a client's listeners on the job and on the balance receive. Firestore bills them as reads."""
    trips: int
    """Round trips to Firestore."""
    requests: int
    """Calls of functions: the order, the tasks, the provider's callback, the client's last look."""
    tasks: int
    asked: int
    """Requests to the provider."""
    renditions: int
    """Tasks among them that make thumbnails."""
    class_a: int
    class_b: int
    times: Mapping[str, int]
    """How often each time of a document in a top-level collection changes: `{"jobs.updatedAt": 7}`."""


def busy_s(kind: str, life: Life) -> float:
    """How long functions are busy with one job of this kind, but for its renditions."""
    seconds = life.trips * FIRESTORE_S + life.asked * PROVIDER_S + MEDIA_MB[kind] / COPIED_MB_S
    return max(seconds, 0.1 * (life.requests - life.renditions))  # at least a step of 0.1 s for each request


def usage(kind: str, life: Life) -> dict[str, float]:
    """What is billed for one job of this kind."""
    seconds = busy_s(kind, life)
    rendered = RENDERED_S[kind] * life.renditions
    return {
        "reads": life.reads + life.listened,
        "writes": life.writes,
        "deletes": life.deletes,
        "vCPU-s": seconds + rendered * RENDERING["vCPU"],
        "GiB-s": seconds * MEMORY_GIB + rendered * RENDERING["GiB"],
        "requests": life.requests,
        "tasks": life.tasks,
        "class A": life.class_a,
        "class B": life.class_b,
    }


def cost(used: Mapping[str, float]) -> float:
    return sum(PRICES[what] * amount for what, amount in used.items())


def idle(reads: int) -> dict[str, float]:
    """A month of the dispatcher without orders, from the reads of one run."""
    seconds = RUNS * DISPATCHER["seconds"]
    return {
        "reads": reads * RUNS,
        "vCPU-s": seconds * DISPATCHER["vCPU"],
        "GiB-s": seconds * MEMORY_GIB,
        "requests": RUNS,
    }


def page(lives: Mapping[str, Life], idle_reads: int, audit_reads: int) -> str:
    """docs/costs.md."""
    rows = []
    for kind, life in lives.items():
        used = usage(kind, life)
        firestore = 1_000 * cost({name: used[name] for name in ("reads", "writes", "deletes")})
        run = 1_000 * cost({name: used[name] for name in ("vCPU-s", "GiB-s", "requests", "tasks")})
        storage = 1_000 * cost({name: used[name] for name in ("class A", "class B")})
        counted = [f"{life.reads} + {life.listened}", life.writes, life.deletes, life.requests, life.tasks]
        computed = [f"{used['vCPU-s']:.1f}", f"{life.class_a}, {life.class_b}"]
        dollars = [f"${part:.3f}" for part in (firestore, run, storage)]
        kept = f"${MEDIA_MB[kind] * STORED_GB_MONTH:.2f}"  # gigabytes of a thousand jobs
        cells = [kind, *counted, *computed, *dollars, f"**${firestore + run + storage:.2f}**", kept]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    month = idle(idle_reads)
    prices = "\n".join(f"| {what} | {1_000_000 * price:.2f} |" for what, price in PRICES.items())
    return TEXT.format(
        header=f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}",
        audit_reads=audit_reads,
        priced_on=PRICED_ON,
        rows="\n".join(rows),
        idle_reads=idle_reads,
        month_reads=f"{month['reads']:,.0f}",
        month_seconds=f"{month['vCPU-s']:,.0f}",
        month_reads_usd=f"{PRICES['reads'] * month['reads']:.2f}",
        month_run_usd=f"{cost(month) - PRICES['reads'] * month['reads']:.2f}",
        prices=prices,
        stored=f"{STORED_GB_MONTH:.3f}",
        sent=f"{SENT_GB:.2f}",
        schedule=f"{SCHEDULE_MONTH:.2f}",
        firestore_ms=f"{1_000 * FIRESTORE_S:.0f}",
        provider_s=PROVIDER_S,
        mb_s=f"{COPIED_MB_S:.0f}",
        rendered=", ".join(f"{seconds} s ({kind})" for kind, seconds in RENDERED_S.items() if seconds),
        sizes=", ".join(f"{kind} {size:.0f} MB" for kind, size in MEDIA_MB.items() if size),
    )


TEXT = """\
# What a month costs

What Google Cloud bills for StudioX, by list prices of {priced_on} in `us-central1`, beyond the free quotas and before
taxes. The providers' own prices are not included: they are in the catalogue ([catalogue.md](catalogue.md)) and are far
larger. `.venv/bin/python -m bench.costs` counts again and writes this page; a test fails if it is out of date.

## A thousand jobs

Each row counts one job from its order to its result: the order, the tasks that poll the provider, the provider's
callback, the client's last look, and the task that makes thumbnails. The costs are those of a thousand jobs.

{header}
{rows}

- *Reads* are what the functions read. *Listened* is what a client's two listeners receive, on the job and on the
  balance.
- Counted on the real engine as Firestore bills: a read for each document that is asked for or returned, at least one
  for each query. Index entries are not billed.
- vCPU-s are computed: {firestore_ms} ms for each round trip to Firestore, {provider_s} s for each request to a
  provider, media at {mb_s} MB/s ({sizes}), and at least 0.1 s for each request. Thumbnails take
  {rendered} on seven twelfths of a CPU and a gibibyte. Each request
  is counted as if it had its instance alone. Requests that share one cost less, so a busy studio pays less.
- *Storing* is the media of a thousand jobs, for each month that they are kept. Sending them to people costs
  ${sent} for each gigabyte.

## A month without orders

| what | amount | dollars |
|---|---|---|
| the dispatcher's reads: {idle_reads} in each of 43,200 runs | {month_reads} | {month_reads_usd} |
| its runs: {month_seconds} vCPU-s on a sixth of a CPU, memory, requests | 43,200 | {month_run_usd} |
| seven schedules, ${schedule} each beyond the first three of the billing account | 7 | 0.40 |

Each user adds reads every night, because the audit checks every account against its ledger and its jobs:
{audit_reads} for one with a welcome bonus and a finished picture. Secret Manager, logs and images of old versions are
cents. `infra/` adds what its backups and uptime checks cost.

A schedule with more than 1,000 things to do divides the rest among tasks
([decision 30](decisions/0030-schedules-that-fan-out.md)). That adds a write for each page of 50 to 200 things, and
about 60 reads and 4 writes for each part of 10,000 to 20,000: under a tenth of a cent for a part.

## The prices

Dollars for a million, from the public price lists of Firestore (Standard edition), Cloud Run (request-based billing,
tier 1), Cloud Tasks and Cloud Storage (Standard class).

| what | dollars |
|---|---|
{prices}

Storing a gigabyte for a month costs ${stored}. Firestore's multi-region `nam5` costs twice as much for each operation,
and a multi-region bucket `US` twice as much for operations of class A and $0.026 for each gigabyte.

## The levers

- **Where the data is.** A region instead of `nam5` halves Firestore's part. It cannot be changed later.
- **How long media are kept.** Of the running costs only this one adds up from month to month.
- **Fewer polls.** Each is a task with about five reads and three writes. `TASK_POLL_S` in `studio/lifecycle.py` sets
  how often a task polls; a provider whose callbacks arrive needs fewer.
- **Fewer listeners.** A client that listens to a job from its order to its end receives each change.
- **CPU.** `OFTEN` and `SELDOM` in `kit/config.py` ([decision 23](decisions/0023-options-by-kind.md)). While the studio
  is small, `settleStudioJob` on a fraction of a CPU costs less, and jobs end some seconds later.
- **Limits.** `MAX_INSTANCES` bounds the cost of a flood, the spend limits the cost of providers, and the budget in
  `infra/` sends alerts.
"""


def read() -> tuple[dict[str, Life], int, int]:
    """The counts as they were measured last."""
    known = json.loads(COUNTS.read_text())
    return {kind: Life(**life) for kind, life in known["jobs"].items()}, known["idle reads"], known["audit reads"]


def main() -> int:
    command = [sys.executable, "-m", "pytest", "-q", "tests/studio/test_costs.py", "-k", "costs_what_was_measured"]
    done = subprocess.run(command, env=os.environ | {MEASURE: "1"}, cwd=HERE.parent, timeout=600)
    if done.returncode == 0:
        PAGE.write_text(page(*read()))
        print(f"{COUNTS} and {PAGE} are written")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
