"""A stand-in for Poyo: `python -m local.vendors.poyo.server --port 4010`, or `with PoyoStandIn() as poyo` in a test.

It uses Poyo's formats, makes real media, sends signed callbacks, and produces the faults that a test or a developer
requests (`POST /_/plan`, or `fault:name` in a prompt with --magic; `GET /_/faults` lists the names). Loopback only.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Self

from local.vendors.poyo.callbacks import Sender
from local.vendors.poyo.http import Handler
from local.vendors.poyo.state import API_KEY, HOURS, SECONDS, SECRET, State


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do not report disconnected clients: faults cause disconnects."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


class PoyoStandIn(State):
    """The running stand-in. Other vendors' stand-ins extend this one with their own HTTP interface and signature."""

    handler: type[Handler] = Handler
    make_callbacks = Sender

    def __init__(self, port: int = 0, **given: Any) -> None:
        handler = type("BoundHandler", (self.handler,), {"poyo": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="poyo", daemon=True)
        super().__init__(**given)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving, and end running downloads and callbacks."""
        self.closed.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(10)
        self._server.server_close()
        self._callbacks.close()

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    @property
    def host(self) -> str:
        """The stand-in's host and port, in the form of `MEDIA_HOSTS`."""
        return f"127.0.0.1:{self.port}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="local.vendors.poyo.server", description="A stand-in for Poyo, on loopback.")
    parser.add_argument("--port", type=int, default=4010)
    parser.add_argument("--api-key", default=API_KEY)
    parser.add_argument("--secret", default=SECRET, help="the webhook secret that callbacks are signed with")
    for kind, seconds in SECONDS.items():
        parser.add_argument(
            f"--{kind}-s", type=float, default=seconds, help=f"seconds a generation takes ({seconds:g})"
        )
    parser.add_argument("--no-callbacks", action="store_true")
    parser.add_argument("--bare-callbacks", action="store_true", help="send the bare task instead of {code, data}")
    parser.add_argument("--magic", action="store_true", help="`fault:name` in a prompt causes a fault")
    parser.add_argument("--file-hours", type=float, default=HOURS, help="hours until files expire")
    given = parser.parse_args(arguments)
    return serve(
        "Poyo stand-in",
        given.port,
        lambda: PoyoStandIn(
            given.port,
            api_key=given.api_key,
            secret=given.secret,
            seconds={kind: getattr(given, f"{kind}_s") for kind in SECONDS},
            callbacks=not given.no_callbacks,
            bare_callbacks=given.bare_callbacks,
            magic=given.magic,
            file_hours=given.file_hours,
        ),
    )


def serve(what: str, port: int, make: Callable[[], PoyoStandIn]) -> int:
    """Serve until SIGINT or SIGTERM. Returns the process's exit code."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with contextlib.ExitStack() as stack:
        try:
            stand_in = make()
        except OSError as error:
            print(f"The {what} cannot listen on port {port}: {error.strerror}", file=sys.stderr)
            return 1
        stack.enter_context(stand_in)
        print(f"{what} at {stand_in.url}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
