"""HTTP to providers, bounded in seconds and bytes. An order is sent once, on a new connection; a question may repeat.

Redirects are not followed, so the key is sent to the configured host only.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import http.client
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import certifi
import msgspec
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from studiox.kit.process import memoized

from .base import Base

CONNECT_S = 5.0
ORDER_READ_S = 25.0
QUESTION_READ_S = 10.0
SLACK_S = 5.0
"""How much longer than its read timeout a whole answer may take: the timeout alone restarts with each byte."""
MAX_BODY = 1 << 20
ATTEMPTS = 3
RETRY_STATUSES = frozenset((429, 502, 503, 504))
MAX_PAUSE_S = 2.0
RETRY_WITHIN_S = 8.0
"""A question that has taken this long is not repeated."""
MAX_RETRY_AFTER_S = 3600.0

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "StudioX"}
_WITH_BODY = {**_HEADERS, "Content-Type": "application/json"}

# What a socket, TLS, http.client and urllib3 raise when an exchange breaks. ValueError: a malformed header.
_BROKEN = (HTTPError, http.client.HTTPException, OSError, ValueError)


class NotSent(Exception):
    """No connection was made, so nothing was sent."""


class Lost(Exception):
    """The request was sent, at least in part, and there is no answer."""


class Answer(NamedTuple):
    """An answer of any status. `body` is None unless it is a JSON object."""

    status: int
    body: dict[str, Any] | None
    text: str
    """The beginning of the body, for the private log."""
    retry_after_s: float | None


@functools.cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextlib.contextmanager
def _within(seconds: float, sock: Any) -> Iterator[None]:
    """Shut the connection down if the block takes longer; a read from it then fails."""

    def end() -> None:
        with contextlib.suppress(OSError, ValueError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Http(HTTPConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with _within((self.timeout or 0) + SLACK_S, self.sock):
            return super().getresponse()


class _Https(HTTPSConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with _within((self.timeout or 0) + SLACK_S, self.sock):
            return super().getresponse()


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


@memoized(64)
def _pool(base: Base) -> urllib3.HTTPConnectionPool:
    """The process's connection pool for questions."""
    if base.scheme == "https":
        return _HttpsPool(base.host, base.port, maxsize=16, ssl_context=_tls())
    return _HttpPool(base.host, base.port, maxsize=16)


def send(base: Base, path: str, headers: Mapping[str, str], body: bytes, *, read_s: float | None = None) -> Answer:
    """POST JSON once, on a new connection. `headers`: the key's, beside the usual ones. NotSent, Lost.

    A pooled connection may be dead, and then it is unknown whether the order arrived. `read_s` is for a provider that
    answers only when it has finished.
    """
    read_s = ORDER_READ_S if read_s is None else read_s
    connection = (
        _Https(base.host, base.port, timeout=CONNECT_S, ssl_context=_tls())
        if base.scheme == "https"
        else _Http(base.host, base.port, timeout=CONNECT_S)
    )
    try:
        try:
            connection.connect()
        except _BROKEN as error:
            raise NotSent(type(error).__name__) from error
        try:
            connection.timeout = read_s
            sent = {**_WITH_BODY, **headers}
            connection.request("POST", base.prefix + path, body, sent, preload_content=False, decode_content=False)
            return _answer(connection.getresponse(), read_s)
        except _BROKEN as error:
            raise Lost(type(error).__name__) from error
    finally:
        connection.close()


def ask(base: Base, path: str, headers: Mapping[str, str]) -> Answer:
    """GET, up to three times for failures that may pass. Lost if there is no answer."""
    started = time.monotonic()
    for attempt in range(ATTEMPTS):
        final = attempt == ATTEMPTS - 1 or time.monotonic() - started > RETRY_WITHIN_S
        try:
            answer = _ask_once(base, path, headers)
        except _BROKEN as error:
            if final:
                raise Lost(type(error).__name__) from error
            pause = None
        else:
            if final or answer.status not in RETRY_STATUSES:
                return answer
            pause = answer.retry_after_s
        # Full jitter, so that pollers that were refused together do not retry together.
        time.sleep(min(MAX_PAUSE_S, pause if pause is not None else random.uniform(0.05, 0.4 * 2**attempt)))
    raise AssertionError("the last attempt returns or raises")


def ask_within(base: Base, path: str, headers: Mapping[str, str], body: bytes, within_s: float) -> Answer:
    """POST a question. Repeated once if a kept connection turns out to be closed. Lost if there is no answer."""
    until = time.monotonic() + within_s
    for final in (False, True):
        try:
            return _ask_once(base, path, headers, body, read_s=max(0.01, until - time.monotonic()))
        except _BROKEN as error:
            if final or isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
                raise Lost(type(error).__name__) from error
    raise AssertionError("the last attempt returns or raises")


def _ask_once(
    base: Base, path: str, headers: Mapping[str, str], body: bytes | None = None, read_s: float = QUESTION_READ_S
) -> Answer:
    response = _pool(base).urlopen(
        "GET" if body is None else "POST",
        base.prefix + path,
        body=body,
        headers={**(_HEADERS if body is None else _WITH_BODY), **headers},
        retries=False,
        redirect=False,
        timeout=urllib3.Timeout(connect=min(CONNECT_S, read_s), read=read_s),
        pool_timeout=int(CONNECT_S),
        preload_content=False,
        decode_content=False,
    )
    assert isinstance(response, urllib3.HTTPResponse)
    return _answer(response, read_s)


def _answer(response: urllib3.HTTPResponse, read_s: float) -> Answer:
    """The answer with its body. The body is read to its end so that the connection can be reused."""
    until = time.monotonic() + read_s + SLACK_S
    content = bytearray()
    whole = False
    try:
        while len(content) <= MAX_BODY and time.monotonic() < until:
            chunk = response.read1(65_536)
            if not chunk:
                whole = True
                break
            content += chunk
    finally:
        # Unread bytes on a reused connection would become the beginning of the next answer.
        response.release_conn() if whole else response.close()
    coded = response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")
    body = None if coded or not whole else _json_object(bytes(content))
    text = bytes(content[:500]).decode("utf-8", "replace")
    return Answer(response.status, body, text, retry_after(response.headers.get("Retry-After", "")))


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def retry_after(header: str) -> float | None:
    """Seconds to wait, at most an hour, from either form of the header (RFC 9110 §10.2.3); None without a valid one."""
    header = header.strip()
    if header.isascii() and header.isdigit():
        return min(float(header), MAX_RETRY_AFTER_S)
    parsed = email.utils.parsedate_tz(header[:64])
    if parsed is None:
        return None
    try:
        return min(max(0.0, email.utils.mktime_tz(parsed) - time.time()), MAX_RETRY_AFTER_S)
    except (ValueError, OverflowError):
        return None
