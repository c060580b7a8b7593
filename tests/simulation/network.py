"""Sockets in memory, below http.client and urllib3: the real clients talk to the stand-ins' real handlers.

A server is a `BaseHTTPRequestHandler` class. It gets a request when the client begins to read: then the request is
complete. The handler runs to its end inside one I/O of the world, and what it wrote is the answer. No other socket is
opened: an address that nothing serves refuses the connection.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from unittest import mock

import requests.sessions
import urllib3.connection
import urllib3.util.connection
import urllib3.util.wait

from tests.simulation.faults import Cut, Late
from tests.simulation.network_server import Answer, Server, ServerEnd

Io = Callable[..., Any]
"""`World.io`: (kind, what, act, timeout_s) → the result of `act`. Raises Cut and Late."""

FAULTS = {
    "refused": 0.004,  # no connection: nothing was sent
    "no-route": 0.001,  # the same, after the client's patience
    "unresolved": 0.001,  # no address for the name
    "broken-pipe": 0.001,  # the connection breaks while the request is sent: nothing arrives
    "dead": 0.004,  # a connection that was kept is gone, which the client learns by its next request
    "stale": 0.004,  # the same, and the client learns it before
    "half-answer": 0.004,  # the answer ends too early
}
"""The network's own faults: how often each happens where it can. They come in addition to those of `io`."""


class Network:
    """The network of one run. `chance(what is decided)` gives a number from 0 to below 1.

    Without it there are no faults but those of `io`.
    """

    def __init__(
        self, io: Io, *, chance: Callable[[str], float] | None = None, sleep: Callable[[float], None] | None = None
    ) -> None:
        self._io = io
        self._chance = chance
        self.sleep = sleep or (lambda seconds: time.sleep(seconds))  # looked up late: the world replaces it
        self.faults: dict[str, float] = {} if chance is None else dict(FAULTS)
        """May be changed or emptied at any time."""
        self.injected: Counter[str] = Counter()
        self._servers: dict[tuple[str, int], Server] = {}
        self._answering: ServerEnd | None = None

    def serve(self, host_port: str, name: str, handler: type[BaseHTTPRequestHandler], *, server: object = None) -> None:
        """Serve `host:port` with this handler. `name` is the one in the trace; `server` the handler's own `server`."""
        host, _, port = host_port.rpartition(":")
        self._servers[_known_as(host), int(port)] = Server(name, handler, server)

    def answer(self, server: Server, request: bytes) -> Answer:
        """What the server's handler writes on this request."""
        end = ServerEnd(request)
        before, self._answering = self._answering, end
        try:
            return server.answer(end)
        finally:
            self._answering = before

    def pause(self, seconds: float) -> None:
        """For a handler: let so much time pass before the next bytes of the answer arrive."""
        assert self._answering is not None
        self._answering.parts.append(float(seconds))

    @contextlib.contextmanager
    def patched(self) -> Iterator[Network]:
        """Within the block, all HTTP clients of this process connect to this network only.

        requests does not look for proxies and passwords in the environment, which is a third of its time.
        """
        wait_for_read = urllib3.util.wait.wait_for_read

        def is_readable(sock: Any, timeout: float | None = None) -> bool:
            return sock.is_readable() if isinstance(sock, Socket) else wait_for_read(sock, timeout)

        with (
            mock.patch.object(socket, "create_connection", self._connect),
            mock.patch.object(socket, "getaddrinfo", self._resolve),
            mock.patch.object(urllib3.util.connection, "create_connection", self._connect),
            mock.patch.object(urllib3.connection, "wait_for_read", is_readable),
            mock.patch.object(http.client, "parse_headers", _parse_headers),
            mock.patch.object(requests.sessions, "get_environ_proxies", _no_proxies),
            mock.patch.object(requests.sessions, "get_netrc_auth", _no_password),
        ):
            yield self

    @property
    def is_answering(self) -> bool:
        """Whether a handler runs."""
        return self._answering is not None

    def happens(self, fault: str) -> bool:
        """Whether this fault happens now."""
        rate = self.faults.get(fault, 0.0)
        if not rate or self._chance is None or self.is_answering or self._chance(fault) >= rate:
            return False
        self.injected[fault] += 1
        return True

    def portion(self, of: int) -> int:
        """A number from 0 to below `of`."""
        return 0 if self._chance is None else int(self._chance("portion") * of)

    def _connect(self, address: tuple[str, int], timeout: Any = None, *_: Any, **__: Any) -> Socket:
        server = self._servers.get((_known_as(address[0]), address[1]))
        if server is None or self.happens("refused"):
            raise ConnectionRefusedError(111, "Connection refused")
        patience = float(timeout) if isinstance(timeout, int | float) else None
        if self.happens("no-route"):
            self.sleep(patience or 60.0)
            raise TimeoutError("timed out")
        return Socket(self, server, patience)

    def _resolve(self, host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        known = _known_as(host)
        if not any(known == served for served, _ in self._servers) or self.happens("unresolved"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known, port))]


def _parse_headers(
    file: Any, _class: type[http.client.HTTPMessage] = http.client.HTTPMessage
) -> http.client.HTTPMessage:
    """As http.client's own, without the email package's parser: the handlers' headers are well-formed."""
    message = _class()
    while (line := file.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        message[name] = value.strip()
    return message


def _no_proxies(_url: str, no_proxy: str | None = None) -> dict[str, str]:  # noqa: ARG001 - requests' own signature
    return {}


def _no_password(_url: str) -> None:
    return None


def _known_as(host: str) -> str:
    return "127.0.0.1" if host == "localhost" else host


class Socket:
    """The client's end of a connection: what http.client, urllib3 and media/download.py use of a socket."""

    def __init__(self, network: Network, server: Server, timeout: float | None) -> None:
        self._network, self._server, self._timeout = network, server, timeout
        self._sent: list[bytes] = []
        self._coming: deque[bytes | float] = deque()
        self._ready = memoryview(b"")
        self._end = ""
        self._is_shut = False
        self._exchanges = 0

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        return self._timeout

    def setsockopt(self, *_: Any) -> None:
        pass

    def fileno(self) -> int:
        return -1

    def makefile(self, _mode: str = "rb", _buffering: int | None = None) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def shutdown(self, _how: int) -> None:
        self._is_shut = True

    def close(self) -> None:
        """A file that was made of it can still be read, as with a real socket."""

    def sendall(self, data: Any) -> None:
        if self._is_shut:
            raise BrokenPipeError(32, "Broken pipe")
        if self._end:  # the other end is gone, which the system tells only when the answer to this has come back
            self._sent.clear()
            return
        if self._network.happens("broken-pipe"):
            self._sent.clear()
            self._end = "reset"
            raise BrokenPipeError(32, "Broken pipe")
        self._sent.append(bytes(data))

    def recv(self, size: int) -> bytes:
        buffer = bytearray(size)
        return bytes(buffer[: self.recv_into(memoryview(buffer))])

    def recv_into(self, buffer: Any) -> int:
        while not self._is_shut:
            if self._ready:
                size = min(len(buffer), len(self._ready))
                buffer[:size] = self._ready[:size]
                self._ready = self._ready[size:]
                return size
            if self._coming:
                self._advance()
            elif self._end == "reset":
                raise ConnectionResetError(104, "Connection reset by peer")
            elif self._end:
                return 0
            elif self._sent:
                self._exchange()
            else:
                self._wait(float("inf"))
        return 0

    def is_readable(self) -> bool:
        """Whether a read would not wait: of a connection that is kept, that it is of no more use."""
        if not self._end and not self._coming and self._exchanges and self._network.happens("stale"):
            self._end = "eof"
        return bool(self._end or self._coming or self._ready)

    def _advance(self) -> None:
        part = self._coming.popleft()
        if isinstance(part, bytes):
            self._ready = memoryview(part)
        else:
            self._wait(part)

    def _wait(self, seconds: float) -> None:
        """Nothing comes for so long. TimeoutError if that is longer than the socket's timeout."""
        if self._timeout is None or seconds < self._timeout:
            assert seconds < float("inf"), "the client waits for ever"
            self._network.sleep(seconds)
            return
        self._coming.appendleft(seconds - self._timeout)
        self._network.sleep(self._timeout)
        raise TimeoutError("timed out")

    def _exchange(self) -> None:
        network, server = self._network, self._server
        request = b"".join(self._sent)
        self._sent.clear()
        if network.is_answering:  # a handler asks another one, at once, within the I/O of its own caller
            answer = network.answer(server, request)
            self._coming.extend(part for part in answer.parts if isinstance(part, bytes))
            self._end = answer.end
            return
        if self._exchanges and network.happens("dead"):
            self._end = ("eof", "reset")[network.portion(2)]
            return
        self._exchanges += 1
        what = request[: request.find(b" HTTP/")].partition(b"?")[0].decode("latin-1")
        try:
            answer = network._io(server.kind, what, lambda: network.answer(server, request), self._timeout)
        except Cut:
            self._end = "reset"
            raise ConnectionResetError(104, "Connection reset by peer") from None
        except Late:
            self._end = "reset"
            raise TimeoutError("timed out") from None
        self._coming.extend(answer.parts)
        self._end = answer.end
        if network.happens("half-answer"):
            self._cut()

    def _cut(self) -> None:
        """Of the answer, only a first part comes."""
        left = self._network.portion(sum(len(part) for part in self._coming if isinstance(part, bytes)))
        kept: deque[bytes | float] = deque()
        for part in self._coming:
            if isinstance(part, bytes):
                part = part[:left]
                left -= len(part)
            kept.append(part)
            if not left:
                break
        self._coming, self._end = kept, ("eof", "reset")[self._network.portion(2)]


class _Reader(io.RawIOBase):
    def __init__(self, sock: Socket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._sock.recv_into(buffer)
