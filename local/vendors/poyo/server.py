"""A stand-in for Poyo: `python -m local.vendors.poyo.server --port 4010`, or `with PoyoStandIn() as poyo` in a test.

It speaks Poyo's formats, makes real media, calls back signed, and goes wrong in every way that a test or a developer
asks for (`POST /_/plan`, or `fault:name` in a prompt with --magic; `GET /_/faults` lists the names). Loopback only.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from local.vendors.poyo import plans
from local.vendors.poyo.callbacks import Callbacks
from local.vendors.poyo.http import Handler
from local.vendors.poyo.plans import Match, Plan, Plans
from local.vendors.poyo.tasks import Task, Tasks, signed

API_KEY = "local-poyo-api-key"
SECRET = "local-poyo-webhook-secret"
SECONDS = {"image": 2.0, "video": 4.0, "music": 4.0, "speech": 2.0}
CREDITS = 10_000.0
MAX_NOTED = 1000
HOURS = 24.0


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away, which is what faults make them do."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


class PoyoStandIn:
    """The running stand-in. `seconds`: how long a generation takes, in all or by kind; `file_hours`: how long files
    can be had, None for ever. Other vendors' stand-ins are this one with a front and a signature of their own.
    """

    handler: type[Handler] = Handler

    def __init__(
        self,
        port: int = 0,
        *,
        api_key: str = API_KEY,
        secret: str = SECRET,
        seconds: float | Mapping[str, float] | None = None,
        callbacks: bool = True,
        bare_callbacks: bool = False,
        magic: bool = False,
        file_hours: float | None = HOURS,
    ) -> None:
        self.api_key, self.secret = api_key, secret
        self.closed = threading.Event()
        self.plans = Plans(magic=magic)
        same = dict.fromkeys(SECONDS, float(seconds)) if isinstance(seconds, int | float) else seconds
        self.tasks_kept = Tasks({**SECONDS, **(same or {})})
        self._file_hours = file_hours
        self._calls_back = callbacks
        self._orders: deque[dict[str, Any]] = deque(maxlen=MAX_NOTED)
        handler = type("BoundHandler", (self.handler,), {"poyo": self})
        self._server = _Server(("127.0.0.1", port), handler)
        # While secrets are rotated there are two, with a comma between; a vendor signs with one.
        signing = secret.split(",")[0].strip()
        self._callbacks = Callbacks(self.tasks_kept, signing, bare=bare_callbacks, body=self.data, sign=self.sign)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="poyo", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving; downloads and callbacks under way end too."""
        self.closed.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(10)
        self._server.server_close()
        self._callbacks.close()

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """As `MEDIA_HOSTS` wants it."""
        return f"127.0.0.1:{self.port}"

    def plan(
        self, *faults: str, match: Match | Mapping[str, str] = Match(), times: int | None = 1, **fields: Any
    ) -> None:
        """The next `times` orders that match (None: all) fare so: named faults, and single fields of `Plan`."""
        if times is not None and not (type(times) is int and times > 0):
            raise ValueError("times: a number above 0, or null for all")
        fits = match if isinstance(match, Match) else Match(**match)
        self.plans.add(plans.make(faults, **fields), fits, times)

    def advance(self, seconds: float) -> None:
        """Move the stand-in's clock: generations get on, files expire."""
        self.tasks_kept.advance(seconds)
        self._callbacks.hurry()

    def reset(self) -> None:
        """Forget tasks, orders, charges and plans."""
        self.plans.clear()
        self.tasks_kept.clear()
        self._orders.clear()

    def tasks(self) -> list[dict[str, Any]]:
        """What was taken, oldest first."""
        now = self.tasks_kept.now()
        return [
            {
                "id": task.id,
                "model": task.model,
                "kind": task.kind,
                "input": dict(task.input),
                "idempotencyKey": task.key,
                "callbackUrl": task.callback_url,
                "status": task.state(now)[0],
                "polls": task.polls,
                "downloads": dict(task.downloads),
            }
            for task in self.tasks_kept.all()
        ]

    def charges(self) -> dict[str, dict[str, Any]]:
        """{idempotency key: {submits, tasks, charged, credits}}: a job with two tasks would be charged twice."""
        return self.tasks_kept.charges()

    def orders(self) -> list[dict[str, Any]]:
        """Every submit that came with the right key, refused ones too: {model, input, callback_url, idempotencyKey}."""
        return list(self._orders)

    def callbacks(self) -> list[dict[str, Any]]:
        """Every callback that was sent: {taskId, attempt, forged, status}."""
        return list(self._callbacks.sent)

    def wait_callbacks(self, count: int, timeout_s: float = 10.0) -> list[dict[str, Any]]:
        """The callbacks sent once there are `count`; TimeoutError."""
        until = time.monotonic() + timeout_s
        while len(self._callbacks.sent) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self._callbacks.sent)} of {count} callbacks were sent")
            time.sleep(0.02)
        return self.callbacks()

    def balance(self) -> float:
        return CREDITS - float(sum(entry["credits"] for entry in self.charges().values()))

    # For the front

    def sign(self, secret: str, task_id: str, body: Mapping[str, Any], at: float) -> tuple[bytes, dict[str, str]]:
        """A callback's content and headers."""
        return signed(secret, task_id, body, at)

    def note_order(self, body: Mapping[str, Any], key: str) -> None:
        self._orders.append({**body, "idempotencyKey": key})

    def accept(self, model: str, kind: str, given: Mapping[str, Any], key: str, callback_url: str, plan: Plan) -> Task:
        task = self.tasks_kept.make(model, kind, given, key, callback_url, plan)
        if self._calls_back:
            self._callbacks.plan(task)
            if plan.callback == "early" and callback_url:
                self._callbacks.deliver(task)
        return task

    def data(self, task: Task) -> dict[str, Any]:
        """The task as answers and callbacks show it, its files' addresses signed until they expire."""
        hours = 24 * 365 if self._file_hours is None else self._file_hours
        made = self.tasks_kept.wall() - (self.tasks_kept.now() - task.made_at)
        return task.answer(self.tasks_kept.now(), self.url, int(made + hours * 3600))

    def expired(self, expires: str) -> bool:
        known = expires.isascii() and expires.isdigit() and len(expires) <= 12
        return not known or int(expires) < self.tasks_kept.wall()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="local.vendors.poyo.server", description="A stand-in for Poyo, on loopback.")
    parser.add_argument("--port", type=int, default=4010)
    parser.add_argument("--api-key", default=API_KEY)
    parser.add_argument("--secret", default=SECRET, help="the webhook secret that callbacks are signed with")
    for kind, seconds in SECONDS.items():
        parser.add_argument(
            f"--{kind}-s", type=float, default=seconds, help=f"seconds a generation takes ({seconds:g})"
        )
    parser.add_argument("--no-callbacks", action="store_true")
    parser.add_argument("--bare-callbacks", action="store_true", help="the bare task, not {code, data}")
    parser.add_argument("--magic", action="store_true", help="`fault:name` in a prompt asks for a fault")
    parser.add_argument("--file-hours", type=float, default=HOURS, help="files expire after so many hours")
    given = parser.parse_args(arguments)
    return serve(
        "Poyo stand-in",
        given.port,
        lambda: PoyoStandIn(
            given.port,
            api_key=given.api_key,
            secret=given.secret,
            seconds={kind: getattr(given, f"{kind}_s") for kind in SECONDS},
            callbacks=not given.no_callbacks,
            bare_callbacks=given.bare_callbacks,
            magic=given.magic,
            file_hours=given.file_hours,
        ),
    )


def serve(what: str, port: int, make: Callable[[], PoyoStandIn]) -> int:
    """Serve until SIGINT or SIGTERM; the process's exit code."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with contextlib.ExitStack() as stack:
        try:
            stand_in = make()
        except OSError as error:
            print(f"The {what} cannot listen on port {port}: {error.strerror}", file=sys.stderr)
            return 1
        stack.enter_context(stand_in)
        print(f"{what} at {stand_in.url}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
