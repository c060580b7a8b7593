"""A package index on loopback, with wheels made from what is installed: real names and needs, empty packages.

For each locked package it offers the locked version and a newer one, as a registry does the day after a lock was made.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NEWER = "9999"
PIN = re.compile(r"^(?P<name>[\w.-]+)(?:\[(?P<extras>[\w,-]+)\])?==(?P<version>[^ \\;]+)(?P<rest>[^\n]*)", re.MULTILINE)


def wheel(name: str, version: str, needs: str = "", files: Mapping[str, str] | None = None) -> tuple[str, bytes]:
    """(file name, content) of a wheel; `needs` are lines of its METADATA, `files` what it brings."""
    stem = f"{name.replace('-', '_')}-{version}"
    entries = {
        **(files or {}),
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in entries.items():
            entry = zipfile.ZipInfo(path)  # without the time: made twice, it is the same file
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
        lines = [f"{path},sha256={_digest(text.encode())},{len(text.encode())}" for path, text in entries.items()]
        archive.writestr(zipfile.ZipInfo(record), "\n".join([*lines, f"{record},,", ""]))
    return f"{stem}-py3-none-any.whl", content.getvalue()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


@functools.cache
def needs(name: str) -> list[Requirement]:
    """What the installed package says it needs; nothing where it is not for this system."""
    try:
        return [Requirement(line) for line in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:
        return []


@dataclass
class Index:
    """A served index; `asked` are the files that were downloaded from it, `cut_off` those of which half is sent."""

    url: str
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cut_off: set[str] = field(default_factory=set)

    def add(self, name: str, file: str, content: bytes) -> str:
        self.files.setdefault(canonicalize_name(name), {})[file] = content
        return f"--hash=sha256:{hashlib.sha256(content).hexdigest()}"

    def lock(self, text: str, only: Collection[str] | None = None) -> str:
        """The lock file `text` over this index's wheels: its names, extras, versions and markers, their hashes.

        `only` leaves the other packages away, from the lock as from what the rest needs.
        """
        lines = []
        for pin in PIN.finditer(text):
            if only is not None and pin["name"] not in only:
                continue
            wanted = [need for need in needs(pin["name"]) if only is None or canonicalize_name(need.name) in only]
            extras = {
                extra for need in needs(pin["name"]) for extra in re.findall(r"extra == \"(.+?)\"", str(need.marker))
            }
            stated = [f"Requires-Dist: {need}\n" for need in wanted] + [f"Provides-Extra: {each}\n" for each in extras]
            made = self.add(pin["name"], *wheel(pin["name"], pin["version"], "".join(stated)))
            self.add(pin["name"], *wheel(pin["name"], NEWER, "".join(stated)))
            lines.append(f"{pin[0].removesuffix(chr(92)).rstrip()} {made}")
        return "\n".join([*lines, ""])


def asked_by_extra(text: str) -> list[tuple[str, str, set[str]]]:
    """(package, other, extras) for each package of the lock file that asks another one for extras."""
    found: list[tuple[str, str, set[str]]] = []
    for pin in PIN.finditer(text):
        wanted = ["", *(pin["extras"] or "").split(",")]
        for need in needs(pin["name"]):
            if need.extras and (need.marker is None or any(need.marker.evaluate({"extra": each}) for each in wanted)):
                found.append((pin["name"], canonicalize_name(need.name), need.extras))
    return found


@contextlib.contextmanager
def served() -> Iterator[Index]:
    """An empty index on a free port of loopback while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, rest = self.path.lstrip("/").partition("/")
            name, _, file = rest.rstrip("/").partition("/")
            files = index.files.get(name, {})
            if kind == "simple" and files:
                links = (
                    f'<a href="/files/{name}/{each}#sha256={hashlib.sha256(content).hexdigest()}">{each}</a>'
                    for each, content in files.items()
                )
                self.answer("text/html", f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode())
            elif kind == "files" and file in files:
                index.asked.append(file)
                content = files[file]
                sent = len(content) // 2 if file in index.cut_off else len(content)
                self.answer("application/octet-stream", content, sent)
            else:
                self.send_error(404)

        def answer(self, kind: str, content: bytes, sent: int | None = None) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:sent])

        def log_message(self, format: str, *args: object) -> None:
            """The test asks what was downloaded; the rest is of no use."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index = Index(f"http://127.0.0.1:{server.server_port}/simple/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
