"""Reads a request's body within a deadline, so that a slow sender cannot occupy a thread.

The server's read blocks, and a socket timeout restarts with each byte. So while bodies are being read, a thread looks
for late ones and shuts their sockets down for reading; the read then returns at once.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import flask
from werkzeug.exceptions import RequestTimeout

from studiox.kit.process import per_process

DEADLINE_S = 10.0
"""For the whole body: 256 KiB need 26 kB/s."""
TICK_S = 0.25


class TooSlow(RequestTimeout):
    """The framework answers it with 408, unless the function does. The connection is closed after the answer."""

    text = "The body took too long."


class _Reading:
    """A body that is being read."""

    def __init__(self, connection: socket.socket | None) -> None:
        self.connection = connection
        self.until = time.monotonic() + DEADLINE_S
        self.expired = False


class _Watch:
    """The bodies that are being read. A thread looks at them as long as there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: set[_Reading] = set()
        self._is_running = False

    def add(self, reading: _Reading) -> None:
        if reading.connection is None:
            return
        with self._lock:
            self._readings.add(reading)
            if self._is_running:
                return
            threading.Thread(target=self._end_late_ones, name="bodies", daemon=True).start()
            self._is_running = True

    def remove(self, reading: _Reading) -> None:
        with self._lock:
            self._readings.discard(reading)

    def _end_late_ones(self) -> None:
        while True:
            time.sleep(TICK_S)
            with self._lock:
                now = time.monotonic()
                for reading in [each for each in self._readings if now > each.until]:
                    self._readings.discard(reading)
                    reading.expired = True
                    if reading.connection is not None:
                        with contextlib.suppress(OSError):  # the peer has closed the connection
                            reading.connection.shutdown(socket.SHUT_RD)
                if not self._readings:
                    self._is_running = False
                    return


@per_process
def _watch() -> _Watch:
    return _Watch()


def complete(http: flask.Request) -> bytes:
    """The whole body of a request whose length was checked; `http.get_data()` returns it from then on.

    `TooSlow` after DEADLINE_S.
    """
    with deadline(http):
        return http.get_data()


@contextlib.contextmanager
def deadline(http: flask.Request) -> Iterator[None]:
    """The block may read the body for DEADLINE_S. `TooSlow`."""
    # Set by gunicorn. Another server must bound its reads itself.
    reading = _Reading(http.environ.get("gunicorn.socket"))
    _watch().add(reading)
    try:
        yield
    except Exception:
        if not reading.expired:  # an expired read raises because the body ended early
            raise
    finally:
        _watch().remove(reading)
    if reading.expired or time.monotonic() > reading.until:
        raise TooSlow(TooSlow.text)


@flask.request_started.connect
def _bound_what_nobody_read(_app: flask.Flask, **_more: object) -> None:
    """functions-framework reads what a function left of its request's body, before the answer is sent."""
    flask.after_this_request(_watch_the_rest)


def _watch_the_rest(answer: flask.Response) -> flask.Response:
    reading = _Reading(flask.request.environ.get("gunicorn.socket"))
    _watch().add(reading)
    answer.call_on_close(lambda: _watch().remove(reading))
    return answer
