"""Two servers for the tests of media: a source that misbehaves on request, and Cloud Storage's JSON API with faults."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import socketserver
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import google_crc32c

PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
GRAIN = 256 * 1024


def png(size: int) -> bytes:
    """`size` bytes that begin like a PNG; different in every kilobyte, so that a lost or repeated piece shows."""
    filler = b"".join(index.to_bytes(4) * 256 for index in range(size // 1024 + 1))
    return (PNG_HEAD + filler)[:size]


def crc_of(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4)).decode()


# ------------------------------------------------------------------------------------------------ a source

Behaviour = Callable[[socket.socket, str], None]
"""Answers one request: gets the connection and the request's head."""


def answer(body: bytes, status: str = "200 OK", **headers: str) -> Behaviour:
    """A well-behaved answer that honours `Range: bytes=N-`; `headers` with underscores for dashes."""

    def behave(connection: socket.socket, head: str) -> None:
        lines = {"content-length": str(len(body))} | {key.replace("_", "-"): value for key, value in headers.items()}
        part, first = body, status
        for line in head.lower().splitlines():
            if line.startswith("range: bytes="):
                at = int(line.removeprefix("range: bytes=").rstrip("-"))
                part, first = body[at:], "206 Partial Content"
                lines |= {"content-length": str(len(part)), "content-range": f"bytes {at}-{len(body) - 1}/{len(body)}"}
        connection.sendall(_head(first, lines) + part)

    return behave


def chunked(body: bytes, size: int = 10_000) -> Behaviour:
    """The body in chunks: its length is not announced."""

    def behave(connection: socket.socket, _head_text: str) -> None:
        connection.sendall(_head("200 OK", {"transfer-encoding": "chunked"}))
        for at in range(0, len(body), size):
            part = body[at : at + size]
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

    return behave


def raw(*parts: bytes, wait: threading.Event | None = None) -> Behaviour:
    """These bytes; then, with `wait`, silence until it is set, and the connection is closed."""

    def behave(connection: socket.socket, _head_text: str) -> None:
        for part in parts:
            connection.sendall(part)
        if wait is not None:
            wait.wait(60)

    return behave


def endless(prefix: bytes, drip: bytes, done: threading.Event, pause_s: float = 0.0) -> Behaviour:
    """`prefix`, then `drip` again and again until nobody listens."""

    def behave(connection: socket.socket, _head_text: str) -> None:
        connection.sendall(prefix)
        while not done.wait(pause_s):
            connection.sendall(drip)

    return behave


def _head(status: str, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode()


class Site:
    """A source on loopback; `routes` says what each path does, `heads` what was asked."""

    def __init__(self) -> None:
        self.routes: dict[str, Behaviour] = {}
        self.heads: list[str] = []
        self.port = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, behaviour: Behaviour) -> str:
        self.routes[path] = behaviour
        return f"http://{self.host}{path}"

    def serve_one(self, connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
        head = data.decode("latin-1")
        self.heads.append(head)
        path = head.split(" ", 2)[1].split("?")[0]
        self.routes.get(path, answer(b"no such file", "404 Not Found"))(connection, head)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


@contextmanager
def site() -> Iterator[Site]:
    source = Site()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # who downloads is meant to hang up on much of this
                source.serve_one(self.request)

    with _serving(_Server(("127.0.0.1", 0), Handler)) as port:
        source.port = port
        yield source


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


# ------------------------------------------------------------------------------------------------ Cloud Storage


class Gcs:
    """What of the JSON API our code uses, as https://cloud.google.com/storage/docs/json_api says it behaves.

    `faults` are taken one for each PUT that carries bytes: `cut N` keeps N bytes (whole 256 KiB of them) and hangs up;
    `503` keeps nothing; `lost` stores the object and hangs up; `corrupt` stores other bytes; `truncate` fewer.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.check_at_start = True
        self.session_cut: int | None = None
        """After so many characters of an upload session's address the connection breaks, once."""
        self.statuses: list[int] = []
        """Answered instead of anything else, one for each request that is no PUT."""
        self.keep_bytes = True
        """If not: counted and summed only, for files that are too large to keep (and no faults)."""
        self.now: Callable[[], str] = lambda: "2026-01-02T03:04:05.678Z"
        """When an object is created that is stored now."""
        self.port = 0
        self.lock = threading.Lock()

    def put_object(
        self, name: str, data: bytes, resource: dict[str, Any], size: int | None = None, crc32c: str | None = None
    ) -> dict[str, Any]:
        with self.lock:
            generation = str(1_700_000_000_000_000 + len(self.requests))
            size, crc32c = (len(data), crc_of(data)) if size is None else (size, crc32c)
            made = {**resource, "name": name, "size": str(size), "crc32c": crc32c, "generation": generation}
            made |= {"timeCreated": self.now()}
            self.objects[name] = {"data": data, "resource": made}
            return made


class GcsHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gcs: Gcs

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, status: int, value: object = None, **headers: str) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for key, text in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, text)
        self.end_headers()
        self.wfile.write(body)

    def _note(self) -> tuple[str, dict[str, str]]:
        parts = urllib.parse.urlsplit(self.path)
        self.gcs.requests.append(f"{self.command} {parts.path}")
        self.gcs.headers.append({key.lower(): value for key, value in self.headers.items()})
        return parts.path, dict(urllib.parse.parse_qsl(parts.query))

    def _pieces(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", "0"))
        while left > 0:
            piece = self.rfile.read1(min(left, GRAIN))
            if not piece:
                raise ConnectionError
            left -= len(piece)
            yield piece

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_POST(self) -> None:
        path, query = self._note()
        body = b"".join(self._pieces())
        resource = json.loads(body) if body else {}
        if self.gcs.statuses:
            return self._answer(self.gcs.statuses.pop(0))
        if "/rewriteTo/" in path:
            src, dst = (urllib.parse.unquote(part.rsplit("/o/", 1)[1]) for part in path.split("/rewriteTo"))
            if src not in self.gcs.objects:
                return self._answer(404)
            if not query.get("rewriteToken"):
                return self._answer(200, {"done": False, "rewriteToken": "t/1=="})
            made = self.gcs.put_object(dst, self.gcs.objects[src]["data"], resource)
            return self._answer(200, {"done": True, "resource": made})
        name = query["name"]
        if query.get("ifGenerationMatch") == "0" and name in self.gcs.objects and self.gcs.check_at_start:
            return self._answer(412)
        session = f"s{len(self.gcs.sessions)}"
        self.gcs.sessions[session] = {"name": name, "resource": resource, "data": bytearray(), "query": query}
        where = f"http://{self.headers['Host']}/upload/session?upload_id={session}"
        if self.gcs.session_cut is not None:
            self.send_response(200)
            self.send_header("Location", where[: self.gcs.session_cut])
            self._headers_buffer[-1] = self._headers_buffer[-1].removesuffix(b"\r\n")  # type: ignore[attr-defined]
            self.gcs.session_cut = None
            self.flush_headers()
            return self._hang_up()
        return self._answer(200, None, Location=where)

    def do_PUT(self) -> None:
        _, query = self._note()
        session = self.gcs.sessions.get(query.get("upload_id", ""))
        if session is None:  # the answer that named the session was cut
            return self._answer(404)
        if self.headers["Content-Range"] == "bytes */*":
            return self._answer(200, session["done"]) if "done" in session else self._incomplete(session)
        at = int(self.headers["Content-Range"].removeprefix("bytes ").split("-")[0])
        if at != len(session["data"]) or "done" in session:
            return self._answer(400)
        if not self.gcs.keep_bytes:
            return self._answer(200, self._count(session))
        fault = self.gcs.faults.pop(0) if self.gcs.faults else ""
        if not self._take(session, fault):
            return None
        if fault == "503":
            return self._answer(503)
        if session["query"].get("ifGenerationMatch") == "0" and session["name"] in self.gcs.objects:
            return self._answer(412)
        data = bytes(session["data"])
        data = {"corrupt": b"\0" + data[1:], "truncate": data[:-1]}.get(fault, data)
        session["done"] = self.gcs.put_object(session["name"], data, session["resource"])
        return self._hang_up() if fault == "lost" else self._answer(200, session["done"])

    def _count(self, session: dict[str, Any]) -> dict[str, Any]:
        size, crc = 0, 0
        for piece in self._pieces():
            size, crc = size + len(piece), google_crc32c.extend(crc, piece)
        crc32c = base64.b64encode(crc.to_bytes(4)).decode()
        return self.gcs.put_object(session["name"], b"", session["resource"], size, crc32c)

    def _take(self, session: dict[str, Any], fault: str) -> bool:
        """The body into the session; False when the connection ended before it did."""
        limit = int(fault.removeprefix("cut ")) if fault.startswith("cut ") else None
        taken = 0
        try:
            for piece in self._pieces():
                taken += len(piece)
                if fault != "503":
                    session["data"] += piece
                if limit is not None and taken > limit:
                    del session["data"][limit:]
                    raise ConnectionError
        except (ConnectionError, ValueError):
            del session["data"][len(session["data"]) // GRAIN * GRAIN :]
            self._hang_up()
            return False
        return True

    def _incomplete(self, session: dict[str, Any]) -> None:
        headers = {"Range": f"bytes=0-{len(session['data']) - 1}"} if session["data"] else {}
        self._answer(308, None, **headers)

    def do_GET(self) -> None:
        path, query = self._note()
        if self.gcs.statuses:
            return self._answer(self.gcs.statuses.pop(0))
        if path.endswith("/o"):
            names = sorted(name for name in self.gcs.objects if name.startswith(query.get("prefix", "")))
            limit = int(query["maxResults"])
            start, end = query.get("startOffset", ""), query.get("endOffset", "\U0010ffff")
            names = [name for name in names if name > query.get("pageToken", "") and start <= name < end]
            page = [self.gcs.objects[name]["resource"] for name in names[:limit]]
            # A name, as in Cloud Storage: what is deleted behind it does not move what is before it.
            more = {"nextPageToken": names[limit - 1]} if limit < len(names) else {}
            return self._answer(200, {"items": page, **more} if page else {})
        found = self.gcs.objects.get(urllib.parse.unquote(path.split("/o/", 1)[1]))
        if found and query.get("alt") == "media" and "Range" in self.headers:
            return self._range(found)
        return self._answer(200, found["resource"]) if found else self._answer(404)

    def _range(self, found: dict[str, Any]) -> None:
        """https://cloud.google.com/storage/docs/transcoding: an object that is unpacked is sent whole."""
        start, end = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        data, encoding = found["data"], found["resource"].get("contentEncoding", "")
        if start >= len(data):
            return self._answer(416)
        unpacked = encoding == "gzip" and "gzip" not in self.headers.get("Accept-Encoding", "")
        piece = gzip.decompress(data) if unpacked else data[start : end + 1]
        self.send_response(200 if unpacked else 206)
        self.send_header("Content-Length", str(len(piece)))
        if encoding and not unpacked:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(piece)
        return None

    def do_DELETE(self) -> None:
        path, query = self._note()
        if self.gcs.statuses:
            return self._answer(self.gcs.statuses.pop(0))
        name = urllib.parse.unquote(path.split("/o/", 1)[1])
        found = self.gcs.objects.get(name)
        if found is None:
            return self._answer(404)
        if query.get("ifGenerationMatch", found["resource"]["generation"]) != found["resource"]["generation"]:
            return self._answer(412)
        del self.gcs.objects[name]
        return self._answer(204)


class _GcsServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:  # a client that hangs up is what several tests are about
        pass


@contextmanager
def gcs_server() -> Iterator[Gcs]:
    gcs = Gcs()
    handler = type("Handler", (GcsHandler,), {"gcs": gcs})
    with _serving(_GcsServer(("127.0.0.1", 0), handler)) as port:
        gcs.port = port
        yield gcs
