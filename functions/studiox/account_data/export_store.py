"""Export files in Cloud Storage, `exports/{pseudonym}/{id}.json`: one for each user, for a day at most.

Security rules deny access; a file is read by its signed address. The bucket's lifecycle rule (infra/) deletes files
after a day.
"""

from __future__ import annotations

from collections.abc import Iterator

from studiox.kit import ids
from studiox.media import json_api, objects
from studiox.models.users import pseudonym

ROOT = "exports"
PIECE_BYTES = 256 * 1024
STALL_S = 30.0


def folder(uid: str) -> str:
    return f"{ROOT}/{pseudonym(uid)}"


def put(uid: str, text: Iterator[str]) -> str:
    """Upload the text as it is produced, PIECE_BYTES in memory at a time; the object's name. MediaError.

    Earlier exports of the user are deleted first.
    """
    objects.delete_prefix(f"{folder(uid)}/", 100)
    path = f"{folder(uid)}/{ids.new()}.json"
    headers = {"X-Upload-Content-Type": "application/json"}
    metadata = {
        "contentType": "application/json",
        "cacheControl": "private, no-store",
        "contentDisposition": 'attachment; filename="studiox-export.json"',
    }
    url = json_api.upload_url(None, uploadType="resumable", name=path, ifGenerationMatch="0")
    session = json_api.expect(json_api.call("POST", url, data=metadata, headers=headers), 200).headers["Location"]
    sent = json_api.send(
        "PUT", session, body=_pieces(text), headers={"Content-Range": "bytes 0-*/*"}, connect_s=STALL_S, read_s=60.0
    )
    json_api.expect(sent, 200, 201)
    return path


def _pieces(text: Iterator[str]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for part in text:
        held.append(part.encode())
        size += len(held[-1])
        if size >= PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
