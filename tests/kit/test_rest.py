"""Firestore's REST API as the network and Google's front end may answer: what is kept, told and repeated."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from studiox.kit import firestore, process, rest
from studiox.kit.errors import Unavailable
from tests.kit.front import Act, Front, last, raw, said
from tests.support import Database, Rpcs, crowd
from tests.support.cutter import Cutter
from tests.support.debits import assert_sound, debit, opened
from tests.support.engine import Engine
from tests.support.rpcs import HTTP

pytestmark = pytest.mark.malformed("documents of no struct in models/")

DATABASE = "projects/p-1/databases/(default)"
ROOT = f"{DATABASE}/documents"
OK = [{"missing": f"{ROOT}/users/u1"}]


def connected(front: Front) -> rest.Connections:
    return rest.Connections(DATABASE, front.host, lambda: "Bearer owner")


def ask(connections: rest.Connections, timeout_s: float = 20.0) -> Any:
    return connections.ask("batchGet", ROOT, {"documents": [f"{ROOT}/users/u1"]}, timeout_s)


# What is sent.


def test_a_request_names_its_database_as_googles_clients_do(serve: Callable[..., Front]) -> None:
    front = serve(said(200, OK))
    assert ask(connected(front)) == OK
    head, _, body = front.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST /v1/{ROOT}:batchGet HTTP/1.1"
    assert {
        "Content-Type: application/json",
        "Authorization: Bearer owner",
        f"Google-Cloud-Resource-Prefix: {DATABASE}",
        "X-Goog-Request-Params: project_id=p-1&database_id=%28default%29",
    } <= set(lines)
    assert json.loads(body) == {"documents": [f"{ROOT}/users/u1"]}


def test_an_id_is_quoted_in_an_address(serve: Callable[..., Front]) -> None:
    front = serve(said(200, []))
    connected(front).ask("batchGet", f"{ROOT}/users/ü ?#%:", {"documents": []}, 5.0)
    assert front.requests[0].startswith(f"POST /v1/{ROOT}/users/%C3%BC%20%3F%23%25%3A:batchGet ".encode())


# Connections.


def test_a_connection_is_kept(serve: Callable[..., Front]) -> None:
    front = serve(said(200, OK))
    connections = connected(front)
    for _ in range(5):
        ask(connections)
    assert (len(front.requests), front.connections) == (5, 1)


def test_threads_have_their_own_and_leave_them_to_the_next(serve: Callable[..., Front]) -> None:
    front = serve(said(200, OK))
    connections = connected(front)
    for _ in range(5):
        assert crowd(8, lambda _: ask(connections)) == [OK] * 8
    assert front.connections <= 8


@pytest.mark.parametrize("headers", [("Connection: close",), ()])
def test_one_that_the_server_ends_with_its_answer_is_not_used_again(
    serve: Callable[..., Front], headers: tuple[str, ...]
) -> None:
    front = serve(last(said(200, OK, *headers)))
    connections = connected(front)
    for _ in range(3):
        assert ask(connections) == OK
    assert (len(front.requests), front.connections) == (3, 3)


def test_one_that_was_closed_while_it_was_idle_costs_no_failure(serve: Callable[..., Front]) -> None:
    front = serve(said(200, OK))
    connections = connected(front)
    ask(connections)
    front.hang_up()
    assert ask(connections) == OK
    assert (len(front.requests), front.connections) == (2, 2)


def test_one_that_was_idle_for_long_is_not_used_again(
    serve: Callable[..., Front], monkeypatch: pytest.MonkeyPatch
) -> None:
    front = serve(said(200, OK))
    connections = connected(front)
    ask(connections)
    monkeypatch.setattr(rest, "IDLE_S", 0.0)
    ask(connections)
    assert front.connections == 2


def test_after_a_failure_no_idle_connection_is_trusted(serve: Callable[..., Front]) -> None:
    front = serve(*[said(200, OK)] * 4, raw(b""), said(200, OK))
    connections = connected(front)
    crowd(4, lambda _: ask(connections))
    before = front.connections
    with pytest.raises(rest.Unreachable):
        ask(connections)
    ask(connections)
    assert front.connections == before + 1


# Answers.


def error(code: str, *, status: int | None = None) -> dict[str, Any]:
    return {"error": {"code": status or HTTP[code], "message": "no", "status": code}}


REFUSED = {"ALREADY_EXISTS", "FAILED_PRECONDITION", "NOT_FOUND"}
UNKNOWN = set(HTTP) - REFUSED - {"ABORTED", "INVALID_ARGUMENT", "PERMISSION_DENIED", "UNAUTHENTICATED"}


@pytest.mark.parametrize("in_a_list", [False, True])
@pytest.mark.parametrize("code", HTTP)
def test_what_each_error_proves(serve: Callable[..., Front], code: str, in_a_list: bool) -> None:
    body = error(code)
    front = serve(said(HTTP[code], [body] if in_a_list else body))
    with pytest.raises(rest.FirestoreError) as raised:
        ask(connected(front))
    kinds = {rest.Conflict: REFUSED, rest.Aborted: {"ABORTED"}, rest.Unreachable: UNKNOWN}
    wanted = next((kind for kind, codes in kinds.items() if code in codes), rest.FirestoreError)
    assert (type(raised.value), raised.value.status) == (wanted, code)


def test_an_error_behind_some_parts_is_no_answer(serve: Callable[..., Front]) -> None:
    front = serve(said(200, [*OK, error("UNAVAILABLE")]))
    with pytest.raises(rest.Unreachable):
        ask(connected(front))


HTML = b"<!DOCTYPE html><title>Error</title>"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [HTML, b"", b'{"error": ', b'"text"', b'{"error": "text"}'])
def test_a_proxys_error_does_not_say_whether_a_commit_was_applied(
    serve: Callable[..., Front], status: int, body: bytes
) -> None:
    with pytest.raises(rest.Unreachable):
        ask(connected(serve(said(status, body))))


@pytest.mark.parametrize("status", [301, 400, 403, 404, 409])
def test_a_proxys_refusal_proves_nothing_and_is_a_bug(serve: Callable[..., Front], status: int) -> None:
    with pytest.raises(rest.FirestoreError) as raised:
        ask(connected(serve(said(status, HTML))))
    assert type(raised.value) is rest.FirestoreError


def chunked(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


WHOLE = json.dumps(OK).encode()


def test_an_answer_in_parts_is_put_together(serve: Callable[..., Front]) -> None:
    front = serve(lambda connection: connection.sendall(chunked(WHOLE[:7], WHOLE[7:20], WHOLE[20:])))
    connections = connected(front)
    assert [ask(connections), ask(connections)] == [OK, OK]
    assert front.connections == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(WHOLE),
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(WHOLE), WHOLE[:-1]),
        b"HTTP/1.1 200 OK\r\n\r\n" + WHOLE[:-1],
        chunked(WHOLE[:-1]),
        chunked(WHOLE, end=b""),
        chunked(WHOLE, end=b"0\r"),
        b"\x00\xff" * 40,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_half_an_answer_is_none(serve: Callable[..., Front], data: bytes) -> None:
    connections = connected(serve(raw(data), said(200, OK)))
    if data == chunked(WHOLE, end=b"0\r"):
        assert ask(connections) == OK, "every byte of it is there"
        return
    with pytest.raises(rest.Unreachable, match="UNAVAILABLE"):
        ask(connections)
    assert ask(connections) == OK


def test_a_connection_is_not_used_again_after_an_answer_that_nobody_understands(serve: Callable[..., Front]) -> None:
    front = serve(said(200, WHOLE[:-1]), said(200, OK))
    connections = connected(front)
    with pytest.raises(rest.Unreachable, match="UNAVAILABLE"):
        ask(connections)
    assert ask(connections) == OK
    assert front.connections == 2


@pytest.mark.parametrize("body", [HTML, error("RESOURCE_EXHAUSTED")])
def test_an_outage_does_not_end_connections(serve: Callable[..., Front], body: Any) -> None:
    """Opening them anew would be more work for a Firestore that already has too much."""
    front = serve(said(429, body), said(200, OK))
    connections = connected(front)
    with pytest.raises(rest.Unreachable):
        ask(connections)
    assert ask(connections) == OK
    assert front.connections == 1


def test_a_server_that_says_nothing_is_waited_for_until_the_deadline(serve: Callable[..., Front]) -> None:
    with pytest.raises(rest.Unreachable, match="DEADLINE_EXCEEDED"):
        ask(connected(serve(lambda _connection: None)), 0.05)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(rest.Unreachable, match="UNAVAILABLE"):
        ask(rest.Connections(DATABASE, host, str))


# What the rest of the code makes of it.


@pytest.fixture
def pointed_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    with monkeypatch.context() as patched:
        patched.setattr(firestore, "PIGGYBACKED", set())

        def point(host: str) -> None:
            patched.setenv("FIRESTORE_EMULATOR_HOST", host)
            process.restart()

        yield point


@pytest.mark.parametrize("act", [said(503, HTML), said(500, error("INTERNAL")), raw(b""), raw(b"HTTP/1.1 200")])
def test_a_read_is_repeated(serve: Callable[..., Front], pointed_at: Callable[[str], None], act: Act) -> None:
    front = serve(act, act, said(200, [{"missing": f"{firestore.root()}/users/u1"}]))
    pointed_at(front.host)
    assert firestore.read_documents(["users/u1"])["users/u1"].data is None
    assert len(front.requests) == 3


@pytest.mark.parametrize("act", [said(429, error("RESOURCE_EXHAUSTED")), said(409, error("ABORTED")), said(504, HTML)])
def test_a_read_that_repeating_does_not_help_is_not_repeated(
    serve: Callable[..., Front], pointed_at: Callable[[str], None], act: Act
) -> None:
    front = serve(act)
    pointed_at(front.host)
    with pytest.raises(Unavailable):
        firestore.read_documents(["users/u1"])
    assert len(front.requests) == 1


def test_a_commit_on_a_connection_that_dies_is_applied_once(
    database: Database, engine: Engine, rpcs: Rpcs, pointed_at: Callable[[str], None]
) -> None:
    """Whether the engine got it is unknown: the documents are read, and tell."""
    cutter = Cutter(engine.host)
    opened(database, 50)
    pointed_at(cutter.host)
    assert debit("one") == 49
    rpcs.reset()
    assert debit("two") == 48
    assert rpcs.calls == ["Commit"], "a connection that is alive costs nothing"
    cutter.cut()
    rpcs.reset()
    assert debit("three") == 47
    assert rpcs.calls[:2] == ["Commit", "BatchGetDocuments"]
    assert assert_sound(database, 50) == 3
    cutter.close()
