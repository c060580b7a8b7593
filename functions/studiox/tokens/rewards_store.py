"""Stores rewards: `socialTasks/{id}`, which overrides the bundled tasks, and `socialClaims/{id of user and task}`.

The user's document holds the streak and the day's number of claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from studiox.kit import documents, firestore, log, query, structs
from studiox.kit.cache import MINUTE_S, UNKNOWN, Cache
from studiox.kit.clock import datetime
from studiox.kit.errors import NOT_OFFERED, InvalidRequest
from studiox.kit.process import per_process
from studiox.kit.transaction import Docs
from studiox.models.rewards import SOCIAL_CLAIMS, SOCIAL_TASKS, SocialClaim, SocialTaskOverride, claim_path, task_path

from .social_tasks import TASKS, SocialTask

MAX_TASKS = 200

_BUNDLED: Mapping[str, Mapping[str, Any]] = MappingProxyType({task.id: msgspec.to_builtins(task) for task in TASKS})


@per_process
def _offered() -> Cache[list[SocialTask]]:
    """The tasks on offer."""
    return Cache(1, ttl_s=MINUTE_S)


def tasks() -> list[SocialTask]:
    """The tasks on offer, bundled ones first. Each process caches them for 60 s. `Unavailable`."""
    kept = _offered().get("")
    if kept is not UNKNOWN:
        return kept
    held = {found.id: found.data for found in query.documents(SOCIAL_TASKS, limit=MAX_TASKS)}
    names = dict.fromkeys([*_BUNDLED, *sorted(held)])
    offered = [task for name in names if (task := _task(name, held.get(name))) is not None]
    _offered().put("", offered)
    return offered


def find_task(docs: Docs, task_id: str) -> SocialTask:
    """The task. `InvalidRequest` if it is not on offer."""
    task = _task(task_id, docs.get(task_path(task_id)))
    if task is None:
        raise InvalidRequest(fields={"taskId": NOT_OFFERED})
    return task


def _task(task_id: str, override: SocialTaskOverride | None) -> SocialTask | None:
    """The bundled task merged with the document's fields; None if not on offer, or, with an alert, if malformed."""
    bundled = _BUNDLED.get(task_id)
    entry = {**(bundled or {}), **(documents.encode(override) if override else {}), "id": task_id}
    if (bundled is None and override is None) or entry.get("enabled", True) is not True:
        return None
    try:
        known = {name: entry[name] for name in SocialTask.__struct_fields__ if name in entry}
        return structs.convert(known, SocialTask)
    except msgspec.ValidationError as error:
        log.alert("catalogue_entry_broken", entry=task_id, error=str(error))
        return None


def claims_of(uid: str, tasks: list[SocialTask]) -> list[SocialClaim | None]:
    """The user's claims of these tasks, in one round trip."""
    return firestore.get_all([claim_path(uid, task.id) for task in tasks])


def pending_claims(*, size: int, cursor: str | None) -> tuple[list[SocialClaim], str | None]:
    """A page of the claims that await review, oldest first."""
    waiting = {"status": "pending"}
    found, following = query.page(SOCIAL_CLAIMS, waiting, "createdAt", size=size, cursor=cursor, oldest_first=True)
    return [each.data for each in found], following


def new_claim(uid: str, task: SocialTask, request_id: str, proof_url: str, now: datetime) -> SocialClaim:
    return SocialClaim(
        uid=uid,
        task_id=task.id,
        tokens=task.tokens,
        request_id=request_id,
        proof_url=proof_url,
        status="pending" if task.review else "approved",
        created_at=now,
    )
