"""The sweeps' checkpoints, and the queries of the sweep of media."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import MalformedDocument, Stored
from studiox.kit.transaction import Docs
from studiox.models.creations import CREATIONS
from studiox.models.jobs import JOBS
from studiox.models.media_files import MediaFile
from studiox.models.sweeps import ACCOUNT_SWEEP, MEDIA_SWEEP, AccountSweep, MediaSweep, Stage


class CreatedMedia(Stored, frozen=True, kw_only=True):
    """The fields of a creation that the sweep checks."""

    media: list[MediaFile]
    created_at: datetime
    text: str | None = None


class JobInputs(Stored, frozen=True, kw_only=True):
    """The inputs of a job."""

    params: dict[str, Any]


def checkpoint() -> MediaSweep | None:
    """How far the sweep of media has come; None before the first one. `Unavailable`."""
    return firestore.get(MEDIA_SWEEP)


def keep_checkpoint(docs: Docs, stage: Stage | None, position: object, now: datetime) -> None:
    """`stage` None: all stages are done, and the next run starts over."""
    docs.put(MEDIA_SWEEP, MediaSweep(stage=stage, position=position, updated_at=now))


def account_reached() -> str | None:
    """The last account that the sweep of accounts looked at; None if the next run starts over. `Unavailable`."""
    found = firestore.get(ACCOUNT_SWEEP)
    return None if found is None else found.uid


def keep_account(docs: Docs, uid: str | None, now: datetime) -> None:
    docs.put(ACCOUNT_SWEEP, AccountSweep(uid=uid, updated_at=now))


def creations_until(moment: datetime, since: datetime | None) -> Iterator[query.Found[CreatedMedia]]:
    """The creations made in [since, moment), oldest first, a page in memory at a time. `Unavailable`."""
    return query.documents(CREATIONS.select(CreatedMedia), order="createdAt", least=since, below=moment)


def inputs_in_use(uid: str) -> set[str] | None:
    """The uploads that are inputs of this user's running jobs; None if a malformed job hides its own. `Unavailable`."""
    used: set[str] = set()
    skipped: list[MalformedDocument] = []
    for status in ("pending", "processing"):
        running = {"uid": uid, "status": status}
        for found in query.documents(JOBS.select(JobInputs), equal=running, skipped=skipped):
            used |= set(found.data.params.get("inputPaths") or ())
    return None if skipped else used
