"""Poyo calls back: verified, and then only a hint, however often and whatever it says (faults J13–J15)."""

from __future__ import annotations

from typing import Any

import pytest

from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import OutcomeUnknown
from studiox.kit import transaction
from tests.conftest import Logged
from tests.studio.studio import Studio
from tests.support import crowd


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"secret": "not-the-secret"}, 401),
        ({"age_s": 301}, 401),
        ({"age_s": -301}, 401),
        ({"age_s": 290}, 200),
        ({"query": {"seal": ""}}, 401),
        ({"query": {"seal": "x" * 43}}, 401),
        ({"query": {"seal": "ä"}}, 401),
        ({"query": {"job": "../../users/u1"}}, 401),
        ({"query": {"job": ""}}, 401),
        ({"body_bytes": b""}, 401),
        ({"body_bytes": b"[1]"}, 401),
        ({"body_bytes": b"\xff\xfe"}, 401),
        ({"body_bytes": b'{"data":{"task_id":"\\ud800"}}'}, 401),
        ({"body_bytes": b"[" * 100_000}, 401),
        ({"body_bytes": b" " * ((1 << 20) + 1)}, 413),
        ({"method": "GET"}, 405),
        ({"method": "PUT"}, 405),
    ],
)
def test_j13_only_a_genuine_callback_is_heard(studio: Studio, change: dict[str, Any], status: int) -> None:
    job_id = studio.created()
    task_id = studio.task_of(job_id)["id"]
    studio.run_queue()
    before, enqueued = studio.database.hash("rateLimits"), len(studio.queue.names)
    assert studio.callback(job_id, task_id, **change).status == status
    assert studio.database.hash("rateLimits") == before
    assert len(studio.queue.names) - enqueued == (1 if status == 200 else 0)


def test_j13_another_jobs_seal_opens_nothing(studio: Studio) -> None:
    mine, other = studio.created(), studio.created()
    reply = studio.callback(mine, studio.task_of(mine)["id"], query={"job": other})
    assert reply.status == 401


def test_j13_what_a_callback_says_is_only_a_hint(studio: Studio) -> None:
    """A truly signed body is not itself signed: neither its status nor its addresses are believed."""
    studio.poyo.plan(seconds=600.0)
    job_id = studio.created()
    task_id = studio.task_of(job_id)["id"]
    studio.advance(10)
    evil = {"status": "failed", "files": [{"file_url": "http://169.254.169.254/", "file_type": "image"}]}
    for body in (evil, {**evil, "status": "finished"}):
        assert studio.callback(job_id, task_id, body).status == 200
        studio.run_queue()
        studio.advance(10)
    assert studio.job(job_id)["status"] == "processing"
    studio.check()


def test_j13_an_unknown_job_and_one_that_is_settled_are_200(studio: Studio) -> None:
    assert studio.callback("unknownunknownunknown", "task").status == 200
    job_id = studio.created()
    studio.heal(job_id)
    before = studio.database.hash("rateLimits")
    names = len(studio.queue.names)
    assert studio.callback(job_id, studio.task_of(job_id)["id"]).status == 200
    assert studio.database.hash("rateLimits") == before
    assert len(studio.queue.names) == names


def test_a_callback_that_cannot_be_acted_on_is_to_be_repeated(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = studio.created()
    task_id = studio.task_of(job_id)["id"]
    studio.queue.refused = 403
    assert studio.callback(job_id, task_id).status == 503
    studio.queue.refused = 0
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.2)
    studio.database.change(f"jobs/{job_id}/private/state", taskId="")
    studio.restart()
    studio.rpcs.fail_before("Commit", times=1000, code="ABORTED")
    assert studio.callback(job_id, task_id).status == 503
    studio.rpcs.heal()
    monkeypatch.setenv("POYO_WEBHOOK_SECRET", "")
    assert studio.callback(job_id, task_id).status == 503


def test_j14_a_callback_before_the_task_is_noted(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    submit = Poyo.submit

    def called_back_first(self: Poyo, order: Any) -> str:
        task_id = submit(self, order)
        studio.advance(5)
        assert studio.callback(order.job_id, task_id).status == 200
        return task_id

    monkeypatch.setattr(Poyo, "submit", called_back_first)
    answer = studio.create()
    assert answer.result["status"] == "processing"
    studio.run_queue()
    assert studio.job(answer.result["jobId"])["status"] == "completed"
    studio.check()


@pytest.mark.parametrize("dies_by", ["reset", "death"])
def test_j5_killed_between_the_submission_and_its_note(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, dies_by: str
) -> None:
    submit = Poyo.submit

    class Died(BaseException):
        pass

    def dies(self: Poyo, order: Any) -> str:
        submit(self, order)
        raise Died if dies_by == "death" else OutcomeUnknown

    monkeypatch.setattr(Poyo, "submit", dies)
    if dies_by == "death":
        with pytest.raises(Died):
            studio.create()
        studio.restart()
    else:
        assert studio.create().ok
    (job_id,) = studio.database.under("jobs")
    studio.advance(20)
    assert studio.callback(job_id, studio.task_of(job_id)["id"]).status == 200
    studio.run_queue()
    assert studio.job(job_id)["status"] == "completed"
    assert studio.poyo.charges()[job_id]["submits"] == 1
    studio.check()


def test_i15_a_second_task_of_a_job_is_an_alert(studio: Studio, logged: Logged) -> None:
    job_id = studio.created()
    mine = studio.task_of(job_id)["id"]
    assert studio.callback(job_id, "another-task").status == 200
    assert logged.lines("second_task")[0]["severity"] == "ALERT"
    assert studio.state(job_id)["taskId"] == mine


def test_j15_a_flood_of_callbacks_is_one_look(studio: Studio) -> None:
    studio.poyo.plan(seconds=600.0)
    job_id = studio.created()
    task_id = studio.task_of(job_id)["id"]
    studio.run_queue()
    before, asked = len(studio.queue.names), studio.asked
    replies = crowd(64, lambda _: studio.callback(job_id, task_id))
    assert {reply.status for reply in replies} == {200}
    assert 1 <= len(studio.queue.names) - before <= 2  # one in three seconds
    studio.run_queue()
    assert 1 <= studio.asked - asked <= 2
