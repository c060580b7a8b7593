"""Firestore: the process's clients, plain reads, one commit under preconditions, and the cache of committed documents.

A document's path is like `users/u1`; its data is a mapping that is never mutated.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import config, protobuf
from .cache import MINUTE_S, Cache
from .document_cache import Document as Document
from .document_cache import DocumentCache
from .documents import D, Data, Docs, FieldPath, P, Path
from .errors import Unavailable
from .process import per_process

if TYPE_CHECKING:
    from google.cloud.firestore import Client
    from google.cloud.firestore_v1.services.firestore import FirestoreClient

RPC_TIMEOUT_S = 8.0
ADMIN_TIMEOUT_S = 3.0


@per_process
def client() -> Client:
    """The client that queries are built and run with. Made at first use: gunicorn forks after import."""
    from google.cloud import firestore

    return firestore.Client(
        project=config.project_id(), credentials=_credentials(), database=config.FIRESTORE_DATABASE.value
    )


@per_process
def api() -> FirestoreClient:
    """The generated client, which reads and commits documents as protobuf messages."""
    from google.cloud.firestore_v1.services.firestore import FirestoreClient, transports

    return FirestoreClient(transport=transports.FirestoreGrpcTransport(channel=channel()))


def channel() -> Any:
    """A connection to Firestore, or to FIRESTORE_EMULATOR_HOST."""
    import grpc  # type: ignore[import-untyped]
    from google.cloud.firestore_v1.services.firestore import FirestoreClient, transports

    options = [
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", -1),
    ]
    if emulator := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        return grpc.insecure_channel(emulator, options=options)
    return transports.FirestoreGrpcTransport.create_channel(
        FirestoreClient.DEFAULT_ENDPOINT, credentials=_credentials(), options=options
    )


def _credentials() -> Any:
    if config.in_emulator():
        from google.auth.credentials import AnonymousCredentials

        return AnonymousCredentials()  # type: ignore[no-untyped-call] # the machine has none
    return app().credential.get_credential()


@per_process
def database() -> str:
    """The full name of the project's database."""
    return f"projects/{config.project_id()}/databases/{config.FIRESTORE_DATABASE.value}"


@per_process
def metadata() -> Sequence[tuple[str, str]]:
    """The metadata of every request to `api()`."""
    owner = [("authorization", "Bearer owner")] if os.environ.get("FIRESTORE_EMULATOR_HOST") else []
    return [("google-cloud-resource-prefix", database()), *owner]


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
    prefix = f"{database()}/documents/"
    request = protobuf.read_request(database(), map(_full_name, (*wanted, *piggybacked)))

    def attempt(once: Any, left_s: float) -> Iterable[Any]:
        return api().batch_get_documents(request=request, retry=once, timeout=left_s, metadata=metadata())

    found = dict(_document(protobuf.unwrapped(each), len(prefix)) for each in _whole(attempt, timeout_s))
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


def _document(response: Any, prefix: int) -> tuple[str, Document]:
    """The path and the document in an answer to a read."""
    if response.WhichOneof("result") == "missing":
        return response.missing[prefix:], Document(None, None)
    found = response.found
    return found.name[prefix:], Document(protobuf.fields_of(found), protobuf.precise_time(found.update_time))


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


def run(query: Any) -> list[Any]:
    """The snapshots of all documents that a query finds: give it a limit. `Unavailable`."""
    return _whole(lambda once, left_s: query.stream(retry=once, timeout=left_s))


def aggregate(query: Any) -> int:
    """The result of an aggregation (a count or a sum), 0 if it is empty. `Unavailable`."""
    [[result]] = _whole(lambda once, left_s: query.stream(retry=once, timeout=left_s))
    return int(result.value or 0)


def _whole(read: Callable[[Any, float], Iterable[Any]], timeout_s: float | None = None) -> list[Any]:
    """All results of a read, restarted if its stream breaks. `Unavailable`, after RPC_TIMEOUT_S or `timeout_s`.

    `read(once, left_s)` passes both on to the client library, so that it does not resume a broken stream itself: it
    raises ValueError or TypeError before the first row, and reads up to a whole limit more after a later one.
    """
    timeout_s = timeout_s or RPC_TIMEOUT_S
    until = time.monotonic() + timeout_s

    def attempt() -> list[Any]:
        return list(read(_once(), max(0.05, until - time.monotonic())))

    with _reachable():
        found: list[Any] = _again().with_timeout(timeout_s)(attempt)()
        return found


@functools.cache
def _once() -> Any:
    """A retry policy for the client library that retries nothing."""
    from google.api_core import retry

    return retry.Retry(lambda _error: False)


@functools.cache
def _again() -> Any:
    """Retry what is retryable, but not for the client library's five minutes, because a caller is waiting."""
    from google.api_core import exceptions, retry

    passing = retry.if_exception_type(exceptions.ServiceUnavailable, exceptions.InternalServerError)
    return retry.Retry(passing, initial=0.05, maximum=1.0, timeout=RPC_TIMEOUT_S)


@functools.cache
def unreachable() -> tuple[type[Exception], ...]:
    """The errors that mean Firestore is unavailable. A commit may have been applied anyway, unless `Aborted`."""
    from google.api_core import exceptions as said

    return said.ServerError, said.RetryError, said.TooManyRequests, said.Cancelled, said.Aborted


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except unreachable() as error:
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
    precondition; ValueError for some without a change. Raises google.api_core's exceptions. What the commit proved goes
    into the cache.
    """
    writes: dict[str, Any] = {}
    for path, data in changes.items():
        before, name = known.get(path), _full_name(path)
        if before is None or before.data is None:
            if data is not None:
                writes[path] = protobuf.create(name, data)
        elif data is None:
            writes[path] = protobuf.delete(name, before.update_time)
        else:
            writes[path] = protobuf.update(name, *_difference(before.data, data), before.update_time)
    added = {path: amounts for path, each in (increments or {}).items() if (amounts := _not_zero(each))}
    if added and (not writes or not added.keys().isdisjoint(changes)):
        raise ValueError("increments are for other documents than the changes, and not alone")
    if not writes:
        return
    blind = [protobuf.increment(_full_name(path), amounts) for path, amounts in added.items()]
    results = _send([*writes.values(), *blind], retry=None, timeout_s=timeout_s or RPC_TIMEOUT_S)
    for path, result in zip(writes, results, strict=False):
        cached_documents().note_commit(path, changes[path], protobuf.precise_time(result.update_time))


def _not_zero(amounts: Mapping[FieldPath, int]) -> dict[FieldPath, int]:
    return {field: amount for field, amount in amounts.items() if amount}


def _send(writes: Iterable[Any], *, retry: Any, timeout_s: float) -> Sequence[Any]:
    """Commit these writes, and return their WriteResult messages."""
    request = protobuf.commit_request(database(), writes)
    answer = api().commit(request=request, retry=retry, timeout=timeout_s, metadata=metadata())
    results: Sequence[Any] = protobuf.unwrapped(answer).write_results
    return results


def _full_name(path: str) -> str:
    """The document's full name. ValueError for a path that is not a document's."""
    if path.count("/") % 2 == 0 or "" in path.split("/"):
        raise ValueError("not a document's path")
    return f"{database()}/documents/{path}"


def delete_all(paths: Iterable[str]) -> None:
    """Delete up to 500 documents in one commit, without preconditions. `Unavailable`. Idempotent.

    Use it for documents that are no longer written, such as a deleted post's likes.
    """
    with _reachable():
        _send([protobuf.delete(_full_name(path)) for path in paths], retry=_again(), timeout_s=RPC_TIMEOUT_S)


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
