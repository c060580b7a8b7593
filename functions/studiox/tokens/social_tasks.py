"""The rules of social tasks: each is rewarded once per user, and claims per day are limited. Pure."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from studiox.kit.clock import datetime
from studiox.kit.daily_quota import day_of, one_more_today
from studiox.kit.errors import InvalidRequest, RequestIdReused, StudioxError, Wrong
from studiox.models.rewards import SocialClaim
from studiox.models.users import DayCount

CLAIMS_PER_DAY = 3

Status = Literal["available", "pending", "approved", "rejected"]


class AlreadyClaimed(StudioxError):
    code = "already-exists"
    text = "You have already claimed this."


class SocialTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task of the catalogue. `review`: an administrator checks the proof before the reward."""

    id: str
    title: str
    tokens: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    review: bool = True
    hosts: tuple[str, ...] = ()
    """The hosts that the proof's URL may have; empty: any https URL."""


TASKS = (
    SocialTask(id="follow-x", title="Follow StudioX on X", tokens=10, hosts=("x.com", "twitter.com")),
    SocialTask(id="share-creation", title="Share one of your creations", tokens=20),
    SocialTask(id="join-discord", title="Join the Discord server", tokens=10, hosts=("discord.com", "discord.gg")),
    SocialTask(id="review-video", title="Publish a video about StudioX", tokens=100, hosts=("youtube.com", "youtu.be")),
)


def check_proof(task: SocialTask, url: str) -> None:
    """`InvalidRequest` unless the proof is an https URL at a host of the task, on port 443, without credentials."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        plain = parts.scheme == "https" and host and "@" not in parts.netloc and parts.port in (None, 443)
    except ValueError:
        plain, host = False, ""
    if not plain:
        raise InvalidRequest(fields={"proofUrl": Wrong("not an https address", {"rule": "format"})})
    if task.hosts and host not in task.hosts:
        elsewhere = Wrong(f"not at {' or '.join(task.hosts)}", {"rule": "wrongHost", "allowed": list(task.hosts)})
        raise InvalidRequest(fields={"proofUrl": elsewhere})


def replayed(claim: SocialClaim | None, request_id: str, proof_url: str) -> bool:
    """Whether this request made the claim. `RequestIdReused`; `AlreadyClaimed` unless the claim was rejected."""
    if claim is None:
        return False
    if claim.request_id == request_id:
        if claim.proof_url != proof_url:
            raise RequestIdReused
        return True
    if claim.status != "rejected":
        raise AlreadyClaimed
    return False


def count_claim(counted: DayCount | None, now: datetime) -> DayCount:
    """The user's number of claims today, with one more. `RateLimited`."""
    return DayCount(date=day_of(counted, now), count=one_more_today(counted, CLAIMS_PER_DAY, now))
