"""The vendors of one simulated deployment: the stand-ins' own handlers, without their servers, threads and clocks.

What they do on their own (callbacks, tasks) is due at a virtual time and runs in a task of its own. Every chance is the
given `random`'s. While `calm` is false, the vendors plan faults for their orders and answers by themselves.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any, TypeVar
from unittest import mock

from local.stack import settings
from local.vendors.chat import ChatHandler
from local.vendors.piapi import Piapi, PiapiHandler
from local.vendors.poyo import plans
from local.vendors.poyo.files import EXTENSIONS
from local.vendors.poyo.http import Handler
from local.vendors.poyo.plans import Plan, Plans
from local.vendors.poyo.state import State
from tests.auth.identity import Accounts, AccountsHandler
from tests.media.servers import PNG_HEAD, Gcs, GcsHandler
from tests.simulation.network import Network
from tests.simulation.postman import Deliver, Postman
from tests.simulation.shop import Time
from tests.simulation.task_queue import Dispatch, TaskQueue
from tests.support.queue import QueueHandler

PLACES = {name: f"127.0.0.1:{port}" for name, port in settings.PORTS.items()}
"""{emulator or stand-in: its `host:port`}, as in a local stack."""

ORDER_FAULTS: Mapping[str, int] = {
    # Refused for good.
    **dict.fromkeys(("validation", "moderation", "too-long", "bad-file", "detail", "401", "402", "403", "404"), 2),
    **dict.fromkeys(("409", "html-400", "html-403", "code-400", "code-moderation", "code-402"), 2),
    # Refused for now, or nobody knows.
    **dict.fromkeys(("408", "429", "500", "502", "503", "504", "html-502", "code-429", "code-500"), 4),
    # Not "503-accepted": by docs/decisions/0003-submitted-once.md we believe a provider that it has not accepted then.
    **dict.fromkeys(("500-accepted", "502-accepted", "504-accepted", "html", "html-accepted"), 6),
    **dict.fromkeys(("garbage", "no-task-id", "nothing", "drop", "drop-before", "hang", "hang-before"), 6),
    **dict.fromkeys(("redirect", "redirect-302"), 2),
    "huge": 1,
    # Accepted, and then something else than a finished task with its files.
    **dict.fromkeys(("fail", "fail-moderation", "fail-input", "cancelled", "never", "stuck", "odd-status"), 8),
    **dict.fromkeys(("no-files", "late-files", "many", "some-files"), 8),
    **dict.fromkeys(("poll-404", "poll-429", "poll-500", "poll-503", "poll-code-404", "poll-code-500"), 4),
    **dict.fromkeys(("poll-html", "poll-garbage", "poll-drop", "poll-hang", "poll-redirect"), 4),
    **dict.fromkeys(("file-expired", "file-expired-once", "file-truncated", "file-truncated-once", "file-lying"), 4),
    **dict.fromkeys(("file-html", "file-svg", "file-redirect", "file-slow", "file-unannounced"), 4),
    **dict.fromkeys(("file-big", "file-endless"), 1),
    **dict.fromkeys(("callback-none", "callback-twice", "callback-forged", "callback-early", "callback-bare"), 8),
}
"""What orders meet, of the stand-ins' own faults, with weights."""
CHAT_FAULTS: Mapping[str, int] = {
    **dict.fromkeys(("validation", "moderation", "401", "402", "403", "404", "408", "429", "500", "502", "503"), 2),
    **dict.fromkeys(("html", "html-502", "garbage", "nothing", "drop", "hang", "redirect"), 2),
    **dict.fromkeys(("fail", "cancelled", "never", "stuck", "no-files"), 4),
}
UPLOAD_FAULTS: Mapping[str, int] = {"cut 100": 3, "503": 3, "lost": 6, "corrupt": 1, "truncate": 1}
STORAGE_STATUSES: Mapping[str, int] = {"408": 1, "429": 3, "500": 3, "502": 1, "503": 6, "401": 1, "403": 1}
HANG_UP = "hang up"
AUTH_STATUSES: Mapping[str, int] = {"500": 2, "503": 4, "429": 1, HANG_UP: 3}
PIAPI_SECRET = "what PiAPI's orders bring is given back"
RATES = {"order": 0.35, "chat": 0.2, "upload": 0.05, "storage": 0.01, "auth": 0.01, "tasks": 0.01}
"""How often each kind of request meets a fault."""


def environment() -> dict[str, str]:
    """The environment of the functions, whose parameters lead to the vendors' addresses."""
    return {
        "FUNCTIONS_EMULATOR": "true",
        "GCLOUD_PROJECT": settings.PROJECT,
        **settings.local_parameters(settings.PORTS),
        "FIREBASE_AUTH_EMULATOR_HOST": PLACES["auth"],
        "STORAGE_EMULATOR_HOST": f"http://{PLACES['storage']}",
        "CLOUD_TASKS_EMULATOR_HOST": PLACES["tasks"],
        **settings.SECRETS,
    }


_State = TypeVar("_State", bound=State)


class Vendors:
    """All vendors but Stripe. `deliver` posts a callback to the functions, `dispatch` runs a task."""

    def __init__(self, random: Random, time: Time, deliver: Deliver, dispatch: Dispatch) -> None:
        self.random, self.time, self.deliver = random, time, deliver
        self.calm = False
        """No faults are planned any more, and what the vendors send comes at once and once. For the end of a story."""
        self.rates = dict(RATES)
        self.planned: Counter[str] = Counter()
        """How often each fault was planned, by its name and kind."""
        self.waiting = 0
        """Callbacks on their way."""
        self.poyo = self._made(
            State, ORDER_FAULTS, "order", "POYO_API_KEY", secret=settings.SECRETS["POYO_WEBHOOK_SECRET"]
        )
        self.piapi = self._made(Piapi, ORDER_FAULTS, "order", "PIAPI_API_KEY", secret=PIAPI_SECRET)
        self.chat = self._made(State, CHAT_FAULTS, "chat", "OPENAI_API_KEY", callbacks=False)
        self.poyo.url, self.piapi.url = f"http://{PLACES['poyo']}", f"http://{PLACES['piapi']}"
        self.chat.url = f"http://{PLACES['chat']}/v1"
        self.gcs = Gcs()
        self.gcs.now = lambda: datetime.fromtimestamp(time.now(), UTC).isoformat().replace("+00:00", "Z")
        self.gcs.port = settings.PORTS["storage"]
        self.accounts = Accounts()
        self.accounts.forget()
        self.queue = TaskQueue(random, time, dispatch, lambda: self.pick({"429": 1, "500": 1, "503": 2}, "tasks"))

    def _made(self, kind: type[_State], faults: Mapping[str, int], rate: str, key: str, **given: Any) -> _State:
        """A stand-in's state, with its callbacks and its plans in our hands."""
        ours = type(kind.__name__, (kind,), {"make_callbacks": staticmethod(partial(Postman, self))})
        made: _State = ours(api_key=settings.SECRETS[key], clock=self.time.now, **given)
        made.plans = _Plans(self, faults, rate)
        return made

    def meet(self, faults: Mapping[str, Mapping[str, int]]) -> None:
        """Orders and chats meet these faults only, by their kinds."""
        for state, kind in ((self.poyo, "order"), (self.piapi, "order"), (self.chat, "chat")):
            if kind in faults:
                state.plans = _Plans(self, faults[kind], kind)

    def serve(self, network: Network) -> None:
        """Serve every vendor at its place."""
        for state in (self.poyo, self.piapi, self.chat):
            state.closed = _Pauses(network)
        self.accounts.over = _Pauses(network)
        handlers: dict[str, tuple[type[Any], dict[str, Any]]] = {
            "poyo": (Handler, {"poyo": self.poyo}),
            "piapi": (PiapiHandler, {"poyo": self.piapi}),
            "chat": (ChatHandler, {"poyo": self.chat}),
            "storage": (_StorageHandler, {"gcs": self.gcs, "vendors": self}),
            "auth": (_AuthHandler, {"accounts": self.accounts, "vendors": self}),
            "tasks": (QueueHandler, {"queue": self.queue}),
        }
        for name, (handler, bound) in handlers.items():
            network.serve(PLACES[name], name, type(handler.__name__, (handler,), bound))

    def calm_down(self) -> None:
        """No new faults. Orders that were given keep their plans."""
        self.calm = self.queue.calm = True
        self.gcs.faults.clear()
        self.gcs.statuses.clear()

    def pick(self, faults: Mapping[str, int], kind: str) -> str:
        """One of the faults by their weights, at the rate of its kind; "" for none."""
        if self.calm or self.random.random() >= self.rates[kind]:
            return ""
        (name,) = self.random.choices(list(faults), list(faults.values()))
        self.planned[f"{kind} {name}"] += 1
        return name

    def duration(self) -> float:
        """How long a generation takes, in seconds: mostly less than some minutes, seldom hours."""
        if self.calm:
            return 5.0
        chance = self.random.random()
        longest = 20 if chance < 0.6 else 600 if chance < 0.9 else 3_600 if chance < 0.98 else 6 * 3_600
        return self.random.uniform(0.5, longest)


class _Plans(Plans):
    """Plans that the vendors' chance makes, unless a test has set one."""

    def __init__(self, vendors: Vendors, faults: Mapping[str, int], rate: str) -> None:
        super().__init__(magic=False)
        self._vendors, self._faults, self._rate = vendors, faults, rate

    def take(self, model: str, prompt: str) -> Plan:
        if self._waiting:
            return super().take(model, prompt)
        fault = self._vendors.pick(self._faults, self._rate)
        return plans.make([fault] if fault else [], seconds=self._vendors.duration())


class _Pauses(threading.Event):
    """In place of a stand-in's event that its handlers wait for: the answer comes later by so much."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    def wait(self, timeout: float | None = None) -> bool:
        self._network.pause(timeout or 0.0)
        return False


class _StorageHandler(GcsHandler):
    vendors: Vendors

    def _note(self) -> tuple[str, dict[str, str]]:
        if self.command != "PUT":
            if status := self.vendors.pick(STORAGE_STATUSES, "storage"):
                self.gcs.statuses.append(int(status))
        elif fault := self.vendors.pick(UPLOAD_FAULTS, "upload"):
            self.gcs.faults.append(fault)
        return super()._note()


class _AuthHandler(AccountsHandler):
    vendors: Vendors

    def do_POST(self) -> None:
        fault = self.vendors.pick(AUTH_STATUSES, "auth")
        if fault == HANG_UP:
            self.close_connection = True
        elif fault:
            self.answer(int(fault), {"error": {"message": "INTERNAL_ERROR"}})
        else:
            super().do_POST()


# The beginning of a file of each kind, as far as its type is told by it.
_HEADS = {
    "png": PNG_HEAD,
    "mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "mp3": b"ID3\4\0\0\0\0\0\0",
}


@contextlib.contextmanager
def tiny_media() -> Iterator[None]:
    """Within the block, the files that the providers make have some hundred bytes, and nothing is drawn."""
    with (
        mock.patch("local.vendors.poyo.http.content", _content),
        mock.patch("local.vendors.poyo.tasks.content", _content),
    ):
        yield


@functools.lru_cache(maxsize=1024)
def _content(kind: str, words: str, number: int, _ratio: float = 1.0) -> bytes:
    """A file of its own for each task and number."""
    about = hashlib.blake2b(f"{kind}/{words}/{number}".encode()).hexdigest().encode()
    return _HEADS[EXTENSIONS[kind]] + about * (1 + about[0] % 4)
