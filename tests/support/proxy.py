"""A TCP proxy on loopback, for tests that lose what passes through it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence


class Proxy:
    """Passes every connection on. `host` is its own `host:port`; a subclass decides what does not arrive."""

    def __init__(self, *targets: str) -> None:
        self._targets: Sequence[str] = targets
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def target(self) -> str:
        """Where the next connection leads."""
        return self._targets[0]

    def close(self) -> None:
        end(self._listener)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        name, _, port = self.target().rpartition(":")
        try:
            server = socket.create_connection((name, int(port)))
        except OSError:
            end(client)
            return
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.requests, args=(client, server), daemon=True).start()
        self.answers(server, client)

    def requests(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what the client sends, until one side ends."""
        with contextlib.suppress(OSError):
            while some := client.recv(65536):
                server.sendall(some)
        end(client, server)

    def answers(self, server: socket.socket, client: socket.socket) -> None:
        """Pass on what the server sends, until one side ends."""
        with contextlib.suppress(OSError):
            while some := server.recv(65536):
                client.sendall(some)
        end(client, server)


def end(*sockets: socket.socket) -> None:
    """Close the connections for both sides."""
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
