"""How often the provider is asked, how long a lease lasts, and what keeps a job going until its end."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from studiox.integrations.providers import mock
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import NotAccepted
from studiox.kit import config, tasks
from studiox.media import objects
from studiox.studio import polling, results
from tests.studio.studio import SETTLE, Studio
from tests.support import Answer, crowd, task


@pytest.mark.parametrize(("type_", "model", "every"), [("image", "z-image", 3), ("video", "veo3.1-lite", 8)])
def test_the_provider_is_asked_at_most_so_often(studio: Studio, type_: str, model: str, every: int) -> None:
    studio.poyo.plan(seconds=600.0)
    job_id = studio.created(type=type_, model=model)
    studio.advance(every)
    crowd(16, lambda _: studio.status(job_id))
    assert studio.asked == 1
    for _ in range(10):  # a client that asks every second, for every + 2 seconds
        studio.advance((every + 2) / 10)
        assert studio.status(job_id).ok
    assert studio.asked == 2


def test_j27_a_clock_that_is_ahead_stops_nobody(studio: Studio) -> None:
    job_id = studio.created()
    ahead = studio.clock.now() + timedelta(minutes=10)
    studio.database.change(f"jobs/{job_id}/private/state", polledAt=ahead)
    studio.restart()
    studio.advance(4)
    assert studio.status(job_id).result["status"] == "completed"


def test_a_lease_ends_soon_after_the_deadline(studio: Studio) -> None:
    """Its holder dies in the last second before it: the job ends all the same, two runs later."""
    studio.poyo.plan(seconds=570.0)
    job_id = studio.created()
    studio.advance(599)
    job, state = studio.job(job_id), studio.state(job_id)

    class Died(BaseException):
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "store_all", lambda *_: (_ for _ in ()).throw(Died()))
        with pytest.raises(Died):
            studio.settle(job_id)
    studio.restart()
    assert studio.state(job_id)["lease"]["until"] <= job["deadlineAt"] + timedelta(seconds=60)
    assert "lease" not in state
    studio.advance(61)
    studio.dispatch()
    studio.advance(60)
    studio.dispatch()
    assert studio.job(job_id)["status"] == "completed"
    studio.check()


def test_one_brings_the_media_in_while_another_ones_answer_is_slow(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's poll was asked before the task's, and is answered while the task copies."""
    job_id = studio.created()
    studio.advance(4)
    poll, store = Poyo.poll, results.store_all
    asked, copying = threading.Event(), threading.Event()

    def slow(self: Poyo, *given: str) -> Any:
        answer = poll(self, *given)
        if not asked.is_set():
            asked.set()
            assert copying.wait(20)
        return answer

    copiers: list[threading.Thread] = []

    def wait_for_the_client(*given: Any) -> Any:
        copiers.append(threading.current_thread())
        assert len(copiers) == 1
        copying.set()
        client.join(20)
        return store(*given)

    monkeypatch.setattr(Poyo, "poll", slow)
    monkeypatch.setattr(results, "store_all", wait_for_the_client)
    answers: list[Answer] = []
    client = threading.Thread(target=lambda: answers.append(studio.status(job_id)))
    client.start()
    assert asked.wait(20)
    studio.advance(4)
    studio.settle(job_id)
    assert answers[0].result["status"] == "processing"
    assert copiers == [threading.current_thread()]
    assert studio.job(job_id)["status"] == "completed"
    assert list(studio.task_of(job_id)["downloads"].values()) == [1]
    studio.check()


def test_a_copier_that_gives_up_late_leaves_what_another_one_completed(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = studio.created()
    studio.advance(4)
    store = results.store_all

    def overtaken(*_: Any) -> Any:
        monkeypatch.setattr(results, "store_all", store)
        studio.advance(polling.INLINE_S + polling.LEASE_SLACK_S + 1)
        studio.settle(job_id)
        assert studio.job(job_id)["status"] == "completed"
        raise objects.MediaRefused("late")

    monkeypatch.setattr(results, "store_all", overtaken)
    assert studio.status(job_id).result["status"] == "completed"
    assert len(studio.objects(job_id)) == 1
    studio.check()


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delayed tasks are enqueued, as in production; the emulator's are left to the dispatcher."""
    production = SimpleNamespace(in_emulator=lambda: False, project_id=config.project_id, REGION=config.REGION)
    monkeypatch.setattr(tasks, "config", production)


@pytest.mark.usefixtures("delays")
def test_a_job_ends_by_its_tasks_alone(studio: Studio) -> None:
    studio.poyo.plan(seconds=60.0)
    job_id = studio.created()
    for _ in range(30):
        assert len(studio.queue.tasks) == 1, "one chain of tasks, and it does not break"
        studio.advance(studio.queue.tasks[0].delay_s)
        studio.run_queue(waiting=61, rounds=1)
        if studio.job(job_id)["status"] == "completed":
            break
    assert studio.job(job_id)["status"] == "completed"
    assert studio.queue.tasks == []
    studio.check()


@pytest.mark.usefixtures("delays")
def test_a_chain_that_broke_is_mended_by_the_dispatcher(studio: Studio) -> None:
    """Cloud Tasks drops a name that it has seen: an overdue job gets a new one."""
    job_id = studio.created()
    (first,) = studio.queue.tasks
    studio.queue.tasks.clear()  # it was tried five times, the database was away
    studio.advance(30)
    studio.dispatch()
    (second,) = studio.queue.tasks
    assert second.name != first.name
    studio.run_queue()
    assert studio.job(job_id)["status"] == "completed"


def test_the_dispatcher_enqueues_a_job_once_whatever_its_runs(studio: Studio) -> None:
    job_id = studio.created()
    studio.queue.tasks.clear()
    studio.advance(30)
    studio.clock.stop(studio.clock.now())  # an overdue job's task is named by the time
    crowd(4, lambda _: studio.dispatch())
    assert [each.data["jobId"] for each in studio.queue.tasks] == [job_id]


def test_four_dispatchers_submit_a_waiting_job_once(studio: Studio) -> None:
    studio.user(plan="enterprise")
    studio.poyo.plan("429", times=8)
    made = [studio.created() for _ in range(8)]
    studio.advance(20)
    crowd(4, lambda _: studio.dispatch())
    for job_id in made:
        assert studio.poyo.charges()[job_id]["submits"] == 2
    studio.heal(*made)
    studio.check()


def test_a_run_submits_ten_and_passes_over_a_provider_that_does_not_accept(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.user(plan="enterprise")
    made = []
    for _ in range(2):  # twelve that wait, and not ten failures in a row
        studio.poyo.plan("503", times=6)
        made += [studio.created() for _ in range(7)]
    with monkeypatch.context() as patch:
        patch.setattr(mock.Mock, "submit", _not_now)
        other = studio.created(model="Model A")
    studio.advance(20)
    orders = len(studio.poyo.orders())
    studio.poyo.plan("503")
    studio.dispatch()
    assert len(studio.poyo.orders()) == orders + 1  # it does not accept: the others wait
    assert studio.job(other)["status"] in ("processing", "completed")  # another one's jobs do not
    studio.advance(20)
    studio.dispatch()
    assert len(studio.poyo.orders()) == orders + 11
    studio.heal(*made, other)
    studio.check()


def _not_now(*_: Any) -> str:
    raise NotAccepted("503")


@pytest.mark.parametrize("data", [None, 5, "x", [], {}, {"jobId": 5}, {"jobId": "../x"}, {"jobId": "absent"}])
def test_a_malformed_task_is_dropped(studio: Studio, data: Any) -> None:
    before = studio.database.hash()
    assert task(SETTLE, data).status in (200, 204)
    assert studio.database.hash() == before
