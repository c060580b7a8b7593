"""Starts processes that can be found again, and ends them even if the process that started them is gone.

The emulator suite starts processes that outlive it: function workers, and a Firestore engine in a session of its
own. All of them inherit our environment, so a mark in it finds them when parents and groups no longer do.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "STUDIOX_STACK"
HOLDER = "127.0.0.77"
KILL_AFTER_S = 3.0


def spawn(argv: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, so that the terminal's Ctrl-C does not reach it, writing to `log`."""
    with log.open("ab") as sink:
        return subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
        )


def marked(stack_id: str) -> list[int]:
    """The ids of the running processes with this stack's mark, except our own."""
    wanted = f"{MARK}={stack_id}"
    if not Path("/proc/self/environ").exists():
        listing = subprocess.run(["ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True, check=False)
        found = [int(line.split(None, 1)[0]) for line in listing.stdout.splitlines() if wanted in line]
        return [pid for pid in found if pid != os.getpid()]
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return found


def command_line(pid: int) -> list[str]:
    """The arguments `pid` was started with; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        listing = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return listing.stdout.split()


def end_all(stack_id: str, *, patience_s: float) -> list[int]:
    """End every process of the stack. Returns the ids of those that are still running, normally none.

    The functions go first, at once. The suite's own process gets one SIGINT, alone: a second one makes it leave at
    once, without exporting and without its Firestore engine. Only what is left after `patience_s` is ended by force.
    """
    argvs = {pid: command_line(pid) for pid in marked(stack_id)}
    for pid, argv in argvs.items():
        if "local.stack.server" in argv:
            _signal(pid, signal.SIGINT)
    for pid, argv in argvs.items():
        if "emulators:start" in argv and Path(argv[0]).name.startswith("node"):
            _signal(pid, signal.SIGINT)
            _wait(lambda pid=pid: pid not in marked(stack_id), patience_s)
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
        left = marked(stack_id)
        for pid in left:
            _signal(pid, number)
        _wait(lambda: not marked(stack_id), KILL_AFTER_S if left else 0)
    return marked(stack_id)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait(done: object, patience_s: float) -> None:
    assert callable(done)
    until = time.monotonic() + patience_s
    while not done() and time.monotonic() < until:
        time.sleep(0.1)


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def hold(port: int) -> socket.socket | None:
    """Reserve the port, without listening, until the returned socket is closed. None if the port is taken.

    It is bound on another loopback address, as in worker_ports.cjs, so that 127.0.0.1 stays free for the listener.
    Without such an address (macOS without an alias) the port is not reserved.
    """
    holder = socket.socket()
    try:
        holder.bind((HOLDER, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE or not is_free(port):
            holder.close()
            return None
    return holder


def is_served(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def watch_over(stack_id: str, patience_s: float) -> subprocess.Popen[bytes]:
    """A process that ends the stack if ours is killed. `dismiss` it at the end.

    It waits for the end of a pipe that only we hold, which even SIGKILL closes.
    """
    argv = [sys.executable, "-m", "local.stack.processes", stack_id, str(patience_s)]
    env = {name: value for name, value in os.environ.items() if name != MARK}
    root = Path(__file__).parents[2]
    return subprocess.Popen(argv, env=env, cwd=root, stdin=subprocess.PIPE, start_new_session=True)


def dismiss(watcher: subprocess.Popen[bytes]) -> None:
    """End the watcher, after everything else has ended, and wait for it."""
    try:
        watcher.communicate(b"ended", timeout=10)
    except (subprocess.TimeoutExpired, BrokenPipeError):
        watcher.kill()
        watcher.wait(timeout=10)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    if sys.stdin.buffer.read() != b"ended":
        end_all(sys.argv[1], patience_s=float(sys.argv[2]))
