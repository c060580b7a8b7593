"""updateStreak, getSocialTasks, submitSocialTask and reviewSocialTask, as clients call them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from studiox.kit import process
from tests.support import Answer, Database, Rpcs, before_create, call, crowd
from tests.support.clock import Clock

TRIGGER: Any = main.onUserCreated
PROOF = "https://x.com/studiox/status/1"


@pytest.fixture(autouse=True)
def _late_in_february(clock: Clock) -> None:
    clock.stop(datetime(2026, 2, 27, 23, 30, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _user() -> None:
    before_create(TRIGGER, "u1", email="u1@canary.test")


def visit(uid: str = "u1") -> dict[str, Any]:
    answer = call(main.updateStreak, uid=uid)
    assert answer.ok, answer
    found: dict[str, Any] = answer.result
    return found


def submit(task: str = "follow-x", proof: str = PROOF, request: str = "request-000000001", uid: str = "u1") -> Answer:
    return call(main.submitSocialTask, {"taskId": task, "proofUrl": proof, "requestId": request}, uid=uid)


def review(approve: bool, task: str = "follow-x", uid: str = "u1", note: str | None = None) -> Answer:
    request = {"uid": uid, "taskId": task, "approve": approve, "note": note}
    return call(main.reviewSocialTask, request, uid="boss", admin=True)


def statuses() -> dict[str, str]:
    answer = call(main.getSocialTasks, uid="u1")
    return {task["id"]: task["status"] for task in answer.result["tasks"]}


# Streaks.


def test_a_week_of_visits_earns_its_milestones(
    clock: Clock, database: Database, invariants: Callable[[str], None]
) -> None:
    """Over a month's end, always half an hour before midnight: days are UTC's (J26)."""
    rewards = []
    for _ in range(7):
        found = visit()
        rewards.append(found["reward"])
        clock.ahead += timedelta(days=1)
    assert rewards == [0, 0, 5, 0, 0, 0, 10]
    assert found == {"currentStreak": 7, "longestStreak": 7, "lastActiveDate": "2026-03-05", "reward": 10}
    invariants("u1")
    assert {name for name in database.under("users/u1/ledger") if name.startswith("reward")} == {
        "reward:streak:2026-03-01",
        "reward:streak:2026-03-05",
    }
    clock.ahead += timedelta(days=1)  # a day is missed
    assert visit() == {"currentStreak": 1, "longestStreak": 7, "lastActiveDate": "2026-03-07", "reward": 0}
    assert call(main.getProfile, uid="u1").result["streak"]["longest"] == 7


def test_once_a_utc_day(clock: Clock, database: Database) -> None:
    visit()
    clock.ahead += timedelta(minutes=29)
    before = database.hash("rateLimits")
    assert visit()["currentStreak"] == 1
    assert database.hash("rateLimits") == before
    clock.ahead += timedelta(minutes=2)
    assert visit()["currentStreak"] == 2


def test_j27_a_clock_that_is_behind_changes_nothing(clock: Clock) -> None:
    clock.ahead += timedelta(minutes=35)
    assert visit()["lastActiveDate"] == "2026-02-28"
    clock.ahead -= timedelta(minutes=10)
    assert visit() == {"currentStreak": 1, "longestStreak": 1, "lastActiveDate": "2026-02-28", "reward": 0}


def test_thirty_two_visits_at_once_are_one(database: Database, invariants: Callable[[str], None]) -> None:
    streak = {"current": 2, "longest": 2, "lastActiveDate": "2026-02-26"}
    database.change("users/u1", streak=streak)
    answers = crowd(32, lambda _: visit())
    assert sorted(answer["reward"] for answer in answers if isinstance(answer, dict)) == [0] * 31 + [5]
    invariants("u1")
    assert database.need("users/u1")["balance"] == 205


def test_a_visit_whose_answer_is_lost_tells_its_reward(database: Database, rpcs: Rpcs) -> None:
    """J22."""
    database.change("users/u1", streak={"current": 2, "longest": 2, "lastActiveDate": "2026-02-26"})
    rpcs.fail_after_apply("Commit")
    assert visit()["reward"] == 5
    assert database.need("users/u1")["balance"] == 205


def test_a_visit_that_another_one_overtakes_earns_nothing(database: Database, rpcs: Rpcs, clock: Clock) -> None:
    """J22: both at the same moment of a stopped clock; the bonus is told to the visit that was committed."""
    database.change("users/u1", streak={"current": 2, "longest": 2, "lastActiveDate": "2026-02-26"})
    process.restart()  # this instance remembers no account

    def overtake() -> None:
        database.change("users/u1", streak={"current": 3, "longest": 3, "lastActiveDate": "2026-02-27"}, balance=205)
        entry = {"seq": 2, "type": "reward", "amount": 5, "buckets": {"monthly": 0, "bonus": 5, "purchased": 0}}
        entry |= {"balanceAfter": 205, "ref": {"kind": "streak", "id": "2026-02-27"}, "reason": ""}
        id_ = "reward:streak:2026-02-27"
        database.put(f"users/u1/ledger/{id_}", {**entry, "id": id_, "createdAt": clock.now()})

    rpcs.before("Commit", overtake)
    assert visit()["reward"] == 0
    assert database.need("users/u1")["balance"] == 205


def test_a_flood_of_visits_is_refused() -> None:
    for _ in range(60):
        visit()
    assert call(main.updateStreak, uid="u1").reason == "RateLimited"


def test_who_may_visit(database: Database, invariants: Callable[[str], None]) -> None:
    assert call(main.updateStreak).reason == "Unauthenticated"
    assert visit("imported")["currentStreak"] == 1
    invariants("imported")
    database.change("users/u1", suspended=True)
    assert call(main.updateStreak, uid="u1").reason == "AccountSuspended"


# Social tasks.


def test_a_claim_waits_for_its_review_and_is_rewarded_once(
    database: Database, invariants: Callable[[str], None]
) -> None:
    assert set(statuses().values()) == {"available"}
    assert submit().result == {"status": "pending", "tokens": 0}
    assert statuses()["follow-x"] == "pending"
    assert database.need("users/u1")["balance"] == 200
    assert review(True).result == {"status": "approved", "tokens": 10}
    before = database.hash("rateLimits")
    assert review(True).result == {"status": "approved", "tokens": 10}
    assert review(False).reason == "AlreadyClaimed"
    assert submit(request="request-000000002").reason == "AlreadyClaimed"
    assert database.hash("rateLimits") == before
    assert submit().result == {"status": "approved", "tokens": 10}
    invariants("u1")
    assert database.need("users/u1/ledger/reward:follow-x")["amount"] == 10
    actions = [entry["action"] for entry in database.under("auditLogs").values()]
    assert actions.count("submitSocialTask") == actions.count("reviewSocialTask") == 1


def test_what_was_rejected_may_be_claimed_again(database: Database) -> None:
    submit()
    assert review(False, note="Not your account").result == {"status": "rejected", "tokens": 0}
    assert review(False).result == {"status": "rejected", "tokens": 0}
    assert statuses()["follow-x"] == "rejected"
    assert submit(request="request-000000002").result == {"status": "pending", "tokens": 0}
    assert review(True).result["tokens"] == 10
    assert database.need("users/u1")["balance"] == 210


def test_the_same_request_again_and_another_request_by_its_name(database: Database) -> None:
    submit()
    before = database.hash("rateLimits")
    assert submit().result == {"status": "pending", "tokens": 0}
    assert submit(proof="https://x.com/other").reason == "RequestIdReused"
    assert database.hash("rateLimits") == before


def test_the_price_that_was_offered_is_paid(database: Database) -> None:
    """J18: an override between claim and review changes later claims only."""
    submit()
    database.put("socialTasks/follow-x", {"tokens": 9999})
    assert review(True).result["tokens"] == 10


def test_the_catalogue_may_be_changed_by_documents(database: Database) -> None:
    database.put("socialTasks/share-creation", {"enabled": False})
    database.put("socialTasks/tell-a-friend", {"title": "Tell a friend", "tokens": 7, "review": False})
    database.put("socialTasks/broken", {"title": "Broken", "tokens": -7})
    found = statuses()
    assert "share-creation" not in found
    assert "broken" not in found
    assert found["tell-a-friend"] == "available"
    assert submit("tell-a-friend", "https://example.com/a").result == {"status": "approved", "tokens": 7}
    assert database.need("users/u1")["balance"] == 207
    for task in ("share-creation", "broken", "no-such"):
        assert submit(task, "https://example.com/a").reason == "InvalidRequest"


def test_three_claims_a_day(clock: Clock) -> None:
    tasks = {"follow-x": PROOF, "share-creation": "https://a.example", "join-discord": "https://discord.gg/a"}
    for number, (task, proof) in enumerate(tasks.items()):
        assert submit(task, proof, f"request-00000000{number}").ok
    answer = submit("review-video", "https://youtu.be/a", "request-000000009")
    assert (answer.reason, answer.details["retryAfterSeconds"]) == ("RateLimited", 30 * 60)
    clock.ahead += timedelta(minutes=31)
    assert submit("review-video", "https://youtu.be/a", "request-000000009").ok


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "proof",
    [
        "http://x.com/a",
        "https://evil.example/x.com",
        "https://x.com@evil.example/",
        "https://x.com.evil.example/",
        "https://x.com:8443/a",
        "https://[x.com/",
        "javascript:alert(1)",
        "x.com/a",
    ],
)
def test_a_proof_is_an_https_address_at_the_tasks_host(proof: str) -> None:
    answer = submit(proof=proof)
    assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", ["proofUrl"])


def test_thirty_two_claims_and_reviews_at_once_give_one_reward(
    database: Database, invariants: Callable[[str], None]
) -> None:
    answers = crowd(32, lambda n: submit(request=f"request-0000000{n:02d}"))
    good = [answer for answer in answers if answer.ok]
    assert len(good) == 1
    crowd(32, lambda _: review(True))
    invariants("u1")
    assert database.need("users/u1")["balance"] == 210


def test_a_claim_whose_answer_is_lost_is_made_once(database: Database, rpcs: Rpcs) -> None:
    """J22."""
    rpcs.fail_after_apply("Commit")
    assert submit().result == {"status": "pending", "tokens": 0}
    assert database.need("users/u1")["claims"]["count"] == 1


def test_who_may_claim_and_review(database: Database) -> None:
    assert submit(uid="imported").ok
    assert call(main.submitSocialTask).reason == "Unauthenticated"
    assert call(main.getSocialTasks).reason == "Unauthenticated"
    request = {"uid": "imported", "taskId": "follow-x", "approve": True}
    assert call(main.reviewSocialTask, request, uid="u1").reason == "Forbidden"
    assert review(True, uid="nobody").reason == "NotFound"
    database.change("users/u1", suspended=True)
    assert submit().reason == "AccountSuspended"


def test_a_task_tells_where_its_proof_may_lie_and_why_it_was_rejected() -> None:
    def told() -> dict[str, Any]:
        return {task["id"]: task for task in call(main.getSocialTasks, uid="u1").result["tasks"]}

    before = told()
    assert before["follow-x"]["proofHosts"] == ["x.com", "twitter.com"]
    assert before["share-creation"]["proofHosts"] == []
    assert "note" not in before["follow-x"]
    assert submit().ok
    assert review(False, note="the address shows another account").ok
    after = told()["follow-x"]
    assert (after["status"], after["note"]) == ("rejected", "the address shows another account")
    assert submit(request="request-000000002").ok
    assert "note" not in told()["follow-x"], "the new claim has not been looked at"
