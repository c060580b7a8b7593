"""Stores media in Cloud Storage: a listed host's file, streamed in pieces of 256 KiB, or bytes made in this process.

A copy is two requests: begin a resumable session, then one PUT whose body is the download as it arrives. Only the
current piece is in memory, and nothing is written to the temporary folder, which is memory on Cloud Run. The caller
names the object; type and extension follow from its first bytes. It is written only if it does not exist
(`ifGenerationMatch=0`), so a retry after a crash uses the object that the first try stored.
"""

from __future__ import annotations

import base64
import io
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from studiox.kit import log

from . import json_api, marking, storage
from .download import (
    Budget,
    MediaDeferred,
    MediaError,
    MediaGone,
    MediaRefused,
    MediaTooLarge,
    MediaUnavailable,
    Resolver,
    check_url,
    open_url,
    system_resolver,
)
from .filetypes import BY_EXTENSION, HEAD_BYTES, FileType, detect
from .marking import Edit, Mark, edit_for
from .storage import (
    CACHE_CONTROL,
    Head,
    Page,
    Stored,
    copy,
    delete,
    delete_prefix,
    exists,
    list_prefix,
    ping,
    read_head,
    read_range,
    signed_url,
)

if TYPE_CHECKING:
    import urllib3

__all__ = [
    "Head",
    "Mark",
    "MediaDeferred",
    "MediaError",
    "MediaGone",
    "MediaRefused",
    "MediaTooLarge",
    "MediaUnavailable",
    "Page",
    "Stored",
    "check_url",
    "copy",
    "copy_from_url",
    "delete",
    "delete_prefix",
    "exists",
    "list_prefix",
    "ping",
    "read_head",
    "read_range",
    "signed_url",
    "store_bytes",
]

PIECE_BYTES = 256 * 1024
MAX_COPIES = 16
"""Concurrent copies in one process. Another one waits for a slot, within its own deadline."""
_MAX_PUTS = 3
_STALL_S = 30.0  # how long sending one piece may take: urllib3 applies the connect timeout to sends
_slots = threading.BoundedSemaphore(MAX_COPIES)


def copy_from_url(
    url: str,
    path_without_extension: str,
    *,
    allowed_hosts: Sequence[str],
    max_bytes: int,
    deadline_s: float,
    inline_bytes: int | None = None,
    mark: Mark | None = None,
    bucket: str | None = None,
    resolver: Resolver = system_resolver,
) -> Stored:
    """Copy the file at `url` to `{path_without_extension}.{ext}`, at most `max_bytes` within `deadline_s` seconds.

    With `mark`: the stored file says by XMP that a model made it; if it cannot, it is stored as it is, with a warning.
    With `inline_bytes`: MediaDeferred, before anything is stored, if it is larger or of unknown length.
    Raises the other MediaErrors too. Then no object was stored, unless the answer was lost: the next try uses that
    object. `allowed_hosts` as in `check_url`.
    """
    storage.checked_path(path_without_extension)
    check_url(url, allowed_hosts)
    budget = Budget(deadline_s)
    with _slot(budget):
        try:
            body = _Body(
                lambda at: open_url(url, allowed_hosts, budget, first_byte=at, resolver=resolver), max_bytes, mark
            )
        except MediaGone:
            found = _find(
                path_without_extension, bucket
            )  # an earlier copy may have stored it before the address expired
            if found is None:
                raise
            return found
        with body:
            if inline_bytes is not None and (body.source_length is None or body.source_length > inline_bytes):
                raise MediaDeferred("larger than may be copied at once, or of unknown length")
            return _upload(body, path_without_extension, budget, bucket)


def store_bytes(
    data: bytes,
    path_without_extension: str,
    *,
    max_bytes: int | None = None,
    mark: Mark | None = None,
    bucket: str | None = None,
) -> Stored:
    """Store bytes made in this process, with the rules and errors of a copy. Two requests."""
    storage.checked_path(path_without_extension)
    limit = len(data) if max_bytes is None else max_bytes
    with _Body(lambda at: _Bytes(data, at), limit, mark) as body:
        return _upload(body, path_without_extension, Budget(120), bucket)


@contextmanager
def _slot(budget: Budget) -> Iterator[None]:
    if not _slots.acquire(timeout=budget.left(3600)):
        raise MediaUnavailable("too many copies at once")
    try:
        yield
    finally:
        _slots.release()


class _Readable(Protocol):
    """The source of a body: a `download.Source`, or bytes in memory."""

    length: int | None

    def read(self, limit: int) -> bytes: ...
    def close(self) -> None: ...


class _Bytes:
    def __init__(self, data: bytes, first_byte: int) -> None:
        self.length: int | None = len(data) - first_byte
        self._file = io.BytesIO(data)  # does not copy the bytes
        self._file.seek(first_byte)

    def read(self, limit: int) -> bytes:
        return self._file.read(limit)

    def close(self) -> None:
        self._file.close()


class _Body:
    """A file in transit: marked, counted, checksummed and bounded as it passes, reopened if the upload breaks."""

    def __init__(self, open_at: Callable[[int], _Readable], max_bytes: int, mark: Mark | None) -> None:
        import google_crc32c

        self._extend: Callable[[int, bytes], int] = google_crc32c.extend
        self._open_at, self._max_bytes = open_at, max_bytes
        self._crc = 0
        self.size = 0
        """The bytes that were sent so far, from the first; the stored file's size once a stream has ended."""
        self._source = open_at(0)
        self.source_length = self._source.length
        """As announced, then as read; None while it is not known."""
        try:
            if self.source_length is not None and self.source_length > max_bytes:
                raise MediaTooLarge("announced")
            self._first: bytes | None = self._begin(HEAD_BYTES if mark is None else marking.HEAD_BYTES)
        except MediaError:
            self.close()
            raise
        self.kind = detect(self._first)
        self._edit = Edit() if mark is None or self.kind is None else edit_for(self.kind, self._first, mark)
        self.length = None if self.source_length is None else self._stored(self.source_length)
        """Of the stored file, or None while it is not known."""
        if self._edit.unmarked:
            log.warning("media_unmarked", reason=self._edit.unmarked, contentType=self.kind and self.kind.content_type)

    def _begin(self, least: int) -> bytes:
        """Reads until there is enough to detect the type and to mark the file, however small the pieces are."""
        head = bytearray()
        while len(head) < least and (piece := self._source.read(PIECE_BYTES)):
            head += piece
        return bytes(head)

    def _stored(self, source_length: int) -> int:
        return len(self._edit.head) + source_length - self._edit.replaced + len(self._edit.tail)

    def stream(self, first_byte: int = 0) -> Iterator[bytes]:
        """The stored file from `first_byte` on. MediaError if it is too long or too short, or breaks off."""
        if first_byte > self.size:
            raise MediaUnavailable("storage: has more than was sent")
        at = first_byte
        for piece in self._pieces(first_byte):
            at += len(piece)
            if at > self.size:
                self._crc = self._extend(self._crc, piece[len(piece) - (at - self.size) :])
                self.size = at
            yield piece
        if at < self.size or (self.length is not None and at != self.length):
            raise MediaUnavailable("source: shorter than announced")

    def _pieces(self, first_byte: int) -> Iterator[bytes]:
        edit = self._edit
        if first_byte < len(edit.head):
            yield edit.head[first_byte:]
        yield from self._read_source(edit.replaced + max(0, first_byte - len(edit.head)))
        if edit.tail and self.source_length is not None:
            sent = max(0, first_byte - (self._stored(self.source_length) - len(edit.tail)))
            if sent < len(edit.tail):
                yield edit.tail[sent:]

    def _read_source(self, first_byte: int) -> Iterator[bytes]:
        """The source from `first_byte` on, which is not before the end of what the edit replaces."""
        at, piece, self._first = 0, self._first, None
        if piece is None:
            if self.source_length is not None and first_byte >= self.source_length > 0:
                return  # all of it was sent, but not the tail
            at = 0 if first_byte == self._edit.replaced else first_byte
            self._source.close()
            self._source = self._open_at(at)
            piece = self._source.read(PIECE_BYTES)
        while piece:
            skipped, at = max(0, first_byte - at), at + len(piece)
            if at > self._max_bytes:
                raise MediaTooLarge("sent")
            if self.source_length is not None and at > self.source_length:
                raise MediaUnavailable("source: longer than before")
            if rest := piece[skipped:]:
                yield rest
            piece = self._source.read(PIECE_BYTES)
        if self.source_length is not None and at != self.source_length:
            raise MediaUnavailable("source: shorter than announced")
        self.source_length = at

    @property
    def crc32c(self) -> str:
        return base64.b64encode(self._crc.to_bytes(4)).decode()

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> _Body:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _upload(body: _Body, path_without_extension: str, budget: Budget, bucket: str | None) -> Stored:
    if body.kind is None:
        raise MediaRefused("content: not an allowed type")
    path = f"{path_without_extension}.{body.kind.extension}"
    session = _begin_session(path, body.kind, body.length, bucket)
    if session is None:
        return _adopt(path, bucket)
    first_byte = 0
    for _ in range(_MAX_PUTS):
        answer = _put(session, body, first_byte, budget) or _ask(session)
        if answer.status in (200, 201):
            return _checked(answer, body, path, bucket)
        if answer.status == 412:
            return _adopt(path, bucket)
        json_api.expect(answer, 308)
        persisted = re.fullmatch(r"bytes=0-([0-9]{1,15})", answer.headers.get("Range", ""))
        first_byte = int(persisted[1]) + 1 if persisted else 0
    raise MediaUnavailable("storage: upload broke off")


def _begin_session(path: str, kind: FileType, length: int | None, bucket: str | None) -> str | None:
    """The address to PUT to, or None if the object exists."""
    headers = {"X-Upload-Content-Type": kind.content_type}
    if length is not None:
        headers["X-Upload-Content-Length"] = str(length)
    url = json_api.upload_url(bucket, uploadType="resumable", name=path, ifGenerationMatch="0")
    metadata = {"contentType": kind.content_type, "cacheControl": CACHE_CONTROL, "contentDisposition": "inline"}
    answer = json_api.expect(json_api.call("POST", url, data=metadata, headers=headers), 200, 412)
    if answer.status == 412:
        return None
    session = answer.headers.get("Location", "")
    # A connection that breaks within the headers ends them, and the address with them: its host is whole if a path
    # follows, and Storage does not know a session whose id is cut.
    address = urllib.parse.urlsplit(session)
    if not (address.scheme and address.netloc and address.path):
        raise MediaUnavailable("storage: no session")
    return session


def _put(session: str, body: _Body, first_byte: int, budget: Budget) -> urllib3.BaseHTTPResponse | None:
    """Send the rest of the file in one request. None if the connection broke or the answer is 408, 429 or 5xx.

    A file of unknown length is sent in one request too, with `Transfer-Encoding: chunked` and the range `bytes 0-*/*`,
    as Google's Node.js library does by default. So no buffer of 8 MiB is needed, and the Storage emulator, which takes
    a session in one PUT only, accepts it.
    """
    total = "*" if body.length is None else str(body.length)
    headers = {"Content-Range": f"bytes {first_byte}-*/{total}"}
    if body.length is not None:
        headers["Content-Length"] = str(body.length - first_byte)
        headers["Content-Range"] = f"bytes {first_byte}-{body.length - 1}/{total}"
    try:
        answer = json_api.send(
            "PUT", session, body=body.stream(first_byte), headers=headers, connect_s=_STALL_S, read_s=budget.left(120)
        )
    except json_api.NoAnswer:
        return None
    return None if answer.status >= 500 or answer.status in (408, 429) else answer


def _ask(session: str) -> urllib3.BaseHTTPResponse:
    """The session's state: 308 with the range that was stored, or the object if the upload is complete."""
    return json_api.call("PUT", session, headers={"Content-Range": "bytes */*", "Content-Length": "0"})


def _checked(answer: urllib3.BaseHTTPResponse, body: _Body, path: str, bucket: str | None) -> Stored:
    """The stored object. If size or checksum differ, that generation is deleted and MediaUnavailable raised."""
    resource = json_api.parsed(answer)
    stored = storage.head_of(resource)
    if (stored.size_bytes, stored.crc32c) != (body.size, body.crc32c):
        storage.delete(path, generation=int(resource["generation"]), bucket=bucket)
        raise MediaUnavailable("storage: the stored bytes are not those that were sent")
    return storage.stored_of(stored)


def _adopt(path: str, bucket: str | None) -> Stored:
    found = storage.read_head(path, bucket=bucket)
    if found is None:
        raise MediaUnavailable("storage: the object has disappeared")
    return storage.stored_of(found)


def _find(path_without_extension: str, bucket: str | None) -> Stored | None:
    """The object that an earlier copy to this path stored, of any type."""
    for item in storage.list_prefix(f"{path_without_extension}.", None, 10, bucket=bucket).items:
        if item.path.removeprefix(f"{path_without_extension}.") in BY_EXTENSION:
            return storage.stored_of(item)
    return None
