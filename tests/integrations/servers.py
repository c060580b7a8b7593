"""Servers that answer whatever a test says, byte for byte."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self


class Raw:
    """Accepts connections, keeps each request's bytes, and lets `respond` do as it likes with the socket."""

    def __init__(self, respond: Callable[[socket.socket], None], *, listen: bool = True) -> None:
        """`listen`: read a whole request before responding, not just what comes first."""
        self.requests: list[bytes] = []
        self._listen = listen
        self._respond = respond
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)
        self._listener.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._listener.accept()
                with connection:
                    connection.settimeout(5)
                    self.requests.append(_read_request(connection) if self._listen else connection.recv(65_536))
                    self._respond(connection)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and (piece := connection.recv(65_536)):
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while lengths and len(body) < lengths[0] and (piece := connection.recv(65_536)):
        body += piece
    return head + b"\r\n\r\n" + body


def response(status: int, body: Any, **headers: str) -> bytes:
    """An HTTP response; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


@contextlib.contextmanager
def answering(*answers: bytes) -> Iterator[Raw]:
    """A server that gives these answers in turn, the last one for ever."""
    left = list(answers)

    def respond(connection: socket.socket) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    with Raw(respond) as server:
        yield server
