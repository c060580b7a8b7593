"""Where jobs lie: `jobs/{id}` for the owner, `jobs/{id}/private/state` for nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.transaction import REMOVE, Docs

Data = Mapping[str, Any]

JOBS = "jobs"

JobType = Literal["image", "edit", "video", "music", "speech", "analysis", "lyrics"]


def job_path(job_id: str) -> str:
    return f"jobs/{job_id}"


def state_path(job_id: str) -> str:
    return f"jobs/{job_id}/private/state"


def forget_result(docs: Docs, job_id: str) -> None:
    """The creation that the job made is being deleted, and its files with it; the job itself stays as it ended."""
    if docs.get(job_path(job_id)) is not None:
        docs.update(job_path(job_id), {"media": [], "text": REMOVE, "creationId": REMOVE})


def ordered_between(start: datetime, end: datetime) -> Iterator[Data]:
    """The jobs ordered in [start, end) as a report counts them, oldest first, a page in memory at a time."""
    fields = ("status", "model", "type", "params", "uid", "price", "refunded", "completedAt")
    return query.between(JOBS, start, end, fields)


def created_between(uid: str, since: datetime, until: datetime, limit: int) -> list[Data]:
    """Type, model and status of the user's jobs ordered in [since, until), the newest `limit` of them."""
    found = query.documents(
        JOBS,
        order="createdAt",
        equal={"uid": uid},
        least=since,
        below=until,
        fields=("type", "model", "status"),
        limit=limit,
        newest_first=True,
    )
    return [each.data for each in found]


def changed_since(moment: datetime | None) -> Iterator[query.Found[Any]]:
    """The jobs that something changed since then (None: all), with what the audit of the ledger asks of them."""
    fields = ("uid", "status", "price", "refunded", "deadlineAt")
    if moment is None:
        return query.documents(JOBS, fields=fields)
    return query.documents(JOBS, order="updatedAt", least=moment, fields=fields)


def which_exist(job_ids: Collection[str]) -> set[str]:
    """Those of these jobs that there are; one round trip."""
    asked = list(job_ids)
    found = firestore.read(*map(job_path, asked)) if asked else []
    return {job_id for job_id, job in zip(asked, found, strict=True) if job is not None}
