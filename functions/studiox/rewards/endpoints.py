"""Streaks and social tasks, as callables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from ..endpoint import Admin, Id, Nothing, Reader, Request, RequestId, Response, Text, VerifiedUser, endpoint
from ..errors import AccountSuspended, EmailNotVerified, NotFound, RateLimited, RequestIdReused
from ..limits import Limit
from . import service, social, store

WRITES = Limit(60, per=60, in_commit=True)


class SocialTaskStatus(Response):
    id: str
    title: str
    tokens: int
    status: social.Status
    proof_hosts: tuple[str, ...]
    """Where the proof must lie; empty: any https address."""
    note: str | UnsetType = UNSET
    """What an administrator said about the claim."""


class SocialTasks(Response):
    tasks: list[SocialTaskStatus]


@endpoint(limit=Limit(120, per=60))
def getSocialTasks(caller: Reader, request: Nothing) -> SocialTasks:
    """Every task on offer, and how far the caller is with it."""
    tasks = store.tasks()
    claims = store.claims_of(caller.uid, tasks)
    return SocialTasks(tasks=[_task(task, claim) for task, claim in zip(tasks, claims, strict=True)])


def _task(task: social.SocialTask, claim: Mapping[str, Any] | None) -> SocialTaskStatus:
    status: social.Status = "available" if claim is None else claim["status"]
    note = (claim or {}).get("note") or UNSET
    return SocialTaskStatus(
        id=task.id, title=task.title, tokens=task.tokens, status=status, proof_hosts=task.hosts, note=note
    )


class SubmitSocialTask(Request, frozen=True):
    task_id: Id
    proof_url: Annotated[str, Meta(min_length=1, max_length=2048), Text]
    request_id: RequestId


class TaskClaimed(Response):
    status: social.Status
    tokens: int


@endpoint(
    limit=WRITES, refuses=(AccountSuspended, EmailNotVerified, RateLimited, RequestIdReused, social.AlreadyClaimed)
)
def submitSocialTask(caller: VerifiedUser, request: SubmitSocialTask) -> TaskClaimed:
    """Claim a task's tokens with an address that proves it; most wait for an administrator's review."""
    status, tokens = service.claim(caller, request.task_id, request.proof_url, request.request_id)
    return TaskClaimed(status=status, tokens=tokens)


class ReviewSocialTask(Request, frozen=True):
    uid: Id
    task_id: Id
    approve: bool
    note: Annotated[str, Meta(min_length=1, max_length=500), Text] | None = None


@endpoint(limit=WRITES, refuses=(NotFound, social.AlreadyClaimed))
def reviewSocialTask(caller: Admin, request: ReviewSocialTask) -> TaskClaimed:
    """Approve a claim, which rewards it, or reject it, after which it may be claimed again."""
    status, tokens = service.review(caller, request.uid, request.task_id, approve=request.approve, note=request.note)
    return TaskClaimed(status=status, tokens=tokens)


class StreakVisited(Response):
    current_streak: int
    longest_streak: int
    last_active_date: str | None
    reward: int


@endpoint(limit=WRITES, refuses=(AccountSuspended, EmailNotVerified))
def updateStreak(caller: VerifiedUser, request: Nothing) -> StreakVisited:
    """Count today's visit, once a UTC day; milestones earn bonus tokens."""
    streak, reward = service.visit(caller)
    return StreakVisited(
        current_streak=streak.current,
        longest_streak=streak.longest,
        last_active_date=streak.last_active_date,
        reward=reward,
    )
