"""Checks a provider's base URL and API key before anything is sent."""

from __future__ import annotations

import urllib.parse
from typing import NamedTuple

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Base(NamedTuple):
    """A checked base URL. All requests go to this host."""

    scheme: str
    host: str
    port: int | None
    prefix: str


def checked_base(url: str, whose: str) -> Base:
    """The parts of a base URL. ValueError unless it is https (http on loopback only), without user or query."""
    parts = urllib.parse.urlsplit(url.strip())
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError(f"{whose}'s base URL must be https (http on loopback only), without user or query")
    return Base(parts.scheme, parts.hostname, parts.port, parts.path.rstrip("/"))


def checked_key(key: str, whose: str) -> str:
    """The key. ValueError if it is empty or not a valid header value."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise ValueError(f"{whose}'s API key is empty or not a valid header value")
    return key
