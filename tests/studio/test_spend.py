"""The day's spend (faults R18): what the orders of a UTC day may cost us at one provider."""

from __future__ import annotations

from typing import Any

import pytest

import main
from local.vendors.chat import ChatStandIn
from studiox.studio import job_store, spend
from tests.conftest import SECRETS, Logged
from tests.studio.studio import Studio
from tests.support import call, schedule

AUDIT: Any = main.auditLedger
PICTURE = 10_000  # z-image: 2 credits, in millionths of a dollar


def limit(monkeypatch: pytest.MonkeyPatch, usd: object) -> None:
    """The day's limit, with which unpaid orders count too."""
    monkeypatch.setenv("FREE_SPEND_LIMIT_USD", "0")
    monkeypatch.setenv("DAILY_SPEND_LIMIT_USD", str(usd))


def refused(studio: Studio, **fields: Any) -> bool:
    before, orders = studio.database.hash("rateLimits"), len(studio.poyo.orders())
    answer = studio.create(**fields)
    if answer.ok:
        return False
    assert (answer.reason, list(answer.details)) == ("ProviderUnavailable", ["reason"])
    assert (studio.database.hash("rateLimits"), len(studio.poyo.orders())) == (before, orders)
    return True


def test_r18_over_the_days_limit_nothing_is_ordered(
    studio: Studio, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.user(plan="enterprise")
    limit(monkeypatch, 0.02)
    studio.created()
    studio.dispatch()
    assert not refused(studio), "a cent of two"
    assert not refused(studio), "the sum is a minute old"
    studio.dispatch()
    studio.restart()
    assert refused(studio)
    assert studio.create(model="Model A", size="512x512").ok  # another provider
    studio.dispatch()
    (alert,) = logged.lines("provider_spend_limit")
    assert (alert["severity"], alert["provider"]) == ("ALERT", "poyo")
    assert (alert["spentMicroUsd"], alert["limitMicroUsd"]) == (3 * PICTURE, 2 * PICTURE)
    limit(monkeypatch, 1)
    studio.dispatch()
    assert not refused(studio), "the operator has raised it"


def test_r18_a_new_day_has_a_spend_of_its_own(studio: Studio, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, 0.01)
    studio.heal(studio.created())
    studio.dispatch()
    assert refused(studio)
    studio.advance(86_400)
    assert not refused(studio)
    studio.dispatch()
    assert refused(studio)
    assert len(logged.lines("provider_spend_limit")) == 2


@pytest.mark.parametrize("usd", ["0", "", "0.0"])
def test_without_a_limit_nothing_is_summed(studio: Studio, monkeypatch: pytest.MonkeyPatch, usd: str) -> None:
    limit(monkeypatch, usd)
    studio.created()
    studio.rpcs.reset()
    studio.dispatch()
    assert studio.rpcs.count("RunAggregationQuery") == 1, "unfinished jobs are counted, and no cost is summed"
    assert not refused(studio)


def test_a_limit_that_is_no_number_is_a_bug_that_stops_no_job(
    studio: Studio, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, "a lot")
    studio.poyo.plan("503")
    job_id = studio.created()
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    assert logged.lines("bug")


@pytest.mark.parametrize("raised", [False, True])
def test_r18_what_waits_is_not_sent_over_the_limit(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, raised: bool
) -> None:
    studio.user(plan="enterprise")
    limit(monkeypatch, 0.01)
    studio.created()
    studio.poyo.plan("503")
    waiting = studio.created()
    studio.advance(20)
    studio.dispatch()
    assert studio.poyo.charges()[waiting]["submits"] == 1
    if raised:
        limit(monkeypatch, 1)
    studio.heal(waiting)
    job = studio.job(waiting)
    assert job.get("error", {}).get("reason") == (None if raised else "ProviderUnavailable")
    assert job["status"] == ("completed" if raised else "failed")
    studio.check()


@pytest.mark.parametrize("how", ["finish", "fail", "cancel"])
def test_a_free_model_is_listed_charged_and_booked_as_free(studio: Studio, how: str) -> None:
    studio.database.put("models/z-image", {"price": {"tokens": 0}})
    studio.user(balance=0)
    [listed] = [each for each in call(main.getStudioOptions).result["models"] if each["id"] == "z-image"]
    assert listed["price"] == {"tokens": 0}
    studio.poyo.plan(*(["fail"] if how == "fail" else []))
    made = studio.create(maxPrice=0).result
    assert (made["price"], made["balance"]) == (0, 0)
    if how == "cancel":
        assert studio.cancel(made["jobId"]).result["refunded"] == 0
    studio.heal(made["jobId"])
    entry = studio.database.need(f"users/u1/ledger/deduction:{made['jobId']}")
    assert (entry["amount"], entry["type"], entry["seq"]) == (0, "deduction", 2)
    state = studio.state(made["jobId"])
    assert state["unpaidMicroUsd"] == state["costMicroUsd"] > 0, "nobody paid for it"
    studio.check()
    assert schedule(AUDIT).status == 200
    assert not studio.database.under("ledgerAlerts")


def spent(studio: Studio) -> int:

    return job_store.spent(spend.spend_key("poyo", studio.clock.now())).total


def test_only_what_went_out_counts_and_what_it_cost_once_that_is_known(studio: Studio) -> None:
    studio.user(plan="enterprise")
    studio.poyo.plan("moderation")
    assert studio.create().reason == "ProviderRejected"
    studio.poyo.plan("503")
    studio.created()
    assert spent(studio) == 0
    studio.poyo.plan("504-accepted")
    studio.created()
    assert spent(studio) == PICTURE, "it may be running"
    studio.poyo.plan(credits=7)
    job_id = studio.created()
    assert spent(studio) == 2 * PICTURE
    studio.heal(job_id)
    assert studio.state(job_id)["costMicroUsd"] == 35_000
    cancelled = studio.created()
    assert studio.cancel(cancelled).ok
    studio.heal(cancelled)
    assert spent(studio) >= PICTURE + 35_000 + PICTURE


@pytest.mark.parametrize("said", [1e12, 2.0**52, "1e12"])
def test_an_absurd_charge_closes_no_provider(
    studio: Studio, logged: Logged, monkeypatch: pytest.MonkeyPatch, said: object
) -> None:
    limit(monkeypatch, 1)
    studio.poyo.plan(credits=said)
    job_id = studio.created()
    studio.heal(job_id)
    studio.dispatch()
    studio.restart()
    assert studio.job(job_id)["status"] == "completed"
    assert spent(studio) == 10 * PICTURE, "no more than ten times what is expected"
    assert not refused(studio)
    [alert] = logged.lines("provider_charge_absurd")
    assert (alert["severity"], alert["jobId"], alert["creditsCharged"]) == ("ALERT", job_id, float(str(said)))
    [loss] = logged.lines("provider_loss")
    assert loss["lossMicroUsd"] == 10 * PICTURE - 20_000


def test_what_is_answered_at_once_counts(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatStandIn(api_key=SECRETS["OPENAI_API_KEY"]) as chat:
        monkeypatch.setenv("OPENAI_BASE_URL", chat.url)
        job_id = studio.created(type="lyrics", model="lyrics-writer", prompt="rain")
    state = studio.state(job_id)
    assert state["spentOn"] == spend.spend_key("openai", studio.clock.now())
    assert 0 < state["costMicroUsd"] < 960  # what was used, less than what the catalogue expects at most
