"""The queries of the sweep of media."""

from __future__ import annotations

from typing import Any

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.kit.documents import MalformedDocument, Stored
from studiox.models.creations import CREATIONS
from studiox.models.jobs import JOBS
from studiox.models.media_files import MediaFile


class CreatedMedia(Stored, frozen=True, kw_only=True):
    """The fields of a creation that the sweep checks."""

    media: list[MediaFile]
    created_at: datetime
    text: str | None = None
    title: str = ""
    prompt: str = ""
    terms: list[str] = []
    renditions_at: datetime | None = None


class JobInputs(Stored, frozen=True, kw_only=True):
    """The inputs of a job."""

    params: dict[str, Any]


CREATED_MEDIA = CREATIONS.select(CreatedMedia)


def inputs_in_use(uid: str) -> set[str] | None:
    """The uploads that are inputs of this user's running jobs; None if a malformed job hides its own. `Unavailable`."""
    used: set[str] = set()
    skipped: list[MalformedDocument] = []
    for status in ("pending", "processing"):
        running = {"uid": uid, "status": status}
        for found in query.documents(JOBS.select(JobInputs), equal=running, skipped=skipped):
            used |= set(found.data.params.get("inputPaths") or ())
    return None if skipped else used
