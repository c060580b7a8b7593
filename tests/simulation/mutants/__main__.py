"""`make guards ONLY=invoice`: run the simulation with each mutant, and say which seed kills it, by which check.

`--table` writes that into docs/reliability.md as each mutant ends, and `--left` leaves out those that the table knows
to be killed: so a run that was stopped goes on. `--tests` runs the ordinary tests that the patches name instead. Exit
code 1 when a mutant survives.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tests.simulation.mutants import ROOT, Mutant, applied, mutants

AT_A_TIME = 2
SEEDS = 2000
SEEDS_AT_ONCE = 100
LIMIT_S = 1_800
"""A run that takes longer hangs, which kills its mutant."""
TABLE = ROOT / "docs/reliability.md"
_WRITING = threading.Lock()


def simulated(mutant: Mutant, functions: Path, *, first: int, seeds: int, theme: str = "") -> tuple[str, str]:
    """The first violation that the simulation finds with the mutant, and the seed and theme of its story.

    Of the same seeds, the stories that are about the mutant are played first, then all.
    """
    runs = [] if theme else _runs(first, seeds, seeds, "--about", mutant.theme)  # a tenth of all stories at most
    runs += _runs(first, seeds, SEEDS_AT_ONCE, "--theme", theme)
    for options in runs:
        done = _run(["-m", "tests.simulation", *options, "--no-shrink", "--functions", str(functions)], functions)
        if done is None:
            return "a run that does not end", f"seed {options[1]}"
        if done.returncode == 0:
            continue
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise RuntimeError(f"{mutant.name}: no violation\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(lines[0])
        return str(found["violation"]), f"seed {found['seed']}, {found['theme']}"
    return "", ""


def _runs(first: int, seeds: int, at_once: int, *more: str) -> list[list[str]]:
    """The options of the runs that play these seeds."""
    begins = range(first, first + seeds, at_once)
    return [["--first", str(each), "--seeds", str(min(at_once, first + seeds - each)), *more] for each in begins]


def tested(mutant: Mutant, functions: Path) -> tuple[str, str]:
    """The first ordinary test that fails with the mutant."""
    options = ["-q", "-x", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", f"pythonpath={functions} ."]
    done = _run(["-m", "pytest", *options, *mutant.tests], functions)
    if done is None:
        return "the tests do not end", ""
    failed = [line.split(" - ")[0].split(" ", 1)[1] for line in done.stdout.splitlines() if line.startswith(_FAILED)]
    if done.returncode not in (0, 1) or (done.returncode == 1) != bool(failed):
        raise RuntimeError(f"{mutant.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return next(iter(failed), ""), ""


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


def tried(mutant: Mutant, asked: argparse.Namespace) -> bool:
    """Try the mutant and say what came of it; whether it was killed."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        functions = applied(mutant, Path(folder))
        if asked.tests:
            killed_by, story = tested(mutant, functions)
        else:
            killed_by, story = simulated(mutant, functions, first=asked.first, seeds=asked.seeds, theme=asked.theme)
    verdict = f"killed by {killed_by}{story and f', {story}'}" if killed_by else "SURVIVED"
    with _WRITING:
        say(f"{mutant.path.stem}: {verdict} ({time.monotonic() - begun:.0f} s)")
        if asked.table:
            last = asked.first + asked.seeds - 1
            write(mutant, story or f"not by seeds {asked.first} to {last}")
    return bool(killed_by)


def write(mutant: Mutant, outcome: str) -> None:
    """Write into the table's last column what came of the mutant."""
    row = re.compile(rf"^(\| {mutant.path.stem[:2]} `.*\| )[^|]+ \|$", re.MULTILINE)
    TABLE.write_text(row.sub(rf"\g<1>{outcome} |", TABLE.read_text(), count=1))


def killed() -> set[str]:
    """The numbers of the mutants that the table knows to be killed."""
    rows = re.findall(r"^\| (\d\d) `.*\| ([^|]+) \|$", TABLE.read_text(), re.MULTILINE)
    return {number for number, outcome in rows if outcome.startswith("seed ")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.simulation.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="only the patches with one of these words in their names")
    parser.add_argument("--tests", action="store_true", help="run the ordinary tests, not the simulation")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--theme", default="", help="stories of this theme only")
    parser.add_argument("--table", action="store_true", help="write what comes of them into docs/reliability.md")
    parser.add_argument("--left", action="store_true", help="leave out the mutants that the table knows to be killed")
    asked = parser.parse_args()
    chosen = [each for each in mutants() if not asked.words or any(word in each.path.stem for word in asked.words)]
    if asked.left:
        known = killed()
        chosen = [each for each in chosen if each.path.stem[:2] not in known]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        survived = list(pool.map(partial(tried, asked=asked), chosen)).count(False)
    say(f"{len(chosen)} mutants, {survived} survived")
    return 1 if survived else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
