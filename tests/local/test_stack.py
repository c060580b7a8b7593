"""The local stack as its users meet it: a client of everything it offers, and every way it can end."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local.stack import places, processes, settings, start
from local.stack.start import Stack, StackError, stack

HERE = Path(__file__).parent
FUNCTIONS = HERE / "functions"
CREDENTIALS = {"email": "ada@example.com", "password": "correct horse", "returnSecureToken": True}


pytestmark = pytest.mark.usefixtures("own_parameters")


def eventually(holds: Callable[[], bool], timeout_s: float = 30) -> bool:
    until = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < until:
        time.sleep(0.2)
    return holds()


def ask_identity(running: Stack, verb: str, body: object) -> requests.Response:
    url = f"http://{running.auth_host}/identitytoolkit.googleapis.com/v1/accounts:{verb}?key=local"
    return requests.post(url, json=body, timeout=60)


def identity(running: Stack, verb: str) -> dict[str, str]:
    answer = ask_identity(running, verb, CREDENTIALS)
    assert answer.ok, answer.text
    found: dict[str, str] = answer.json()
    return found


def client_outcome(running: Stack) -> dict[str, str]:
    environment = {**os.environ, **running.environment()}
    command = ["node", str(HERE / "storage_client.mjs"), CREDENTIALS["email"], CREDENTIALS["password"]]
    ran = subprocess.run(
        [str(part) for part in command], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    outcome: dict[str, str] = json.loads(ran.stdout)
    return outcome


def serving(running: Stack) -> list[int]:
    """The processes that serve the functions."""
    environment = Path(f"/proc/{running._parts['functions'].pid}/environ").read_text(errors="replace")
    found = re.search(rf"{processes.MARK}=(\w+)", environment)
    assert found
    return [pid for pid in processes.marked(found[1]) if "local.stack.server" in processes.command_line(pid)]


def test_workers_that_start_at_once_get_ports_of_their_own() -> None:
    """Two suites, each of which asks for five ports before any worker listens."""
    asks = """
        const { getPortPromise } = require("portfinder");
        const many = Array.from({ length: 5 }, () => getPortPromise({ port: 11_500 }));
        Promise.all(many).then((ports) => { console.log(JSON.stringify(ports)); setTimeout(() => {}, 60_000); });
    """
    command = ["node", "--require", str(settings.ROOT / "local/stack/worker_ports.cjs"), "--eval", asks]
    suites = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=settings.ROOT) for _ in range(2)]
    try:
        ports = [port for suite in suites if suite.stdout is not None for port in json.loads(suite.stdout.readline())]
        assert len(set(ports)) == 10, ports
        for port in ports:
            with socket.socket() as worker:  # that a port is held does not keep its worker from it
                worker.bind(("127.0.0.1", port))
                worker.listen()
    finally:
        for suite in suites:
            suite.kill()
            suite.communicate(timeout=30)


def test_no_request_to_a_worker_goes_over_a_connection_that_the_worker_may_be_closing() -> None:
    """Two requests, one after the other, as the suite sends them."""
    asks = """
        const http = require("node:http");
        let connections = 0;
        const worker = http.createServer((_, answer) => answer.end("done")).on("connection", () => (connections += 1));
        const ask = () => new Promise((told) =>
          http.request({ host: "127.0.0.1", port: worker.address().port, headers: { connection: "keep-alive" } },
            (answer) => answer.resume().on("end", () => setTimeout(told, 20))).end());
        worker.listen(0, "127.0.0.1", () => ask().then(ask).then(() => { console.log(connections); process.exit(); }));
    """
    command = ["node", "--require", str(settings.ROOT / "local/stack/worker_connections.cjs"), "--eval", asks]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "2"


def wire(running: Stack) -> dict[str, object]:
    """What HTTP clients see of a function, whoever serves it."""
    echo, hello = f"{running.functions_url}/echo", f"{running.functions_url}/hello"
    origin = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
    answers = {
        "below": requests.put(f"{echo}/a%20b/c?d=e", data="body", headers=origin, timeout=120),
        "preflight": requests.options(hello, headers=origin, timeout=120),
        "no token": requests.post(hello, json={"data": {}}, headers={"Authorization": "Bearer x"}, timeout=120),
        "get": requests.get(hello, timeout=120),
        "unknown": requests.post(f"{running.functions_url}/nothing", json={}, timeout=120),
        "schedule without its clock": requests.post(f"{running.functions_url}/dispatchStudioJobs", timeout=120),
    }
    kept = ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Content-Type")
    seen = {
        name: (answer.status_code, answer.text, {header: answer.headers.get(header) for header in kept})
        for name, answer in answers.items()
        if answer.status_code != 404
    }
    return {**seen, "not found": sorted(name for name, answer in answers.items() if answer.status_code == 404)}


def answer(status: int, body: str, origin: str, methods: str | None = None) -> tuple[object, ...]:
    kind = "application/json" if body.endswith("\n") else "text/html; charset=utf-8"
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": methods,
        "Content-Type": kind,
    }
    return status, body, headers


ECHOED = '{"method": "PUT", "path": "/a b/c", "query": "d=e", "body": "body"}'
WIRE = {
    "below": answer(201, ECHOED, "http://a.example"),
    "preflight": answer(200, "", "http://a.example", "POST"),
    "no token": answer(401, '{"error":{"message":"Unauthenticated","status":"UNAUTHENTICATED"}}\n', "*"),
    "get": answer(400, '{"error":{"message":"Bad Request","status":"INVALID_ARGUMENT"}}\n', "*"),
    "not found": ["schedule without its clock", "unknown"],
}


@pytest.mark.long(40)
@pytest.mark.parametrize("functions", ["", "official"])
def test_a_client_meets_every_part_of_it(functions: str, tmp_path: Path) -> None:
    """Our one process and the suite's own functions emulator alike; both evaluate the expressions of the manifest."""
    said: list[str] = []
    export = tmp_path / "export"
    overrides = {"WELCOME_TOKENS": "7", "POYO_API_KEY": 'key with "quotes" and \\', "FUNCTIONS": functions}
    with stack(env=overrides, functions_dir=FUNCTIONS, export_dir=export, say=said.append) as running:
        account = identity(running, "signUp")
        assert eventually(lambda: account["localId"] in running.log.read_text()), "the identity trigger did not run"
        malformed = ask_identity(running, "signUp", {**CREDENTIALS, "email": ["a", "list"]})
        assert (malformed.status_code, "/email must be string" in malformed.text) == (400, True), malformed.text
        headers = {"Authorization": f"Bearer {account['idToken']}"}
        answer = requests.post(f"{running.functions_url}/hello", json={"data": {}}, headers=headers, timeout=60)
        assert answer.json()["result"] == {
            "uid": account["localId"],
            "poyo": running.poyo_url,
            "key": overrides["POYO_API_KEY"],
            "welcome": "7",
        }
        if not functions:
            assert len(serving(running)) == 2, "not one process, and the one that starts it anew"
        # Only whoever has an account may upload; this trigger makes none.
        documents = f"http://{running.firestore_host}/v1/projects/{running.project}/databases/(default)/documents"
        owner = {"Authorization": "Bearer owner"}
        named = {"documentId": account["localId"]}
        fields = {"fields": {"suspended": {"booleanValue": False}}}
        made = requests.post(f"{documents}/users", params=named, json=fields, headers=owner, timeout=60)
        assert made.ok, made.text
        denied = "storage/unauthorized"
        assert client_outcome(running) == {
            "upload": "ok",
            "overwrite": "ok",
            "read": "ok",
            "list": "ok",
            "largest": "ok",
            "too large": denied,
            "svg": denied,
            "nested": denied,
            "foreign": denied,
            "foreign read": denied,
            "creation": denied,
            "post": denied,
            "missing post": "storage/object-not-found",
            "delete": "ok",
        }
        queue = f"projects/{running.project}/locations/us-central1/queues/settleStudioJob"
        task = {"task": {"httpRequest": {"body": "eyJkYXRhIjp7ImpvYklkIjoieCJ9fQ==", "url": "", "headers": {}}}}
        posted = requests.post(f"http://{running.tasks_host}/{queue}/tasks", json=task, timeout=30)
        assert posted.ok, posted.text
        assert eventually(lambda: '{"task": {"jobId": "x"}}' in running.log.read_text()), "the task did not run"
        dispatched = '{"dispatched": "dispatchStudioJobs"}'
        assert eventually(lambda: running.log.read_text().count(dispatched) >= 3), "the ticker does not fire"
        page = requests.get(running.hosting_url, timeout=10)
        shared = requests.get(f"{running.hosting_url}/p/none", timeout=10)
        assert (shared.status_code, "sharePage" in shared.text) == (404, True), "Hosting asks our functions"
        assert page.ok, f"{page.status_code} for the playground: is web/dist built? `make setup` does it"
        assert not [line for line in said if "UI is not starting" not in line]
        assert wire(running) == WIRE
    assert (export / "auth_export/accounts.json").exists()
    if functions:  # what the official one exported is loaded by ours, and ours is the same suite's
        with stack(functions_dir=FUNCTIONS, data_dir=export) as running:
            assert identity(running, "signInWithPassword")["localId"] == account["localId"]


def test_of_the_suites_log_only_what_matters_is_said(tmp_path: Path) -> None:
    """After a demo that went well nothing looks like a fault: the functions are ended before the suite."""
    path, said = tmp_path / "suite.log", list[str]()
    matters = "⚠  hosting: no such folder"
    path.write_text(f"i  emulators: Shutting down\n⚠  tasks: TypeError: fetch failed\n{matters}\n")
    log = start._Log(path, said.append)
    try:
        assert eventually(lambda: matters in said)
        assert said == [matters]
    finally:
        log.close()


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`make serve`'s process when it is ready, and its stack's mark."""
    offsets = (random.randrange(10_000, 22_000) for _ in range(50))
    offset = next(n for n in offsets if all(processes.is_free(port + n) for port in settings.PORTS.values()))
    command = [sys.executable, "-m", "local.serve", "--offset", str(offset), "--functions", str(FUNCTIONS), *arguments]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=settings.ROOT)
    try:
        assert server.stdout is not None
        lines = []
        for line in server.stdout:
            lines.append(line)
            if line == "StudioX is ready\n":
                break
        assert lines.count("StudioX is ready\n") == 1, "".join(lines)
        told = [line.split()[0] for line in lines if line.strip()]
        assert {"Playground", "Sign", "Password", "Stop"} <= set(told), "".join(lines)
        suite = next(pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if is_suite(pid, offset))
        environment = Path(f"/proc/{suite}/environ").read_text(errors="replace")
        found = re.search(rf"{processes.MARK}=(\w+)", environment)
        assert found
        yield server, found[1]
    finally:
        server.kill()
        server.communicate(timeout=30)


def is_suite(pid: int, offset: int) -> bool:
    argv = processes.command_line(pid)
    return "emulators:start" in argv and any(f"stack-{offset}/" in part for part in argv)


@pytest.mark.long(15)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_it_is_ended(number: signal.Signals) -> None:
    with served() as (server, stack_id):
        assert len(processes.marked(stack_id)) >= 4
        server.send_signal(number)
        server.send_signal(number)  # an impatient second one must not cut the ending short
        assert server.wait(timeout=60) == (0 if number != signal.SIGKILL else -number)
        assert eventually(lambda: not processes.marked(stack_id), 60 if number == signal.SIGKILL else 0)


def test_a_taken_port_is_named_before_anything_starts() -> None:
    with socket.socket() as holder:
        while True:
            holder_port = 31_000 + os.getpid() % 500
            try:
                holder.bind(("127.0.0.1", holder_port))
                break
            except OSError:
                time.sleep(0.2)
        offset = holder_port - settings.PORTS["storage"]
        with pytest.raises(StackError, match=rf"port {holder_port} \(storage\) is taken"):
            with stack(offset):
                pass


def test_a_port_that_another_stack_will_listen_on_is_taken() -> None:
    """Nothing listens there yet, and the two have another port in common than the one they are named by."""
    place = places.take(None)
    offset = place.ports["firestore"] - settings.PORTS["firestore.websocket"]
    try:
        with pytest.raises(
            places.PlaceTaken, match=rf"port .*{place.ports['firestore']} \(firestore.websocket\).* is taken"
        ):
            places.Place(offset).take()
    finally:
        place.close()
        shutil.rmtree(place.path)
        shutil.rmtree(settings.STATE / f"stack-{offset}", ignore_errors=True)


@pytest.mark.parametrize(
    ("offset", "reason"),
    [
        (1000, r"port 6000 \(hosting\), which browsers refuse"),
        (2000, r"port 10080 \(firestore\), which browsers refuse"),
        (60, r"port 5060 \(hosting\), which browsers refuse"),
        (60_000, r"port 65535|ports go from 1024 to 65535"),
        (-4000, r"ports go from 1024 to 65535"),
    ],
)
def test_an_offset_that_no_browser_can_follow_is_refused_with_another(offset: int, reason: str) -> None:
    with pytest.raises(StackError, match=reason) as refused:
        with stack(offset):
            pass
    other = re.search(r"such as OFFSET=(-?\d+)", str(refused.value))
    assert other
    assert not places.unfit(int(other[1]))
    assert not (settings.STATE / f"stack-{offset}").exists()


def test_functions_that_cannot_be_loaded_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import a_module_that_does_not_exist\n")
    (tmp_path / "requirements.txt").write_text("")
    with pytest.raises(StackError, match=r"(?s)a_module_that_does_not_exist.*could not be loaded"):
        with stack(functions_dir=tmp_path):
            pass
