"""Referrals: each person's code, `referralCodes/{code}`; who has come by one, `referrals/{uid}`; and who has counted,
`referralPayers/{hash}`. No client reads them.
"""

from __future__ import annotations

from typing import Any, Literal

from studiox.kit import ids
from studiox.kit.clock import datetime, timedelta
from studiox.kit.documents import Collection, Path, Stored
from studiox.kit.transaction import Docs

from .ledger import Buckets
from .users import DayCount, user_path

Refused = Literal["same_person", "same_card", "counted_before"]


class ReferralCode(Stored, frozen=True, kw_only=True):
    """A person's code, and what came of it."""

    uid: str
    created_at: datetime
    invited: int = 0
    """People who have redeemed it."""
    rewarded: int = 0
    """Those of them for whom the owner has tokens now."""
    tokens: int = 0
    """The tokens that the owner has for them now."""
    today: DayCount | None = None
    """Rewards of the owner on the last day with one."""


class Reward(Stored, frozen=True, kw_only=True):
    """What one of the two has got."""

    tokens: int
    moves: int = 0
    """How often it was taken back or restored since. It makes the ledger entries' ids unique."""
    taken: Buckets | None = None
    """While it is taken back: from which buckets, as positive amounts."""


class Referral(Stored, frozen=True, kw_only=True):
    """A person who has redeemed a code. Written by `redeemReferral`, and settled after the person's payments change."""

    uid: str
    code: str
    reward_id: str
    """Names the ledger entries of both. Random, so that neither learns from it who the other is."""
    created_at: datetime
    due_at: datetime | None = None
    """When a payment of the person's last changed; None once the referral agrees with it."""
    purchase_id: str | None = None
    """The payment that counts: the first that was settled."""
    refused: Refused | None = None
    """Why nobody gets anything."""
    invited: Reward | None = None
    inviter: Reward | None = None
    """Absent if the inviter's account was gone, suspended or at a limit when the purchase was settled."""

    @property
    def is_open(self) -> bool:
        """Whether it was neither rewarded nor refused."""
        return self.invited is None and self.refused is None


class ReferralMark(Stored, frozen=True):
    """The field that a payment's settlement sets. Any value is accepted: a payment must be settled all the same."""

    due_at: Any = None


class ReferralPayer(Stored, frozen=True, kw_only=True):
    """A person or a card that a reward was given for. Named by a keyed hash of the address or the card."""

    at: datetime


REFERRAL_CODES = Collection("referralCodes", ReferralCode)
REFERRALS = Collection("referrals", Referral)
REFERRAL_PAYERS = Collection("referralPayers", ReferralPayer)


def code_path(code: str) -> Path[ReferralCode]:
    return REFERRAL_CODES.document(code)


def referral_path(uid: str) -> Path[Referral]:
    return REFERRALS.document(uid)


def payer_path(kind: Literal["person", "card"], value: str) -> Path[ReferralPayer]:
    """Of a person's address, or of a card's fingerprint."""
    return REFERRAL_PAYERS.document(ids.keyed("referral", kind, value))


def mark_due(docs: Docs, uid: str, now: datetime) -> None:
    """Note that the user's referral, if there is one, must be settled: in the commit that changes a payment of theirs.

    A settlement that has read the payment before is decided again, because the mark is another one each time.
    """
    user = docs.get(user_path(uid))
    if user is None or not user.referred:
        return
    path = Path(referral_path(uid), ReferralMark)
    mark = docs.get(path)
    if mark is not None:
        before = mark.due_at
        due_at = max(now, before + timedelta(microseconds=1)) if isinstance(before, datetime) else now
        docs.put(path, ReferralMark(due_at=due_at))
