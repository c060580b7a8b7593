"""Whom a user has blocked, `blocks/{uid}`."""

from __future__ import annotations

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored

MAX_BLOCKED = 200
"""People that one user may block. All of them are in one document."""


class Blocks(Stored, frozen=True, kw_only=True):
    uid: str
    """Who has blocked them."""
    blocked: list[str]
    """Their uids, in the order in which they were blocked."""
    updated_at: datetime


BLOCKS = Collection("blocks", Blocks)


def blocks_path(uid: str) -> Path[Blocks]:
    return BLOCKS.document(uid)
