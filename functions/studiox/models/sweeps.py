"""The nightly sweeps: checkpoints (`sweeps/media`, `sweeps/accounts`) and findings (`mediaAlerts/{creationId}`)."""

from __future__ import annotations

from typing import Any, Literal

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored

Stage = Literal["users", "posts", "creations"]


class MediaSweep(Stored, frozen=True, kw_only=True):
    """`sweeps/media`: how far the sweep of media has come."""

    stage: Stage | None
    """None: all stages are done, and the next run starts over."""
    position: Any
    """Where the stage continues: Cloud Storage's page token, or for `creations` the last one's `created_at`. None: at
    its beginning."""
    updated_at: datetime


class AccountSweep(Stored, frozen=True, kw_only=True):
    """`sweeps/accounts`: how far the sweep of abandoned accounts has come."""

    uid: str | None
    """The last account that was looked at. None: the next run starts over."""
    updated_at: datetime


class MediaAlert(Stored, frozen=True, kw_only=True):
    """`mediaAlerts/{creationId}`: media of a creation that are missing. Written once, when the alert is logged."""

    creation_id: str
    missing: list[str]
    """File names without their folder, which names the owner: this document outlives the account."""
    created_at: datetime


MEDIA_SWEEP = Path("sweeps/media", MediaSweep)
ACCOUNT_SWEEP = Path("sweeps/accounts", AccountSweep)
MEDIA_ALERTS = Collection("mediaAlerts", MediaAlert)
