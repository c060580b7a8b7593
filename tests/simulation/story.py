"""One story: a deployment, its people and vendors, what goes wrong, and what must hold at its end. A seed plans it."""

from __future__ import annotations

import contextlib
import logging
import os
import urllib.parse
from collections.abc import Iterator, Mapping
from datetime import datetime
from random import Random
from typing import Any
from unittest import mock

import firebase_admin
import requests
from msgspec import Struct

from local.stack import settings
from local.vendors.stripe.account import Account
from studiox.account_data import abandoned_accounts
from studiox.admin import report_figures
from studiox.creations import media_sweep
from studiox.fan_out import service as fan_out
from studiox.kit import firestore, rate_limits
from studiox.kit.rest import Connections
from studiox.models.users import pseudonym
from studiox.studio import counter_audit
from studiox.tokens import audit, monthly_reset
from tests.auth.identity import ADMINS
from tests.simulation import actors, rest, strangers, themes
from tests.simulation.actors import Act, Town
from tests.simulation.administrators import Administrator
from tests.simulation.checks import Checks
from tests.simulation.deployment import Bugs, Deployment, address
from tests.simulation.faults import Faults
from tests.simulation.network import Network
from tests.simulation.regulars import Regular
from tests.simulation.shop import HANDLER, Shop
from tests.simulation.store import Store, Wire
from tests.simulation.strangers import Stranger
from tests.simulation.theme import COMMITS, Theme, planned, rates
from tests.simulation.threads import installed
from tests.simulation.truth import Known, Truth
from tests.simulation.vendors import PLACES, Vendors, environment, tiny_media
from tests.simulation.world import START, World
from tests.support import Reply, canaries

PROJECT = "demo-simulation"
SKIPPED = {"dispatchStudioJobs": 0.6, "reconcilePayments": 0.7, "resetMonthlyTokens": 0.5}
"""How many runs of a schedule are left out, as Cloud Scheduler may."""
RARE = 0.8
"""The same for the others. Each run reads the whole database."""
DIVIDING: tuple[tuple[Any, str, float], ...] = (
    (fan_out, "ALONE", 1),
    (fan_out, "PER_SHARD", 3),
    (fan_out, "RUN_S", 0.3),
    (monthly_reset, "CHUNK", 1),
    (audit, "USERS_PER_PAGE", 1),
    (audit, "JOBS_PER_PAGE", 1),
    (abandoned_accounts, "PAGE", 1),
    (media_sweep, "PAGE", 2),
    (counter_audit, "PAGE", 1),
    (report_figures, "AT_ONCE", 0),
)
"""What makes a theme's runs `divided`."""
TERMINAL = ("completed", "failed", "cancelled")
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
PAUSES = (*[MINUTE] * 2, *[10 * MINUTE] * 3, *[HOUR] * 24, *[6 * HOUR] * 24)
"""Between the rounds after the last fault, within which everything must come to rest."""


class Story(Struct, frozen=True):
    """What happens, as far as it is planned. Leaving out people, acts or faults leaves the others in their places."""

    seed: int
    theme: Theme
    people: dict[str, list[Act]]
    admin: list[Act]
    rates: dict[str, int]
    aim: tuple[str, ...]
    instances: int
    max_skew_s: float
    tries: int
    only: frozenset[str] | None = None
    """The places of the faults; None: wherever the seed puts them."""


class Result(Struct):
    """What came of a story."""

    story: Story
    violations: list[str]
    trace_hash: str
    steps: int
    injected: dict[str, str]
    calls: dict[str, int]
    """Calls by function and answer."""
    searched: int
    """Accounts whose history was searched for an order in which every answer is true."""
    trace: list[str]


def story_of(seed: int, acts: int = 0, theme_name: str = "") -> Story:
    """The story of a seed; `acts` of all people together, or a theme, in place of the seed's own."""
    random = Random(seed)
    theme = themes.drawn(random, theme_name)
    acts = acts or random.choice(theme.numbers)
    number = random.choice(theme.people)
    hot = random.random() < 0.5
    shares = [acts // 2 if hot and each == 0 else max(2, acts // (2 * number)) for each in range(number)]
    first = [Act(kind, random.random(), 0.0, twice=False) for kind in theme.first]
    people = {f"u{each}": [*first, *planned(random, theme, theme.acts, share)] for each, share in enumerate(shares)}
    strange = Random(seed + 3)
    if strange.random() < theme.strangers:
        people["stranger-1"] = actors.plan(strange, strangers.KINDS, max(3, acts // 3))
    administers = random.random() < theme.administrators
    return Story(
        seed=seed,
        theme=theme,
        people=people,
        admin=planned(random, theme, theme.admin, max(2, acts // 6)) if administers else [],
        rates=rates(random, theme),
        aim=random.choice(theme.aims),
        instances=random.choice(theme.instances),
        max_skew_s=random.choice(theme.skews),
        tries=random.choice(theme.tries),
    )


class Stage:
    """A running story."""

    def __init__(self, story: Story, *, keep_trace: bool) -> None:
        self.story = story
        faults = Faults(**story.rates)
        faults.only, faults.aim = story.only, story.aim
        self.world = World(
            story.seed, faults, instances=story.instances, max_skew_s=story.max_skew_s, keep_trace=keep_trace
        )
        self.database = f"projects/{PROJECT}/databases/(default)"
        self.store = Store(self.world.now)
        self.wire = Wire(self.store, self.world.io)
        self.deployment = Deployment(self.world)
        self.violations: list[str] = []
        self.checks, self._seen = Checks(), 0
        self._unfinished: dict[str, None] = {}
        """The paths of jobs that have not ended or hold a place, of deletions and top-ups that have not ended, and of
        referrals that are due."""
        world = self.world
        world.after_step = self._check
        chance = world.chance if any(story.rates.values()) else None
        self.network = Network(world.io, chance=chance, sleep=world.sleep)
        account = Account(f"http://{PLACES['stripe']}", clock=world.now)
        key, secret = settings.SECRETS["STRIPE_SECRET_KEY"], settings.SECRETS["STRIPE_WEBHOOK_SECRET"]
        self.shop = Shop(account, Random(story.seed + 1), world, self._deliver_event, key=key, secret=secret)
        self.shop.habits, self.shop.server.pause = story.theme.habits, self.network.pause
        self.network.serve(PLACES["stripe"], "stripe", HANDLER, server=self.shop.server)
        self.vendors = Vendors(Random(story.seed + 2), world, self._deliver_callback, self._dispatch)
        self.vendors.rates.update(story.theme.vendors)
        self.vendors.meet(story.theme.meet)
        self.vendors.serve(self.network)
        self.town = Town(self.deployment, self.shop, self.vendors.accounts, self.vendors.gcs, tries=story.tries)

    def _check(self) -> None:
        """What must hold at every moment, after what a commit has changed."""
        version = self.store.version(self.database)
        if version != self._seen:
            changed = self.store.changed(self.database, self._seen)
            self._seen = version
            for path, document in changed.items():
                if document is not None and _goes_on(path, document):
                    self._unfinished[path] = None
                else:
                    self._unfinished.pop(path, None)
            self.violations += map(str, self.checks.follow(changed, self.world.steps))
            self.town.look(changed)

    def _deliver_event(self, body: bytes, headers: Mapping[str, str]) -> int:
        return _status(self.deployment.http("stripeWebhook", body=body, headers=headers))

    def _deliver_callback(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        address = urllib.parse.urlsplit(url)
        function, query = address.path.rpartition("/")[2], dict(urllib.parse.parse_qsl(address.query))
        if (other := strangers.another_job(self.town, query.get("job", ""))) is not None:
            forged = self.deployment.http(function, query={**query, "job": other}, body=body, headers=headers)
            if _status(forged) == 200:
                self.violations.append(
                    f"6. An order goes to a provider at most once: a callback was believed for {other}"
                )
        return _status(self.deployment.http(function, query=query, body=body, headers=headers))

    def _dispatch(self, function: str, data: Mapping[str, Any], _attempt: int) -> int:
        return _status(self.deployment.task(function, data))

    def play(self) -> None:
        """The whole story, as a task of the world."""
        world, story = self.world, self.story
        people = [
            Stranger(uid, self.town, acts) if uid == "stranger-1" else Regular(uid, self.town, acts)
            for uid, acts in story.people.items()
        ]
        lives = [world.spawn(each.uid, each.live) for each in people]
        if story.admin:
            lives.append(world.spawn("admin", Administrator(self.town, story.admin).live))
        while alive := sum(not each.done for each in lives):
            self._fire_schedules()
            world.sleep(self._until_next_round(alive))
        for each in lives:
            if each.error is not None:
                raise each.error
        self._come_to_rest()

    def _until_next_round(self, alive: int) -> float:
        """A minute; if everybody waits for days, until the first of them goes on.

        Stripe keeps events for thirty days: within so long the schedule that fetches lost ones must run.
        """
        waits = self.town.awake_at
        if len(waits) < alive:
            return MINUTE
        leap = max(MINUTE, min(waits.values()) - self.world.now() - MINUTE)
        return min(leap, 25 * DAY) if self.story.theme.habits.lost else leap

    def _fire_schedules(self) -> None:
        """What is due, once each; many runs are left out."""
        for name, at in self.deployment.schedules_due(self.world.now()):
            again = self.story.theme.schedules
            if again == 1 or self.world.random.random() >= SKIPPED.get(name, RARE) or self._is_awaited(name):
                self._fire(name, at)
                if self.world.random.random() < again:
                    self._fire(name, at)

    def _is_awaited(self, name: str) -> bool:
        """At the end of a story, jobs wait for the dispatcher."""
        return name == "dispatchStudioJobs" and self.world.faults.off and bool(self._unfinished)

    def _fire_last(self) -> None:
        """Those that have something to do must run once after the last fault, and some of the others."""
        world = self.world
        needed = {"resetMonthlyTokens", "sweepMedia"} if world.now() - START > DAY else set()
        if any(each["object"] == "customer" for each in self.shop.account.objects.values()):
            needed.add("reconcilePayments")
        for name, at in self.deployment.schedules_due(world.now() + DAY):
            if name in needed or world.random.random() >= RARE:
                self._fire(name, at)

    def _fire(self, name: str, at: datetime) -> None:
        self.world.spawn(name, lambda: self.deployment.schedule(name, at))

    def _come_to_rest(self) -> None:
        """No more faults. Schedules and vendors go on until nothing is due, and the nightly schedules have run."""
        world = self.world
        world.faults.off = self.shop.calm = self.shop.closed = True
        self.network.faults = {}
        self.vendors.calm_down()
        for each in world.instances:
            each.frozen_until = 0.0
        quiet = 0
        for pause in PAUSES:
            self._fire_schedules()
            world.sleep(pause)
            quiet = quiet + 1 if self._is_quiet() else 0
            if quiet == 2:
                break
        self._fire_last()
        world.sleep(HOUR)
        snapshot = self.store.all(self.database)
        found = rest.at_rest(snapshot, self._truth(), self.deployment.history, self.checks.moments)
        self.violations += map(str, found)

    def _is_quiet(self) -> bool:
        waiting = self.shop.waiting + self.vendors.waiting + self.vendors.queue.waiting
        return waiting == 0 and not any(each.tasks for each in self.world.instances) and not self._unfinished

    def _truth(self) -> Truth:
        """What the vendors know."""
        vendors, accounts, story = self.vendors, self.vendors.accounts, self.story
        charges = {
            key: charge["tasks"] for state in (vendors.poyo, vendors.piapi) for key, charge in state.charges().items()
        }
        return Truth(
            now=self.world.now(),
            people={uid: Known(pseudonym(uid), address(uid)) for uid in sorted(accounts.users | accounts.gone)},
            stripe=self.shop.truth(),
            objects={
                name: datetime.fromisoformat(each["resource"]["timeCreated"]).timestamp()
                for name, each in vendors.gcs.objects.items()
            },
            charges=charges,
            unrefunded=self.deployment.unrefunded,
            auth=accounts.users - accounts.gone,
            listed={
                task.key: task.count
                for state in (vendors.poyo, vendors.piapi)
                for task in state.tasks_kept.all()
                if task.plan.files
            },
            calm=not self.world.faults.injected and not vendors.planned,
            mild=story.aim[-1:] == COMMITS
            and set(self.world.faults.injected.values()) <= {"cut_after"}
            and vendors.planned.keys() <= {"order 503", "order 429"},
            clocks_agree=story.max_skew_s == 0,
            limits={name: each["calls"] for name, each in story.theme.settings.get(rate_limits.SETTINGS, {}).items()},
        )


def _goes_on(path: str, data: Mapping[str, Any]) -> bool:
    match path.split("/"):
        case ["jobs", _]:
            return data["status"] not in TERMINAL
        case ["jobs", _, "private", "state"]:
            return bool(data["holdsPlace"])
        case ["users", _]:
            return bool((data.get("autoTopUp") or {}).get("orderId"))
        case ["referrals", _]:
            return data.get("dueAt") is not None
    return path.startswith("cleanups/")


def _status(reply: Reply | None) -> int:
    return 0 if reply is None else reply.status


@contextlib.contextmanager
def staged(story: Story, *, keep_trace: bool = False) -> Iterator[Stage]:
    """A stage for one story: its clocks, its network, and process memories of its own."""
    stage = Stage(story, keep_trace=keep_trace)
    bugs = Bugs(stage.deployment)
    canaries.clear()
    ADMINS.clear()
    with installed(stage.world), _logged(bugs), _deployed(stage):
        yield stage


@contextlib.contextmanager
def _logged(handler: logging.Handler) -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers[:] = [handler]
    try:
        yield
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)


@contextlib.contextmanager
def _divided(story: Story) -> Iterator[None]:
    with contextlib.ExitStack() as patches:
        for module, name, value in DIVIDING if story.theme.divided else ():
            patches.enter_context(mock.patch.object(module, name, value))
        yield


@contextlib.contextmanager
def _deployed(stage: Stage) -> Iterator[None]:
    ours = {"GCLOUD_PROJECT": PROJECT, "FIRESTORE_EMULATOR_HOST": "firestore:1"}
    with (
        # Cleared: a parameter that is set where the command runs would be another story.
        mock.patch.dict(os.environ, {**environment(), **ours, **stage.story.theme.environment}, clear=True),
        stage.network.patched(),
        _divided(stage.story),
        tiny_media(),
        mock.patch.object(Connections, "send", lambda _connections, *asked: stage.wire.send(*asked)),
        mock.patch.object(requests.utils, "getproxies", return_value={}),  # reads the whole environment each time
        mock.patch.object(requests.utils, "proxy_bypass", return_value=True),
    ):
        _forget_apps()
        firestore.app()  # as main.py does
        for path, document in stage.story.theme.settings.items():
            firestore.commit({path: document}, {})
        yield
        _forget_apps()


def _forget_apps() -> None:
    for app in list(firebase_admin._apps.values()):
        firebase_admin.delete_app(app)


def run(story: Story, *, keep_trace: bool = False) -> Result:
    """Play the story and check it."""
    with staged(story, keep_trace=keep_trace) as stage:
        world = stage.world
        play = world.spawn("story", stage.play)
        world.run(until=lambda: play.done)
        if play.error is not None:
            raise play.error
        return Result(
            story=story,
            violations=stage.violations + stage.deployment.bugs,
            trace_hash=world.trace_hash(),
            steps=world.steps,
            injected=dict(world.faults.injected),
            calls=stage.deployment.calls(),
            searched=len(stage.checks.moments),
            trace=world.trace or [],
        )
