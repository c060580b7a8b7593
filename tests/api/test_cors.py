"""Which sites' browsers may call the functions: the HTTP ones those of ALLOWED_ORIGINS, without credentials (R9)."""

from __future__ import annotations

from typing import Any

import pytest

import main
from tests.support import Reply, http

SITE = "http://127.0.0.1:5000"
pytestmark = pytest.mark.usefixtures("gcs")
FUNCTIONS: list[Any] = [main.health, main.createGenerationRequest, main.getUserCredits]


def preflight(function: Any, origin: str) -> Reply:
    method = "POST" if function is main.createGenerationRequest else "GET"
    return http(function, "OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": method})


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)
def test_r9_only_our_own_sites(function: Any) -> None:
    ours = preflight(function, SITE)
    assert ours.status in (200, 204)
    assert ours.headers["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Credentials" not in ours.headers
    for origin in ("https://evil.example", f"{SITE}.evil.example", "null", f"{SITE}0"):
        assert "Access-Control-Allow-Origin" not in preflight(function, origin).headers
        assert "Access-Control-Allow-Origin" not in http(function, "GET", headers={"Origin": origin}).headers


def test_an_answer_says_whose_it_is() -> None:
    answer = http(main.health, headers={"Origin": SITE})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, SITE)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)
def test_the_sites_are_a_parameter(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://app.example, https://www.example")
    assert preflight(function, "https://www.example").headers["Access-Control-Allow-Origin"] == "https://www.example"
    assert "Access-Control-Allow-Origin" not in preflight(function, SITE).headers


def test_a_browser_asks_once_in_two_hours_whether_it_may_make_a_call() -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    answer = http(main.getFeed, "OPTIONS", headers={"Origin": SITE, **asked})
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Access-Control-Max-Age"]) == (SITE, "7200")
