"""The functions as the world's instances serve them, and every request that anybody sends to them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from cronsim import CronSim

import main
from tests.simulation.answers import Exchange
from tests.simulation.faults import Cut, Late
from tests.simulation.world import Instance, World, moment
from tests.support import Answer, Reply, calls

T = TypeVar("T")

DISMAYING = ("counters_differ", "shard_failed")
"""Alerts that no fault of a network excuses."""
PATIENCE_S = 70.0
"""How long a client waits for an answer, as Firebase's client SDK does."""
WEBHOOK_S = 20.0


def address(uid: str) -> str:
    """The user's e-mail address. `u1-2` is the second account of the person who had `u1`."""
    return f"{uid.partition('-')[0]}@canary.test"


class Deployment:
    """Who calls a function gets an instance, which the seed chooses."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.history: list[Exchange] = []
        self.bugs: list[str] = []
        self.unrefunded: list[str] = []
        """Subscriptions that the operator was told to give back by hand."""
        """What may not happen at all: a function raised, or it logged a bug."""
        self._due = {name: _next(name, world.now()) for name in SCHEDULES}

    def call(
        self,
        caller: str,
        function: str,
        data: dict[str, Any],
        *,
        admin: bool = False,
        signed_in_at: float | None = None,
    ) -> Answer | None:
        """Call a callable as this user. None if the client cannot know the outcome. `signed_in_at`: just now."""
        exchange = Exchange(caller, function, data, self.world.steps, is_admin=admin, began_at=self.world.now())
        self.history.append(exchange)
        deployed = getattr(main, function)

        def send() -> Answer:
            began: dict[str, Any] = {} if signed_in_at is None else {"auth_time": int(signed_in_at)}
            token = calls.id_token(caller, email=address(caller), admin=admin, **began)
            return calls.call(deployed, data, token=token)

        answer = self.send(f"{caller}:{function}", send, PATIENCE_S)
        exchange.ended, exchange.answer = self.world.steps, answer
        exchange.ended_at = self.world.now()
        if answer is not None and answer.code in ("internal", "unknown", "data-loss"):
            self.bugs.append(f"{function} answered {answer.code}")
        return answer

    def calls(self) -> dict[str, int]:
        """How many calls of each function had which answer."""
        found: dict[str, int] = {}
        for each in self.history:
            answer = each.answer
            said = "lost" if answer is None else "ok" if answer.ok else answer.reason or answer.code
            name = f"call {each.function} {said}"
            found[name] = found.get(name, 0) + 1
        return found

    def sign_up(self, uid: str, **user: Any) -> Answer | None:
        """The blocking trigger that Auth calls when an account is created. Without an answer Auth creates none."""
        told = {"email": address(uid), **user}
        return self.send(f"{uid}:onUserCreated", lambda: calls.before_create(main.onUserCreated, uid, **told), 7.0)

    def http(self, function: str, **request: Any) -> Reply | None:
        """A webhook's request, once. None if its sender got no answer."""
        deployed = getattr(main, function)
        return self.send(function, lambda: calls.http(deployed, "POST", **request), WEBHOOK_S)

    def task(self, function: str, data: Mapping[str, Any]) -> Reply | None:
        """Cloud Tasks' request."""
        deployed = getattr(main, function)
        return self.send(function, lambda: calls.task(deployed, data), 1_800.0)

    def schedule(self, function: str, at: datetime) -> Reply | None:
        """Cloud Scheduler's request."""
        deployed = getattr(main, function)
        return self.send(function, lambda: calls.schedule(deployed, at), 1_800.0)

    def send(self, name: str, handle: Callable[[], T], patience_s: float) -> T | None:
        """A request to an instance, from a task of the world. None: no answer came."""
        world = self.world
        started: list[Any] = []
        instance = world.random.choice(world.instances)

        def start() -> None:
            served = instance if instance.alive else world.instances[0]
            started.append(world.spawn(name, lambda: self._handled(name, handle), _awake(world, served)))

        try:
            world.io("request", name, start, patience_s)
        except (Cut, Late):
            return None  # if it arrived, it is carried out, and nobody hears of it
        [task] = started
        if not world.wait(task, patience_s) or task.lost or task.error is not None:
            return None
        answer: T = task.result
        return answer

    def _handled(self, name: str, handle: Callable[[], T]) -> T:
        try:
            return handle()
        except Exception as error:
            self.bugs.append(f"{name} raised {type(error).__name__}: {error}")
            raise

    def schedules_due(self, until: float) -> list[tuple[str, datetime]]:
        """The schedules whose time has come since they were last fired: once each, with the first time of each."""
        fired = []
        for name, due in self._due.items():
            if due <= until:
                fired.append((name, moment(due)))
                self._due[name] = _next(name, until)
        return fired


def _next(name: str, after: float) -> float:
    return next(CronSim(SCHEDULES[name], moment(after))).timestamp()


def _awake(world: World, instance: Instance) -> Instance:
    """A load balancer sends nothing to an instance that does not answer, unless all of them are frozen."""
    if instance.frozen_until <= world.now():
        return instance
    return next((each for each in world.instances if each.frozen_until <= world.now()), instance)


def _schedules() -> Iterator[tuple[str, str]]:
    for name, function in vars(main).items():
        endpoint = getattr(function, "__firebase_endpoint__", None)
        trigger = getattr(endpoint, "scheduleTrigger", None)
        if trigger:
            yield name, str(trigger["schedule"])


SCHEDULES: dict[str, str] = dict(_schedules())
"""{function: when, in cron's terms}"""


class Bugs(logging.Handler):
    """Collects what the functions log as a bug, and what they tell the operator to give back."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(logging.ERROR)
        self._deployment = deployment

    def emit(self, record: logging.LogRecord) -> None:
        about = getattr(record, "fields", {})
        if record.getMessage() == "second_subscription_not_refunded":
            self._deployment.unrefunded.append(about["subscription"])
        if record.getMessage() in DISMAYING:
            self._deployment.bugs.append(f"alerted {record.getMessage()}: {about}")
        if record.levelno == logging.ERROR:  # an alert has a level of its own, above
            error = record.exc_info[1] if record.exc_info else None
            self._deployment.bugs.append(f"logged {record.getMessage()}: {type(error).__name__}: {error} {about}")
