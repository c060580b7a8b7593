"""Validation errors of a request, in words, by field. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from studiox.kit.errors import FieldRule, Wrong

MAX_UNKNOWN = 10
"""Unknown fields that an answer lists. Their names are the caller's own text and are not logged."""
_UNKNOWN = Wrong("contains unknown field", {"rule": "unknown"})
_MISSING = Wrong("missing required field", {"rule": "missing"})

# By the start of a pattern: its end only marks where the text ends.
_WORDS = {
    "^[A-Za-z0-9_-]{16,64}": "16 to 64 letters (A-Z), digits, _ or -",
    "^(?!__.*__$)[A-Za-z0-9_-]{1,128}": "1 to 128 letters (A-Z), digits, _ or -",
    r"^(?!\\.{1,2}$|__.*__$)[^/\\x00]{1,128}": "1 to 128 characters without /",
    "^[a-z]{2,3}": "a language such as en or ar",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}": "a date as YYYY-MM-DD",
    r"\\A\\d{4}-\\d{2}-\\d{2}": "a date as YYYY-MM-DD",
    "^(models|styles|colors|sizes|features)/": "models/, styles/, colors/, sizes/ or features/ and an id",
    r"^(https://[^\\s\\\\]+)?": "an https address, or nothing",
}


_BOUND = re.compile(r"Expected `(\w+)` (of length )?(>=|<=) (-?[\d.]+)")
"""msgspec's words for a bound."""


def wrong(schema: type[msgspec.Struct], given: Mapping[str, Any], error: msgspec.ValidationError) -> dict[str, Wrong]:
    """{field: what is wrong} of every invalid field of a request that raised `error`."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(schema)}
    unknown = [name for name in given if name not in fields][:MAX_UNKNOWN]
    found = {name[:64]: _UNKNOWN for name in unknown}
    for name, field in fields.items():
        if name not in given:
            if field.required:
                found[name] = _MISSING
            continue
        try:
            msgspec.convert(given[name], field.type, strict=True)
        except msgspec.ValidationError as problem:
            found |= _told(str(problem), name)
    return found or _told(str(error), "")


def _told(message: str, name: str) -> dict[str, Wrong]:
    """{path: what is wrong} of msgspec's message `What is wrong - at `$.path``, without the caller's values."""
    what, _, where = message.partition(" - at `")
    path = (name + where.rstrip("`").removeprefix("$")).lstrip(".")
    for problem in (_UNKNOWN, _MISSING):
        if what.startswith(prefix := f"Object {problem} `"):
            inner = what[len(prefix) : -1][:64]
            return {".".join(filter(None, (path, inner))): problem}
    if what.startswith("Invalid enum value"):
        return {path: Wrong("Invalid enum value", {"rule": "choice"})}
    _, is_pattern, pattern = what.partition("matching regex ")
    return {path: Wrong(_in_words(pattern), {"rule": "format"}) if is_pattern else Wrong(what, _rule(what))}


def _rule(what: str) -> FieldRule:
    """The rule of a message that names neither a choice nor a pattern."""
    if (bound := _BOUND.match(what)) is None:
        return {"rule": "format" if what.startswith("Invalid") else "type"}
    kind, is_length, sign, number = bound.groups()
    least = sign == ">="
    limit = float(number) if "." in number else int(number)
    if not is_length:
        return {"rule": "tooSmall", "least": limit} if least else {"rule": "tooLarge", "most": limit}
    if kind == "str":
        return {"rule": "tooShort", "least": limit} if least else {"rule": "tooLong", "most": limit}
    return {"rule": "tooFew", "least": limit} if least else {"rule": "tooMany", "most": limit}


def _in_words(pattern: str) -> str:
    said = (words for start, words in _WORDS.items() if pattern.strip("'\"").startswith(start))
    return f"must be {next(said, 'of another form')}"
