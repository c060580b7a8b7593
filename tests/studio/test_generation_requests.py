"""The plain HTTP routes for pictures and credits: 200, 400, 401, 402, 403, 405, 429, 500 with refund."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

import main
from tests.studio.studio import Studio
from tests.support import Reply, call, crowd, http, plant

PROMPT = "A beautiful sunset over mountains"
BODY = {"model": "Model A", "style": "realistic", "color": "vibrant", "size": "1024x1024", "prompt": PROMPT}
CREATE: Any = main.createGenerationRequest
CREDITS: Any = main.getUserCredits


def generate(uid: str | None, body: Any = None, *, method: str = "POST", **headers: str) -> Reply:
    plant(PROMPT)
    content = body if isinstance(body, bytes) else json.dumps(BODY if body is None else body).encode()
    return http(CREATE, method, body=content, uid=uid, headers={"Content-Type": "application/json", **headers})


def test_a_picture_in_one_request(studio: Studio) -> None:
    answer = generate("u1", {**BODY, "userId": "u1"})
    assert answer.status == 200, answer.text
    assert answer.json.keys() == {"generationRequestId", "deductedCredits", "imageUrl"}
    assert answer.json["deductedCredits"] == 3
    assert studio.balance() == 997
    with urllib.request.urlopen(answer.json["imageUrl"], timeout=10) as picture:
        assert picture.status == 200
    job_id = answer.json["generationRequestId"]
    assert studio.job(job_id)["status"] == "completed"
    assert len(studio.objects(job_id)) == 1
    studio.check()


def test_a_replay_is_the_same_picture_until_it_is_deleted(studio: Studio) -> None:
    body = {**BODY, "requestId": "one-and-the-same-id"}
    first, again = generate("u1", body).json, generate("u1", body).json
    assert first["imageUrl"].startswith("http")
    assert {**again, "imageUrl": ""} == {**first, "imageUrl": ""}
    assert studio.balance() == 997
    assert call(main.deleteCreation, {"creationId": first["generationRequestId"]}, uid="u1").ok
    gone = generate("u1", body)
    assert (gone.status, gone.json["reason"]) == (404, "NotFound")
    assert studio.balance() == 997


@pytest.mark.parametrize(("size", "price"), [("512x512", 1), ("1024x1024", 3), ("1024x1792", 4)])
def test_its_price_is_its_sizes(studio: Studio, size: str, price: int) -> None:
    assert generate("u1", {**BODY, "size": size, "model": "Model B"}).json["deductedCredits"] == price
    assert studio.balance() == 1000 - price


def test_a_failure_is_500_and_refunded(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_FAILURE_RATE", "1")
    answer = generate("u1")
    assert answer.status == 500
    assert answer.json["statusCode"] == 500
    assert answer.json["reason"] == "GenerationFailed"
    assert isinstance(answer.json["error"], str)
    assert studio.balance() == 1000
    studio.check()


def test_one_that_takes_too_long_is_refunded(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from studiox.studio import generation_requests

    monkeypatch.setenv("MOCK_LATENCY_MS", "3600000")
    monkeypatch.setattr(generation_requests, "WAIT_S", 0.1)
    monkeypatch.setattr(generation_requests, "PAUSE_S", 0.05)
    assert generate("u1").status == 500
    assert studio.balance() == 1000
    studio.check()


def test_too_few_credits_is_402(studio: Studio) -> None:
    studio.user("poor", balance=2)
    answer = generate("poor")
    assert (answer.status, answer.json["reason"]) == (402, "InsufficientTokens")
    assert (answer.json["balance"], answer.json["price"]) == (2, 3)
    assert studio.balance("poor") == 2
    studio.check("poor")


@pytest.mark.usefixtures("studio", "unchanged")
@pytest.mark.parametrize(
    "change",
    [
        {"model": "nope"},
        {"model": "z-image"},  # it does not answer at once
        {"style": "nope"},
        {"color": "nope"},
        {"size": "7x7"},
        {"prompt": ""},
        {"prompt": "a\u0000b"},
        {"prompt": 7},
        {"extra": 1},
        {"requestId": "short"},
    ],
)
def test_invalid_input_is_400_and_changes_nothing(change: dict[str, Any]) -> None:
    answer = generate("u1", {**BODY, **change})
    assert answer.status == 400, answer.text
    assert answer.json["reason"] == "InvalidRequest"
    assert answer.json["fields"]


@pytest.mark.usefixtures("studio", "unchanged")
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"prompt": NaN}', b"\xff", b"[" * 100 + b"]" * 100])
def test_a_body_that_is_no_request_is_400(body: bytes) -> None:
    assert generate("u1", body).status == 400


@pytest.mark.usefixtures("studio", "unchanged")
def test_who_may_call() -> None:
    assert generate(None).status == 401
    assert generate(None, Authorization="Bearer nonsense").status == 401
    assert generate(None, Authorization="Basic dTpw").status == 401
    assert generate(None, b"{").status == 401, "who calls is asked before what they want"
    assert generate("u1", {**BODY, "userId": "u2"}).status == 403
    assert generate("u1", method="GET").status == 405
    assert http(CREDITS, "GET").status == 401
    assert http(CREDITS, "GET", uid="u1", query={"userId": "u2"}).status == 403
    assert http(CREDITS, "POST", uid="u1").status == 405


def test_too_many_calls_are_429_and_told_when_to_come_back(studio: Studio) -> None:
    studio.user("eager", balance=1000)
    answers = [generate("eager", {**BODY, "size": "512x512"}) for _ in range(31)]
    assert [answer.status for answer in answers] == [200] * 30 + [429]
    assert answers[-1].json["reason"] == "RateLimited"
    assert answers[-1].headers["Retry-After"] == str(answers[-1].json["retryAfterSeconds"])
    studio.check("eager")


def test_the_same_request_is_the_same_picture(studio: Studio) -> None:
    body = {**BODY, "requestId": "request-0000000000"}
    first, second = generate("u1", body), generate("u1", body)
    assert first.json["generationRequestId"] == second.json["generationRequestId"]
    other = generate("u1", {**body, "size": "512x512"})
    assert (other.status, other.json["reason"]) == (400, "RequestIdReused")
    assert studio.balance() == 997


def test_many_at_once_spend_what_there_is(studio: Studio) -> None:
    studio.user("u5", balance=9, plan="enterprise")
    answers = crowd(12, lambda _: generate("u5"))
    statuses = [answer.status for answer in answers if isinstance(answer, Reply)]
    assert sorted(statuses) == [200] * 3 + [402] * 9
    assert studio.balance("u5") == 0
    studio.check("u5")


@pytest.mark.usefixtures("studio")
def test_sites_that_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://app.example, https://other.example")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "Authorization"}
    preflight = http(CREATE, "OPTIONS", headers={"Origin": "https://app.example", **asked})
    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert generate("u1", Origin="https://app.example").headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert generate(None, Origin="https://other.example").headers[
        "Access-Control-Allow-Origin"
    ]  # refusals are read too
    assert "Access-Control-Allow-Origin" not in generate("u1", Origin="https://evil.example").headers


@pytest.mark.usefixtures("studio")
def test_credits_and_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    done = generate("u1").json["generationRequestId"]
    monkeypatch.setenv("MOCK_FAILURE_RATE", "1")
    generate("u1", {**BODY, "size": "1024x1792"})
    answer = http(CREDITS, "GET", uid="u1", query={"userId": "u1"})
    assert answer.status == 200
    assert answer.json["currentCredits"] == 997
    kinds = [(entry["type"], entry["credits"]) for entry in answer.json["transactions"]]
    assert kinds == [("refund", 4), ("deduction", -4), ("deduction", -3), ("welcome_bonus", 1000)]
    assert sum(credits for _, credits in kinds) == answer.json["currentCredits"]
    assert answer.json["transactions"][2]["generationRequestId"] == done
    assert "generationRequestId" not in answer.json["transactions"][3]
    assert answer.json["transactions"][0]["timestamp"].endswith("Z")
