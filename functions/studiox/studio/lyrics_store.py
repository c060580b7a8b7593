"""Where failed lyrics are noted: `lyricGenerationErrors/{jobId}`, for whoever improves the service."""

from __future__ import annotations

from typing import Any

from studiox.kit.clock import datetime
from studiox.kit.transaction import Reads, transact


def note_failure(job_id: str, uid: str, wish: dict[str, Any], cause: str, said: str, now: datetime) -> None:
    """Keep what was wished for and why it failed, once a job. `said`: the provider's words, for `message`."""
    path = f"lyricGenerationErrors/{job_id}"
    message = said or cause
    entry = {**wish, "jobId": job_id, "uid": uid, "cause": cause, "message": message, "createdAt": now}
    transact(path, lambda docs: docs.put(path, entry) if docs.get(path) is None else None, Reads(fresh=[path]))
