"""The daily counters hold what the jobs come to, whatever becomes of a commit; the user's week counts the orders."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from studiox.models import users
from tests.studio.studio import Studio
from tests.support import counted, crowd


def held(studio: Studio) -> dict[tuple[str, str], int]:
    """What the counters hold, of all days."""
    found: Counter[tuple[str, str]] = Counter()
    for (_, kind, value), number in counted.sums(studio.database.all()).items():
        found[kind, value] += number
    return dict(found)


def test_a_job_is_counted_when_it_ends_in_the_commit_that_ends_it(studio: Studio) -> None:
    job_id = studio.created(style="anime")
    assert held(studio) == {}
    studio.rpcs.reset()
    studio.heal(job_id)
    commits = [str(request) for method, request in studio.rpcs.requests if method == "Commit"]
    [commit] = [each for each in commits if "dailyCounters" in each]
    assert f"jobs/{job_id}/private/state" in commit
    took = round((studio.job(job_id)["completedAt"] - studio.job(job_id)["createdAt"]).total_seconds() * 10)
    assert held(studio) == {
        ("status", "completed"): 1,
        ("model", "z-image"): 1,
        ("type", "image"): 1,
        ("size", "1024x1024"): 1,
        ("style", "anime"): 1,
        ("tokens", "consumed"): 2,
        ("consumed", "z-image"): 2,
        ("completed", "z-image"): 1,
        ("hour", f"{studio.job(job_id)['createdAt']:%H} completed"): 1,
        ("latency", str(took)): 1,
    }
    studio.check()


def test_the_day_is_that_of_the_order(studio: Studio) -> None:
    job_id = studio.created()
    ordered = studio.job(job_id)["createdAt"]
    studio.advance(86_400)
    studio.heal(job_id)
    assert {day for day, _, _ in counted.sums(studio.database.all())} == {f"{ordered:%Y-%m-%d}"}


@pytest.mark.parametrize("lost", ["before", "after"])
def test_an_end_whose_answer_is_lost_is_counted_once(studio: Studio, lost: str) -> None:
    job_id = studio.created()
    if lost == "after":
        studio.rpcs.fail_after_apply("Commit")
    else:
        studio.rpcs.fail_before("Commit")
    assert studio.cancel(job_id).ok
    assert held(studio)["status", "cancelled"] == 1
    studio.check()


def test_many_ends_at_once_lose_nothing(studio: Studio) -> None:
    studio.database.change("users/u1", plan="enterprise")
    for _ in range(3):
        studio.created()
    jobs = list(studio.database.under("jobs"))
    job_ids = [each for each in jobs if "/" not in each]
    crowd(12, lambda number: studio.cancel(job_ids[number % len(job_ids)]), expected=(Exception,))
    studio.heal(*job_ids)
    assert held(studio)["status", "cancelled"] == len(job_ids)
    studio.check()


def test_a_job_that_ended_before_there_were_counters_is_not_counted_by_a_repeated_end(studio: Studio) -> None:
    job_id = studio.created()
    studio.heal(job_id)
    state = studio.state(job_id)
    del state["counted"]
    studio.database.put(f"jobs/{job_id}/private/state", state)
    for path in studio.database.under("dailyCounters"):
        studio.database.delete(f"dailyCounters/{path}")
    studio.settle(job_id)
    assert held(studio) == {}


def test_an_order_counts_in_its_users_week(studio: Studio) -> None:
    first = studio.clock.now()
    studio.heal(studio.created())
    studio.heal(studio.created())
    assert studio.database.need("users/u1")["jobsByWeek"] == {users.week_of(first): 2}
    studio.advance(timedelta(days=7).total_seconds())
    studio.created()
    assert studio.database.need("users/u1")["jobsByWeek"] == {
        users.week_of(first): 2,
        users.week_of(first + timedelta(days=7)): 1,
    }


def test_a_replay_and_a_refused_order_do_not_count(studio: Studio) -> None:
    studio.created(requestId="one-and-the-same-id")
    studio.created(requestId="one-and-the-same-id")
    assert not studio.create(model="none").ok
    [orders] = studio.database.need("users/u1")["jobsByWeek"].values()
    assert orders == 1
