"""onUserCreated is a public address: whatever Auth did not send is refused quietly, and changes nothing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

import main
from studiox.api import blocking
from tests.conftest import Logged
from tests.support import Database, before_create, http
from tests.support.calls import unsigned

TRIGGER: Any = main.onUserCreated


def sent(jwt: object) -> bytes:
    return json.dumps({"data": {"jwt": jwt}}).encode()


def forged(**claims: Any) -> str:
    now = int(time.time())
    return unsigned({"iss": "https://evil.example/x", "aud": "x", "sub": "u1", "iat": now, "exp": now + 60, **claims})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'"a"',
        b"[" * 20_000,
        b"{}",
        b'{"data": null}',
        b'{"data": {}}',
        b'{"data": []}',
        sent(None),
        sent(1),
        sent(""),
        sent("a.b.c"),
        sent({"jwt": "a"}),
        sent(unsigned([])),  # type: ignore[arg-type]
        sent(forged()),
        sent(forged(sub=7)),
        sent(forged(aud=None)),
        sent("a" * blocking.MAX_BODY_BYTES),
    ],
    ids=lambda body: f"{body[:24]!r}",
)
def test_garbage_is_refused_and_is_no_bug(database: Database, logged: Logged, body: bytes) -> None:
    reply = http(TRIGGER, "POST", body=body, headers={"Content-Type": "application/json"})
    assert reply.status == 401
    assert reply.json["error"]["status"] == "UNAUTHENTICATED"
    assert database.all() == {}
    assert {line["severity"] for line in logged.lines()} == {"INFO"}
    assert logged.lines("refused")


@pytest.mark.parametrize(
    ("method", "kind"), [("GET", "application/json"), ("PUT", "application/json"), ("POST", "text/plain")]
)
def test_only_what_auth_sends_is_looked_at(method: str, kind: str, logged: Logged) -> None:
    assert http(TRIGGER, method, body=sent(forged()), headers={"Content-Type": kind}).status == 401
    assert {line["severity"] for line in logged.lines()} == {"INFO"}


def test_a_sign_up_passes(database: Database) -> None:
    assert before_create(TRIGGER, "u1").ok
    assert database.need("users/u1")["balance"] == 200
