"""A stand-in for Poyo: `python -m local.vendors.poyo.server --port 4010`, or `with PoyoStandIn() as poyo` in a test.

It speaks Poyo's formats, makes real media, calls back signed, and goes wrong in every way that a test or a developer
asks for (`POST /_/plan`, or `fault:name` in a prompt with --magic; `GET /_/faults` lists the names). Loopback only.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from local.vendors.poyo.http import Handler
from local.vendors.poyo.state import API_KEY, HOURS, SECONDS, SECRET, State


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away, which is what faults make them do."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


class PoyoStandIn(State):
    """The running stand-in. `seconds`: how long a generation takes, in all or by kind; `file_hours`: how long files
    can be had, None for ever. Other vendors' stand-ins are this one with a front and a signature of their own.
    """

    handler: type[Handler] = Handler

    def __init__(
        self,
        port: int = 0,
        *,
        api_key: str = API_KEY,
        secret: str = SECRET,
        seconds: float | Mapping[str, float] | None = None,
        callbacks: bool = True,
        bare_callbacks: bool = False,
        magic: bool = False,
        file_hours: float | None = HOURS,
    ) -> None:
        handler = type("BoundHandler", (self.handler,), {"poyo": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="poyo", daemon=True)
        super().__init__(
            api_key=api_key,
            secret=secret,
            seconds=seconds,
            callbacks=callbacks,
            bare_callbacks=bare_callbacks,
            magic=magic,
            file_hours=file_hours,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving; downloads and callbacks under way end too."""
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
        """As `MEDIA_HOSTS` wants it."""
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
    parser.add_argument("--bare-callbacks", action="store_true", help="the bare task, not {code, data}")
    parser.add_argument("--magic", action="store_true", help="`fault:name` in a prompt asks for a fault")
    parser.add_argument("--file-hours", type=float, default=HOURS, help="files expire after so many hours")
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
    """Serve until SIGINT or SIGTERM; the process's exit code."""
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
