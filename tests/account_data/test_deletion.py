"""deleteAccount: nothing of a user is left but money under a pseudonym (A5, A9, A10), whatever interrupts it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.kit.errors import Unavailable
from studiox.models.users import pseudonym
from tests.account_data.conftest import ADA, ADDRESS, BOB, TRIGGER, People
from tests.auth.identity import Accounts
from tests.media.servers import Gcs
from tests.support import Answer, Database, Rpcs, before_create, call, counted, crowd, schedule, task
from tests.support.clock import Clock
from tests.support.queue import Queue

CLEAN_UP: Any = main.cleanUp
DISPATCH: Any = main.dispatchStudioJobs


def delete(uid: str = ADA, **request: Any) -> Answer:
    return call(main.deleteAccount, {"confirm": ADDRESS[uid], **request}, uid=uid, email=ADDRESS[uid])


def traces(database: Database, gcs: Gcs, uid: str = ADA) -> list[str]:
    """Every document and object that still tells of this user."""
    marks = (uid, ADDRESS[uid])
    found = [path for path, data in database.all().items() if any(mark in path + repr(data) for mark in marks)]
    return found + [name for name in gcs.objects if uid in name]


def assert_gone(database: Database, gcs: Gcs) -> None:
    assert traces(database, gcs) == []
    closed = f"closedAccounts/{pseudonym(ADA)}"
    account = database.need(closed)
    entries = sorted(database.under(f"{closed}/ledger").values(), key=lambda entry: int(entry["seq"]))
    assert [entry["seq"] for entry in entries] == list(range(1, account["ledgerSeq"] + 1))
    assert sum(entry["amount"] for entry in entries) == account["balance"] == sum(account["buckets"].values())
    assert account["state"] == "closed"
    assert not {"email", "displayName", "photoUrl"} & account.keys()


def _ended(database: Database) -> Counter[str]:
    """How many jobs the daily counters hold, by status."""
    found: Counter[str] = Counter()
    for (_, kind, value), number in counted.sums(database.all()).items():
        found[value] += number if kind == "status" else 0
    return +found


def test_a9_nothing_is_left_but_money_under_a_pseudonym(
    people: People, database: Database, gcs: Gcs, auth: Accounts, invariants: Callable[[str], None]
) -> None:
    assert len(traces(database, gcs)) > 20
    assert sum(_ended(database).values()) == 3
    bobs = database.need(f"users/{BOB}")
    [bobs_post] = [post for post in database.under("posts").values() if post["uid"] == BOB]
    assert delete().result == {"deleted": True}
    assert_gone(database, gcs)
    assert auth.users == {BOB}
    assert not database.get(f"jobs/{people.running}"), "the running job was cancelled and went"  # type: ignore[attr-defined]
    assert _ended(database) == {"completed": 1}, "Ada's jobs are no longer counted"
    counted.check(database.all())
    refund = database.need(f"closedAccounts/{pseudonym(ADA)}/ledger/refund:{people.running}")  # type: ignore[attr-defined]
    assert refund["amount"] == 1
    # Bob's own things are as they were, without Ada.
    assert database.need(f"users/{BOB}")["balance"] == bobs["balance"]
    post = database.need(f"posts/{bobs_post['postId']}")
    assert (post["likeCount"], post["commentCount"]) == (0, 1)
    [said] = database.under(f"posts/{bobs_post['postId']}/comments").values()
    assert (said["uid"], said["text"]) == (None, "lovely"), "comments become anonymous"
    [told] = [each for each in database.under(f"users/{BOB}/notifications").values() if "commentId" in each]
    assert told["authorName"] == said["authorName"] != "Ada"
    assert [name for name in gcs.objects if name.startswith(f"users/{BOB}/")]
    invariants(BOB)


@pytest.mark.usefixtures("people")
def test_a_live_token_does_not_bring_it_back(database: Database, gcs: Gcs) -> None:
    assert delete().ok
    for function, request in (
        (main.initializeUser, {}),
        (main.getProfile, {}),
        (main.getUserBalance, {}),
        (main.updateStreak, {}),
        (main.useTokens, {"feature": "hd_download", "requestId": "request-000000099"}),
        (main.checkGenerationAllowance, {"consume": True}),
    ):
        assert call(function, request, uid=ADA, email=ADDRESS[ADA]).reason == "Unauthenticated"
    request = {"requestId": "request-0000000098", "type": "image", "model": "Model A", "prompt": "x"}
    assert not call(main.createStudioJob, request, uid=ADA, email=ADDRESS[ADA]).ok
    assert [path for path in traces(database, gcs) if not path.startswith("rateLimits")] == []


@pytest.mark.usefixtures("people")
def test_a5_signing_up_again_brings_no_second_bonus(database: Database, auth: Accounts) -> None:
    assert delete().ok
    auth.users.add("a-new-uid")
    assert before_create(TRIGGER, "a-new-uid", email=ADDRESS[ADA]).ok
    assert database.need("users/a-new-uid")["balance"] == 0


@pytest.mark.usefixtures("people")
def test_a5_signing_up_again_goes_on_with_the_month(database: Database, auth: Accounts) -> None:
    counted = call(main.checkGenerationAllowance, {"consume": True}, uid=ADA, email=ADDRESS[ADA]).result
    assert delete().ok
    auth.users.add("a-new-uid")
    assert before_create(TRIGGER, "a-new-uid", email=ADDRESS[ADA]).ok
    again = call(main.checkGenerationAllowance, {}, uid="a-new-uid", email=ADDRESS[ADA]).result
    assert database.need("users/a-new-uid")["generationCount"] >= 1
    assert again["resetsAt"] == counted["resetsAt"]


@pytest.mark.usefixtures("people")
def test_deleting_twice_and_at_once_is_one_deletion(database: Database, gcs: Gcs) -> None:
    answers = crowd(8, lambda _: delete())
    assert [answer for answer in answers if not answer.ok] == []
    before = {path: data for path, data in database.all().items() if not path.startswith("rateLimits")}
    assert delete().ok
    assert {path: data for path, data in database.all().items() if not path.startswith("rateLimits")} == before
    assert_gone(database, gcs)


@pytest.mark.usefixtures("people")
def test_a_deletion_that_another_one_finishes_in_the_middle_is_done(database: Database, gcs: Gcs, rpcs: Rpcs) -> None:
    """Between its look at the account and its look at the sign-in, both are deleted."""

    def elsewhere(*_: object) -> None:
        assert delete().ok

    rpcs.plan("BatchGetDocuments", after=elsewhere)
    assert delete().result == {"deleted": True}
    assert_gone(database, gcs)


STEPS = ["_end_subscription", "_end_jobs", "erase_from_community", "_delete_sign_in"]


@pytest.mark.parametrize("step", [*STEPS, "store.delete_own", "store.move_money", "store.rename", "store.close"])
@pytest.mark.usefixtures("people")
def test_a10_a_deletion_that_is_stopped_anywhere_is_finished_later(
    database: Database, gcs: Gcs, queue: Queue, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The database goes away after the step did its work; the schedule finds the rest."""
    from studiox.account_data import deletion, erasure

    holder: Any = erasure if step.startswith("store.") else deletion
    name = step.removeprefix("store.")
    real = getattr(holder, name)

    def dying(*arguments: Any) -> Any:
        real(*arguments)
        raise Unavailable(retryAfterSeconds=1)

    monkeypatch.setattr(holder, name, dying)
    assert delete().result == {"deleted": True}
    assert call(main.useTokens, {"feature": "hd_download", "requestId": "request-000000099"}, uid=ADA).reason in (
        "AccountSuspended",
        "Unauthenticated",
    ), "from the first moment on it spends nothing"
    monkeypatch.setattr(holder, name, real)
    queue.tasks.clear()
    clock.ahead += timedelta(minutes=1)
    assert schedule(DISPATCH).status == 200
    queue.run({"cleanUp": CLEAN_UP, "settleStudioJob": lambda _: "ok"})
    assert_gone(database, gcs)


@pytest.mark.usefixtures("people")
def test_many_documents_go_in_bounded_steps(
    database: Database, gcs: Gcs, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studiox.account_data import deletion, erasure

    monkeypatch.setattr(erasure, "PAGE", 3)
    monkeypatch.setattr(deletion, "STEPS", 1)
    monkeypatch.setattr(deletion, "MEDIA_PER_STEP", 1)
    monkeypatch.setattr(deletion, "RUNS", 2)
    assert delete().ok
    assert traces(database, gcs), "a call does a part of it"
    for _ in range(60):
        if not database.get(f"cleanups/account-{pseudonym(ADA)}"):
            break
        queue.run({"cleanUp": CLEAN_UP, "settleStudioJob": lambda _: "ok"})
    assert_gone(database, gcs)


@pytest.mark.usefixtures("people")
def test_auth_is_away_and_the_rest_follows(database: Database, gcs: Gcs, auth: Accounts, clock: Clock) -> None:
    auth.read_only = True
    assert delete().ok
    assert ADA in auth.users
    auth.read_only = False
    clock.ahead += timedelta(minutes=1)
    assert task(CLEAN_UP, {"kind": "account", "id": pseudonym(ADA)}).status in (200, 204)
    assert_gone(database, gcs)
    assert auth.users == {BOB}


@pytest.mark.parametrize("confirm", ["bob@canary.test", "yes", ADA])
@pytest.mark.usefixtures("people")
def test_it_must_be_confirmed(database: Database, confirm: str) -> None:
    before = database.hash("rateLimits")
    assert delete(confirm=confirm).reason == "InvalidRequest"
    assert call(main.deleteAccount, {"confirm": "a"}).reason == "Unauthenticated"
    assert database.hash("rateLimits") == before
    assert delete(confirm=ADDRESS[ADA].upper()).ok


def test_somebody_who_was_never_provisioned(auth: Accounts, database: Database, gcs: Gcs, queue: Queue) -> None:
    assert queue
    auth.users |= {ADA, BOB}
    assert delete().ok
    assert auth.users == {BOB}
    assert traces(database, gcs) == []


# exportAccount.


def export(uid: str = ADA) -> Answer:
    return call(main.exportAccount, uid=uid, email=ADDRESS[uid])


@pytest.mark.usefixtures("people")
def test_an_export_holds_everything_and_proves_the_balance(
    database: Database, gcs: Gcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studiox.kit.query.PAGE", 3)
    monkeypatch.setattr("studiox.account_data.export.UPLOADS_PER_PAGE", 2)
    gcs.put_object(f"users/{BOB}/uploads/b.png", b"bob's", {})
    for name in ("b.jpg", "c.mp3"):
        gcs.put_object(f"users/{ADA}/uploads/{name}", name.encode(), {"contentType": "audio/mpeg"})
    letter = {"uid": ADA, "to": [ADDRESS[ADA]], "message": {"subject": "Done"}}
    database.put(f"mail/{ADA}-letter", letter)
    monkeypatch.setattr("studiox.media.objects.signed_url", lambda path, _: f"https://signed.example/{path}")
    answer = export()
    assert answer.ok, answer
    [name] = [name for name in gcs.objects if name.startswith("exports/")]
    assert answer.result["url"].endswith(name)
    assert ADA not in name
    assert gcs.objects[name]["resource"]["contentType"] == "application/json"
    told = json.loads(gcs.objects[name]["data"])
    user = database.need(f"users/{ADA}")
    assert told["profile"]["email"] == ADDRESS[ADA]
    assert told["ledgerProof"] == {
        "entries": user["ledgerSeq"],
        "sum": user["balance"],
        "accountBalance": user["balance"],
        "proven": True,
    }
    assert [entry["runningSum"] for entry in told["ledger"]] == [entry["balanceAfter"] for entry in told["ledger"]]
    counts = {name: len(told[name]) for name in ("jobs", "creations", "sessions", "posts", "likes", "comments")}
    assert counts == {"jobs": 3, "creations": 2, "sessions": 4, "posts": 1, "likes": 1, "comments": 1}
    assert [len(told[name]) for name in ("socialClaims", "reports")] == [1, 1]
    assert [each["to"] for each in told["mail"]] == [letter["to"]]
    assert "publishPost" in {entry["action"] for entry in told["activity"]}
    assert [each["path"].rpartition("/")[2] for each in told["uploads"]] == ["a.png", "b.jpg", "c.mp3"]
    assert told["uploads"][2] == {
        "path": f"users/{ADA}/uploads/c.mp3",
        "contentType": "audio/mpeg",
        "bytes": 5,
        "uploadedAt": "2026-01-02T03:04:05.678000Z",
    }
    assert BOB not in json.dumps({name: value for name, value in told.items() if name != "notifications"})
    assert export().ok
    assert len([name for name in gcs.objects if name.startswith("exports/")]) == 1, "the older one goes"
    assert delete().ok
    assert not [name for name in gcs.objects if name.startswith("exports/")]


@pytest.mark.usefixtures("people")
def test_storage_is_away(gcs: Gcs) -> None:
    gcs.statuses[:] = [503] * 20
    assert export().reason == "Unavailable"
