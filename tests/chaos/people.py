"""The actors that call: people, each a thread with a script of its own by the seed, and an administrator."""

from __future__ import annotations

import functools
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from local.vendors.stripe.account import Refused
from tests.chaos.town import Town, address_of
from tests.simulation.answers import is_unknown
from tests.support.calls import Answer

ADMIN = "admin-1"
TRIES = 4
GIVES_UP = 0.15
"""Of the calls without an answer: not repeated now. The last round repeats them."""
DOUBLE_CLICK = 0.1
"""Of the calls: made twice at the same time."""
FEATURES = ("prompt_enhancement", "hd_download", "watermark_removal", "stem_export")
PACKS = ("starter", "creator")
PLANS = ("pro", "enterprise")
FAULTS = (
    *("429", "502-accepted", "drop-before", "drop", "moderation", "402", "fail", "fail-moderation", "never", "stuck"),
    *("no-files", "late-files", "poll-404", "poll-500", "poll-drop", "poll-html", "file-expired", "garbage"),
    *("file-html", "file-truncated-once", "callback-none", "callback-twice", "callback-forged", "callback-early"),
)
FAULTY = 0.35
"""Of the orders: those of which the provider makes something else than what was ordered."""


class Board:
    """What the actors know of each other: which jobs and posts there are."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, str]] = []
        """(uid, job id)"""
        self.posts: list[str] = []


class Person:
    """One user at one device. `act` makes one step."""

    def __init__(self, town: Town, board: Board, uid: str, device: int = 0) -> None:
        self.town, self.board, self.uid, self.device = town, board, uid, device
        self.random = random.Random(f"{town.seed} {uid} {device}")
        self.jobs: list[str] = []
        self.done: list[str] = []
        """Completed jobs that are not known to be published or deleted."""
        self.sessions: list[str] = []
        self.requests = 0
        self.steps: Mapping[Callable[[], object], int] = {
            self.order: 10,
            self.poll: 14,
            self.cancel: 2,
            self.cancel_while_polling: 2,
            self.use: 8,
            self.like: 5,
            self.publish: 2,
            self.comment: 1,
            self.visit: 1,
            self.delete: 1,
            self.buy: 3,
            self.subscribe: 2,
            self.confirm: 2,
            self.change_plan: 1,
            self.read: 1,
        }

    def run(self) -> None:
        while not self.town.over.is_set():
            self.act()
            self.town.over.wait(self.random.expovariate(8))

    def act(self) -> None:
        [step] = self.random.choices(list(self.steps), list(self.steps.values()))
        step()

    def ask(self, function: str, data: Mapping[str, Any], *, admin: bool = False) -> Answer | None:
        """Call until there is an answer that says what happened, or give up."""
        answer = None
        if self.random.random() < DOUBLE_CLICK:
            call = functools.partial(self.town.call, function, data, uid=self.uid, admin=admin)
            threading.Thread(target=call, daemon=True).start()
        for _ in range(TRIES):
            answer = self.town.call(function, data, uid=self.uid, admin=admin)
            if not is_unknown(answer) or self.town.over.is_set() or self.random.random() < GIVES_UP:
                return answer
            time.sleep(self.random.uniform(0, 0.3))
        return answer

    def request_id(self) -> str:
        self.requests += 1
        return f"{self.uid}-{self.device}-request-{self.requests:06d}"

    def order(self) -> None:
        model, kind = self.random.choice((("z-image", "image"), ("z-image", "image"), ("nano-banana", "image")))
        prompt = "a fox"
        if self.random.random() < FAULTY:
            prompt += f" fault:{self.random.choice(FAULTS)}"
        order = {"requestId": self.request_id(), "type": kind, "model": model, "prompt": prompt}
        answer = self.ask("createStudioJob", order)
        job_id = answer and (answer.result["jobId"] if answer.ok else answer.details.get("jobId"))
        if job_id and job_id not in self.jobs:
            self.jobs.append(job_id)
            self.board.jobs.append((self.uid, job_id))

    def poll(self) -> None:
        if not self.jobs:
            return self.order()
        job_id = self.random.choice(self.jobs[-6:])
        answer = self.ask("getJobStatus", {"jobId": job_id})
        if answer and answer.ok and answer.result["status"] == "completed" and job_id not in self.done:
            self.done.append(job_id)
        return None

    def cancel(self) -> None:
        if self.jobs:
            self.ask("cancelStudioJob", {"jobId": self.random.choice(self.jobs[-3:])})

    def cancel_while_polling(self) -> None:
        """Of a job that may be about to complete."""
        if self.jobs:
            job_id = self.jobs[-1]
            poll = functools.partial(self.town.call, "getJobStatus", {"jobId": job_id}, uid=self.uid)
            threading.Thread(target=poll, daemon=True).start()
            time.sleep(self.random.uniform(0, 0.2))
            self.ask("cancelStudioJob", {"jobId": job_id})

    def use(self) -> None:
        request = {"feature": self.random.choice(FEATURES), "requestId": self.request_id()}
        answer = self.ask("useTokens", request)
        if answer and answer.ok and self.random.random() < 0.1:
            self.ask("useTokens", request)

    def like(self) -> None:
        if self.board.posts:
            post = self.random.choice(self.board.posts[-5:])
            self.ask("likePost", {"postId": post, "liked": self.random.random() < 0.6})

    def publish(self) -> None:
        if self.done:
            answer = self.ask("publishPost", {"creationId": self.done.pop(), "caption": "a fox"})
            if answer and answer.ok:
                self.board.posts.append(answer.result["postId"])

    def comment(self) -> None:
        if self.board.posts:
            post = self.random.choice(self.board.posts[-5:])
            self.ask("commentPost", {"postId": post, "text": "lovely", "requestId": self.request_id()})

    def visit(self) -> None:
        self.ask("updateStreak", {})

    def delete(self) -> None:
        if self.done:
            self.ask("deleteCreation", {"creationId": self.done.pop(0)})

    def buy(self) -> None:
        self._check_out({"packId": self.random.choice(PACKS)})

    def subscribe(self) -> None:
        self._check_out({"planId": self.random.choice(PLANS)})

    def _check_out(self, what: Mapping[str, str]) -> None:
        answer = self.ask("createCheckoutSession", {"requestId": self.request_id(), **what})
        if answer is None or not answer.ok:
            return
        session = answer.result["sessionId"]
        self.sessions.append(session)
        outcome = self.random.random()
        try:
            if outcome < 0.6:
                self.town.stripe.account.pay(session)
            elif outcome < 0.75 and "packId" in what:
                self.town.stripe.account.pay(session, slow=True)
            elif outcome < 0.85:
                self.town.stripe.account.expire(session)
        except Refused:
            return

    def confirm(self) -> None:
        if self.sessions:
            self.ask("confirmCheckout", {"sessionId": self.random.choice(self.sessions[-3:])})

    def change_plan(self) -> None:
        if self.random.random() < 0.6:
            self.ask("updateSubscription", {"planId": self.random.choice(PLANS)})
        else:
            self.ask("cancelSubscription", {"atPeriodEnd": self.random.random() < 0.7})

    def read(self) -> None:
        self.ask(self.random.choice(("getUserBalance", "getBillingHistory", "getSubscription", "getFeed")), {})


class Leaver:
    """People who sign up one after the other, live for a while, and delete their account."""

    def __init__(self, town: Town, board: Board) -> None:
        self.town, self.board = town, board

    def run(self) -> None:
        while not self.town.over.is_set():
            person = Person(self.town, self.board, f"leaver-{len(self.town.people)}")
            self.town.people.append(person.uid)
            person.ask("initializeUser", {})
            for _ in range(person.random.randint(3, 25)):
                if self.town.over.is_set():
                    return
                person.act()
                self.town.over.wait(person.random.expovariate(8))
            person.ask("deleteAccount", {"confirm": address_of(person.uid)})


class Administrator(Person):
    """Adjusts balances and ends jobs."""

    def __init__(self, town: Town, board: Board, people: list[str]) -> None:
        super().__init__(town, board, ADMIN)
        self.people = people
        self.steps = {self.adjust: 3, self.end_a_job: 1}

    def run(self) -> None:
        while not self.town.over.is_set():
            self.act()
            self.town.over.wait(self.random.expovariate(1))

    def adjust(self) -> None:
        amount = self.random.choice((-20, -3, 5, 50, 400))
        change = {"uid": self.random.choice(self.people), "amount": amount, "reason": "a correction"}
        self.ask("addTokens", {**change, "requestId": self.request_id()}, admin=True)

    def end_a_job(self) -> None:
        if self.board.jobs:
            _, job_id = self.random.choice(self.board.jobs[-8:])
            self.ask("setJobStatus", {"jobId": job_id, "status": "failed", "reason": "a complaint"}, admin=True)
