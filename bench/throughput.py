"""The debit under load beside the same in Node, in interleaved rounds, each on one core."""

from __future__ import annotations

import statistics
from collections import defaultdict
from contextlib import ExitStack
from typing import Any

from bench.stage import NODE, PYTHON, WHOLE, Peer, Stage
from bench.table import Row, table
from tests.support.database import Database

BUDGET = {1: 4.0, 8: 2.5, 80: 2.2}
"""Debits a second beside Node's, by the calls at once."""
WHOLE_BUDGET = {1: 2.0, 8: 1.5, 80: 1.5}
"""Whole orders beside Node's bare debits."""
P99_BUDGET = 0.5
LEAST_ROUNDS, MOST_ROUNDS = 3, 9
SPREAD = 0.1
"""Rounds are repeated until the middle half of each ratio differs by no more than this share of its median."""
PEERS = (PYTHON, NODE, WHOLE)
Measured = dict[tuple[str, int], list[dict[str, Any]]]
"""The load generator's figures of each round, by peer and calls at once."""


def run(stage: Stage, *, quick: bool) -> None:
    measured = _rounds(stage, most=1 if quick else MOST_ROUNDS, seconds=1 if quick else 3)
    rows = []
    for connections, budget in BUDGET.items():
        given = (measured, connections)
        rows.append(_row("debits a second", *given, "perSecond", PYTHON, "≥", budget))
        rows.append(_row("its 99th percentile, ms", *given, "p99Ms", PYTHON, "≤", P99_BUDGET))
        name = "whole createStudioJob beside Node's bare debit"
        rows.append(_row(name, *given, "perSecond", WHOLE, "≥", WHOLE_BUDGET[connections]))
    table("The debit on one core: user, ledger entry, job", "StudioX", "Node", rows)
    lost = sum(each["failed"] + each["other"] for rounds in measured.values() for each in rounds)
    print(f"  rounds: {len(measured[NODE.name, 1])}; calls that failed in all of them: {lost}")
    _hot(stage, different=_median(measured, PYTHON, 80, "perSecond"), quick=quick)


def _median(measured: Measured, peer: Peer, connections: int, figure: str) -> float:
    return statistics.median(float(each[figure]) for each in measured[peer.name, connections])


def _row(what: str, measured: Measured, connections: int, figure: str, ours: Peer, sign: str, budget: float) -> Row:
    mine, its = (_median(measured, peer, connections, figure) for peer in (ours, NODE))
    ratios = _ratios(measured, connections, figure, ours)
    return Row(f"{what}, {connections} at once", mine, its, sign, budget, ratios)


def _ratios(measured: Measured, connections: int, figure: str, ours: Peer) -> tuple[float, ...]:
    """The ratio of each round: its figures were measured one after the other."""
    rounds = zip(measured[ours.name, connections], measured[NODE.name, connections], strict=True)
    return tuple(mine[figure] / its[figure] if its[figure] else float("inf") for mine, its in rounds)


def _rounds(stage: Stage, *, most: int, seconds: int) -> Measured:
    measured: Measured = defaultdict(list)
    tokens = {peer.name: stage.seed(peer) for peer in PEERS}
    with ExitStack() as running:
        urls = {peer.name: [running.enter_context(stage.serve(peer)).url] for peer in PEERS}
        for peer in PEERS:  # warm up: imports, connections, compilers
            stage.load(peer, urls[peer.name], tokens[peer.name], connections=8, seconds=1)
        for number in range(1, most + 1):
            for connections in BUDGET:
                for peer in PEERS:
                    given = {"connections": connections, "seconds": seconds}
                    told = stage.load(peer, urls[peer.name], tokens[peer.name], **given)
                    measured[peer.name, connections].append(told)
            if number >= LEAST_ROUNDS and _is_steady(measured):
                break
    return measured


def _is_steady(measured: Measured) -> bool:
    """Whether further rounds would hardly change a median."""

    def spread(ratios: tuple[float, ...]) -> float:
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        return (high - low) / middle

    return all(
        spread(_ratios(measured, connections, "perSecond", ours)) <= SPREAD
        for connections in BUDGET
        for ours in (PYTHON, WHOLE)
    )


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
