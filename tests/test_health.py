"""health: 200 while Firestore and Storage answer, 503 when either does not."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

import main
from studiox import health
from tests.support import Database, Rpcs, budgets, crowd, http


@pytest.mark.usefixtures("gcs")
def test_well(database: Database, rpcs: Rpcs) -> None:
    answer = http(main.health)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {"status": "ok", "version": "0.1.0", "checks": {"firestore": "ok", "storage": "ok"}}
    assert rpcs.calls == budgets.calls("health", "cold")
    assert database.all() == {}


def test_storage_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studiox.media.storage.time.sleep", lambda _seconds: None)
    answer = http(main.health)  # nothing listens where the environment points
    assert answer.status == 503
    assert answer.json["status"] == "unavailable"
    assert answer.json["checks"] == {"firestore": "ok", "storage": "unavailable"}


@pytest.mark.usefixtures("gcs")
def test_firestore_is_away(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studiox.kit.firestore.RPC_TIMEOUT_S", 0.5)
    rpcs.fail_before("BatchGetDocuments", times=1000)
    answer = http(main.health)
    assert answer.status == 503
    assert answer.json["checks"] == {"firestore": "unavailable", "storage": "ok"}
    rpcs.heal()
    rpcs.reset()
    assert http(main.health).status == 503, "a failure is remembered too"
    assert rpcs.calls == budgets.calls("health", "warm")
    passed(monkeypatch, health.REMEMBERED_S + 1)
    assert http(main.health).status == 200


def passed(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So much time has passed for the cache."""
    now = time.monotonic
    monkeypatch.setattr("studiox.kit.cache.time", SimpleNamespace(monotonic=lambda: now() + seconds))


@pytest.mark.usefixtures("gcs")
def test_an_outage_is_seen_after_seconds(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studiox.kit.firestore.RPC_TIMEOUT_S", 0.5)
    assert http(main.health).status == 200
    rpcs.fail_before("BatchGetDocuments", times=1000)
    assert http(main.health).status == 200
    passed(monkeypatch, health.REMEMBERED_S + 1)
    assert http(main.health).status == 503


@pytest.mark.usefixtures("gcs")
@pytest.mark.parametrize("well", [True, False])
def test_a_crowd_causes_one_check(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch, well: bool) -> None:
    """Everybody may call it: neither bills nor an outage grow with the calls."""
    monkeypatch.setattr("studiox.kit.rest.Unreachable.may_pass", False)  # one try for one check
    if not well:
        rpcs.fail_before("BatchGetDocuments", times=1000)
    assert {reply.status for reply in crowd(20, lambda _: http(main.health))} == {200 if well else 503}
    assert rpcs.calls == budgets.calls("health", "cold")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_question_only(method: str, rpcs: Rpcs) -> None:
    assert http(main.health, method).status == 405
    assert rpcs.count() == 0
