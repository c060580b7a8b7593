"""The Firestore engine of one test process: started on a free port, ended with the process whatever happens."""

from __future__ import annotations

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

HIDANE = "hidane-0.6.0"
START_S = 20.0


def binary() -> pathlib.Path:
    """Where the project's setup puts the engine."""
    cache = os.environ.get("STUDIOX_CACHE") or "~/.cache/studiox"
    return pathlib.Path(cache).expanduser() / HIDANE / "bin" / "hidane"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Engine:
    """A running engine; `host` is what FIRESTORE_EMULATOR_HOST wants. One that was given is used and left alone.

    With `imported`, the metadata file of an export, it is another one, which holds these documents.
    """

    def __init__(self, imported: pathlib.Path | None = None) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        given = os.environ.get("FIRESTORE_EMULATOR_HOST")
        if given and imported is None:
            self.host = given
            return
        if not binary().exists():
            raise RuntimeError(f"{binary()} is missing: `make setup` builds it")
        port = free_port()
        self.host = f"127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [
                *(str(binary()), "--host", "127.0.0.1", "--port", str(port)),
                *(() if imported is None else ("--import-data", str(imported))),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a terminal's Ctrl-C is pytest's to handle
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        self._await(port)

    def _await(self, port: int) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the Firestore engine ended with {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        self.stop()
        raise RuntimeError("the Firestore engine does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def _die_with_parent() -> None:
    """Linux ends the engine when the test process is killed: no exit handler runs then."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
