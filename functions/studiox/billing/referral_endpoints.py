"""The callables of referral codes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from studiox.api.callables import Nothing, Request, Response, User, VerifiedUser, endpoint
from studiox.kit.errors import AccountSuspended, EmailNotVerified, NotFound
from studiox.kit.rate_limits import Limit
from studiox.tokens.social_tasks import AlreadyClaimed

from . import referrals


class ReferralSummary(Response):
    code: str
    invited: int
    """People who have redeemed the code."""
    rewarded: int
    """Those of them whose first purchase has brought tokens."""
    tokens: int
    """The tokens that they have brought."""


@endpoint(limit=Limit(60, per=60), refuses=(AccountSuspended, NotFound))
def getReferral(caller: User, request: Nothing) -> ReferralSummary:
    """Return the caller's referral code, which the first call makes, and what came of it."""
    code, found = referrals.code_of(caller)
    return ReferralSummary(code=code, invited=found.invited, rewarded=found.rewarded, tokens=found.tokens)


class RedeemReferral(Request, frozen=True):
    code: Annotated[str, Meta(min_length=1, max_length=32)]


class ReferralRedeemed(Response):
    pending: Literal[True]
    """Both get tokens when the caller's first purchase is settled."""


@endpoint(
    limit=Limit(10, per=60, in_commit=True),
    refuses=(AccountSuspended, AlreadyClaimed, EmailNotVerified, NotFound),
)
def redeemReferral(caller: VerifiedUser, request: RedeemReferral) -> ReferralRedeemed:
    """Redeem somebody's referral code, once, before the first purchase."""
    referrals.redeem(caller, request.code)
    return ReferralRedeemed(pending=True)
