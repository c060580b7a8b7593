"""health: 200 while Firestore and Storage answer, 503 when either does not."""

from __future__ import annotations

import pytest

import main
from tests.support import Database, Rpcs, budgets, http


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
    assert http(main.health).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_question_only(method: str, rpcs: Rpcs) -> None:
    assert http(main.health, method).status == 405
    assert rpcs.count() == 0
