"""What goes wrong: which connection is cut, what is delayed, and when which instance is killed, drawn from the seed.

Each instance reaches each service by a proxy of its own. A piece is what one `recv` gave: an HTTP/1 request or answer,
or some frames of HTTP/2. The draws are of the seed; which piece meets which draw depends on the processes' timing.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from pathlib import Path

from tests.support.proxy import Proxy, end

CUT = 0.02
"""Of the pieces: cut here, in one of three ways."""
DELAYED = 0.04
MAX_DELAY_S = 0.4
CUTS = ("request lost", "answer lost", "answer cut in the middle")
LIFE = (10, 250)
"""An instance is killed after so many pieces: a count, so that a slow machine's calls are killed no more often than a
fast one's. A call has about ten."""
PATIENCE_S = 8.0
"""An instance that lives longer than this is killed between two pieces."""


class Weather:
    """The faults of a run. `clear` ends them all."""

    def __init__(self, seed: int, kills: int, life: tuple[int, int]) -> None:
        self.random = random.Random(f"{seed} weather")
        self.life = life
        self.lock = threading.Lock()
        self.kills_left = kills
        self.is_clear = False
        self.counts: Counter[str] = Counter()

    def clear(self) -> None:
        self.is_clear = True

    def cuts(self, *, answers: bool) -> str:
        """The cut that this piece meets; "" for none."""
        with self.lock:
            if self.is_clear or self.random.random() >= CUT:
                return ""
            kind = ("answer lost" if self.random.random() < 0.6 else "answer cut in the middle") if answers else ""
            kind = kind or "request lost"
            self.counts[kind] += 1
            return kind

    def delay_s(self) -> float:
        with self.lock:
            if self.is_clear or self.random.random() >= DELAYED:
                return 0.0
            self.counts["delayed"] += 1
            return MAX_DELAY_S * self.random.random() ** 3


class Victim:
    """An instance's worker, and when it is killed next."""

    def __init__(self, weather: Weather, pid_file: Path) -> None:
        self.weather, self._pid_file = weather, pid_file
        self._killed = 0
        self._left = weather.random.randint(*weather.life)
        self._born = time.monotonic()

    @property
    def pid(self) -> int:
        """The worker's process id; 0 until a killed one is replaced."""
        pid = int(self._pid_file.read_text()) if self._pid_file.exists() else 0
        return 0 if pid == self._killed else pid

    def falls(self, moment: str) -> bool:
        """Count a piece, and kill the worker if it was the last. `moment`: what the worker is doing."""
        weather = self.weather
        with weather.lock:
            self._left -= 1
            if weather.is_clear or weather.kills_left <= 0 or self._left > 0 or not (pid := self.pid):
                return False
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self._killed = pid
            self._left = weather.random.randint(*weather.life)
            self._born = time.monotonic()
            weather.kills_left -= 1
            weather.counts["kills"] += 1
            weather.counts[f"killed: {moment}"] += 1
            return True

    def falls_idle(self) -> None:
        """Kill it at any moment if it has lived for long."""
        if time.monotonic() > self._born + PATIENCE_S:
            self._left = 0
            self.falls("at any moment")


class FaultyProxy(Proxy):
    """One instance's way to one service."""

    def __init__(self, service: str, target: str, weather: Weather, victim: Victim | None = None) -> None:
        self._service, self._weather, self._victim = service, weather, victim
        super().__init__(target)

    def requests(self, client: socket.socket, server: socket.socket) -> None:
        self._pass(client, server, answers=False)

    def answers(self, server: socket.socket, client: socket.socket) -> None:
        self._pass(server, client, answers=True)

    def _pass(self, source: socket.socket, sink: socket.socket, *, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while some := source.recv(65536):
                some = self._suffered(some, sink, answers=answers)
                if not some:
                    break
                sink.sendall(some)
        end(source, sink)

    def _suffered(self, some: bytes, sink: socket.socket, *, answers: bool) -> bytes:
        """What is left to pass on; nothing if the connection ends here."""
        way = f"{'answer' if answers else 'request'} of {self._service}"
        if self._victim and not answers and self._victim.falls(f"before a {way}"):
            return b""
        if delay_s := self._weather.delay_s():
            time.sleep(delay_s)
        if kind := self._weather.cuts(answers=answers):
            if kind == "answer cut in the middle":
                sink.sendall(some[: len(some) // 2])
            return b""
        if self._victim and answers and self._victim.falls(f"before an {way}"):
            return b""
        return some


class Front(FaultyProxy):
    """Before the instances, as a load balancer is: each connection goes to one of them."""

    def __init__(self, targets: list[str], weather: Weather, seed: int) -> None:
        self._instances, self._choice = targets, random.Random(f"{seed} front")
        super().__init__("functions", "", weather)

    def target(self) -> str:
        return self._choice.choice(self._instances)
