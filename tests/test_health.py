"""`health`: what it touches, what it says when that is away, and which sites may ask from a browser (R9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

import main
from studiox import storage
from tests.media.servers import gcs_server
from tests.support import Reply, Rpcs, http

HEALTH: Any = main.health
SITE = "http://127.0.0.1:5000"


@pytest.fixture
def _storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with gcs_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.port}")
        yield
        storage._pool().clear()


def ask(method: str = "GET", **headers: str) -> Reply:
    return http(HEALTH, method, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.usefixtures("_storage")
def test_all_is_well() -> None:
    answer = ask()
    assert answer.status == 200
    assert answer.json["status"] == "ok"
    assert answer.json["checks"] == {"firestore": "ok", "storage": "ok"}
    assert answer.json["version"]


@pytest.mark.usefixtures("_storage")
def test_without_firestore_it_is_503(rpcs: Rpcs) -> None:
    rpcs.fail_before("BatchGetDocuments", times=100, code=grpc.StatusCode.DEADLINE_EXCEEDED)
    answer = ask()
    assert (answer.status, answer.json["checks"]["firestore"]) == (503, "unavailable")


def test_without_storage_it_is_503() -> None:
    answer = ask()
    assert (answer.status, answer.json["checks"]) == (503, {"firestore": "ok", "storage": "unavailable"})


@pytest.mark.usefixtures("_storage", "unchanged")
def test_r16_a_probe_may_ask_as_often_as_it_likes() -> None:
    assert [ask().status for _ in range(5)] == [200] * 5
    assert ask("POST").status == 405


@pytest.mark.usefixtures("_storage")
def test_r9_only_our_own_sites_may_read_it() -> None:
    ours = ask(Origin=SITE)
    assert ours.headers["Access-Control-Allow-Origin"] == SITE
    for origin in ("https://evil.example", f"{SITE}.evil.example", "null", f"{SITE}0"):
        assert "Access-Control-Allow-Origin" not in ask(Origin=origin).headers
    assert "Access-Control-Allow-Credentials" not in ours.headers
    preflight = ask("OPTIONS", Origin=SITE, Access_Control_Request_Method="GET")
    assert preflight.status in (200, 204)
    assert preflight.headers["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Origin" not in ask("OPTIONS", Origin="https://evil.example").headers


@pytest.mark.usefixtures("_storage")
def test_the_sites_are_a_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://app.example, https://www.example")
    assert ask(Origin="https://www.example").headers["Access-Control-Allow-Origin"] == "https://www.example"
    assert "Access-Control-Allow-Origin" not in ask(Origin=SITE).headers
