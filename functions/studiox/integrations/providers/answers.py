"""Shared by all providers: reading values of any type safely, and what a refused order's status means."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping

from .protocol import AccountRefused, Failure, NotAccepted, OutcomeUnknown, Rejected

MAX_URL = 4096

Refusal = Callable[[str, float | None], Exception]
"""Makes the protocol's exception from the vendor's words and its Retry-After seconds."""


def rejected(reason: Failure) -> Refusal:
    return lambda raw, _: Rejected(reason, raw)


def account(raw: str, _: float | None) -> Exception:
    return AccountRefused(raw)


def unknown(raw: str, _: float | None) -> Exception:
    return OutcomeUnknown(raw)


REFUSALS_BY_CODE: Mapping[int, Refusal] = {
    # 307 and 308 mean "send it there instead", so the order was not accepted. Other redirects may follow a success.
    307: NotAccepted,
    308: NotAccepted,
    400: rejected("InvalidInput"),
    401: account,
    402: account,
    403: account,
    408: unknown,
    # Our idempotency key is in use: an earlier submission of this order arrived.
    409: unknown,
    413: rejected("InvalidInput"),
    422: rejected("InvalidInput"),
    425: NotAccepted,
    429: NotAccepted,
    503: NotAccepted,
}

MODERATED = re.compile(
    r"content_moderation|content_filter|moderat|sensitive|nsfw|content polic|safety|prohibited|copyright|violat"
    r"|inappropriate",
    re.I,
)
INVALID = re.compile(
    r"validation_error|content_too_long|file_format|invalid (?:input|image|parameter|prompt|file|url)|unsupported"
    r"|too (?:long|large|short|small)",
    re.I,
)


def refusal(code: int) -> Refusal:
    """What an HTTP status means for an order."""
    if code in REFUSALS_BY_CODE:
        return REFUSALS_BY_CODE[code]
    return rejected("GenerationFailed") if 400 <= code < 500 else unknown


def reason(error: str) -> Failure:
    """Why a generation failed, from the vendor's words. Unclear words mean GenerationFailed."""
    if MODERATED.search(error):
        return "ContentRejected"
    return "InvalidInput" if INVALID.search(error) else "GenerationFailed"


def text(value: object) -> str:
    """Any value as text; None is empty."""
    return value if isinstance(value, str) else "" if value is None else repr(value)[:500]


def url(value: object) -> str:
    """The value if it looks like a URL, else "". The download decides whether it is allowed."""
    if not isinstance(value, str) or len(value) > MAX_URL:
        return ""
    return value if value.startswith(("https://", "http://")) else ""


def number(value: object) -> float | None:
    """A finite number that is not negative, also if it is written as text; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and 0 <= found < 2**53 else None


def progress(value: object) -> int:
    found = number(value)
    return 0 if found is None else min(100, int(found))


def words(value: object) -> tuple[str, ...]:
    """Tags from a list or a comma-separated text: at most 20, of at most 64 characters."""
    listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(word.strip()[:64] for word in listed if isinstance(word, str) and word.strip())[:20]


def plain(value: str, most: int) -> str:
    """A vendor's text as plain text: NFC, no control characters but newline and tab, trimmed, at most `most` long."""
    kept = (char for char in value[: 4 * most] if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept)).strip()[:most]
