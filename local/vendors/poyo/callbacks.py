"""The Poyo stand-in's callbacks: signed, sent when a task ends, with three attempts, as Poyo documents."""

from __future__ import annotations

import heapq
import http.client
import itertools
import threading
import urllib.parse
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from local.vendors.poyo.plans import METADATA
from local.vendors.poyo.tasks import Task, Tasks, signed

TIMEOUT_S = 10.0
PAUSES_S = (1.0, 2.0)
MAX_NOTED = 1000
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Sign = Callable[[str, str, Mapping[str, Any], float], tuple[bytes, dict[str, str]]]
"""Signs a callback: (secret, task id, body, time) → (content, headers)."""


class Message(NamedTuple):
    """One callback, as it is posted."""

    url: str
    content: bytes
    headers: dict[str, str]
    forged: bool


class Callbacks:
    """The callbacks that are due, and what they say. `body` makes a task's callback body. Sends nothing itself."""

    def __init__(
        self, tasks: Tasks, secret: str, *, bare: bool, body: Callable[[Task], dict[str, Any]], sign: Sign = signed
    ) -> None:
        self._tasks, self._secret, self._bare, self._body, self._sign = tasks, secret, bare, body, sign
        self.due: list[tuple[float, int, Task]] = []
        """A heap of (time of the stand-in's clock, number, task)."""
        self._order = itertools.count()
        self.sent: deque[dict[str, Any]] = deque(maxlen=MAX_NOTED)
        """{taskId, attempt, forged, status} of each attempt. Status 0: no response."""

    def plan(self, task: Task) -> None:
        """Schedule the callback for the task's end, if the task has a callback URL and will end."""
        if (
            task.callback_url
            and task.plan.callback not in ("none", "early")
            and task.plan.outcome not in ("never", "stuck")
        ):
            self._schedule(task, task.made_at + task.seconds)

    def early(self, task: Task) -> None:
        """The callback comes before submit's response."""
        self._schedule(task, self._tasks.now())

    def hurry(self) -> None:
        """Recheck due callbacks after the clock was moved."""

    def close(self) -> None:
        """Send no more callbacks."""

    def _schedule(self, task: Task, at: float) -> None:
        heapq.heappush(self.due, (at, next(self._order), task))

    def planned(self, task: Task) -> tuple[bool, ...]:
        """The callbacks of a task that has ended, according to its plan: whether each is forged."""
        return {"forged": (True, False), "twice": (False, False)}.get(task.plan.callback, (False,))

    def message(self, task: Task, *, forged: bool) -> Message:
        """A callback as it is sent now.

        A forged one is what an attacker who knows the task id could send: a wrong signature, and a URL that must not be
        fetched.
        """
        data = self._body(task)
        if forged:
            data = {**data, "status": "finished", "files": [{"file_url": METADATA, "file_type": "image"}]}
        shape = "envelope" if forged else task.plan.callback_shape or ("bare" if self._bare else "envelope")
        body = data if shape == "bare" else {"code": 200, "message": "success", "data": data}
        secret = "not-the-secret" if forged else self._secret
        return Message(task.callback_url, *self._sign(secret, task.id, body, self._tasks.wall()), forged)

    def note(self, task: Task, attempt: int, forged: bool, status: int) -> None:
        self.sent.append({"taskId": task.id, "attempt": attempt, "forged": forged, "status": status})


class Sender(Callbacks):
    """Delivers callbacks in its own threads."""

    def __init__(
        self, tasks: Tasks, secret: str, *, bare: bool, body: Callable[[Task], dict[str, Any]], sign: Sign = signed
    ) -> None:
        super().__init__(tasks, secret, bare=bare, body=body, sign=sign)
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._senders = ThreadPoolExecutor(max_workers=4, thread_name_prefix="poyo-callback")
        self._clock = threading.Thread(target=self._run, name="poyo-callbacks", daemon=True)
        self._clock.start()

    def early(self, task: Task) -> None:
        self.deliver(task)

    def hurry(self) -> None:
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        self._closed.set()
        self.hurry()
        self._clock.join(TIMEOUT_S)
        self._senders.shutdown(wait=True, cancel_futures=True)

    def deliver(self, task: Task) -> None:
        """Send all callbacks of a task that has ended, according to its plan."""
        for forged in self.planned(task):
            for attempt, pause in enumerate((*PAUSES_S, 0.0), start=1):
                status = _send(self.message(task, forged=forged))
                self.note(task, attempt, forged, status)
                if forged or 200 <= status < 300 or self._closed.wait(pause):
                    break

    def _schedule(self, task: Task, at: float) -> None:
        with self._changed:
            super()._schedule(task, at)
            self._changed.notify()

    def _run(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                if not self.due:
                    self._changed.wait(5.0)
                    continue
                wait = self.due[0][0] - self._tasks.now()
                if wait > 0:
                    self._changed.wait(min(wait, 5.0))
                    continue
                task = heapq.heappop(self.due)[2]
            self._senders.submit(self.deliver, task)


def _send(message: Message) -> int:
    """POST and return the status, 0 without a response. Sends only to loopback addresses."""
    parts = urllib.parse.urlsplit(message.url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return 0
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT_S)
    try:
        target = f"{parts.path or '/'}?{parts.query}".rstrip("?")
        connection.request("POST", target, message.content, message.headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
