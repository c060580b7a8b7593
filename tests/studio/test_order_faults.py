"""createStudioJob against hostile requests, a database that fails, and a budget of round trips (faults J16–J22)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import main
from studiox.kit import transaction
from studiox.studio import lifecycle, service
from tests.studio.studio import Studio
from tests.support import Rpcs, budgets, call

ID = "one-and-the-same-id"
EXAMPLES = 1_000 if os.environ.get("STUDIOX_EXHAUSTIVE") else 100


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        ["a" * 20_000, "\u202e", "a\u0000b", "..", "__proto__", "users/u1/uploads/x", "1024x1024", "anime"]
    ),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner))
NAMES = ["requestId", "type", "model", "prompt", "negativePrompt", "style", "color", "size", "aspectRatio"]
NAMES += ["durationSeconds", "inputPaths", "options", "sessionId", "maxPrice", "price", "cost", "uid", "amount"]


@given(changes=st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=4), data=st.data())
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_j16_nothing_a_client_sends_is_a_bug_or_moves_tokens_of_its_choice(
    studio: Studio, changes: dict[str, Any], data: st.DataObject
) -> None:
    model = data.draw(st.sampled_from(["z-image", "kling-2.6", "Model A", "nano-banana-edit", "seedance-2"]))
    studio.user(plan="enterprise")
    studio.database.change("users/u1", activeJobs=0)
    for path in studio.database.under("rateLimits"):
        studio.database.delete(f"rateLimits/{path}")
    for path in studio.database.all():
        if path.startswith("users/u1/ledger/") and not path.endswith("welcome:u1"):
            studio.database.delete(path)
    before = studio.database.hash("rateLimits")
    answer = studio.create(**{"model": model, **changes})
    assert answer.code != "internal", (changes, answer)
    if answer.ok:
        price = answer.result["price"]
        assert type(price) is int
        assert price >= 1
        assert answer.result["balance"] == 1000 - price == studio.balance()
    else:
        assert studio.database.hash("rateLimits") == before or answer.reason == "ProviderRejected", answer


BROKEN = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED"]


@pytest.mark.parametrize("code", BROKEN[:2])
def test_j22_the_commit_of_the_order_was_applied_and_its_answer_lost(studio: Studio, code: str) -> None:
    studio.rpcs.fail_after_apply("Commit", code=code)
    answer = studio.create()
    assert answer.result["status"] == "processing"
    assert len(studio.poyo.orders()) == 1
    assert studio.balance() == 998
    studio.heal(answer.result["jobId"])
    assert studio.job(answer.result["jobId"])["status"] == "completed"
    studio.check()


def on_commit(studio: Studio, number: int, act: Callable[[], None]) -> None:
    """Plan something for the commit of this number from now on."""
    for _ in range(number):
        studio.rpcs.plan("Commit")
    act()


FAULTS = [(code, False) for code in BROKEN] + [(code, True) for code in BROKEN[:2]]  # ABORTED: surely not applied


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize(("code", "applied"), FAULTS)
def test_j22_any_commit_of_a_jobs_life_fails_or_loses_its_answer(
    studio: Studio, number: int, code: str, applied: bool
) -> None:
    rpcs = studio.rpcs
    on_commit(studio, number, lambda: (rpcs.fail_after_apply if applied else rpcs.fail_before)("Commit", code=code))
    job_id = studio.created()
    studio.advance(4)
    studio.status(job_id)
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    assert studio.poyo.charges()[job_id]["submits"] == 1
    studio.check()


def test_j22_the_dispatchers_claim_was_applied_and_its_answer_lost(studio: Studio) -> None:
    studio.poyo.plan("429")
    job_id = studio.created()
    studio.advance(15)
    studio.rpcs.fail_after_apply("Commit")
    studio.dispatch()
    assert studio.job(job_id)["status"] == "processing"
    assert studio.poyo.charges()[job_id]["submits"] == 2
    studio.check()


def test_j21_contention_without_an_end_has_no_effect(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.3)
    before = studio.database.hash("rateLimits")
    studio.rpcs.fail_before("Commit", times=1000, code="ABORTED")
    answer = studio.create()
    assert (answer.code, answer.reason) == ("aborted", "Contention")
    assert answer.details["retryAfterSeconds"] > 0
    assert studio.database.hash("rateLimits") == before
    assert studio.poyo.orders() == []


def test_the_database_goes_away_after_the_debit(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is out, and cannot be noted: the answer is the truth, `pending`, and the callback brings the rest."""
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.3)
    studio.rpcs.plan("Commit")
    studio.rpcs.fail_before("Commit", times=1000)
    answer = studio.create(requestId=ID)
    assert answer.ok
    assert answer.result["status"] == "pending"
    studio.rpcs.heal()
    job_id = answer.result["jobId"]
    assert studio.callback(job_id, studio.task_of(job_id)["id"]).status == 200
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    assert studio.poyo.charges()[job_id]["submits"] == 1
    studio.check()


def test_j19_an_instance_that_was_frozen_sends_nothing_any_more(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = service._order

    def slow(*given: Any) -> Any:
        ordered = order(*given)
        studio.advance(lifecycle.SENDING.total_seconds() + 1)
        return ordered

    monkeypatch.setattr(service, "_order", slow)
    answer = studio.create()
    assert answer.result["status"] == "pending"
    assert studio.poyo.orders() == []
    studio.heal(answer.result["jobId"])
    assert studio.job(answer.result["jobId"])["status"] == "completed"
    studio.check()


def test_round_trips(studio: Studio, rpcs: Rpcs) -> None:
    studio.user(plan="enterprise")
    rpcs.reset()
    studio.created(requestId=ID)
    assert rpcs.calls == budgets.calls("createStudioJob", "cold")
    rpcs.reset()
    studio.created()
    assert rpcs.calls == budgets.calls("createStudioJob", "warm")
    rpcs.reset()
    assert studio.create(requestId=ID).ok
    assert rpcs.count() <= budgets.most("createStudioJob", "replay")
    rpcs.reset()
    assert studio.create(maxPrice=1).reason == "PriceChanged"
    assert rpcs.count() <= budgets.most("createStudioJob", "refusal")
    assert rpcs.count("BeginTransaction") == rpcs.count("Rollback") == 0


def test_round_trips_of_a_settled_job(studio: Studio, rpcs: Rpcs) -> None:
    job_id = studio.created()
    studio.heal(job_id)
    studio.status(job_id)
    rpcs.reset()
    assert studio.status(job_id).result["status"] == "completed"
    assert rpcs.calls == budgets.calls("getJobStatus", "settled")


@pytest.mark.usefixtures("studio", "unchanged")
def test_only_signed_in() -> None:
    for function in (main.createStudioJob, main.getJobStatus, main.cancelStudioJob, main.listStudioJobs):
        assert call(function, {}).code == "unauthenticated"
