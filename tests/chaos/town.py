"""Everything that runs: the instances under gunicorn, what surrounds them, and the faults between them."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import urllib3

from local.stack import settings
from local.vendors.poyo.plans import Plan
from local.vendors.poyo.server import PoyoStandIn
from local.vendors.poyo.tasks import Task
from local.vendors.stripe.server import StandIn, stand_in
from tests.auth.identity import Accounts, auth_server
from tests.chaos.shared_time import SharedTime
from tests.chaos.weather import FaultyProxy, Front, Victim, Weather
from tests.conftest import SECRETS
from tests.media.servers import Gcs, gcs_server
from tests.simulation.answers import Exchange
from tests.simulation.stripe_truth import Chronicle
from tests.support import Database
from tests.support.calls import Answer, answer_of, id_token
from tests.support.queue import Queue, queue_server
from tests.support.served import started

INSTANCES = 2
THREADS = 24
MAX_SKEW_S = 45.0
"""How far the instances' clocks are apart at most."""
CLIENT_PATIENCE_S = 15.0
SECONDS = {"image": 6.0, "video": 20.0, "music": 15.0, "speech": 6.0}


class Poyo(PoyoStandIn):
    """Remembers every order that it took, also when it has forgotten the task."""

    def __init__(self, **options: Any) -> None:
        self.taken: dict[str, list[str]] = defaultdict(list)
        """{job id: ids of its tasks}."""
        super().__init__(**options)

    def accept(self, model: str, kind: str, given: Mapping[str, Any], key: str, callback_url: str, plan: Plan) -> Task:
        made = super().accept(model, kind, given, key, callback_url, plan)
        self.taken[key].append(made.id)
        made.words = "a fox"  # a picture is drawn once in a run: that takes longer than all else that an order costs
        return made


def address_of(uid: str) -> str:
    return f"{uid}@canary.test"


class Town:
    """A running deployment."""

    def __init__(
        self,
        seed: int,
        weather: Weather,
        now: SharedTime,
        poyo: Poyo,
        stripe: StandIn,
        gcs: Gcs,
        queue: Queue,
        auth: Accounts,
    ) -> None:
        self.seed, self.weather, self.time = seed, weather, now
        self.poyo, self.stripe, self.gcs, self.queue, self.auth = poyo, stripe, gcs, queue, auth
        self.chronicle = Chronicle(stripe.account)
        stripe.account.hear = self.chronicle.hear
        self.url = ""
        self.database = Database()
        self.people: list[str] = []
        """Everybody who has ever signed up, or tried to."""
        self.history: list[Exchange] = []
        self.over = threading.Event()
        """Set when the actors shall end."""
        self.logs: list[Path] = []
        self.victims: list[Victim] = []
        self._pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=CLIENT_PATIENCE_S)
        self._lock = threading.Lock()
        self._number = 0

    def advance(self, seconds: float) -> None:
        self.time.advance(seconds)
        self.poyo.advance(seconds)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """The status and the body of the answer; 0 if there was none."""
        sent = {"Content-Type": "application/json", "Connection": "close", **headers}
        try:
            reply = self._pool.request("POST", f"{self.url}/{path}", body=body, headers=sent)
        except urllib3.exceptions.HTTPError:
            return 0, b""
        return reply.status, reply.data

    def call(self, function: str, data: Mapping[str, Any], *, uid: str, admin: bool = False) -> Answer | None:
        """Call a function as the client SDK does. None without an answer. The call is noted in the history."""
        number = self._next()
        now = int(self.time.now())
        headers = {"Authorization": f"Bearer {id_token(uid, email=address_of(uid), admin=admin, auth_time=now)}"}
        status, body = self.post(function, json.dumps({"data": data}).encode(), headers)
        try:
            answer = answer_of(status, body, {}) if status else None
        except ValueError:  # half of it, or gunicorn's own
            answer = None
        if answer is not None and answer.code is None and answer.result is None:
            answer = None  # cut within the headers, of a refusal too
        with self._lock:
            ended = -1 if answer is None else self._number
            self.history.append(Exchange(uid, function, dict(data), number, ended, answer, admin))
        return answer

    def schedule(self, function: str) -> int:
        """Fire a schedule; its status."""
        headers = {"X-CloudScheduler-JobName": f"firebase-schedule-{function}-us-central1"}
        return self.post(function, b"{}", headers)[0]

    def _next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number


@contextlib.contextmanager
def town(seed: int, weather: Weather, place: Path) -> Iterator[Town]:
    """Start all of it, with this process's FIRESTORE_EMULATOR_HOST and GCLOUD_PROJECT; ended with the block."""
    now = SharedTime(place / "time")
    with contextlib.ExitStack() as stack:
        poyo = stack.enter_context(
            Poyo(
                api_key=SECRETS["POYO_API_KEY"],
                secret=SECRETS["POYO_WEBHOOK_SECRET"],
                seconds=SECONDS,
                magic=True,
            )
        )
        stripe = stack.enter_context(stand_in(key=SECRETS["STRIPE_SECRET_KEY"]))
        stripe.account.clock = now.now
        gcs = stack.enter_context(gcs_server())
        gcs.now = lambda: datetime.fromtimestamp(now.now(), UTC).isoformat().replace("+00:00", "Z")
        auth = stack.enter_context(auth_server(everybody=True))
        made = Town(seed, weather, now, poyo, stripe, gcs, stack.enter_context(queue_server()), auth)
        hosts = {
            "Firestore": os.environ["FIRESTORE_EMULATOR_HOST"],
            "Poyo": poyo.host,
            "Stripe": stripe.url.removeprefix("http://"),
            "Storage": f"127.0.0.1:{gcs.port}",
            "Tasks": made.queue.host,
            "Auth": auth.host,
        }
        # The instances' ports are only known later: callbacks lead to the front, which is told then.
        targets: list[str] = []
        front = Front(targets, weather, seed)
        stack.callback(front.close)
        made.url = f"http://{front.host}"
        for number in range(INSTANCES):
            targets.append(stack.enter_context(_instance(made, number, hosts, place)))
        yield made


@contextlib.contextmanager
def _instance(made: Town, number: int, hosts: Mapping[str, str], place: Path) -> Iterator[str]:
    """The instance's `host:port`."""
    pid = place / f"pid-{number}"
    victim = Victim(made.weather, pid)
    proxies = {name: FaultyProxy(name, host, made.weather, victim) for name, host in hosts.items()}
    through = {name: proxy.host for name, proxy in proxies.items()}
    skew_s = made.weather.random.uniform(-MAX_SKEW_S, MAX_SKEW_S)
    environment = {
        **settings.read_env(settings.ROOT / "functions/.env"),
        **SECRETS,
        "FUNCTIONS_EMULATOR": "true",
        "PYTHONPATH": os.pathsep.join([str(settings.ROOT / "functions"), str(settings.ROOT)]),
        "THREADS": str(THREADS),
        "FIRESTORE_EMULATOR_HOST": through["Firestore"],
        "FIREBASE_AUTH_EMULATOR_HOST": through["Auth"],
        "STORAGE_EMULATOR_HOST": f"http://{through['Storage']}",
        "CLOUD_TASKS_EMULATOR_HOST": through["Tasks"],
        "STRIPE_API_BASE": f"http://{through['Stripe']}",
        "POYO_BASE_URL": f"http://{through['Poyo']}",
        "MEDIA_HOSTS": hosts["Poyo"],
        "FUNCTIONS_BASE_URL": made.url,
        "DAILY_SPEND_LIMIT_USD": "0",
        "FREE_SPEND_LIMIT_USD": "0",
        "CHAOS_TIME": str(place / "time"),
        "CHAOS_SKEW_S": str(skew_s),
        "CHAOS_PID": str(pid),
    }
    source = Path(__file__).with_name("instance.py")
    command = [sys.executable, "-m", "functions_framework", "--target", "serve", "--source", str(source)]
    command += ["--signature-type", "http", "--host", "127.0.0.1"]
    log = place / f"instance-{number}.log"
    made.logs.append(log)
    made.victims.append(victim)
    try:
        with started(command, log, environment) as running:
            yield running.url.removeprefix("http://").rstrip("/")
    finally:
        for proxy in proxies.values():
            proxy.close()


def wait_until_served(made: Town, patience_s: float = 60.0) -> None:
    """Until every killed worker is replaced."""
    until = time.monotonic() + patience_s
    while not all(victim.pid for victim in made.victims):
        if time.monotonic() > until:
            raise TimeoutError("a killed worker was not replaced")
        time.sleep(0.02)
