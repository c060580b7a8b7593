"""One's own sessions, as callables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from studiox.api.callables import Id, Reader, Request, Response, endpoint
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


def _session(data: Mapping[str, Any]) -> Session:
    return Session(
        session_id=data["sessionId"],
        params=data["params"],
        type=data["type"],
        model=data["model"],
        jobs=list(data.get("jobs", ())),
        created_at=data["createdAt"],
        source_post_id=data.get("sourcePostId", UNSET),
    )


class ListSessions(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class Sessions(Response):
    sessions: list[Session]
    next_cursor: str | None


@endpoint(limit=READS)
def listSessions(caller: Reader, request: ListSessions) -> Sessions:
    """The caller's sessions, newest first."""
    found, cursor = store.list_sessions(caller.uid, size=request.page_size, cursor=request.cursor)
    return Sessions(sessions=[_session(data) for data in found], next_cursor=cursor)


class GetSession(Request, frozen=True):
    session_id: Id


@endpoint(limit=READS, refuses=(NotFound,))
def getSession(caller: Reader, request: GetSession) -> Session:
    """One session of the caller's: what it started from, and its jobs in the order they were ordered."""
    return _session(store.owned_session(caller.uid, request.session_id))
