"""Callers as types: a function's requirements on its caller follow from the caller's type.

An ID token is valid for an hour, even if its account is suspended or deleted within that hour. So a call that changes
something, exports data or opens a Stripe page also checks the account (docs/decisions/0011-who-may-call.md): in its own
commit (`caller.commit`), or before it asks a vendor (`admit_beforehand`, `verified`).
"""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

import msgspec
from msgspec.structs import replace

from studiox.integrations import firebase_auth
from studiox.kit import audit, clock, config, firestore, rate_limits
from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import (
    AccountSuspended,
    EmailNotVerified,
    Forbidden,
    RecentSignInRequired,
    Unauthenticated,
)
from studiox.kit.transaction import Docs, Reads
from studiox.models.users import closed_path, pseudonym, user_path

C = TypeVar("C", bound="User")


class Call:
    """The state of one call."""

    def __init__(self) -> None:
        self.checked = False
        """Whether the caller's account was checked; the check may have refused the call."""
        self.allowed = False
        """Whether the last check allowed the call."""
        self.admitted = False
        """Whether the account was checked before a vendor was asked (`User.admit_beforehand`)."""


class Anyone(msgspec.Struct, frozen=True, kw_only=True):
    """A caller who may be signed out; then `uid` is None."""

    writes: ClassVar[bool] = False
    """Whether functions with such a caller may change anything."""

    uid: str | None
    email: str | None = None
    email_verified: bool = False
    admin: bool = False
    function: str = ""
    """The deployed function's name: the action in the audit log."""
    rate_limit: rate_limits.RateLimitCharge | None = None
    signed_in_at: datetime | None = None
    """Sign-in time of the session (`auth_time`)."""
    token_made_at: datetime | None = None
    call: Call = msgspec.field(default_factory=Call)

    @property
    def session(self) -> str:
        """The session's id: its sign-in time."""
        return str(self.signed_in_at)


class Reader(Anyone, frozen=True, kw_only=True):
    """A signed-in caller who changes nothing. Suspended users and ended sessions may still read."""

    uid: str


class User(Reader, audit.Actor, frozen=True, kw_only=True):
    """A signed-in caller who may change their own data: not suspended, not deleted, with a valid session.

    `admin` is true only while Auth has the claim too.
    """

    writes: ClassVar[bool] = True
    may_be_suspended: ClassVar[bool] = False
    may_be_closed: ClassVar[bool] = False
    asks_auth: ClassVar[bool] = False
    """Whether Firebase Auth is asked too: accounts may be deleted, disabled or signed out without our functions."""
    max_age: ClassVar[timedelta | None] = None
    """Maximum age of the sign-in."""

    def check(self, docs: Docs) -> None:
        """Check the account at the start of a decision. `Unauthenticated`, `AccountSuspended`, `Forbidden`."""
        self.call.checked, self.call.allowed = True, False
        self._check(docs)
        self.call.allowed = True

    def _check(self, docs: Docs) -> None:
        account = docs.get(user_path(self.uid))
        closed = docs.get(closed_path(self.uid)) is not None if account is None else account.closing
        if closed and not self.may_be_closed:
            raise Unauthenticated
        if account is None:
            return
        ended = account.sessions_revoked_at
        if ended is not None and (self.signed_in_at is None or self.signed_in_at < ended):
            raise Unauthenticated
        if account.suspended and not self.may_be_suspended:
            raise Forbidden if isinstance(self, Admin) else AccountSuspended

    def admit_beforehand(self, docs: Docs | None = None) -> None:
        """Check the account and the rate limit before a vendor is asked. The call's commit then charges the limit only.

        `docs`: the documents of `paths`, as the call has just read them; None: they are read, in one round trip. If the
        account is deleted after this, its closed counter makes the commit fail. A suspension applies to the next call.
        """
        found = docs or firestore.docs_of(firestore.read_documents(self.paths()))
        self.check(found)
        if (charge := self._uncounted) is not None:
            charge.count(found, clock.now())
        self.call.admitted = True

    def paths(self) -> list[str]:
        """The documents that `admit_beforehand` reads."""
        charge = self._uncounted
        return [user_path(self.uid), closed_path(self.uid), *([charge.path] if charge is not None else [])]

    @property
    def _uncounted(self) -> rate_limits.RateLimitCharge | None:
        """The rate-limit charge that the call's next commit makes: its first commit makes it, if any does."""
        charge = self.rate_limit
        return charge if charge is not None and charge.declared.in_commit and not charge.receipt.given else None

    @property
    def recorded_as(self) -> str:
        """The actor in the audit log."""
        return self.uid

    def admission(self, reads: Reads) -> audit.Admission:
        """Check the account and charge the rate limit, before the decision and in its commit.

        A replay is not charged (`Reads.created_once`). Nor is a commit charged again whose response was lost. Account
        and counter are read with the documents that are read fresh, or come from the cache: they cost no round trip. A
        second commit of the same call checks the account again and charges nothing.
        """
        charge, checks = self._uncounted, not self.call.admitted

        def admit(docs: Docs, now: datetime, repeated: bool) -> None:
            if checks:
                self.check(docs)
            if charge is None:
                return
            if repeated:
                docs.after_commit.append(charge.receipt.give)
            elif not any(docs.exists(path) for path in reads.created_once):
                charge.count(docs, now)

        own = [*([user_path(self.uid)] if checks else []), *([charge.path] if charge is not None else [])]
        more = [path for path in own if path not in reads.cached and path not in reads.already_read]
        name = "fresh" if reads.fresh else "cached"
        return audit.Admission(replace(reads, **{name: [*getattr(reads, name), *more]}), admit=admit)

    def verify(self) -> None:
        """Check the account now, in one round trip, unless this call has checked it."""
        if not self.call.checked:
            paths = (user_path(self.uid), closed_path(self.uid))
            self.check(firestore.docs_of(firestore.read_documents(paths)))


class VerifiedUser(User, frozen=True, kw_only=True):
    """A user whose e-mail address is confirmed, if REQUIRE_VERIFIED_EMAIL is on."""

    @classmethod
    def of(cls, reader: Reader, charge: rate_limits.RateLimitCharge) -> Self:
        """The same person as the caller of another function, to learn whether it would refuse them now.

        `charge`: of a call of that function. `check_email` and `refuse_known` are not part of the admission.
        """
        fields = {name: getattr(reader, name) for name in Anyone.__struct_fields__ if name != "call"}
        return cls(**{**fields, "rate_limit": charge})


class Buyer(VerifiedUser, frozen=True, kw_only=True):
    """A verified user who is about to pay. Firebase Auth is asked too."""

    asks_auth: ClassVar[bool] = True


class AccountHolder(User, frozen=True, kw_only=True):
    """A user who may be suspended, for calls such as an export. Firebase Auth is asked too."""

    may_be_suspended: ClassVar[bool] = True
    asks_auth: ClassVar[bool] = True


class RecentAccountHolder(AccountHolder, frozen=True, kw_only=True):
    """An account holder who signed in within the last ten minutes. May repeat the call that deleted the account.

    The audit log, which outlives the account, names the pseudonym.
    """

    may_be_closed: ClassVar[bool] = True
    max_age: ClassVar[timedelta | None] = timedelta(minutes=10)

    @property
    def recorded_as(self) -> str:
        return pseudonym(self.uid)


class Admin(User, frozen=True, kw_only=True):
    """An administrator: the claim `admin: true` in the ID token and at Auth, and not suspended."""

    asks_auth: ClassVar[bool] = True


def check_email(kind: type[Anyone], email_verified: bool) -> None:
    """`EmailNotVerified` if callers of this kind need a confirmed address."""
    if issubclass(kind, VerifiedUser) and config.REQUIRE_VERIFIED_EMAIL.value and not email_verified:
        raise EmailNotVerified


def verified(caller: C) -> C:
    """The caller, checked before the call acts. `admin` is true only if Firebase Auth has the claim too.

    `Unauthenticated`, `AccountSuspended`, `Forbidden`, `RecentSignInRequired`; `Unavailable` if Auth or Firestore is.
    """
    paths = (user_path(caller.uid), closed_path(caller.uid))
    docs = firestore.docs_of(firestore.read_documents(paths))
    caller.check(docs)
    account, closed = docs.get(paths[0]), docs.get(paths[1])
    caller.call.allowed = False
    if caller.asks_auth or caller.admin:
        found = firebase_auth.find_sign_in(caller.uid)
        if found is None and closed is None and caller.may_be_closed:
            closed = firestore.get(closed_path(caller.uid))  # another call may have deleted the account since
        if found is None and not (caller.may_be_closed and closed is not None):
            raise Unauthenticated
        if found is not None:
            # A suspension ends the sessions too. Their tokens remain valid for what a suspended user may do.
            suspended = account is not None and account.suspended
            made = caller.token_made_at
            if found.disabled or (not suspended and (made is None or made < found.valid_after)):
                raise Unauthenticated
            if isinstance(caller, Admin) and not found.admin:
                raise Forbidden
            caller = msgspec.structs.replace(caller, admin=found.admin and caller.admin)
    if caller.max_age is not None:
        began = caller.signed_in_at
        if began is None or clock.now() - began > caller.max_age:
            raise RecentSignInRequired(maxAgeSeconds=int(caller.max_age.total_seconds()))
    caller.call.allowed = True
    return caller
