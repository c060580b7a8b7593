"""Shared by the commands that act on the running stack: its address, and the error if it does not answer."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence

from local.stack.settings import PORTS


class Refused(Exception):
    """Nothing was changed. The message is the reason."""


def aim(variable: str, service: str, offset: int, or_else: str = "") -> None:
    """Point `variable` (`FIRESTORE_EMULATOR_HOST`) at the stack's emulator of this service. `Refused` if none answers.

    A host that the environment names is kept. `or_else`: what else the person may do.
    """
    host = os.environ.get(variable) or f"127.0.0.1:{PORTS[service] + offset}"
    name, _, port = host.rpartition(":")
    try:
        socket.create_connection((name, int(port)), timeout=2).close()
    except (OSError, ValueError):
        called = service.capitalize()
        raise Refused(f"No {called} emulator answers at {host}. Run `make serve` first{or_else}.") from None
    os.environ[variable] = host


def run(
    name: str, about: str | None, options: Sequence[str], act: Callable[[argparse.Namespace], str], given: Sequence[str]
) -> int:
    """Run `make {name}`: print what `act` returns, or why it refused. `options` take a text each; the exit code.

    Each command has `--offset`, the stack's, and `--remove`.
    """
    parser = argparse.ArgumentParser(prog=f"make {name}", description=about)
    for option in options:
        parser.add_argument(f"--{option}", default="")
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--remove", action="store_true")
    try:
        print(act(parser.parse_args(given)))
    except Refused as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0
