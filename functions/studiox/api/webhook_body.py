"""What a vendor's callback sends, before anything is known about it."""

from __future__ import annotations

import flask

from . import request_body


def body_of(request: flask.Request, most: int) -> bytes | None:
    """The body, `None` for one of more than `most` bytes.

    A vendor may send its callback in chunks, which tell no length beforehand: then no more is read than it takes to see
    that it is too much. `bodies.TooSlow` is answered with 408.
    """
    if (request.content_length or 0) > most:
        return None
    taken = bytearray()
    with request_body.deadline(request):
        while len(taken) <= most and (part := request.stream.read(most + 1 - len(taken))):
            taken += part
    return bytes(taken) if len(taken) <= most else None
