"""Accounts for tests: a user's document as sign-up makes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from studiox.auth.sign_up import new_user
from studiox.kit import documents
from studiox.models.users import User

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def user_of(email: str | None = "x@canary.test", now: datetime = NOW, *, name: str | None = None) -> User:
    return new_user(email, name, None, now)


def user_data(
    email: str | None = "x@canary.test", now: datetime = NOW, *, name: str | None = None, **fields: Any
) -> dict[str, Any]:
    """The same as Firestore holds it, with these fields, by their stored names."""
    return {**documents.encode(user_of(email, now, name=name)), **fields}
