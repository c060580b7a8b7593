"""A large video through settleStudioJob: it streams, in a process of its own (faults J20)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import SECRETS
from tests.studio import settle_child
from tests.studio.studio import Studio

ROOT = Path(__file__).resolve().parents[2]


def test_j20_a_job_of_200_mb(studio: Studio, project: str, tmp_path: Path) -> None:
    studio.gcs.keep_bytes = False
    small = studio.created(type="video", model="veo3.1-lite")
    studio.poyo.plan(file="big", file_mb=200)
    large = studio.created(type="video", model="veo3.1-lite")
    studio.poyo.advance(5)  # not the clock: the child has its own
    (tmp_path / "tmp").mkdir()
    environment = {
        **SECRETS,
        "GCLOUD_PROJECT": project,
        **{name: os.environ[name] for name in ("FIRESTORE_EMULATOR_HOST", "STORAGE_EMULATOR_HOST", "MEDIA_HOSTS")},
        **{name: os.environ[name] for name in ("POYO_BASE_URL", "CLOUD_TASKS_EMULATOR_HOST")},
        "FUNCTIONS_EMULATOR": "true",
    }
    settings = {"environment": environment, "warm": [small], "job": large, "told": str(tmp_path / "told")}
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}", "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, str(Path(settle_child.__file__))]
    done = subprocess.run(command, input=json.dumps(settings), text=True, capture_output=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads((tmp_path / "told").read_text())
    assert studio.job(small)["status"] == studio.job(large)["status"] == "completed"
    assert studio.job(large)["media"][0]["bytes"] == 200_000_000
    assert told["left"] == []
    assert told["peak"] - told["base"] <= 8 * 1024, told
    studio.check()
