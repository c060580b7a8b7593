"""Sessions: `sessions/{id}`, a series of jobs that started from the same parameters."""

from __future__ import annotations

from typing import Any

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored
from studiox.kit.errors import NotFound
from studiox.kit.query import Found
from studiox.kit.transaction import Docs

from .jobs import JobType
from .ratings import Rating

JOBS_KEPT = 100


class Session(Stored, frozen=True, kw_only=True):
    """`sessions/{id}`. Created with its first job or by a remix; each further job adds its id."""

    session_id: str
    uid: str
    type: JobType
    model: str
    """The catalogue's id of the model."""
    params: dict[str, Any]
    """The parameters it starts from: those of its first job, or of the post that it remixes."""
    jobs: list[str]
    """The ids of the last JOBS_KEPT jobs, in the order in which they were ordered."""
    created_at: datetime
    source_post_id: str | None = None
    """The post that it remixes."""
    rating: Rating = "general"
    """That post's. The session's jobs have at least this one."""


SESSIONS = Collection("sessions", Session)


def session_path(session_id: str) -> Path[Session]:
    return SESSIONS.document(session_id)


def add_session(docs: Docs, session: Session) -> None:
    docs.create(session_path(session.session_id), session)


def need_session(docs: Docs, uid: str, session_id: str) -> Session:
    """The caller's session, in a decision. `NotFound` also for another user's."""
    session = docs.get(session_path(session_id))
    if session is None or session.uid != uid:
        raise NotFound
    return session


def join_session(docs: Docs, session_id: str, uid: str, job_id: str) -> None:
    """Add a job to the caller's session. `NotFound` also for another user's."""
    session = need_session(docs, uid, session_id)
    docs.update(session_path(session_id), jobs=[*session.jobs, job_id][-JOBS_KEPT:])


def source_of(docs: Docs, session_id: str) -> str | None:
    """The id of the post that the session remixes."""
    session = docs.get(session_path(session_id))
    return None if session is None else session.source_post_id


def owned_session(uid: str, session_id: str) -> Session:
    """The caller's session. `NotFound` also for another user's."""
    session = firestore.get(session_path(session_id))
    if session is None or session.uid != uid:
        raise NotFound
    return session


def list_sessions(uid: str, *, size: int, cursor: str | None) -> tuple[list[Found[Session]], str | None]:
    return query.page(SESSIONS, {"uid": uid}, "createdAt", size=size, cursor=cursor)
