"""Where sessions lie: `sessions/{id}`, with the ids of the last hundred jobs ordered in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Docs

Data = Mapping[str, Any]

JOBS_KEPT = 100


def session_path(session_id: str) -> str:
    return f"sessions/{session_id}"


def add_session(
    docs: Docs,
    *,
    session_id: str,
    uid: str,
    type: str,
    model: str,
    params: Data,
    now: datetime,
    job_id: str | None = None,
    source_post_id: str | None = None,
) -> Data:
    """A new session with the parameters it starts from: of its first job, or of the post that it remixes."""
    session: dict[str, Any] = {
        "sessionId": session_id,
        "uid": uid,
        "type": type,
        "model": model,
        "params": dict(params),
        "jobs": [job_id] if job_id else [],
        "createdAt": now,
    }
    if source_post_id is not None:
        session["sourcePostId"] = source_post_id
    docs.create(session_path(session_id), session)
    return session


def join_session(docs: Docs, session_id: str, uid: str, job_id: str) -> None:
    """A further job of the caller's session. `NotFound` for an absent one and somebody else's alike."""
    session = docs.get(session_path(session_id))
    if session is None or session["uid"] != uid:
        raise NotFound
    docs.update(session_path(session_id), {"jobs": [*session.get("jobs", ()), job_id][-JOBS_KEPT:]})


def source_of(docs: Docs, session_id: str) -> str | None:
    """The post that the session remixes."""
    session = docs.get(session_path(session_id))
    return None if session is None else session.get("sourcePostId")


def owned_session(uid: str, session_id: str) -> Data:
    """The caller's session. `NotFound` for an absent one and somebody else's alike."""
    [session] = firestore.read(session_path(session_id))
    if session is None or session["uid"] != uid:
        raise NotFound
    return session


def list_sessions(uid: str, *, size: int, cursor: str | None) -> tuple[list[Data], str | None]:
    return query.page("sessions", {"uid": uid}, "createdAt", size=size, cursor=cursor)
