"""Schemas in words: ranges, defaults, callers and rate limits."""

from __future__ import annotations

from local.generate.api.contract import Operation, Schema

CALLERS = {
    "Anyone": "Anyone; no sign-in needed.",
    "Reader": "A signed-in user, also a suspended one.",
    "User": "A signed-in user who is not suspended.",
    "VerifiedUser": "A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on.",
    "Buyer": "A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on.",
    "AccountHolder": "A signed-in user, also a suspended one.",
    "RecentAccountHolder": "A signed-in user, also a suspended one, who signed in within the last ten minutes.",
    "Admin": "An administrator (claim `admin: true`) who is not suspended.",
}
FORMATS = {
    "^[A-Za-z0-9_-]{16,64}$": "16–64 of `A-Z a-z 0-9 _ -`",
    "^(?!__.*__$)[A-Za-z0-9_-]{1,128}$": "an id: 1–128 of `A-Z a-z 0-9 _ -`",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "YYYY-MM-DD",
    r"^(?!\.{1,2}$|__.*__$)[^/\x00]{1,128}$": "an id: 1–128 characters, no `/`",
    r"^\d{4}-\d{2}-\d{2}$": "YYYY-MM-DD",
}


def present(schema: Schema) -> tuple[Schema, bool]:
    """The schema without its null, and whether it had one."""
    options = schema.get("anyOf")
    if options is None:
        return schema, False
    given = [each for each in options if each != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return ({**rest, **given[0]} if len(given) == 1 else {**rest, "anyOf": given}), len(given) < len(options)


def span(low: int | None, high: int | None, unit: str = "") -> str:
    """`1–100 characters` or `at most 10 items`; empty without bounds."""
    after = f" {unit}" if unit else ""
    if low is None and high is None:
        return ""
    if high is None:
        return f"at least {low:,}{after}"
    if low is None:
        return f"at most {high:,}{after}"
    return f"{low:,} to {high:,}{after}" if low < 0 else f"{low:,}–{high:,}{after}"


def bounds(schema: Schema) -> str:
    """The range of a field's value, in words; empty without one."""
    given, _ = present(schema)
    if "pattern" in given:
        return FORMATS.get(given["pattern"], f"matches `{given['pattern']}`")
    if given.get("format") == "date-time":
        return "ISO 8601, UTC"
    said = [
        span(given.get("minLength"), given.get("maxLength"), "characters"),
        span(given.get("minimum"), given.get("maximum")),
        span(given.get("minItems"), given.get("maxItems"), "items"),
        span(given.get("minProperties"), given.get("maxProperties"), "entries"),
    ]
    if given.get("type") == "array" and (inner := bounds(given["items"])):
        said.append(f"each {inner}")
    values = given.get("additionalProperties")
    if isinstance(values, dict) and (inner := bounds(values)):
        said.append(f"each {inner}")
    return ", ".join(filter(None, said))


def default(schema: Schema) -> str:
    """`default 20`; empty without a default, and for null, which counts as absent."""
    value = schema.get("default")
    if value is None or value in ([], {}, ""):
        return ""
    return f"default {str(value).lower() if isinstance(value, bool) else value}"


def about(schema: Schema, *, request: bool) -> str:
    """A field's description, bounds and, in a request, default."""
    told = [schema.get("description", "").rstrip("."), bounds(schema), default(schema) if request else ""]
    text = "; ".join(filter(None, told))
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def limit(operation: Operation) -> str:
    per = {60: "a minute", 3600: "an hour", 86400: "a day"}.get(operation.per, f"in {operation.per} s")
    return f"{operation.calls} {per}"


def sentence(code_text: str) -> str:
    return code_text if code_text.endswith((".", "!", "?")) else f"{code_text}."
