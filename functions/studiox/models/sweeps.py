"""The findings of the nightly sweep of media, `mediaAlerts/{creationId}`."""

from __future__ import annotations

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Stored


class MediaAlert(Stored, frozen=True, kw_only=True):
    """`mediaAlerts/{creationId}`: media of a creation that are missing. Written once, when the alert is logged."""

    creation_id: str
    missing: list[str]
    """File names without their folder, which names the owner: this document outlives the account."""
    created_at: datetime


MEDIA_ALERTS = Collection("mediaAlerts", MediaAlert)
