"""Who sends a body a byte at a time does not keep a thread: on a real server, over a real socket."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.support import id_token
from tests.support.served import Served, served

DEADLINE_S = 0.5
PATIENCE_S = 60.0
"""How long a test waits at most; nothing is measured."""
SOURCE = f"""
import os
os.environ["GCLOUD_PROJECT"] = "demo-slow"
from studiox.api import request_body
import main

request_body.DEADLINE_S = {DEADLINE_S}


def everything(request):
    return getattr(main, request.path.strip("/"))(request)
"""
PROJECT = "demo-slow"
SIZED, CHUNKED = "Content-Length: 5000", "Transfer-Encoding: chunked"
ALL = ["likePost", "createGenerationRequest", "stripeWebhook", "poyoWebhook", "onUserCreated"]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One with two threads: two slow senders would keep everybody else out."""
    directory = tmp_path_factory.mktemp("slow")
    source = directory / "everything.py"
    source.write_text(SOURCE)
    with served("everything", directory / "log", threads=2, source=source) as running:
        yield running


class Slow:
    """A sender that promises a body and sends a byte of it now and then, until it is told to stop."""

    def __init__(self, port: int, path: str, *head: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        lines = [f"POST /{path} HTTP/1.1", "Host: x", "Content-Type: application/json", *head, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.byte = b"1\r\n \r\n" if CHUNKED in head else b" "
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self._send)
        self.thread.start()

    def _send(self) -> None:
        for _ in range(4000):  # fewer than were promised
            if self.enough.wait(0.05):
                return
            try:
                self.socket.sendall(self.byte)
            except OSError:
                return

    def answer(self) -> bytes:
        """The head of the answer, which comes while the sender still sends."""
        received = b""
        while b"\r\n\r\n" not in received and (part := self.socket.recv(4096)):
            received += part
        return received

    def end(self) -> None:
        self.enough.set()
        self.thread.join()
        self.socket.close()


def port_of(instance: Served) -> int:
    return int(instance.url.rsplit(":", 1)[1].strip("/"))


@pytest.mark.parametrize("path", ALL)
def test_a_slow_body_is_answered_before_its_sender_is_done(instance: Served, path: str) -> None:
    slow = Slow(port_of(instance), path, SIZED, f"Authorization: Bearer {id_token('u1', project=PROJECT)}")
    try:
        answer = slow.answer()
        assert slow.thread.is_alive()
        assert answer.startswith(b"HTTP/1.1 408 ")
    finally:
        slow.end()


@pytest.mark.parametrize("path", ["stripeWebhook", "poyoWebhook"])
def test_chunks_are_no_way_around_it(instance: Served, path: str) -> None:
    slow = Slow(port_of(instance), path, CHUNKED)
    try:
        assert slow.answer().startswith(b"HTTP/1.1 408 ")
        assert slow.thread.is_alive()
    finally:
        slow.end()


@pytest.mark.parametrize("path", ["getUserCredits", "createGenerationRequest", "health"])
@pytest.mark.parametrize("head", [SIZED, CHUNKED])
def test_a_body_that_nobody_wants_keeps_no_thread_either(instance: Served, path: str, head: str) -> None:
    """Refused by its method or its token: the framework would read it to its end before it answers."""
    slow = Slow(port_of(instance), path, head)
    try:
        assert slow.answer().startswith(b"HTTP/1.1 ")
        assert slow.thread.is_alive()
    finally:
        slow.end()


def test_others_are_served_beside_more_slow_senders_than_there_are_threads(instance: Served) -> None:
    slow = [Slow(port_of(instance), "likePost", SIZED) for _ in range(12)]
    try:
        reply = instance.pool.request("POST", f"{instance.url}stripeWebhook", body=b"{}", timeout=PATIENCE_S)
        # Whoever waited for the senders would wait for 200 s.
        assert reply.status == 400
        assert {each.answer()[:13] for each in slow} == {b"HTTP/1.1 408 "}
    finally:
        for each in slow:
            each.end()


def test_the_connection_ends_with_the_answer(instance: Served) -> None:
    slow = Slow(port_of(instance), "likePost", SIZED)
    try:
        assert slow.answer().startswith(b"HTTP/1.1 408 ")
        slow.enough.set()
        slow.thread.join()
        try:
            while slow.socket.recv(4096):
                pass
        except ConnectionError:
            return  # it was ended with what it still sent
    finally:
        slow.end()


def test_a_body_in_time_is_read_whole_and_the_connection_kept(instance: Served) -> None:
    sent = json.dumps({"data": {"postId": "x" * 200_000}}).encode()
    with socket.create_connection(("127.0.0.1", port_of(instance)), timeout=PATIENCE_S) as connection:
        for _ in range(2):
            head = [
                "POST /likePost HTTP/1.1",
                "Host: x",
                "Content-Type: application/json",
                f"Content-Length: {len(sent)}",
            ]
            connection.sendall("\r\n".join([*head, "", ""]).encode() + sent)
            received = b""
            while b'"Unauthenticated"' not in received and (part := connection.recv(65536)):
                received += part
            assert received.startswith(b"HTTP/1.1 401 ")
