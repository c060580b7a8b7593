"""`make serve`: the local stack until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from local.stack import settings
from local.stack.engine import NoEngine
from local.stack.start import Stack, StackError, stack

SERVED_DATA = settings.ROOT / "emulator-data"


class Stopped(Exception):
    """A signal to end was received."""


def stop_on_signals() -> None:
    """Raise Stopped on the first signal to end. Later ones are ignored, so that they do not interrupt the shutdown."""
    asking = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    asked: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) == 1:
            raise Stopped(signal.Signals(number).name)

    for each in asking:
        signal.signal(each, stop)


class Make:
    """The `make` that started this process, if any. It does not pass on a SIGINT that it alone received, but waits.

    The only sign of that is that it no longer catches the signal.
    """

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.is_make = self._read("comm").strip() == "make"
        self.caught = self._catches_interrupt()

    def asks_to_end(self) -> bool:
        gone = os.getppid() != self.pid
        return self.is_make and (gone or (self.caught and not self._catches_interrupt()))

    def _catches_interrupt(self) -> bool:
        caught = re.search(r"^SigCgt:\s*(\w+)", self._read("status"), re.MULTILINE)
        return caught is not None and bool(int(caught[1], 16) >> (signal.SIGINT - 1) & 1)

    def _read(self, name: str) -> str:
        try:
            return Path(f"/proc/{self.pid}/{name}").read_text()
        except OSError:
            return ""


def addresses(running: Stack) -> str:
    rows = {
        "Playground": running.hosting_url,
        "Functions": running.functions_url,
        "Auth": f"http://{running.auth_host}",
        "Firestore": f"http://{running.firestore_host}",
        "Storage": f"http://{running.storage_host}",
        "Tasks": f"http://{running.tasks_host}",
        **{
            f"{each.vendor} stand-in": f"http://127.0.0.1:{running.ports[name]}"
            for name, each in settings.STAND_INS.items()
        },
        "Log": str(running.log.relative_to(settings.ROOT)),
    }
    return "\n".join(f"  {name:<15} {address}" for name, address in rows.items())


def people(data: Path | None) -> str:
    """The accounts in the served data and their password; empty for any other data."""
    if data != SERVED_DATA:
        return ""
    seed = json.loads((settings.ROOT / "local/generate/seed.json").read_text())
    emails = ", ".join(user["email"] for user in seed["users"])
    return f"  {'Sign in as':<15} {emails}\n  {'Password':<15} {seed['password']}\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make serve", description=__doc__)
    offset = os.environ.get("STUDIOX_PORT_OFFSET") or "0"
    parser.add_argument("--offset", type=int, default=offset, help="added to every port")
    parser.add_argument("--data", type=Path, default=SERVED_DATA, help="an export to start with")
    parser.add_argument("--export-on-exit", type=Path, metavar="DIR", help="where to export to at the end")
    parser.add_argument("--functions", type=Path, help="another directory of functions, for trials")
    options = parser.parse_args()
    data = options.data if (options.data / "firebase-export-metadata.json").exists() else None
    make = Make()
    stop_on_signals()
    print("Starting the local stack …", flush=True)
    try:
        with stack(
            options.offset, data_dir=data, export_dir=options.export_on_exit, functions_dir=options.functions
        ) as running:
            print(f"{addresses(running)}\n{people(data)}  {'Stop':<15} Ctrl-C\nStudioX is ready", flush=True)
            while not make.asks_to_end():
                time.sleep(0.5)
                running.check()
    except Stopped:
        pass
    except (StackError, NoEngine) as error:
        print(error, file=sys.stderr, flush=True)
        print("The local stack did not start, or ended by itself; everything it started is stopped.", file=sys.stderr)
        return 1
    print("The local stack has stopped.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
