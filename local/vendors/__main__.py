"""`make vendors`: what `make serve` has beyond Firebase, beside a `firebase emulators:start`: the vendors' stand-ins at
their usual ports, and the clock that fires the schedules."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from local.serve import Stopped, stop_on_signals
from local.stack import processes, settings
from local.stack.start import stand_ins
from local.stack.ticker import Ticker

PATIENCE_S = 600.0


def main() -> int:
    ports = settings.PORTS
    parameters, secrets = settings.resolve(ports, os.environ)
    taken = [f"{ports[name]} ({name})" for name in settings.STAND_INS if not processes.is_free(ports[name])]
    if taken:
        print(f"Port {', '.join(taken)} is taken. Is `make serve` already running?", file=sys.stderr)
        return 1
    started: list[subprocess.Popen[bytes]] = []
    functions = f"127.0.0.1:{ports['functions']}"
    ticker = Ticker(functions, f"http://{functions}/{settings.PROJECT}/{settings.REGION}", print)
    stop_on_signals()
    try:
        for name, (port, arguments) in stand_ins(ports, {**parameters, **secrets}).items():
            started.append(subprocess.Popen([sys.executable, "-m", *arguments], cwd=settings.ROOT))
            print(f"  {name:<15} http://127.0.0.1:{port}", flush=True)
        until = time.monotonic() + PATIENCE_S
        print("Waiting for `firebase emulators:start` …", flush=True)
        while not processes.is_served(ports["functions"]) and time.monotonic() < until:
            time.sleep(0.5)
        ticker.start()
        print("The vendors' stand-ins answer and the schedules are fired. Stop with Ctrl-C.", flush=True)
        while all(process.poll() is None for process in started):
            time.sleep(0.5)
        print("A stand-in ended by itself.", file=sys.stderr)
        return 1
    except Stopped:
        return 0
    finally:
        ticker.stop()
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
