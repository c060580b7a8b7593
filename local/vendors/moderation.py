"""What the stand-in of OpenAI's moderation endpoint answers (`local/vendors/chat.py` serves it).

`moderation:word` in a text, or `moderation-word` in the name of a picture's file, asks for an answer: `mature`,
`rejected`, or a fault of `local/vendors/poyo/plans.py` (`hang`, `429`, `500`, `garbage`). Everything else is general.
"""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

MODEL = "omni-moderation-latest"
CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm", "self-harm/instructions", "self-harm/intent"),
    *("sexual", "sexual/minors", "violence", "violence/graphic"),
)
FLAGGED = {"mature": {"sexual": 0.62}, "rejected": {"hate": 0.91}}
_WORD = re.compile(r"\bmoderation[:-]([a-z0-9]+)")


def words_in(*texts: str) -> list[str]:
    """What the texts and addresses ask for."""
    return [word for text in texts for word in _WORD.findall(urllib.parse.unquote(text))]


def result(words: list[str]) -> dict[str, Any]:
    """The answer, in the vendor's format."""
    high = {category: score for word in words for category, score in FLAGGED.get(word, {}).items()}
    one = {
        "flagged": bool(high),
        "categories": {each: each in high for each in CATEGORIES},
        "category_scores": {each: high.get(each, 0.000001) for each in CATEGORIES},
        "category_applied_input_types": {each: ["text"] for each in CATEGORIES},
    }
    return {"id": "modr-stand-in", "model": MODEL, "results": [one]}


def refusal(code: str, message: str) -> dict[str, Any]:
    """An error about the request's `input`."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": "input", "code": code}}
