"""A server in Firestore's place that answers, byte for byte, what a test says."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

Act = Callable[[socket.socket], None]


def said(status: int, body: Any, *headers: str) -> Act:
    """An answer with its length; a body that is no bytes is JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}", *headers, "", ""]
    return lambda connection: connection.sendall("\r\n".join(head).encode() + content)


def raw(data: bytes) -> Act:
    """These bytes, and the end of the connection."""
    return last(lambda connection: connection.sendall(data))


def last(act: Act) -> Act:
    """What `act` sends, and the end of the connection in the same segment: nobody reads one without the other."""

    def send(connection: socket.socket) -> None:
        if hasattr(socket, "TCP_CORK"):  # Linux; elsewhere the end may come a moment later
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        act(connection)
        connection.shutdown(socket.SHUT_RDWR)

    return send


class Front:
    """A server that keeps its connections and does with each request what its turn says; the last one for ever."""

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None) -> None:
        self._acts, self._tls = list(acts), tls
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.append(connection)
            while request := _one_request(connection):
                with self._lock:
                    self.requests.append(request)
                    act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
                act(connection)

    def hang_up(self) -> None:
        """Close every connection, as a server does with idle ones."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def close(self) -> None:
        self._listener.close()
        self.hang_up()


def _one_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (some := connection.recv(65_536)):
            return b""
        data += some
    head, _, body = data.partition(b"\r\n\r\n")
    [length] = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while len(body) < length and (some := connection.recv(65_536)):
        body += some
    return head + b"\r\n\r\n" + body
