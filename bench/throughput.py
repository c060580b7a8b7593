"""The debit under load beside the same in Node, in interleaved rounds, each on one core."""

from __future__ import annotations

import statistics
from collections import defaultdict
from contextlib import ExitStack
from typing import Any

from bench.stage import NODE, PYTHON, WHOLE, Peer, Stage
from bench.table import Row, table
from tests.support.database import Database

BUDGET = {1: 2.0, 8: 1.5, 80: 1.5}
Measured = dict[tuple[str, int], list[dict[str, Any]]]


def run(stage: Stage, *, quick: bool) -> None:
    measured = _rounds(stage, rounds=1 if quick else 3, seconds=1 if quick else 3)

    def median(peer: Peer, connections: int, figure: str) -> float:
        return statistics.median(float(each[figure]) for each in measured[peer.name, connections])

    rows = []
    for connections, budget in BUDGET.items():
        ours, theirs = (median(peer, connections, "perSecond") for peer in (PYTHON, NODE))
        late, their_late = (median(peer, connections, "p99Ms") for peer in (PYTHON, NODE))
        rows.append(Row(f"debits a second, {connections} at once", ours, theirs, "≥", budget))
        rows.append(Row(f"its 99th percentile, ms, {connections} at once", late, their_late, "≤", 1.0))
        whole = median(WHOLE, connections, "perSecond")
        rows.append(Row(f"whole createStudioJob beside Node's bare debit, {connections}", whole, theirs))
    table("The debit on one core: user, ledger entry, job", "StudioX", "Node", rows)
    lost = sum(each["failed"] + each["other"] for rounds in measured.values() for each in rounds)
    print(f"  calls that failed in all of these rounds: {lost}")
    _hot(stage, different=median(PYTHON, 80, "perSecond"), quick=quick)


def _rounds(stage: Stage, *, rounds: int, seconds: int) -> Measured:
    measured: Measured = defaultdict(list)
    peers = (PYTHON, NODE, WHOLE)
    tokens = {peer.name: stage.seed(peer) for peer in peers}
    with ExitStack() as running:
        urls = {peer.name: [running.enter_context(stage.serve(peer)).url] for peer in peers}
        for peer in peers:  # warm up: imports, connections, compilers
            stage.load(peer, urls[peer.name], tokens[peer.name], connections=8, seconds=1)
        for _ in range(rounds):
            for connections in BUDGET:
                for peer in peers:
                    given = {"connections": connections, "seconds": seconds}
                    measured[peer.name, connections].append(
                        stage.load(peer, urls[peer.name], tokens[peer.name], **given)
                    )
    return measured


def _hot(stage: Stage, *, different: float, quick: bool) -> None:
    """80 simultaneous calls of one user with a balance of 50, then a sustained load of 80 connections."""
    rows = []
    for peer, count in ((PYTHON, 1), (PYTHON, 2), *([] if quick else [(NODE, 1)])):  # the peer takes 15 s
        uid = f"burst{count}"
        token = stage.user(peer, uid, balance=50)
        warm = stage.user(peer, f"warm{count}")
        with ExitStack() as running:
            urls = [running.enter_context(stage.serve(peer)).url for _ in range(count)]
            stage.load(peer, urls, [warm], burst=2 * count, patienceMs=10_000)
            told = stage.load(peer, urls, [token], burst=80, patienceMs=20_000)
        left = Database(project=peer.project).need(f"users/{uid}")["balance"]
        answers = told["statuses"]
        done, refused = answers.get("200", 0), answers.get("400", 0)
        lost = 80 - done - refused
        name = f"{peer.name}, {count} instance{'s' if count > 1 else ''}"
        rows.append([name, f"{done} done, {refused} refused, {lost} lost, {left} left", f"{told['seconds']:.2f} s"])
    print("\nOne user, 80 debits at once, a balance of 50 (wanted: 50 done, 30 refused, 0 left, within 1 s)")
    for name, what, took in rows:
        print(f"  {name:<24} {what:<44} {took:>8}")
    with stage.serve(PYTHON) as server:
        token = stage.user(PYTHON, "hot")
        stage.load(PYTHON, [server.url], [token], connections=8, seconds=1)
        hot = stage.load(PYTHON, [server.url], [token], connections=80, seconds=1 if quick else 5)
    row = Row("debits a second, 80 at once", hot["perSecond"], different, "≥", 1.0)
    table("One hot user beside many users", "one user", "many users", [row])
    print(f"  calls that failed: {hot['failed'] + hot['other']}")
