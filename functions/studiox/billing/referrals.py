"""A person's referral code, and redeeming somebody else's. referral_settlement.py rewards both."""

from __future__ import annotations

import secrets

from studiox.api.callables import User, VerifiedUser
from studiox.auth import service as auth_service
from studiox.kit import clock, firestore, ids
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention, InvalidRequest, NotFound, Wrong
from studiox.kit.transaction import Docs, Reads
from studiox.models.referrals import Referral, ReferralCode, code_path, referral_path
from studiox.models.users import change_user, user_path
from studiox.tokens.social_tasks import AlreadyClaimed

from . import referral_rules as rules
from .context import StaleRead, until_read_fresh
from .referral_settlement import first_purchase

ROUNDS = 6


class _Taken(Exception):
    """A new code is somebody's already."""


def code_of(caller: User) -> tuple[str, ReferralCode]:
    """The caller's code, made at the first call, and what came of it. `Contention`."""
    user = auth_service.account(caller)
    code = user.referral_code or _with_new_code(caller)
    found = firestore.get(code_path(code))
    if found is None:
        raise NotFound  # the account was deleted in between
    return code, found


def _with_new_code(caller: User) -> str:
    for _ in range(ROUNDS):
        code, now = rules.new_code(secrets.choice), clock.now()

        def decide(docs: Docs, code: str = code, now: datetime = now) -> str:
            user = docs.get(user_path(caller.uid))
            if user is None:
                raise NotFound
            if user.referral_code is not None:
                return user.referral_code
            if docs.exists(code_path(code)):
                raise _Taken
            docs.create(code_path(code), ReferralCode(uid=caller.uid, created_at=now))
            change_user(docs, caller.uid, now, referral_code=code)
            return code

        try:
            return caller.commit(user_path(caller.uid), decide, Reads(fresh=[code_path(code)]), target=code_path(code))
        except _Taken:
            continue
    raise Contention(retryAfterSeconds=1)


def redeem(caller: VerifiedUser, text: str) -> None:
    """Remember that the caller has come by this code. Repeatable until it is rewarded.

    `NotFound` for an unknown code, `AlreadyClaimed` after another one, `InvalidRequest` for the caller's own, and after
    the caller's first purchase.
    """
    code = rules.normalized(text)
    if not rules.is_code(code):
        raise NotFound

    def attempt() -> None:
        auth_service.with_account(caller, lambda account: _redeem(caller, code, account))

    until_read_fresh(attempt, retry_after_s=1)


def _redeem(caller: VerifiedUser, code: str, account: auth_service.AccountOf) -> None:
    # Every purchase moves tokens: one that is settled after this read changes `ledger_seq`.
    before, owner = firestore.get_pair(user_path(caller.uid), code_path(code))
    if owner is None:
        raise NotFound
    has_paid = first_purchase(caller.uid) is not None
    now, reward_id = clock.now(), ids.new()
    path = referral_path(caller.uid)
    inviter_path = user_path(owner.uid)

    def decide(docs: Docs) -> None:
        user = account(docs)
        if before is None or user.ledger_seq != before.ledger_seq:
            raise StaleRead
        current, existing = docs.get(code_path(code)), docs.get(path)
        if current is None:
            raise NotFound
        if existing is not None:
            if existing.code == code and existing.is_open:
                return
            raise AlreadyClaimed
        # Without a verified address anybody could try whose code it is. The settlement compares the addresses again.
        is_alias = caller.email_verified and rules.is_same_person(user, docs.get(inviter_path))
        if current.uid == caller.uid or is_alias:
            raise InvalidRequest(fields={"code": Wrong("must be somebody else's", {"rule": "own"})})
        if has_paid:
            late = Wrong("must be redeemed before the first purchase", {"rule": "tooLate"})
            raise InvalidRequest(fields={"code": late})
        docs.create(path, Referral(uid=caller.uid, code=code, reward_id=reward_id, created_at=now))
        docs.update(code_path(code), invited=current.invited + 1)
        change_user(docs, caller.uid, now, referred=True)

    caller.commit(user_path(caller.uid), decide, Reads(fresh=[code_path(code), path, inviter_path]), target=path)
