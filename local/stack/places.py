"""Allocates a directory and ports to a stack. Ports that browsers refuse to open are avoided."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import time

from local.stack import processes, settings

KEEP_LOGS_S = 24 * 3600.0
LOWEST_PORT, HIGHEST_PORT = 1024, 65535
# Of https://fetch.spec.whatwg.org/#bad-port those that a stack could use: browsers refuse to open them.
BAD_PORTS = {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670), 6679, 6697, 10080}


class PlaceTaken(Exception):
    """The directory or a port is taken. The message says which, and what to do."""


class Place:
    """A stack's directory and ports, reserved until `close`."""

    def __init__(self, offset: int) -> None:
        self.offset, self.ports = offset, settings.shifted(offset)
        self.path = settings.STATE / f"stack-{offset}"
        self._kept = contextlib.ExitStack()

    def take(self) -> None:
        """Reserve it. PlaceTaken if that fails; then nothing stays reserved."""
        self.path.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._kept.callback(os.close, lock)
        # The suite listens on them seconds later. Until then another stack that starts would find them free.
        holders = {name: processes.hold(port) for name, port in self.ports.items()}
        for holder in filter(None, holders.values()):
            self._kept.enter_context(holder)
        busy = [
            f"{port} ({name})"
            for name, port in self.ports.items()
            if holders[name] is None or not processes.is_free(port)
        ]
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not busy:
                return
            advice = "stop what listens there"
        except BlockingIOError:
            advice = "another stack of this checkout runs there: stop it"
        self.close()
        another = nearest_fit(self.offset + 100)
        raise PlaceTaken(
            f"port {', '.join(busy) or self.ports['hub']} is taken: {advice},"
            f" or shift every port (make serve OFFSET={another})"
        )

    def close(self) -> None:
        self._kept.close()


def unfit(offset: int) -> str:
    """Why no stack can run at this offset; "" if one can."""
    for name, port in settings.shifted(offset).items():
        if not LOWEST_PORT <= port <= HIGHEST_PORT:
            return f"port {port} ({name}): ports go from {LOWEST_PORT} to {HIGHEST_PORT}"
        if port in BAD_PORTS:
            return f"port {port} ({name}), which browsers refuse to open"
    return ""


def nearest_fit(offset: int) -> int:
    """The fitting offset that is nearest to this one, in steps of ten."""
    lowest, highest = LOWEST_PORT - min(settings.PORTS.values()), HIGHEST_PORT - max(settings.PORTS.values())
    fitting = [other for other in range(-(-lowest // 10) * 10, highest + 1, 10) if not unfit(other)]
    return min(fitting, key=lambda other: abs(other - offset))


def take(offset: int | None) -> Place:
    """The place at `offset`, or at one where all is free. PlaceTaken."""
    if offset is not None and (reason := unfit(offset)):
        raise PlaceTaken(f"OFFSET={offset} leads to {reason}. Take another, such as OFFSET={nearest_fit(offset)}.")
    _forget_old()
    offsets = [offset] if offset is not None else random.sample(range(10_000, 22_000, 10), 50)
    for tried in offsets:
        place = Place(tried)
        try:
            if not unfit(tried):
                place.take()
                return place
        except PlaceTaken:
            if tried == offsets[-1]:
                raise
    raise PlaceTaken("no place is free")


def _forget_old() -> None:
    """The logs of stacks with ports of their own choice are kept for a day."""
    for old in settings.STATE.glob("stack-?????"):
        with contextlib.suppress(OSError):  # another stack is forgetting it as well
            if time.time() - old.stat().st_mtime > KEEP_LOGS_S:
                shutil.rmtree(old, ignore_errors=True)
