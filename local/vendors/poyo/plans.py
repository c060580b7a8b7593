"""How the Poyo stand-in handles an order: plans set by tests, and faults requested by words in a prompt."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

MAX_PLANS = 100
METADATA = "http://169.254.169.254/computeMetadata/v1/"

AnswerKind = Literal["ok", "error", "html", "garbage", "empty", "nothing", "drop", "hang", "redirect", "huge"]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the stand-in handles one order. The defaults are a successful order."""

    answer: AnswerKind = "ok"
    """The response to submit. `empty`: success without a task id; `nothing`: no body; `drop`: a connection reset."""
    status: int = 200
    code: int | None = None
    """The code in the envelope; the HTTP status if None."""
    error_type: str = ""
    message: str = "A message of Poyo's"
    detail: bool = False
    """Use the vendor's other error form: {"detail": [{"msg"}]}."""
    retry_after: str = ""
    accepted: bool = False
    """The order runs although the response is an error."""
    delay_s: float = 0
    hang_s: float = 60
    redirect_to: str = METADATA

    outcome: Literal["finish", "fail", "cancel", "never", "stuck"] = "finish"
    """`never` makes progress without end; `stuck` stays at 10 %."""
    error_message: str = "The generation failed"
    seconds: float | None = None
    raw_status: str = ""
    """The status of a running task, if not the usual one."""
    progress: Any = None
    credits: Any = None
    files: int | None = None
    """The number of files; 0: the task finishes without files."""
    empty_polls: int = 0
    """The number of polls that report `finished` without files."""

    poll_answer: Literal["", "error", "html", "garbage", "drop", "hang", "redirect"] = ""
    poll_status: int = 500
    poll_code: int | None = None
    poll_retry_after: str = ""
    poll_times: int = 0
    """The number of polls that fail; 0: all of them."""

    file: Literal[
        "ok", "expired", "truncated", "lying", "endless", "html", "svg", "redirect", "big", "slow", "unannounced"
    ] = "ok"
    """`lying`: the announced length is half the real one; `big`: a valid beginning, then zeros up to `file_mb`;
    `unannounced`: the whole file, without its length."""
    file_times: int = 0
    """The number of downloads of each file that fail; 0: all of them."""
    bad_files: int = 0
    """How many of the files, the first ones, have this fault; 0: all of them."""
    file_mb: float = 64

    callback: Literal["once", "none", "twice", "forged", "early"] = "once"
    """`forged`: a callback with a wrong signature comes first; `early`: the callback precedes submit's response."""
    callback_shape: Literal["", "envelope", "bare"] = ""


Fields = Mapping[str, Any]


def _error(status: int, error_type: str = "", **more: Any) -> Fields:
    return {"answer": "error", "status": status, "error_type": error_type, **more}


# Faults by name, for `fault` in a plan and `fault:name` in a prompt.
FAULTS: Mapping[str, Fields] = {
    "validation": _error(400, "validation_error"),
    "moderation": _error(400, "content_moderation_error"),
    "too-long": _error(400, "content_too_long_error"),
    "bad-file": _error(400, "file_format_error"),
    "detail": _error(422, detail=True),
    "401": _error(401, "authentication_error"),
    "402": _error(402, "insufficient_credits_error"),
    "403": _error(403, "permission_error"),
    "404": _error(404, "resource_not_found_error"),
    "408": _error(408, "timeout_error"),
    "409": _error(409, "conflict_error"),
    "429": _error(429, "rate_limit_error", retry_after="1"),
    "500": _error(500, "internal_error"),
    "502": _error(502, "upstream_error"),
    "503": _error(503, "service_error", retry_after="1"),
    "504": _error(504, "upstream_error"),
    "500-accepted": _error(500, "internal_error", accepted=True),
    "502-accepted": _error(502, "upstream_error", accepted=True),
    "503-accepted": _error(503, "service_error", accepted=True),
    "504-accepted": _error(504, "upstream_error", accepted=True),
    "html": {"answer": "html"},
    "html-accepted": {"answer": "html", "accepted": True},
    "html-400": {"answer": "html", "status": 400},
    "html-403": {"answer": "html", "status": 403},
    "html-502": {"answer": "html", "status": 502},
    "code-400": _error(200, "validation_error", code=400),
    "code-moderation": _error(200, "content_moderation_error", code=400),
    "code-402": _error(200, "insufficient_credits_error", code=402),
    "code-429": _error(200, "rate_limit_error", code=429),
    "code-500": _error(200, "internal_error", code=500),
    "garbage": {"answer": "garbage", "accepted": True},
    "no-task-id": {"answer": "empty", "accepted": True},
    "nothing": {"answer": "nothing", "accepted": True},
    "drop": {"answer": "drop", "accepted": True},
    "drop-before": {"answer": "drop"},
    "hang": {"answer": "hang", "accepted": True},
    "hang-before": {"answer": "hang"},
    "redirect": {"answer": "redirect", "status": 307},
    "redirect-302": {"answer": "redirect", "status": 302},
    "huge": {"answer": "huge", "accepted": True},
    "fail": {"outcome": "fail"},
    "fail-moderation": {"outcome": "fail", "error_message": "content_moderation_error: the prompt was refused"},
    "fail-input": {"outcome": "fail", "error_message": "Invalid image: unsupported format"},
    "cancelled": {"outcome": "cancel"},
    "never": {"outcome": "never"},
    "stuck": {"outcome": "stuck"},
    "slow": {"seconds": 30.0},
    "odd-status": {"raw_status": "waiting_for_moon", "outcome": "never"},
    "no-files": {"files": 0},
    "late-files": {"empty_polls": 3},
    "many": {"files": 4},
    "some-files": {"files": 3, "file": "html", "bad_files": 1},
    "poll-404": {"poll_answer": "error", "poll_status": 404},
    "poll-429": {"poll_answer": "error", "poll_status": 429, "poll_retry_after": "1", "poll_times": 1},
    "poll-500": {"poll_answer": "error", "poll_status": 500, "poll_times": 1},
    "poll-503": {"poll_answer": "error", "poll_status": 503, "poll_times": 1},
    "poll-code-404": {"poll_answer": "error", "poll_status": 200, "poll_code": 404},
    "poll-code-500": {"poll_answer": "error", "poll_status": 200, "poll_code": 500},
    "poll-html": {"poll_answer": "html", "poll_status": 200},
    "poll-garbage": {"poll_answer": "garbage"},
    "poll-drop": {"poll_answer": "drop"},
    "poll-hang": {"poll_answer": "hang"},
    "poll-redirect": {"poll_answer": "redirect", "poll_status": 302},
    "file-expired": {"file": "expired"},
    "file-expired-once": {"file": "expired", "file_times": 1},
    "file-truncated": {"file": "truncated"},
    "file-truncated-once": {"file": "truncated", "file_times": 1},
    "file-lying": {"file": "lying"},
    "file-endless": {"file": "endless"},
    "file-html": {"file": "html"},
    "file-svg": {"file": "svg"},
    "file-redirect": {"file": "redirect"},
    "file-big": {"file": "big"},
    "file-slow": {"file": "slow"},
    "file-unannounced": {"file": "unannounced"},
    "callback-none": {"callback": "none"},
    "callback-twice": {"callback": "twice"},
    "callback-forged": {"callback": "forged"},
    "callback-early": {"callback": "early"},
    "callback-bare": {"callback_shape": "bare"},
}
MAGIC = re.compile(r"\bfault:([a-z0-9-]+)")
"""How a prompt asks for a fault."""


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The orders that a plan applies to. An empty field matches every order."""

    model: str = ""
    prompt_contains: str = ""

    def fits(self, model: str, prompt: str) -> bool:
        return (not self.model or self.model == model) and self.prompt_contains in prompt


def make(faults: Iterable[str] = (), **fields: Any) -> Plan:
    """A plan of named faults, merged in order, and single fields. ValueError for an unknown fault or field."""
    merged: dict[str, Any] = {}
    for name in faults:
        if name not in FAULTS:
            raise ValueError(f"unknown fault {name[:40]}; the faults are: {', '.join(FAULTS)}")
        merged |= FAULTS[name]
    merged |= fields
    if merged.get("answer", "ok") == "ok":
        merged["accepted"] = True
    return msgspec.convert(merged, Plan)


class Plans:
    """The pending plans. An order uses the oldest plan that matches it; a plan applies to a given number of orders."""

    def __init__(self, *, magic: bool) -> None:
        self._magic = magic
        self._lock = threading.Lock()
        self._waiting: list[tuple[Match, Plan, int | None]] = []

    def add(self, plan: Plan, match: Match, times: int | None) -> None:
        with self._lock:
            self._waiting.append((match, plan, times))
            del self._waiting[:-MAX_PLANS]

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, model: str, prompt: str) -> Plan:
        """The plan for this order."""
        with self._lock:
            for place, (match, plan, times) in enumerate(self._waiting):
                if match.fits(model, prompt):
                    if times is not None:
                        self._waiting[place : place + 1] = [(match, plan, times - 1)] if times > 1 else []
                    return plan
        named = MAGIC.findall(prompt) if self._magic else []
        return make(name for name in named if name in FAULTS)
