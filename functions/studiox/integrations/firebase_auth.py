"""Firebase Auth's record of a user: whether it exists, its admin claim, and when its sessions were revoked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from studiox.kit import firestore
from studiox.kit.clock import UTC, datetime
from studiox.kit.errors import Unavailable


class SignIn(NamedTuple):
    disabled: bool
    admin: bool
    valid_after: datetime
    """Tokens that were issued earlier are revoked."""


def find_sign_in(uid: str) -> SignIn | None:
    """The user's sign-in, or None if there is no such user. `Unavailable`."""
    from firebase_admin import auth

    with _reachable():
        try:
            user = auth.get_user(uid, app=firestore.app())
        except auth.UserNotFoundError:
            return None
    admin = (user.custom_claims or {}).get("admin") is True
    return SignIn(user.disabled, admin, datetime.fromtimestamp(user.tokens_valid_after_timestamp / 1000, UTC))


def without_sign_in(uids: Sequence[str]) -> set[str]:
    """The ids, of up to 100, that have no user in Auth. `Unavailable` during an outage."""
    from firebase_admin import auth

    if not uids:
        return set()
    with _reachable():
        answer = auth.get_users([auth.UidIdentifier(uid) for uid in uids], app=firestore.app())
    return {each.uid for each in answer.not_found}


def end_sessions(uid: str, before: datetime) -> bool:
    """Revoke the refresh tokens of sessions that began earlier than `before`. False if there is no such user.

    `before` is a whole second, as Auth counts. `Unavailable`.
    """
    from firebase_admin import auth

    with _reachable():
        try:
            auth.update_user(uid, valid_since=int(before.timestamp()), app=firestore.app())
        except auth.UserNotFoundError:
            return False
    return True


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    """Raise `Unavailable` for errors that mean that Auth does not answer."""
    from firebase_admin import exceptions
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (exceptions.FirebaseError, GoogleAuthError, OSError) as error:
        raise Unavailable(retryAfterSeconds=5) from error
