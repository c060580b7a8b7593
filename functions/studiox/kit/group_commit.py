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

from .errors import Contention, Unavailable

T = TypeVar("T")

MAX_OPERATIONS = 100
"""Operations in one batch."""


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


class GroupCommit(Generic[O]):
    """The queues of a process, by key. `carry_out` finishes every operation of a batch by the deadline."""

    def __init__(self, carry_out: Callable[[list[O], float], None]) -> None:
        self._carry_out = carry_out
        self._lock = threading.Lock()
        self.queues: dict[str, Queue[O]] = {}

    def submit(self, key: str, operation: O, deadline: float) -> None:
        """Wait until the operation is done, by this caller or by another leader. `deadline` is of time.monotonic.

        `Contention` for an operation that no leader took by the deadline; any other error is the operation's own.
        """
        with self._lock:
            queue = self.queues.setdefault(key, Queue())
            queue.waiting.append(operation)
            leads = not queue.has_leader
            queue.has_leader = True
        if not leads:
            self._wait(queue, operation, deadline)
            if operation.done:
                return
        try:
            self._lead(queue, deadline)
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

    def _lead(self, queue: Queue[O], deadline: float) -> None:
        """Carry out one batch from the head of the queue; the leader's own operation is its first."""
        with self._lock:
            size = min(len(queue.waiting), MAX_OPERATIONS)
            batch = [queue.waiting.popleft() for _ in range(size)]
            for operation in batch:
                operation.taken = True
        error: BaseException = Unavailable(retryAfterSeconds=5)
        try:
            self._carry_out(batch, deadline)
        except Exception as caught:
            error = caught  # a SystemExit, which ends the leader's worker, is not passed on to the other callers
            raise
        finally:
            for operation in batch:
                if not operation.done:
                    operation.finish(error=error)
                operation.woken.set()
