"""A deployed function as production serves it: functions-framework and gunicorn, one process of many threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import urllib3

from tests.support.calls import Answer, answer_of, id_token
from tests.support.engine import free_port

MAIN = Path(__file__).resolve().parents[2] / "functions" / "main.py"
START_S = 60.0


class Served(NamedTuple):
    """A running instance."""

    url: str
    pid: int
    pool: urllib3.PoolManager

    def call(self, data: Mapping[str, Any], *, uid: str) -> Answer:
        """Call it as the client SDK does, over the network."""
        # A connection of its own: gunicorn ends idle ones while we may be using them again.
        headers = {
            "Content-Type": "application/json",
            "Connection": "close",
            "Authorization": f"Bearer {id_token(uid)}",
        }
        sent = json.dumps({"data": data}).encode()
        reply = self.pool.request("POST", self.url, body=sent, headers=headers)
        return answer_of(reply.status, reply.data, dict(reply.headers))


@contextmanager
def served(
    function: str, log: Path, *, threads: int, source: Path = MAIN, python: str = sys.executable
) -> Iterator[Served]:
    """An instance of this function with so many threads, in this process's environment; ended with the block."""
    command = [python, "-m", "functions_framework", "--target", function, "--source", str(source)]
    command += ["--signature-type", "http", "--host", "127.0.0.1"]
    with started(command, log, {"THREADS": str(threads), "PYTHONPATH": str(MAIN.parent)}) as running:
        yield running


@contextmanager
def started(command: Sequence[str], log: Path, more_env: Mapping[str, str]) -> Iterator[Served]:
    """A server that this command starts when `--port N` is added to it; ended with the block."""
    port = free_port()
    env = {**os.environ, **more_env}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)], env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        pool = urllib3.PoolManager(maxsize=128, retries=False, timeout=60.0)
        url = f"http://127.0.0.1:{port}/"
        _await(process, pool, url, log)
        yield Served(url, process.pid, pool)
    finally:
        process.terminate()  # gunicorn's master ends its worker
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], pool: urllib3.PoolManager, url: str, log: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            pool.request("GET", url)
        except urllib3.exceptions.HTTPError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"it does not serve: {log.read_text()[-2000:]}") from None
            time.sleep(0.05)
        else:
            return
