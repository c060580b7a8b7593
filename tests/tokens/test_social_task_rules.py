"""Which proof a social task takes, which request is a repetition, and how many claims a day has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.kit.errors import InvalidRequest, RateLimited, RequestIdReused
from studiox.models.rewards import SocialClaim
from studiox.models.users import DayCount
from studiox.tokens.social_tasks import TASKS, AlreadyClaimed, SocialTask, check_proof, count_claim, replayed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANYWHERE = SocialTask(id="any", title="Any", tokens=1)
AT_X = SocialTask(id="x", title="X", tokens=1, hosts=("x.com", "twitter.com"))


def test_what_the_bundled_tasks_bring() -> None:
    assert {task.id: (task.tokens, task.review) for task in TASKS} == {
        "follow-x": (10, True), "share-creation": (20, True), "join-discord": (10, True), "review-video": (100, True),
    }  # fmt: skip


@pytest.mark.parametrize(
    "url", ["https://x.com/ann", "https://www.x.com", "HTTPS://X.com:443/a?b@c", "https://twitter.com/@ann"]
)
def test_a_proof_at_a_host_of_the_task(url: str) -> None:
    check_proof(AT_X, url)
    check_proof(ANYWHERE, url)


@pytest.mark.parametrize(
    "url",
    [
        "http://x.com",
        "x.com",
        "",
        "https://",
        "https:///a",
        "https://x.com:442",
        "https://x.com:444",
        "https://x.com:80",
    ]
    + ["https://ann@x.com", "https://ann:pass@x.com", "https://:pass@x.com", "https://@x.com"]
    + ["https://[x.com", "https://x.com:port", "https://x.com:99999"],
)
def test_a_proof_is_a_plain_https_address(url: str) -> None:
    for task in (ANYWHERE, AT_X):
        with pytest.raises(InvalidRequest) as refused:
            check_proof(task, url)
        assert refused.value.details["fields"] == {"proofUrl": "not an https address"}


@pytest.mark.parametrize("url", ["https://y.com", "https://x.com.y.com", "https://a.x.com", "https://y.com/x.com"])
def test_a_proof_at_another_host(url: str) -> None:
    check_proof(ANYWHERE, url)
    with pytest.raises(InvalidRequest) as refused:
        check_proof(AT_X, url)
    assert refused.value.details["fields"] == {"proofUrl": "not at x.com or twitter.com"}


CLAIM = SocialClaim(
    uid="u1", task_id="any", tokens=1, request_id="r1", proof_url="https://a", status="pending", created_at=NOW
)


@pytest.mark.parametrize("status", ["pending", "approved", "rejected"])
def test_a_request_is_answered_again_and_not_counted_again(status: Any) -> None:
    claim = replace(CLAIM, status=status)
    assert replayed(claim, "r1", "https://a") is True
    with pytest.raises(RequestIdReused):
        replayed(claim, "r1", "https://b")


def test_a_task_is_claimed_once_unless_the_claim_was_rejected() -> None:
    assert replayed(None, "r1", "https://a") is False
    assert replayed(replace(CLAIM, status="rejected"), "r2", "https://a") is False
    for status in ("pending", "approved"):
        with pytest.raises(AlreadyClaimed):
            replayed(replace(CLAIM, status=status), "r2", "https://a")


def test_three_claims_a_day() -> None:
    assert count_claim(None, NOW) == DayCount(date="2026-03-01", count=1)
    assert count_claim(DayCount(date="2026-03-01", count=2), NOW) == DayCount(date="2026-03-01", count=3)
    assert count_claim(DayCount(date="2026-02-28", count=3), NOW) == DayCount(date="2026-03-01", count=1)
    with pytest.raises(RateLimited):
        count_claim(DayCount(date="2026-03-01", count=3), NOW)
