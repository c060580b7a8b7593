"""`make simulate SEED=… SEEDS=… JOBS=…`: play the stories of these seeds, and tell the shortest story of a violation.

The last line is JSON: what was played, with which faults, and how many stories a core plays in a second. For a
violation exit code 1, and a line of JSON about the first seed that has one. `--functions` runs another copy of the
functions.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.story import Result, Story

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
    parser.add_argument("--jobs", type=int, default=1, help="processes that play, 0: one for each core")
    parser.add_argument("--acts", type=int, default=0, help="acts of all people together, in place of the seed's own")
    parser.add_argument("--theme", default="", help="stories of this theme only")
    parser.add_argument("--about", default="", help="of these seeds only those whose own story has this theme")
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

    seeds = range(given.first, given.first + given.seeds)
    played = [each for each in seeds if not given.about or story.story_of(each).theme.name == given.about]
    gc.collect()
    gc.freeze()  # the modules: they stay, and looking at them again and again takes a tenth of the time
    gc.disable()
    totals: Counter[str] = Counter()
    traces, seconds = blake2b(digest_size=16), 0.0
    jobs = min(given.jobs or os.cpu_count() or 1, len(played))
    for seed, result, took_s in _played(partial(_play, given), played, jobs):
        seconds += took_s
        traces.update(result.trace_hash.encode())
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
            about = {"seed": seed, "theme": result.story.theme.name}
            _say(json.dumps({**about, "violation": result.violations[0], "violations": len(result.violations)}))
            if not given.no_shrink:
                _say(shrink.tell(shrink.shortest(_story(given, seed), result)))
            return 1
    told: dict[str, Any] = dict(sorted(totals.items()))
    told |= {"seeds": f"{given.first}-{given.first + given.seeds - 1}", "trace": traces.hexdigest()}
    told |= {"cpu seconds": round(seconds, 1), "stories a second of a core": round(len(played) / max(seconds, 0.1), 1)}
    _say(json.dumps(told))
    return 0


def _story(given: argparse.Namespace, seed: int) -> Story:
    from tests.simulation import shrink, story

    told = story.story_of(seed, given.acts, given.theme)
    told = shrink.without(told, [each for each in given.without.split(",") if each])
    return told if given.only is None else shrink.with_faults(told, filter(None, given.only.split(",")))


def _play(given: argparse.Namespace, seed: int) -> tuple[int, Result, float]:
    """The seed, what came of its story, and the CPU seconds that it took."""
    from tests.simulation import story

    begun = time.process_time()
    result = story.run(_story(given, seed), keep_trace=given.trace)
    if seed % STORIES_A_COLLECTION == 0:
        gc.collect()
    return seed, result, time.process_time() - begun


def _played(
    play: Callable[[int], tuple[int, Result, float]], seeds: Iterable[int], jobs: int
) -> Iterator[tuple[int, Result, float]]:
    """What `play` returns, in order of the seeds."""
    if jobs == 1:
        yield from map(play, seeds)
        return
    # Forked: the modules are there already.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"))
    try:
        yield from pool.map(play, seeds, chunksize=STORIES_A_COLLECTION)
    finally:
        pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a story
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main())
