"""The circuit breaker: a provider that fails in a row gets no orders for a while, and nobody pays for them."""

from __future__ import annotations

import math
from typing import Any

import pytest

import main
from local.vendors.chat import ChatStandIn
from studiox.integrations.providers.mock import Mock
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import NotAccepted, Order
from studiox.studio import breaker, breaker_store, dispatch
from tests.conftest import Logged
from tests.studio.studio import Studio, together
from tests.support import budgets, call

HEALTH = "providerHealth/all"
ROW = 10
LYRICS = {"theme": "Rain", "mood": "sad", "presetType": "lullaby"}


@pytest.fixture
def many(studio: Studio) -> Studio:
    studio.user(plan="enterprise")
    return studio


def fail(studio: Studio, times: int = ROW, fault: str = "503") -> list[str]:
    """So many orders that fail in a row; their jobs."""
    studio.poyo.plan(fault, times=times)
    answers = [studio.create() for _ in range(times)]
    return [str(answer.result["jobId"] if answer.ok else answer.details["jobId"]) for answer in answers]


def refused(studio: Studio, **fields: Any) -> None:
    """An order is refused at once: no job, no debit, no request to the provider."""
    before, orders = studio.database.hash("rateLimits"), len(studio.poyo.orders())
    answer = studio.create(**fields)
    assert (answer.code, answer.reason) == ("unavailable", "ProviderUnavailable")
    assert answer.details.keys() == {"reason"}
    assert "refund" not in answer.message
    assert (studio.database.hash("rateLimits"), len(studio.poyo.orders())) == (before, orders)


def test_orders_wait_as_pending_until_ten_have_failed_in_a_row(many: Studio, logged: Logged) -> None:
    made = fail(many, ROW - 1)
    assert {many.job(each)["status"] for each in made} == {"pending"}
    assert many.created(), "this one is taken, and a new row begins"
    made += fail(many, ROW - 1)
    assert not logged.lines("provider_breaker_open")
    made += fail(many, 1)
    assert {many.job(each)["status"] for each in made} == {"pending"}
    (line,) = logged.lines("provider_breaker_open")
    assert (line["severity"], line["provider"], line["failures"]) == ("ALERT", "poyo", ROW)
    refused(many)
    many.heal(*made)
    assert {many.job(each)["status"] for each in made} == {"completed"}
    many.check()


@pytest.mark.parametrize("fault", ["429", "500", "504-accepted", "drop-before", "402"])
def test_every_kind_of_trouble_counts_for_all_instances(many: Studio, fault: str) -> None:
    fail(many, ROW // 2, fault)
    many.restart()
    fail(many, ROW - ROW // 2, fault)
    refused(many)
    many.restart()
    refused(many)
    assert many.create(model="Model A", size="512x512", style="anime", color="neon").ok  # another provider
    many.check()


@pytest.mark.parametrize("fault", ["moderation", "validation", "404"])
def test_an_order_that_is_refused_for_good_is_no_trouble(many: Studio, fault: str) -> None:
    fail(many, ROW + 2, fault)
    assert many.created()
    assert many.database.get(HEALTH) is None


def test_a_provider_that_tells_of_its_tasks_is_not_down(many: Studio, logged: Logged) -> None:
    at_work = [many.created() for _ in range(2)]
    fail(many, ROW - 1)
    many.advance(10)
    assert many.status(at_work[0]).result["status"] in ("processing", "completed")
    fail(many, ROW - 1)
    assert not logged.lines("provider_breaker_open")
    fail(many, 1)
    refused(many)
    many.advance(10)
    assert many.status(at_work[1]).result["status"] in ("processing", "completed")
    refused(many)  # asking is not ordering: this is closed by a trial


def test_one_refusal_of_our_account_opens_nothing(studio: Studio) -> None:
    fail(studio, 1, "402")
    assert studio.created()


def test_what_was_answered_before_is_answered_while_it_is_open(many: Studio) -> None:
    request = many.request()
    first = call(main.createStudioJob, request, uid="u1")
    fail(many)
    refused(many)
    assert call(main.createStudioJob, request, uid="u1").result == first.result


def test_after_the_pause_one_trial_closes_it(many: Studio, logged: Logged) -> None:
    made = fail(many)
    many.advance(31)
    many.restart()
    assert many.created()
    assert many.database.need(HEALTH)["rows"] == {}
    assert len(logged.lines("provider_breaker_closed")) == 1
    assert many.created()
    many.heal(*made)
    many.check()


def test_of_many_orders_one_is_the_trial(many: Studio, logged: Logged) -> None:
    fail(many)
    many.advance(31)
    many.poyo.plan("503")
    answers = together(*[many.create] * 6)
    assert sum(answer.ok for answer in answers) == 1
    assert {answer.reason for answer in answers if not answer.ok} == {"ProviderUnavailable"}
    many.advance(31)
    refused(many)  # the pause is twice as long now
    assert [line["severity"] for line in logged.lines("provider_breaker_open")] == ["ALERT", "WARNING"]
    many.advance(31)
    assert many.created()
    many.check()


def test_a_trial_whose_instance_dies_keeps_the_others_waiting_for_seconds(
    many: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(many)
    many.advance(31)
    with monkeypatch.context() as patch:
        patch.setattr(breaker_store, "note", lambda *_, **__: None)
        assert many.created()
    many.restart()
    refused(many)
    many.advance(breaker.TRIAL.total_seconds() + 1)
    assert many.created()
    assert many.created()
    many.check()


def test_an_order_that_its_caller_cannot_pay_is_no_trial(many: Studio) -> None:
    many.user("poor", balance=1)
    fail(many)
    many.advance(31)
    assert many.create(caller="poor").reason == "InsufficientTokens"
    assert many.created()


def test_it_costs_an_order_no_round_trip(many: Studio) -> None:
    many.created()
    for _ in range(3):
        many.rpcs.reset()
        many.created()
        assert many.rpcs.calls == budgets.calls("createStudioJob", "warm")
    fail(many, 1)
    many.rpcs.reset()
    many.created()
    assert many.rpcs.calls == budgets.calls("createStudioJob", "recovery")
    many.rpcs.reset()
    many.created()
    assert many.rpcs.calls == budgets.calls("createStudioJob", "warm")
    fail(many)
    many.rpcs.reset()
    refused(many)
    assert many.rpcs.count() <= budgets.most("createStudioJob", "refusal")


def test_that_the_health_cannot_be_written_is_no_bodys_failure(many: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from studiox.kit import transaction

    monkeypatch.setattr(transaction, "DEADLINE_S", 0.2)
    many.created()
    many.poyo.plan("504-accepted")
    many.rpcs.plan("Commit", times=2)
    many.rpcs.fail_before("Commit", times=1000)
    assert many.create().result["status"] == "processing"
    many.rpcs.heal()
    assert many.created()


def test_the_dispatcher_passes_over_it_and_polls_go_on(many: Studio) -> None:
    running = many.created()
    waiting = fail(many)
    many.advance(20)
    orders = len(many.poyo.orders())
    many.dispatch()
    assert len(many.poyo.orders()) == orders
    assert many.status(running).result["status"] == "completed"
    many.advance(20)
    many.poyo.plan("503")
    many.dispatch()
    assert len(many.poyo.orders()) == orders + 1, "the trial; the others go on waiting"
    many.advance(31)
    refused(many)  # it has failed, and the pause is twice as long
    many.advance(30)
    many.dispatch()
    assert len(many.poyo.orders()) == orders + 1 + len(waiting), "the next trial is taken, and the others follow"
    assert {many.job(each)["status"] for each in waiting} == {"processing"}
    many.heal(*waiting)
    many.check()


def test_while_the_dispatchers_trial_is_under_way_there_is_no_other(
    many: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = fail(many)
    many.advance(31)
    submit = Poyo.submit

    def meanwhile(self: Poyo, order: Order) -> str:
        monkeypatch.setattr(Poyo, "submit", submit)
        refused(many)
        return submit(self, order)

    monkeypatch.setattr(Poyo, "submit", meanwhile)
    many.dispatch()
    assert {many.job(each)["status"] for each in waiting} == {"processing"}
    assert many.created()
    many.check()


def test_those_that_wait_for_it_do_not_starve_the_others(many: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "WAITING_PER_RUN", 3)
    waiting = fail(many)
    with monkeypatch.context() as patch:
        patch.setattr(Mock, "submit", _not_now)
        other = many.created(model="Model A")
    many.advance(15)
    for _ in range(math.ceil((len(waiting) + 1) / 3)):
        assert many.job(other)["status"] == "pending"
        many.dispatch()
    assert many.job(other)["status"] == "completed"
    times = [many.job(each)["nextAttemptAt"] for each in waiting]
    assert times[:3] == sorted(set(times[:3])), "the longest waiting stays first"
    assert max(times) < many.clock.now() + breaker.MAX_PAUSE
    many.heal(*waiting)
    many.check()


def _not_now(*_: Any) -> str:
    raise NotAccepted("503")


@pytest.mark.parametrize("fault", ["504", "429"])
def test_lyrics_are_refused_at_once_too(many: Studio, chat: ChatStandIn, fault: str) -> None:
    chat.plan(fault, times=ROW)
    for number in range(ROW):
        answer = call(main.generateLyrics, {**LYRICS, "requestId": f"lyrics-number-{number:04}"}, uid="u1")
        assert answer.details["refunded"] == 2
    noted = many.database.under("lyricGenerationErrors")
    answer = call(main.generateLyrics, {**LYRICS, "requestId": "lyrics-at-the-end"}, uid="u1")
    assert (answer.reason, "jobId" in answer.details) == ("ProviderUnavailable", False)
    assert (len(chat.orders()), many.balance()) == (ROW, 1000)
    assert many.database.under("lyricGenerationErrors") == noted
    many.check()
