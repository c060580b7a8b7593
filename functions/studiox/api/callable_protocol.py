"""The parts of Firebase's callable protocol beyond plain JSON: 64-bit integers in wrappers, and streamed responses.

See https://firebase.google.com/docs/functions/callable-reference. The protocol has two integer wrappers and none for
times, which are ISO 8601 strings.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import flask
import msgspec

_TYPE = "type.googleapis.com/google.protobuf."
_RANGES = {f"{_TYPE}Int64Value": (-(2**63), 2**63 - 1), f"{_TYPE}UInt64Value": (0, 2**64 - 1)}
_DIGITS = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_EXACT = 2**53
"""The largest integer up to which a float is exact."""
_STREAM = "text/event-stream"

MAX_WRONG = 10
"""The most errors in one answer. Their paths are the caller's own text, so the answer's size must be limited."""


def is_wrapper(value: Mapping[str, Any]) -> bool:
    """Whether the object is a wrapper of a single value."""
    return value.keys() == {"@type", "value"} and not isinstance(value["value"], dict | list)


def decoded(value: object) -> tuple[Any, dict[str, str]]:
    """`value` with wrapped integers and integral floats as plain integers, and {path: error}.

    Invalid values are returned unchanged. `@type` is reserved: an object that has it is a valid wrapper or an error.
    """
    wrong: dict[str, str] = {}
    return _decoded(value, "", wrong), wrong


def _decoded(value: Any, path: str, wrong: dict[str, str]) -> Any:
    match value:
        case float() if value.is_integer() and abs(value) <= _EXACT:
            return int(value)
        case list():
            return [_decoded(item, f"{path}[{place}]", wrong) for place, item in enumerate(value)]
        case dict() if "@type" in value:
            number = _unwrapped(value)
            if number is None and len(wrong) < MAX_WRONG:
                wrong[path] = "must be a number, or an Int64Value or UInt64Value within its range"
            return value if number is None else number
        case dict():
            return {name: _decoded(item, f"{path}.{name[:64]}".lstrip("."), wrong) for name, item in value.items()}
    return value


def _unwrapped(wrapper: Mapping[str, Any]) -> int | None:
    """The integer in a wrapper, None if invalid. Its value is a string or, as in protobuf's JSON, an integer."""
    kind, value = wrapper["@type"], wrapper.get("value")
    if not is_wrapper(wrapper) or not isinstance(kind, str) or kind not in _RANGES:
        return None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    least, most = _RANGES[kind]
    return value if type(value) is int and least <= value <= most else None


def as_asked(http: flask.Request, answer: flask.Response) -> flask.Response:
    """`answer` in the form that the client accepts: JSON, or a stream with one event, for the SDKs' `stream()`.

    A stream always has status 200: the Apple and Android SDKs cannot read a refusal from a stream with another status.
    """
    if http.accept_mimetypes.best_match(["application/json", _STREAM]) != _STREAM:
        return answer
    event = b"".join(answer.get_data().splitlines())  # an event is one line; JSON strings contain no line breaks
    return flask.Response(b"data: " + event + b"\n\n", 200, mimetype=_STREAM, headers={"Cache-Control": "no-cache"})


COMPRESSED_BYTES = 1_400
"""An answer from this size on is compressed: less fits into one packet."""


def compressed(http: flask.Request, answer: flask.Response) -> flask.Response:
    """`answer`, with gzip if the client takes it: Cloud Run sends what it gets. A page of the feed is then a fifth."""
    answer.vary.add("Accept-Encoding")
    body = answer.get_data()
    if len(body) >= COMPRESSED_BYTES and http.accept_encodings["gzip"] > 0:
        answer.set_data(gzip.compress(body, compresslevel=5, mtime=0))
        answer.content_encoding = "gzip"
    return answer


# As the SDK has them, which keeps its table private.
_STATUS = {
    "invalid-argument": 400,
    "failed-precondition": 400,
    "unauthenticated": 401,
    "permission-denied": 403,
    "not-found": 404,
    "already-exists": 409,
    "aborted": 409,
    "resource-exhausted": 429,
    "internal": 500,
    "unavailable": 503,
}


def error(
    code: str, message: str, details: Mapping[str, Any] | None = None, *, status: int | None = None
) -> flask.Response:
    """An error, with the HTTP status of its code or with another one."""
    told = {"status": code.upper().replace("-", "_"), "message": message}
    return response(status or _STATUS[code], {"error": told if details is None else {**told, "details": details}})


def response(status: int, body: Any) -> flask.Response:
    """JSON, encoded once. TypeError for what has no JSON."""
    return flask.Response(msgspec.json.encode(body, enc_hook=_encode), status, mimetype="application/json")


def _encode(value: object) -> object:
    """For what msgspec does not know: a subclass of datetime, and read-only mappings."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot be dumped: {type(value).__name__}")
