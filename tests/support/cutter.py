"""A proxy before the Firestore engine that cuts connections in the middle of an answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from tests.support.proxy import Proxy, end

HEADER = 9  # bytes before each HTTP/2 frame's payload: length, type, flags, stream
DATA, HEADERS = 0, 1  # types of frames


class Cutter(Proxy):
    """`host` is what FIRESTORE_EMULATOR_HOST wants. Whole until `cut` is asked for."""

    def __init__(self, engine: str) -> None:
        self._lock = threading.Lock()
        self._times = 0
        self._after = 0
        self.cuts = 0
        """How many answers were cut so far."""
        super().__init__(engine)

    def cut(self, *, after: int = 0, times: int = 1) -> None:
        """Close the connection of the next `times` answers once `after` of its DATA frames have passed.

        0: when the answer begins, so that nothing of it arrives.
        """
        with self._lock:
            self._after, self._times = after, times

    def answers(self, server: socket.socket, client: socket.socket) -> None:
        passed: dict[int, int] = {}  # of each stream: how many DATA frames
        with contextlib.suppress(OSError):
            for kind, stream, frame in _frames(server):
                if kind in (HEADERS, DATA) and self._cuts(passed.get(stream, 0)):
                    break
                passed[stream] = passed.get(stream, 0) + (kind == DATA)
                client.sendall(frame)
        end(client, server)

    def _cuts(self, passed: int) -> bool:
        with self._lock:
            if self._times <= 0 or passed < self._after:
                return False
            self._times -= 1
            self.cuts += 1
            return True


def _frames(server: socket.socket) -> Iterator[tuple[int, int, bytes]]:
    """(type, stream, the whole frame) of what the engine sends."""
    held = b""
    while some := server.recv(65536):
        held += some
        while len(held) >= HEADER and len(held) >= (size := HEADER + int.from_bytes(held[:3], "big")):
            yield held[3], int.from_bytes(held[5:HEADER], "big"), held[:size]
            held = held[size:]
