"""What Firebase's SDKs send and expect beyond plain JSON: 64-bit integers in wrappers, answers as a stream.

The protocol is that of https://firebase.google.com/docs/functions/callable-reference. It defines two wrappers and none
for times: those are ISO 8601 strings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import flask

_TYPE = "type.googleapis.com/google.protobuf."
_RANGES = {f"{_TYPE}Int64Value": (-(2**63), 2**63 - 1), f"{_TYPE}UInt64Value": (0, 2**64 - 1)}
_DIGITS = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_EXACT = 2**53
"""Beyond it a float does not say which integer was meant."""
_STREAM = "text/event-stream"

MAX_WRONG = 10
"""So many wrong values are told: their paths are the caller's own text."""


def is_wrapper(value: Mapping[str, Any]) -> bool:
    """Whether it stands for one value, although it is an object: then nothing is nested in it."""
    return value.keys() == {"@type", "value"} and not isinstance(value["value"], dict | list)


def decoded(value: object) -> tuple[Any, dict[str, str]]:
    """`value` with plain integers for wrapped ones and for floats without a fraction; and {path: what is wrong}.

    What is wrong stays as it is. `@type` is the protocol's own word: an object that has it is a wrapper or wrong.
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
    """The integer in a wrapper. Its value is a string; a JSON integer is taken like protobuf's own JSON takes it."""
    kind, value = wrapper["@type"], wrapper.get("value")
    if not is_wrapper(wrapper) or not isinstance(kind, str) or kind not in _RANGES:
        return None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    least, most = _RANGES[kind]
    return value if type(value) is int and least <= value <= most else None


def as_asked(http: flask.Request, answer: flask.Response) -> flask.Response:
    """`answer` in the form that the client asked for: JSON, or a stream of it as one event for `stream()` of the SDKs.

    A stream is always 200: the SDKs for Apple and Android read no reason from a stream that begins with another status.
    """
    if http.accept_mimetypes.best_match(["application/json", _STREAM]) != _STREAM:
        return answer
    event = b"".join(answer.get_data().splitlines())  # a line is an event's unit, and JSON has none inside its strings
    return flask.Response(b"data: " + event + b"\n\n", 200, mimetype=_STREAM, headers={"Cache-Control": "no-cache"})
