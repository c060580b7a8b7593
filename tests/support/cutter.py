"""A proxy before the Firestore engine that cuts connections in the middle of an answer."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.support.proxy import Proxy, end


class Cutter(Proxy):
    """`host` is what FIRESTORE_EMULATOR_HOST wants. Whole until `cut` is asked for."""

    def __init__(self, engine: str) -> None:
        self._lock = threading.Lock()
        self._times = 0
        self._after = 0
        self._passed: dict[socket.socket, int] = {}
        """How many bytes of its last answer each connection to the engine has passed on."""
        self.cuts = 0
        """How many answers were cut so far."""
        super().__init__(engine)

    def cut(self, *, after: int = 0, times: int = 1) -> None:
        """Close the connection of the next `times` answers once `after` bytes of each have passed.

        0: when the answer begins, so that nothing of it arrives.
        """
        with self._lock:
            self._after, self._times = after, times

    def requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while some := client.recv(65536):
                self._passed[server] = 0
                server.sendall(some)
        end(client, server)

    def answers(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while some := server.recv(65536):
                before = self._passed.get(server, 0)
                most = self._most(before, len(some))
                client.sendall(some[: most - before])
                if most < before + len(some):
                    break
                self._passed[server] = most
        end(client, server)

    def _most(self, before: int, size: int) -> int:
        """How many bytes of the answer may pass, of which `before` have and `size` have arrived."""
        with self._lock:
            if self._times <= 0 or before + size <= self._after:
                return before + size
            self._times -= 1
            self.cuts += 1
            return max(before, self._after)
