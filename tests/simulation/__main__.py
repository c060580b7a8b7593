"""`make simulate SEED=… SEEDS=…`: play the stories of these seeds, and tell the shortest story of the first violation.

Exit code 1 and one line of JSON for a violation. `--functions` runs another copy of the functions.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STORIES_A_COLLECTION = 8
"""How many stories go by until their garbage is collected."""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--acts", type=int, default=0, help="acts of all people together, in place of the seed's own")
    parser.add_argument("--theme", default="", help="stories of this theme only")
    parser.add_argument("--functions", type=Path, default=ROOT / "functions")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--trace", action="store_true", help="print every step")
    parser.add_argument("--only", default=None, help="the places of the faults, separated by commas")
    parser.add_argument("--without", default="", help="people who are left out, separated by commas")
    given = parser.parse_args()
    sys.path[:0] = [str(given.functions), str(ROOT)]
    from tests.simulation import vendors

    os.environ.update(vendors.environment())
    from tests.simulation import shrink, story

    gc.collect()
    gc.freeze()  # the modules: they stay, and looking at them again and again takes a tenth of the time
    gc.disable()
    totals: Counter[str] = Counter()
    for seed in range(given.first, given.first + given.seeds):
        told = story.story_of(seed, given.acts, given.theme)
        told = shrink.without(told, [each for each in given.without.split(",") if each])
        if given.only is not None:
            told = shrink.with_faults(told, filter(None, given.only.split(",")))
        result = story.run(told, keep_trace=given.trace)
        if seed % STORIES_A_COLLECTION == 0:
            gc.collect()
        totals.update(
            stories=1,
            steps=result.steps,
            searched=result.searched,
            faults=len(result.injected),
            calls=sum(result.calls.values()),
        )
        totals.update(f"fault {kind}" for kind in result.injected.values())
        totals.update(result.calls)
        if given.trace:
            _say("\n".join(result.trace))
        if result.violations:
            first = {"seed": seed, "violation": result.violations[0], "violations": len(result.violations)}
            _say(json.dumps(first))
            if not given.no_shrink:
                _say(shrink.tell(shrink.shortest(told, result)))
            return 1
        if given.seeds == 1:
            _say(f"seed {seed}: {result.steps} steps, trace {result.trace_hash}")
    _say(json.dumps(dict(sorted(totals.items()))))
    return 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a story
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main())
