"""Where an administrator's requests are remembered, so that each counts once: `adminRequests/{id}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit import ids
from studiox.kit.clock import datetime, timedelta

KEEP = timedelta(days=90)


def request_path(function: str, admin: str, request_id: str) -> str:
    """A request's scope is one administrator and one function."""
    return f"adminRequests/{ids.derived(function, admin, request_id)}"


def new_request(uid: str, fingerprint: Mapping[str, Any], answer: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`uid` is whom it is about: with that account it goes."""
    return {"uid": uid, "request": dict(fingerprint), "answer": dict(answer), "createdAt": now, "expiresAt": now + KEEP}
