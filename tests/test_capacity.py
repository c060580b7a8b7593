"""docs/capacity.md is what the counts of a job say, and its parameters are those of the deployment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench import capacity
from bench.capacity import SIZES, Size, need
from studiox.kit import config
from studiox.models import daily_counters


def test_the_page_says_what_is_computed() -> None:
    assert capacity.PAGE.read_text() == capacity.page(), ".venv/bin/python -m bench.capacity writes it"


def test_the_defaults_are_the_parameters() -> None:
    declared = {each.name: each.default for each in (config.MAX_INSTANCES, config.THREADS, config.JOB_TASKS)}
    assert declared == capacity.DEFAULTS
    assert daily_counters.SHARDS == capacity.COUNTERS


def test_the_defaults_carry_the_smallest_size_and_no_other() -> None:
    small, middle, large = (need(size) for size in SIZES)
    assert max(small.order_instances, small.task_instances) <= capacity.DEFAULTS["MAX_INSTANCES"]
    assert small.tasks_at_once < capacity.DEFAULTS["JOB_TASKS"] < middle.tasks_at_once
    assert max(middle.times_s.values()) < capacity.TIME_INDEX < max(large.times_s.values())
    assert middle.counter_s < capacity.DOCUMENT < large.counter_s
    assert middle.tasks_s < capacity.QUEUE < large.tasks_s


def test_twice_the_jobs_need_twice_as_much() -> None:
    one, two = need(Size(1_000, 10**6)), need(Size(1_000, 2 * 10**6))
    for name in ("jobs_s", "calls_s", "reads_s", "writes_s", "tasks_s", "tasks_at_once", "gigabytes"):
        assert getattr(two, name) == pytest.approx(2 * getattr(one, name)), name
    assert sum(capacity.MIX.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("arguments", [["-m", "bench", "--help"], ["-c", "import bench.capacity"]], ids=" ".join)
def test_the_benchmarks_find_what_they_measure(arguments: list[str]) -> None:
    without_path = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, *arguments]
    ran = subprocess.run(command, cwd=capacity.ROOT, env=without_path, capture_output=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
