"""The Poyo stand-in's state: plans, tasks, orders and callbacks, independent of the HTTP interface."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from local.vendors.poyo import plans
from local.vendors.poyo.callbacks import Callbacks
from local.vendors.poyo.plans import Match, Plan, Plans
from local.vendors.poyo.tasks import Task, Tasks, signed

API_KEY = "local-poyo-api-key"
SECRET = "local-poyo-webhook-secret"
SECONDS = {"image": 2.0, "video": 4.0, "music": 4.0, "speech": 2.0}
CREDITS = 10_000.0
MAX_NOTED = 1000
HOURS = 24.0


class State:
    """The stand-in's state. The server sets `url`, the base URL of its files.

    `seconds`: the duration of a generation, for all kinds or by kind. `file_hours`: hours until files expire, None:
    never. `clock`: seconds since 1970, in place of the system's.
    """

    url: str
    make_callbacks: ClassVar[Callable[..., Callbacks]] = Callbacks

    def __init__(
        self,
        *,
        api_key: str = API_KEY,
        secret: str = SECRET,
        seconds: float | Mapping[str, float] | None = None,
        callbacks: bool = True,
        bare_callbacks: bool = False,
        magic: bool = False,
        file_hours: float | None = HOURS,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.api_key, self.secret = api_key, secret
        self.closed = threading.Event()
        self.plans = Plans(magic=magic)
        same = dict.fromkeys(SECONDS, float(seconds)) if isinstance(seconds, int | float) else seconds
        self.tasks_kept = Tasks({**SECONDS, **(same or {})}, clock)
        self._file_hours = file_hours
        self._calls_back = callbacks
        self._orders: deque[dict[str, Any]] = deque(maxlen=MAX_NOTED)
        # During a rotation the setting holds two secrets, separated by a comma. A vendor signs with one of them.
        signing = secret.split(",")[0].strip()
        self._callbacks = self.make_callbacks(
            self.tasks_kept, signing, bare=bare_callbacks, body=self.data, sign=self.sign
        )

    def plan(
        self, *faults: str, match: Match | Mapping[str, str] = Match(), times: int | None = 1, **fields: Any
    ) -> None:
        """Apply these named faults and fields of `Plan` to the next `times` matching orders (None: all)."""
        if times is not None and not (type(times) is int and times > 0):
            raise ValueError("times: a number above 0, or null for all")
        fits = match if isinstance(match, Match) else Match(**match)
        self.plans.add(plans.make(faults, **fields), fits, times)

    def advance(self, seconds: float) -> None:
        """Move the stand-in's clock forward: generations progress, files expire."""
        self.tasks_kept.advance(seconds)
        self._callbacks.hurry()

    def reset(self) -> None:
        """Delete all tasks, orders, charges and plans."""
        self.plans.clear()
        self.tasks_kept.clear()
        self._orders.clear()

    def tasks(self) -> list[dict[str, Any]]:
        """The accepted orders, oldest first."""
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
        """Every authorized submit, also rejected ones: {model, input, callback_url, idempotencyKey}."""
        return list(self._orders)

    def callbacks(self) -> list[dict[str, Any]]:
        """Every sent callback: {taskId, attempt, forged, status}."""
        return list(self._callbacks.sent)

    def wait_callbacks(self, count: int, timeout_s: float = 10.0) -> list[dict[str, Any]]:
        """Wait until `count` callbacks were sent and return them. TimeoutError."""
        until = time.monotonic() + timeout_s
        while len(self._callbacks.sent) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self._callbacks.sent)} of {count} callbacks were sent")
            time.sleep(0.02)
        return self.callbacks()

    def balance(self) -> float:
        return CREDITS - float(sum(entry["credits"] for entry in self.charges().values()))

    # For the HTTP interface

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
                self._callbacks.early(task)
        return task

    def data(self, task: Task) -> dict[str, Any]:
        """The task in the form of responses and callbacks, with signed URLs of its files."""
        hours = 24 * 365 if self._file_hours is None else self._file_hours
        made = self.tasks_kept.wall() - (self.tasks_kept.now() - task.made_at)
        return task.answer(self.tasks_kept.now(), self.url, int(made + hours * 3600))

    def expired(self, expires: str) -> bool:
        known = expires.isascii() and expires.isdigit() and len(expires) <= 12
        return not known or int(expires) < self.tasks_kept.wall()
