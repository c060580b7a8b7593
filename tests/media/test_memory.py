"""J20: what a copy costs in memory does not depend on its size, and nothing is written beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studiox.media.filetypes import PNG
from studiox.media.marking import Mark, edit_for
from tests.media import copy_child
from tests.media.servers import GRAIN, PNG_HEAD, Gcs, Site, answer, png

PIECE = png(GRAIN)
MARK = len(edit_for(PNG, PIECE, Mark("trainedAlgorithmicMedia")).head) - len(PNG_HEAD)
"""What the mark adds to a file."""


def big(pieces: int, *, announced: bool) -> Any:
    """A file of `pieces` times 256 KiB that is never all in memory here either."""

    def behave(connection: Any, _head: str) -> None:
        framing = f"content-length: {pieces * GRAIN}" if announced else "transfer-encoding: chunked"
        connection.sendall(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode())
        for _ in range(pieces):
            connection.sendall(PIECE if announced else b"40000\r\n" + PIECE + b"\r\n")
        if not announced:
            connection.sendall(b"0\r\n\r\n")

    return behave


def run(site: Site, gcs: Gcs, copies: int, behaviour: Any, folder: Path) -> dict[str, Any]:
    gcs.keep_bytes = False
    given = {
        "environment": {"FUNCTIONS_EMULATOR": "true", "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{gcs.port}"},
        "host": site.host,
        "url": site.url("/big", behaviour),
        "warm": site.url("/warm", answer(png(3 * GRAIN))),
    }
    root = Path(__file__).resolve().parents[2]
    (folder / "tmp").mkdir()
    env = {**os.environ, "PYTHONPATH": f"{root / 'functions'}", "TMPDIR": str(folder / "tmp")}
    command = [sys.executable, str(Path(copy_child.__file__)), str(copies)]
    done = subprocess.run(command, input=json.dumps(given), text=True, capture_output=True, env=env, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    sys.stdout.write(f"{copies} at once: {told['peak'] - told['base']} KiB over {told['base']} KiB\n")
    return told


@pytest.mark.parametrize("announced", [True, False])
def test_j20_a_200_mb_copy(site: Site, gcs: Gcs, tmp_path: Path, announced: bool) -> None:
    told = run(site, gcs, 1, big(800, announced=announced), tmp_path)
    assert told["sizes"] == [800 * GRAIN + MARK]
    assert told["peak"] - told["base"] <= 4 * 1024
    assert told["left"] == []
    assert told["at_import"] == []
    assert told["late"] == []
    assert [line.split(" ")[0] for line in gcs.requests] == ["POST", "PUT"] * 2


def test_j20_sixteen_at_once(site: Site, gcs: Gcs, tmp_path: Path) -> None:
    told = run(site, gcs, 16, big(80, announced=True), tmp_path)
    assert told["sizes"] == [80 * GRAIN + MARK] * 16
    assert told["peak"] - told["base"] <= 16 * 1024
    assert told["left"] == []
    assert len(gcs.requests) == 2 * 17
