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
from typing import Any

from local.vendors.poyo.plans import METADATA
from local.vendors.poyo.tasks import Task, Tasks, signed

TIMEOUT_S = 10.0
PAUSES_S = (1.0, 2.0)
MAX_NOTED = 1000
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Sign = Callable[[str, str, Mapping[str, Any], float], tuple[bytes, dict[str, str]]]
"""Signs a callback: (secret, task id, body, time) → (content, headers)."""


class Callbacks:
    """Delivers callbacks in its own threads. `body` makes a task's callback body."""

    def __init__(
        self, tasks: Tasks, secret: str, *, bare: bool, body: Callable[[Task], dict[str, Any]], sign: Sign = signed
    ) -> None:
        self._tasks, self._secret, self._bare, self._body, self._sign = tasks, secret, bare, body, sign
        self._due: list[tuple[float, int, Task]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._senders = ThreadPoolExecutor(max_workers=4, thread_name_prefix="poyo-callback")
        self._clock = threading.Thread(target=self._run, name="poyo-callbacks", daemon=True)
        self._clock.start()
        self.sent: deque[dict[str, Any]] = deque(maxlen=MAX_NOTED)
        """{taskId, attempt, forged, status} of each attempt. Status 0: no response."""

    def plan(self, task: Task) -> None:
        """Schedule the callback for the task's end, if the task has a callback URL and will end."""
        if (
            task.callback_url
            and task.plan.callback not in ("none", "early")
            and task.plan.outcome not in ("never", "stuck")
        ):
            with self._changed:
                heapq.heappush(self._due, (task.made_at + task.seconds, next(self._order), task))
                self._changed.notify()

    def hurry(self) -> None:
        """Recheck due callbacks after the clock was moved."""
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        self._closed.set()
        self.hurry()
        self._clock.join(TIMEOUT_S)
        self._senders.shutdown(wait=True, cancel_futures=True)

    def deliver(self, task: Task) -> None:
        """Send all callbacks of a task that has ended, according to its plan."""
        if task.plan.callback == "forged":
            self._forge(task)
        for _ in range(2 if task.plan.callback == "twice" else 1):
            for attempt, pause in enumerate((*PAUSES_S, 0.0), start=1):
                if 200 <= self._post(task, attempt) < 300 or self._closed.wait(pause):
                    break

    def _run(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                if not self._due:
                    self._changed.wait(5.0)
                    continue
                wait = self._due[0][0] - self._tasks.now()
                if wait > 0:
                    self._changed.wait(min(wait, 5.0))
                    continue
                task = heapq.heappop(self._due)[2]
            self._senders.submit(self.deliver, task)

    def _post(self, task: Task, attempt: int) -> int:
        data = self._body(task)
        shape = task.plan.callback_shape or ("bare" if self._bare else "envelope")
        body = data if shape == "bare" else {"code": 200, "message": "success", "data": data}
        status = _send(task.callback_url, *self._sign(self._secret, task.id, body, self._tasks.wall()))
        self.sent.append({"taskId": task.id, "attempt": attempt, "forged": False, "status": status})
        return status

    def _forge(self, task: Task) -> None:
        """Send what an attacker who knows the task id could: a wrong signature, and a URL that must not be fetched."""
        data = {**self._body(task), "status": "finished", "files": [{"file_url": METADATA, "file_type": "image"}]}
        content, headers = self._sign("not-the-secret", task.id, {"code": 200, "data": data}, self._tasks.wall())
        status = _send(task.callback_url, content, headers)
        self.sent.append({"taskId": task.id, "attempt": 1, "forged": True, "status": status})


def _send(url: str, content: bytes, headers: dict[str, str]) -> int:
    """POST and return the status, 0 without a response. Sends only to loopback addresses."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return 0
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT_S)
    try:
        connection.request("POST", f"{parts.path or '/'}?{parts.query}".rstrip("?"), content, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
