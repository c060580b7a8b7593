"""Runs the journeys: real clients, in Node, against a whole stack that is started for them and ended after them."""

from __future__ import annotations

import os
import subprocess
import sys

from local import settings
from local.api.__main__ import compile_client
from local.engine import NoEngine
from local.serve import Stopped, stop_on_signals
from local.stack import StackError, stack

TIMEOUT_S = 1_800


def main() -> int:
    journeys = sorted((settings.ROOT / "tests/journeys").glob("**/*.test.*js"))
    wanted = [str(path) for path in journeys if not sys.argv[1:] or any(word in path.name for word in sys.argv[1:])]
    if not wanted:
        print("There are no journeys to run.")
        return 0 if not sys.argv[1:] else 1
    # Each concurrent request of the suite is a process of its own: two files at a time are enough for two cores.
    command = ["node", "--test", "--test-concurrency=2", *wanted]
    if compile_client():  # theirs is the compiled client
        return 1
    stop_on_signals()
    try:
        with stack() as running:
            environment = {**os.environ, **running.environment()}
            return subprocess.run(
                command, env=environment, cwd=settings.ROOT, check=False, timeout=TIMEOUT_S
            ).returncode
    except Stopped:
        return 130
    except subprocess.TimeoutExpired:
        print(f"the journeys took longer than {TIMEOUT_S} s", file=sys.stderr)
    except (StackError, NoEngine) as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
