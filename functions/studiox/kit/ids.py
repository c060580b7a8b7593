"""Identifiers: random ones, ones derived from their cause, and keyed hashes that only this deployment can make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from . import config

PATTERN = r"^(?!__.*__$)[A-Za-z0-9_-]{1,128}$(?!\n)"
"""What a client may send as an id. A slash or a dot segment would change a document's path, and Firestore reserves
`__x__` (faults C7, C18). `(?!\\n)` is needed because Python's `$` also matches before a final line break."""


def is_segment(text: str) -> bool:
    """Whether it can be one segment of a path. The Admin SDK may make uids that cannot: `a/b`, `..`, `__a__`."""
    return re.fullmatch(r"(?!\.{1,2}$|__.*__$)[^/\0]{1,128}", text) is not None


def is_id(text: str) -> bool:
    return re.fullmatch(PATTERN, text) is not None


def new() -> str:
    """A random id of 20 characters, 119 bits."""
    return "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") for _ in range(20))


def derived(*cause: str) -> str:
    """An id derived from the cause: the same cause gives the same id. 24 characters, 120 bits, no `_` or `/`."""
    digest = hashlib.sha256("\0".join(cause).encode()).digest()[:15]
    return base64.b32encode(digest).decode().lower()


def keyed(purpose: str, *parts: str) -> str:
    """HMAC-SHA256 under APP_SIGNING_KEY, URL-safe, 43 characters: a signature or a pseudonym, for one purpose only."""
    message = "\0".join((purpose, *parts)).encode()
    digest = hmac.new(config.secret(config.APP_SIGNING_KEY).encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_keyed(claim: str, purpose: str, *parts: str) -> bool:
    """Whether `claim` is `keyed(purpose, *parts)`, in constant time."""
    return hmac.compare_digest(claim.encode("utf-8", "replace"), keyed(purpose, *parts).encode())
