"""Provisioning: a user's document and one welcome bonus, once per account and once per person."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from studiox.api.callers import Reader, User
from studiox.auth import welcome_bonus
from studiox.auth.welcome_bonus import grant_welcome, take_welcome
from studiox.integrations.firebase_auth import end_sessions, find_sign_in
from studiox.kit import audit, clock, config, firestore
from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import Unauthenticated, Unavailable
from studiox.kit.transaction import Docs, Reads
from studiox.models import users
from studiox.models.welcomes import Welcome

from . import sign_up

T = TypeVar("T")
AccountOf = Callable[[Docs], users.User]
"""In a decision: the caller's document."""


class NewUser(NamedTuple):
    """A user's data from the sign-in provider."""

    uid: str
    email: str | None
    verified: bool
    name: str | None = None
    photo: str | None = None


class Contested(NamedTuple):
    """Another account took this person's bonus."""

    holder: str
    seq: int
    """The holder's ledgerSeq with that bonus as its last entry."""


class _Provisioned(NamedTuple):
    answer: users.User | Contested
    created: bool = False


def provision(user: NewUser, action: str) -> users.User:
    """The user's document, created if it does not exist, with the welcome bonus if it is due. Idempotent."""
    now = clock.now()
    answer = _provision(user, action, now, settled=None)
    if isinstance(answer, Contested):
        # Either the bonus moves here from an account whose sign-up failed, or it is refused permanently.
        moves = _sign_up_failed(answer)
        answer = _provision(user, action, now, settled=answer._replace(holder=answer.holder if moves else ""))
    if isinstance(answer, Contested):
        raise Unavailable(retryAfterSeconds=1)  # the bonus has moved again: the next call reads its new holder
    return answer


def _provision(user: NewUser, action: str, now: datetime, *, settled: Contested | None) -> users.User | Contested:
    path, closed = users.user_path(user.uid), users.closed_path(user.uid)
    tokens = config.WELCOME_TOKENS.value
    due = user.email is not None and (user.verified or not config.REQUIRE_VERIFIED_EMAIL.value)
    welcome = welcome_bonus.welcome_path(user.email) if user.email else None

    def decide(docs: Docs) -> _Provisioned:
        current = docs.get(path)
        if current is None and docs.get(closed) is not None:
            raise Unauthenticated  # a token of an account that was deleted
        if current is not None and (not due or current.welcome != "pending" or current.closing):
            return _Provisioned(current)
        held = None if welcome is None else docs.get(welcome)
        contested = due and held is not None and held.uid != user.uid
        if held is not None and contested and settled is None:
            return _Provisioned(Contested(held.uid, held.seq))
        created = current is None
        if current is None:
            month = None if held is None else held.month
            current = sign_up.new_user(user.email, user.name, user.photo, now, month)
            docs.create(path, current)
        if not due or welcome is None:
            return _Provisioned(current, created)
        if contested and settled is not None and not _take_back(docs, settled, user.uid, now):
            return _Provisioned(docs.update(path, welcome="refused"), created)
        if tokens > 0:
            grant_welcome(docs, user.uid, tokens, now)
        current = docs.update(path, welcome="granted")
        month = None if held is None else held.month
        docs.put(welcome, Welcome(uid=user.uid, seq=current.ledger_seq, tokens=tokens, at=now, month=month))
        return _Provisioned(current, created)

    reads = Reads(fresh=[path, closed, *([welcome] if welcome else [])])
    by = audit.System(action, user.uid)
    return by.commit(path, decide, reads, target=path, details=lambda made: {} if made.created else None).answer


def _take_back(docs: Docs, settled: Contested, taker: str, now: datetime) -> bool:
    """Take the bonus from an account whose sign-up failed, so that it cannot be spent twice. False if it was used.

    If that sign-up succeeds later, the account's first call requests the bonus again.
    """
    path = users.user_path(settled.holder)
    holder = docs.get(path) if settled.holder else None
    if holder is None or holder.ledger_seq != settled.seq:
        return False
    if holder.balance > 0:
        take_welcome(docs, settled.holder, holder.balance, taker, now)
    docs.update(path, welcome="pending")
    return True


def _sign_up_failed(claim: Contested) -> bool:
    """Whether the account that took the bonus failed at sign-up, after its trigger (faults A2).

    If it failed, its document exists, unchanged since the bonus, and Auth has no such user. If the account has moved
    tokens, or was deleted by our own function (it has no document), its sign-up succeeded.
    """
    holder = firestore.get(users.user_path(claim.holder))
    if holder is None or holder.ledger_seq != claim.seq:
        return False
    return find_sign_in(claim.holder) is None


def account(caller: Reader, action: str = "initializeUser") -> users.User:
    """The caller's document in one round trip. If the sign-up trigger has not run, the account is provisioned first."""
    user = firestore.get(users.user_path(caller.uid))
    if user is None or is_welcome_due(user, caller):
        return provision(as_new(caller), action)
    return user


class _NotProvisioned(Exception):
    """The caller's document does not exist yet (imported, Admin SDK), or its bonus is still to be granted."""


def with_account(caller: User, act: Callable[[AccountOf], T]) -> T:
    """The result of `act`, which reads the account in its decision. If needed, the account is provisioned first."""

    def first(docs: Docs) -> users.User:
        user = docs.get(users.user_path(caller.uid))
        if user is None or is_welcome_due(user, caller):
            raise _NotProvisioned
        return user

    def then(docs: Docs) -> users.User:
        user = docs.get(users.user_path(caller.uid))
        if user is None:
            raise Unavailable(retryAfterSeconds=1)  # deleted in between: the next call is refused
        return user

    try:
        return act(first)
    except _NotProvisioned:
        provision(as_new(caller), caller.function)
        return act(then)


def is_welcome_due(user: users.User, caller: Reader) -> bool:
    """Whether `provision` must grant or refuse the bonus now that the owner calls."""
    may = caller.email is not None and (caller.email_verified or not config.REQUIRE_VERIFIED_EMAIL.value)
    return may and user.welcome == "pending"


def as_new(caller: Reader) -> NewUser:
    return NewUser(caller.uid, caller.email, caller.email_verified)


_STORED = {"display_name": "displayName", "photo_url": "photoUrl", "preferences": "preferences"}


Preferences = Mapping[str, bool | int | str | None]
"""Those to change, by their names in `users.Preferences`."""


def update_profile(caller: User, name: str | None, photo: str | None, preferences: Preferences) -> users.User:
    """The account with these changes (None: unchanged, empty: removed). Preferences are merged."""
    return with_account(caller, lambda account: _update(caller, name, photo, preferences, account))


def _update(
    caller: User, name: str | None, photo: str | None, preferences: Preferences, account: AccountOf
) -> users.User:
    now = clock.now()
    path = users.user_path(caller.uid)
    given = {"display_name": name, "photo_url": photo}
    fields = sorted(
        _STORED[each] for each, value in {**given, "preferences": preferences or None}.items() if value is not None
    )

    def decide(docs: Docs) -> users.User:
        user = account(docs)
        changes: dict[str, Any] = {field: value or None for field, value in given.items() if value is not None}
        if preferences:
            changes["preferences"] = msgspec.structs.replace(user.preferences, **preferences)
        return docs.update(path, **changes, updated_at=now)

    return caller.commit(path, decide, Reads(cached=[path]), target=path, details=lambda _user: {"fields": fields})


def revoke_sessions(caller: User) -> datetime:
    """Sign the caller out everywhere: Auth rejects their refresh tokens, and we reject calls that write (fault A6).

    Tokens hold the sign-in time in whole seconds. This call returns after the current second ends, so it ends every
    earlier sign-in and none after it. `Unavailable`.
    """
    caller.admit_beforehand()
    now = clock.now()
    ended = now.replace(microsecond=0) + timedelta(seconds=1)
    if not end_sessions(caller.uid, ended):
        raise Unauthenticated
    with_account(caller, lambda account: _revoke(caller, ended, account))
    time.sleep(max(0.0, min(1.0, (ended - clock.now()).total_seconds())))
    return ended


def _revoke(caller: User, ended: datetime, account: AccountOf) -> None:
    now = clock.now()
    path = users.user_path(caller.uid)

    def decide(docs: Docs) -> None:
        account(docs)
        users.change_user(docs, caller.uid, now, sessions_revoked_at=ended)

    caller.commit(path, decide, Reads(cached=[path]), target=path)
