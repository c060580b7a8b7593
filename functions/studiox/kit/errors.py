"""Refusals. The class name is the public reason, `code` the transport's code, `details` the figures.

`text` is for people: what happened, and what to do. It may change; the reason does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NotRequired, Self, TypedDict

# The canonical codes of https://cloud.google.com/apis/design/errors, as firebase_functions.https_fn spells them.
CODES = (
    "unauthenticated",
    "permission-denied",
    "failed-precondition",
    "invalid-argument",
    "not-found",
    "already-exists",
    "resource-exhausted",
    "aborted",
    "unavailable",
    "internal",
)


class StudioxError(Exception):
    """A refusal, as the client sees it. `details` holds JSON values only, never a vendor's text or a secret."""

    code: ClassVar[str] = "internal"
    text: ClassVar[str] = "Something went wrong on our side. Please try again later."
    figures: ClassVar[Mapping[str, Any]] = {}
    """{detail: its type}; None marks an optional one. Clients' types are generated from it."""

    def __init__(self, **details: Any) -> None:
        super().__init__(type(self).__name__)
        self.details = details

    @property
    def reason(self) -> str:
        return type(self).__name__

    def as_details(self) -> dict[str, Any]:
        """What `HttpsError.details` carries."""
        return {"reason": self.reason, **self.details}


class Unauthenticated(StudioxError):
    code = "unauthenticated"
    text = "Please sign in and try again."


class Forbidden(StudioxError):
    code = "permission-denied"
    text = "You don't have permission to do this."


class AccountSuspended(StudioxError):
    code = "permission-denied"
    text = "Your account is suspended. Contact support if you think this is a mistake."


class EmailNotVerified(StudioxError):
    code = "failed-precondition"
    text = "Please confirm your e-mail address first. We have sent you a link."


class RecentSignInRequired(StudioxError):
    """The sign-in is older than `maxAgeSeconds`. Sign in again and repeat the call."""

    code = "failed-precondition"
    figures = {"maxAgeSeconds": int}
    text = "Please sign in again to confirm that it is you."


RuleName = Literal[
    "missing", "unknown", "type", "tooShort", "tooLong", "tooFew", "tooMany", "tooSmall", "tooLarge", "outOfRange",
    "format", "choice", "characters", "tooManyLinks", "notOffered", "excluded", "mismatch", "own", "tooLate",
    "notYours", "notAPicture", "wrongHost", "other",
]  # fmt: skip
"""`tooShort` and `tooLong` count characters, `tooFew` and `tooMany` items. `excluded`: not with the other inputs.
`own`: must be somebody else's. `other`: there is no name for it."""


class FieldRule(TypedDict):
    """The rule that a field breaks, with its bounds or the hosts that it allows."""

    rule: RuleName
    least: NotRequired[float]
    most: NotRequired[float]
    allowed: NotRequired[list[str]]


class Wrong(str):
    """What is wrong with a field: in words for developers, and the rule for clients."""

    rule: FieldRule

    def __new__(cls, words: str, rule: FieldRule) -> Self:
        made = super().__new__(cls, words)
        made.rule = rule
        return made


NOT_OFFERED = Wrong("not in the catalogue", {"rule": "notOffered"})


class InvalidRequest(StudioxError):
    """`fields`: {field: message}, in English for developers; the empty name is the request itself.

    `rules`: {field: the rule that it breaks}, which a client words in its user's language.
    """

    code = "invalid-argument"
    figures = {"fields": dict[str, str], "rules": dict[str, FieldRule]}

    text = "Some of the values are not valid. Please check them and try again."

    def __init__(self, fields: Mapping[str, str]) -> None:
        """A field's text is a `Wrong`, or breaks a rule that has no name."""
        other: FieldRule = {"rule": "other"}
        self.wrong = fields
        super().__init__(
            fields={name: str(words) for name, words in fields.items()},
            rules={name: words.rule if isinstance(words, Wrong) else other for name, words in fields.items()},
        )


class InvalidCursor(StudioxError):
    code = "invalid-argument"
    text = "This page is no longer available. Please start again from the first page."


class NotFound(StudioxError):
    code = "not-found"
    text = "We couldn't find that. It may have been deleted."


class RequestIdReused(StudioxError):
    code = "already-exists"
    text = "This requestId was already used for a different request. Use a new one."


class RateLimited(StudioxError):
    code = "resource-exhausted"
    figures = {"retryAfterSeconds": int}
    text = "You're doing this too often. Please wait a moment and try again."


class Contention(StudioxError):
    """The retries ran out. Nothing was changed."""

    code = "aborted"
    figures = {"retryAfterSeconds": int}
    text = "Too many changes happened at the same time. Nothing was changed; please try again."


class Unavailable(StudioxError):
    """The database cannot be reached. Repeat the same call to learn whether it took effect."""

    code = "unavailable"
    figures = {"retryAfterSeconds": int}
    text = "We can't reach our servers right now. Please try again in a moment."
