"""A stand-in for PiAPI's music-u: `python -m local.vendors.piapi --port 4011`, or `with PiapiStandIn() as piapi`.

Poyo's stand-in with PiAPI's front: the same plans, faults, media and controls. Like PiAPI it signs no callback, but
gives the secret of the order back in a header, and echoes it in bodies. Loopback only.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

from local.vendors.poyo.files import SECONDS
from local.vendors.poyo.http import Handler
from local.vendors.poyo.server import PoyoStandIn, serve
from local.vendors.poyo.state import State
from local.vendors.poyo.tasks import Task

API_KEY = "local-piapi-api-key"
SECRET = "local-piapi-webhook-secret"
SONGS = 2
POINTS = 500_000
LYRICS = "[Verse]\nA line that was sung\n[Chorus]\nAnd another one"
# The documentation capitalises them; the answers mostly do not.
STATUSES = {"not_started": "Pending", "running": "processing", "finished": "completed", "failed": "Failed"}
STATUSES |= {"cancelled": "failed"}
ERRORS = {"insufficient_credits_error": "failed to freeze account point quota: account credit not enough"}


class PiapiHandler(Handler):
    """`POST /api/v1/task` and `GET /api/v1/task/{id}`."""

    poyo: Piapi

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith(("/_/", "/files/")):
            super().do_GET()
        elif not self._authorized():
            self._error(401, "", "Invalid API key")
        elif path.startswith("/api/v1/task/"):
            self._status(urllib.parse.unquote(path.removeprefix("/api/v1/task/")), music=False)
        else:
            self._error(404, "", "page not found")

    def do_POST(self) -> None:
        if self.path.startswith("/_/"):
            return super().do_POST()
        body = self._body()
        if body is None:
            return self._error(400, "", "invalid request body")
        if not self._authorized():
            return self._error(401, "", "Invalid API key")
        if self.path != "/api/v1/task":
            return self._error(404, "", "page not found")
        return self._order(body)

    def _order(self, body: dict[str, Any]) -> None:
        piapi, given = self.poyo, body.get("input")
        webhook = (body.get("config") or {}).get("webhook_config") or {}
        callback_url = str(webhook.get("endpoint") or "")
        # PiAPI has no idempotency key. The callback's address identifies the job.
        key = urllib.parse.parse_qs(urllib.parse.urlsplit(callback_url).query).get("job", [""])[0]
        piapi.note_order(body, key)
        piapi.tasks_kept.sent(key)
        if not isinstance(given, dict) or body.get("task_type") != "generate_music":
            return self._error(400, "", "invalid task type")
        plan = piapi.plans.take(str(body.get("model")), str(given.get("gpt_description_prompt", "")))
        if plan.answer == "ok" and body.get("model") != "music-u":
            return self._error(400, "", "invalid model")
        if plan.answer == "ok" and not _is_complete(given):
            return self._error(400, "", "invalid input")
        if plan.delay_s:
            piapi.closed.wait(plan.delay_s)
        if not plan.accepted:
            return self._wrong(plan.answer, plan.status, plan.code, plan.retry_after, plan)
        task = piapi.accept(
            "music-u", "music", {"n": SONGS, **given, "config": body.get("config")}, key, callback_url, plan
        )
        if plan.answer != "ok":
            return self._wrong(plan.answer, plan.status, plan.code, plan.retry_after, plan)
        return self._json(200, {"code": 200, "data": piapi.data(task), "message": "success"})

    def refusal(self, code: int, error_type: str, message: str) -> dict[str, Any]:
        """As PiAPI refuses: a task that failed before it began where it has made one, else words alone."""
        words = ERRORS.get(error_type, f"{error_type}: {message}" if error_type else message)
        if code < 500 and error_type != "insufficient_credits_error":
            return {"code": code, "data": {"error": {"code": 10001, "raw_message": words}}, "message": message}
        if error_type != "insufficient_credits_error":
            return {"code": code, "message": words}
        error = {"code": 10000, "raw_message": words, "message": "failed to pre-process task runtime", "detail": None}
        return {"code": 500, "data": {"task_id": "never-was", "status": "failed", "error": error}, "message": "failed"}

    def _authorized(self) -> bool:
        return self.headers.get("X-API-Key", "") == self.poyo.api_key


def _is_complete(given: Mapping[str, Any]) -> bool:
    kind = given.get("lyrics_type")
    words = "lyrics" if kind == "user" else "gpt_description_prompt"
    return kind in ("generate", "user", "instrumental") and bool(given.get(words))


class Piapi(State):
    """The stand-in's state; parameters as Poyo's."""

    def data(self, task: Task) -> dict[str, Any]:
        """The task as PiAPI's answers and callbacks show it."""
        common = super().data(task)
        status = STATUSES.get(common["status"], common["status"])
        ended = common["status"] in ("finished", "failed", "cancelled")
        failed = status.lower() == "failed"
        songs = [_song(task, file, number) for number, file in enumerate(common["files"])]
        if not ended:
            songs = [{"id": f"{task.id}-{n}", "song_path": "", "finished": False} for n in range(task.count)]
        error = {"code": 10000, "raw_message": task.plan.error_message, "message": "task failed", "detail": None}
        points = POINTS if task.plan.credits is None else task.plan.credits
        return {
            "task_id": task.id,
            "model": task.model,
            "task_type": "generate_music",
            "status": status,
            "config": task.input.get("config"),
            "input": None,
            "output": {"generation_id": "", "songs": songs if songs or ended else None},
            "meta": {
                "created_at": task.created.isoformat().replace("+00:00", "Z"),
                "ended_at": "0001-01-01T00:00:00Z",
                "usage": {"type": "point", "frozen": POINTS, "consume": points if status == "completed" else 0},
            },
            "error": error if failed else {"code": 0, "raw_message": "", "message": "", "detail": None},
        }

    def sign(self, secret: str, task_id: str, body: Mapping[str, Any], at: float) -> tuple[bytes, dict[str, str]]:
        """The secret that the order brought, or a wrong one where one is forged, in a header."""
        task = self.tasks_kept.find(task_id)
        webhook = (task.input.get("config") or {}).get("webhook_config") or {} if task else {}
        given = webhook.get("secret", "") if secret == self.secret.split(",")[0].strip() else secret
        data = body.get("data", body)
        said = {"timestamp": int(at), "data": data} if "data" in body else data
        return json.dumps(said).encode(), {"Content-Type": "application/json", "x-webhook-secret": given}


def _song(task: Task, file: Mapping[str, Any], number: int) -> dict[str, Any]:
    """One variation."""
    title = str(task.input.get("title") or "Dreamy Whispers")
    base = str(file["file_url"])
    cover = base.replace(f"/{number}.mp3", f"/cover{number}.png")
    return {
        "id": f"{task.id}-{number}",
        "title": title if number == 0 else f"{title} (variation {number})",
        "image_path": cover,
        "lyrics": "" if task.input.get("lyrics_type") == "instrumental" else task.input.get("lyrics") or LYRICS,
        "song_path": base,
        "duration": SECONDS["music"],
        "finished": True,
        "tags": ["calm", "new age"],
        "error_type": None,
        "error_code": None,
        "error_detail": None,
    }


class PiapiStandIn(Piapi, PoyoStandIn):
    """The running stand-in."""

    handler = PiapiHandler

    def __init__(self, port: int = 0, *, api_key: str = API_KEY, secret: str = SECRET, **given: Any) -> None:
        super().__init__(port, api_key=api_key, secret=secret, **given)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="local.vendors.piapi", description="A stand-in for PiAPI, on loopback.")
    parser.add_argument("--port", type=int, default=4011)
    parser.add_argument("--api-key", default=API_KEY)
    parser.add_argument("--music-s", type=float, default=4.0, help="seconds a generation takes (4)")
    parser.add_argument("--no-callbacks", action="store_true")
    parser.add_argument("--bare-callbacks", action="store_true", help="the bare task, not {timestamp, data}")
    parser.add_argument("--magic", action="store_true", help="`fault:name` in a prompt asks for a fault")
    given = parser.parse_args(arguments)
    return serve(
        "PiAPI stand-in",
        given.port,
        lambda: PiapiStandIn(
            given.port,
            api_key=given.api_key,
            seconds=given.music_s,
            callbacks=not given.no_callbacks,
            bare_callbacks=given.bare_callbacks,
            magic=given.magic,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
