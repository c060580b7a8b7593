"""The run's own checks can fail: an answer that is not true, a job that has not ended, an exception in a log."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import checks
from tests.simulation.answers import Exchange
from tests.support.calls import Answer

TRUE: dict[str, dict[str, Any]] = {
    "users/u1": {},
    "users/u1/ledger/adjustment:r1": {"amount": 5},
    "users/u1/ledger/purchase:s1": {},
    "jobs/j1": {"status": "cancelled"},
    "posts/p1": {},
    "likes/p1_u1": {"postId": "p1", "uid": "u1"},
}
TOLD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "addTokens": ({"uid": "u1", "amount": 5, "requestId": "r1"}, {"balance": 5}),
    "cancelStudioJob": ({"jobId": "j1"}, {"jobId": "j1", "status": "cancelled"}),
    "getJobStatus": ({"jobId": "j1"}, {"jobId": "j1", "status": "cancelled"}),
    "deleteCreation": ({"creationId": "c1"}, {"deleted": True}),
    "confirmCheckout": ({"sessionId": "s1"}, {"status": "paid", "tokens": 500}),
    "likePost": ({"postId": "p1", "liked": True}, {"liked": True, "likeCount": 1}),
}
UNTRUE: dict[str, dict[str, Any]] = {
    "addTokens": {"users/u1/ledger/adjustment:r1": {"amount": 4}},
    "cancelStudioJob": {"jobs/j1": {"status": "completed"}},
    "getJobStatus": {"jobs/j1": {"status": "completed"}},
    "deleteCreation": {"creations/c1": {}},
    "confirmCheckout": {"users/u1/ledger/purchase:s1": None},
    "likePost": {"likes/p1_u1": None},
}


def asked(function: str, began: int = 1, ended: int = 1) -> Exchange:
    data, result = TOLD[function]
    return Exchange("u1", function, data, began, ended, Answer(200, result, None, "", {}, {}), function == "addTokens")


@pytest.mark.parametrize("function", TOLD)
def test_an_answer_that_is_not_true_is_found(function: str) -> None:
    history = [asked(function)]
    assert not list(checks.told_in_vain(history, TRUE))
    changed = {path: data for path, data in {**TRUE, **UNTRUE[function]}.items() if data is not None}
    assert len(list(checks.told_in_vain(history, changed))) == 1


def test_a_like_that_was_asked_for_otherwise_meanwhile_is_not_judged() -> None:
    other = asked("likePost", began=0, ended=2)
    other.data = {"postId": "p1", "liked": False}
    without = {path: data for path, data in TRUE.items() if not path.startswith("likes/")}
    assert not list(checks.told_in_vain([other, asked("likePost")], without))


def test_an_open_job_an_order_of_no_job_and_an_exception_are_found(tmp_path: Path) -> None:
    log = tmp_path / "instance-0.log"
    town: Any = SimpleNamespace(history=[], poyo=SimpleNamespace(taken={"j1": ["t1"], "j2": ["t2"]}), logs=[log])
    assert list(checks.unended(town, TRUE)) == ["the provider took an order of no job: j2"]
    town.poyo.taken = {}
    assert len(list(checks.unended(town, {"jobs/j1": {"status": "processing"}}))) == 1
    assert len(list(checks.unended(town, {"jobs/j1": {"status": "failed", "nextPollAt": 1}}))) == 1
    log.write_text('{"severity": "WARNING", "stack_trace": "..."}\n')
    assert not list(checks.exceptions(town))
    log.write_text('{"severity": "ERROR", "message": "bug", "stack_trace": "..."}\n')
    assert len(list(checks.exceptions(town))) == 1
