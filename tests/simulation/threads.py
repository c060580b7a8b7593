"""What stands in for Python's clocks, threads and chance while a world runs."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import random
import secrets
import sys
import threading
import time
import types
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import studiox
from studiox.kit import clock, process
from tests.simulation.world import World

T = TypeVar("T")

# A module that is imported within a story keeps the clocks and threads of that moment.
LATE = (
    *(each.name for each in pkgutil.walk_packages(studiox.__path__, "studiox.")),
    *("stripe._stripe_client", "stripe._webhook", "google.cloud.storage", "opentelemetry.context"),
    *("flask.testing", "disposable_email_domains", "_strptime"),
)
for late in LATE:
    importlib.import_module(late)


@contextlib.contextmanager
def installed(world: World) -> Iterator[World]:
    """Python's clocks, pauses, threads and chance are the world's within the block, in this thread only."""
    me = threading.get_ident()
    real = {name: getattr(time, name) for name in ("time", "monotonic", "sleep", "time_ns")}
    before = process._process
    process._process = world.outside  # what one story keeps, its clients for example, is nothing to the next

    def mine(ours: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: ours(*given) if threading.get_ident() == me else theirs(*given)

    def sleep(seconds: float) -> None:
        if world.running() is not None:
            world.sleep(seconds)

    class Moment(datetime):
        """`datetime` whose `now` is the world's."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(world.local_now(), tz)

    threads = types.SimpleNamespace(
        **{name: getattr(threading, name) for name in threading.__all__},
    )
    threads.Event = lambda: Event(world)
    threads.Timer = lambda seconds, act: Timer(world, seconds, act)
    chance = random.Random(world.seed + 1)
    shown = types.SimpleNamespace(**{name: getattr(clock, name) for name in clock.__all__})
    shown.now = lambda: Moment.now(UTC)
    shown.datetime = Moment
    changes: list[tuple[Any, str, Any]] = [
        (time, "time", mine(world.local_now, real["time"])),
        (time, "time_ns", mine(lambda: int(world.local_now() * 1e9), real["time_ns"])),
        (time, "monotonic", mine(world.monotonic, real["monotonic"])),
        (time, "sleep", mine(sleep, real["sleep"])),
        (clock, "now", lambda: Moment.now(UTC)),
        (secrets, "choice", chance.choice),
        (secrets, "token_hex", lambda size=16: chance.randbytes(size).hex()),
        (secrets, "token_urlsafe", lambda size=16: chance.randbytes(size).hex()),
        (uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4)),
    ]
    for name, module in list(sys.modules.items()):
        if name.startswith("studiox."):
            if getattr(module, "threading", None) is threading:
                changes.append((module, "threading", threads))
            if hasattr(module, "ThreadPoolExecutor"):
                changes.append((module, "ThreadPoolExecutor", lambda max_workers=4: Pool(world, max_workers)))
            if name == "studiox.kit.tasks":
                changes.append((module, "clock", shown))
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    state = random.getstate()
    random.seed(world.seed)
    for owner, name, value in changes:
        setattr(owner, name, value)
    try:
        yield world
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)
        process._process = before
        random.setstate(state)
        world.end()


class Event:
    """As threading.Event, between tasks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._is_set = False
        self._waiters: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        waiters, self._waiters = self._waiters, []
        for wake in waiters:
            wake()

    def clear(self) -> None:
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._is_set:
            task = self._world.running_task()
            self._waiters.append(self._world.waker(task))
            if timeout is not None:
                self._world.wake_at(task, self._world.now() + max(0.0, timeout))
            self._world.suspend()
        return self._is_set


class Timer:
    """As threading.Timer."""

    daemon = True

    def __init__(self, world: World, seconds: float, act: Callable[[], None]) -> None:
        self._world, self._seconds, self._act = world, seconds, act
        self._is_cancelled = False

    def start(self) -> None:
        self._world.at(self._world.now() + self._seconds, lambda: None if self._is_cancelled else self._act())

    def cancel(self) -> None:
        self._is_cancelled = True


class Pool:
    """As concurrent.futures.ThreadPoolExecutor, as far as the functions use it."""

    def __init__(self, world: World, max_workers: int) -> None:
        self._world, self._workers = world, max_workers

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, work: Callable[..., T], *items: Iterable[Any]) -> Sequence[T]:
        """The results, in order. All items are worked on before this returns."""
        todo = list(enumerate(zip(*items, strict=False)))
        results: dict[int, T] = {}
        todo.reverse()
        caller = self._world.running_task()

        def worker() -> None:
            while todo:
                number, given = todo.pop()
                results[number] = work(*given)

        workers = [
            self._world.spawn(f"{caller.name}/{number}", worker, caller.instance)
            for number in range(min(self._workers, len(todo)))
        ]
        for each in workers:
            self._world.wait(each)
        for each in workers:
            if each.error is not None:
                raise each.error
        return [results[number] for number in sorted(results)]
