"""The audit log: who did what to what, written in the commit of the change. The rules let no client read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit import query

from . import ids
from .clock import datetime
from .documents import Collection, Path, Stored
from .transaction import Docs


class AuditEntry(Stored, frozen=True, kw_only=True):
    """Who did what to what, `auditLogs/{random id}`."""

    actor: str
    """A uid, `system`, or the pseudonym of a deleted account."""
    action: str
    """The function's name."""
    target: str
    """The document's path."""
    at: datetime
    details: dict[str, Any]
    """Ids and figures, no private text."""


AUDIT_LOGS = Collection("auditLogs", AuditEntry)


def entry_path(entry_id: str) -> Path[AuditEntry]:
    return AUDIT_LOGS.document(entry_id)


def record(docs: Docs, *, actor: str, action: str, target: str, at: datetime, **details: object) -> None:
    """Add an entry to this commit. `action` is the function's name; details hold ids and figures, no private text."""
    record_as(docs, ids.new(), actor=actor, action=action, target=target, at=at, **details)


def record_as(
    docs: Docs, entry_id: str, *, actor: str, action: str, target: str, at: datetime, **details: object
) -> None:
    """As `record`, with an id from outside: a decision that is made again writes the same entry."""
    entry = AuditEntry(actor=actor, action=action, target=str(target), at=at, details=details)
    docs.create(entry_path(entry_id), entry)


def entries(equal: Mapping[str, str | None], *, size: int, cursor: str | None) -> tuple[list[AuditEntry], str | None]:
    """A page of the entries whose actor, action and target are these (None: any), newest first."""
    found, following = query.page(AUDIT_LOGS, equal, "at", size=size, cursor=cursor)
    return [each.data for each in found], following
