"""`transact`: the one way that documents change together, without a lock (docs/decisions/0002-optimistic-commit.md).

It reads plainly, lets a pure function decide, and commits once with what was read as preconditions. Operations
on one hot document that meet in this process share their commits.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from . import firestore, log
from .docs import REMOVE, AlreadyDecided, Docs, Unread
from .documents import Data
from .errors import Contention, Unavailable
from .firestore import Document

__all__ = ["REMOVE", "AlreadyDecided", "Docs", "Reads", "transact"]

T = TypeVar("T")

MAX_OPERATIONS = 100
MAX_WRITES = 400  # of Firestore's 500 a commit: one more operation always fits
DEADLINE_S = 20.0
LEAST_S = 1.0
"""The least time that a round trip gets, even near the deadline: a shorter timeout makes outcomes unknown."""
MAX_BACKOFF_S = 0.5


class Reads(msgspec.Struct, frozen=True, kw_only=True):
    """How a transaction comes by its documents. Whatever is not `fresh` is proved by the commit that relies on it."""

    fresh: Sequence[str] = ()
    """Read at each attempt."""
    cached: Sequence[str] = ()
    """May come from this process's cache."""
    assumed_absent: Sequence[str] = ()
    """Assumed not to exist: an idempotency key's document."""
    already_read: Mapping[str, Document] = msgspec.field(default_factory=dict)
    """As the caller has just read them, before it asked a vendor."""


class _Operation(Generic[T]):
    """One caller's decision, waiting in a lane; `wake` says: you are done, or you lead."""

    def __init__(self, decide: Callable[[Docs], T], reads: Reads) -> None:
        self.decide = decide
        self.reads = set(reads.fresh)
        self.cached = (*reads.cached, *reads.already_read)
        self.already_read = reads.already_read
        self.assumed_absent = tuple(reads.assumed_absent)
        self.fresh = False  # nothing may be taken from the cache or presumed absent any more
        self.doubts: list[Mapping[str, Any]] = []
        """Its commits whose outcome is unknown: {what it changed: the update_time that was the precondition}."""
        self.alone = False
        self.done = False
        self.taken = False
        self.wake = threading.Event()
        self.answer: T | None = None
        self.error: BaseException | None = None

    def decide_afresh(self, touched: Iterable[str]) -> None:
        """Next time nothing is taken from the cache or presumed absent."""
        self.fresh = True
        self.reads |= set(touched)

    def look_back(self, known: Mapping[str, Document]) -> None:
        """Drop the doubts that these documents resolve.

        One that has changed shows that the commit was applied, or that its precondition can never hold again.
        """

        def is_open(doubt: Mapping[str, Any]) -> bool:
            return all(path not in known or known[path].update_time == before for path, before in doubt.items())

        self.doubts = list(filter(is_open, self.doubts))

    def in_doubt(self, changes: Iterable[str]) -> bool:
        """Whether an earlier commit may still be applied after a commit of these changes has succeeded."""
        return any(doubt.keys().isdisjoint(changes) for doubt in self.doubts)

    def finish(self, answer: T | None = None, error: BaseException | None = None) -> None:
        self.answer, self.error, self.done = answer, error, True

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        return self.answer  # type: ignore[return-value]


class _Lane:
    """The operations of one key: one batch at a time is decided and committed, the others wait their turn."""

    def __init__(self) -> None:
        self.queue: deque[_Operation[Any]] = deque()
        self.led = False


_lanes: dict[str, _Lane] = {}
_lanes_lock = threading.Lock()


def transact(
    key: str,
    decide: Callable[[Docs], T],
    reads: Reads | None = None,
    *,
    patience_s: float | None = None,
) -> T:
    """Commit what the pure function `decide` decides, and answer what it answers.

    `key` names the hot document that the operations contend for: those of one process queue by it and share
    commits. `reads` says which documents are read, and how. An answer or an error that rests on one that was not read,
    or on what another operation of the same batch changes, is only given when the commit proved it.
    A document that `decide` asks for and `reads` does not name is read on demand. `decide` may run many
    times. Only documents that are written are checked at commit: write what you depend on.
    `patience_s`: how long to try, where DEADLINE_S is too long for who waits.

    Raises what `decide` raises; `Contention` when retries ran out and nothing happened; `Unavailable` when
    the database cannot be reached, or an earlier commit of this operation may still be applied: retry with the same
    cause to learn the outcome.
    """
    operation: _Operation[T] = _Operation(decide, reads or Reads())
    deadline = time.monotonic() + (patience_s or DEADLINE_S)
    with _lanes_lock:
        lane = _lanes.setdefault(key, _Lane())
        lane.queue.append(operation)
        leads = not lane.led
        lane.led = True
    if not leads:
        _wait(lane, operation, deadline)
        if operation.done:
            return operation.result()
    try:
        _lead(lane, deadline)
    finally:
        with _lanes_lock:
            if lane.queue:
                lane.queue[0].wake.set()
            else:
                lane.led = False
                _lanes.pop(key, None)
    return operation.result()


def _wait(lane: _Lane, operation: _Operation[Any], deadline: float) -> None:
    """Until the operation is done or leads. One that nobody took up by its deadline leaves the queue."""
    while not operation.wake.wait(max(0.0, deadline - time.monotonic())):
        with _lanes_lock:
            if operation.wake.is_set():
                break
            if not operation.taken:
                lane.queue.remove(operation)
                raise Contention(retryAfterSeconds=2)
        # Taken: its leader finishes it by the leader's own deadline.
        deadline = time.monotonic() + DEADLINE_S
    operation.wake.clear()


def _lead(lane: _Lane, deadline: float) -> None:
    """Decide and commit one batch from the head of the queue (the leader's own operation among them)."""
    with _lanes_lock:
        size = min(len(lane.queue), MAX_OPERATIONS)
        batch = [lane.queue.popleft() for _ in range(size)]
        for operation in batch:
            operation.taken = True
    error: BaseException = Unavailable(retryAfterSeconds=5)
    try:
        _run(batch, deadline)
    except Exception as caught:
        error = caught  # a worker that is being ended (SystemExit) ends its own call only
        raise
    finally:
        for operation in batch:
            if not operation.done:
                operation.finish(error=error)
            operation.wake.set()


def _run(batch: list[_Operation[Any]], deadline: float) -> None:
    """Rounds of read, decide, commit until each operation has its answer."""
    pending, attempt = batch, 0
    while pending:
        round_ = _Round(pending[:1] if pending[0].alone else pending, deadline)
        try:
            round_.read()
            round_.decide()
            round_.commit()
        except Unavailable:
            round_.conflicted = round_.unreachable = True
        pending = [operation for operation in pending if not operation.done]
        if not pending or not round_.conflicted:
            continue
        attempt += 1
        pause = random.uniform(0, min(MAX_BACKOFF_S, 0.01 * 2**attempt))  # full jitter
        if time.monotonic() + pause > deadline:
            doubted = sum(bool(operation.doubts) for operation in pending)
            log.warning("transact_gave_up", operations=len(pending), attempts=attempt, doubted=doubted)
            for operation in pending:
                unknown = round_.unreachable or operation.doubts
                operation.finish(error=Unavailable(retryAfterSeconds=5) if unknown else Contention(retryAfterSeconds=2))
            return
        time.sleep(pause)


class _Decided(NamedTuple):
    """What an operation is told when the commit has succeeded: its answer, or why not."""

    operation: _Operation[Any]
    answer: Any
    error: Exception | None
    touched: set[str]
    changes: Mapping[str, Data | None]
    once_committed: Sequence[Callable[[], None]]


class _Round:
    """One try: the documents read, the decisions laid over one another, one commit."""

    def __init__(self, operations: list[_Operation[Any]], deadline: float) -> None:
        self.operations = operations
        self.deadline = deadline
        self.known: dict[str, Document] = {}
        self.unproven: set[str] = set()
        self.overlay: dict[str, Data | None] = {}
        self.decided: list[_Decided] = []
        self.conflicted = False
        self.unreachable = False

    def read(self) -> None:
        """All that must be read, in one round trip: none where the cache and presumptions do."""
        paths: set[str] = set()
        for operation in self.operations:
            needed = set(operation.reads)
            for path in operation.cached:
                cached = None if operation.fresh else operation.already_read.get(path) or firestore.cached(path)
                if cached is None:
                    needed.add(path)
                else:
                    self.known[path] = cached
                    self.unproven.add(path)
            if needed or operation.fresh:
                # A round trip is made anyway: it may as well tell whether this is a replay.
                needed.update(operation.assumed_absent)
            paths |= needed
        try:
            if paths:
                self._load(paths)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a path that cannot be: its operation fails, not the others
            self._refused(error, self.operations)
            self.operations = []
        for operation in self.operations:
            operation.look_back(self.known)

    def _load(self, paths: Iterable[str]) -> None:
        self.known.update(firestore.read_documents(paths, timeout_s=self._left_s()))
        self.unproven.difference_update(paths)

    def _left_s(self) -> float:
        return min(firestore.RPC_TIMEOUT_S, max(LEAST_S, self.deadline - time.monotonic()))

    def decide(self) -> None:
        for operation in self.operations:
            if len(self.overlay) >= MAX_WRITES or (operation.alone and self.decided):
                return
            self._decide(operation)
            if operation.alone and self.decided:
                return

    def _decide(self, operation: _Operation[Any]) -> None:
        presumed = () if operation.fresh else operation.assumed_absent

        def look_up(path: str) -> Data | None:
            if path in self.overlay:
                return self.overlay[path]
            if path in self.known:
                return self.known[path].data
            if path in presumed:
                return None
            raise Unread(path)

        for _ in range(32):  # an end for a decision that asks for ever more documents
            docs, answer, error = Docs(look_up), None, None
            try:
                answer = operation.decide(docs)
            except Unread as unread:
                try:
                    self._load([unread.path])
                except Unavailable:
                    raise
                except Exception as unreadable:  # noqa: BLE001 - as in `read`
                    operation.finish(error=unreadable)
                    return
                operation.reads.add(unread.path)
                continue
            except Exception as raised:  # noqa: BLE001 - a refusal, or the caller's own bug: the caller's to raise
                error = raised
            changes, notes = ({}, ()) if error else (docs.changes, docs.once_committed)
            self._weigh(_Decided(operation, answer, error, docs.touched, changes, notes))
            return
        operation.finish(error=RecursionError("a decision asks for ever more documents"))

    def _weigh(self, decided: _Decided) -> None:
        """When its operation may be told: at once, after the commit, or not before it was decided anew."""
        operation = decided.operation
        if self._guessed(decided.touched, {**self.overlay, **decided.changes}):
            operation.decide_afresh(decided.touched)
        elif operation.in_doubt(decided.changes):
            operation.finish(error=Unavailable(retryAfterSeconds=5))
        elif decided.error is not None and decided.touched.isdisjoint(self.overlay):
            operation.finish(error=decided.error)
        else:
            self.overlay.update(decided.changes)
            self.decided.append(decided)

    def _guessed(self, touched: set[str], changes: Mapping[str, Data | None]) -> bool:
        """Whether the decision rests on a cached or presumed document that the commit of `changes` would not prove."""
        guesses = {path for path in touched if path in self.unproven or path not in self.known}
        # What was presumed absent, created and deleted again is not part of the commit.
        return not guesses <= {path for path, data in changes.items() if data is not None or path in self.known}

    def commit(self) -> None:
        """Write the overlay at once; the operations that were not finished by then are to be decided again."""
        from google.api_core import exceptions

        try:
            firestore.commit(self.overlay, self.known, timeout_s=self._left_s())
        except (exceptions.AlreadyExists, exceptions.FailedPrecondition, exceptions.NotFound, exceptions.Aborted):
            self._conflict()
        except firestore.unreachable():
            # It may have been applied, or be applied yet. Fresh documents show the one and rule out the other.
            self.unreachable = True
            for each in self.decided:
                if each.changes:
                    each.operation.doubts.append({path: self._precondition(path) for path in each.changes})
            self._conflict()
        except (exceptions.GoogleAPICallError, TypeError, ValueError) as error:
            self._refused(error, [each.operation for each in self.decided if each.changes])
        else:
            for each in self.decided:
                for note in each.once_committed:
                    note()
                each.operation.finish(each.answer, each.error)

    def _precondition(self, path: str) -> Any:
        return self.known[path].update_time if path in self.known else None

    def _conflict(self) -> None:
        self.conflicted = True
        firestore.forget(self.known)
        for each in self.decided:
            each.operation.decide_afresh(each.touched)

    def _refused(self, error: Exception, suspects: list[_Operation[Any]]) -> None:
        """Firestore cannot take one of these reads or writes: find out whose, so that it fails alone."""
        if len(suspects) == 1:
            suspects[0].finish(error=error)
            return
        for operation in suspects:
            operation.alone = True
