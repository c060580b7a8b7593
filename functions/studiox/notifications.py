"""What a user is told: `users/{uid}/notifications/{id}`, written in the commit of what happened, read by its owner.

The only file that names the collection. An owner may set `readAt` by the rules, and nothing else.
"""

from __future__ import annotations

from typing import Literal

from . import ids
from .clock import datetime
from .transact import Docs

Type = Literal["post_commented"]


def notification_path(uid: str, type_: Type, cause: str) -> str:
    """One for each cause: what happens again is not told again."""
    return f"users/{uid}/notifications/{ids.derived(type_, cause)}"


def add(docs: Docs, uid: str, type_: Type, cause: str, now: datetime, **about: str) -> None:
    """Tell `uid` of `cause` (an id). `about` holds ids and public names: never a prompt or somebody's address."""
    path = notification_path(uid, type_, cause)
    docs.create(path, {"type": type_, **about, "createdAt": now, "readAt": None})


def withdraw(docs: Docs, uid: str, type_: Type, cause: str) -> None:
    """What was told about is gone."""
    docs.delete(notification_path(uid, type_, cause))
