"""What Firebase Auth holds of an account: whether there is one, its claims, and since when its tokens count."""

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
    """Tokens that were made before count no more."""


def find_sign_in(uid: str) -> SignIn | None:
    """None if Auth knows no such user. `Unavailable`."""
    from firebase_admin import auth

    with _reachable():
        try:
            user = auth.get_user(uid, app=firestore.app())
        except auth.UserNotFoundError:
            return None
    admin = (user.custom_claims or {}).get("admin") is True
    return SignIn(user.disabled, admin, datetime.fromtimestamp(user.tokens_valid_after_timestamp / 1000, UTC))


def without_sign_in(uids: Sequence[str]) -> set[str]:
    """Which of up to 100 accounts Auth says that it does not know. `Unavailable`: an outage says nothing."""
    from firebase_admin import auth

    if not uids:
        return set()
    with _reachable():
        answer = auth.get_users([auth.UidIdentifier(uid) for uid in uids], app=firestore.app())
    return {each.uid for each in answer.not_found}


def end_sessions(uid: str, before: datetime) -> bool:
    """Sessions that began before are over: Auth takes their refresh tokens no more. False if it knows no such user.

    `before` is a full second, as Auth counts. `Unavailable`.
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
    """What says that Auth does not answer now becomes `Unavailable`."""
    from firebase_admin import exceptions
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (exceptions.FirebaseError, GoogleAuthError, OSError) as error:
        raise Unavailable(retryAfterSeconds=5) from error
