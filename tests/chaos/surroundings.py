"""What calls the functions beside people: Stripe's webhooks, the task queue, the schedules; and Stripe's own life.

Poyo's stand-in sends its callbacks itself. All of them deliver at least once, twice now and then, in any order, and
again after anything but a 2xx.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

from local.vendors.stripe.account import Refused
from local.vendors.stripe.objects import Object
from local.vendors.stripe.webhooks import signed
from tests.chaos.town import Town
from tests.conftest import SECRETS
from tests.simulation.stripe_truth import item_of
from tests.support.queue import Enqueued

TWICE = 0.15
"""Of all deliveries: made twice."""
STEPS_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 31.0, 61.0, 151.0)
LEAPS_S = (3_600.0, 90_000.0)
LEAP = 0.02
SCHEDULES = {
    "dispatchStudioJobs": 60,
    "reconcilePayments": 6,
    "sweepMedia": 1,
    "resetMonthlyTokens": 2,
    "auditLedger": 1,
}
"""Which schedule is fired how often, relative to the others."""
ATTEMPTS = 5
"""Of a task, as the queue is deployed."""


class Delivery(NamedTuple):
    """Something to deliver, and how often it was tried."""

    event: int
    tries: int


class Stripe:
    """Delivers every event until it is taken, and lets payments arrive, fail, be refunded and be disputed."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.random = random.Random(f"{town.seed} stripe")
        self.heard = 0
        self.waiting: list[Delivery] = []
        self.account = town.stripe.account

    def run(self) -> None:
        while not self.town.over.is_set():
            if self.random.random() < 0.15:
                self.live()
            self.deliver(4)
            self.town.over.wait(0.05)

    def deliver(self, most: int) -> None:
        """Deliver some of the events that wait, in any order. Periods that are over are renewed first."""
        for each in self._subscriptions():
            if item_of(each)["current_period_end"] <= self.town.time.now():
                self.account.advance(each["id"])
        while self.heard < len(self.account.events):
            copies = 2 if self.random.random() < TWICE else 1
            self.waiting += [Delivery(self.heard, 0)] * copies
            self.heard += 1
        for _ in range(min(most, len(self.waiting))):
            chosen = self.waiting.pop(self.random.randrange(min(8, len(self.waiting))))
            body, signature = signed(
                self.account.events[chosen.event], SECRETS["STRIPE_WEBHOOK_SECRET"], self.town.time.now()
            )
            status, _ = self.town.post("stripeWebhook", body, {"Stripe-Signature": signature})
            if not 200 <= status < 300:
                self.waiting.append(Delivery(chosen.event, chosen.tries + 1))

    def live(self) -> None:
        """Something happens to somebody's payment."""
        act: Callable[[], object] = self.random.choice(
            (self.arrive, self.arrive, self.refund, self.dispute, self.close_dispute, self.end)
        )
        try:
            act()
        except Refused:
            return

    def arrive(self) -> None:
        slow = [
            each
            for each in self.account.all("checkout.session")
            if each["mode"] == "payment" and each["status"] == "complete" and each["payment_status"] != "paid"
        ]
        if slow:
            self.account.arrive(self.random.choice(slow)["id"], well=self.random.random() < 0.7)

    def refund(self) -> None:
        if intents := self._paid_intents():
            intent = self.random.choice(intents[:20])
            self.account.refund(intent["id"], self.random.choice((None, 100)))

    def dispute(self) -> None:
        disputed = {each["charge"] for each in self.account.all("dispute")}
        intents = [each for each in self._paid_intents() if each["latest_charge"] not in disputed]
        if intents and self.random.random() < 0.5:
            self.account.dispute(self.random.choice(intents[:20])["id"], 200)

    def close_dispute(self) -> None:
        if live := [each for each in self.account.all("dispute") if each["status"] == "needs_response"]:
            self.account.close_dispute(self.random.choice(live)["id"], won=self.random.random() < 0.5)

    def end(self) -> None:
        live = self._subscriptions()
        if live and self.random.random() < 0.2:
            self.account.end(self.random.choice(live)["id"])

    def _subscriptions(self) -> list[Object]:
        return [each for each in self.account.all("subscription") if each["status"] != "canceled"]

    def _paid_intents(self) -> list[Object]:
        return [each for each in self.account.all("payment_intent") if each["status"] == "succeeded"]


class Tasks:
    """Cloud Tasks' workers."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.random = random.Random(f"{town.seed} tasks")
        self.tried: dict[str, int] = {}

    def run(self) -> None:
        while not self.town.over.is_set():
            if not self.work():
                self.town.over.wait(0.05)

    def work(self) -> bool:
        """Run the first task that waits; whether there was one."""
        queue = self.town.queue
        with queue.lock:
            if not queue.tasks:
                return False
            task = queue.tasks.pop(0)
        done = [self._send(task) for _ in range(2 if self.random.random() < TWICE else 1)]
        tries = self.tried[task.name] = self.tried.get(task.name, 0) + 1
        if not any(done) and tries < ATTEMPTS:
            with queue.lock:
                queue.tasks.append(task)
        return True

    def _send(self, task: Enqueued) -> bool:
        headers = {
            "X-CloudTasks-QueueName": task.function,
            "X-CloudTasks-TaskName": uuid.uuid4().hex,
            "X-CloudTasks-TaskRetryCount": str(self.tried.get(task.name, 0)),
        }
        body = json.dumps({"data": task.data}).encode()
        return 200 <= self.town.post(task.function, body, headers)[0] < 300


class Clockwork:
    """Time passes, and the schedules are fired."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.random = random.Random(f"{town.seed} clockwork")

    def run(self) -> None:
        while not self.town.over.is_set():
            leaps = self.random.random() < LEAP
            self.town.advance(self.random.choice(LEAPS_S if leaps else STEPS_S))
            [schedule] = self.random.choices(list(SCHEDULES), list(SCHEDULES.values()))
            if self.random.random() < 0.5:
                self.town.schedule(schedule)
            self.town.over.wait(self.random.uniform(0.05, 0.6))


def settle_down(town: Town, stripe: Stripe, tasks: Tasks, patience_s: float = 300.0) -> Iterator[str]:
    """Without faults: everything is delivered, and time passes until nothing is due. What does not come to its end."""
    until = time.monotonic() + patience_s
    quiet = 0
    while quiet < 3 and time.monotonic() < until:
        _deliver_all(stripe, tasks)
        town.advance(121.0)
        answered = town.schedule("dispatchStudioJobs")
        busy = stripe.waiting or town.queue.tasks or answered != 200 or _unsettled(town)
        quiet = 0 if busy else quiet + 1
    if quiet < 3:
        waiting = [stripe.account.events[each.event]["type"] for each in stripe.waiting]
        yield f"it does not come to rest: {_unsettled(town)} jobs, {len(town.queue.tasks)} tasks, {waiting}"
    for _ in range(3):  # days and more, so that everything that looks back has looked
        town.advance(90_000.0)
        for schedule in ("reconcilePayments", "resetMonthlyTokens", "sweepMedia", "dispatchStudioJobs"):
            yield from _fired(town, schedule)
        _deliver_all(stripe, tasks)
    town.advance(8 * 86_400.0)
    yield from _fired(town, "auditLedger")


def _fired(town: Town, schedule: str) -> Iterator[str]:
    if (status := town.schedule(schedule)) != 200:
        yield f"{schedule} answered {status} without any fault"


def _deliver_all(stripe: Stripe, tasks: Tasks) -> None:
    stripe.deliver(len(stripe.account.events) + 1)
    while tasks.work():
        pass


def _unsettled(town: Town) -> int:
    """How many jobs run or hold a place."""
    everything = town.database.all()
    jobs = [path for path in everything if path.startswith("jobs/") and path.count("/") == 1]
    return sum(
        everything[path]["status"] not in ("completed", "failed", "cancelled")
        or everything[f"{path}/private/state"]["holdsPlace"]
        for path in jobs
    )
