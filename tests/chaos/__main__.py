"""`make chaos`: kill -9 and a cutting proxy on the real engine. KILLS=n SEED=n choose; exit 1 on a violation."""

from __future__ import annotations

import argparse
import os
import secrets
import sys

from local.serve import Stopped, stop_on_signals
from tests.chaos.run import Progress, run
from tests.support.engine import Engine

KILLS = 500


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=None, help="a random one by default")
    given = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    again = f"make chaos SEED={seed} KILLS={given.kills}"
    say(f"{again}  # the same draws; what meets them depends on the processes' timing")
    os.environ.pop("FIRESTORE_EMULATOR_HOST", None)
    engine = Engine()
    os.environ.update({"FIRESTORE_EMULATOR_HOST": engine.host, "GCLOUD_PROJECT": f"demo-chaos-{seed}"})
    progress = Progress()
    stop_on_signals()  # so that every process is ended
    try:
        report = run(seed, given.kills, progress)
    except Stopped:
        return 1
    finally:
        engine.stop()
    progress("")
    say(str(report))
    if report.kills < given.kills:
        say(f"  It took too long: {report.kills} of {given.kills} kills.")
    if report.violations:
        say(f"  Run it again: {again}")
    return 1 if report.violations else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
