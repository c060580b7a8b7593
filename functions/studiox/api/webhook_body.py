"""Reads the body of a vendor's callback before it is verified."""

from __future__ import annotations

import flask

from . import request_body


def body_of(request: flask.Request, most: int) -> bytes | None:
    """The body, or None if it has more than `most` bytes.

    A chunked body has no length in advance: at most `most` + 1 bytes are read. `TooSlow` becomes a 408.
    """
    if (request.content_length or 0) > most:
        return None
    taken = bytearray()
    with request_body.deadline(request):
        while len(taken) <= most and (part := request.stream.read(most + 1 - len(taken))):
            taken += part
    return bytes(taken) if len(taken) <= most else None
