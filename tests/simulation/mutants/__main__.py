"""`make guards ONLY=invoice`: run the simulation with each mutant, and say which seed kills it, by which check.

`--tests` runs the ordinary tests that the patches name instead. Exit code 1 when a mutant survives.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tests.simulation.mutants import ROOT, Mutant, applied, mutants

AT_A_TIME = 2
SEEDS = 2000
LIMIT_S = 900
"""A mutant whose run takes longer has stopped the program, which kills it."""


class Verdict(NamedTuple):
    mutant: Mutant
    killed_by: str
    """The check or the test; empty if the mutant survived."""
    seed: int | None
    seconds: int


def simulated(mutant: Mutant, functions: Path, *, first: int, seeds: int) -> tuple[str, int | None]:
    """The first violation that the simulation finds with the mutant, and its seed."""
    options = ["--first", str(first), "--seeds", str(seeds), "--no-shrink", "--functions", str(functions)]
    done = _run(["-m", "tests.simulation", *options], functions)
    if done is None:
        return "the run does not end", None
    if done.returncode == 0:
        return "", None
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return str(found["violation"]), int(found["seed"])
    raise RuntimeError(f"{mutant.name}: no violation in the output\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def tested(mutant: Mutant, functions: Path) -> tuple[str, int | None]:
    """The first ordinary test that fails with the mutant."""
    options = ["-q", "-x", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", f"pythonpath={functions} ."]
    done = _run(["-m", "pytest", *options, *mutant.tests], functions)
    if done is None:
        return "the tests do not end", None
    failed = [line.split(" - ")[0].split(" ", 1)[1] for line in done.stdout.splitlines() if line.startswith(_FAILED)]
    if done.returncode not in (0, 1) or (done.returncode == 1) != bool(failed):
        raise RuntimeError(f"{mutant.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return next(iter(failed), ""), None


_FAILED = ("FAILED ", "ERROR ")


def _run(arguments: list[str], functions: Path) -> subprocess.CompletedProcess[str] | None:
    """Run Python on the changed code. None if it takes longer than LIMIT_S."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(functions), str(ROOT)])}
    command = ["nice", "-n", "15", sys.executable, *arguments]
    try:
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return None


def tried(mutant: Mutant, *, with_tests: bool, first: int, seeds: int) -> Verdict:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        functions = applied(mutant, Path(folder))
        if with_tests:
            killed_by, seed = tested(mutant, functions)
        else:
            killed_by, seed = simulated(mutant, functions, first=first, seeds=seeds)
    return Verdict(mutant, killed_by, seed, round(time.monotonic() - begun))


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.simulation.mutants")
    parser.add_argument("words", nargs="*", help="only the patches with one of these words in their names")
    parser.add_argument("--tests", action="store_true", help="run the ordinary tests, not the simulation")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    asked = parser.parse_args()
    chosen = [each for each in mutants() if not asked.words or any(word in each.path.stem for word in asked.words)]
    attempt = partial(tried, with_tests=asked.tests, first=asked.first, seeds=asked.seeds)
    survived = 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for mutant, killed_by, seed, seconds in pool.map(attempt, chosen):
            after = "" if seed is None else f", seed {seed}"
            say(f"{mutant.path.stem}: {f'killed by {killed_by}{after}' if killed_by else 'SURVIVED'} ({seconds} s)")
            survived += not killed_by
    say(f"{len(chosen)} mutants, {survived} survived")
    return 1 if survived else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
