"""Firestore's REST API: kept connections, one way to ask, and what its errors mean.

The client library speaks gRPC, whose Python layer takes a third of a debit's CPU time and 25 MiB of memory
(docs/decisions/0033-firestore-over-rest.md). https://firebase.google.com/docs/firestore/reference/rest
"""

from __future__ import annotations

import functools
import http.client
import select
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

HOST = "firestore.googleapis.com"
IDLE_S = 60.0
"""A connection that was idle for longer is not used again: a router between may have forgotten it."""
CHUNK = 65_536
"""Bytes of an answer between two looks at the clock."""
TOKEN_TIMEOUT_S = 3.0


class FirestoreError(Exception):
    """Firestore refused a request. `status` is the canonical code, such as INVALID_ARGUMENT."""

    def __init__(self, status: str, text: str = "") -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Conflict(FirestoreError):
    """A commit was not applied: a document is not as its precondition says."""


class Aborted(Conflict):
    """A request was not carried out: there was too much contention."""


class Unreachable(FirestoreError):
    """There is no answer, or one that does not say what happened. A commit may have been applied."""

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed at once. After a timeout it may not: the time is over."""
        return self.status in ("UNAVAILABLE", "INTERNAL")


# https://cloud.google.com/apis/design/errors
_ERRORS: Mapping[str, type[FirestoreError]] = {
    **dict.fromkeys(("ALREADY_EXISTS", "FAILED_PRECONDITION", "NOT_FOUND"), Conflict),
    "ABORTED": Aborted,
    **dict.fromkeys(("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "CANCELLED"), Unreachable),
    **dict.fromkeys(("UNKNOWN", "DATA_LOSS", "UNIMPLEMENTED"), Unreachable),
}
# An answer without Firestore's own error is from what stands in front of it.
_STATUS_OF_HTTP = {408: "DEADLINE_EXCEEDED", 429: "RESOURCE_EXHAUSTED", 504: "DEADLINE_EXCEEDED"}


class Connections:
    """The connections of one process to Firestore, or to the emulator at `host`. Safe for threads."""

    def __init__(self, database: str, host: str | None, authorization: Callable[[], str]) -> None:
        _, project, _, name = database.split("/")
        self._headers = {
            "Content-Type": "application/json",
            # By these Google's front end finds the database; its own clients send both.
            "Google-Cloud-Resource-Prefix": database,
            "X-Goog-Request-Params": f"project_id={quote(project)}&database_id={quote(name)}",
        }
        self._host = host
        self._authorization = authorization
        self._idle: list[tuple[http.client.HTTPConnection, float]] = []
        """Each with the time of its last answer. The last one is used first, so that the others grow old."""

    def ask(self, method: str, parent: str, request: Mapping[str, Any], timeout_s: float) -> Any:
        """The JSON of the answer. `parent` is the full name of a database's documents, or of one of them.

        `FirestoreError`; ValueError or TypeError for a request that cannot be sent.
        """
        body = msgspec.json.encode(request)
        try:
            return _result(*self.send(f"{_address(parent)}:{method}", body, timeout_s))
        except (OSError, http.client.HTTPException) as error:
            self.close()  # what broke this connection may have broken the others
            status = "DEADLINE_EXCEEDED" if isinstance(error, TimeoutError) else "UNAVAILABLE"
            raise Unreachable(status, type(error).__name__) from error

    def send(self, address: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        """The status and the body of the answer. OSError or HTTPException if the connection breaks."""
        until = time.monotonic() + timeout_s
        authorization = self._authorization()
        connection = self._kept() or self._opened(timeout_s)
        try:
            connection.sock.settimeout(timeout_s)
            connection.putrequest("POST", address, skip_accept_encoding=True)
            for name, value in self._headers.items():
                connection.putheader(name, value)
            connection.putheader("Authorization", authorization)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            parts = []
            while part := answer.read(CHUNK):
                parts.append(part)
                if connection.sock is not None:  # None once the answer is complete and ends the connection
                    connection.sock.settimeout(max(0.01, until - time.monotonic()))
            if answer.length:  # what is still to come; `read` does not complain
                raise http.client.IncompleteRead(b"", answer.length)
        except BaseException:
            connection.close()
            raise
        if not answer.will_close:
            self._idle.append((connection, time.monotonic()))
        return answer.status, b"".join(parts)

    def _kept(self) -> http.client.HTTPConnection | None:
        """A connection that is still open."""
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if time.monotonic() - since < IDLE_S and not _is_readable(connection):
                return connection
            connection.close()
        return None

    def _opened(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._host is not None:
            connection = http.client.HTTPConnection(self._host, timeout=timeout_s)
        else:
            connection = http.client.HTTPSConnection(HOST, timeout=timeout_s, context=_trusted())
        connection.connect()
        return connection

    def close(self) -> None:
        """Close the connections that are not in use."""
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def __del__(self) -> None:
        self.close()


def _is_readable(connection: http.client.HTTPConnection) -> bool:
    """Whether something arrived that nobody asked for: the server has closed the connection."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


@functools.cache
def _trusted() -> Any:
    import ssl

    import certifi

    return ssl.create_default_context(cafile=certifi.where())


@functools.lru_cache(maxsize=1_000)
def _address(parent: str) -> str:
    return f"/v1/{quote(parent, safe='/()')}"


def _result(status: int, body: bytes) -> Any:
    """The JSON of an answer. `FirestoreError`, also for one that stands between the parts of a list.

    HTTPException for half an answer.
    """
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = None
    for part in answer if isinstance(answer, list) else (answer,):
        if isinstance(part, dict) and isinstance(error := part.get("error"), dict):
            code = str(error.get("status"))
            raise _ERRORS.get(code, FirestoreError)(code, str(error.get("message")))
    if status == http.client.OK:
        if answer is None:
            raise http.client.IncompleteRead(body)
        return answer
    if status in _STATUS_OF_HTTP or status >= http.client.INTERNAL_SERVER_ERROR:
        raise Unreachable(_STATUS_OF_HTTP.get(status, "UNAVAILABLE"), f"HTTP {status}, {len(body)} bytes")
    raise FirestoreError(f"HTTP_{status}", f"{len(body)} bytes")


class Authorization:
    """The header for Google's credentials: its token is renewed some minutes before it expires, by one thread."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """The header. `Unreachable` without a valid token."""
        from google.auth.credentials import TokenState
        from google.auth.exceptions import GoogleAuthError

        state = self._credentials.token_state
        if state is not TokenState.FRESH and self._lock.acquire(blocking=state is TokenState.INVALID):
            try:
                if self._credentials.token_state is not TokenState.FRESH:
                    self._renew()
            except GoogleAuthError as error:
                if self._credentials.token_state is TokenState.INVALID:
                    raise Unreachable("UNAVAILABLE", type(error).__name__) from error
            finally:
                self._lock.release()
        return f"Bearer {self._credentials.token}"

    def _renew(self) -> None:
        from google.auth.transport.requests import Request

        self._credentials.refresh(functools.partial(Request(), timeout=TOKEN_TIMEOUT_S))
