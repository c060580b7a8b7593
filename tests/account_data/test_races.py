"""An account is deleted between a call's read and its commit: nothing that the call says in its name stays (A9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import main
from tests.account_data.conftest import ADA, ADDRESS, BOB, People
from tests.account_data.test_deletion import delete, traces
from tests.conftest import forget_all
from tests.media.servers import Gcs
from tests.support import Answer, Database, Rpcs, call

ID = {"requestId": "request-000000000077"}
ORDER = {"type": "image", "model": "Model A", "prompt": "a fox", "size": "512x512"}
PROOF = {"taskId": "join-discord", "proofUrl": "https://discord.com/a"}
CALLS: dict[str, Callable[[People, Database], tuple[Any, dict[str, Any]]]] = {
    "likePost": lambda made, _: (main.likePost, {"postId": made.publish(BOB), "liked": True}),
    "unlike": lambda _, data: (main.likePost, {"postId": post_of(data, BOB), "liked": False}),
    "commentPost": lambda _, data: (main.commentPost, {"postId": post_of(data, BOB), "text": "bye", **ID}),
    "deleteComment": lambda _, data: (main.deleteComment, comment_on(data, post_of(data, BOB))),
    "reportPost": lambda made, _: (main.reportPost, {"postId": made.publish(BOB), "reason": "spam"}),
    "reportComment": lambda _, data: (
        main.reportComment,
        {**comment_on(data, post_of(data, ADA), BOB), "reason": "spam"},
    ),
    "appealModeration": lambda made, data: (main.appealModeration, {**hidden(made, data), "text": "Why?", **ID}),
    "blockUser": lambda *_: (main.blockUser, {"uid": BOB, "blocked": True}),
    "remixPost": lambda _, data: (main.remixPost, {"postId": post_of(data, BOB), **ID}),
    "publishPost": lambda made, _: (main.publishPost, {"creationId": made.order(ADA)}),
    "deletePost": lambda _, data: (main.deletePost, {"postId": post_of(data, ADA)}),
    "toggleFavorite": lambda _, data: (main.toggleFavorite, {"creationId": post_of(data, ADA)}),
    "deleteCreation": lambda _, data: (main.deleteCreation, {"creationId": post_of(data, ADA)}),
    "deleteCreations": lambda _, data: (main.deleteCreations, {"creationIds": [post_of(data, ADA)]}),
    "saveCollection": lambda *_: (main.saveCollection, {"name": "mine", **ID}),
    "submitSocialTask": lambda *_: (main.submitSocialTask, {**PROOF, **ID}),
    "useTokens": lambda *_: (main.useTokens, {"feature": "hd_download", **ID}),
    "createStudioJob": lambda *_: (main.createStudioJob, {**ORDER, **ID}),
    "cancelStudioJob": lambda made, _: (main.cancelStudioJob, {"jobId": made.running}),  # type: ignore[attr-defined]
    "updateProfile": lambda *_: (main.updateProfile, {"displayName": "Ada L."}),
    "exportAccount": lambda *_: (main.exportAccount, {}),
}


def post_of(database: Database, uid: str) -> str:
    return next(str(post["postId"]) for post in database.under("posts").values() if post["uid"] == uid)


def comment_on(database: Database, post_id: str, uid: str = ADA) -> dict[str, Any]:
    said = database.under(f"posts/{post_id}/comments").values()
    comment_id = next(comment["commentId"] for comment in said if comment["uid"] == uid)
    return {"postId": post_id, "commentId": comment_id}


def hidden(_people: People, database: Database) -> dict[str, Any]:
    """A post of Ada's that an administrator has hidden."""
    post = {"postId": post_of(database, ADA)}
    assert call(main.moderatePost, {**post, "action": "hide"}, uid="boss", admin=True).ok
    return post


@pytest.mark.parametrize(("name", "commit"), [*((name, 1) for name in CALLS), ("publishPost", 2)])
def test_a9_a_call_that_read_the_account_before_leaves_nothing(
    people: People, database: Database, gcs: Gcs, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch, name: str, commit: int
) -> None:
    function, request = prepared(name, people, database, monkeypatch)
    answers: list[Answer] = []

    def elsewhere() -> None:
        """The whole deletion, on another instance."""
        forget_all()
        answers.append(delete())
        forget_all()

    commits = iter(range(1, 100))
    rpcs.plan("Commit", times=commit, before=lambda *_: elsewhere() if next(commits) == commit else None)
    answer = call(function, request, uid=ADA, email=ADDRESS[ADA])
    assert [each.ok for each in answers] == [True]
    assert not answer.ok
    assert [path for path in traces(database, gcs) if not path.startswith("rateLimits")] == []


CORRECTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "addTokens": (main.addTokens, {"uid": ADA, "amount": 5, "reason": "a gift", "requestId": "request-0000000078"}),
    "setPlan": (main.setPlan, {"uid": ADA, "planId": "pro", "reason": "a gift"}),
    "setPlan again": (main.setPlan, {"uid": ADA, "planId": "free", "reason": "a check"}),
    "suspendUser": (main.suspendUser, {"uid": ADA, "suspended": True, "reason": "spam"}),
}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("name", CORRECTIONS)
def test_a9_an_administrator_changes_the_account_while_it_is_deleted(
    database: Database, gcs: Gcs, rpcs: Rpcs, name: str
) -> None:
    """All that names the user has been deleted or renamed, and the account is still to be closed."""
    function, request = CORRECTIONS[name]
    answers: list[Answer] = []

    def elsewhere(_method: str, request_: Any) -> None:
        if any(write.get("delete", "").endswith(f"/users/{ADA}") for write in request_["writes"]) and not answers:
            forget_all()
            answers.append(call(function, request, uid="boss", admin=True))
            forget_all()

    rpcs.plan("Commit", times=1_000, before=elsewhere)
    assert delete().ok
    assert [each.ok for each in answers] == [True]
    assert traces(database, gcs) == []


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("name", CORRECTIONS)
def test_a9_an_administrators_late_commit_finds_no_account(database: Database, gcs: Gcs, rpcs: Rpcs, name: str) -> None:
    function, request = CORRECTIONS[name]
    answers: list[Answer] = []

    def elsewhere() -> None:
        """The whole deletion, on another instance."""
        forget_all()
        answers.append(delete())
        forget_all()

    rpcs.plan("Commit", times=1, before=lambda *_: elsewhere())
    answer = call(function, request, uid="boss", admin=True)
    assert [each.ok for each in answers] == [True]
    assert answer.reason == "NotFound"
    assert traces(database, gcs) == []


@pytest.mark.parametrize("name", CALLS)
def test_a9_a_live_token_of_an_account_that_is_gone_does_nothing(
    people: People, database: Database, gcs: Gcs, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    function, request = prepared(name, people, database, monkeypatch)
    assert delete().ok
    forget_all()
    before = database.hash("rateLimits")
    answer = call(function, request, uid=ADA, email=ADDRESS[ADA])
    assert answer.reason in ("Unauthenticated", "NotFound", "Forbidden"), answer  # what it is about may be gone too
    assert database.hash("rateLimits") == before
    assert traces(database, gcs) == []


def prepared(
    name: str, people: People, database: Database, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, dict[str, Any]]:
    monkeypatch.setenv("MOCK_LATENCY_MS", "0")
    monkeypatch.setattr("studiox.media.objects.signed_url", lambda path, _: f"https://signed.example/{path}")
    return CALLS[name](people, database)
