"""What the studio knows of a provider: submit, poll, verify. A vendor's formats end in its own file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

Failure = Literal["GenerationFailed", "ContentRejected", "InvalidInput"]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A generation as the studio orders it; `inputs` is keyed by the catalogue's input names."""

    job_id: str
    type: str
    model: str
    """The provider's own name of the model."""
    inputs: Mapping[str, object]
    image_urls: tuple[str, ...] = ()
    """Expiring addresses of the caller's uploads."""
    callback_url: str = ""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One output: by address, or as bytes where it was made in this process."""

    url: str = ""
    data: bytes = b""
    kind: str = "other"
    """image, video, audio or other, as the provider says: a hint, the bytes decide."""
    size_bytes: int | None = None
    title: str | None = None
    tags: tuple[str, ...] = ()
    duration_s: float | None = None
    image_url: str | None = None
    """A cover picture that belongs to a song."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's task as it stands: `running` covers every status that is not an end."""

    status: Literal["running", "finished", "failed"]
    progress: int = 0
    """0 to 100."""
    files: tuple[File, ...] = ()
    missing: int = 0
    """When finished: outputs that the provider lists beside these, and that it says it failed to make."""
    text: str | None = None
    title: str | None = None
    """Of the text, where it has one."""
    reason: Failure | Literal[""] = ""
    """When failed: one of FAILURES."""
    raw_status: str = ""
    raw_error: str = ""
    """The vendor's own words, at most 500 characters, for the private log only."""
    credits: float | None = None
    """What the provider charged, in its own credits."""
    lost: bool = False
    """Of a provider that answers at once: it failed because no answer came."""


FAILURES: tuple[Failure, ...] = ("GenerationFailed", "ContentRejected", "InvalidInput")


class Rejected(Exception):
    """The provider refused this order for good: nothing runs, the tokens go back. `reason` is one of FAILURES."""

    def __init__(self, reason: Failure, raw: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw[:500]


class AccountRefused(Exception):
    """The provider refuses us (401, 402, 403): an operator's alert, not the user's fault; nothing runs."""

    def __init__(self, raw: str = "") -> None:
        super().__init__("AccountRefused")
        self.raw = raw[:500]


class NotAccepted(Exception):
    """Surely not accepted for now (429, 503, no connection made): the same order may be sent later."""

    def __init__(self, raw: str = "", retry_after_s: float | None = None) -> None:
        super().__init__("NotAccepted")
        self.raw = raw[:500]
        self.retry_after_s = retry_after_s


class OutcomeUnknown(Exception):
    """The answer was lost (timeout, reset, 408, 500, 502, 504): the order may be running, it is never sent again."""

    def __init__(self, raw: str = "") -> None:
        super().__init__("OutcomeUnknown")
        self.raw = raw[:500]


class PollFailed(Exception):
    """The status could not be read now; ask again later. `gone`: the provider does not know the task (404)."""

    def __init__(self, raw: str = "", *, gone: bool = False) -> None:
        super().__init__("PollFailed")
        self.raw = raw[:500]
        self.gone = gone


class Provider(Protocol):
    """One vendor. Every call has a timeout of its own; none is retried inside `submit`."""

    def submit(self, order: Order) -> str | Task:
        """Send the order once; the provider's task id, or the ended task of a provider that answers at once.

        Such a task exists nowhere else: nobody polls for it. Rejected, AccountRefused, NotAccepted, OutcomeUnknown.
        """

    def poll(self, task_id: str, order_type: str, model: str) -> Task:
        """The task as it stands. PollFailed."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The task id that a genuine callback speaks of; None if it is not genuine. Never raises on hostile input."""
