"""Every point at which the process can die, times every answer that Poyo can give (faults J4–J8, M8; goal G7)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from studiox.media import json_api
from tests.media.servers import Gcs
from tests.studio.deaths import Deaths, Died
from tests.studio.studio import Studio

# What Poyo does with the order, the statuses that the job may end with, and the most submissions there may be.
ANSWERS: dict[str, tuple[dict[str, Any], set[str], int]] = {
    "finished": ({}, {"completed"}, 1),
    "failed": ({"fault": "fail"}, {"failed"}, 1),
    "never ends": ({"fault": "stuck"}, {"failed"}, 1),
    "refused": ({"fault": "moderation"}, {"failed"}, 1),
    "account refused": ({"fault": "402"}, {"failed"}, 1),
    "not now": ({"fault": "429"}, {"completed"}, 2),
    "lost, and it runs": ({"fault": "502-accepted"}, {"failed"}, 1),
    "lost, and it does not": ({"fault": "drop-before"}, {"failed"}, 1),
    "finished without files": ({"fault": "no-files"}, {"failed"}, 1),
    "files gone": ({"file": "expired"}, {"failed"}, 1),
    "files refused": ({"file": "html"}, {"failed"}, 1),
    "two songs": ({"files": 2}, {"completed"}, 1),
}
# These stories are cut at every point. Each of the others is cut at every third, so that three of them together are cut
# at every point too (STUDIOX_EXHAUSTIVE=1: every story at every point).
EVERY_POINT = {"finished", "failed"}
STEP = 3
# Who dies while sending or before noting the answer never sends again: the job is then refunded at its deadline.
UNSENT = {"failed"}


@pytest.fixture
def deaths(studio: Studio, gcs: Gcs, monkeypatch: pytest.MonkeyPatch) -> Deaths:
    assert gcs.port
    monkeypatch.setattr(json_api, "TRIES", 1)
    return Deaths(studio.rpcs, monkeypatch)


def story(studio: Studio) -> None:
    """A job as it goes when nothing dies: a client orders and polls, its task runs, the dispatcher comes by."""
    answer = studio.create()
    job_id = answer.result["jobId"] if answer.ok else answer.details["jobId"]
    studio.advance(4)
    studio.status(job_id)
    studio.advance(12)
    studio.settle(job_id)
    studio.dispatch()
    studio.advance(12)
    studio.dispatch()
    studio.run_queue()


@pytest.mark.parametrize("answer", ANSWERS)
def test_g7_a_death_anywhere(studio: Studio, deaths: Deaths, answer: str) -> None:
    studio.user(balance=100_000, plan="enterprise")
    fields, ends, most = ANSWERS[answer]
    whole = os.environ.get("STUDIOX_EXHAUSTIVE") or answer in EVERY_POINT
    step, first = (1, 0) if whole else (STEP, sorted(ANSWERS).index(answer) % STEP)
    for at in range(first, 200, step):
        fault = fields.get("fault")
        studio.poyo.reset()
        studio.poyo.plan(*([str(fault)] if fault else []), **{k: v for k, v in fields.items() if k != "fault"})
        known = set(studio.database.under("jobs"))
        deaths.arm(at)
        died = _died(lambda: story(studio))
        where = (at, deaths.passed[-1])
        deaths.disarm()
        studio.restart()
        made = sorted(set(studio.database.under("jobs")) - known)
        assert len(made) <= 1
        studio.heal(*made, step_s=121.0, rounds=12)
        for job_id in made:
            job = studio.job(job_id)
            assert job["status"] in (ends | UNSENT if died else ends), (where, job)
            charge = studio.poyo.charges().get(job_id, {"submits": 0, "tasks": []})
            assert charge["submits"] <= most, where
            assert len(charge["tasks"]) <= 1, where
            if job["status"] != "completed":
                assert studio.objects(job_id) == [], where
        if at // step % 8 == 0 or not died:
            studio.check()
        if not died:
            assert at > 12
            return
        studio.advance(61)
    raise AssertionError("the story has no end")


def _died(act: Callable[[], None]) -> bool:
    try:
        act()
    except Died:
        return True
    return False
