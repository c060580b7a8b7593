"""The collections in an export of Firestore, as the emulators' `firestore_export` folder holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

BLOCK_BYTES = 32 * 1024
HEADER_BYTES = 7
# A key's path: for each element a group with its kind (field 2) and its name (field 4).
ELEMENT = re.compile(rb"\x0b\x12([\x01-\x7f])")


def collections(folder: Path) -> set[str]:
    """The names of the collections that hold a document. The files are logs in LevelDB's format."""
    found = set()
    for path in folder.rglob("output-*"):
        data = b"".join(_records(path.read_bytes()))
        for match in ELEMENT.finditer(data):
            kind = data[match.end() : match.end() + match[1][0]]
            if re.fullmatch(rb"[A-Za-z]+", kind) and data[match.end() + len(kind) :].startswith(b'"'):
                found.add(kind.decode())
    return found


def _records(log: bytes) -> Iterator[bytes]:
    """The contents of a log: blocks of records, each with a checksum, a length and a type before it."""
    for start in range(0, len(log), BLOCK_BYTES):
        block, at = log[start : start + BLOCK_BYTES], 0
        while at + HEADER_BYTES <= len(block):
            size = int.from_bytes(block[at + 4 : at + 6], "little")
            yield block[at + HEADER_BYTES : at + HEADER_BYTES + size]
            at += HEADER_BYTES + size
