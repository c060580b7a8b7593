"""Poyo (https://poyo.ai) behind the provider protocol.

Formats: Poyo's repositories and a copy of its documentation. Where only third parties describe a format, all forms that
were seen are accepted. Nothing is logged here: the exceptions carry Poyo's words for the job's private document.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from studiox.kit import clock

from .answers import MODERATED, Refusal, account, number, progress, reason, refusal, rejected, text, url, words
from .base import checked_base, checked_key
from .poyo_inputs import translate
from .protocol import File, NotAccepted, Order, OutcomeUnknown, PollFailed, Task

if TYPE_CHECKING:
    from .wire import Answer

MAX_CALLBACK_BYTES = 256 * 1024
MAX_SKEW_S = 300
MAX_TASK_ID = 200
MAX_FILES = 20

# Suno's models; the other music models answer at the common address.
SONG_MODELS = re.compile(
    r"(?:upload-)?(?:generate-(?:music|lyrics)|extend-music|cover-audio|add-(?:vocals|instrumental)"
    r"|replace-section|upload-extend-audio|(?:and-)?separate-vocals|stem-split)"
)

Status = Literal["running", "finished", "failed"]
ENDS: Mapping[str, Status] = {
    "finished": "finished",
    "success": "finished",
    "succeeded": "finished",
    "completed": "finished",
    "failed": "failed",
    "error": "failed",
    "cancelled": "failed",
    "canceled": "failed",
}

# By `error.type`, for refusals only: after a 5xx the order may be running, whatever its body says.
REFUSALS_BY_TYPE: Mapping[str, Refusal] = {
    "content_moderation_error": rejected("ContentRejected"),
    "validation_error": rejected("InvalidInput"),
    "content_too_long_error": rejected("InvalidInput"),
    "file_format_error": rejected("InvalidInput"),
    "authentication_error": account,
    "permission_error": account,
    "insufficient_credits_error": account,
    "rate_limit_error": NotAccepted,
}


class Poyo:
    """The provider. ValueError for an invalid base URL or API key."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        webhook_secret: str,
        *,
        now: Callable[[], clock.datetime] | None = None,
    ) -> None:
        self._base = checked_base(base_url, "Poyo")
        self._key = checked_key(api_key, "Poyo")
        self._secrets = [part.strip().encode() for part in webhook_secret.split(",") if part.strip()]
        self._now = now or (lambda: clock.now())

    def __repr__(self) -> str:
        return "Poyo()"

    def submit(self, order: Order) -> str:
        """Send the order once."""
        from . import wire

        body: dict[str, Any] = {"model": order.model, "input": translate(order)}
        if order.callback_url:
            body["callback_url"] = order.callback_url
        headers = {**self._headers(), "Idempotency-Key": order.job_id}
        try:
            answer = wire.send(self._base, "/api/generate/submit", headers, msgspec.json.encode(body))
        except wire.NotSent as error:
            raise NotAccepted(f"no connection: {error}") from error
        except wire.Lost as error:
            raise OutcomeUnknown(f"no answer: {error}") from error
        return _task_id(answer)

    def poll(self, task_id: str, order_type: str, model: str) -> Task:
        """The task's current state. A finished task without files may still get them: the caller may poll again."""
        from . import wire

        quoted = urllib.parse.quote(task_id, safe="")
        paths = [f"/api/generate/status/{quoted}", f"/api/generate/detail/music?task_id={quoted}"]
        if SONG_MODELS.fullmatch(model):
            paths.reverse()
        try:
            answer = wire.ask(self._base, paths[0], self._headers())
            if answer.status == 400 and "detail/music" in answer.text:
                # Poyo's answer for a song whose model SONG_MODELS does not list, as third-party clients report.
                answer = wire.ask(self._base, paths[1], self._headers())
        except wire.Lost as error:
            raise PollFailed(f"no answer: {error}") from error
        return _task(answer)

    def verify(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The task id that Poyo signed. The rest of the body is not signed, so the caller polls for the result."""
        if len(body) > MAX_CALLBACK_BYTES or not self._secrets:
            return None
        named = {name.lower(): value for name, value in headers.items()}
        stamp = named.get("x-webhook-timestamp", "").strip()
        given = named.get("x-webhook-signature", "").strip()
        try:
            task_id = _callback_task(body)
            if task_id is None or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
                return None
            if abs(self._now().timestamp() - int(stamp)) > MAX_SKEW_S:
                return None
            message = f"{task_id}.{stamp}".encode()
            signature = given.encode("ascii")
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        expected = [base64.b64encode(hmac.digest(secret, message, hashlib.sha256)) for secret in self._secrets]
        # All are compared, so that the time taken does not reveal which one matches.
        genuine = [hmac.compare_digest(signature, one) for one in expected]
        return task_id if any(genuine) else None

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}


def _task_id(answer: Answer) -> str:
    """The accepted order's task id. Raises one of the protocol's exceptions for any other answer."""
    code = answer.status
    if 200 <= answer.status < 300:
        if answer.body is None:
            # The order may have been accepted: a proxy may have replaced the answer.
            raise OutcomeUnknown(answer.text)
        code = _code(answer.body)
        if code in (0, 200):
            data = answer.body.get("data")
            task_id = data.get("task_id") if isinstance(data, dict) else None
            if isinstance(task_id, str) and 0 < len(task_id) <= MAX_TASK_ID:
                return task_id
            if not isinstance(answer.body.get("error"), dict):
                raise OutcomeUnknown(answer.text)
            code = -1
    kind, message = _error(answer.body)
    raise _refusal(code, kind, answer)(f"{answer.status} {code} {kind}: {message or answer.text}", answer.retry_after_s)


def _refusal(code: int, kind: str, answer: Answer) -> Refusal:
    """What an answer without a task id means. Code -1: not a number."""
    if (400 <= code < 500 and code not in (408, 409)) or code == -1:
        if kind in REFUSALS_BY_TYPE:
            return REFUSALS_BY_TYPE[kind]
        if code in (400, 422) and answer.body is None:
            # A proxy's page, so the refusal is not about the user's input.
            return rejected("GenerationFailed")
        if code in (400, 422) and MODERATED.search(answer.text):
            return rejected("ContentRejected")
    return refusal(code)


def _code(body: Mapping[str, Any]) -> int:
    """The envelope's `code`. 0, 200 and absent mean success; -1 if it is not a number."""
    code = body.get("code", 200)
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) <= 6:
        return int(code)
    if isinstance(code, float) and code.is_integer():
        return int(code)
    return code if type(code) is int else 200 if code is None else -1


def _error(body: Mapping[str, Any] | None) -> tuple[str, str]:
    """(type, message) of an error, which may be an object, a text or FastAPI's `detail`."""
    error = (body or {}).get("error")
    if isinstance(error, dict):
        return text(error.get("type"))[:64], text(error.get("message"))
    return "", text(error or (body or {}).get("message") or (body or {}).get("detail"))


def _task(answer: Answer) -> Task:
    """The task of a status answer. PollFailed if it holds none."""
    body = answer.body
    code = answer.status if body is None or not 200 <= answer.status < 300 else _code(body)
    if body is None or not (200 <= answer.status < 300 and code in (0, 200)):
        # A 404 that is not JSON comes from a proxy and does not mean that the task is gone.
        raise PollFailed(f"{answer.status} {code}: {answer.text}", gone=code == 404 and body is not None)
    data = body.get("data")
    data = data if isinstance(data, dict) else body
    raw_status = data.get("status")
    if not isinstance(raw_status, str):
        raise PollFailed(f"no status: {answer.text}")
    status: Status = ENDS.get(raw_status.strip().lower(), "running")
    raw_error = text(data.get("error_message") or data.get("error"))[:500]
    entries = data.get("files")
    entries = [entry for entry in entries[:MAX_FILES] if entry] if isinstance(entries, list) else []
    found = [file for entry in entries if (file := _file(entry)) is not None]
    texts = [entry["text"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("text"), str)]
    return Task(
        status=status,
        progress=100 if status == "finished" else progress(data.get("progress")),
        files=tuple(found) if status == "finished" else (),
        text=texts[0] if texts and status == "finished" else None,
        reason=reason(raw_error) if status == "failed" else "",
        raw_status=raw_status[:64],
        raw_error=raw_error if status == "failed" else "",
        credits=number(data.get("credits_amount")),
    )


def _file(entry: Any) -> File | None:
    """One of `files`: Poyo's common form, Suno's form, or a bare address. None if it has no address."""
    if isinstance(entry, str):
        entry = {"file_url": entry}
    if not isinstance(entry, dict):
        return None
    urls = {name: url(entry.get(name)) for name in ("file_url", "audio_url", "video_url", "image_url", "url")}
    name = next((name for name, url in urls.items() if url), None)
    if name is None:
        return None
    said = entry.get("file_type") or text(entry.get("content_type")).partition("/")[0] or name.partition("_")[0]
    size = number(entry.get("file_size"))
    return File(
        url=urls[name],
        kind=said if said in ("image", "video", "audio") else "other",
        size_bytes=int(size) if size is not None else None,
        title=text(entry.get("title"))[:200] or None,
        tags=words(entry.get("tags")),
        duration_s=number(entry.get("duration")),
        image_url=urls["image_url"] if name != "image_url" and urls["image_url"] else None,
    )


def _callback_task(body: bytes) -> str | None:
    """The task id of a callback, which is `{code, data: {…}}` or the bare task. Raises msgspec's errors."""
    content = msgspec.json.decode(body)
    if not isinstance(content, dict):
        return None
    data = content.get("data")
    task = content if data is None else data
    task_id = task.get("task_id") if isinstance(task, dict) else None
    return task_id if isinstance(task_id, str) and 0 < len(task_id) <= MAX_TASK_ID else None
