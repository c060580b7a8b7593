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
from typing import Any, Generic, TypeVar

from . import firestore, log
from .errors import Contention, StudioxError, Unavailable
from .firestore import Data, Document

T = TypeVar("T")

MAX_OPERATIONS = 100
MAX_WRITES = 400  # of Firestore's 500 a commit: one more operation always fits
DEADLINE_S = 20.0
LEAST_S = 1.0
"""A round trip has so long even when the deadline is near: cut shorter, it would only turn a refusal into a doubt."""
MAX_BACKOFF_S = 0.5


class Unread(Exception):
    """A decision asked for a document that was not read yet: it is read, and the decision made anew."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class AlreadyDecided(Exception):
    """A decision created a document that exists: its cause has already had its effect. A bug if it surfaces."""


class Docs:
    """What one decision sees and changes: an overlay over the documents as read. Pure, no I/O."""

    def __init__(self, look_up: Callable[[str], Data | None]) -> None:
        self._look_up = look_up
        self.touched: set[str] = set()
        self.changes: dict[str, Data | None] = {}

    def get(self, path: str) -> Data | None:
        """The document's data, None if it does not exist."""
        self.touched.add(path)
        return self.changes[path] if path in self.changes else self._look_up(path)

    def create(self, path: str, data: Data) -> None:
        """A new document. It need not have been read: the commit fails if it exists, and all is decided anew."""
        try:
            existing = self.get(path)
        except Unread:
            existing = None
        if existing is not None:
            raise AlreadyDecided(path)
        self.changes[path] = data

    def update(self, path: str, fields: Data) -> Data:
        """Set these top-level fields (REMOVE: take one away) of an existing document; what it holds then."""
        current = self.get(path)
        if current is None:
            raise KeyError(path)
        merged = {name: value for name, value in {**current, **fields}.items() if value is not REMOVE}
        if merged != current:
            self.changes[path] = merged
        return merged

    def put(self, path: str, data: Data) -> None:
        """The whole document, whether it exists or not."""
        if self.get(path) != data:
            self.changes[path] = data

    def delete(self, path: str) -> None:
        if self.get(path) is not None:
            self.changes[path] = None


REMOVE = object()
"""As a field's value in `Docs.update`: take the field away."""


class _Operation(Generic[T]):
    """One caller's decision, waiting in a lane; `wake` says: you are done, or you lead."""

    def __init__(
        self,
        decide: Callable[[Docs], T],
        reads: Sequence[str],
        warm: Sequence[str],
        absent: Sequence[str],
        seen: Mapping[str, Document],
    ) -> None:
        self.decide = decide
        self.reads = set(reads)
        self.warm = (*warm, *seen)
        self.seen = seen
        self.absent = tuple(absent)
        self.fresh = False  # nothing may be taken from the cache or presumed absent any more
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
    *,
    reads: Sequence[str] = (),
    warm: Sequence[str] = (),
    absent: Sequence[str] = (),
    seen: Mapping[str, Document] | None = None,
    patience_s: float | None = None,
) -> T:
    """Commit what the pure function `decide` decides, and answer what it answers.

    `key` names the hot document that the operations contend for: those of one process queue by it and share
    commits. `reads` are read anew each time; `warm` may come from this process's cache; `absent` are presumed
    not to exist (an idempotency key's document); `seen` are documents as the caller has just read them, before it
    asked a vendor: they stand if nothing changed meanwhile. An answer that rests on any of these guesses is only
    given when the commit proved it; a refusal (StudioxError) never: it is decided anew on fresh documents.
    A document that `decide` asks for and none of these names is read on demand. `decide` may run many
    times. A decision about a document that it does not write is as good as its last read: write what you
    depend on. `patience_s`: how long to try, where DEADLINE_S is too long for who waits.

    Raises what `decide` raises; `Contention` when retries ran out and nothing happened; `Unavailable` when
    the database cannot be reached, so that a later call with the same cause must tell.
    """
    operation: _Operation[T] = _Operation(decide, reads, warm, absent, seen or {})
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
    pending, attempt, unknown = batch, 0, False
    while pending:
        round_ = _Round(pending[:1] if pending[0].alone else pending, deadline)
        try:
            round_.read()
            round_.decide()
            round_.commit()
        except Unavailable:
            round_.conflicted = round_.unreachable = True
        pending = [operation for operation in pending if not operation.done]
        # An unknown outcome stays unknown until a later round has read what became of it.
        unknown = round_.unreachable or (unknown and round_.conflicted)
        if not pending or not round_.conflicted:
            continue
        attempt += 1
        pause = random.uniform(0, min(MAX_BACKOFF_S, 0.01 * 2**attempt))  # full jitter
        if time.monotonic() + pause > deadline:
            log.warning("transact_gave_up", operations=len(pending), attempts=attempt, unknown=unknown)
            for operation in pending:
                operation.finish(error=Unavailable(retryAfterSeconds=5) if unknown else Contention(retryAfterSeconds=2))
            return
        time.sleep(pause)


class _Round:
    """One try: the documents read, the decisions laid over one another, one commit."""

    def __init__(self, operations: list[_Operation[Any]], deadline: float) -> None:
        self.operations = operations
        self.deadline = deadline
        self.known: dict[str, Document] = {}
        self.unproven: set[str] = set()
        self.overlay: dict[str, Data | None] = {}
        self.accepted: list[tuple[_Operation[Any], Any, set[str]]] = []
        self.conflicted = False
        self.unreachable = False

    def read(self) -> None:
        """All that must be read, in one round trip: none where the cache and presumptions do."""
        paths: set[str] = set()
        for operation in self.operations:
            needed = set(operation.reads)
            for path in operation.warm:
                cached = None if operation.fresh else operation.seen.get(path) or firestore.cached(path)
                if cached is None:
                    needed.add(path)
                else:
                    self.known[path] = cached
                    self.unproven.add(path)
            if needed or operation.fresh:
                # A round trip is made anyway: it may as well tell whether this is a replay.
                needed.update(operation.absent)
            paths |= needed
        try:
            if paths:
                self._load(paths)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a path that cannot be: its operation fails, not the others
            self._refused(error, self.operations)
            self.operations = []

    def _load(self, paths: Iterable[str]) -> None:
        self.known.update(firestore.read_documents(paths, timeout_s=self._left_s()))
        self.unproven.difference_update(paths)

    def _left_s(self) -> float:
        return min(firestore.RPC_TIMEOUT_S, max(LEAST_S, self.deadline - time.monotonic()))

    def decide(self) -> None:
        for operation in self.operations:
            if len(self.overlay) >= MAX_WRITES or (operation.alone and self.accepted):
                return
            self._decide(operation)
            if operation.alone and self.accepted:
                return

    def _decide(self, operation: _Operation[Any]) -> None:
        presumed = () if operation.fresh else operation.absent

        def look_up(path: str) -> Data | None:
            if path in self.overlay:
                return self.overlay[path]
            if path in self.known:
                return self.known[path].data
            if path in presumed:
                return None
            raise Unread(path)

        for _ in range(32):  # an end for a decision that asks for ever more documents
            docs = Docs(look_up)
            try:
                answer = operation.decide(docs)
            except Unread as unread:
                try:
                    self._load([unread.path])
                except Unavailable:
                    raise
                except Exception as error:  # noqa: BLE001 - as in `read`
                    operation.finish(error=error)
                    return
                operation.reads.add(unread.path)
                continue
            except StudioxError as refusal:
                if self._guessed(docs, {}):
                    operation.decide_afresh(docs.touched)
                else:
                    operation.finish(error=refusal)
                return
            except Exception as error:  # noqa: BLE001 - the caller's own bug is the caller's to raise
                operation.finish(error=error)
                return
            if self._guessed(docs, {**self.overlay, **docs.changes}):
                operation.decide_afresh(docs.touched)
                return
            self.overlay.update(docs.changes)
            self.accepted.append((operation, answer, docs.touched))
            return
        operation.finish(error=RecursionError("a decision asks for ever more documents"))

    def _guessed(self, docs: Docs, changes: Mapping[str, Data | None]) -> bool:
        """Whether the decision rests on a cached or presumed document that the commit of `changes` would not prove."""
        guesses = {path for path in docs.touched if path in self.unproven or path not in self.known}
        # What was presumed absent, created and deleted again is not part of the commit.
        return not guesses <= {path for path, data in changes.items() if data is not None or path in self.known}

    def commit(self) -> None:
        """Write the overlay at once; the operations that were not finished by then are to be decided again."""
        from google.api_core import exceptions

        try:
            firestore.commit(self.overlay, self.known, timeout_s=self._left_s())
        except (exceptions.AlreadyExists, exceptions.FailedPrecondition, exceptions.NotFound, exceptions.Aborted):
            self._conflict()
        except (exceptions.ServerError, exceptions.RetryError, exceptions.TooManyRequests):
            # 503, deadline: it may have been applied. Reading afresh shows it, and the decision answers truthfully.
            self.unreachable = True
            self._conflict()
        except (exceptions.GoogleAPICallError, TypeError, ValueError) as error:
            self._refused(error, [operation for operation, _, _ in self.accepted])
        else:
            for operation, answer, _ in self.accepted:
                operation.finish(answer)

    def _conflict(self) -> None:
        self.conflicted = True
        firestore.forget(self.known)
        for operation, _, touched in self.accepted:
            operation.decide_afresh(touched)

    def _refused(self, error: Exception, suspects: list[_Operation[Any]]) -> None:
        """Firestore cannot take one of these reads or writes: find out whose, so that it fails alone."""
        if len(suspects) == 1:
            suspects[0].finish(error=error)
            return
        for operation in suspects:
            operation.alone = True
