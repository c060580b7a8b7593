"""Group commit: operations on the same key that meet in this process are carried out together.

The operations of a key wait in a queue. One caller leads: it takes a batch from the head of the queue, carries it out
and hands every caller its result. It does not depend on documents.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from .cache import UNKNOWN, Cache
from .errors import Contention, Unavailable

T = TypeVar("T")

MAX_OPERATIONS = 100
"""Operations in one batch."""
SPACING_S = 1.0
"""Between two batches of a busy key that is `spaced`: Firestore advises one write a second of a document
(https://firebase.google.com/docs/firestore/quotas)."""
MAX_SPACED = 1_000
"""Busy keys that are remembered."""


class Operation(Generic[T]):
    """One caller's operation, and its result once it is done."""

    def __init__(self) -> None:
        self.done = False
        self.taken = False
        """Whether a leader has taken it into its batch."""
        self.woken = threading.Event()
        """Set when the operation is done, or when its caller becomes the leader."""
        self.answer: T | None = None
        self.error: BaseException | None = None

    def finish(self, answer: T | None = None, error: BaseException | None = None) -> None:
        self.answer, self.error, self.done = answer, error, True
        self.woken.set()

    def result(self) -> T:
        """The answer of a finished operation. Raises its error."""
        if self.error is not None:
            raise self.error
        return self.answer  # type: ignore[return-value]


O = TypeVar("O", bound=Operation)  # type: ignore[type-arg]  # noqa: E741


class Queue(Generic[O]):
    """The operations of one key that wait for a leader."""

    def __init__(self) -> None:
        self.waiting: deque[O] = deque()
        self.has_leader = False
        self.full = threading.Event()
        """Set when a whole batch waits."""


class GroupCommit(Generic[O]):
    """The queues of a process, by key.

    `carry_out(batch, deadline, join)` finishes every operation of a batch by the deadline. Before it repeats a batch it
    may call `join`, which adds the operations that have come since.
    """

    def __init__(self, carry_out: Callable[[list[O], float, Callable[[], list[O]]], None]) -> None:
        self._carry_out = carry_out
        self._lock = threading.Lock()
        self.queues: dict[str, Queue[O]] = {}
        self._shared: Cache[float] = Cache(MAX_SPACED, ttl_s=SPACING_S)
        """When the last batch of more than one operation ended, by spaced key."""

    def submit(self, key: str, operation: O, deadline: float, *, spaced: bool = False) -> None:
        """Wait until the operation is done, by this caller or by another leader. `deadline` is of time.monotonic.

        `spaced`: after a batch of more than one operation the key's next one waits for SPACING_S, or until it is full.

        `Contention` for an operation that no leader took by the deadline; any other error is the operation's own.
        """
        with self._lock:
            queue = self.queues.setdefault(key, Queue())
            queue.waiting.append(operation)
            leads = not queue.has_leader
            queue.has_leader = True
            if len(queue.waiting) >= MAX_OPERATIONS:
                queue.full.set()
        if not leads:
            self._wait(queue, operation, deadline)
            if operation.done:
                return
        try:
            if spaced:
                self._gather(key, queue, deadline)
            if self._lead(queue, deadline) > 1 and spaced:
                self._shared.put(key, time.monotonic())
        finally:
            with self._lock:
                if queue.waiting:
                    queue.waiting[0].woken.set()
                else:
                    queue.has_leader = False
                    self.queues.pop(key, None)

    def _wait(self, queue: Queue[O], operation: O, deadline: float) -> None:
        """Return when the operation is done or its caller leads."""
        if not operation.woken.wait(max(0.0, deadline - time.monotonic())):
            with self._lock:
                if not operation.taken and not operation.woken.is_set():
                    queue.waiting.remove(operation)
                    raise Contention(retryAfterSeconds=2)
            operation.woken.wait()  # taken: its leader finishes it by the leader's deadline
        operation.woken.clear()

    def _lead(self, queue: Queue[O], deadline: float) -> int:
        """Carry out one batch from the head of the queue, and return how many operations were in it.

        The leader's own operation is its first.
        """
        batch: list[O] = []
        joining_ends = (time.monotonic() + deadline) / 2  # who joins has the leader's deadline from then on

        def join() -> list[O]:
            return self._take(queue, batch) if time.monotonic() < joining_ends else []

        self._take(queue, batch)
        error: BaseException = Unavailable(retryAfterSeconds=5)
        try:
            self._carry_out(list(batch), deadline, join)
        except Exception as caught:
            error = caught  # a SystemExit, which ends the leader's worker, is not passed on to the other callers
            raise
        finally:
            for operation in batch:
                if not operation.done:
                    operation.finish(error=error)
        return len(batch)

    def _take(self, queue: Queue[O], batch: list[O]) -> list[O]:
        """Move operations from the head of the queue to the batch, up to MAX_OPERATIONS that are not done. Which."""
        with self._lock:
            room = MAX_OPERATIONS - sum(not operation.done for operation in batch)
            taken = [queue.waiting.popleft() for _ in range(min(len(queue.waiting), room))]
            for operation in taken:
                operation.taken = True
            batch += taken
            if len(queue.waiting) < MAX_OPERATIONS:
                queue.full.clear()
        return taken

    def _gather(self, key: str, queue: Queue[O], deadline: float) -> None:
        """Let operations join the leader of a busy key, for at most half of the leader's time."""
        now, ended = time.monotonic(), self._shared.get(key)
        if ended is not UNKNOWN:
            queue.full.wait(max(0.0, min(ended + SPACING_S, (now + deadline) / 2) - now))
