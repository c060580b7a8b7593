"""When a referral must be settled, and until when it is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.kit.documents import encode
from studiox.models.referrals import Referral, Reward, mark_due, referral_path
from studiox.models.users import user_path
from tests.support.documents import docs_with
from tests.support.people import user_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFERRAL = Referral(uid="u1", code="22222222", reward_id="r1", created_at=NOW)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, NOW),
        (NOW - timedelta(days=1), NOW),
        (NOW, NOW + timedelta(microseconds=1)),
        (NOW + timedelta(days=1), NOW + timedelta(days=1, microseconds=1)),
        ("broken", NOW),
    ],
)
def test_each_mark_is_another_one(before: Any, after: datetime) -> None:
    stored = encode(REFERRAL) | ({} if before is None else {"dueAt": before})
    docs = docs_with({user_path("u1"): replace(user_of(), referred=True), referral_path("u1"): stored})
    mark_due(docs, "u1", NOW)
    assert docs.changes == {referral_path("u1"): stored | {"dueAt": after}}


@pytest.mark.parametrize("user", [None, user_of(), replace(user_of(), referred=True)])
def test_without_a_referral_nothing_is_marked(user: Any) -> None:
    docs = docs_with({} if user is None else {user_path("u1"): user})
    mark_due(docs, "u1", NOW)
    assert docs.changes == {}


def test_a_referral_is_open_until_it_is_rewarded_or_refused() -> None:
    assert REFERRAL.is_open
    assert not replace(REFERRAL, invited=Reward(tokens=1)).is_open
    assert not replace(REFERRAL, refused="same_card").is_open
