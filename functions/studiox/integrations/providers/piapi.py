"""PiAPI (https://piapi.ai) behind the provider protocol: `music-u`, which makes several songs for one order.

Formats: PiAPI's documentation and answers that third parties published. PiAPI does not sign callbacks: the secret that
an order carries comes back in a header, and a body may echo it. So no body is kept or logged, only the words of its
`error` and `message`, with the secret removed.
"""

from __future__ import annotations

import hmac
import re
import urllib.parse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from .answers import MODERATED, account, number, plain, progress, reason, refusal, rejected, text, url, words
from .base import checked_base, checked_key
from .protocol import File, NotAccepted, Order, OutcomeUnknown, PollFailed, Task

if TYPE_CHECKING:
    from .wire import Answer

MAX_CALLBACK_BYTES = 1 << 20
MAX_TASK_ID = 200
MAX_SONGS = 10
MAX_TAGS = 200
MAX_LYRICS = 10_000
# A PiAPI point is a ten-millionth of a dollar; a credit in our catalogue is a cent.
POINTS_PER_CREDIT = 100_000

ENDS: Mapping[str, Literal["finished", "failed"]] = {
    "completed": "finished",
    "success": "finished",
    "failed": "failed",
    "cancelled": "failed",
    "canceled": "failed",
}
_POOR = re.compile(r"quota|credit not enough|insufficient|not enough (?:credit|balance|point)|api key", re.I)
_UNKNOWN_TASK = re.compile(r"task (?:not found|does ?n.t exist|not exist)|record not found", re.I)

# How the description states inputs that have no field.
PHRASES = {"style": "{} style", "vocalGender": "{} vocals"}


class Piapi:
    """The provider. ValueError for an invalid base URL or API key.

    `webhook_secret` may hold several, comma-separated: orders carry the first, callbacks may bring any.
    """

    def __init__(self, base_url: str, api_key: str, webhook_secret: str) -> None:
        self._base = checked_base(base_url, "PiAPI")
        self._key = checked_key(api_key, "PiAPI")
        self._secrets = [part.strip() for part in webhook_secret.split(",") if part.strip()]

    def __repr__(self) -> str:
        return "Piapi()"

    def submit(self, order: Order) -> str:
        """Send the order once: PiAPI documents no idempotency key."""
        from . import wire

        config: dict[str, Any] = {"service_mode": "public"}
        if order.callback_url and self._secrets:
            config["webhook_config"] = {"endpoint": order.callback_url, "secret": self._secrets[0]}
        body = {"model": order.model, "task_type": "generate_music", "input": translate(order), "config": config}
        try:
            answer = wire.send(self._base, "/api/v1/task", self._headers(), msgspec.json.encode(body))
        except wire.NotSent as error:
            raise NotAccepted(f"no connection: {error}") from error
        except wire.Lost as error:
            raise OutcomeUnknown(f"no answer: {error}") from error
        return self._task_id(answer)

    def poll(self, task_id: str, order_type: str, model: str) -> Task:
        """The task's current state. A finished task without songs may still get them: the caller may poll again."""
        from . import wire

        path = f"/api/v1/task/{urllib.parse.quote(task_id, safe='')}"
        try:
            answer = wire.ask(self._base, path, self._headers())
        except wire.Lost as error:
            raise PollFailed(f"no answer: {error}") from error
        data, said = _data(answer), self._said(answer)
        status = _status(data)
        # The answer for a failed task may be an HTTP 500 whose body is the task.
        if not status or (_code(answer) != 200 and ENDS.get(status) != "failed"):
            unknown_task = _code(answer) == 404 and answer.body is not None
            raise PollFailed(said, gone=unknown_task or _UNKNOWN_TASK.search(said) is not None)
        return _task(data, ENDS.get(status), said)

    def verify(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The task id of a callback that carries our secret. Its other contents are not trusted: the caller polls."""
        if len(body) > MAX_CALLBACK_BYTES or not self._secrets:
            return None
        named = {name.lower(): value for name, value in headers.items()}
        given = named.get("x-webhook-secret", "").encode("utf-8", "replace")
        # All are compared, so that the time taken does not reveal which one matches.
        genuine = [hmac.compare_digest(given, secret.encode()) for secret in self._secrets]
        if not any(genuine):
            return None
        try:
            content = msgspec.json.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return _id(_bare(content) if isinstance(content, dict) else {})

    def _headers(self) -> dict[str, str]:
        return {"X-API-Key": self._key}

    def _task_id(self, answer: Answer) -> str:
        """The accepted order's task id. Raises one of the protocol's exceptions for any other answer."""
        data, said, code = _data(answer), self._said(answer), _code(answer)
        failed = ENDS.get(_status(data)) == "failed"
        if code == 200 and not failed:
            task_id = _id(data)
            if task_id is None:
                raise OutcomeUnknown(said)
            return task_id
        if failed or (400 <= code < 500 and code != 408):
            if _POOR.search(said):
                raise account(said, None)
            if MODERATED.search(said):
                raise rejected("ContentRejected")(said, None)
        if failed:
            # The task itself failed, whatever the HTTP status is, so nothing is running.
            raise rejected(reason(said))(said, None)
        if code in (400, 422) and answer.body is None:
            raise rejected("GenerationFailed")(said, None)  # a proxy's page, so not about the user's input
        raise refusal(code)(said, answer.retry_after_s)

    def _said(self, answer: Answer) -> str:
        """PiAPI's error messages and nothing else of the body, without the secrets that they may echo."""
        body = answer.body
        if body is None:
            return f"{answer.status}: not a JSON object"
        error = _data(answer).get("error")
        error = error if isinstance(error, dict) else {"message": error}
        parts = [error.get(name) for name in ("code", "raw_message", "message", "detail")] + [body.get("message")]
        said = f"{answer.status} {_code(answer)}: " + "; ".join(dict.fromkeys(text(part) for part in parts if part))
        for secret in (*self._secrets, self._key):
            said = said.replace(secret, "…")
        return said


def translate(order: Order) -> dict[str, Any]:
    """The order as PiAPI's `input` of music-u."""
    given = order.inputs
    lyrics, instrumental = text(given.get("lyrics")), given.get("instrumental") is True
    phrases = [
        template.format(text(given[name])) for name, template in PHRASES.items() if given.get(name) and not instrumental
    ]
    if instrumental and given.get("style"):
        phrases = [PHRASES["style"].format(text(given["style"]))]
    fields: dict[str, Any] = {
        "gpt_description_prompt": ", ".join([text(given.get("prompt")), *phrases]),
        "lyrics_type": "instrumental" if instrumental else "user" if lyrics else "generate",
        "negative_tags": text(given.get("negativePrompt"))[:MAX_TAGS],
        "seed": given["seed"] if type(given.get("seed")) is int else -1,
    }
    if lyrics and not instrumental:
        fields["lyrics"] = lyrics
    if given.get("title"):
        fields["title"] = given["title"]
    return fields


def _bare(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The task in an answer or a callback, with or without an envelope."""
    data = content.get("data")
    return data if isinstance(data, dict) else content


def _data(answer: Answer) -> Mapping[str, Any]:
    return _bare(answer.body or {})


def _id(data: Mapping[str, Any]) -> str | None:
    task_id = data.get("task_id")
    return task_id if isinstance(task_id, str) and 0 < len(task_id) <= MAX_TASK_ID else None


def _status(data: Mapping[str, Any]) -> str:
    return text(data.get("status")).strip().lower()[:64]


def _code(answer: Answer) -> int:
    """The envelope's `code`, if a 2xx answer has one other than 0; else the HTTP status."""
    if answer.body is None or not 200 <= answer.status < 300:
        return answer.status if answer.body is not None or answer.status >= 300 else 502
    code = number(answer.body.get("code"))
    return 200 if not code else int(code)


def _task(data: Mapping[str, Any], end: Literal["finished", "failed"] | None, said: str) -> Task:
    output = data.get("output")
    output = output if isinstance(output, dict) else {}
    listed = output.get("songs")
    songs = [song for song in listed[:MAX_SONGS] if isinstance(song, dict)] if isinstance(listed, list) else []
    files = tuple(file for song in songs if (file := _song(song)) is not None)
    if not songs and (address := url(output.get("audio_url"))):
        files = (File(url=address, kind="audio"),)
    if end == "finished" and songs and not files and all(_wrong(song) for song in songs):
        end, said = "failed", "; ".join(_wrong(song) for song in songs)
    lyrics = next((plain(song["lyrics"], MAX_LYRICS) for song in songs if isinstance(song.get("lyrics"), str)), "")
    done = sum(song.get("finished") is True for song in songs) * 100 // len(songs) if songs else 0
    finished, failed = end == "finished", end == "failed"
    return Task(
        status=end or "running",
        progress=100 if finished else max(done, progress(output.get("progress"))),
        files=files if finished else (),
        # Songs that failed, or that have no address although the task is finished.
        missing=len(songs) - len(files) if finished and songs and files else 0,
        text=(lyrics or None) if finished and files else None,
        reason=reason(said) if failed else "",
        raw_status=_status(data),
        raw_error=said[:500] if failed else "",
        credits=_credits(data),
    )


def _song(song: Mapping[str, Any]) -> File | None:
    """One song, or None if it has no address, yet or at all."""
    address = url(song.get("song_path"))
    if not address:
        return None
    return File(
        url=address,
        kind="audio",
        title=plain(text(song.get("title")), 200) or None,
        tags=words(song.get("tags")),
        duration_s=number(song.get("duration")),
        image_url=url(song.get("image_path")) or None,
    )


def _wrong(song: Mapping[str, Any]) -> str:
    """The error of one song, "" if there is none."""
    return " ".join(text(song[name])[:100] for name in ("error_type", "error_code", "error_detail") if song.get(name))


def _credits(data: Mapping[str, Any]) -> float | None:
    """What was charged, in cents."""
    meta = data.get("meta")
    usage = meta.get("usage") if isinstance(meta, dict) else None
    points = number(usage.get("consume")) if isinstance(usage, dict) else None
    return None if points is None else points / POINTS_PER_CREDIT
