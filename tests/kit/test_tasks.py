"""Task queues: an enqueue that is not answered is given up in seconds (the SDK would wait four minutes)."""

from __future__ import annotations

import socket
import threading

import pytest

from studiox.kit import firestore, tasks
from studiox.kit.errors import Unavailable
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
