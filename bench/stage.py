"""The benchmarks' environment: an engine, the queue's stand-in, users, and servers with one core each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from local import setup
from local.stack import settings
from tests.support.calls import id_token
from tests.support.database import Database
from tests.support.engine import Engine
from tests.support.queue import queue_server
from tests.support.served import MAIN, Served, served, started

HERE = Path(__file__).resolve().parent
DEPLOYED = str(setup.FUNCTIONS / "venv/bin/python")
"""The deployed packages only: some libraries load a development tool if they find it."""
THREADS = 80  # functions/.env
USERS = 600  # createStudioJob allows each 30 a minute
ENVIRONMENT = {
    "FUNCTIONS_EMULATOR": "true",
    "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9",
    "ENABLE_MOCK_MODELS": "true",
    "MOCK_LATENCY_MS": "3600000",
    "LOG_LEVEL": "ERROR",
    **dict.fromkeys(settings.SECRETS, "bench-key-0123456789abcdef"),
}
# Node's SDK would ask the Auth emulator about each token. Reading tokens unverified saves it some work.
UNVERIFIED = {
    "NODE_ENV": "production",
    "FIREBASE_DEBUG_MODE": "true",
    "FIREBASE_DEBUG_FEATURES": json.dumps({"skipTokenVerification": True}),
}
ALL_CORES = os.sched_getaffinity(0)
SERVER_CORE = {min(ALL_CORES)}
OTHER_CORES = (ALL_CORES - SERVER_CORE) or ALL_CORES


class Peer(NamedTuple):
    """A server of the debit. `project` is the peer's own part of the database."""

    name: str
    project: str
    function: str
    data: Mapping[str, Any]


DEBIT = {"prompt": "a fox in the snow, oil on canvas"}
ORDER = {**DEBIT, "type": "image", "model": "Model A", "size": "512x512"}
PYTHON = Peer("StudioX", "demo-bench-python", "debit", DEBIT)
NODE = Peer("Node", "demo-bench-node", "debit", DEBIT)
WHOLE = Peer("createStudioJob", "demo-bench-whole", "createStudioJob", ORDER)


@contextmanager
def on(cores: set[int]) -> Iterator[None]:
    """Processes started in the block run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Stage:
    """The running environment. Servers write to files in `logs`."""

    def __init__(self, engine: Engine, logs: Path) -> None:
        self.engine, self.logs = engine, logs
        self._round = 0

    def seed(self, peer: Peer) -> list[str]:
        """Create USERS accounts for this peer, with a balance for all rounds. Returns their ID tokens."""
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(lambda n: self.user(peer, f"user{n}"), range(USERS)))

    def user(self, peer: Peer, uid: str, balance: int = 1_000_000) -> str:
        """Create an account with this balance. Returns its ID token."""
        now = datetime.now(UTC)
        buckets = {"monthly": 0, "bonus": balance, "purchased": 0}
        data: dict[str, Any] = {"email": "x@example.com", "displayName": None, "photoUrl": None, "plan": "enterprise"}
        data |= {"isPremium": True, "balance": balance, "buckets": buckets, "ledgerSeq": 0, "suspended": False}
        data |= {"streak": {"current": 0, "longest": 0, "lastActiveDate": None}, "plays": {"count": 0, "resetAt": None}}
        data |= {"generationCount": 0, "activeJobs": 0, "preferences": {}, "welcome": "granted"}
        data |= {"creditResetAt": now + timedelta(days=30), "createdAt": now, "updatedAt": now}
        Database(project=peer.project).put(f"users/{uid}", data)
        return id_token(uid, project=peer.project)

    def serve(self, peer: Peer, python: str = DEPLOYED) -> AbstractContextManager[Served]:
        """Start a new instance of the peer on the servers' core. `python` runs StudioX's instances."""
        os.environ["GCLOUD_PROJECT"] = peer.project
        self._round += 1
        log = self.logs / f"{peer.name}-{self._round}.log"
        with on(SERVER_CORE):
            if peer is NODE:
                framework = HERE / "node_modules/.bin/functions-framework"
                command = [str(framework), f"--source={HERE}", "--target=debit", "--signature-type=http"]
                server = started(command, log, UNVERIFIED)
            elif peer is PYTHON:
                server = served("debit", log, threads=THREADS, source=HERE / "debit.py", python=python)
            else:
                server = served(peer.function, log, threads=THREADS, source=MAIN, python=python)
            return _Entered(server)

    def load(self, peer: Peer, urls: list[str], tokens: list[str], **what: Any) -> dict[str, Any]:
        """Run load.mjs and return its measurements."""
        self._round += 1
        given = {"urls": urls, "tokens": tokens, "data": peer.data, "round": f"{self._round:06d}", **what}
        command = ["node", str(HERE / "load.mjs")]
        with on(OTHER_CORES):
            done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-2000:])
        told: dict[str, Any] = json.loads(done.stdout)
        return told


class _Entered(AbstractContextManager[Served]):
    """A server that is already running, started while its cores were set."""

    def __init__(self, server: AbstractContextManager[Served]) -> None:
        self._server = server
        self.running = server.__enter__()

    def __enter__(self) -> Served:
        return self.running

    def __exit__(self, *error: Any) -> None:
        self._server.__exit__(*error)


@contextmanager
def stage() -> Iterator[Stage]:
    """Start the environment, and stop all of it at the end of the block."""
    os.environ.update(ENVIRONMENT)
    logs = Path(tempfile.mkdtemp(prefix="studiox-bench-"))
    with on(OTHER_CORES):
        engine = Engine()
    os.environ["FIRESTORE_EMULATOR_HOST"] = engine.host
    try:
        with queue_server() as queue:
            os.environ["CLOUD_TASKS_EMULATOR_HOST"] = queue.host
            yield Stage(engine, logs)
    finally:
        engine.stop()
        shutil.rmtree(logs, ignore_errors=True)
