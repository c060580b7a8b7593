"""Polls, callbacks, tasks, the dispatcher and cancels at once: one end, one refund, one place (faults J9–J12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from studiox.studio import results
from tests.studio.studio import Studio, together
from tests.support import Answer, Reply, crowd


def test_j9_polls_tasks_and_callbacks_race_to_one_end(studio: Studio) -> None:
    job_id = studio.created()
    task_id = studio.task_of(job_id)["id"]
    studio.advance(10)
    acts: list[Callable[[], Any]] = [
        lambda: studio.status(job_id),
        lambda: studio.settle(job_id),
        lambda: studio.settle(job_id, hint=True),
        lambda: studio.callback(job_id, task_id),
    ]
    answers = together(*acts * 6)
    for answer in answers:
        assert isinstance(answer, Answer | Reply)
        assert answer.status in (200, 204), answer
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    assert list(studio.task_of(job_id)["downloads"].values()) == [1]
    assert len(studio.database.under("creations")) == 1
    studio.check()


@pytest.mark.parametrize("turn", range(6))
def test_j11_a_cancel_races_with_the_finish(studio: Studio, turn: int) -> None:
    job_id = studio.created()
    studio.advance(10)
    acts = [lambda: studio.status(job_id), lambda: studio.cancel(job_id), lambda: studio.settle(job_id)]
    together(*acts[turn % 3 :], *acts[: turn % 3])
    studio.heal(job_id)
    job = studio.job(job_id)
    assert job["status"] in ("completed", "cancelled")
    assert studio.balance() == (998 if job["status"] == "completed" else 1000)
    studio.check()


def test_j11_cancelled_while_its_media_are_copied(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refund stands, the copies go, and the place becomes free: the provider has ended."""
    job_id = studio.created()
    studio.advance(10)
    store = results.store_all

    def slow(*given: Any) -> Any:
        items = store(*given)
        assert studio.cancel(job_id).ok
        assert studio.objects(job_id)
        return items

    monkeypatch.setattr(results, "store_all", slow)
    assert studio.status(job_id).result["status"] == "cancelled"
    assert studio.objects(job_id) == []
    assert not studio.state(job_id)["holdsPlace"]
    assert studio.balance() == 1000
    studio.check()


def test_j12_thirty_cancels_a_failure_and_the_dispatcher_make_one_refund(studio: Studio) -> None:
    studio.poyo.plan("fail")
    job_id = studio.created()
    task_id = studio.task_of(job_id)["id"]
    studio.advance(601)
    acts: list[Callable[[], Any]] = [lambda: studio.cancel(job_id)] * 20 + [
        lambda: studio.callback(job_id, task_id, {"status": "failed"}),
        lambda: studio.settle(job_id, hint=True),
        studio.dispatch,
        lambda: studio.status(job_id),
    ]
    together(*acts)
    studio.heal(job_id)
    assert studio.job(job_id)["status"] in ("cancelled", "failed")
    assert studio.balance() == 1000
    refunds = [each for each in studio.database.under("users/u1/ledger") if each.startswith("refund:")]
    assert refunds == [f"refund:{job_id}"]
    studio.check()


def test_a_cancel_keeps_its_place_until_the_provider_has_ended(studio: Studio) -> None:
    studio.poyo.plan(seconds=120.0)
    job_id = studio.created()
    answer = studio.cancel(job_id)
    assert answer.result == {"jobId": job_id, "status": "cancelled", "refunded": 2}
    assert studio.database.need("users/u1")["activeJobs"] == 1
    assert studio.balance() == 1000
    studio.check()
    asked = studio.asked
    for _ in range(4):
        studio.advance(20)
        studio.dispatch()
        studio.run_queue()
    assert studio.database.need("users/u1")["activeJobs"] == 1
    assert studio.asked > asked
    studio.heal(job_id)
    assert studio.database.need("users/u1")["activeJobs"] == 0
    assert studio.state(job_id)["lateEvent"] == "Finished"
    ended = studio.asked
    for _ in range(5):
        studio.advance(60)
        studio.dispatch()
        studio.run_queue()
    assert studio.asked == ended
    assert studio.objects(job_id) == []
    studio.check()


@pytest.mark.parametrize("fault", ["never", "poll-404", "502-accepted", "drop-before"])
def test_a_cancelled_one_that_never_ends_holds_its_place_to_the_deadline_at_most(studio: Studio, fault: str) -> None:
    studio.poyo.plan(fault)
    job_id = studio.created()
    assert studio.cancel(job_id).ok
    studio.heal(job_id)
    assert studio.database.need("users/u1")["activeJobs"] == 0
    assert studio.balance() == 1000
    studio.check()


def test_a_waiting_job_that_is_cancelled_is_gone_at_once_and_never_sent(studio: Studio) -> None:
    studio.poyo.plan("429")
    job_id = studio.created()
    assert studio.cancel(job_id).result["refunded"] == 2
    assert studio.database.need("users/u1")["activeJobs"] == 0
    studio.advance(120)
    studio.dispatch()
    assert studio.poyo.charges()[job_id]["submits"] == 1
    studio.check()


def test_the_eleventh_cancel_of_a_day(studio: Studio) -> None:
    studio.user(plan="enterprise")
    made = [studio.created() for _ in range(11)]
    answers = crowd(11, lambda n: studio.cancel(made[n]))
    (refused,) = [answer for answer in answers if not answer.ok]
    assert (refused.code, refused.reason) == ("resource-exhausted", "RateLimited")
    assert 0 < refused.details["retryAfterSeconds"] <= 86_400
    assert studio.balance() == 998
    for job_id in made:  # what is cancelled already answers the same again, and does not count
        if studio.job(job_id)["status"] == "cancelled":
            assert studio.cancel(job_id).ok
    studio.check()
    studio.poyo.plan("429")
    waiting = studio.created()
    assert studio.cancel(waiting).ok  # one that never was at the provider costs us nothing
    studio.advance(86_400)
    studio.heal(*made, waiting)
    assert studio.cancel(studio.created()).ok


def test_a_job_that_has_ended_cannot_be_cancelled(studio: Studio) -> None:
    job_id = studio.created()
    studio.heal(job_id)
    answer = studio.cancel(job_id)
    assert (answer.code, answer.reason) == ("failed-precondition", "NotCancellable")
    assert answer.details["status"] == "completed"
    studio.check()
