"""A stand-in for an endpoint in OpenAI's format: `python -m local.vendors.chat --port 4013`, or `ChatStandIn()`.

Poyo's stand-in with a chat endpoint's front: the same plans, faults and controls. It writes lyrics, and
reads the type and size of pictures on this machine. It moderates texts and pictures too (`moderation.py`). Loopback
only.

Of a plan's outcomes, `fail` is an answer withheld by a content filter, `cancel` the model's own refusal, `never` an
answer without content, `stuck` one that was cut off.
"""

from __future__ import annotations

import argparse
import http.client
import re
import struct
import sys
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

from local.vendors import moderation
from local.vendors.poyo.callbacks import LOOPBACK
from local.vendors.poyo.http import Handler
from local.vendors.poyo.plans import FAULTS, Plan, make
from local.vendors.poyo.server import PoyoStandIn, serve

API_KEY = "local-openai-api-key"
USAGE = {"prompt_tokens": 120, "completion_tokens": 180, "total_tokens": 300}
MAX_PICTURE = 21 << 20
LYRICS = """Title: {theme}

[Verse]
They told me of {lower}
And I have sung it since

[Chorus]
Oh, {lower}
Sing it once again"""


class ChatHandler(Handler):
    """`POST /v1/chat/completions` and `POST /v1/moderations`."""

    def do_GET(self) -> None:
        if self.path.startswith("/_/"):
            super().do_GET()
        else:
            self._error(404, "invalid_request_error", "Unknown request URL")

    def do_POST(self) -> None:
        if self.path.startswith("/_/"):
            return super().do_POST()
        body = self._body()
        if body is None:
            return self._error(400, "invalid_request_error", "We could not parse the JSON body of your request.")
        if not self._authorized():
            return self._error(401, "invalid_api_key", "Incorrect API key provided")
        match self.path:
            case "/v1/chat/completions":
                return self._complete(body)
            case "/v1/moderations":
                return self._moderate(body)
        return self._error(404, "invalid_request_error", "Unknown request URL")

    def _moderate(self, body: dict[str, Any]) -> None:
        self.poyo.note_order(body, "")
        text, pictures = parts_of(body.get("input"))
        if not text and not pictures:
            return self._error(400, "invalid_request_error", "input is required")
        if len(pictures) > 1:
            message = f"Number of images ({len(pictures)}) exceeds maximum of 1"
            return self._json(400, moderation.refusal("too_many_images", message))
        words = moderation.words_in(text, *pictures)
        plan = make(each for each in words if each in FAULTS)
        if plan.answer != "ok":
            return self._wrong(plan.answer, plan.status, plan.code, plan.retry_after, plan)
        if None in map(_look, pictures):
            return self._json(400, moderation.refusal("invalid_image_url", "Failed to download the image."))
        return self._json(200, moderation.result(words))

    def _complete(self, body: dict[str, Any]) -> None:
        chat, messages = self.poyo, body.get("messages")
        chat.note_order(body, "")
        if not isinstance(messages, list) or not messages or not isinstance(body.get("model"), str):
            return self._error(400, "invalid_request_error", "messages and model are required")
        wish, pictures = parts_of(messages[-1].get("content"))
        plan = chat.plans.take(body["model"], wish)
        if plan.delay_s:
            chat.closed.wait(plan.delay_s)
        if plan.answer != "ok":
            return self._wrong(plan.answer, plan.status, plan.code, plan.retry_after, plan)
        seen = [_look(address) for address in pictures]
        if None in seen:
            return self._error(400, "invalid_image_url", "Error while downloading the picture: invalid image")
        return self._json(200, completion(body["model"], self._said(wish, seen), plan))

    def _said(self, wish: str, seen: Sequence[str | None]) -> str:
        if seen:
            return f"I see {' and '.join(map(str, seen))}."
        theme = re.search(r"Theme: ([^\n]+)", wish)
        words = theme[1].strip() if theme else wish[:60]
        return LYRICS.format(theme=words[:1].upper() + words[1:], lower=words[:1].lower() + words[1:])

    def refusal(self, code: int, error_type: str, message: str) -> dict[str, Any]:
        kind = {"content_moderation_error": "content_policy_violation"}.get(error_type, error_type)
        kind = {"insufficient_credits_error": "insufficient_quota"}.get(kind, kind)
        return {"error": {"message": message, "type": kind, "param": None, "code": code if code != 400 else kind}}


def completion(model: str, said: str, plan: Plan) -> dict[str, Any]:
    """The answer, as the plan has it."""
    message: dict[str, Any] = {"role": "assistant", "content": said, "refusal": None}
    finish = "stop"
    match plan.outcome:
        case "fail":
            message["content"], finish = "", "content_filter"
        case "cancel":
            message |= {"content": None, "refusal": "I can't help with that."}
        case "never":
            message["content"] = " "
        case "stuck":
            message["content"], finish = said[: len(said) // 2], "length"
    if plan.files is not None:
        message["content"] = [{"type": "text", "text": said}]  # some endpoints answer with a list of parts
    usage = USAGE if plan.credits is None else {"prompt_tokens": 0, "completion_tokens": plan.credits}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return {"id": "chatcmpl-stand-in", "object": "chat.completion", "model": model, "choices": [choice], "usage": usage}


def parts_of(content: Any) -> tuple[str, list[str]]:
    """The text of a message, and the addresses of its pictures."""
    if isinstance(content, str):
        return content, []
    parts = [part for part in content if isinstance(part, Mapping)] if isinstance(content, list) else []
    text = "\n".join(str(part.get("text", "")) for part in parts if part.get("type") == "text")
    return text, [str(part["image_url"]["url"]) for part in parts if part.get("type") == "image_url"]


def _look(address: str) -> str | None:
    """A description of a picture; None if it cannot be fetched."""
    parts = urllib.parse.urlsplit(address)
    if parts.hostname not in LOOPBACK:
        return "a picture on another host"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}".rstrip("?"))
        answer = connection.getresponse()
        data = answer.read(MAX_PICTURE)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if answer.status != 200:
        return None
    if data.startswith(b"\x89PNG") and len(data) > 24:
        width, height = struct.unpack(">II", data[16:24])
        return f"a PNG picture of {width} by {height} pixels"
    return f"a picture of {len(data)} bytes"


class ChatStandIn(PoyoStandIn):
    """The running stand-in. `url` is the base address that the provider is given."""

    handler = ChatHandler

    def __init__(self, port: int = 0, *, api_key: str = API_KEY, magic: bool = False) -> None:
        super().__init__(port, api_key=api_key, callbacks=False, magic=magic)
        self.url += "/v1"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="local.vendors.chat", description="A stand-in for a chat endpoint, on loopback."
    )
    parser.add_argument("--port", type=int, default=4013)
    parser.add_argument("--api-key", default=API_KEY)
    parser.add_argument("--magic", action="store_true", help="`fault:name` in a prompt asks for a fault")
    given = parser.parse_args(arguments)
    return serve("Chat stand-in", given.port, lambda: ChatStandIn(given.port, api_key=given.api_key, magic=given.magic))


if __name__ == "__main__":
    sys.exit(main())
