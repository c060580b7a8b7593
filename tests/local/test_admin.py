"""`make admin EMAIL=…`: who becomes an administrator, where, and what is said when nobody does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local import command
from ops import admin


class Users:
    """What an Auth emulator holds: {email: claims}, and whose refresh tokens were revoked."""

    def __init__(self) -> None:
        self.claims: dict[str, dict[str, Any]] = {"ann@example.com": {"beta": True}}
        self.revoked: list[str] = []
        self.projects: set[str] = set()
        self.host = ""


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Iterator[Users]:
    held = Users()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            held.projects.add(self.path.split("/projects/")[1].split("/")[0])
            answer: dict[str, Any] = {}
            if self.path.endswith("accounts:lookup"):
                found = [email for email in body.get("email", []) if email in held.claims]
                users = [{"localId": e, "email": e, "customAttributes": json.dumps(held.claims[e])} for e in found]
                answer = {"users": users} if users else {}
            elif "customAttributes" in body:
                held.claims[body["localId"]] = json.loads(body["customAttributes"])
            else:
                held.revoked.append(body["localId"])
            sent = json.dumps({"localId": body.get("localId"), **answer}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Nothing: the output is the tests'."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    held.host = f"127.0.0.1:{server.server_port}"
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", held.host)
    monkeypatch.setenv("GCLOUD_PROJECT", "demo-studiox")
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_account_becomes_an_administrator_and_keeps_its_claims(
    users: Users, capsys: pytest.CaptureFixture[str]
) -> None:
    assert admin.main(["--email", "ann@example.com"]) == 0
    assert users.claims["ann@example.com"] == {"beta": True, "admin": True}
    assert users.projects == {"demo-studiox"}
    assert "ann@example.com (ann@example.com) is an administrator of demo-studiox" in capsys.readouterr().out
    assert users.revoked == []


def test_an_administrator_who_is_none_any_more_is_signed_out(users: Users) -> None:
    users.claims["ann@example.com"]["admin"] = True
    assert admin.main(["--email", "ann@example.com", "--remove"]) == 0
    assert users.claims["ann@example.com"] == {"beta": True}
    assert users.revoked == ["ann@example.com"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name the account"),
        (["--email", "bob@example.com"], "No account of demo-studiox has the address bob@example.com"),
        (["--email", "no address"], "no address"),
        (["--email", "ann@example.com", "--project", "studiox-live"], "Unset one of them"),
        (["--email", "ann@example.com", "--project", "production"], "Unset one of them"),
    ],
)
def test_what_is_wrong_is_said(
    users: Users, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert admin.main(arguments) == 1
    assert said in capsys.readouterr().err
    assert users.claims == {"ann@example.com": {"beta": True}}


def test_without_a_stack_it_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST")
    monkeypatch.setattr(command, "PORTS", {"auth": 9})
    assert admin.main(["--email", "ann@example.com"]) == 1
    assert "make serve" in capsys.readouterr().err
