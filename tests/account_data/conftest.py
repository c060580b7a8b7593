"""Accounts that end: people with a past."""

from __future__ import annotations

from typing import Any

import pytest

import main
from tests.auth.identity import Accounts
from tests.media.servers import Gcs
from tests.support import Answer, before_create, call
from tests.support.queue import Queue

TRIGGER: Any = main.onUserCreated
ADA, BOB = "uid-of-ada-lovelace-01", "uid-of-bob-builder-0002"
ADDRESS = {ADA: "ada@canary.test", BOB: "bob@canary.test"}


class People:
    """Two people: Ada, who did everything that one can do, and Bob, who met her."""

    def __init__(self, gcs: Gcs) -> None:
        self.gcs = gcs
        self.number = 0

    def ask(self, function: Any, uid: str, **request: Any) -> Any:
        answer: Answer = call(function, request, uid=uid, email=ADDRESS[uid])
        assert answer.ok, (function.__name__, answer)
        return answer.result

    def request_id(self) -> str:
        self.number += 1
        return f"request-{self.number:012d}"

    def order(self, uid: str) -> str:
        request = {"type": "image", "model": "Model A", "prompt": "a fox", "size": "512x512"}
        return str(self.ask(main.createStudioJob, uid, requestId=self.request_id(), **request)["jobId"])

    def publish(self, uid: str) -> str:
        return str(self.ask(main.publishPost, uid, creationId=self.order(uid), caption="mine", tags=["fox"])["postId"])


@pytest.fixture
def people(gcs: Gcs, auth: Accounts, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> People:
    auth.users |= {ADA, BOB}
    assert queue.port
    made = People(gcs)
    for uid, address in ADDRESS.items():
        assert before_create(TRIGGER, uid, email=address, display_name=uid.split("-")[2].title()).ok
    mine, bobs = made.publish(ADA), made.publish(BOB)
    made.order(ADA)
    for one, other in ((ADA, bobs), (BOB, mine)):
        made.ask(main.likePost, one, postId=other, liked=True)
        made.ask(main.commentPost, one, postId=other, text="lovely", requestId=made.request_id())
        made.ask(main.reportPost, one, postId=other, reason="spam")
        made.ask(main.remixPost, one, postId=other, requestId=made.request_id())
    for blocked in (True, False):  # the audit log keeps both
        assert call(main.blockUser, {"uid": ADA, "blocked": blocked}, uid=BOB, email=ADDRESS[BOB]).ok
    made.ask(main.updateStreak, ADA)
    made.ask(main.useTokens, ADA, feature="hd_download", requestId=made.request_id())
    proof = {"taskId": "follow-x", "proofUrl": "https://x.com/a", "requestId": made.request_id()}
    made.ask(main.submitSocialTask, ADA, **proof)
    made.ask(main.incrementPlayCount, ADA, creationId=mine)
    made.gcs.put_object(f"users/{ADA}/uploads/a.png", b"png", {})
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")
    made.running = made.order(ADA)  # type: ignore[attr-defined]
    return made
