"""Orders that nobody paid for: a pot of their own, and a bound to what one account may cost us for nothing."""

from __future__ import annotations

from typing import Any

import pytest

import main
from studiox.kit import documents
from studiox.models.provider_health import PROVIDER_HEALTH, ProviderHealth
from studiox.studio import breaker, job_store, spend
from studiox.studio.spend import Spend
from tests.conftest import Logged
from tests.studio.studio import Studio
from tests.support import call, id_token
from tests.support.clock import Clock

FILM = {"type": "video", "model": "veo3.1-quality"}  # 200 tokens, a dollar
DOLLAR = 1_000_000


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAILY_SPEND_LIMIT_USD", "4")
    monkeypatch.setenv("FREE_SPEND_LIMIT_USD", "2")


def payer(studio: Studio, uid: str = "payer", **fields: Any) -> str:
    return studio.user(uid, bucket="purchased", **fields)


def film(studio: Studio, **fields: Any) -> str:
    """The id of a job that the provider charges a dollar for."""
    studio.poyo.plan(credits=200)
    return studio.created(**FILM, **fields)


def refused(studio: Studio, caller: str, **fields: Any) -> bool:
    answer = studio.create(caller=caller, **fields)
    assert answer.ok or answer.reason == "ProviderUnavailable", answer
    return not answer.ok


def test_a_free_account_that_cancels_the_dearest_films_stops_no_payer(studio: Studio, logged: Logged) -> None:
    payer(studio)
    studio.user("other")
    films = [film(studio) for _ in range(3)]
    for job_id in films:
        studio.cancel(job_id)
    studio.heal(*films)
    studio.dispatch()
    studio.restart()
    assert refused(studio, "other"), "the free pot is empty"
    assert refused(studio, "u1")
    assert not refused(studio, "payer", **FILM)
    studio.dispatch()
    assert not refused(studio, "payer"), "what nobody paid for is not in the payers' sum"
    assert studio.create(caller="other", model="Model A", size="512x512").ok  # another provider
    [alert] = logged.lines("free_spend_limit")
    assert (alert["severity"], alert["provider"], alert["limitMicroUsd"]) == ("ALERT", "poyo", 2 * DOLLAR)
    assert not logged.lines("provider_spend_limit")
    studio.advance(86_400)
    assert not refused(studio, "other"), "the next day has a pot of its own"


def test_the_payers_limit_holds_for_everybody(studio: Studio, logged: Logged) -> None:
    payer(studio, plan="enterprise")
    for _ in range(4):
        film(studio, caller="payer")
    studio.dispatch()
    studio.restart()
    assert refused(studio, "payer")
    assert refused(studio, "u1")
    assert logged.lines("provider_spend_limit")[0]["spentMicroUsd"] == 4 * DOLLAR
    assert not logged.lines("free_spend_limit")


@pytest.mark.parametrize(
    ("plan", "buckets", "held"),
    [
        ("free", {"bonus": 10}, True),
        ("free", {"monthly": 10}, True),
        ("free", {"bonus": 9, "purchased": 1}, True),
        ("free", {"bonus": 9, "purchased": 2}, False),
        ("pro", {"monthly": 10}, False),
        ("pro", {"bonus": 10}, True),
        ("pro", {"bonus": 8, "monthly": 1, "purchased": 1}, False),
    ],
)
def test_who_waits_when_the_pot_is_empty(studio: Studio, plan: str, buckets: dict[str, int], held: bool) -> None:
    now = studio.clock.now()
    health = breaker.with_spent(ProviderHealth(), [], ["poyo"], now)
    studio.database.put(PROVIDER_HEALTH, documents.encode(health))
    studio.user("someone", 10, plan=plan)
    studio.database.put("users/someone", {**studio.database.need("users/someone"), "buckets": full(buckets)})
    assert refused(studio, "someone") is held


def full(buckets: dict[str, int]) -> dict[str, int]:
    return {"monthly": 0, "bonus": 0, "purchased": 0, **buckets}


def test_of_those_that_wait_the_paid_ones_go_on(studio: Studio) -> None:
    payer(studio)
    studio.poyo.plan("429")
    free = studio.created()
    studio.poyo.plan("429")
    paid = studio.created(caller="payer")
    films = [film(studio) for _ in range(2)]
    studio.advance(15)
    studio.dispatch()
    assert studio.job(paid)["status"] == "processing"
    assert studio.job(free)["status"] == "pending"
    studio.heal(free, paid, *films)
    assert studio.job(paid)["status"] == "completed"
    assert (studio.job(free)["status"], studio.job(free)["error"]["reason"]) == ("failed", "ProviderUnavailable")
    studio.check()
    studio.check("payer")


def test_a_deleted_accounts_orders_stay_in_the_days_sum(studio: Studio, auth: Any) -> None:
    studio.user("other")
    auth.users |= {"u1", "other"}
    films = [film(studio) for _ in range(2)]
    token = id_token("u1", auth_time=int(studio.clock.now().timestamp()))
    assert call(main.deleteAccount, {"confirm": "u1@canary.test"}, token=token).ok
    assert [studio.database.get(f"jobs/{each}") for each in films] == [None, None]
    studio.dispatch()
    studio.restart()
    assert refused(studio, "other")
    key = spend.spend_key("poyo", studio.clock.now())
    health = studio.database.need(PROVIDER_HEALTH)
    assert health["deleted"] == {key: {"total": 2 * DOLLAR, "unpaid": 2 * DOLLAR}}
    assert "u1" not in repr(health)
    studio.advance(86_400)
    assert not refused(studio, "other")


def test_an_account_that_is_deleted_while_it_submits_is_counted_too(studio: Studio, clock: Clock) -> None:
    job_id = film(studio)
    sending = {**studio.state(job_id), "submission": "sending", "taskId": "", "sendingSince": clock.now()}
    del sending["spentOn"]
    studio.database.put(f"jobs/{job_id}/private/state", sending)
    studio.restart()
    assert studio.cancel(job_id).ok
    assert job_store.spent(spend.spend_key("poyo", clock.now())) == Spend(DOLLAR, DOLLAR)


def test_a_free_accounts_cancels_are_bounded_by_what_they_cost(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREE_SPEND_LIMIT_USD", "100")
    studio.user(plan="enterprise", balance=10_000)
    payer(studio, plan="enterprise", balance=10_000)
    films = [film(studio) for _ in range(4)]
    answers = [studio.cancel(each) for each in films]
    assert [answer.reason for answer in answers] == [None, None, "RateLimited", "RateLimited"]
    assert 0 < answers[2].details["retryAfterSeconds"] <= 86_400
    assert studio.job(films[2])["status"] == "processing"
    assert studio.cancel(studio.created()).reason == "RateLimited", "the bound is a day's"
    paid = [film(studio, caller="payer") for _ in range(11)]
    reasons = [studio.cancel(each, caller="payer").reason for each in paid]
    assert reasons == [None] * 10 + ["RateLimited"]
    studio.advance(86_400)
    assert studio.cancel(film(studio)).ok


def test_orders_that_fail_by_their_users_fault_are_bounded_too(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREE_SPEND_LIMIT_USD", "100")
    studio.user("other")
    for _ in range(2):
        studio.poyo.plan("fail-moderation")
        job_id = studio.created(**FILM)
        studio.heal(job_id)
        assert studio.job(job_id)["error"]["reason"] == "ContentRejected"
    answer = studio.create()
    assert (answer.code, answer.reason) == ("resource-exhausted", "RateLimited")
    assert not refused(studio, "other")
    studio.advance(86_400)
    assert not refused(studio, "u1")
    studio.check()


@pytest.mark.parametrize("fault", ["moderation", "fail"])
def test_what_was_never_run_or_is_nobodys_fault_bounds_nobody(studio: Studio, fault: str) -> None:
    studio.poyo.plan(fault)
    answer = studio.create(**FILM)
    if answer.ok:
        studio.heal(answer.result["jobId"])
    assert "wasted" not in studio.database.need("users/u1")


def test_a_mixed_order_counts_by_share(studio: Studio) -> None:
    studio.user("mixed", 1000)
    user = studio.database.need("users/mixed")
    studio.database.put("users/mixed", {**user, "buckets": full({"bonus": 50, "purchased": 950})})
    job_id = film(studio, caller="mixed")
    assert job_store.spent(spend.spend_key("poyo", studio.clock.now())) == Spend(DOLLAR, DOLLAR // 4)
    studio.heal(job_id)
