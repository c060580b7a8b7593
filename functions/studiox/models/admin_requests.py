"""Administrators' requests, `adminRequests/{id}`: kept so that each counts once."""

from __future__ import annotations

from typing import Any

from studiox.kit import ids
from studiox.kit.clock import datetime, timedelta
from studiox.kit.documents import Collection, Path, Stored

KEEP = timedelta(days=90)


class AdminRequest(Stored, frozen=True, kw_only=True):
    """`request` and `answer` hold the call's parameters and its result, by their public names."""

    uid: str
    """The account that the request is about: it is deleted with that account."""
    request: dict[str, Any]
    answer: dict[str, Any]
    created_at: datetime
    expires_at: datetime
    """Firestore deletes it afterwards."""


ADMIN_REQUESTS = Collection("adminRequests", AdminRequest)


def request_path(function: str, admin: str, request_id: str) -> Path[AdminRequest]:
    """A request id counts once for each administrator and function."""
    return ADMIN_REQUESTS.document(ids.derived(function, admin, request_id))
