"""Refusals: a class is the public reason, its code the transport's, its details the figures (contract §1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

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
    """A refusal that a client may see. `details` holds JSON values only; never a vendor's text or a secret."""

    code: ClassVar[str] = "internal"
    text: ClassVar[str] = "Something went wrong."
    figures: ClassVar[Mapping[str, Any]] = {}
    """{detail: its type}, what `details` may hold; None marks one that may be absent. Clients' types are made of it."""

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
    text = "Sign in first."


class Forbidden(StudioxError):
    code = "permission-denied"
    text = "You may not do this."


class AccountSuspended(StudioxError):
    code = "permission-denied"
    text = "This account is suspended."


class EmailNotVerified(StudioxError):
    code = "failed-precondition"
    text = "Confirm your e-mail address first."


class RecentSignInRequired(StudioxError):
    """The sign-in is older than `maxAgeSeconds`: sign in again, and repeat the call."""

    code = "failed-precondition"
    figures = {"maxAgeSeconds": int}
    text = "Sign in again first."


class InvalidRequest(StudioxError):
    """`fields`: {field: message}; the empty name is the request itself."""

    code = "invalid-argument"
    figures = {"fields": dict[str, str]}
    text = "The request is not valid."


class InvalidCursor(StudioxError):
    code = "invalid-argument"
    text = "The cursor is not one of this list."


class NotFound(StudioxError):
    code = "not-found"
    text = "There is no such thing."


class RequestIdReused(StudioxError):
    code = "already-exists"
    text = "This requestId was used for another request."


class RateLimited(StudioxError):
    code = "resource-exhausted"
    figures = {"retryAfterSeconds": int}
    text = "Too many calls; wait a little."


class Contention(StudioxError):
    """Retries ran out and nothing happened."""

    code = "aborted"
    figures = {"retryAfterSeconds": int}
    text = "Too much is happening at once; nothing was changed, try again."


class Unavailable(StudioxError):
    """The database cannot be reached: whether it happened shows when the call is repeated."""

    code = "unavailable"
    figures = {"retryAfterSeconds": int}
    text = "The service cannot be reached; try again with the same request."
