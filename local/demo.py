"""`make demo`: start the stack, run the main job as a client would, print what happens, stop the stack."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from local.serve import Stopped, stop_on_signals
from local.stack import settings
from local.stack.engine import NoEngine
from local.stack.start import StackError, stack

TIMEOUT_S = 300


def main() -> int:
    stop_on_signals()
    pictures = settings.STATE / "demo"
    shutil.rmtree(pictures, ignore_errors=True)
    print("Starting the local stack …", flush=True)
    try:
        with stack() as running:
            environment = {**os.environ, **running.environment(), "STUDIOX_DEMO_DIR": str(pictures)}
            client = ["node", str(settings.ROOT / "local/demo.mjs")]
            code = subprocess.run(client, env=environment, cwd=settings.ROOT, check=False, timeout=TIMEOUT_S).returncode
    except Stopped:
        return 130
    except subprocess.TimeoutExpired:
        print(f"The demo took longer than {TIMEOUT_S} s.", file=sys.stderr)
        return 1
    except (StackError, NoEngine) as error:
        print(error, file=sys.stderr)
        return 1
    print("The local stack has stopped." if code == 0 else "The demo failed.", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
