"""The process that serves all functions, without the rest of the stack: addresses, secrets, triggers, changed files."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local.stack import places, settings

MAIN = """
import os
from concurrent.futures import ThreadPoolExecutor
from firebase_functions import https_fn, identity_fn, options, scheduler_fn, tasks_fn
from firebase_functions.params import SecretParam
options.set_global_options(region="us-central1")
POYO, STRIPE = SecretParam("POYO_API_KEY"), SecretParam("STRIPE_SECRET_KEY")
AT_IMPORT = POYO.value

def seen():
    with ThreadPoolExecutor(1) as pool:
        return {"poyo": POYO.value, "stripe": STRIPE.value, "import": AT_IMPORT,
                "pool": list(pool.map(lambda param: param.value, [POYO, STRIPE])),
                "environment": [name for name in ("POYO_API_KEY", "STRIPE_SECRET_KEY") if name in os.environ]}

@https_fn.on_request(secrets=[POYO])
def binds(request):
    return seen()

@https_fn.on_request()
def forgets(request):
    return {**seen(), "path": request.path, "query": request.query_string.decode(), "root": request.root_path}

@scheduler_fn.on_schedule(schedule="every 5 minutes", timezone="UTC", secrets=[STRIPE])
def nightly(event):
    print(f"nightly saw {STRIPE.value} and [{POYO.value}]", flush=True)

@tasks_fn.on_task_dispatched(retry_config=options.RetryConfig(max_attempts=4))
def works(request):
    pass

@identity_fn.before_user_created(refresh_token=True)
def greets(event):
    pass
"""


class Emulators:
    """The Auth and the Tasks emulator, as far as functions are registered with them."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.received: list[tuple[str, str, Any]] = []
        self.queues: dict[str, Any] = {}
        emulators = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _receive(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"null")
                if self.command != "GET":
                    emulators.received.append((self.command, self.path, body))
                if self.command == "POST":
                    emulators.queues["queue:" + "-".join(self.path.split("/")[2::2])] = {}
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(emulators.queues).encode())

            do_GET = do_POST = do_PATCH = _receive

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.servers = [
            http.server.ThreadingHTTPServer(("127.0.0.1", ports[name]), Handler) for name in ("auth", "tasks")
        ]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()


class Served:
    """A running server."""

    def __init__(self, place: places.Place, functions: Path, emulators: Emulators, log: Path) -> None:
        self.ports, self.functions, self.emulators, self.log = place.ports, functions, emulators, log
        self.root = f"http://127.0.0.1:{place.ports['functions']}"
        self.url = f"{self.root}/demo-studiox/us-central1"

    def status(self, path: str) -> int:
        try:
            return requests.get(self.root + path, timeout=30).status_code
        except requests.ConnectionError:
            return 0

    def get(self, name: str) -> Any:
        return requests.get(f"{self.url}/{name}", timeout=30).json()

    def write(self, text: str) -> None:
        (self.functions / "main.py").write_text(text)


@contextlib.contextmanager
def server(directory: Path) -> Iterator[Served]:
    functions = directory / "functions"
    functions.mkdir()
    (functions / "main.py").write_text(MAIN)
    place = places.take(None)
    emulators = Emulators(place.ports)
    secrets = {"POYO_API_KEY": "its poyo", "STRIPE_SECRET_KEY": "its stripe"}
    command = [str(settings.ROOT / "functions/venv/bin/python"), "-m", "local.stack.server"]
    command += ["--offset", str(place.offset), "--functions", str(functions)]
    log = directory / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=settings.ROOT, env={**os.environ, **secrets}, stdout=sink, stderr=sink)
    try:
        running = Served(place, functions, emulators, log)
        assert eventually(lambda: running.status("/backends") == 200), log.read_text()
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)
        emulators.close()
        place.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests that change none of its files."""
    with server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Served]:
    with server(tmp_path) as running:
        yield running


def eventually(holds: Callable[[], bool], timeout_s: float = 60) -> bool:
    until = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < until:
        time.sleep(0.1)
    return holds()


def test_a_function_sees_the_secrets_that_it_binds_and_no_others(served: Served) -> None:
    everywhere = {"import": "its poyo", "environment": []}
    assert served.get("binds") == {"poyo": "its poyo", "stripe": "", "pool": ["its poyo", ""], **everywhere}
    forgetful = served.get("forgets")
    assert {name: forgetful[name] for name in ("poyo", "stripe", "pool")} == {
        "poyo": "",
        "stripe": "",
        "pool": ["", ""],
    }
    assert requests.post(f"{served.url}/nightly-0", timeout=30).ok
    assert "nightly saw its stripe and []" in served.log.read_text()


def test_what_follows_the_name_is_the_path_that_the_function_sees(served: Served) -> None:
    below = served.get("forgets/a/b?c=d")
    assert (below["path"], below["query"]) == ("/a/b", "c=d")
    at = served.get("forgets")
    assert (at["path"], at["query"]) == ("/", "")
    assert at["root"] == "/demo-studiox/us-central1/forgets"


@pytest.mark.parametrize(
    "path",
    ["/demo-studiox/us-central1/nothing", "/demo-studiox/europe-west1/binds", "/other/us-central1/binds", "/", "/binds"]
    # A schedule has no address but the one that the clock knows.
    + ["/demo-studiox/us-central1/nightly", "/demo-studiox/us-central1/binds-0"],
)
def test_an_unknown_address_is_told_which_there_are(served: Served, path: str) -> None:
    answer = requests.get(served.root + path, timeout=30)
    assert answer.status_code == 404
    assert path in answer.text
    assert "nightly-0" in answer.text
    assert "binds" in answer.text


def test_the_emulators_know_of_queues_and_blocking_functions_as_the_suite_tells_them(served: Served) -> None:
    """The bodies are those of firebase-tools' functionsEmulator.js."""
    posted, patched = served.emulators.received
    assert posted[:2] == ("POST", "/projects/demo-studiox/locations/us-central1/queues/works")
    assert posted[2]["defaultUri"] == f"{served.url}/works"
    assert posted[2]["retryConfig"]["maxAttempts"] == 4
    config = "/identitytoolkit.googleapis.com/v2/projects/demo-studiox/config?updateMask=blockingFunctions"
    assert patched == (
        "PATCH",
        config,
        {
            "blockingFunctions": {
                "triggers": {"beforeCreate": {"functionUri": f"{served.url}/greets"}},
                "forwardInboundCredentials": {"accessToken": False, "idToken": False, "refreshToken": True},
            }
        },
    )
    triggers = requests.get(f"{served.root}/backends", timeout=30).json()["backends"][0]["functionTriggers"]
    found = {trigger["name"]: trigger for trigger in triggers}
    assert found.keys() == {"binds", "forgets", "nightly", "works", "greets"}
    assert found["nightly"]["schedule"]["schedule"] == "every 5 minutes"


def test_a_changed_file_is_served_and_a_broken_one_is_said_until_it_is_mended(changing: Served) -> None:
    changing.emulators.received.clear()
    queue = "\n@tasks_fn.on_task_dispatched()\ndef more(request):\n    pass\n"
    changing.write(MAIN + queue + "\n@https_fn.on_request()\ndef added(request):\n    return {'added': 1}\n")
    assert eventually(lambda: changing.status("/demo-studiox/us-central1/added") == 200), changing.log.read_text()
    assert eventually(lambda: len(changing.emulators.received) == 2)
    # The queue that was there is left alone: anew, it would have lost its tasks.
    assert [path.rpartition("/")[2] for method, path, _ in changing.emulators.received if method == "POST"] == ["more"]

    changing.write(MAIN + "\ndef broken(:\n")
    assert eventually(lambda: changing.status("/demo-studiox/us-central1/binds") == 500)
    said = requests.get(f"{changing.url}/binds", timeout=30).text
    assert "SyntaxError" in said
    assert f"main.py:{MAIN.count(chr(10)) + 2}" in said
    assert "functions: could not be loaded: SyntaxError" in changing.log.read_text()

    (changing.functions / "helper.py").write_text("VALUE = 1\n")
    changing.write(MAIN + "\nimport helper\n")
    assert eventually(lambda: changing.status("/demo-studiox/us-central1/binds") == 200)
