"""The audit log: who did what to what, written in the commit of the change. The rules let no client read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit import query

from . import ids
from .clock import datetime
from .transaction import Docs


def entry_path(entry_id: str) -> str:
    return f"auditLogs/{entry_id}"


def record(docs: Docs, *, actor: str, action: str, target: str, at: datetime, **details: object) -> None:
    """Add an entry to this commit. `action` is the function's name; details hold ids and figures, no private text."""
    record_as(docs, ids.new(), actor=actor, action=action, target=target, at=at, **details)


def record_as(
    docs: Docs, entry_id: str, *, actor: str, action: str, target: str, at: datetime, **details: object
) -> None:
    """As `record`, with an id from outside of the decision, which so has the same result each time that it runs."""
    docs.create(
        entry_path(entry_id), {"actor": actor, "action": action, "target": target, "at": at, "details": details}
    )


def entries(
    equal: Mapping[str, str | None], *, size: int, cursor: str | None
) -> tuple[list[Mapping[str, Any]], str | None]:
    """A page of the entries whose actor, action and target are these (None: any), newest first."""
    return query.page("auditLogs", equal, "at", size=size, cursor=cursor)
