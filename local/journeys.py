"""Runs the journeys and the browser tests: real clients against a whole stack that runs for as long as they do.

Words on the command line choose the files whose path holds one of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from local import browser
from local.generate.api.__main__ import compile_client
from local.progress import CommandFailed
from local.serve import Stopped, stop_on_signals
from local.stack import settings
from local.stack.engine import NoEngine
from local.stack.start import Stack, StackError, stack

TIMEOUT_S = 1_800
CHECK_S = 120
BROWSER = "tests/browser"
# The stand-in's moderator finds nothing wrong unless it is asked to (local/vendors/moderation.py). On a slow machine a
# verdict may come too late: then orders pass.
PARAMETERS = {"MODERATION": "openai", "MODERATION_WHEN_AWAY": "allow"}
PLACES = (BROWSER, "tests/journeys")  # the longest files first


def main() -> int:
    found = [path for place in PLACES for path in sorted((settings.ROOT / place).glob("**/*.test.*js"))]
    paths = [str(path.relative_to(settings.ROOT)) for path in found]
    wanted = [path for path in paths if not sys.argv[1:] or any(word in path for word in sys.argv[1:])]
    if not wanted:
        print("There are no journeys to run.")
        return 0 if not sys.argv[1:] else 1
    if compile_client():  # theirs is the compiled client
        return 1
    return run(wanted)


def run(tests: list[str], data_dir: Path | None = None) -> int:
    """Run these of Node's tests against a stack that starts with `data_dir`; the exit code."""
    # Two files at a time are enough for two cores.
    command = ["node", "--test", "--test-concurrency=2", *tests]
    environment = dict(os.environ)
    stop_on_signals()
    try:
        if any(path.startswith(BROWSER) for path in tests):
            environment["CHROMIUM_PATH"] = browser.chromium()
        with stack(data_dir=data_dir, env=PARAMETERS) as running:
            environment.update(running.environment())
            ran = subprocess.run(command, env=environment, cwd=settings.ROOT, check=False, timeout=TIMEOUT_S)
            checked = check_documents(running)
            return ran.returncode or checked
    except Stopped:
        return 130
    except subprocess.TimeoutExpired:
        print(f"the journeys took longer than {TIMEOUT_S} s", file=sys.stderr)
    except (StackError, NoEngine, browser.NoBrowser, CommandFailed) as error:
        print(error, file=sys.stderr)
    return 1


def check_documents(running: Stack) -> int:
    """Compare every document that the journeys leave with its struct in models/; the exit code."""
    environment = {
        **os.environ,
        "FIRESTORE_EMULATOR_HOST": running.firestore_host,
        "GCLOUD_PROJECT": running.project,
        "APP_SIGNING_KEY": "names nothing that is stored",
        "PYTHONPATH": str(settings.ROOT / "functions"),
    }
    command = [sys.executable, "-m", "tests.support.structs"]
    return subprocess.run(command, env=environment, cwd=settings.ROOT, check=False, timeout=CHECK_S).returncode


if __name__ == "__main__":
    sys.exit(main())
