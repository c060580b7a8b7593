"""The circuit breaker and the day's spend (faults R18): a provider in trouble gets no orders, and nobody pays for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from studiox.clock import UTC, datetime
from studiox.studio import breaker
from tests.conftest import Logged
from tests.studio.studio import Studio, together

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEALTH = "providerHealth/all"


def after(count: int, *, apart_s: float = 1) -> breaker.Health:
    health: breaker.Health = {}
    for number in range(count):
        health = breaker.failed(health, "poyo", NOW + timedelta(seconds=number * apart_s))
    return health


def test_five_failures_in_a_row_open_it() -> None:
    assert not breaker.is_open(after(4), "poyo", NOW)
    assert breaker.is_open(after(5), "poyo", NOW)
    assert not breaker.is_open(after(5), "piapi", NOW)
    assert not breaker.is_open(after(9, apart_s=301), "poyo", NOW)
    assert breaker.succeeded(after(4), "poyo") == {}


def test_one_refusal_of_our_account_opens_it() -> None:
    assert breaker.is_open(breaker.failed({}, "poyo", NOW, at_once=True), "poyo", NOW)


def test_a_trial_that_fails_opens_it_for_twice_as_long_at_most_ten_minutes() -> None:
    health, now, pauses = breaker.failed({}, "poyo", NOW, at_once=True), NOW, []
    for _ in range(8):
        until = health["poyo"]["openUntil"]
        pauses.append((until - now).total_seconds())
        now = until
        assert not breaker.is_open(health, "poyo", now)
        trial = breaker.on_trial(health, "poyo", now)
        assert trial is not None
        assert breaker.is_open(trial, "poyo", now)
        health = breaker.failed(trial, "poyo", now)
        assert breaker.is_open(health, "poyo", now)
    assert pauses == [30, 60, 120, 240, 480, 600, 600, 600]
    assert breaker.succeeded(health, "poyo") == {}


def test_what_was_sent_before_it_opened_does_not_prolong_it() -> None:
    health = breaker.failed({}, "poyo", NOW, at_once=True)
    assert breaker.failed(health, "poyo", NOW + timedelta(seconds=5)) == health


def test_the_spend_is_the_utc_days() -> None:
    health = breaker.spent({}, "poyo", 100, 100, NOW)
    assert breaker.is_open(health, "poyo", NOW + timedelta(hours=11, minutes=59))
    assert not breaker.is_open(health, "poyo", NOW + timedelta(hours=12))
    assert breaker.on_trial(health, "poyo", NOW + timedelta(hours=12)) is None
    assert breaker.spent(health, "poyo", 100, 101, NOW) == {}
    assert breaker.spent({}, "poyo", 100, 0, NOW) == {}


def fail(studio: Studio, times: int = 5, fault: str = "503") -> list[str]:
    made = []
    for _ in range(times):
        studio.poyo.plan(fault)
        made.append(studio.created())
    return made


def refused(studio: Studio) -> None:
    """An order is refused at once: no job, no debit, no request."""
    before, orders = studio.database.hash("rateLimits"), len(studio.poyo.orders())
    answer = studio.create()
    assert (answer.code, answer.reason, answer.details.get("jobId")) == ("unavailable", "ProviderUnavailable", None)
    assert (studio.database.hash("rateLimits"), len(studio.poyo.orders())) == (before, orders)


@pytest.mark.parametrize("fault", ["503", "timeout-accepted"])
def test_an_open_breaker_refuses_and_debits_nothing(studio: Studio, logged: Logged, fault: str) -> None:
    studio.user(plan="enterprise")
    fail(studio, fault="503" if fault == "503" else "504-accepted")
    refused(studio)
    studio.restart()
    refused(studio)  # another instance too
    assert len(logged.lines("provider_breaker_open")) == 1
    assert studio.create(model="Model A", size="512x512", style="anime", color="neon").ok  # another provider


def test_one_trial_closes_it(studio: Studio, logged: Logged) -> None:
    studio.user(plan="enterprise")
    made = fail(studio)
    studio.advance(31)
    studio.restart()
    assert studio.created()
    assert studio.database.need(HEALTH) == {}
    assert len(logged.lines("provider_breaker_closed")) == 1
    assert studio.created()
    studio.heal(*made)
    studio.check()


def test_of_many_orders_one_is_the_trial(studio: Studio) -> None:
    studio.user(plan="enterprise")
    fail(studio)
    studio.advance(31)
    studio.restart()
    studio.poyo.plan("503")
    answers = together(*[studio.create] * 6)
    assert sum(answer.ok for answer in answers) == 1
    assert {answer.reason for answer in answers if not answer.ok} == {"ProviderUnavailable"}
    refused(studio)
    studio.check()


def test_an_account_that_is_refused_opens_it_at_once(studio: Studio, logged: Logged) -> None:
    studio.poyo.plan("402")
    assert studio.create().details["refunded"] == 2
    refused(studio)
    assert len(logged.lines("provider_breaker_open")) == 1


def test_the_dispatcher_passes_over_it_and_polls_go_on(studio: Studio) -> None:
    studio.user(plan="enterprise")
    running = studio.created()
    waiting = fail(studio)
    studio.advance(20)
    orders = len(studio.poyo.orders())
    studio.dispatch()
    assert len(studio.poyo.orders()) == orders
    assert studio.status(running).result["status"] == "completed"
    assert {studio.job(each)["status"] for each in waiting} == {"pending"}
    studio.heal(*waiting)
    assert {studio.job(each)["status"] for each in waiting} == {"completed"}
    studio.check()


def test_r18_over_the_days_limit_nothing_is_ordered(
    studio: Studio, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAILY_SPEND_LIMIT_USD", "1")
    studio.created()
    studio.dispatch()
    job_id = studio.created()
    cost = studio.state(job_id)["expectedMicroUsd"]
    assert cost > 0
    studio.database.change(f"jobs/{job_id}/private/state", expectedMicroUsd=1_000_000 - cost)
    studio.dispatch()
    studio.restart()
    refused(studio)
    studio.dispatch()
    (alert,) = logged.lines("provider_spend_limit")
    assert (alert["spentMicroUsd"], alert["limitMicroUsd"]) == (1_000_000, 1_000_000)
    monkeypatch.setenv("DAILY_SPEND_LIMIT_USD", "0")
    studio.dispatch()
    assert studio.created()


def test_r18_what_never_went_out_costs_nothing(studio: Studio) -> None:
    studio.poyo.plan("moderation")
    assert studio.create().reason == "ProviderRejected"
    assert "spentOn" not in str(studio.database.all())
