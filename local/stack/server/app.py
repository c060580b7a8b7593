"""A worker: it loads main.py, finds a function by the address's path, and watches for changed files.

A function gets the request that it would get in production, from the same wrapper, with the address below its own name
as the path. Where main.py cannot be loaded, every request is answered with the reason until a file changes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import functions_framework
from werkzeug import Response

from local.stack import settings
from local.stack.server import lazy, secrets
from local.stack.server.triggers import Endpoint, backends, read_endpoints, register

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
POLL_S = 0.3
NAME = "studiox.function"
READY, NOT_YET, BROKEN = 200, 503, 500


def say(line: str) -> None:
    """For the developer: the stack shows lines that begin like this."""
    print(f"functions: {line}", flush=True)


def serve_functions(functions: Path, ports: Mapping[str, int]) -> Wsgi:
    """The functions in this directory as a WSGI application. Called once in a process."""
    watcher = Watcher(functions)
    parameters, kept = settings.resolve(ports, os.environ)
    secrets.withhold(kept)
    os.environ.update({**parameters, **settings.function_environment(ports)})
    time.tzset()
    try:
        served: Wsgi = Functions(functions, ports)
    except BaseException as error:  # noqa: BLE001 - whatever main.py raises: it may even exit
        say(f"could not be loaded: {said_of(error, functions)}")
        traceback.print_exc()
        served = Response(f"The functions could not be loaded: {said_of(error, functions)}\n", BROKEN)
    watcher.start()
    return served


def said_of(error: BaseException, functions: Path) -> str:
    """What went wrong and in which line of the functions."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(f"{functions}/")
    ]
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(functions)
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}"
    return f"{type(error).__name__}: {error} ({where})"


class Functions:
    """The WSGI application."""

    def __init__(self, functions: Path, ports: Mapping[str, int]) -> None:
        target = Path(__file__).with_name("target.py")
        self.app: Wsgi = functions_framework.create_app("serve", target, "http")  # type: ignore[no-untyped-call]
        self.endpoints = read_endpoints(sys.modules["main"])
        self.prepared = threading.Event()
        threading.Thread(target=self._prepare, args=(functions, ports), name="prepare", daemon=True).start()

    def _prepare(self, functions: Path, ports: Mapping[str, int]) -> None:
        lazy.load_all(functions)
        try:
            register(self.endpoints, ports)
        except Exception as error:
            say(f"could not be registered with the emulators: {error}")
            raise
        self.prepared.set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path == "/backends":
            return self._backends()(environ, start_response)
        found = self._find(path)
        if found is None:
            return self._unknown(path)(environ, start_response)
        endpoint, rest = found
        mine = {NAME: endpoint, "SCRIPT_NAME": path.removesuffix(rest), "PATH_INFO": rest or "/"}
        return self.app({**environ, **mine}, start_response)

    def _find(self, path: str) -> tuple[Endpoint, str] | None:
        """The function at this address, and the rest of the path."""
        _, project, region, address, *rest = [*path.split("/", 4), "", "", ""]
        endpoint = self.endpoints.get(address)
        if project != settings.PROJECT or endpoint is None or region not in endpoint.regions:
            return None
        return endpoint, "/" + rest[0] if path.count("/") > 3 else ""

    def _unknown(self, path: str) -> Response:
        root = f"/{settings.PROJECT}/{settings.REGION}"
        return Response(f"There is no function at {path}. Below {root} there are: {', '.join(self.endpoints)}\n", 404)

    def _backends(self) -> Response:
        """As the suite's own functions emulator lists them; 503 until they are registered with the emulators."""
        status = READY if self.prepared.is_set() else NOT_YET
        return Response(backends(self.endpoints), status, mimetype="application/json")


class Watcher:
    """Detects a changed, new or deleted file of the functions and requests a new worker, once."""

    def __init__(self, functions: Path) -> None:
        self.functions = functions
        self.before = self.look()

    def start(self) -> None:
        threading.Thread(target=self._run, name="watcher", daemon=True).start()

    def look(self) -> dict[str, tuple[int, int]]:
        found = {}
        for place, folders, names in os.walk(self.functions):
            folders[:] = [name for name in folders if name not in ("venv", "__pycache__")]
            for name in names:
                if name.endswith(".py") or name in settings.ENV_FILES:
                    try:
                        stat = os.stat(os.path.join(place, name))
                    except OSError:  # deleted meanwhile
                        continue
                    found[os.path.join(place, name)] = (stat.st_mtime_ns, stat.st_size)
        return found

    def _run(self) -> None:
        while True:
            time.sleep(POLL_S)
            now = self.look()
            if now == self.before:
                continue
            time.sleep(POLL_S)
            if self.look() == now:  # otherwise it is still being written
                break
        changed = sorted(name for name, _ in now.items() ^ self.before.items())
        say(f"{os.path.relpath(changed[0], self.functions)} changed; loading them anew")
        os.kill(os.getppid(), signal.SIGHUP)
