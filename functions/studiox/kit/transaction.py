"""`transact`: read documents, decide, and write the decision in one commit (docs/decisions/0002-optimistic-commit.md).

There are no locks. The commit carries what was read as preconditions; after a conflict the decision is made again.
Operations on the same key share commits (`group_commit`).
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from . import firestore, group_commit, log, rest
from .documents import AlreadyDecided, Data, Docs, FieldPath, NotRead
from .errors import Contention, Unavailable
from .firestore import Document
from .process import per_process

__all__ = ["AlreadyDecided", "Docs", "Reads", "preview", "transact"]

T = TypeVar("T")

MAX_WRITES = 400
"""Writes in one commit. Firestore takes 500, so one more operation always fits."""
MAX_ON_DEMAND_READS = 32
"""Documents that one decision may ask for without having named them."""
DEADLINE_S = 20.0
MIN_TIMEOUT_S = 1.0
"""Every round trip gets at least this long, even near the deadline: a shorter timeout makes outcomes unknown."""
MAX_BACKOFF_S = 0.5
SHARED: set[str] = set()
"""Collections whose documents many people change. When they do so at once, a commit waits for more of them
(`group_commit.SPACING_S`)."""


class Reads(msgspec.Struct, frozen=True, kw_only=True):
    """Where a transaction gets its documents. The commit verifies every document that is not `fresh`."""

    fresh: Sequence[str] = ()
    """Read at each attempt."""
    cached: Sequence[str] = ()
    """May come from this process's cache."""
    assumed_absent: Sequence[str] = ()
    """Assumed not to exist."""
    created_once: Sequence[str] = ()
    """The idempotency key's documents: assumed not to exist, and the call is a replay if one does."""
    already_read: Mapping[str, Document] = msgspec.field(default_factory=dict)
    """As the caller has just read them, before it asked a vendor."""


def transact(
    key: str,
    decide: Callable[[Docs], T],
    reads: Reads | None = None,
    *,
    timeout_s: float | None = None,
) -> T:
    """Commit what the pure function `decide` changes, and return what it returns.

    `key` names the document that operations contend for: those of one process queue by it and share commits. `reads`
    lists the documents and how each is read; any other document is read on demand. `decide` may run many
    times. An answer or an error that depends on a document that was not read, or on a change of another operation in
    the same batch, is only returned once a commit has verified it. Only documents that are written are checked at
    commit: write what you depend on. `timeout_s` replaces DEADLINE_S.

    Raises what `decide` raises; `Contention` when the retries ran out and nothing happened; `Unavailable` when
    Firestore cannot be reached or an earlier commit may still be applied: retry with the same cause to learn the
    outcome.
    """
    operation: _Operation[T] = _Operation(decide, reads or Reads())
    spaced = key.partition("/")[0] in SHARED
    groups().submit(key, operation, time.monotonic() + (timeout_s or DEADLINE_S), spaced=spaced)
    return operation.result()


def preview(decide: Callable[[Docs], T], reads: Reads) -> T:
    """What `decide` returns now, from documents that are all read. Nothing is committed. Raises what it raises.

    One round trip, and one more for each document that is asked for without being named. `Unavailable`.
    """
    known = firestore.read_documents([*reads.fresh, *reads.cached, *reads.created_once])

    def look_up(path: str) -> Data | None:
        if path in known:
            return known[path].data
        raise NotRead(path)

    for _ in range(MAX_ON_DEMAND_READS):
        try:
            return decide(Docs(look_up))
        except NotRead as missing:
            known |= firestore.read_documents([missing.path])
    raise RecursionError(f"a decision asked for more than {MAX_ON_DEMAND_READS} documents")


class _Operation(group_commit.Operation[T]):
    """One caller's decision."""

    def __init__(self, decide: Callable[[Docs], T], reads: Reads) -> None:
        super().__init__()
        self.decide = decide
        self.fresh = set(reads.fresh)
        self.cached = (*reads.cached, *reads.already_read)
        self.already_read = reads.already_read
        self.assumed_absent = (*reads.assumed_absent, *reads.created_once)
        self.only_fresh = False
        """Nothing may come from the cache or be assumed absent any more."""
        self.runs_alone = False
        self.unknown_commits: list[Mapping[str, Any]] = []
        """Commits whose outcome is unknown: {changed path: the update_time that was its precondition}."""

    def require_fresh(self, touched: Iterable[str]) -> None:
        """Read these documents at the next attempt, and take none from the cache."""
        self.only_fresh = True
        self.fresh |= set(touched)

    def drop_resolved_commits(self, known: Mapping[str, Document]) -> None:
        """Forget the unknown commits whose outcome these documents show.

        A document that has changed shows that the commit was applied, or that its precondition can never hold again.
        """

        def is_open(commit: Mapping[str, Any]) -> bool:
            return all(path not in known or known[path].update_time == before for path, before in commit.items())

        self.unknown_commits = list(filter(is_open, self.unknown_commits))

    def may_still_be_applied(self, changes: Iterable[str]) -> bool:
        """Whether an earlier commit of unknown outcome could be applied after a commit of these changes."""
        return any(commit.keys().isdisjoint(changes) for commit in self.unknown_commits)


def _carry_out(batch: list[_Operation[Any]], deadline: float, join: Callable[[], list[_Operation[Any]]]) -> None:
    """Attempt reads, decisions and commits until every operation is done.

    After a conflict the operations that wait for this batch join it: a document that many instances change is then
    written with few commits.
    """
    pending, attempts = batch, 0
    while pending:
        attempt = _Attempt(pending[:1] if pending[0].runs_alone else pending, deadline)
        try:
            attempt.read()
            attempt.decide()
            attempt.commit()
        except Unavailable:
            attempt.conflicted = attempt.unreachable = True
        pending = [operation for operation in pending if not operation.done]
        if not pending or not attempt.conflicted:
            continue
        attempts += 1
        pause = random.uniform(0, min(MAX_BACKOFF_S, 0.01 * 2**attempts))  # full jitter
        if time.monotonic() + pause > deadline:
            unknown = sum(bool(operation.unknown_commits) for operation in pending)
            log.warning("transact_gave_up", operations=len(pending), attempts=attempts, doubted=unknown)
            for operation in pending:
                is_unknown = attempt.unreachable or operation.unknown_commits
                error = Unavailable(retryAfterSeconds=5) if is_unknown else Contention(retryAfterSeconds=2)
                operation.finish(error=error)
            return
        time.sleep(pause)
        pending += join()


@per_process
def groups() -> group_commit.GroupCommit[_Operation[Any]]:
    return group_commit.GroupCommit(_carry_out)


class _Decision(NamedTuple):
    """The result of one operation, which it gets when the commit has succeeded."""

    operation: _Operation[Any]
    answer: Any
    error: Exception | None
    touched: set[str]
    created_unread: set[str]
    changes: Mapping[str, Data | None]
    increments: Mapping[str, Mapping[FieldPath, int]]
    after_commit: Sequence[Callable[[], None]]


class _Attempt:
    """Read the documents once, make each decision on top of the ones before it, and commit their changes together."""

    def __init__(self, operations: list[_Operation[Any]], deadline: float) -> None:
        self.operations = operations
        self.deadline = deadline
        self.known: dict[str, Document] = {}
        self.unverified: set[str] = set()
        """Known documents that did not come from Firestore in this attempt."""
        self.changes: dict[str, Data | None] = {}
        """The changes of all decisions so far."""
        self.increments: dict[str, Counter[FieldPath]] = {}
        """The sums of what they add."""
        self.decisions: list[_Decision] = []
        self.conflicted = False
        self.unreachable = False

    def read(self) -> None:
        """Read all documents in at most one round trip. None is made if the cache and the assumptions suffice."""
        paths: set[str] = set()
        for operation in self.operations:
            needed = set(operation.fresh)
            for path in operation.cached:
                cached = None if operation.only_fresh else operation.already_read.get(path) or firestore.cached(path)
                if cached is None:
                    needed.add(path)
                else:
                    self.known[path] = cached
                    self.unverified.add(path)
            if needed or operation.only_fresh:
                # A round trip is made anyway, so it also checks for a replay.
                needed.update(operation.assumed_absent)
            paths |= needed
        try:
            if paths:
                self._load(paths)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - an invalid path: its operation fails, the others do not
            self._isolate(error, self.operations)
            self.operations = []
        for operation in self.operations:
            operation.drop_resolved_commits(self.known)

    def _load(self, paths: Iterable[str]) -> None:
        self.known.update(firestore.read_documents(paths, timeout_s=self._timeout_s()))
        self.unverified.difference_update(paths)

    def _timeout_s(self) -> float:
        return min(firestore.RPC_TIMEOUT_S, max(MIN_TIMEOUT_S, self.deadline - time.monotonic()))

    def decide(self) -> None:
        """Make the decisions in order. Decisions that do not fit in this commit wait for the next attempt."""
        for operation in self.operations:
            if len(self.changes) + len(self.increments) >= MAX_WRITES or (operation.runs_alone and self.decisions):
                return
            self._decide(operation)
            if operation.runs_alone and self.decisions:
                return

    def _decide(self, operation: _Operation[Any]) -> None:
        assumed_absent = () if operation.only_fresh else operation.assumed_absent

        def look_up(path: str) -> Data | None:
            if path in self.changes:
                return self.changes[path]
            if path in self.known:
                return self.known[path].data
            if path in assumed_absent:
                return None
            raise NotRead(path)

        for _ in range(MAX_ON_DEMAND_READS):
            docs, answer, error = Docs(look_up), None, None
            try:
                answer = operation.decide(docs)
            except NotRead as missing:
                try:
                    self._load([missing.path])
                except Unavailable:
                    raise
                except Exception as unreadable:  # noqa: BLE001 - as in `read`
                    operation.finish(error=unreadable)
                    return
                operation.fresh.add(missing.path)
                continue
            except Exception as raised:  # noqa: BLE001 - a refusal, or a bug of the caller: raised to the caller
                error = raised
            made = Docs(look_up) if error else docs
            changes = made.changes, made.increments, made.after_commit
            self._accept(_Decision(operation, answer, error, docs.touched, docs.created_unread, *changes))
            return
        operation.finish(error=RecursionError(f"a decision asked for more than {MAX_ON_DEMAND_READS} documents"))

    def _accept(self, decision: _Decision) -> None:
        """Finish the operation now, or with the commit, or make its decision again."""
        operation = decision.operation
        unverified = self._unverified(decision.touched, {**self.changes, **decision.changes})
        if decision.error is not None and operation.only_fresh:
            # A new random id is another one in each decision: reading it would never verify the error.
            unverified -= decision.created_unread
        if unverified:
            operation.require_fresh(decision.touched)
        elif operation.may_still_be_applied(decision.changes):
            operation.finish(error=Unavailable(retryAfterSeconds=5))
        elif decision.error is not None and decision.touched.isdisjoint(self.changes):
            operation.finish(error=decision.error)
        else:
            self.changes.update(decision.changes)
            for path, amounts in decision.increments.items():
                self.increments.setdefault(path, Counter()).update(amounts)
            self.decisions.append(decision)

    def _unverified(self, touched: set[str], changes: Mapping[str, Data | None]) -> set[str]:
        """The cached or assumed documents that the decision depends on and a commit of `changes` does not verify."""
        guesses = {path for path in touched if path in self.unverified or path not in self.known}
        # A document that was assumed absent, created and deleted again is not part of the commit.
        return guesses - {path for path, data in changes.items() if data is not None or path in self.known}

    def commit(self) -> None:
        """Write all changes in one commit. Operations that are not done afterwards are attempted again."""
        try:
            firestore.commit(self.changes, self.known, self.increments, timeout_s=self._timeout_s())
        except rest.Conflict:
            self._retry_fresh()
        except rest.Unreachable:
            # The outcome is unknown. Fresh documents show that the commit was applied, or rule it out.
            self.unreachable = True
            for each in self.decisions:
                if each.changes:
                    each.operation.unknown_commits.append({path: self._precondition(path) for path in each.changes})
            self._retry_fresh()
        except (rest.FirestoreError, TypeError, ValueError) as error:
            self._isolate(error, [each.operation for each in self.decisions if each.changes])
        else:
            for each in self.decisions:
                for act in each.after_commit:
                    act()
                each.operation.finish(each.answer, each.error)

    def _precondition(self, path: str) -> Any:
        return self.known[path].update_time if path in self.known else None

    def _retry_fresh(self) -> None:
        self.conflicted = True
        firestore.cached_documents().forget(self.known)
        for each in self.decisions:
            each.operation.require_fresh(each.touched)

    def _isolate(self, error: Exception, suspects: list[_Operation[Any]]) -> None:
        """Firestore rejects one of these reads or writes: run each operation alone, so that only that one fails."""
        if len(suspects) == 1:
            suspects[0].finish(error=error)
            return
        for operation in suspects:
            operation.runs_alone = True
