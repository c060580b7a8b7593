"""The run's time: real time and an offset, which all processes of the run share in a file."""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path

FORMAT = struct.Struct("d")


class SharedTime:
    """Seconds since 1970, as the run has them. A file that does not exist is made, with the real time."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(FORMAT.pack(0.0))
        with path.open("r+b") as file:
            self._held = mmap.mmap(file.fileno(), FORMAT.size)

    def now(self) -> float:
        return time.time() + float(FORMAT.unpack_from(self._held)[0])

    def advance(self, seconds: float) -> None:
        """Only one process calls this, one thread at a time."""
        FORMAT.pack_into(self._held, 0, FORMAT.unpack_from(self._held)[0] + seconds)
