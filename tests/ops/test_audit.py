"""`make audit`, and the drill: export, restore into a second database, audit, compare; planted faults are found."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

import main
from local.stack.settings import PROJECT, ROOT
from ops import audit
from tests.support import Database, call
from tests.support.engine import Engine


@pytest.fixture
def world(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Two users with some history: a cancelled job, one under way, tokens spent."""
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")
    for uid in ("ann", "bob"):
        assert call(main.initializeUser, uid=uid, email=f"{uid}@canary.test").ok
        assert call(main.useTokens, {"feature": "hd_download", "requestId": "request-1000000001"}, uid=uid).ok
    orders = [
        call(
            main.createStudioJob,
            {
                "requestId": f"request-000000000{number}",
                "type": "image",
                "model": "Model A",
                "prompt": "a fox",
                "size": "1024x1024",
            },
            uid="ann",
        )
        for number in (1, 2)
    ]
    assert call(main.cancelStudioJob, {"jobId": orders[0].result["jobId"]}, uid="ann").ok
    return database


@pytest.fixture
def restored(world: Database, project: str, tmp_path: Path) -> Iterator[Database]:
    """A second database of the project, restored from an export of the first, in Google's format."""
    asked = {"database": f"projects/{project}/databases/(default)", "export_directory": str(tmp_path)}
    address = f"http://{os.environ['FIRESTORE_EMULATOR_HOST']}/emulator/v1/projects/{project}:export"
    assert urllib3.request("POST", address, json={**asked, "export_name": "backup"}, timeout=30).status == 200
    [backup] = tmp_path.rglob("*.overall_export_metadata")
    second = Database(name="restored")
    engine = Engine(imported=backup)
    try:
        for path, data in Database(engine.host, project).all().items():
            second.put(path, data)
    finally:
        engine.stop()
    assert second.all() == world.all() != {}
    yield second
    second.clear()


def run(*arguments: str) -> int:
    return audit.main(["--database", "restored", *arguments])


def test_the_drill_a_restored_database_is_right_and_the_same(
    restored: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    before = restored.hash()
    assert run("--compare", "(default)") == 0
    said = capsys.readouterr().out
    assert "4 accounts and jobs were checked: 0 violations." in said
    rows = {cells[0]: cells[1:] for line in said.splitlines() if len(cells := line.split()) == 4}
    assert rows["users"] == ["2", "2", "same"]
    assert rows["users/*/ledger"] == ["7", "7", "same"]
    assert rows["jobs/*/private"] == ["2", "2", "same"]
    assert "0 collections differ." in said
    assert restored.hash() == before, "an audit reads only"


def an_entry_is_missing(restored: Database) -> None:
    newest = max(restored.under("users/ann/ledger").items(), key=lambda each: int(each[1]["seq"]))
    restored.delete(f"users/ann/ledger/{newest[0]}")


def an_entry_in_the_middle_is_missing(restored: Database) -> None:
    restored.delete("users/bob/ledger/welcome:bob")


def a_balance_is_wrong(restored: Database) -> None:
    restored.change("users/bob", balance=10_000)


def a_refund_is_missing(restored: Database) -> None:
    [job_id] = [path for path, data in restored.under("jobs").items() if data["status"] == "cancelled"]
    restored.change(f"jobs/{job_id}", refunded=0)


def a_job_is_missing(restored: Database) -> None:
    restored.delete(f"jobs/{next(iter(restored.under('jobs')))}")


def an_account_is_no_account(restored: Database) -> None:
    restored.change("users/bob", ledgerSeq="many")


def an_account_cannot_be_read(restored: Database) -> None:
    restored.change("users/bob", buckets=5)


def a_job_has_no_owner(restored: Database) -> None:
    restored.change(f"jobs/{next(iter(restored.under('jobs')))}", uid=5)


FAULTS = [
    an_entry_is_missing,
    an_entry_in_the_middle_is_missing,
    a_balance_is_wrong,
    a_refund_is_missing,
    a_job_is_missing,
    an_account_is_no_account,
    an_account_cannot_be_read,
    a_job_has_no_owner,
]


@pytest.mark.parametrize("plant", FAULTS)
def test_a_planted_fault_is_found(
    restored: Database, capsys: pytest.CaptureFixture[str], plant: Callable[[Database], None]
) -> None:
    plant(restored)
    assert run() == 1
    assert " 0 violations" not in capsys.readouterr().out
    assert run("--compare", "(default)") == 1
    assert "DIFFERENT" in capsys.readouterr().out
    assert audit.main([]) == 0, "the live database has no fault"
    assert "databases/restored" not in json.dumps(sorted(Database().all())), "nothing was written"


def test_a_difference_without_a_violation_is_found_by_comparing(
    restored: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    [job_id, *_] = restored.under("jobs")
    params = restored.need(f"jobs/{job_id}")["params"]
    assert params["prompt"] == "a fox"
    restored.change(f"jobs/{job_id}", params={**params, "prompt": "a cat"})  # as long, so that only the bytes differ
    assert run() == 0
    assert run("--compare", "(default)") == 1
    assert "1 collections differ." in capsys.readouterr().out


def test_jobs_that_were_under_way_at_the_backup_are_no_fault(
    restored: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    [job_id] = [path for path, data in restored.under("jobs").items() if data["status"] in ("pending", "processing")]
    past = restored.need(f"jobs/{job_id}")["createdAt"].replace(year=2020)
    restored.change(f"jobs/{job_id}", deadlineAt=past)
    assert run() == 0
    assert "1 jobs were under way" in capsys.readouterr().out


def test_the_served_data_is_right(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An export as `firebase emulators:export` makes it, restored and audited."""
    [export] = (ROOT / "emulator-data").rglob("*.overall_export_metadata")
    engine = Engine(imported=export)
    try:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", engine.host)
        monkeypatch.setenv("GCLOUD_PROJECT", PROJECT)
        assert audit.main([]) == 0
    finally:
        engine.stop()
    checked = int(capsys.readouterr().out.splitlines()[-1].split()[0])
    assert checked > 10


def test_an_engine_and_a_project_are_not_mixed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(["--project", "production"]) == 1
    assert "FIRESTORE_EMULATOR_HOST is set" in capsys.readouterr().err


def test_no_firestore_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("studiox.kit.firestore.RPC_TIMEOUT_S", 0.2)
    monkeypatch.setattr("studiox.kit.batch.PAUSES_S", ())
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    assert audit.main([]) == 1
    assert "Firestore does not answer" in capsys.readouterr().err


def test_functions_go_on_in_the_database_that_the_parameter_names(
    restored: Database, world: Database, project: str
) -> None:
    before, request = world.hash(), {"feature": "hd_download", "requestId": "request-1000000009"}
    with audit.database(project, "restored"):
        assert call(main.useTokens, request, uid="bob").ok
        assert (
            call(main.getTokenTransactions, {}, uid="bob").result["transactions"][0]["id"]
            == "feature:" + request["requestId"]
        )
    assert restored.need("users/bob")["ledgerSeq"] == 3
    assert world.hash() == before
    assert run() == 0
