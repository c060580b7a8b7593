"""The protocol between the check of content and whoever judges it: one call, one verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

Verdict = Literal["general", "mature", "rejected"]
_ORDER: tuple[Verdict, ...] = ("general", "mature", "rejected")


class Content(NamedTuple):
    """What is judged together."""

    texts: Sequence[str]
    pictures: Sequence[str] = ()
    """Paths of objects in the bucket."""


class Away(Exception):
    """There is no verdict: no answer in time, or none that can be used. `status`: HTTP's, if there was an answer.

    `ours`: an operator must act, because our settings or our account are the cause. `known`: the verdict on the parts
    that were judged.
    """

    def __init__(self, why: str, status: int | None = None, *, ours: bool = False, known: Verdict = "general") -> None:
        super().__init__(why)
        self.why, self.status, self.ours, self.known = why, status, ours, known


class Moderator(Protocol):
    def check(self, content: Content) -> Verdict:
        """Judge the content, within 1.5 s. `Away`."""


def strictest(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on content whose parts have these verdicts."""
    return max(verdicts, key=_ORDER.index, default="general")
