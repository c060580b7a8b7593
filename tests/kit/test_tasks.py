"""Task queues: an enqueue that is not answered is given up in seconds (the SDK would wait four minutes)."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest

import main
from studiox.kit import firestore, tasks
from studiox.kit.errors import Unavailable
from studiox.studio import polling
from tests.conftest import Logged
from tests.integrations.servers import Raw, response


def test_a_silent_queue_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, logged: Logged) -> None:
    given_up = threading.Event()
    task = {"task": {"name": "/projects/p/locations/us-central1/queues/cleanUp/tasks/t"}}

    def answer_late(connection: socket.socket) -> None:
        given_up.wait(10)
        connection.sendall(response(200, task))

    monkeypatch.setattr(firestore, "ADMIN_TIMEOUT_S", 0.2)
    with Raw(answer_late) as server:
        monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", server.url.removeprefix("http://"))
        with pytest.raises(Unavailable):
            tasks.enqueue("cleanUp", {"kind": "post", "id": "p1"}, name="post-p1")
        given_up.set()
    assert logged.lines("enqueue_failed")


@pytest.mark.parametrize(
    "function",
    [main.settleStudioJob, main.cleanUp, main.makeRenditions, main.workShard],
    ids=lambda each: each.__name__,
)
def test_a_task_may_take_as_long_as_its_function(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cloud Tasks gives up after ten minutes unless the task says otherwise, and would send a running copy again."""
    with Raw(lambda connection: connection.sendall(response(200, {}))) as server:
        monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", server.url.removeprefix("http://"))
        tasks.enqueue(function.__name__, {}, name="t")
    sent = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["task"]
    timeout_s = function.__firebase_endpoint__.timeoutSeconds
    assert sent["dispatchDeadline"] == f"{timeout_s}s"
    assert 15 <= timeout_s <= 1800  # what Cloud Tasks accepts


def test_the_longest_copy_ends_within_its_task() -> None:
    assert tasks.QUEUES["settleStudioJob"].timeout_s > polling.TASK_S + polling.LEASE_SLACK_S
