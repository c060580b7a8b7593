"""A stand-in of Cloud Tasks at CLOUD_TASKS_EMULATOR_HOST: it keeps, drops a name it has seen, and runs tasks."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.support.calls import Reply, task

Deployed = Callable[..., Any]


class Enqueued(NamedTuple):
    """One task as Cloud Tasks holds it."""

    function: str
    name: str
    data: dict[str, Any]
    delay_s: float


class Queue:
    """The queue: `tasks` wait, `taken` were run, `refused` is the status that every request gets (0: none)."""

    def __init__(self) -> None:
        self.tasks: list[Enqueued] = []
        self.taken: list[Enqueued] = []
        self.renditions: list[Enqueued] = []
        """Waiting tasks of `makeRenditions`. They are apart, because each starts a process: `render` runs them."""
        self.names: set[str] = set()
        self.duplicates = 0
        self.refused = 0
        self.lock = threading.Lock()
        self.port = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def add(self, function: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What `projects.locations.queues.tasks.create` answers."""
        name = str(sent["name"])
        at = sent.get("scheduleTime")
        delay = (datetime.fromisoformat(at) - datetime.now(UTC)).total_seconds() if at else 0.0
        data = json.loads(base64.b64decode(sent["httpRequest"]["body"]))["data"]
        with self.lock:
            if self.refused:
                return self.refused, {"error": {"code": self.refused, "status": "PERMISSION_DENIED"}}
            if name in self.names:
                self.duplicates += 1
                return 409, {"error": {"code": 409, "status": "ALREADY_EXISTS", "message": "exists"}}
            self.names.add(name)
            waiting = self.renditions if function == "makeRenditions" else self.tasks
            waiting.append(Enqueued(function, name.rsplit("/", 1)[1], data, delay))
        return 200, {"task": {"name": "/" + name}}

    def run(self, functions: dict[str, Deployed], *, waiting: float = 0.5, rounds: int = 100) -> list[Reply]:
        """Dispatch the tasks whose delay is at most `waiting` seconds; those that these enqueue are the next round."""
        replies: list[Reply] = []
        for _ in range(rounds):
            with self.lock:
                due = [each for each in self.tasks if each.delay_s <= waiting]
                self.tasks = [each for each in self.tasks if each.delay_s > waiting]
                self.taken += due
            if not due:
                return replies
            replies += [task(functions[each.function], each.data) for each in due]
        assert rounds < 100, "tasks enqueue each other without an end"
        return replies

    def render(self, function: Deployed) -> list[Reply]:
        """Dispatch the waiting tasks of `makeRenditions`."""
        with self.lock:
            due, self.renditions = self.renditions, []
        return [task(function, each.data) for each in due]


class QueueHandler(BaseHTTPRequestHandler):
    queue: Queue

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.queue.add(self.path.split("/")[-2], body["task"])
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:  # a client that hangs up is what some tests are about
        pass


@contextmanager
def queue_server() -> Iterator[Queue]:
    """The stand-in, serving on loopback."""
    queue = Queue()
    server = _Server(("127.0.0.1", 0), type("Handler", (QueueHandler,), {"queue": queue}))
    queue.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield queue
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
