"""The Poyo stand-in's tasks: their orders, progress and charges. The last 1,000 are kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.vendors.poyo.files import EXTENSIONS, SECONDS, content
from local.vendors.poyo.plans import Plan

MAX_TASKS = 1000
SONGS = 2
_RATIO = re.compile(r"([1-9][0-9]{0,4})[:x*]([1-9][0-9]{0,4})")

_CLIP = ("prompt", "duration")
# (prefix of the model's name, kind of media, required inputs).
MODELS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("nano-banana", "image", ("prompt",)),
    ("seedream-", "image", ("prompt",)),
    ("z-image", "image", ("prompt",)),
    ("flux-2-", "image", ("prompt", "size", "resolution")),
    ("gpt-image-", "image", ("prompt",)),
    ("veo3.1-", "video", ("prompt",)),
    ("kling-2.6", "video", (*_CLIP, "sound")),
    ("kling-3.0/", "video", ("duration", "sound", "multi_shots")),
    ("sora-2", "video", ("prompt",)),
    ("seedance-2", "video", (*_CLIP, "resolution")),
    ("wan2.6-", "video", ("prompt",)),
    ("hailuo-", "video", ("prompt",)),
    ("runway-", "video", ("prompt",)),
    ("generate-music", "music", ("prompt", "custom_mode", "instrumental", "mv")),
    ("minimax-music-", "music", ("prompt",)),
    ("elevenlabs-music", "music", ("text",)),
    ("elevenlabs-v3-tts", "speech", ("text", "voice")),
)
CREDITS = {"image": 5.0, "video": 20.0, "music": 20.0, "speech": 16.0}
# Models that cost less than their kind in Poyo's price list.
CREDITS_OF_MODEL = {"z-image": 2.0, "gpt-image-2": 2.0, "gpt-image-2-edit": 2.0}


def kind_of(model: str) -> str | None:
    """image, video, music or speech; None if there is no such model."""
    return next((kind for start, kind, _ in MODELS if model.startswith(start)), None)


def missing(model: str, given: Mapping[str, Any]) -> str:
    """The first required field missing from `given`, "" if it has all."""
    required = next((fields for start, _, fields in MODELS if model.startswith(start)), ())
    if model.startswith("kling-3.0/"):
        required = (*required, "multi_prompt" if given.get("multi_shots") is True else "prompt")
    if model.startswith("generate-music") and given.get("custom_mode") is True:
        required = (*required, "style", "title")
    if model.endswith("-edit"):
        required = (*required, "image_urls")
    return next((name for name in required if given.get(name) in (None, "", [])), "")


def prompt_of(given: Mapping[str, Any]) -> str:
    return str(given.get("prompt") or given.get("text") or given.get("multi_prompt") or "")


def words_of(given: Mapping[str, Any]) -> str:
    """The words to draw: all texts of the order, without those to avoid."""
    said = (given.get(name) for name in ("title", "style", "seed", "gpt_description_prompt"))
    return " ".join(str(each) for each in (prompt_of(given).partition("Avoid: ")[0].strip(), *said) if each)


@dataclass
class Task:
    id: str
    model: str
    kind: str
    input: Mapping[str, Any]
    key: str
    callback_url: str
    plan: Plan
    made_at: float
    seconds: float
    created: datetime
    words: str
    """The seed of the task's pictures: the order's words, and the number of earlier orders with them."""
    polls: int = 0
    wrong_polls: int = 0
    downloads: dict[str, int] = field(default_factory=dict)

    @property
    def is_suno(self) -> bool:
        return self.model == "generate-music"

    @property
    def ratio(self) -> float:
        given = _RATIO.fullmatch(str(self.input.get("size") or self.input.get("aspect_ratio") or ""))
        return int(given[1]) / int(given[2]) if given else 1.0

    @property
    def count(self) -> int:
        if self.plan.files is not None:
            return self.plan.files
        wanted = self.input.get("n")
        return SONGS if self.is_suno else min(9, wanted) if type(wanted) is int and wanted > 0 else 1

    def state(self, now: float) -> tuple[str, int]:
        """(status, progress) at this time of the stand-in's clock."""
        share = (now - self.made_at) / self.seconds if self.seconds > 0 else 1.0
        running = self.plan.raw_status or ("not_started" if share < 0.1 else "running")
        match self.plan.outcome:
            case "never":
                return running, min(95, int(share * 50))
            case "stuck":
                return running, 10
            case _ if share < 1:
                return running, int(share * 100)
            case "finish":
                return "finished", 100
            case "cancel":
                return "cancelled", int(min(share, 0.5) * 100)
        return "failed", 60

    def files(self, base: str, expires: int) -> list[dict[str, Any]]:
        """`files` of a finished task, in the form of its model's responses."""
        return [
            self._song(base, expires, n) if self.is_suno else self._file(base, expires, n) for n in range(self.count)
        ]

    def _file(self, base: str, expires: int, number: int) -> dict[str, Any]:
        extension = EXTENSIONS[self.kind]
        name = f"{number}.{extension}"
        kind = self.kind if self.kind in ("image", "video") else "audio"
        return {
            "file_url": f"{base}/files/{self.id}/{name}?expires={expires}",
            "file_type": kind,
            "label": f"output_{number + 1}",
            "format": extension,
            "content_type": f"{kind}/{'mpeg' if kind == 'audio' else extension}",
            "file_name": name,
            "file_size": len(content(self.kind, self.words, number, self.ratio)),
        }

    def _song(self, base: str, expires: int, number: int) -> dict[str, Any]:
        title = str(self.input.get("title") or f"Song of {self.id[-4:]}")
        return {
            "audio_id": f"{self.id}-{number}",
            "audio_url": f"{base}/files/{self.id}/{number}.mp3?expires={expires}",
            "image_url": f"{base}/files/{self.id}/cover{number}.png?expires={expires}",
            "title": title if number == 0 else f"{title} (variation {number})",
            "tags": str(self.input.get("style") or "pop, bright"),
            "duration": SECONDS["music"],
            "prompt": prompt_of(self.input),
        }

    def answer(self, now: float, base: str, expires: int) -> dict[str, Any]:
        """`data` of status responses and callbacks."""
        status, progress = self.state(now)
        over = status == "finished"
        complete = over and (not self.plan.empty_polls or self.polls > self.plan.empty_polls)
        return {
            "task_id": self.id,
            "status": status,
            "progress": progress if self.plan.progress is None else self.plan.progress,
            "files": self.files(base, expires) if complete else [],
            "created_time": self.created.strftime("%Y-%m-%dT%H:%M:%S"),
            "error_message": self.plan.error_message if status in ("failed", "cancelled") else None,
            "credits_amount": self.credits if over else None,
        }

    @property
    def credits(self) -> Any:
        usual = CREDITS_OF_MODEL.get(self.model, CREDITS[self.kind])
        return usual if self.plan.credits is None else self.plan.credits


class Tasks:
    """All tasks, and how often each idempotency key was sent, accepted and charged."""

    def __init__(self, seconds: Mapping[str, float], clock: Callable[[], float] | None = None) -> None:
        self._seconds, self._clock = seconds, clock
        self._lock = threading.Lock()
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        self._sent: OrderedDict[str, int] = OrderedDict()
        self._ahead = 0.0

    def now(self) -> float:
        return (self._clock or time.monotonic)() + self._ahead

    def wall(self) -> float:
        """The stand-in's time, in seconds since 1970."""
        return (self._clock or time.time)() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def sent(self, key: str) -> None:
        with self._lock:
            self._sent[key] = self._sent.get(key, 0) + 1
            while len(self._sent) > MAX_TASKS:
                self._sent.popitem(last=False)

    def make(self, model: str, kind: str, given: Mapping[str, Any], key: str, callback_url: str, plan: Plan) -> Task:
        seconds = self._seconds[kind] if plan.seconds is None else plan.seconds
        words = words_of(given)
        with self._lock:
            times = sum(task.words.rpartition("#")[0] == words for task in self._tasks.values())
        task = Task(
            id=f"task-unified-{int(self.wall())}-{secrets.token_hex(4)}",
            model=model,
            kind=kind,
            input=given,
            key=key,
            callback_url=callback_url,
            plan=plan,
            made_at=self.now(),
            seconds=0.0 if plan.callback == "early" else seconds,
            created=datetime.fromtimestamp(self.wall(), UTC),
            words=f"{words}#{times}",
        )
        with self._lock:
            self._tasks[task.id] = task
            while len(self._tasks) > MAX_TASKS:
                self._tasks.popitem(last=False)
        return task

    def find(self, task_id: str) -> Task | None:
        with self._lock:
            return self._tasks.get(task_id)

    def all(self) -> list[Task]:
        with self._lock:
            return list(self._tasks.values())

    def clear(self) -> None:
        with self._lock:
            self._tasks.clear()
            self._sent.clear()

    def charges(self) -> dict[str, dict[str, Any]]:
        """{idempotency key: {submits, tasks: accepted ids, charged: number of finished tasks, credits}}."""
        with self._lock:
            found = {
                key: {"submits": times, "tasks": [], "charged": 0, "credits": 0.0} for key, times in self._sent.items()
            }
            tasks = list(self._tasks.values())
        now = self.now()
        for task in tasks:
            entry: dict[str, Any] = found.setdefault(
                task.key, {"submits": 0, "tasks": [], "charged": 0, "credits": 0.0}
            )
            entry["tasks"].append(task.id)
            if task.state(now)[0] == "finished":
                entry["charged"] += 1
                entry["credits"] += CREDITS[task.kind]
        return found


def signed(secret: str, task_id: str, body: Mapping[str, Any], at: float) -> tuple[bytes, dict[str, str]]:
    """A callback as Poyo sends it: base64(HMAC-SHA256(secret, task_id + "." + timestamp)); the body is not signed."""
    stamp = str(int(at))
    digest = hmac.digest(secret.encode(), f"{task_id}.{stamp}".encode(), hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "X-Webhook-Timestamp": stamp,
        "X-Webhook-Signature": base64.b64encode(digest).decode(),
    }
    return json.dumps(body).encode(), headers
