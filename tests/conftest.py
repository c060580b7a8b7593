"""Fixtures of all tests: a Firestore engine per process, a project of its own per test, and what must hold of each."""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import io
import itertools
import json
import logging
import os
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest

from local.stack import settings

# Before anything of ours is imported. The secrets are canaries; no vendor's address leads anywhere.
SECRETS = {name: f"canary-{name.lower()}-0123456789abcdef" for name in settings.declared_secrets()} | {
    "STRIPE_SECRET_KEY": "sk_test_canary0123456789",
    "STRIPE_WEBHOOK_SECRET": "whsec_canary0123456789",
}
NOWHERE = "127.0.0.1:9"  # the discard port: refused at once
os.environ.update(
    {
        "FUNCTIONS_EMULATOR": "true",
        "FIREBASE_AUTH_EMULATOR_HOST": NOWHERE,
        "STORAGE_EMULATOR_HOST": f"http://{NOWHERE}",
        "CLOUD_TASKS_EMULATOR_HOST": NOWHERE,
        "GCLOUD_PROJECT": "demo-studiox",
        "ENABLE_MOCK_MODELS": "true",
        "MOCK_LATENCY_MS": "0",
        **{each.parameter: f"http://{NOWHERE}" for each in settings.STAND_INS.values()},
        "LOG_LEVEL": "INFO",
        # gRPC's handlers of forks now and then abort a child that subprocess makes with `preexec_fn`, before it becomes
        # another program ("epoll_wait error: Bad file descriptor"). No test uses a connection on both sides of a fork.
        "GRPC_ENABLE_FORK_SUPPORT": "false",
        **SECRETS,
    }
)
for stray in ("GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS", "FIREBASE_CONFIG", *settings.BUILT_IN):
    os.environ.pop(stray, None)

from local.vendors.chat import ChatStandIn  # noqa: E402
from tests.rules.table import COLLECTIONS  # noqa: E402
from tests.support import canaries, indexes, invariants, order, structs  # noqa: E402
from tests.support.database import Database  # noqa: E402
from tests.support.engine import Engine  # noqa: E402
from tests.support.rpcs import Rpcs, watch  # noqa: E402
from tests.support.surroundings import (  # noqa: E402
    _auth,  # noqa: F401 - fixtures
    _auth_knows_everybody,  # noqa: F401
    _auth_of_everybody,  # noqa: F401
    _clock,  # noqa: F401
    _gcs,  # noqa: F401
    _queue,  # noqa: F401
)

_numbers = itertools.count()
_MAIN = pathlib.Path(__file__).parent.parent / "functions" / "main.py"


# An example may take as long as the machine needs: no test measures time.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def _loopback_only(event: str, arguments: tuple[Any, ...]) -> None:
    """No test leaves the machine: not by accident, not by a dependency's telemetry."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not (host.startswith("127.") or host in ("::1", "localhost")):
            raise PermissionError(f"a test connects to {host}")


sys.addaudithook(_loopback_only)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        marks = {item: item.get_closest_marker("long") for item in items}
        items[:] = order.dealt(items, {item: mark.args[0] for item, mark in marks.items() if mark}, processes)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure() -> None:
    """The interpreter's last collections would take seconds to look through the parsed sources."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def engine() -> Iterator[Engine]:
    """The Firestore engine of this process; FIRESTORE_EMULATOR_HOST, where set, is used instead."""
    running = Engine()
    atexit.register(running.stop)
    os.environ["FIRESTORE_EMULATOR_HOST"] = running.host
    if _MAIN.exists():
        handlers = logging.root.handlers[:]
        importlib.import_module("main")  # whole: no test may depend on what another one imported
        logging.root.handlers[:] = handlers
    yield running
    running.stop()


@pytest.fixture(scope="session")
def storage_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of this process's official Storage emulator, started by the first test that asks for it."""
    from tests.media.emulator import storage_emulator

    with storage_emulator(tmp_path_factory.mktemp("storage")) as host:
        yield host


@pytest.fixture(scope="module")
def own_parameters() -> Iterator[None]:
    """For tests that start a stack: what is set above for the code under test would override the stack's parameters."""
    with pytest.MonkeyPatch.context() as patch:
        addresses = [each.parameter for each in settings.STAND_INS.values()]
        declared = settings.read_env(settings.ROOT / "functions/.env")
        for name in ["FUNCTIONS", *settings.SECRETS, *addresses, *declared]:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def rpcs() -> Iterator[Rpcs]:
    """The test's calls to Firestore: counted, and broken on demand. Each query must have its index in production."""
    watching = Rpcs()
    yield watching
    lacking = indexes.missing([indexes.asked(request) for request in watching.queries])
    assert not [index for index in lacking if index.collection in COLLECTIONS], "not in firestore.indexes.json"


@pytest.fixture(autouse=True)
def project(request: pytest.FixtureRequest, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The test's own project id and a process without memory of other tests."""
    from studiox.kit import firestore

    name = f"demo-t{os.getpid()}-{next(_numbers)}"
    monkeypatch.setenv("GCLOUD_PROJECT", name)
    watch(lambda: rpcs, monkeypatch.setattr)
    forget_all()
    firestore.app()  # as main.py does
    yield name
    monkeypatch.undo()  # what a test did to sockets and clocks is not for what follows
    forget_all()
    left = Database(project=name)
    try:
        if "database" in request.fixturenames and request.node.get_closest_marker("malformed") is None:
            wrong, _ = structs.differences(left.all())
            assert not wrong, "not as their structs in models/ say"
    finally:
        left.clear()


@pytest.fixture
def database(project: str) -> Database:
    """The test's own eyes and hands on its project's documents, past the code under test.

    Every document that the test leaves must be as its struct in models/ says, unless the test is marked `malformed`.
    """
    return Database(project=project)


@pytest.fixture(name="invariants")
def _invariants(database: Database) -> Callable[[str], None]:
    """`invariants(uid)`: assert that this user's balance, ledger and jobs agree (docs/guarantees.md)."""
    return functools.partial(invariants.check, database=database)


@pytest.fixture
def unchanged(database: Database) -> Iterator[None]:
    """The test must leave the database as it finds it when the fixture is asked for, rate counters apart (I22)."""
    before = database.hash("rateLimits")
    yield
    assert database.hash("rateLimits") == before, "a refused call changed the database"


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatStandIn]:
    """An endpoint in OpenAI's format, which also moderates where MODERATION is `openai`."""
    with ChatStandIn(api_key=SECRETS["OPENAI_API_KEY"]) as stand_in:
        monkeypatch.setenv("OPENAI_BASE_URL", stand_in.url)
        monkeypatch.setattr("studiox.integrations.moderation.openai.WITHIN_S", 30)  # no test depends on how fast it is
        yield stand_in


@pytest.fixture(autouse=True)
def app_check(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """App Check with a stub verifier: tokens `app-check-…` are valid; those that were consumed are in the set."""
    from firebase_admin import app_check as sdk

    consumed: set[str] = set()

    def verify_token(token: str, app: object = None, consume: bool = False) -> dict[str, Any]:
        assert app is None or app
        if not token.startswith("app-check-"):
            raise ValueError("The provided App Check token is invalid")
        claims: dict[str, Any] = {"sub": "1:1234567890:web:abcdef", "app_id": "1:1234567890:web:abcdef"}
        if consume:
            claims["already_consumed"] = token in consumed
            consumed.add(token)
        return claims

    monkeypatch.setattr(sdk, "verify_token", verify_token)
    return consumed


class Logged(io.StringIO):
    """What production would print to Cloud Logging."""

    def lines(self, message: str | None = None) -> list[dict[str, Any]]:
        """The records as they were written, or those with this message."""
        found: list[dict[str, Any]] = [json.loads(line) for line in self.getvalue().splitlines()]
        return [line for line in found if message is None or line["message"] == message]


@pytest.fixture(autouse=True)
def logged() -> Iterator[Logged]:
    """The test's log, in production's own format; at its end no canary may be in it (faults I24)."""
    from studiox.kit import log

    canaries.clear()
    canaries.plant(*SECRETS.values())
    # main.py's own handler, set up when the first test file imported it, would print what this one keeps.
    others = [each for each in logging.root.handlers if not isinstance(each.formatter, log.JsonLines)]
    level = logging.root.level
    log.setup()
    (handler,) = logging.root.handlers
    assert isinstance(handler, logging.StreamHandler)
    output = Logged()
    handler.setStream(output)
    logging.root.handlers[:] = [*others, handler]
    yield output
    logging.root.removeHandler(handler)
    logging.root.setLevel(level)
    leaked = canaries.leaks(output.getvalue())
    assert not leaked, f"in the log: {leaked}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Any:
    """What was printed is output too."""
    report = yield
    leaked = canaries.leaks(report.capstdout + report.capstderr)
    if report.passed and leaked:
        report.outcome, report.longrepr = "failed", f"printed: {leaked}"
    return report


def forget_all() -> None:
    """Make this process a new instance: no app, no client, no cache."""
    import firebase_admin

    from studiox.kit import process

    process.restart()
    for app in list(firebase_admin._apps.values()):
        firebase_admin.delete_app(app)
