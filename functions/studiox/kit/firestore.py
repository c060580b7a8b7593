"""Firestore: the process's clients, plain reads, one commit under preconditions, and the cache of committed documents.

A document's path is like `users/u1`; its data is a mapping that is never mutated.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from . import config, rest, values
from .cache import MINUTE_S, Cache
from .document_cache import Document as Document
from .document_cache import DocumentCache
from .documents import D, Data, Docs, FieldPath, P, Path
from .errors import Unavailable
from .process import per_process

T = TypeVar("T")

RPC_TIMEOUT_S = 8.0
ADMIN_TIMEOUT_S = 3.0
MIN_TIMEOUT_S = 0.05
MAX_PAUSE_S = 1.0


@per_process
def connections() -> rest.Connections:
    """The process's connections to Firestore. Made at first use: gunicorn forks after import."""
    host = os.environ.get("FIRESTORE_EMULATOR_HOST")
    authorization = (
        _of_an_owner if host or config.in_emulator() else rest.Authorization(app().credential.get_credential())
    )
    return rest.Connections(database(), host, authorization)


def _of_an_owner() -> str:
    """Emulators take this for one whom no security rule stops."""
    return "Bearer owner"


@per_process
def database() -> str:
    """The full name of the project's database."""
    return f"projects/{config.project_id()}/databases/{config.FIRESTORE_DATABASE.value}"


@per_process
def root() -> str:
    """The full name of the database's documents: what a document's full name begins with."""
    return f"{database()}/documents"


def app() -> Any:
    """The firebase_admin app, made at import of main.py: the SDK, left to itself, would look for credentials."""
    import firebase_admin

    with _app_lock:
        try:
            return firebase_admin.get_app()
        except ValueError:
            # The default is 120 s with two attempts, but the sign-up trigger, which may call Auth, has 7 s in all.
            return firebase_admin.initialize_app(
                options={"projectId": config.project_id(), "httpTimeout": ADMIN_TIMEOUT_S}
            )


_app_lock = threading.Lock()


def get(path: Path[D]) -> D | None:
    """The document at this path, None if there is none. One round trip. `Unavailable`, `MalformedDocument`."""
    [found] = get_all([path])
    return found


def get_all(paths: Sequence[Path[D]]) -> list[D | None]:
    """The documents at these paths, of one struct, in one round trip; None where there is none.

    `Unavailable`, `MalformedDocument`.
    """
    found = read_documents(paths) if paths else {}
    return [found[path].as_(path) for path in paths]


def get_pair(first: Path[D], second: Path[P]) -> tuple[D | None, P | None]:
    """Two documents in one round trip; None where there is none. `Unavailable`, `MalformedDocument`."""
    found = read_documents([first, second])
    return found[first].as_(first), found[second].as_(second)


def read_documents(paths: Iterable[str], *, timeout_s: float | None = None) -> dict[str, Document]:
    """{path: document with its precondition}, absent ones too. `Unavailable`, after RPC_TIMEOUT_S by default."""
    wanted = dict.fromkeys(paths)
    piggybacked = _settings().due(wanted)
    prefix = len(root()) + 1
    request = {"documents": [full_name(path) for path in (*wanted, *piggybacked)]}
    found = dict(_document(each, prefix) for each in _read("batchGet", root(), request, timeout_s or RPC_TIMEOUT_S))
    _settings().put({path: found.pop(path).data for path in piggybacked})
    for path, document in found.items():
        cached_documents().note_read(path, document)
        if path.partition("/")[0] in KEPT_FOR_A_MINUTE:
            kept_for_a_minute().put(path, document.data)
    return found


def docs_of(already_read: Mapping[str, Document]) -> Docs:
    """Typed access to documents that were read together. Changes are not committed.

    A document that was not among them is read on demand: a plan whose cache entry has expired since.
    """

    def look_up(path: str) -> Data | None:
        found = already_read if path in already_read else read_documents([path])
        return found[path].data

    return Docs(look_up)


def _document(answer: Mapping[str, Any], prefix: int) -> tuple[str, Document]:
    """The path and the document in an answer to a read."""
    if "found" not in answer:
        return answer["missing"][prefix:], Document(None, None)
    found = answer["found"]
    return found["name"][prefix:], Document(values.fields_of(found), values.version(found["updateTime"]))


PIGGYBACKED: set[str] = set()
"""Settings documents. Once in REFRESH_S they are read together with other documents, at no extra round trip."""
REFRESH_S = 60.0


class _Settings:
    """The settings documents that were read together with others, and when each is due again."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[Data | None, float]] = {}

    def due(self, wanted: Mapping[str, None]) -> list[str]:
        now = time.monotonic()
        return [path for path in PIGGYBACKED if path not in wanted and now >= self.held.get(path, (None, 0.0))[1]]

    def put(self, found: Mapping[str, Data | None]) -> None:
        until = time.monotonic() + REFRESH_S
        self.held.update({path: (data, until) for path, data in found.items()})


@per_process
def _settings() -> _Settings:
    return _Settings()


def settings(path: str) -> Data:
    """The document of PIGGYBACKED as it was last read; empty before that, or if it does not exist."""
    return _settings().held.get(path, (None, 0.0))[0] or {}


KEPT_FOR_A_MINUTE: set[str] = set()
"""Collections whose documents are cached when they are read, because many calls need them and they rarely change."""


@per_process
def kept_for_a_minute() -> Cache[Data | None]:
    """Documents of KEPT_FOR_A_MINUTE by path; None: absent."""
    return Cache(2_000, ttl_s=MINUTE_S)


@per_process
def cached_documents() -> DocumentCache:
    return DocumentCache()


def cached(path: str) -> Document | None:
    """The document as this process last committed it: a guess, until a commit verifies it."""
    return cached_documents().get(path)


class Row(NamedTuple):
    """A document that a query found."""

    path: str
    data: Data


def run(parent: str, query: Mapping[str, Any]) -> list[Row]:
    """All documents that a StructuredQuery below `parent` finds: give it a limit. `Unavailable`."""
    prefix = len(root()) + 1
    answers = _read("runQuery", parent, {"structuredQuery": query}, RPC_TIMEOUT_S)
    found = (answer["document"] for answer in answers if "document" in answer)
    return [Row(each["name"][prefix:], values.fields_of(each)) for each in found]


def aggregate(parent: str, query: Mapping[str, Any], aggregation: Mapping[str, Any]) -> int:
    """The result of an aggregation (a count or a sum), 0 if it is empty. `Unavailable`."""
    request = {"structuredAggregationQuery": {"structuredQuery": query, "aggregations": [aggregation]}}
    [answer] = _read("runAggregationQuery", parent, request, RPC_TIMEOUT_S)
    [result] = answer["result"]["aggregateFields"].values()
    return int(values.value_of(result) or 0)


def _read(method: str, parent: str, request: Mapping[str, Any], timeout_s: float) -> list[Any]:
    """The parts of the answer to a read. `Unavailable`, after `timeout_s`."""
    answer: list[Any] = _repeated(
        lambda left_s: connections().ask(method, parent, request, left_s), time.monotonic() + timeout_s
    )
    return answer


def _repeated(attempt: Callable[[float], T], until: float) -> T:
    """What `attempt(seconds left)` returns, which may safely be repeated. `Unavailable`."""
    pause_s = MIN_TIMEOUT_S
    while True:
        with _reachable():
            try:
                return attempt(max(MIN_TIMEOUT_S, until - time.monotonic()))
            except rest.Unreachable as error:
                pause = random.uniform(0, pause_s)  # full jitter
                if not error.may_pass or time.monotonic() + pause > until:
                    raise
        time.sleep(pause)
        pause_s = min(2 * pause_s, MAX_PAUSE_S)


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (rest.Unreachable, rest.Aborted) as error:
        raise Unavailable(retryAfterSeconds=5) from error


def commit(
    changes: Mapping[str, Data | None],
    known: Mapping[str, Document],
    increments: Mapping[str, Mapping[FieldPath, int]] | None = None,
    *,
    timeout_s: float | None = None,
) -> None:
    """All changes (None: delete) in one commit: each holds only if its document still is as `known`.

    A document that is not known, or known as absent, must not exist. `increments` of other documents have no
    precondition; ValueError for some without a change. `rest.FirestoreError`. What the commit proved goes into the
    cache.
    """
    writes: dict[str, Any] = {}
    for path, data in changes.items():
        before, name = known.get(path), full_name(path)
        if before is None or before.data is None:
            if data is not None:
                writes[path] = values.create(name, data)
        elif data is None:
            writes[path] = values.delete(name, before.update_time)
        else:
            writes[path] = values.update(name, *_difference(before.data, data), before.update_time)
    added = {path: amounts for path, each in (increments or {}).items() if (amounts := _not_zero(each))}
    if added and (not writes or not added.keys().isdisjoint(changes)):
        raise ValueError("increments are for other documents than the changes, and not alone")
    if not writes:
        return
    blind = [values.increment(full_name(path), amounts) for path, amounts in added.items()]
    results = _send([*writes.values(), *blind], timeout_s or RPC_TIMEOUT_S)
    for path, result in zip(writes, results, strict=False):
        cached_documents().note_commit(path, changes[path], _version(result))


def _version(result: Mapping[str, Any]) -> str | None:
    """The version that a write made; None: it deleted the document."""
    return values.version(result["updateTime"]) if "updateTime" in result else None


def _not_zero(amounts: Mapping[FieldPath, int]) -> dict[FieldPath, int]:
    return {field: amount for field, amount in amounts.items() if amount}


def _send(writes: Iterable[Any], timeout_s: float) -> Sequence[Any]:
    """Commit these writes, and return their results."""
    answer = connections().ask("commit", root(), {"writes": list(writes)}, timeout_s)
    results: Sequence[Any] = answer.get("writeResults", [])  # JSON leaves an empty list out
    return results


def full_name(path: str) -> str:
    """The document's full name. ValueError for a path that is not a document's."""
    if path.count("/") % 2 == 0 or "" in path.split("/"):
        raise ValueError("not a document's path")
    return f"{root()}/{path}"


def delete_all(paths: Iterable[str]) -> None:
    """Delete up to 500 documents in one commit, without preconditions. `Unavailable`. Idempotent.

    Use it for documents that are no longer written, such as a deleted post's likes.
    """
    writes = [values.delete(full_name(path)) for path in paths]
    _repeated(lambda left_s: _send(writes, left_s), time.monotonic() + RPC_TIMEOUT_S)


def differ(before: object, after: object) -> bool:
    """Whether the values differ in Firestore, where 1 and 1.0 are different."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return before.keys() != after.keys() or any(differ(before[name], after[name]) for name in after)
    return before != after or isinstance(before, float) != isinstance(after, float)


def _difference(before: Data, after: Data) -> tuple[Data, list[str]]:
    """The top-level fields to set, and the fields to remove.

    Never both empty: the write's precondition also verifies that the document is unchanged.
    """
    changed = {name: value for name, value in after.items() if name not in before or differ(before[name], value)}
    removed = [name for name in before if name not in after]
    return (changed if changed or removed else dict(list(after.items())[:1])), removed
