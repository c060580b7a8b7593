"""An OpenAI-compatible moderation endpoint.

Format: `POST {base}/moderations` with `omni-moderation-latest`, as OpenAI documents it. One request may have one
picture (`too_many_images`), so each picture has its own; all requests are sent at the same time.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from studiox.integrations.providers import wire
from studiox.integrations.providers.base import checked_base, checked_key

from .protocol import Away, Content, Verdict, strictest
from .scores import verdict

MODEL = "omni-moderation-latest"
WITHIN_S = 1.5
"""How long a verdict may take, with all that it needs."""
MAX_TEXT = 10_000
"""Characters in one request. The model reads 32,768 tokens."""
AT_ONCE = 8
_WHOSE = "The moderation endpoint"


class OpenAiModerator:
    """The moderator. ValueError for an invalid base URL or API key."""

    def __init__(self, base_url: str, api_key: str, address_of: Callable[[str], str]) -> None:
        """`address_of`: an expiring address of an object in the bucket."""
        self._base, self._key = checked_base(base_url, _WHOSE), checked_key(api_key, _WHOSE)
        self._address_of = address_of

    def __repr__(self) -> str:
        return "OpenAiModerator()"

    def check(self, content: Content) -> Verdict:
        """The strictest verdict on the texts and each picture. `Away`, unless what was judged is rejected anyway."""
        pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE, "moderation")
        try:
            questions = [pool.submit(self._ask_about_text, text) for text in _texts(content)]
            questions += [pool.submit(self._ask_about_picture, path) for path in content.pictures]
            # Requests end by their own timeouts, but looking up a name or signing an address may take longer.
            done = concurrent.futures.wait(questions, WITHIN_S).done
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        known = strictest(question.result() for question in done if question.exception() is None)
        if known == "rejected":
            return known
        for question in done:
            error = question.exception()
            if isinstance(error, Away):
                raise Away(error.why, error.status, ours=error.ours, known=known) from error
            question.result()
        if len(done) < len(questions):
            raise Away("late", known=known)
        return known

    def _ask_about_text(self, text: str) -> Verdict:
        return self._ask({"type": "text", "text": text})

    def _ask_about_picture(self, path: str) -> Verdict:
        return self._ask({"type": "image_url", "image_url": {"url": self._address_of(path)}})

    def _ask(self, part: dict[str, Any]) -> Verdict:
        body = msgspec.json.encode({"model": MODEL, "input": [part]})
        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            answer = wire.ask_within(self._base, "/moderations", headers, body, WITHIN_S)
        except wire.Lost as error:
            raise Away("no answer") from error
        if answer.status != 200 or answer.body is None:
            raise Away("refused", answer.status, ours=answer.status in (401, 402, 403, 404))
        results = answer.body.get("results")
        judged = list(map(verdict, results)) if isinstance(results, list) else []
        known = [each for each in judged if each is not None]
        if not known or len(known) < len(judged):
            raise Away("not understood", answer.status)
        return strictest(known)


def _texts(content: Content) -> Iterator[str]:
    """The texts together, in parts of at most MAX_TEXT characters."""
    text = "\n".join(content.texts)
    yield from (text[start : start + MAX_TEXT] for start in range(0, len(text), MAX_TEXT))
