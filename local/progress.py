"""Shows the progress of a long command: a bar on a terminal, otherwise plain lines."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local import advice

WIDTH = 24
PLAIN_EVERY_S = 20.0


class CommandFailed(Exception):
    """A command of the setup failed; the message says which, and ends with its last lines."""


class Bar:
    """One step's line. `done` may end below or above `total`: totals are estimates."""

    def __init__(self, label: str, total: int) -> None:
        self.label, self.total, self.done = label, max(total, 1), 0
        self.started = self._plain_at = time.monotonic()
        self.moving = sys.stdout.isatty()
        if not self.moving:
            print(f"{label} …", flush=True)

    def show(self) -> None:
        now = time.monotonic()
        part = min(self.done / self.total, 0.99)
        if self.moving:
            filled = round(part * WIDTH)
            print(
                f"\r\033[K{self.label:<34} {'█' * filled}{'░' * (WIDTH - filled)} {self._figures(part)}",
                end="",
                flush=True,
            )
        elif now - self._plain_at >= PLAIN_EVERY_S:
            self._plain_at = now
            print(f"{self.label} … {self._figures(part)}", flush=True)

    def end(self, outcome: str) -> None:
        start = "\r\033[K" if self.moving else ""
        print(f"{start}{self.label:<34} {outcome} in {time.monotonic() - self.started:.0f} s", flush=True)

    def _figures(self, part: float) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self.started), 60)
        return f"{part:4.0%} {minutes}:{seconds:02}"


def run(
    label: str,
    commands: Sequence[Sequence[str]],
    log: Path,
    *,
    total: int,
    counts: Callable[[str], bool] = bool,
    measure: Callable[[], int] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run the commands one after the other, their output going to `log`, and show how far they are.

    Progress is the number of output lines that `counts` accepts or, if given, what `measure` finds; `total` is
    what it comes to in the end. CommandFailed when one of them fails.
    """
    bar = Bar(label, total)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as sink:
        for command in commands:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                env=env, cwd=cwd, errors="replace", process_group=0,
            )  # fmt: skip
            reader = threading.Thread(target=_read, args=(process, sink.write, bar, counts), daemon=True)
            reader.start()
            try:
                while process.poll() is None:
                    if measure:
                        with contextlib.suppress(OSError):  # what it looks at comes and goes meanwhile
                            bar.done = measure()
                    bar.show()
                    time.sleep(0.25)
            except BaseException:
                _end(process)
                raise
            reader.join(timeout=30)
            if process.returncode != 0:
                sink.flush()
                bar.end("failed")
                raise CommandFailed(_explained(label, command, log))
    bar.end("done")


def _end(process: subprocess.Popen[str]) -> None:
    """End the command and whatever it started, which is why they are a group: the terminal's Ctrl-C is for us.

    A second Ctrl-C meanwhile ends them at once.
    """
    for number, patience_s in ((signal.SIGINT, 5), (signal.SIGTERM, 5), (signal.SIGKILL, 30)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(timeout=patience_s)
            return
        except subprocess.TimeoutExpired:
            continue
        except KeyboardInterrupt:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def _explained(label: str, command: Sequence[str], log: Path) -> str:
    """What happened and what to do; the command's last lines if the cause is unknown."""
    said = log.read_text(errors="replace")
    known = advice.read(said)
    if known:
        return f"{label}: {known.happened}\n{known.to_do} The whole output is in {log}."
    last = "\n".join(said.splitlines()[-25:])
    return f"{last}\n\n{label}: {' '.join(command[:4])} … failed.\nThe whole output is in {log}."


def _read(process: subprocess.Popen[str], write: Callable[[str], int], bar: Bar, counts: Callable[[str], bool]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            write(line)
            bar.done += counts(line)
