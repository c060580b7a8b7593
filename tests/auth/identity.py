"""A stand-in for Auth's accounts, at FIREBASE_AUTH_EMULATOR_HOST: it knows which users came to be."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Accounts:
    """The users there are; `down` makes it hang up without a word, `stuck` never answer."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.down = False
        self.stuck = False
        self.over = threading.Event()
        self.asked = 0
        self.revoked: list[str] = []
        """Whose refresh tokens were revoked, in order."""
        self.host = ""


@contextmanager
def auth_server() -> Iterator[Accounts]:
    """https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/lookup, by localId."""
    accounts = Accounts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            accounts.asked += 1
            if accounts.stuck:
                accounts.over.wait(10)
            if accounts.stuck or accounts.down:
                self.close_connection = True
                return
            if self.path.endswith("/accounts:update") and "validSince" in body:
                self.revoke(body["localId"])
                return
            if self.path.endswith("/accounts:delete"):
                known = body["localId"] in accounts.users
                accounts.users.discard(body["localId"])
                deleted = {"kind": "identitytoolkit#DeleteAccountResponse"}
                self.answer(200 if known else 400, deleted if known else {"error": {"message": "USER_NOT_FOUND"}})
                return
            if not self.path.endswith("/accounts:lookup"):
                self.answer(404, {"error": {"message": "NOT_FOUND"}})
                return
            found = [{"localId": uid} for uid in body["localId"] if uid in accounts.users]
            self.answer(200, {"kind": "identitytoolkit#GetAccountInfoResponse", **({"users": found} if found else {})})

        def revoke(self, uid: str) -> None:
            if uid not in accounts.users:
                self.answer(400, {"error": {"message": "USER_NOT_FOUND"}})
                return
            accounts.revoked.append(uid)
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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
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
