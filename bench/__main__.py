"""`make bench`: measure StudioX beside its peer. `--quick` takes less than a minute; name parts to run only those."""

from __future__ import annotations

import argparse
import sys
import time

from bench import media, pythons, reports, roundtrips, schedules, start, throughput
from bench.machine import Watch
from bench.stage import HERE, stage
from local import setup
from local.progress import CommandFailed, run

PARTS = {
    "roundtrips": roundtrips.run,
    "start": start.run,
    "pythons": pythons.run,
    "media": media.run,
    "reports": reports.run,
    "schedules": schedules.run,
    "throughput": throughput.run,
}


def install() -> None:
    """Install the peer's packages and the load generator, which only the benchmarks need."""
    log = setup.STATE / "setup-bench.log"
    modules = HERE / "node_modules"

    def installed() -> int:
        return sum(1 for pattern in ("*/package.json", "@*/*/package.json") for _ in modules.glob(pattern))

    run("The benchmarks' peer", [["npm", "ci", "--ignore-scripts"]], log, total=250, measure=installed, cwd=HERE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="the parts to run; all by default")
    options = parser.parse_args()
    try:
        with setup.alone_in_checkout():
            inputs = [HERE / "package.json", HERE / "package-lock.json"]
            setup.once("bench", inputs, HERE / "node_modules/autocannon/package.json", install)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    began = time.monotonic()
    with stage() as ready:
        for name in options.parts or PARTS:
            watch = Watch()
            PARTS[name](ready, quick=options.quick)
            print(f"  {name}: {watch.told()}", flush=True)
    print(f"\nMeasured in {time.monotonic() - began:.0f} s. Compare the ratios: the figures depend on the machine.")
    if options.quick:
        print("A quick run shows that everything works. Quote no figure of it: one short round says little.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
