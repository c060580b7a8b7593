"""The scheduler: the seed decides everything, and the dead do nothing."""

from __future__ import annotations

import time

import pytest

from studiox.kit import group_commit
from studiox.kit.process import per_process
from tests.simulation.faults import Cut, Faults, Late
from tests.simulation.network_server import HandlerFailed
from tests.simulation.threads import installed
from tests.simulation.world import World

EVERYTHING = {
    "cut_before": 300,
    "cut_after": 300,
    "late_before": 100,
    "late_after": 100,
    "late_applied": 100,
    "slow": 100,
    "crash_before": 50,
    "crash_after": 50,
    "freeze": 50,
}


def run(seed: int, **rates: int) -> tuple[World, list[str]]:
    """Four callers on two instances that count together."""
    world, done = World(seed, Faults(**rates), max_skew_s=300), []

    def caller(name: str) -> None:
        for number in range(20):
            try:
                world.io("count", str(number), lambda number=number: done.append(f"{name} {number}"))  # type: ignore[misc]
            except (Cut, Late):
                continue
            time.sleep(0.5)

    with installed(world):
        for number in range(4):
            world.spawn(f"caller{number}", lambda number=number: caller(str(number)), world.instances[number % 2])  # type: ignore[misc]
        world.run()
    return world, done


def test_a_seed_decides_everything() -> None:
    first, orders = run(7, **EVERYTHING), set()
    for seed in (7, 7, 8, 9):
        world, done = run(seed, **EVERYTHING)
        assert (world.trace_hash() == first[0].trace_hash()) == (seed == 7)
        assert (done == first[1]) == (seed == 7)
        orders.add(tuple(done))
    assert len(orders) == 3


def test_without_faults_everything_is_carried_out_once() -> None:
    world, done = run(1)
    assert sorted(done) == sorted(f"{caller} {number}" for caller in range(4) for number in range(20))
    assert not world.faults.injected


def test_every_fault_happens_and_only_restricts_them() -> None:
    seen: dict[str, str] = {}
    for seed in range(40):
        world, _ = run(seed, **EVERYTHING)
        seen |= {kind: place for place, kind in world.faults.injected.items()}
    assert seen.keys() == EVERYTHING.keys()
    world = World(0, Faults(cut_before=10_000))
    world.faults.only = frozenset({"one#2"})
    answers: list[object] = []

    def ask() -> None:
        for _ in range(3):
            try:
                answers.append(world.io("x", "", lambda: True))
            except Cut as cut:
                answers.append(cut.applied)

    with installed(world):
        world.spawn("one", ask)
        world.run()
    assert answers == [True, False, True]


def test_the_tasks_of_a_dead_instance_do_nothing_any_more_and_their_callers_learn_it() -> None:
    world = World(3)
    done: list[object] = []
    dying = world.instances[0]

    def work() -> None:
        try:
            world.io("x", "before", lambda: done.append("before"))
            world.sleep(10)
            done.append("after")
        finally:
            done.append("unwound")
            world.io("x", "while it unwinds", lambda: done.append("done by the dead"))

    def caller() -> None:
        task = world.spawn("work", work, dying)
        world.wait(task)
        done.append(task.lost)

    with installed(world):
        world.spawn("caller", caller)
        world.at(world.now() + 5, lambda: world.crash(dying))
        world.run()
    assert done == ["before", "unwound", True]
    assert world.instances[0] is not dying


def test_an_instance_has_a_memory_of_its_own() -> None:
    @per_process
    def memory() -> list[str]:
        return []

    world, seen = World(1), []

    def remember(name: str) -> None:
        memory().append(name)
        world.io("x", name, lambda: None)
        seen.append(list(memory()))

    with installed(world):
        for number in range(2):
            world.spawn(f"task{number}", lambda number=number: remember(str(number)), world.instances[number])  # type: ignore[misc]
        world.run()
    assert sorted(seen) == [["0"], ["1"]]


def test_a_frozen_instance_goes_on_later() -> None:
    world, woken = World(1), []
    world.instances[0].frozen_until = world.now() + 1_800

    def work() -> None:
        woken.append(world.now())

    with installed(world):
        start = world.now()
        world.spawn("work", work, world.instances[0])
        world.run()
    assert woken == [start + 1_800]


def test_group_commit_waits_in_virtual_time() -> None:
    """Two callers of one key: the second waits for the first one's batch, and both are done."""
    world, batches = World(1), []

    def carry_out(batch: list[group_commit.Operation[str]], *_: object) -> None:
        world.io("commit", str(len(batch)), lambda: batches.append(len(batch)))
        for each in batch:
            each.finish("done")

    def work() -> str | None:
        operation: group_commit.Operation[str] = group_commit.Operation()
        groups.submit("key", operation, time.monotonic() + 20)
        return operation.result()

    with installed(world):
        groups = group_commit.GroupCommit(carry_out)
        tasks = [world.spawn("caller", work, world.instances[0]) for _ in range(5)]
        world.run()
    assert [task.result for task in tasks] == ["done"] * 5
    assert batches == [1, 4]


def test_what_would_not_end_is_refused() -> None:
    world = World(1)
    world.max_steps = 100

    def for_ever() -> None:
        while True:
            world.io("x", "again", lambda: None)

    with installed(world):
        task = world.spawn("for ever", for_ever)
        world.run()
    with pytest.raises(Exception, match="100 I/O"):
        raise task.error or AssertionError


def test_what_a_stand_in_cannot_do_ends_the_run() -> None:
    world = World(1)

    def ask() -> None:
        try:
            world.io("http.poyo", "GET /", unable)
        except Exception:  # noqa: BLE001 - as the functions do
            return

    def unable() -> None:
        raise HandlerFailed("http.poyo: KeyError")

    with installed(world), pytest.raises(HandlerFailed):
        world.spawn("asks", ask, world.instances[0])
        world.run()
