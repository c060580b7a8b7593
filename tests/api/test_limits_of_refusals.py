"""What is refused is counted too, and what is known to be too much is refused before any work."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import main
from studiox.kit import firestore, rate_limits
from studiox.kit.rate_limits import Limit
from tests.auth.identity import Accounts
from tests.support import Database, Rpcs, before_create, budgets, call, crowd, id_token
from tests.support.posts import post

TRIGGER: Any = main.onUserCreated
CALLS = 289
LIMIT = 60
SHARE = LIMIT // 10
TOKEN_AGE_S = 3600


POST = post("p1")


@pytest.fixture(autouse=True)
def _account(rpcs: Rpcs, auth: Accounts) -> None:
    auth.users.add("u1")
    assert before_create(TRIGGER, "u1").ok
    rpcs.reset()


def another_instance() -> None:
    """Forget what this process holds: the next call is another instance's."""
    rate_limits._counters().shares.clear()
    rate_limits._counters().uncounted.clear()
    firestore.cached_documents().clear()


def like(post_id: str = "none") -> str | None:
    return call(main.likePost, {"postId": post_id}, uid="u1").reason


def remove() -> str | None:
    return call(main.deletePost, {"postId": "none"}, uid="u1").reason


@pytest.mark.parametrize("ask", [like, remove])
def test_a_stream_of_refusals_ends_at_the_limit(ask: Callable[[], str | None], rpcs: Rpcs) -> None:
    reasons = [ask() for _ in range(LIMIT)]
    assert reasons == ["NotFound"] * LIMIT
    assert rpcs.calls.count("Commit") == 10, "a tenth of the window at a time"
    assert len(rpcs.calls) <= LIMIT + 10
    rpcs.reset()
    assert Counter(ask() for _ in range(CALLS - LIMIT)) == {"RateLimited": CALLS - LIMIT}
    assert rpcs.count() == 0, "this instance knows"


def test_it_ends_on_every_instance_and_for_several_at_once(rpcs: Rpcs) -> None:
    """Each instance lets at most a share pass that it has not written down yet."""
    passed: Counter[str | None] = Counter()
    for number in range(CALLS):
        if number % 25 == 24:
            another_instance()
        passed[like()] += 1
    assert set(passed) == {"NotFound", "RateLimited"}
    assert LIMIT <= passed["NotFound"] <= LIMIT + (CALLS // 25 + 1) * SHARE
    rpcs.reset()
    another_instance()
    assert like() == "RateLimited"
    assert rpcs.count() <= budgets.most("likePost", "refusal"), (
        "a new instance reads the limit with the other documents"
    )
    assert crowd(16, lambda _: like()) == ["RateLimited"] * 16
    assert rpcs.count() <= budgets.most("likePost", "refusal")


def test_refused_and_accepted_calls_share_one_window(database: Database) -> None:
    database.put("posts/p1", POST)
    accepted = 0
    refused: Counter[str | None] = Counter()
    for number in range(CALLS):
        answer = call(main.likePost, {"postId": "p1" if number % 2 else "none", "liked": True}, uid="u1")
        accepted += answer.ok
        refused[answer.reason] += 1
    assert LIMIT - SHARE <= accepted + refused["NotFound"] <= LIMIT + SHARE
    assert refused["RateLimited"] == CALLS - accepted - refused["NotFound"]


def test_calls_that_are_accepted_count_exactly_where_nothing_was_refused(database: Database) -> None:
    database.put("posts/p1", POST)
    answers = [call(main.likePost, {"postId": "p1", "liked": bool(n % 2)}, uid="u1").ok for n in range(LIMIT + 5)]
    assert answers == [True] * LIMIT + [False] * 5
    assert {counter["count"] for counter in database.under("rateLimits").values()} == {LIMIT}


def test_replays_count(rpcs: Rpcs) -> None:
    request = {"feature": "hd_download", "requestId": uuid.uuid4().hex}
    assert [call(main.useTokens, request, uid="u1").ok for _ in range(LIMIT)] == [True] * LIMIT
    # One was counted in its commit, and the rest by shares.
    rest = [call(main.useTokens, request, uid="u1").reason for _ in range(2 * SHARE)]
    assert rest[-SHARE:] == ["RateLimited"] * SHARE
    rpcs.reset()
    assert call(main.useTokens, request, uid="u1").reason == "RateLimited"
    assert rpcs.count() == 0


@pytest.mark.parametrize("state", ["suspended", "revoked", "nonsense"])
def test_whoever_may_not_call_costs_no_round_trip_for_ever_and_uses_up_nobodys_calls(
    state: str, database: Database, rpcs: Rpcs
) -> None:
    old = id_token("u1", auth_time=int(time.time()) - TOKEN_AGE_S)
    request: dict[str, Any] = {"postId": "none"}
    if state == "suspended":
        database.change("users/u1", suspended=True)
    elif state == "revoked":
        assert call(main.revokeSessions, token=old).ok
    else:
        request = {"postId": 5}
    before = database.under("rateLimits")
    told = {call(main.likePost, request, token=old).reason for _ in range(LIMIT)}
    assert told == {{"suspended": "AccountSuspended", "revoked": "Unauthenticated"}.get(state, "InvalidRequest")}
    rpcs.reset()
    assert call(main.likePost, request, token=old).reason == "RateLimited"
    assert rpcs.count() == 0
    assert database.under("rateLimits") == before
    if state != "suspended":
        assert like() == "NotFound", "of another session"


def test_auth_is_not_asked_for_what_is_too_much(auth: Accounts, rpcs: Rpcs) -> None:
    limit = 5  # of exportAccount, in an hour
    counted = rate_limits.charge("exportAccount", "u1", Limit(limit, per=3600))
    for _ in range(limit):
        rate_limits.admit(counted)
    assert call(main.exportAccount, uid="u1").reason == "RateLimited"
    auth.down = True
    rpcs.reset()
    assert call(main.exportAccount, uid="u1").reason == "RateLimited"
    assert rpcs.count() == 0


def test_sessions_are_not_ended_at_auth_before_the_limit(auth: Accounts) -> None:
    charge = rate_limits.charge("revokeSessions", "u1", Limit(10, per=60, in_commit=True))
    for _ in range(10):
        rate_limits.charge_later(charge)
    another_instance()
    auth.down = True
    assert call(main.revokeSessions, uid="u1").reason == "RateLimited"


def test_memory_of_refusals_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "REMEMBERED_CALLERS", 3)
    for number in range(8):
        charge = rate_limits.charge("f", f"u{number}", Limit(100, per=60, in_commit=True))
        rate_limits.charge_later(charge)
        rate_limits.remember_refused(charge, "s")
    assert len(rate_limits._counters().uncounted) == 3


def test_a_crowd_owes_each_call_once(database: Database) -> None:
    charge = rate_limits.charge("f", "u1", Limit(100, per=60, in_commit=True))
    crowd(32, lambda _: rate_limits.charge_later(charge))
    assert database.need(charge.path)["count"] == 30
    assert rate_limits._counters().uncounted[charge.path].calls == 2
