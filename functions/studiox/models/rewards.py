"""Social tasks: `socialTasks/{id}`, laid over the bundled tasks, and users' claims of them, `socialClaims/{id}`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from studiox.kit import ids
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored

ClaimStatus = Literal["pending", "approved", "rejected"]


class SocialTaskOverride(Stored, frozen=True, kw_only=True):
    """Fields of a task that administrators set. Any value is accepted: a task with a malformed one is not offered."""

    title: Any = UNSET
    tokens: Any = UNSET
    review: Any = UNSET
    """Whether an administrator reviews the proof first."""
    hosts: Any = UNSET
    """Where the proof must be; empty: any https address."""
    enabled: Any = UNSET


class SocialClaim(Stored, frozen=True, kw_only=True):
    """A user's claim of a task. A rejected one is replaced by the next."""

    uid: str
    task_id: str
    tokens: int
    request_id: str
    proof_url: str
    status: ClaimStatus
    created_at: datetime
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    """The administrator's uid."""
    note: str | UnsetType | None = UNSET
    """The administrator's, for the user to read. Absent until the review; None if the review has none."""


SOCIAL_TASKS = Collection("socialTasks", SocialTaskOverride)
SOCIAL_CLAIMS = Collection("socialClaims", SocialClaim)


def task_path(task_id: str) -> Path[SocialTaskOverride]:
    return SOCIAL_TASKS.document(task_id)


def claim_path(uid: str, task_id: str) -> Path[SocialClaim]:
    return SOCIAL_CLAIMS.document(ids.derived("claim", uid, task_id))
