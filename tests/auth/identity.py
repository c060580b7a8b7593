"""A stand-in for Auth's accounts, at FIREBASE_AUTH_EMULATOR_HOST: it knows which users came to be.

An administrator is whoever a test gave a token that says so (`ADMINS`), until the test takes it away.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ADMINS: set[str] = set()
"""Whose token had the claim; `Accounts.demoted` says who has lost it since."""


class Accounts:
    """The users there are; `down` makes it hang up without a word, `stuck` never answer, `read_only` change nothing."""

    def __init__(self, *, everybody: bool = False) -> None:
        self.users: set[str] = set()
        self.everybody = everybody
        """Whoever is asked for exists."""
        self.gone: set[str] = set()
        self.disabled: set[str] = set()
        self.demoted: set[str] = set()
        self.valid_since: dict[str, int] = {}
        self.down = False
        self.read_only = False
        self.stuck = False
        self.over = threading.Event()
        self.asked = 0
        self.revoked: list[str] = []
        """Whose refresh tokens were revoked, in order."""
        self.host = ""

    def forget(self) -> None:
        """As in the beginning."""
        ADMINS.clear()
        for held in (self.users, self.gone, self.disabled, self.demoted, self.valid_since, self.revoked):
            held.clear()

    def account(self, uid: str) -> dict[str, Any] | None:
        """As `accounts:lookup` answers it."""
        known = uid in self.users or uid in ADMINS or self.everybody
        if not known or uid in self.gone:
            return None
        about: dict[str, Any] = {"localId": uid, "disabled": uid in self.disabled}
        about["validSince"] = str(self.valid_since.get(uid, 0))
        if uid in ADMINS - self.demoted:
            about["customAttributes"] = json.dumps({"admin": True})
        return about


class AccountsHandler(BaseHTTPRequestHandler):
    """https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/lookup, by localId."""

    accounts: Accounts

    def do_POST(self) -> None:
        accounts = self.accounts
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        accounts.asked += 1
        if accounts.stuck:
            accounts.over.wait(10)
        lookup = self.path.endswith("/accounts:lookup")
        if accounts.stuck or accounts.down or (accounts.read_only and not lookup):
            self.close_connection = True
            return
        if self.path.endswith("/accounts:update") and "validSince" in body:
            self.revoke(body["localId"], int(body["validSince"]))
            return
        if self.path.endswith("/accounts:delete"):
            known = accounts.account(body["localId"]) is not None
            accounts.users.discard(body["localId"])
            accounts.gone.add(body["localId"])
            deleted = {"kind": "identitytoolkit#DeleteAccountResponse"}
            self.answer(200 if known else 400, deleted if known else {"error": {"message": "USER_NOT_FOUND"}})
            return
        if not lookup:
            self.answer(404, {"error": {"message": "NOT_FOUND"}})
            return
        found = [about for uid in body["localId"] if (about := accounts.account(uid))]
        self.answer(200, {"kind": "identitytoolkit#GetAccountInfoResponse", **({"users": found} if found else {})})

    def revoke(self, uid: str, since: int) -> None:
        accounts = self.accounts
        if accounts.account(uid) is None:
            self.answer(400, {"error": {"message": "USER_NOT_FOUND"}})
            return
        accounts.revoked.append(uid)
        accounts.valid_since[uid] = since
        self.answer(200, {"localId": uid})

    def answer(self, status: int, body: object) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        """Nothing: the output is the tests'."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Nothing: a client that hangs up is what some tests are about."""


@contextmanager
def auth_server(*, everybody: bool = False) -> Iterator[Accounts]:
    """The stand-in, serving on loopback."""
    accounts = Accounts(everybody=everybody)
    server = _Server(("127.0.0.1", 0), type("Handler", (AccountsHandler,), {"accounts": accounts}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    accounts.host = f"127.0.0.1:{server.server_port}"
    try:
        yield accounts
    finally:
        accounts.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
