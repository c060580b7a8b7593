"""docs/capacity.md: what a studio of each size needs, from the counts of one job and published limits.

`python -m bench.capacity` writes the page; a test fails if it is out of date. The counts are those of bench/costs.json.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench import costs
from tests.support import indexes

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "capacity.md"

MIX = {"image": 0.90, "video": 0.05, "music": 0.03, "text": 0.02}
"""The kinds of jobs, as assumed."""
PEAK = 3.0
"""The busiest hour beside the average of the day, as assumed."""
CALL_CPU_S = 0.0026
"""CPU of one call: what a whole createStudioJob takes on a core of the machine that `make bench` ran on. It was 3.8 ms
over gRPC on 2026-11-28, at rest, and 0.68 of that over REST on 2026-11-29, in interleaved rounds."""
VCPU = 0.5
"""A vCPU of Cloud Run (a hyperthread) beside that core, as assumed."""
LOAD = 0.6
"""The share of an instance's CPU and threads that is planned for: Cloud Run starts another one at about 60 %."""
SHARD = 20_000
"""Users in one part of the nightly audit (functions/studiox/fan_out)."""
SHARDS_AT_ONCE = 8
AUDIT_THREADS = 8

REPORT_COUNTS = 10
"""Aggregations of a report over the users who were active, at most all, as assumed: it halves towards the median."""
COUNTERS = 50
"""Documents of a day's counters (functions/studiox/models/daily_counters.py)."""

# Published limits, looked up in 2026-11.
QUOTAS_ON = "2026-11"
TIME_INDEX = 500
"""Writes a second to a collection that has an index of a growing value
(https://firebase.google.com/docs/firestore/best-practices)."""
DOCUMENT = 1
"""Writes a second of one document, sustained (https://firebase.google.com/docs/firestore/best-practices)."""
QUEUE = 500
"""Tasks a second of one queue (https://cloud.google.com/tasks/docs/quotas)."""
AGGREGATION_S = 60
"""The longest aggregation (https://firebase.google.com/docs/firestore/query-data/aggregation-queries)."""
ENTRIES_READ = 1_000
"""Index entries of an aggregation that are billed as one read."""
DEFAULTS = {"MAX_INSTANCES": 2, "THREADS": 80, "JOB_TASKS": 20}


class Size(NamedTuple):
    users: int
    jobs: int
    """Jobs a day."""


SIZES = (Size(10**3, 10**4), Size(10**5, 10**6), Size(10**7, 10**8))


class Need(NamedTuple):
    """What a studio of one size needs in its busiest hour, and in a day or a month."""

    jobs_s: float
    calls_s: float
    reads_s: float
    writes_s: float
    tasks_s: float
    tasks_at_once: float
    order_instances: int
    """Instances of createStudioJob, by its CPU."""
    task_instances: int
    """Instances of settleStudioJob, by its CPU or by its threads, whichever are more."""
    rendering: float
    """Tasks of makeRenditions at the same time, each of which has an instance."""
    counter_s: float
    """Writes a second of the hottest document that users share: a shard of the day's counters."""
    report_reads: float
    """Reads of a weekly report: the counters, and the index entries of the week's jobs and users."""
    times_s: dict[str, float]
    """Writes a second of each index of a time."""
    sum_entries: float
    """Index entries that the dispatcher's sum of the day's costs goes through at the end of the day, each minute."""
    sum_dollars: float
    """A month of these sums: of all orders, and of the unpaid ones."""
    audit_reads: float
    audit_hours: float
    gigabytes: float
    """Media of a month."""
    dollars: float
    """A month of Google Cloud, without sending media to people."""


def need(size: Size) -> Need:
    lives, idle_reads, audit_reads = costs.read()
    used = {kind: costs.usage(kind, life) for kind, life in lives.items()}

    def each(amount: dict[str, float]) -> float:
        return sum(MIX[kind] * amount[kind] for kind in MIX)

    def of(what: str) -> float:
        return each({kind: used[kind][what] for kind in MIX})

    peak = PEAK * size.jobs / 86_400
    tasks = of("tasks") - each({kind: life.renditions for kind, life in lives.items()})
    # A task's part of a job's time: all but the order, the callback and the client's look, which are short.
    task_s = each(
        {kind: max(0.0, costs.busy_s(kind, life) - 0.1 * (life.requests - life.tasks)) for kind, life in lives.items()}
    )
    threads = LOAD * DEFAULTS["THREADS"]
    cpu = LOAD * VCPU
    copied_s = each(costs.MEDIA_MB) / costs.COPIED_MB_S / 10  # the CPU of a copy is a tenth of its time, as measured
    month = 30 * size.jobs
    gigabytes = month * each(costs.MEDIA_MB) / 1_000
    audited = 30 * size.users * audit_reads
    return Need(
        jobs_s=peak,
        calls_s=peak * of("requests"),
        reads_s=peak * of("reads"),
        writes_s=peak * of("writes"),
        tasks_s=peak * tasks,
        tasks_at_once=peak * task_s,
        order_instances=math.ceil(peak * CALL_CPU_S / cpu),
        rendering=peak * each({kind: life.renditions * costs.RENDERED_S[kind] for kind, life in lives.items()}),
        task_instances=math.ceil(peak * max((tasks * CALL_CPU_S + copied_s) / cpu, task_s / threads)),
        counter_s=peak / COUNTERS,
        report_reads=7 * max(COUNTERS, peak) + (7 * size.jobs + REPORT_COUNTS * size.users) / ENTRIES_READ,
        times_s=dict(_times(peak)),
        sum_entries=size.jobs,
        sum_dollars=2 * costs.RUNS * size.jobs / 2 / ENTRIES_READ * costs.PRICES["reads"],
        audit_reads=size.users * audit_reads,
        audit_hours=size.users
        * audit_reads
        * costs.FIRESTORE_S
        / AUDIT_THREADS
        / min(SHARDS_AT_ONCE, math.ceil(size.users / SHARD))
        / 3_600,
        gigabytes=gigabytes,
        dollars=month * each({kind: costs.cost(used[kind]) for kind in MIX})
        + costs.cost(costs.idle(idle_reads))
        + audited * costs.PRICES["reads"]
        + gigabytes * costs.STORED_GB_MONTH,
    )


def _times(peak: float) -> Iterator[tuple[str, float]]:
    """Each time that has an index, and its writes a second."""
    without = {f"{collection}.{field}" for collection, field in indexes.exempt()}
    lives, *_ = costs.read()
    for name in sorted({time for life in lives.values() for time in life.times} - without):
        yield name, peak * sum(share * lives[kind].times.get(name, 0) for kind, share in MIX.items())


def page() -> str:
    """docs/capacity.md."""
    needs = [need(size) for size in SIZES]
    rows: list[tuple[str, list[str]]] = [
        ("jobs a second", [_short(each.jobs_s) for each in needs]),
        ("calls of functions a second", [_short(each.calls_s) for each in needs]),
        ("Firestore: documents read a second", [_short(each.reads_s) for each in needs]),
        ("Firestore: documents written a second", [_short(each.writes_s) for each in needs]),
        (f"writes of one of {COUNTERS} documents of the day's counters", [_mark(n.counter_s, DOCUMENT) for n in needs]),
        ("tasks of `settleStudioJob` a second", [_short(each.tasks_s) for each in needs]),
        ("of them at the same time", [_short(each.tasks_at_once) for each in needs]),
        ("instances of `createStudioJob`", [f"{each.order_instances:,}" for each in needs]),
        ("instances of `settleStudioJob`", [f"{each.task_instances:,}" for each in needs]),
        ("instances of `makeRenditions`", [f"{math.ceil(each.rendering):,}" for each in needs]),
    ]
    later: list[tuple[str, list[str]]] = [
        ("index entries that the dispatcher sums, end of day", [_short(each.sum_entries) for each in needs]),
        ("dollars a month for these sums", [_short(each.sum_dollars) for each in needs]),
        ("reads of a weekly report", [_short(each.report_reads) for each in needs]),
        ("reads of an audit of all users", [_short(each.audit_reads) for each in needs]),
        ("hours of that audit", [_short(each.audit_hours) for each in needs]),
        ("media, TB a month", [_short(each.gigabytes / 1_000) for each in needs]),
        ("dollars a month, for the first month's media", [_short(each.dollars) for each in needs]),
    ]
    indexes = [
        (f"`{name}`", [_mark(each.times_s[name], TIME_INDEX) for each in needs])
        for name in sorted(needs[0].times_s, key=lambda name: -needs[0].times_s[name])
    ]
    return TEXT.format(
        sizes=_table("in the busiest hour", rows),
        later=_table("in a day or a month", later),
        indexes=_table("writes a second", indexes),
        growth=_growth(needs),
        mix=", ".join(f"{share:.0%} {kind}" for kind, share in MIX.items()),
        peak=f"{PEAK:.0f}",
        cpu_ms=f"{1_000 * CALL_CPU_S:.1f}",
        vcpu=f"{1 / VCPU:.0f}",
        load=f"{LOAD:.0%}",
        quotas_on=QUOTAS_ON,
        time_index=TIME_INDEX,
        counters=COUNTERS,
        queue=QUEUE,
        aggregation_s=AGGREGATION_S,
        entries=f"{ENTRIES_READ:,}",
    )


def _growth(needs: list[Need]) -> str:
    wanted = {
        "MAX_INSTANCES": [max(each.order_instances, each.task_instances) for each in needs],
        "THREADS": [DEFAULTS["THREADS"]] * len(needs),
        "JOB_TASKS": [math.ceil(each.tasks_at_once / LOAD) for each in needs],
    }
    rows = [
        (f"`{name}` (default {DEFAULTS[name]})", [f"{max(each, DEFAULTS[name]):,}" for each in values])
        for name, values in wanted.items()
    ]
    counters = [max(COUNTERS, math.ceil(each.jobs_s / DOCUMENT)) for each in needs]
    rows.append((f"`SHARDS` of the counters (default {COUNTERS})", [f"{each:,}" for each in counters]))
    rows.append(("queues, at 500 tasks a second", [f"{math.ceil(each.tasks_s / QUEUE):,}" for each in needs]))
    return _table("parameter", rows)


def _mark(value: float, most: float) -> str:
    return f"**{_short(value)}**" if value > most else _short(value)


def _short(value: float) -> str:
    """Two significant digits: the assumptions allow no more."""
    if value == 0:
        return "0"
    digits = 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(0, digits)}f}"


def _table(title: str, rows: list[tuple[str, list[str]]]) -> str:
    heads = [f"{_power(size.users)} users, {_power(size.jobs)} jobs a day" for size in SIZES]
    lines = [[title, *heads], ["---"] * (1 + len(heads)), *([name, *cells] for name, cells in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _power(number: int) -> str:
    return "10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(round(math.log10(number))))


TEXT = """\
# How far a studio can grow

What StudioX needs at three sizes, what reaches a limit first, and what lifts it. `.venv/bin/python -m bench.capacity`
computes this page from what one job causes, as it is counted for [costs.md](costs.md), and a test fails if it is
out of date. Nothing on it was measured in Google's cloud.

## What it needs

{sizes}

{later}

- The busiest hour has {peak} times the day's average. The jobs are {mix}.
- A call takes {cpu_ms} ms of CPU: a whole `createStudioJob` on one core of the machine that `make bench` ran on. A vCPU
  of Cloud Run, half of a core, is assumed to take {vcpu} times as long. Instances are planned for {load} of their CPU
  and of their threads.
- The dispatcher sums an index with an entry for each of the day's jobs; Firestore bills a read for {entries} entries.
- A task waits most of the time, for the provider or for bytes. Times of requests and of copies are those of
  [costs.md](costs.md).
- Users who browse are not included: the feed, libraries and listeners. They only read, and the reads of a page do not
  grow with the data.

## The parameters

{growth}

- `MAX_INSTANCES` is the larger of the two functions above. Ask Google for its CPU quota before you raise it
  ([deploy.md](deploy.md)).
- `THREADS` is the calls that an instance serves at the same time. At {cpu_ms} ms a call, 80 threads are enough for an
  instance's CPU as long as a call waits less than a second. Raise it only for `settleStudioJob`, whose tasks
  wait for seconds; each thread that copies a file takes about a megabyte.
- `JOB_TASKS` is how many tasks of `settleStudioJob` run at the same time. Cloud Tasks allows 5,000 for a queue.

## What breaks first

**10³ users, 10⁴ jobs a day.** Nothing. The defaults are for this size.

**10⁵ users, 10⁶ jobs a day.** `JOB_TASKS`: with 20, tasks wait ever longer, jobs end late, and the alert *tasks wait
long* is sent. Then `MAX_INSTANCES`, with 429s of Cloud Run. Both are parameters: set them as above. Thumbnails come
late: set `at_once` of `makeRenditions` in `kit/tasks.py`, which is 4, to the instances of the table.

**10⁷ users, 10⁸ jobs a day.** This needs changes that are not made:
- *Indexes of times.* Firestore writes about {time_index} entries a second of an index whose values grow. Those in bold
  are above it. Times that no query uses have no index. The others would have to be spread: a second field, `shard`,
  with a random number below 50, an index of both, and fifty queries instead of one.

{indexes}

- *The queue.* Cloud Tasks dispatches about {queue} tasks a second of one queue. The tasks of jobs would have to go
  to as many queues as the table says, chosen by the job's id, or there would have to be fewer: a provider with
  reliable callbacks needs one look instead of four.
- *The counters.* Each job's end adds to one of a day's {counters} documents, and Firestore advises about one write a
  second of each. `SHARDS` in `functions/studiox/models/daily_counters.py` would have to be as in the table, which can
  be changed at any time. A report then reads seven times as many documents, and the count of a week's jobs, which
  proves it, would have to be made by the hour, because an aggregation ends after {aggregation_s} seconds.
- *The day's cost.* Every minute the dispatcher sums what the day's jobs cost us, over an index, and an aggregation must
  end within {aggregation_s} seconds. It would have to be counted as jobs are sent, in as many documents as there are
  instances.

**What does not break.** An order writes its user's documents and its own, and no document that users share. Its end
writes one such document, a shard of the day's counters, without reading it or waiting for another end. The
providers' health is written when a provider fails, and read twice a minute by each instance. Lists read one page,
whatever their length: `tests/test_lists.py` counts it for each of them.

**What many people touch at once.**
- *A post that a thousand people like in a second* is one document. Firestore advises one write a second for it. The
  likes of an instance that meet are committed together, and after such a commit the next one waits for a second, so an
  instance writes the post about once a second (`kit/group_commit.py`; a simulation counts it). In a simulation of
  twelve instances and 1,000 likes a second for four seconds, 74 commits stored them, and half were answered within
  0.8 s. A post that is liked once in a while does not wait. The likes are not sharded: the count is in the post, where
  clients listen to it, and the number of its documents at all times.
- *A person with a million creations or jobs* has them in collections of all people, behind an index that begins with
  the person's id. A page reads as many as it shows and one more. `getJobStats` counts by aggregations, whose price is
  one read for {entries} index entries; erasure and export go page by page.
- *Ten million posts.* The feed's indexes begin with `hidden`, and then have the time or the score: a page reads the
  entries at their end. New posts are written there, and so are the entries of *a tag that everybody uses*: below
  {time_index} posts a second neither is a limit. In the busiest hour of 10⁸ jobs a day that is one job in seven.

Firestore's limits were looked up in {quotas_on}. Its rate of reads and writes has no fixed limit, but must grow slowly:
500 a second for a collection, then half as much again every five minutes. A size above the first is reached by growth,
not in one evening.
"""


def main() -> int:
    PAGE.write_text(page())
    print(f"{PAGE} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
