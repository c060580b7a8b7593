"""Starts the emulator suite, the functions and the vendors' stand-ins, and ends every process of it.

with stack(offset=None) as running:
    running.functions_url
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local import firebase
from local.stack import engine, log_lines, places, processes, settings
from local.stack.ticker import Ticker

START_TIMEOUT_S = 180.0
REAP_S = 10.0
"""How long a process that was killed may take until the system says that it has ended."""
EXPORT_PATIENCE_S = 60.0
NOTED_LINES = 40
OFFICIAL = "official"
# The lines of the suite's log that are printed; the others stay in the log.
MATTERS = re.compile(
    r"^functions: |\bERROR\b|\"severity\": ?\"(?:ERROR|CRITICAL|ALERT|EMERGENCY)\"|Failed to |Traceback|^\s*⚠"
)
NOISE = re.compile(
    r"Env variable override detected|not currently authenticated|CI environment|application default credentials"
    r"|Invalid request, unable to process"  # the suite probes every function with a GET first
    r"|tasks: TypeError: fetch failed"  # the functions are ended before the suite, which may have a task for them
    r"|UI is not starting|did not find a hosting site|Unable to look up project number|Site ID|DEPRECATION|deprecated",
    re.IGNORECASE,
)


class StackError(Exception):
    """The stack could not be started, or ended unexpectedly. The message is for the developer."""


@dataclass
class Stack:
    """A running stack's addresses. `check` raises StackError if a part of the stack has ended unexpectedly."""

    project: str
    ports: Mapping[str, int]
    secrets: Mapping[str, str]
    log: Path
    _parts: dict[str, subprocess.Popen[bytes]]

    @property
    def functions_host(self) -> str:
        return f"127.0.0.1:{self.ports['functions']}"

    @property
    def functions_url(self) -> str:
        return f"http://{self.functions_host}/{self.project}/{settings.REGION}"

    @property
    def auth_host(self) -> str:
        return f"127.0.0.1:{self.ports['auth']}"

    @property
    def firestore_host(self) -> str:
        return f"127.0.0.1:{self.ports['firestore']}"

    @property
    def storage_host(self) -> str:
        return f"127.0.0.1:{self.ports['storage']}"

    @property
    def tasks_host(self) -> str:
        return f"127.0.0.1:{self.ports['tasks']}"

    @property
    def hosting_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['hosting']}"

    @property
    def poyo_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['poyo']}"

    @property
    def stripe_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['stripe']}"

    def environment(self) -> dict[str, str]:
        """What a client or a test needs in its environment to talk to this stack."""
        return {
            "GCLOUD_PROJECT": self.project,
            "FUNCTIONS_EMULATOR_HOST": self.functions_host,
            "FIREBASE_AUTH_EMULATOR_HOST": self.auth_host,
            "FIRESTORE_EMULATOR_HOST": self.firestore_host,
            "FIREBASE_STORAGE_EMULATOR_HOST": self.storage_host,
            "CLOUD_TASKS_EMULATOR_HOST": self.tasks_host,
            "STUDIOX_FUNCTIONS_URL": self.functions_url,
            "STUDIOX_HOSTING_URL": self.hosting_url,
            "STUDIOX_POYO_URL": self.poyo_url,
            "STUDIOX_STRIPE_URL": self.stripe_url,
        }

    def check(self) -> None:
        for name, process in self._parts.items():
            if process.poll() is not None:
                raise StackError(f"the {name} ended by itself (exit {process.returncode}); see {self.log.parent}")


def stand_ins(ports: Mapping[str, int], values: Mapping[str, str]) -> dict[str, tuple[int, list[str]]]:
    """The vendors' stand-ins, each with the port it will listen on and the module's arguments."""
    started = {}
    for name, stand_in in settings.STAND_INS.items():
        port = ports[name]
        arguments = [stand_in.module, "--port", str(port), *stand_in.switches]
        if name == "stripe":
            functions = f"http://127.0.0.1:{ports['functions']}/{settings.PROJECT}/{settings.REGION}"
            arguments += ["--webhook", f"{functions}/stripeWebhook"]
        if values[stand_in.parameter].endswith(f":{port}{stand_in.suffix}"):  # else they are the real vendor's keys
            for option, secret in stand_in.options.items():
                arguments += [option, values[secret] or settings.SECRETS[secret]]
        started[f"{stand_in.vendor} stand-in"] = (port, arguments)
    return started


@contextlib.contextmanager
def _one_start_at_a_time(say: Callable[[str], None]) -> Iterator[None]:
    """Two of the suite's functions emulators that start at once may read each other's functions: both look for them
    from port 8081 upwards."""
    path = Path(tempfile.gettempdir()) / f"studiox-start-{os.getuid()}.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + 2 * START_TIMEOUT_S
    waiting = False
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise StackError(f"another stack has been starting for too long; it holds {path}") from error
                if not waiting:
                    say("Another stack with FUNCTIONS=official is starting; waiting until it is ready.")
                waiting = True
                time.sleep(0.2)
        yield
    finally:
        os.close(lock)


class _Log:
    """Follows the suite's log: prints the lines that matter, and detects the two that decide the start."""

    def __init__(self, path: Path, say: Callable[[str], None], stand_ins: Sequence[str] = ()) -> None:
        """`stand_ins`: the addresses of those that know what a prompt asked for."""
        self.path, self.say, self.stand_ins = path, say, stand_ins
        self.ready, self.failed, self._stop = threading.Event(), threading.Event(), threading.Event()
        self.noted: list[str] = []
        self._thread = threading.Thread(target=self._follow, name="suite log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _follow(self) -> None:
        with self.path.open(encoding="utf-8", errors="replace") as lines:
            rest = ""
            while not self._stop.is_set():
                chunk = lines.read()
                if not chunk:
                    self._stop.wait(0.1)
                    continue
                *whole, rest = (rest + chunk).split("\n")
                for line in whole:
                    self._notice(line.rstrip())

    def _notice(self, line: str) -> None:
        if line.strip() and not self.failed.is_set():
            self.noted = [*self.noted[-NOTED_LINES:], line]
        if "All emulators ready" in line:
            self.ready.set()
        if "Failed to load function definition" in line:
            self.failed.set()
        if MATTERS.search(line) and not NOISE.search(line):
            self.say(log_lines.readable(line, partial(log_lines.faults_asked_of, self.stand_ins)))


@contextlib.contextmanager
def stack(
    offset: int | None = None,
    env: Mapping[str, str] | None = None,
    data_dir: Path | None = None,
    *,
    export_dir: Path | None = None,
    functions_dir: Path | None = None,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> Iterator[Stack]:
    """Run the whole stack for the duration of the block; all its processes are ended afterwards.

    `offset` shifts every port; None takes free ones. `env` overrides parameters and secrets, on top of this
    process's environment. `data_dir` is an export to start with, `export_dir` where to export at the end.
    StackError if the stack could not start. Everything that was started is ended in any case.
    """
    chosen = engine.choose()
    stack_id = uuid.uuid4().hex
    environment = {**os.environ, **(env or {})}
    official = _official_functions(environment)
    functions = (functions_dir or settings.ROOT / "functions").resolve()
    try:
        place = places.take(offset)
    except places.PlaceTaken as error:
        raise StackError(str(error)) from error
    log: _Log | None = None
    ticker: Ticker | None = None
    parts: dict[str, subprocess.Popen[bytes]] = {}
    watcher = processes.watch_over(stack_id, EXPORT_PATIENCE_S)
    try:
        values = settings.lay_out(place.path, place.ports, environment)
        secrets = {name: values[name] for name in settings.SECRETS}
        running = Stack(settings.PROJECT, place.ports, secrets, place.path / "suite.log", parts)
        environment[processes.MARK] = stack_id
        running.log.write_text("")
        log = _Log(running.log, say, [running.poyo_url])
        suite = _suite_command(place.path, chosen, data_dir, export_dir, official=official)
        suite_environment = {
            **environment,
            **settings.suite_environment(place.path, place.ports, official=chosen == engine.OFFICIAL),
        }
        with _one_start_at_a_time(say) if official else contextlib.nullcontext():
            if official:
                settings.lay_out_functions(place.path, place.ports, environment, functions)
            parts["emulator suite"] = processes.spawn(suite, suite_environment, place.path, running.log)
            if not official:
                _start_functions(running, environment, functions, place.offset)
            _start_stand_ins(running, values, environment)
            _await_ready(running, log)
        ticker = Ticker(running.functions_host, running.functions_url, say)
        ticker.start()
        yield running
    finally:
        if ticker:
            ticker.stop()
        left = processes.end_all(stack_id, patience_s=EXPORT_PATIENCE_S)
        for process in parts.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0 if left else REAP_S)
        if log:
            log.close()
        processes.dismiss(watcher)
        place.close()
        kept = offset is not None or left or sys.exc_info()[0] is not None  # its logs may be wanted
        for done in (settings.source_of(place.path), place.path / "tmp" if kept else place.path):
            shutil.rmtree(done, ignore_errors=True)
        if left:
            say(f"could not end the processes {left}")


def _official_functions(environment: Mapping[str, str]) -> bool:
    """Whether the suite's own functions emulator is to serve the functions, a process for each."""
    wanted = environment.get("FUNCTIONS") or ""
    if wanted not in ("", OFFICIAL):
        raise StackError(f"FUNCTIONS={wanted} is unknown: FUNCTIONS={OFFICIAL}, or nothing for one process.")
    return wanted == OFFICIAL


def _start_functions(running: Stack, environment: Mapping[str, str], functions: Path, offset: int) -> None:
    python = settings.ROOT / "functions/venv/bin/python"
    command = [str(python), "-m", "local.stack.server", "--offset", str(offset), "--functions", str(functions)]
    unbuffered = {**environment, "PYTHONUNBUFFERED": "1"}
    running._parts["functions"] = processes.spawn(command, unbuffered, settings.ROOT, running.log)


def _start_stand_ins(running: Stack, values: Mapping[str, str], environment: Mapping[str, str]) -> None:
    for name, (_, arguments) in stand_ins(running.ports, values).items():
        log = running.log.parent / f"{arguments[0]}.log"
        command = [sys.executable, "-m", *arguments]
        running._parts[name] = processes.spawn(command, environment, settings.ROOT, log)


def _suite_command(
    place: Path, chosen: str, data_dir: Path | None, export_dir: Path | None, *, official: bool
) -> Sequence[str]:
    command = ["emulators:start"] if official else ["emulators:start", "--only", settings.WITHOUT_FUNCTIONS]
    command += ["--project", settings.PROJECT, "--config", str(place / "firebase.json"), "--non-interactive"]
    if data_dir is not None:
        command += ["--import", str(data_dir.resolve())]
    if export_dir is not None:
        command += ["--export-on-exit", str(export_dir.resolve())]
    return firebase.command(chosen, command, firebase.OFFICIAL_FUNCTIONS if official else firebase.OUR_FUNCTIONS)


def _await_ready(running: Stack, log: _Log) -> None:
    """Wait until every part serves. StackError, with what the log said, if one ends or takes too long."""
    waited_for: dict[str, Callable[[], bool]] = {
        "emulator suite": log.ready.is_set,
        "functions": lambda: _functions_ready(running),
        **{f"{name} stand-in": partial(processes.is_served, running.ports[name]) for name in settings.STAND_INS},
    }
    until = time.monotonic() + START_TIMEOUT_S
    try:
        while waited_for:
            running.check()
            waited_for = {name: ready for name, ready in waited_for.items() if not ready()}
            if time.monotonic() > until:
                raise StackError(f"not ready in {START_TIMEOUT_S:.0f} s: {', '.join(waited_for)}")
            time.sleep(0.05)
        if log.failed.is_set():
            raise StackError("the functions could not be loaded")
    except StackError as error:
        time.sleep(0.5)  # the log's last lines are still being read
        raise StackError("\n".join([*log.noted, str(error)])) from error


def _functions_ready(running: Stack) -> bool:
    """Whether the functions are loaded and registered with the emulators. StackError if they cannot be loaded."""
    try:
        with urllib.request.urlopen(f"http://{running.functions_host}/backends", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        if error.code == 500:
            raise StackError(error.read().decode(errors="replace").strip()) from error
        return False
    except OSError:
        return False
