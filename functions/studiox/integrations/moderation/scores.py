"""What the scores of an OpenAI-compatible moderation endpoint mean for us. Pure.

An endpoint that gives no score for a category only says whether it flags it: that counts as the score 1 or 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .protocol import Verdict, strictest


class Limits(NamedTuple):
    """From which score on a category makes content mature, and from which it is rejected. Above 1: never."""

    mature: float
    rejected: float


NEVER = 2.0
LIMITS: Mapping[str, Limits] = {
    "sexual": Limits(mature=0.3, rejected=0.9),
    "sexual/minors": Limits(mature=0.1, rejected=0.2),
    "violence": Limits(mature=0.7, rejected=0.97),
    "violence/graphic": Limits(mature=0.4, rejected=0.95),
    "self-harm": Limits(mature=0.4, rejected=0.9),
    "self-harm/intent": Limits(mature=0.4, rejected=0.7),
    "self-harm/instructions": Limits(mature=0.2, rejected=0.4),
    "harassment": Limits(mature=NEVER, rejected=0.95),
    "harassment/threatening": Limits(mature=NEVER, rejected=0.8),
    "hate": Limits(mature=NEVER, rejected=0.7),
    "hate/threatening": Limits(mature=NEVER, rejected=0.5),
    "illicit": Limits(mature=NEVER, rejected=0.9),
    "illicit/violent": Limits(mature=NEVER, rejected=0.6),
}
"""By the categories of `omni-moderation-latest`. A category that is not here is rejected if the endpoint flags it."""


def verdict(result: object) -> Verdict | None:
    """The verdict on one of the endpoint's `results`; None if it cannot be understood."""
    if not isinstance(result, Mapping):
        return None
    flagged, categories, scores = result.get("flagged"), result.get("categories"), result.get("category_scores")
    if not isinstance(flagged, bool) or not isinstance(categories, Mapping):
        return None
    known = scores if isinstance(scores, Mapping) else {}
    if flagged and True not in categories.values():
        return "rejected"
    return strictest(_of(name, categories.get(name) is True, known.get(name)) for name in {*categories, *known})


def _of(category: str, flagged: bool, score: object) -> Verdict:
    limits = LIMITS.get(category)
    if limits is None:
        return "rejected" if flagged else "general"
    known = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1
    value = float(score) if known else float(flagged)  # type: ignore[arg-type]  # a number: `known`
    if value >= limits.rejected:
        return "rejected"
    return "mature" if value >= limits.mature else "general"
