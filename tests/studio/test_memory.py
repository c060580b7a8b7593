"""A large video through settleStudioJob: it streams, in a process of its own (faults J20)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.conftest import SECRETS
from tests.studio import debit_child, settle_child
from tests.studio.studio import Studio

ROOT = Path(__file__).resolve().parents[2]


def environment(project: str) -> dict[str, str]:
    names = ["FIRESTORE_EMULATOR_HOST", "STORAGE_EMULATOR_HOST", "MEDIA_HOSTS"]
    names += ["POYO_BASE_URL", "CLOUD_TASKS_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST"]
    given = {name: os.environ[name] for name in names}
    return {**SECRETS, **given, "GCLOUD_PROJECT": project, "FUNCTIONS_EMULATOR": "true"}


def run(child: ModuleType, settings: dict[str, Any], folder: Path) -> None:
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}", "TMPDIR": str(folder / "tmp")}
    command = [sys.executable, str(child.__file__)]
    done = subprocess.run(command, input=json.dumps(settings), text=True, capture_output=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_debit_does_not_load_google_cloud_storage(studio: Studio, project: str, tmp_path: Path) -> None:
    """Only what touches media pays for it: about 15 MB, with Google's own libraries."""
    studio.user(balance=100)
    order = studio.request()
    settings = {"environment": environment(project), "uid": studio.uid, "order": order, "told": str(tmp_path / "told")}
    run(debit_child, settings, tmp_path)
    told = json.loads((tmp_path / "told").read_text())
    sys.stdout.write(f"{told}\n")
    assert told["error"] == ""
    assert (told["loaded_by_debit"], told["loaded_by_head"]) == (False, True)
    assert told["head_kib"] - told["debit_kib"] <= 20 * 1024


def test_j20_a_job_of_200_mb(studio: Studio, project: str, tmp_path: Path) -> None:
    studio.gcs.keep_bytes = False
    small = studio.created(type="video", model="veo3.1-lite")
    studio.poyo.plan(file="big", file_mb=200)
    large = studio.created(type="video", model="veo3.1-lite")
    studio.poyo.advance(5)  # not the clock: the child has its own
    (tmp_path / "tmp").mkdir()
    settings = {"environment": environment(project), "warm": [small], "job": large, "told": str(tmp_path / "told")}
    run(settle_child, settings, tmp_path)
    told = json.loads((tmp_path / "told").read_text())
    assert studio.job(small)["status"] == studio.job(large)["status"] == "completed"
    assert studio.job(large)["media"][0]["bytes"] == 200_000_000
    assert told["left"] == []
    assert told["peak"] - told["base"] <= 8 * 1024, told
    studio.check()
