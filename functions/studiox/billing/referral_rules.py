"""The rules of referrals: what a code looks like, which purchase counts, and what it is worth to whom. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from studiox.auth.sign_up import person_address
from studiox.kit.clock import datetime
from studiox.kit.daily_quota import count_today, day_of
from studiox.models.ledger import Buckets
from studiox.models.payments import Payment
from studiox.models.referrals import ReferralCode, Reward
from studiox.models.users import DayCount, User

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0, 1, I, L, O and U, which are easily mistaken for others."""
LENGTH = 8
"""With a million codes, one guess in 650,000 is right, and a caller has ten a minute."""
PER_DAY = 5
"""Rewards of an inviter on a UTC day. More first purchases a day by one person's friends are an exception; by one
person's cards they are not."""
IN_ALL = 100
"""People for whom an inviter has tokens: a bound on what one account can cost."""
PAID = ("paid", "partially_refunded", "refunded", "disputed")


def new_code(choose: Callable[[str], str]) -> str:
    """A code of random letters. `choose`: picks one of a text's characters."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))


def normalized(text: str) -> str:
    """A code as a person may have typed it: in small letters, with spaces or hyphens."""
    return text.upper().replace("-", "").replace(" ", "")


def is_code(text: str) -> bool:
    return len(text) == LENGTH and set(text) <= set(ALPHABET)


def is_same_person(one: User | None, other: User | None) -> bool:
    """Whether mail to both addresses reaches one mailbox."""
    if one is None or other is None or not one.email or not other.email:
        return False
    return person_address(one.email) == person_address(other.email)


def is_purchase(payment: Payment) -> bool:
    """Whether money was paid: an order that a promotion code made free is no purchase."""
    return payment.status in PAID and payment.amount > 0


def stands(payment: Payment) -> bool:
    """Whether the purchase counts: at least half of the money is neither refunded nor disputed.

    With less, somebody could have nearly everything refunded and keep the tokens.
    """
    return payment.status in ("paid", "partially_refunded") and 2 * (payment.refunded or 0) <= payment.amount


def may_be_rewarded(code: ReferralCode | None, inviter: User | None, now: datetime) -> bool:
    """Whether the inviter gets tokens for one more person now."""
    if code is None or inviter is None or inviter.closing or inviter.suspended:
        return False
    return code.rewarded < IN_ALL and count_today(code.today, now) < PER_DAY


def with_reward(code: ReferralCode, tokens: int, now: datetime) -> ReferralCode:
    """The code after its owner got this many tokens for one more person."""
    today = DayCount(day_of(code.today, now), count_today(code.today, now) + 1)
    return replace(with_move(code, tokens), today=today)


def with_move(code: ReferralCode, tokens: int) -> ReferralCode:
    """The code after its owner got tokens for a person, or, if negative, lost them."""
    return replace(code, rewarded=code.rewarded + (1 if tokens > 0 else -1), tokens=code.tokens + tokens)


class RewardMove(NamedTuple):
    """A reward after it was taken back or restored, and the change of the account's buckets."""

    reward: Reward
    change: Buckets


def next_move(reward: Reward, held: Buckets, *, is_due: bool) -> RewardMove | None:
    """What brings the reward in line with its purchase; None if it is. `held`: the account's buckets.

    It is taken from `bonus`, where it was given; what was spent of it becomes a debt in `purchased`, like that of a
    refunded purchase. A restored reward returns to the buckets that it was taken from.
    """
    if is_due == (reward.taken is None):
        return None
    if reward.taken is not None:
        return RewardMove(replace(reward, taken=None, moves=reward.moves + 1), reward.taken)
    left = min(reward.tokens, held.bonus)
    taken = Buckets(bonus=left, purchased=reward.tokens - left)
    return RewardMove(replace(reward, taken=taken, moves=reward.moves + 1), -taken)
