"""The callables that read sessions."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from studiox.api.callables import Id, Reader, Request, Response, endpoint, present
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.models import sessions as store
from studiox.models.jobs import JobType

READS = Limit(120, per=60)


class Session(Response):
    session_id: str
    params: dict[str, Any]
    type: JobType
    model: str
    jobs: list[str]
    created_at: datetime
    source_post_id: str | UnsetType = UNSET


def _session(session: store.Session) -> Session:
    return Session(
        session_id=session.session_id,
        params=session.params,
        type=session.type,
        model=session.model,
        jobs=session.jobs,
        created_at=session.created_at,
        source_post_id=present(session.source_post_id),
    )


class ListSessions(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class Sessions(Response):
    sessions: list[Session]
    next_cursor: str | None


@endpoint(limit=READS)
def listSessions(caller: Reader, request: ListSessions) -> Sessions:
    """List the caller's sessions, newest first."""
    found, cursor = store.list_sessions(caller.uid, size=request.page_size, cursor=request.cursor)
    return Sessions(sessions=[_session(each.data) for each in found], next_cursor=cursor)


class GetSession(Request, frozen=True):
    session_id: Id


@endpoint(limit=READS, refuses=(NotFound,))
def getSession(caller: Reader, request: GetSession) -> Session:
    """Return one of the caller's sessions: its parameters, and its jobs in the order of their creation."""
    return _session(store.owned_session(caller.uid, request.session_id))
