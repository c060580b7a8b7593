"""The servers' side of the network in memory: a handler of http.server's runs on one request, to its end."""

from __future__ import annotations

import http.client
import io
import socket
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

MAX_ANSWER = 2 << 20
"""The most bytes of one answer. The connection breaks after them, so endless answers end."""


class HandlerFailed(BaseException):
    """A stand-in's handler has a bug. No `except Exception` of the code under test may hide it."""


class Answer(NamedTuple):
    """What a handler wrote, in order: bytes, and pauses in seconds."""

    parts: list[bytes | float]
    end: str
    """What follows: "" (the connection is kept), "eof" or "reset"."""


class Server:
    """What listens at an address: a handler class, and what its handlers know as their `server`."""

    def __init__(self, name: str, handler: type[BaseHTTPRequestHandler], server: object) -> None:
        self.kind = f"http.{name}"
        self._handler: Any = type(f"Simulated{handler.__name__}", (_Lean, handler), {})
        self._server = server

    def answer(self, end: ServerEnd) -> Answer:
        """What the handler writes to the request at this end of a connection."""
        try:
            handler = self._handler(end, ("127.0.0.1", 1), self._server)
        except OSError:
            end.how = end.how or "eof"
        except Exception as error:
            raise HandlerFailed(f"{self.kind}: {type(error).__name__}") from error
        else:
            end.how = end.how or ("eof" if handler.close_connection else "")
        return Answer(end.parts, end.how)


class ServerEnd:
    """The server's end of a connection for one request: the handler's `connection` and `wfile`."""

    closed = False

    def __init__(self, request: bytes) -> None:
        self.rfile = io.BytesIO(request)
        self.parts: list[bytes | float] = []
        self.how = ""
        self._size = 0

    def write(self, data: bytes) -> int:
        room = MAX_ANSWER - self._size
        if not self.how:
            self.parts.append(bytes(data[:room]))
            self._size += len(data)
        if self.how or len(data) > room:
            self.how = self.how or "reset"
            raise BrokenPipeError(32, "Broken pipe")
        return len(data)

    def flush(self) -> None:
        pass

    def setsockopt(self, level: int, option: int, _value: object) -> None:
        if (level, option) == (socket.SOL_SOCKET, socket.SO_LINGER):  # closed so, the connection is reset
            self.how = "reset"

    def shutdown(self, _how: int) -> None:
        self.how = self.how or "eof"

    def close(self) -> None:
        self.how = self.how or "eof"


class _Headers(dict[str, str]):
    """A request's headers, by their names in small letters; other spellings are found too."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __getitem__(self, name: str) -> Any:
        return super().get(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


class _Lean(BaseHTTPRequestHandler):
    """What a handler inherits from BaseHTTPRequestHandler, without what costs most of its time.

    Requests are parsed without the email package: our clients' are well-formed. Answers have no Date and no Server.
    """

    def setup(self) -> None:
        self.connection: Any = self.request
        self.rfile = self.request.rfile
        self.wfile = self.request

    def handle(self) -> None:
        self.handle_one_request()

    def finish(self) -> None:
        pass

    def parse_request(self) -> bool:
        line: bytes = self.raw_requestline  # type: ignore[attr-defined]  # typeshed lacks it
        self.requestline = line.decode("latin-1").rstrip("\r\n")
        self.command, self.path, self.request_version = self.requestline.split(" ")
        headers = _Headers()
        for line in iter(self.rfile.readline, b"\r\n"):
            if not line:
                raise ConnectionResetError
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        self.headers: Any = headers
        self.close_connection = self.protocol_version < "HTTP/1.1" or headers.get("connection", "").lower() == "close"
        return True

    def send_response(self, code: int, message: str | None = None) -> None:
        phrase = message or http.client.responses.get(code, "")
        self._headers_buffer: list[bytes] = [f"{self.protocol_version} {int(code)} {phrase}\r\n".encode("latin-1")]
