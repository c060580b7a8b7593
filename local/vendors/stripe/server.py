"""A stand-in for Stripe: its API, signed webhooks, and pages where a developer pays or declines.

with stand_in() as stripe:            # on a free port
    stripe.url, stripe.account, stripe.api

`python -m local.vendors.stripe.server --port 4012 --key … --secret … --webhook URL` serves one; `make serve` does so.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.stack import settings
from local.vendors.stripe import pages
from local.vendors.stripe.account import Account, Refused
from local.vendors.stripe.api import Api, dump
from local.vendors.stripe.webhooks import Webhooks

MAX_BODY = 1 << 20


@dataclass
class StandIn:
    """A running stand-in."""

    url: str
    account: Account
    api: Api
    webhooks: Webhooks | None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do not report disconnected clients."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: the pages show what happened."""

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY: head and body are two writes

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_BODY:
            self._send(413, b"", "text/plain")
            return
        form = self.rfile.read(size).decode("utf-8", "replace") if size else ""
        address = urllib.parse.urlsplit(self.path)
        stand_in = self.server.stand_in
        if address.path.startswith("/v1/"):  # callers need the key
            headers = {name: self.headers.get(name, "") for name in ("Authorization", "Idempotency-Key")}
            given = form if method == "POST" else address.query
            status, body = stand_in.api.answer(method, address.path, given, headers)
            self._send(status, dump(body), "application/json")
            return
        if self._is_foreign(method):
            self._send(403, pages.page("Refused", "<section>Not from this page.</section>"), "text/html")
            return
        try:
            if method == "POST":
                self._act(address.path, dict(urllib.parse.parse_qsl(form)))
            else:
                self._send(200, self._page(address.path, dict(urllib.parse.parse_qsl(address.query))), "text/html")
        except Refused as error:
            self._send(error.status, pages.page("Refused", f"<section>{error}</section>"), "text/html")
        except (KeyError, StopIteration):
            self._send(404, pages.page("Not found", "<section>There is no such page.</section>"), "text/html")

    def _is_foreign(self, method: str) -> bool:
        """Whether the request comes from another site's page. Our own forms send our origin; programs send none.

        A sandboxed frame sends `null`. The Host header is checked too, because another name may resolve to our address.
        """
        address = urllib.parse.urlsplit(self.server.stand_in.url).netloc
        ours = (address, address.replace("127.0.0.1", "localhost"))
        if self.headers.get("Host") not in (None, *ours):
            return True
        if self.headers.get("Origin") not in (None, *(f"http://{each}" for each in ours)):
            return True
        return method != "GET" and self.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")

    def _page(self, path: str, query: dict[str, str]) -> bytes:
        stand_in = self.server.stand_in
        match path.strip("/").split("/"):
            case [""]:
                return pages.overview(stand_in.account, stand_in.webhooks)
            case ["checkout", name]:
                session = stand_in.account.get(name, "checkout.session")
                return pages.checkout(session, declined="declined" in query)
            case ["portal", name]:
                return pages.portal(stand_in.account, name, query.get("return_url", "/"))
            case ["receipts", name]:
                return pages.receipt(stand_in.account, stand_in.account.get(name, "charge"))
            case ["invoices", name]:
                return pages.receipt(stand_in.account, stand_in.account.get(name, "invoice"))
        raise KeyError(path)

    def _act(self, path: str, form: dict[str, str]) -> None:
        stand_in = self.server.stand_in
        _, kind, name, action = path.split("/") if path.count("/") == 3 else ("", "", "", "")
        if kind != "act":
            raise KeyError(path)
        goal = pages.act(stand_in.account, stand_in.webhooks, name, action, form)
        self.send_response(303)
        self.send_header("Location", goal)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if kind == "application/json":
            self.send_header("Request-Id", "req_standin")
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def stand_in(
    port: int = 0, *, key: str = settings.SECRETS["STRIPE_SECRET_KEY"], secret: str = "", webhook: str = ""
) -> Iterator[StandIn]:
    """Run a stand-in within the block, on a free port by default. Events go to `webhook`, signed with `secret`."""
    account = Account()
    webhooks = Webhooks(webhook, secret) if webhook else None
    served = StandIn("", account, Api(account, key), webhooks)
    server = _Server(port, served)
    served.url = account.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    if webhooks is not None:
        account.hear = webhooks.hear
        webhooks.start()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        if webhooks is not None:
            webhooks.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=settings.PORTS["stripe"])
    parser.add_argument("--key", default=os.environ.get("STRIPE_SECRET_KEY", settings.SECRETS["STRIPE_SECRET_KEY"]))
    parser.add_argument("--secret", default=settings.SECRETS["STRIPE_WEBHOOK_SECRET"])
    parser.add_argument("--webhook", default="", help="where events are sent")
    options = parser.parse_args()
    # During a rotation the functions accept several secrets; the stand-in signs with the first.
    secret = options.secret.split(",")[0].strip()
    with stand_in(options.port, key=options.key, secret=secret, webhook=options.webhook) as running:
        print(f"Stripe stand-in at {running.url}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
