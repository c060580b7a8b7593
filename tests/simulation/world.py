"""Virtual time, and a scheduler that the seed decides.

Everything that runs is a task: a greenlet in the one thread of the simulation. A task runs until its next I/O, pause
or wait. The scheduler then goes on with whatever is due next; what is due at the same time it orders by the seed. So a
seed decides every interleaving, and the same seed gives the same trace in every process.
"""

from __future__ import annotations

import contextlib
import heapq
import random
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet  # type: ignore[import-untyped]

from studiox.kit import process
from tests.simulation.faults import Conflict, Cut, Faults, Late
from tests.simulation.network import FAULTS

T = TypeVar("T")

START = datetime(2026, 1, 30, 22, 0, tzinfo=UTC).timestamp()
"""Just before the end of a month whose day the next month lacks."""
MAX_TASKS = 5_000
"""Tasks that one run may start: more are a loop without an end."""


class Endless(Exception):
    """The run does not come to an end."""


class Instance:
    """One process of the functions: its memory and its clock live and die with it."""

    def __init__(self, name: str, skew_s: float) -> None:
        self.name, self.skew_s = name, skew_s
        self.memory = process.Process()
        self.tasks: dict[Task[Any], None] = {}
        self.alive = True
        self.frozen_until = 0.0


class Task(Generic[T]):
    """Something that runs. Its result is there once it is `done`; `lost` if its instance died first."""

    def __init__(self, name: str, instance: Instance | None) -> None:
        self.name, self.instance = name, instance
        self.green: Any = None
        self.done = self.lost = False
        self.result: T | None = None
        self.error: BaseException | None = None
        self.ios = 0
        self.turn = 0
        """Counts the suspensions: what would wake an earlier one is ignored."""
        self.waiters: list[Callable[[], None]] = []


class World:
    """One run. `seed` decides everything in it."""

    def __init__(
        self,
        seed: int,
        faults: Faults | None = None,
        *,
        instances: int = 2,
        max_skew_s: float = 0.0,
        keep_trace: bool = False,
    ) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.faults = faults or Faults()
        self.steps = 0
        self.after_step: Callable[[], None] = lambda: None
        """Called when an I/O has been carried out: what must hold at every moment is checked there."""
        self.max_steps = 200_000
        self.trace: list[str] | None = [] if keep_trace else None
        self._now = START
        self._events: list[tuple[float, float, int, Callable[[], object]]] = []
        self._number = 0
        self._tasks = 0
        self._names: dict[str, int] = {}
        self._current: Task[Any] | None = None
        self._hub = getcurrent()
        self._hash = blake2b(digest_size=16)
        self.outside = process.Process()
        """The memory of what runs on no instance."""
        self.crashes = 0
        self._max_skew_s = max_skew_s
        self.instances = [self._new_instance(number) for number in range(instances)]

    def _new_instance(self, number: int) -> Instance:
        most = self._max_skew_s * self.random.choice([0, 0, 0.01, 1])
        return Instance(f"i{number}", self.random.uniform(-most, most))

    # Time

    def now(self) -> float:
        """The true time, in seconds since the epoch."""
        return self._now

    def local_now(self) -> float:
        """The time as the running task's instance sees it."""
        task = self._current
        return self._now + (task.instance.skew_s if task is not None and task.instance is not None else 0.0)

    def monotonic(self) -> float:
        return self._now - START + 1_000.0

    def at(self, moment: float, act: Callable[[], object]) -> None:
        """Do this at that time, outside of all tasks."""
        self._number += 1
        heapq.heappush(self._events, (max(moment, self._now), self.random.random(), self._number, act))

    def sleep(self, seconds: float) -> None:
        """The running task pauses."""
        task = self.running_task()
        self.wake_at(task, self._now + max(0.0, seconds))
        self.suspend()

    # Tasks

    def spawn(self, name: str, function: Callable[[], T], instance: Instance | None = None) -> Task[T]:
        """Start a task, which begins at once, in an order that the seed decides. Equal names get numbers."""
        self._tasks += 1
        if self._tasks > MAX_TASKS:
            raise Endless(f"{MAX_TASKS} tasks")
        again = self._names[name] = self._names.get(name, 0) + 1
        task: Task[T] = Task(name if again == 1 else f"{name}~{again}", instance)
        task.green = greenlet(lambda: self._body(task, function), parent=self._hub)
        if instance is not None:
            instance.tasks[task] = None
        self.wake_at(task, self._now)
        return task

    def _body(self, task: Task[T], function: Callable[[], T]) -> None:
        try:
            task.result = function()
        except GreenletExit:
            task.lost = True
        except Exception as error:  # noqa: BLE001 - whoever waits for the task gets it
            task.error = error
        # Anything else, such as what a stand-in cannot do, ends the run: it leaves `run`.
        self._finish(task)

    def _finish(self, task: Task[Any]) -> None:
        task.done = True
        if task.instance is not None:
            task.instance.tasks.pop(task, None)
        for wake in task.waiters:
            wake()
        task.waiters = []

    def wait(self, task: Task[T], timeout_s: float | None = None) -> bool:
        """Wait until the task is done; False after `timeout_s`."""
        if task.done:
            return True
        waiting = self.running_task()
        task.waiters.append(self.waker(waiting))
        if timeout_s is not None:
            self.wake_at(waiting, self._now + timeout_s)
        self.suspend()
        return task.done

    def running_task(self) -> Task[Any]:
        """The task that runs now. GreenletExit for a dead one that unwinds: it does nothing any more."""
        task = self._current
        if task is None or getcurrent() is not task.green:
            raise GreenletExit
        return task

    def running(self) -> Task[Any] | None:
        """The task that runs now; None outside of all tasks."""
        task = self._current
        return task if task is not None and getcurrent() is task.green else None

    def suspend(self) -> None:
        """The running task goes on when something that was prepared before wakes it."""
        self._hub.switch()

    def waker(self, task: Task[Any]) -> Callable[[], None]:
        """What wakes the task from its present suspension, once."""
        turn = task.turn

        def wake() -> None:
            if task.turn == turn and not task.done:
                self.at(self._now, lambda: self._resume(task, turn))

        return wake

    def wake_at(self, task: Task[Any], moment: float) -> None:
        """Wake the task from its next suspension at that time, if nothing does so before."""
        turn = task.turn
        self.at(moment, lambda: self._resume(task, turn))

    def _resume(self, task: Task[Any], turn: int) -> None:
        if task.turn != turn or task.done:
            return
        instance = task.instance
        if instance is not None:
            if not instance.alive:
                return
            if instance.frozen_until > self._now:
                self.at(instance.frozen_until, lambda: self._resume(task, turn))
                return
        task.turn += 1
        self._current = task
        process._process = self.outside if instance is None else instance.memory
        try:
            task.green.switch()
        finally:
            self._current = None

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Go on until nothing is due any more, or until `until` is true."""
        self._hub = getcurrent()
        events = self._events
        while events and not until():
            moment, _, _, act = heapq.heappop(events)
            self._now = max(self._now, moment)
            act()

    def advance(self, seconds: float) -> None:
        """Outside of all tasks: let so much time pass, and everything run that is due in it."""
        end = self._now + seconds
        events = self._events
        self._hub = getcurrent()
        while events and events[0][0] <= end:
            moment, _, _, act = heapq.heappop(events)
            self._now = max(self._now, moment)
            act()
        self._now = end

    @property
    def next_event(self) -> float | None:
        """When the next thing is due."""
        return self._events[0][0] if self._events else None

    # I/O

    def io(self, kind: str, what: str, act: Callable[[], T], timeout_s: float | None = None) -> T:
        """One I/O of the running task: `act` is carried out at some moment, at once and alone. `Cut`, `Late`.

        Outside of all tasks it is only carried out: a test or a check looks at the world.
        """
        if getcurrent() is self._hub:
            return act()
        task = self.running_task()
        task.ios += 1
        place = f"{task.name}#{task.ios}"
        draws = blake2b(f"{self.seed} {place}".encode(), digest_size=8).digest()
        fault = self.faults.decide(place, int.from_bytes(draws[:4]) % 10_000, kind)
        patience = 8.0 if timeout_s is None else timeout_s
        self._pause(task, draws[4])
        if fault is None:
            answer = self._carry_out(place, kind, what, act)
            self._pause(task, draws[5])
            return answer
        return self._faulty(fault, task, place, kind, what, act, patience, draws[6] / 255)

    def chance(self, what: str) -> float:
        """For the network: a number from 0 to below 1 for this place of the running task; 1 where no fault may be."""
        task = self.running()
        if task is None:
            return 1.0
        place = f"{task.name}#{task.ios}.{what}"
        draw = int.from_bytes(blake2b(f"{self.seed} {place}".encode(), digest_size=4).digest()) / (1 << 32)
        rate = FAULTS.get(what)
        return draw if rate is None or draw >= rate or self.faults.takes(place, what) else 1.0

    def _pause(self, task: Task[Any], draw: int) -> None:
        """A usual delay: mostly a millisecond or two, sometimes 100, seldom a second."""
        spread = 0.0005 + draw * 0.00001 if draw < 200 else 0.1 if draw < 250 else 1.0
        self.wake_at(task, self._now + spread)
        self.suspend()

    def _carry_out(self, place: str, kind: str, what: str, act: Callable[[], T]) -> T:
        self.steps += 1
        if self.steps > self.max_steps:
            raise Endless(f"{self.max_steps} I/O")
        try:
            answer = act()
        except Exception as error:
            self.note(f"{place} {kind} {what} {type(error).__name__}")
            raise
        self.note(f"{place} {kind} {what}")
        self.after_step()
        return answer

    def _faulty(
        self,
        fault: str,
        task: Task[Any],
        place: str,
        kind: str,
        what: str,
        act: Callable[[], T],
        patience: float,
        part: float,
    ) -> T:
        self.note(f"{place} {kind} {what}: {fault}")
        match fault:
            case "cut_before":
                raise Cut(applied=False)
            case "conflict":
                raise Conflict
            case "cut_after":
                self._attempt(place, kind, what, act)
                self.sleep(0.001)
                raise Cut(applied=True)
            case "late_before":
                self.sleep(patience)
                raise Late
            case "late_after":
                self._attempt(place, kind, what, act)
                self.sleep(patience)
                raise Late
            case "late_applied":  # it arrives when nobody waits for it any more
                self.at(self._now + patience * (1 + 3 * part), lambda: self._attempt(place, kind, what, act))
                self.sleep(patience)
                raise Late
            case "slow":
                self.sleep(patience * 0.9 * part)
                answer = self._carry_out(place, kind, what, act)
                self.sleep(patience * 0.09)
                return answer
            case "crash_before" | "crash_after":
                if fault == "crash_after":
                    self._attempt(place, kind, what, act)
                if task.instance is not None:
                    self.crash(task.instance)
                    self._hub.switch()  # never to be resumed
                raise Cut(applied=fault == "crash_after")
            case "freeze":
                answer = self._carry_out(place, kind, what, act)
                if task.instance is not None:
                    task.instance.frozen_until = self._now + 3_600**part
                self.sleep(0.001)
                return answer
        raise AssertionError(fault)

    def _attempt(self, place: str, kind: str, what: str, act: Callable[[], Any]) -> None:
        with contextlib.suppress(Exception):
            self._carry_out(place, kind, what, act)

    def crash(self, instance: Instance) -> None:
        """The instance dies between two I/O: none of its tasks does anything any more, and a new instance is there."""
        self.note(f"{instance.name} dies")
        self.crashes += 1
        instance.alive = False
        number = self.instances.index(instance)
        self.instances[number] = self._new_instance(number)
        self.at(self._now, lambda: self._bury(instance))

    def _bury(self, instance: Instance) -> None:
        """Unwind its tasks. Whatever they do while they unwind is done by the dead: I/O raises GreenletExit."""
        process._process = instance.memory
        for task in list(instance.tasks):
            task.turn += 1
            if task.green:  # false while it has not begun
                task.green.throw(GreenletExit)
            if not task.done:  # it had not begun
                task.lost = True
                self._finish(task)

    def note(self, line: str) -> None:
        """Add a line to the trace."""
        stamped = f"{self._now - START:.6f} {line}"
        self._hash.update(stamped.encode())
        if self.trace is not None:
            self.trace.append(stamped)

    def trace_hash(self) -> str:
        return self._hash.hexdigest()

    def end(self) -> None:
        """Unwind whatever still waits."""
        for instance in self.instances:
            instance.alive = False
            self._bury(instance)
        self._events.clear()


def moment(seconds: float) -> datetime:
    """The time of these seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)
