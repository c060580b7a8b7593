"""The dispatcher while nothing is to be done: what a run costs, and that it misses no job and no cost for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studiox.kit import clock
from studiox.studio import dispatch, job_store
from tests.studio.studio import Studio
from tests.support import Database, budgets
from tests.support.jobs import job as job_of

RUNS_OF_A_MONTH = 30 * 24 * 60
BEFORE = 346_000
"""Reads of an idle month when each run made all queries and sums: eight a run."""
MOMENTS = st.none() | st.integers(-3_600, 3_600)


def test_an_idle_run_costs_less_than_half_of_what_it_did(studio: Studio) -> None:
    studio.heal(studio.created())
    studio.advance(dispatch.LATE_ORDERS.total_seconds() + 61)
    studio.dispatch()
    assert studio.rpcs.calls
    studio.rpcs.reset()
    studio.dispatch()
    assert studio.rpcs.calls == budgets.calls("dispatchStudioJobs", "idle")
    assert studio.rpcs.billed == {"reads": 3}
    assert studio.rpcs.billed["reads"] * RUNS_OF_A_MONTH < BEFORE / 2
    studio.restart()
    studio.rpcs.reset()
    studio.dispatch()
    assert studio.rpcs.count() <= budgets.most("dispatchStudioJobs", "first idle")


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(deadlines=st.lists(st.tuples(MOMENTS, MOMENTS, MOMENTS), max_size=4))
def test_no_job_that_is_due_is_missed(
    database: Database, deadlines: list[tuple[int | None, int | None, int | None]]
) -> None:
    """A run without unfinished jobs ends early. Jobs have a deadline while they have another time (test_jobs.py)."""
    now = clock.now()
    database.clear()

    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else now + timedelta(seconds=seconds)

    for number, (deadline, poll, attempt) in enumerate(deadlines):
        times = {"deadlineAt": at(deadline), "nextPollAt": at(poll), "nextAttemptAt": at(attempt)}
        if deadline is None:
            times = {}
        given = {name: time for name, time in times.items() if time is not None}
        database.put(f"jobs/j{number}", job_of(f"j{number}", "u1") | given)
    due = {
        job.job_id for field in ("deadlineAt", "nextPollAt", "nextAttemptAt") for job in job_store.due(field, now, 9)
    }
    assert bool(due) <= bool(job_store.unfinished())
    assert job_store.unfinished() == sum(deadline is not None for deadline, _, _ in deadlines)


@pytest.mark.parametrize("seconds_late", [0, 200])
def test_an_order_that_ended_between_two_runs_counts_at_the_next_one(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, seconds_late: int
) -> None:
    """Also one whose commit came minutes after its `createdAt`."""
    monkeypatch.setenv("FREE_SPEND_LIMIT_USD", "0")
    monkeypatch.setenv("DAILY_SPEND_LIMIT_USD", "0.01")
    studio.dispatch()
    studio.advance(60)
    studio.dispatch()
    job_id = studio.created()
    studio.heal(job_id)
    job = studio.database.need(f"jobs/{job_id}")
    studio.database.change(f"jobs/{job_id}", createdAt=job["createdAt"] - timedelta(seconds=seconds_late))
    studio.dispatch()
    answer = studio.create()
    assert answer.reason == "ProviderUnavailable", "the limit is reached"
