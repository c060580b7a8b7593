"""A vendor's callback as it comes over the wire: with its length, in chunks, too large, with nothing in it."""

from __future__ import annotations

import io
from typing import Any

import flask
import pytest

from studiox.api.webhook_body import body_of

MOST = 10


class Pieces(io.RawIOBase):
    """A body as a server hands it out in chunks: no read gives more than `most` bytes."""

    def __init__(self, content: bytes, most: int) -> None:
        self.left = content
        self.most = most
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self.most)
        piece, self.left = self.left[:size], self.left[size:]
        buffer[: len(piece)] = piece
        self.taken += len(piece)
        return len(piece)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(b"", b""), (b"{}", b"{}"), (b"x" * MOST, b"x" * MOST), (b"x" * (MOST + 1), None), (b"x" * 1000, None)],
)
@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("piece", [3, 5, 1000])
def test_a_callback_is_read_whole_or_refused(sent: bytes, expected: bytes | None, chunked: bool, piece: int) -> None:
    stream = Pieces(sent, piece)
    server = {
        "wsgi.input": stream,
        **({"wsgi.input_terminated": True} if chunked else {"CONTENT_LENGTH": str(len(sent))}),
    }
    with flask.Flask(__name__).test_request_context("/", method="POST") as context:
        request = flask.Request({**context.request.environ, **server})
        assert body_of(request, MOST) == expected
    assert stream.taken <= MOST + 1, "no more is read than shows that it is too much"
