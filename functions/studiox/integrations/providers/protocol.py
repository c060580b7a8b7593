"""The protocol between the studio and a provider: submit, poll, verify. Vendors' formats stay in their own modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

Failure = Literal["GenerationFailed", "ContentRejected", "InvalidInput"]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A generation to submit. `inputs` is keyed by the catalogue's input names."""

    job_id: str
    type: str
    model: str
    """The provider's name for the model."""
    inputs: Mapping[str, object]
    image_urls: tuple[str, ...] = ()
    """Expiring addresses of the caller's uploads."""
    callback_url: str = ""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One output, by address, or as bytes if it was made in this process."""

    url: str = ""
    data: bytes = b""
    kind: str = "other"
    """image, video, audio or other, as the provider says. A hint: the type follows from the bytes."""
    size_bytes: int | None = None
    title: str | None = None
    tags: tuple[str, ...] = ()
    duration_s: float | None = None
    image_url: str | None = None
    """The address of a song's cover picture."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a provider's task. Every status that is not final is `running`."""

    status: Literal["running", "finished", "failed"]
    progress: int = 0
    """0 to 100."""
    files: tuple[File, ...] = ()
    missing: int = 0
    """When finished: how many more outputs the provider lists as failed."""
    text: str | None = None
    title: str | None = None
    """The text's title, if it has one."""
    reason: Failure | Literal[""] = ""
    """When failed: one of FAILURES."""
    raw_status: str = ""
    raw_error: str = ""
    """The vendor's words, at most 500 characters, for the job's private document only."""
    credits: float | None = None
    """What the provider charged, in its own credits."""
    lost: bool = False
    """For a provider that answers at once: it failed because the answer was lost."""


FAILURES: tuple[Failure, ...] = ("GenerationFailed", "ContentRejected", "InvalidInput")


class Rejected(Exception):
    """The provider refused this order. Nothing is running; the tokens are refunded. `reason` is one of FAILURES."""

    def __init__(self, reason: Failure, raw: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw[:500]


class AccountRefused(Exception):
    """The provider refuses our account (401, 402, 403). Nothing is running; an operator must act, not the user."""

    def __init__(self, raw: str = "") -> None:
        super().__init__("AccountRefused")
        self.raw = raw[:500]


class NotAccepted(Exception):
    """Not accepted for now (429, 503, no connection). The same order may be sent later."""

    def __init__(self, raw: str = "", retry_after_s: float | None = None) -> None:
        super().__init__("NotAccepted")
        self.raw = raw[:500]
        self.retry_after_s = retry_after_s


class OutcomeUnknown(Exception):
    """The answer was lost (timeout, reset, 408, 500, 502, 504). The order may be running and is never sent again."""

    def __init__(self, raw: str = "") -> None:
        super().__init__("OutcomeUnknown")
        self.raw = raw[:500]


class PollFailed(Exception):
    """The status could not be read; try again later. `gone`: the provider has no such task (404)."""

    def __init__(self, raw: str = "", *, gone: bool = False) -> None:
        super().__init__("PollFailed")
        self.raw = raw[:500]
        self.gone = gone


class Provider(Protocol):
    """One vendor. Each call has its own timeout; `submit` does not retry."""

    def submit(self, order: Order) -> str | Task:
        """Send the order once. Returns the task id, or the ended task of a provider that answers at once.

        An ended task is not polled. Rejected, AccountRefused, NotAccepted, OutcomeUnknown.
        """

    def poll(self, task_id: str, order_type: str, model: str) -> Task:
        """The task's current state. PollFailed."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The task id of a genuine callback, else None. Never raises, whatever the input is."""
