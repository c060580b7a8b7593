"""The cold start beside Node's: imports, time to the first response, memory."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

from bench.machine import family
from bench.stage import DEPLOYED, HERE, NODE, PYTHON, SERVER_CORE, WHOLE, Peer, Stage, on
from bench.table import Row, counts, table

HEAVY = ("stripe", "google.cloud.storage", "google.cloud.secretmanager", "pydantic", "firebase_functions.firestore_fn")
IMPORT = f"""
import json, sys, time
began = time.perf_counter()
import main
took = time.perf_counter() - began
print(json.dumps([took * 1000, len(sys.modules), [name for name in {HEAVY!r} if name in sys.modules]]))
"""
IMPORT_NODE = """
const began = performance.now();
await import('./debit.js');
console.log(performance.now() - began);
process.exit(0);
"""


def run(stage: Stage, *, quick: bool) -> None:
    times = 2 if quick else 7
    ours, theirs, modules, heavy = [], [], 0, []
    for _ in range(times):
        took, modules, heavy = json.loads(output_of([DEPLOYED, "-c", IMPORT], HERE.parent / "functions"))
        ours.append(took)
        theirs.append(float(output_of(["node", "--input-type=module", "-e", IMPORT_NODE], HERE)))
    answers: dict[str, list[float]] = {peer.name: [] for peer in (PYTHON, NODE)}
    for _ in range(1 if quick else 5):
        for peer in (PYTHON, NODE):
            answers[peer.name].append(first_answer(stage, peer))
    first = {name: statistics.median(took) for name, took in answers.items()}
    memory = {peer.name: _memory(stage, peer) for peer in (WHOLE, NODE)}
    ratios = tuple(ours / theirs for ours, theirs in zip(*answers.values(), strict=True))
    rows = [
        Row("imports, ms (ours: all of main.py)", statistics.median(ours), statistics.median(theirs)),
        Row("start to first debit, ms", first[PYTHON.name], first[NODE.name], "≤", 0.5, ratios),
        Row("memory (PSS) after 51 calls, MiB (ours: createStudioJob)", memory[WHOLE.name], memory[NODE.name]),
    ]
    table("Start", "StudioX", "Node", rows)
    budgets: list[tuple[str, float, float]] = [
        (f"heavy modules that main.py imports {' '.join(heavy)}", len(heavy), 0),
        ("memory (PSS) of createStudioJob's instance, MiB", memory[WHOLE.name], 75),
    ]
    counts(f"import main: {modules} modules", budgets)


def output_of(command: list[str], folder: Path) -> str:
    """Run the command on the servers' core and return its last line of output."""
    with on(SERVER_CORE):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1]


def first_answer(stage: Stage, peer: Peer, python: str = DEPLOYED) -> float:
    """Milliseconds from the start of the process to its first debit, which it writes to Firestore."""
    os.environ["GCLOUD_PROJECT"] = peer.project
    stage.user(peer, "first")
    began = time.perf_counter()
    with stage.serve(peer, python) as server:
        answer = server.call({**peer.data, "requestId": f"first-{time.time_ns()}"}, uid="first")
        took = (time.perf_counter() - began) * 1000
    if not answer.ok:
        raise RuntimeError(f"{peer.name}: {answer}")
    return took


def _memory(stage: Stage, peer: Peer) -> float:
    """Memory (PSS) of the instance's processes after 51 calls, in MiB."""
    os.environ["GCLOUD_PROJECT"] = peer.project
    uids = [f"memory{number}" for number in range(3)]
    for uid in uids:
        stage.user(peer, uid)
    with stage.serve(peer) as server:
        for number in range(51):
            answer = server.call({**peer.data, "requestId": f"memory-{time.time_ns()}"}, uid=uids[number % 3])
            if not answer.ok:
                raise RuntimeError(f"{peer.name}: {answer}")
        return sum(map(_pss, family(server.pid))) / 1024


def _pss(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
