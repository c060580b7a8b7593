"""getJobStats, and callbacks that name their task only."""

from __future__ import annotations

from typing import Any

import pytest

import main
from tests.conftest import SECRETS
from tests.studio.studio import Studio
from tests.support import call, http


def stats(uid: str = "u1") -> dict[str, Any]:
    answer = call(main.getJobStats, {}, uid=uid)
    assert answer.ok, answer
    return dict(answer.result)


@pytest.mark.usefixtures("studio")
def test_nobody_has_jobs_at_first() -> None:
    found = stats()
    assert (found["total"], found["tokensSpent"], found["tokensRefunded"]) == (0, 0, 0)
    assert found["byStatus"] == dict.fromkeys(("pending", "processing", "completed", "failed", "cancelled"), 0)
    assert found["byType"]["image"] == 0


def test_jobs_are_counted_by_status_and_type(studio: Studio) -> None:
    studio.user("u1", plan="pro")
    studio.user("u2")
    done, cancelled = studio.created(), studio.created()
    studio.created(model="veo3.1-lite", type="video")
    studio.created(caller="u2")
    assert studio.cancel(cancelled).ok
    studio.heal(done)
    found = stats()
    assert found["total"] == 3
    assert {kind: jobs for kind, jobs in found["byType"].items() if jobs} == {"image": 2, "video": 1}
    assert found["byStatus"]["cancelled"] == 1
    assert sum(found["byStatus"].values()) == 3
    assert (found["tokensSpent"], found["tokensRefunded"]) == (2 + 2 + 20, 2)


def test_a_callback_without_our_query_finds_its_job(studio: Studio) -> None:
    job_id = studio.created()
    task_id = studio.state(job_id)["taskId"]
    studio.poyo.advance(10)
    reply = studio.callback(job_id, task_id, query={"job": None, "seal": None})
    assert reply.status == 200
    studio.run_queue()
    assert studio.job(job_id)["status"] == "completed"


def test_a_genuine_callback_of_an_unknown_task_is_fine(studio: Studio) -> None:
    assert studio.callback("none", "task-unknown", query={"job": None, "seal": None}).status == 200
    assert studio.callback("none", "task-unknown", query={"job": "none", "seal": "forged"}).status == 401


@pytest.mark.usefixtures("studio")
def test_piapi_brings_its_secret_back() -> None:
    body = b'{"timestamp": 1, "data": {"task_id": "t-1", "status": "completed"}}'
    genuine = {"x-webhook-secret": SECRETS["PIAPI_WEBHOOK_SECRET"], "Content-Type": "application/json"}
    assert http(main.WEBHOOKS["piapiWebhook"], "POST", body=body, headers=genuine).status == 200
    assert http(main.WEBHOOKS["piapiWebhook"], "POST", body=body, headers={"x-webhook-secret": "wrong"}).status == 401
    assert http(main.WEBHOOKS["piapiWebhook"], "POST", body=body).status == 401
    assert http(main.WEBHOOKS["piapiWebhook"], "GET").status == 405
