"""What comes of an order at the provider: taken, refused, lost, not now, never ended (faults J5–J8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local.vendors.poyo.server import PoyoStandIn
from tests.conftest import Logged
from tests.studio.studio import Studio

LOST = ["408", "409", "500", "502", "504", "drop-before", "code-500", "redirect-302"]
LOST_AND_RUNNING = ["500-accepted", "502-accepted", "504-accepted", "drop", "garbage", "no-task-id", "nothing", "huge"]
NOT_NOW = ["429", "503", "code-429", "redirect"]
REFUSED = {
    "validation": "InvalidInput",
    "too-long": "InvalidInput",
    "bad-file": "InvalidInput",
    "detail": "InvalidInput",
    "moderation": "ContentRejected",
    "code-moderation": "ContentRejected",
    "code-400": "InvalidInput",
    "404": "GenerationFailed",
    "html-400": "GenerationFailed",
}


@pytest.mark.parametrize("fault", LOST + LOST_AND_RUNNING)
def test_j6_an_answer_that_was_lost_is_never_asked_for_again(studio: Studio, fault: str) -> None:
    studio.poyo.plan(fault)
    answer = studio.create()
    assert answer.result["status"] == "processing"
    job_id = answer.result["jobId"]
    for _ in range(8):
        studio.advance(60)
        studio.dispatch()
        studio.run_queue()
        assert studio.job(job_id)["status"] == "processing"
        assert studio.balance() == 998
    studio.heal(job_id)
    assert studio.status(job_id).result["error"]["reason"] == "TimedOut"
    assert studio.balance() == 1000
    assert studio.poyo.charges()[job_id]["submits"] == 1
    studio.check()


@pytest.mark.parametrize("fault", LOST_AND_RUNNING)
def test_j6_and_the_callback_brings_what_was_lost(studio: Studio, fault: str) -> None:
    studio.poyo.plan(fault)
    job_id = studio.created()
    studio.advance(4)
    assert studio.callback(job_id, studio.task_of(job_id)["id"]).status == 200
    studio.run_queue()
    assert studio.job(job_id)["status"] == "completed"
    studio.check()


@pytest.mark.parametrize("fault", NOT_NOW)
def test_j7_not_now_is_pending_and_sent_again(studio: Studio, fault: str) -> None:
    studio.poyo.plan(fault, times=2)
    answer = studio.create()
    assert answer.result["status"] == "pending"
    job_id = answer.result["jobId"]
    studio.dispatch()
    assert studio.poyo.charges()[job_id]["submits"] == 1  # not before its time
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    assert studio.poyo.charges()[job_id]["submits"] == 3
    studio.check()


def test_j7_nobody_listens(studio: Studio, poyo: PoyoStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POYO_BASE_URL", "http://127.0.0.1:9")
    job_id = studio.created()
    assert studio.job(job_id)["status"] == "pending"
    monkeypatch.setenv("POYO_BASE_URL", poyo.url)
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    studio.check()


def test_j7_never_sent_by_its_deadline_is_refunded(studio: Studio) -> None:
    studio.poyo.plan("503", times=None)
    job_id = studio.created()
    studio.heal(job_id)
    assert studio.status(job_id).result["error"]["reason"] == "ProviderUnavailable"
    assert studio.balance() == 1000
    assert studio.poyo.charges()[job_id]["tasks"] == []
    studio.check()


@pytest.mark.parametrize(("fault", "reason"), list(REFUSED.items()))
def test_j7_refused_for_good_is_refunded_at_once(studio: Studio, fault: str, reason: str) -> None:
    studio.poyo.plan(fault)
    answer = studio.create()
    assert (answer.code, answer.reason) == ("failed-precondition", "ProviderRejected")
    job = studio.job(answer.details["jobId"])
    assert (job["status"], job["error"]["reason"], job["refunded"]) == ("failed", reason, 2)
    assert studio.balance() == 1000
    studio.check()


@pytest.mark.parametrize("fault", ["401", "402", "403", "code-402"])
def test_our_account_refused_is_an_alert_and_not_the_users_fault(studio: Studio, fault: str, logged: Logged) -> None:
    studio.poyo.plan(fault)
    answer = studio.create()
    assert (answer.code, answer.reason) == ("unavailable", "ProviderUnavailable")
    assert answer.details["refunded"] == 2
    assert logged.lines("provider_refuses_our_account")[0]["severity"] == "ALERT"
    assert studio.balance() == 1000
    studio.check()


@pytest.mark.parametrize(("name", "value"), [("POYO_API_KEY", ""), ("POYO_BASE_URL", "ftp://x"), ("POYO_API_KEY", "ä")])
def test_a_provider_that_cannot_be_made_sends_nothing_and_refunds(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, logged: Logged, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    answer = studio.create()
    assert (answer.code, answer.reason) == ("unavailable", "ProviderUnavailable")
    assert logged.lines("provider_not_configured")
    assert studio.poyo.orders() == []
    assert studio.balance() == 1000
    studio.check()


def test_a_provider_that_cannot_be_asked_any_more_keeps_no_tokens(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = studio.created()
    monkeypatch.setenv("POYO_API_KEY", "")
    studio.advance(4)
    assert studio.status(job_id).result["status"] == "processing"
    studio.heal(job_id)
    assert studio.status(job_id).result["error"]["reason"] == "TimedOut"
    assert studio.balance() == 1000
    studio.check()


def test_a_provider_that_is_no_more_keeps_no_tokens(studio: Studio) -> None:
    job_id = studio.created()
    studio.database.change(f"jobs/{job_id}/private/state", provider="bankrupt")
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "failed"
    studio.check()


@pytest.mark.parametrize("outcome", ["never", "stuck", "odd-status", "poll-404"])
def test_j8_one_that_never_ends_is_refunded_at_its_deadline(studio: Studio, outcome: str) -> None:
    studio.poyo.plan(outcome)
    job_id = studio.created()
    created = studio.job(job_id)["createdAt"]
    studio.heal(job_id)
    job = studio.job(job_id)
    assert (job["status"], job["error"]["reason"]) == ("failed", "TimedOut")
    assert job["completedAt"] - created < timedelta(minutes=12)  # its deadline and two runs
    assert studio.balance() == 1000
    studio.check()


@pytest.mark.parametrize(("outcome", "event"), [("callback-none", "Finished"), ("never", "Expired")])
def test_the_line_about_the_end_has_the_jobs_age_and_no_other_line(
    studio: Studio, logged: Logged, outcome: str, event: str
) -> None:
    """Cloud Monitoring counts it: each job ends once, in time or by its deadline (infra/slo.tf)."""
    studio.poyo.plan(outcome, seconds=30.0)
    job_id = studio.created()
    studio.heal(job_id)
    studio.cancel(job_id)
    studio.settle(job_id, hint=True)
    lines = logged.lines("job_event")
    assert len(lines) > 1
    job = studio.job(job_id)
    age = int((job["completedAt"] - job["createdAt"]).total_seconds())
    ends = [(line["event"], line["status"], line["ageSeconds"]) for line in lines if "ageSeconds" in line]
    assert ends == [(event, job["status"], age)]


def test_j8_a_finish_after_the_refund_is_noted_and_nothing_else(studio: Studio, logged: Logged) -> None:
    studio.poyo.plan(seconds=3600.0)
    job_id = studio.created()
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "failed"
    before = studio.job(job_id)
    studio.advance(3600)
    for _ in range(3):
        assert studio.callback(job_id, studio.task_of(job_id)["id"]).status == 200
        studio.run_queue()
        studio.advance(10)
    assert studio.job(job_id) == before
    state = studio.state(job_id)
    assert (state["lateEvent"], state["creditsCharged"]) == ("Finished", 2.0)
    assert len(logged.lines("job_contradiction")) == 1
    assert studio.balance() == 1000
    assert studio.objects(job_id) == []
    studio.check()
