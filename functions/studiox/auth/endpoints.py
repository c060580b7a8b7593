"""Accounts as the SDK and clients see them: the sign-up trigger, and the callables of the caller's own profile."""

from __future__ import annotations

from typing import Annotated

import msgspec
from firebase_functions import https_fn, identity_fn
from msgspec import UNSET, Meta, UnsetType

from studiox.api.blocking import from_auth_only
from studiox.api.callables import Name, Nothing, Reader, Request, Response, User, endpoint
from studiox.kit import config, log
from studiox.kit.clock import datetime
from studiox.kit.errors import StudioxError, Unavailable
from studiox.kit.rate_limits import Limit
from studiox.models import users
from studiox.models.ledger import MAX_BALANCE
from studiox.models.users import PlanId

from . import service, sign_up


@from_auth_only
@identity_fn.before_user_created(secrets=[config.APP_SIGNING_KEY], timeout_sec=10)
def onUserCreated(event: identity_fn.AuthBlockingEvent) -> identity_fn.BeforeCreateResponse | None:
    """Provision the account before its first ID token exists; refuse disposable e-mail domains."""
    user = event.data
    blocked, allowed = config.listed(config.BLOCKED_EMAIL_DOMAINS), config.listed(config.ALLOWED_EMAIL_DOMAINS)
    if user.email and sign_up.is_blocked(user.email, blocked, allowed):
        log.info("refused", function="onUserCreated", reason="Forbidden")
        raise https_fn.HttpsError(https_fn.FunctionsErrorCode.PERMISSION_DENIED, "This e-mail domain cannot sign up.")
    new = service.NewUser(user.uid, user.email, bool(user.email_verified), user.display_name, user.photo_url)
    try:
        service.provision(new, "onUserCreated")
    except StudioxError as error:
        code = https_fn.FunctionsErrorCode(error.code)
        raise https_fn.HttpsError(code, error.text, error.as_details()) from error
    return None


class Streak(Response):
    current: int
    longest: int
    last_active_date: str | None


class Profile(Response):
    uid: str
    email: str | None
    display_name: str | None
    photo_url: str | None
    plan: PlanId
    balance: int
    streak: Streak
    preferences: dict[str, bool | int | str]
    created_at: datetime


def _profile(uid: str, user: users.User) -> Profile:
    return Profile(
        uid=uid,
        email=user.email,
        display_name=user.display_name,
        photo_url=user.photo_url,
        plan=user.plan,
        balance=user.balance,
        streak=Streak(
            current=user.streak.current,
            longest=user.streak.longest,
            last_active_date=user.streak.last_active_date,
        ),
        preferences=msgspec.to_builtins(user.preferences),
        created_at=user.created_at,
    )


@endpoint(limit=Limit(60, per=60))
def initializeUser(caller: User, request: Nothing) -> Profile:
    """Create the caller's account if the sign-up trigger did not (imported users, Admin SDK). Idempotent."""
    return _profile(caller.uid, service.provision(service.as_new(caller), "initializeUser"))


@endpoint(limit=Limit(120, per=60))
def getProfile(caller: Reader, request: Nothing) -> Profile:
    """Return the caller's profile."""
    return _profile(caller.uid, service.account(caller))


class Preferences(Request, frozen=True):
    """Those that are given change. `emailNotifications` applies to every kind of e-mail that is not set. With
    `matureContent` mature posts are shown."""

    email_notifications: bool | None = None
    email_jobs: bool | None = None
    email_payments: bool | None = None
    email_tokens: bool | None = None
    email_comments: bool | None = None
    email_moderation: bool | None = None
    daily_spend_limit: Annotated[int, Meta(ge=1, le=MAX_BALANCE)] | UnsetType | None = UNSET
    """The most tokens that may be spent in a UTC day. Null removes it."""
    low_balance_at: Annotated[int, Meta(ge=0, le=MAX_BALANCE)] | UnsetType | None = UNSET
    """Below how many tokens a notification is sent; 0 for none. Null is the default, 20."""
    mature_content: bool | None = None
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}$(?!\n)")] | UnsetType | None = UNSET
    """The language of letters and payment pages, as a primary tag of BCP 47: `en`, `ar`. Null: not known."""

    def given(self) -> service.Preferences:
        """Those that are given, by their names in `users.Preferences`."""
        removable = ("daily_spend_limit", "low_balance_at", "language")
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        return {name: value for name, value in given.items() if value is not None or name in removable}


class UpdateProfile(Request, frozen=True):
    display_name: Annotated[str, Meta(max_length=sign_up.MAX_NAME), Name] | None = None
    photo_url: Annotated[str, Meta(max_length=2048, pattern=r"^(https://[^\s\\]+)?$(?!\n)")] | None = None
    preferences: Preferences = Preferences()


@endpoint(limit=Limit(60, per=60, in_commit=True))
def updateProfile(caller: User, request: UpdateProfile) -> Profile:
    """Change the caller's name, picture (https) or preferences; an empty text removes the name or picture."""
    given = request.preferences.given()
    return _profile(caller.uid, service.update_profile(caller, request.display_name, request.photo_url, given))


class SessionsRevoked(Response):
    revoked_at: datetime


@endpoint(limit=Limit(10, per=60, in_commit=True), refuses=(Unavailable,))
def revokeSessions(caller: User, request: Nothing) -> SessionsRevoked:
    """Sign out everywhere. Earlier sessions can no longer spend or publish, and end with their ID tokens."""
    return SessionsRevoked(revoked_at=service.revoke_sessions(caller))
