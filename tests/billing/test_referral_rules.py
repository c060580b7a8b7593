"""The rules of referrals: codes, which purchases count, limits, and rewards that are taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from studiox.billing import referral_rules as rules
from studiox.models.ledger import Buckets
from studiox.models.payments import Payment, PaymentStatus
from studiox.models.referrals import ReferralCode, Reward
from studiox.models.users import DayCount, User
from tests.support.people import user_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODE = ReferralCode(uid="ann", created_at=NOW)


def payment(status: PaymentStatus = "paid", amount: int = 500, refunded: int | None = None) -> Payment:
    return Payment(
        id="o1", kind="pack", amount=amount, currency="usd", status=status, refunded=refunded, created_at=NOW
    )


def test_a_code_has_eight_letters_that_are_not_mistaken_for_others() -> None:
    letters = iter("23456789")
    code = rules.new_code(lambda alphabet: next(letter for letter in letters if letter in alphabet))
    assert code == "23456789"
    assert rules.is_code(code)
    assert rules.is_code("22222222")
    assert set("01OILU").isdisjoint(rules.ALPHABET)


@pytest.mark.parametrize("text", ["", "2345678", "234567890", "2345678O", "../users", "2345678/"])
def test_anything_else_is_no_code(text: str) -> None:
    assert not rules.is_code(text)


def test_a_code_is_read_as_people_type_it() -> None:
    assert rules.normalized("abcd-23 45") == "ABCD2345"


@pytest.mark.parametrize(
    ("paid", "is_purchase", "stands"),
    [
        (payment(), True, True),
        (payment(amount=1), True, True),
        (payment(amount=0), False, True),
        (payment("pending"), False, False),
        (payment("failed"), False, False),
        (payment("in_review"), False, False),
        (payment("void"), False, False),
        (payment("partially_refunded", refunded=250), True, True),
        (payment("partially_refunded", refunded=251), True, False),
        (payment("refunded", refunded=500), True, False),
        (payment("disputed"), True, False),
    ],
)
def test_a_purchase_counts_while_half_of_the_money_stays(paid: Payment, is_purchase: bool, stands: bool) -> None:
    assert (rules.is_purchase(paid), rules.stands(paid)) == (is_purchase, stands)


@pytest.mark.parametrize(
    ("code", "inviter", "may"),
    [
        (CODE, user_of(), True),
        (None, user_of(), False),
        (CODE, None, False),
        (CODE, replace(user_of(), suspended=True), False),
        (CODE, replace(user_of(), closing=True), False),
        (replace(CODE, rewarded=99), user_of(), True),
        (replace(CODE, rewarded=100), user_of(), False),
        (replace(CODE, today=DayCount("2026-03-01", 4)), user_of(), True),
        (replace(CODE, today=DayCount("2026-03-01", 5)), user_of(), False),
        (replace(CODE, today=DayCount("2026-02-28", 5)), user_of(), True),
    ],
)
def test_an_inviter_is_rewarded_within_the_limits(code: ReferralCode | None, inviter: User | None, may: bool) -> None:
    assert rules.may_be_rewarded(code, inviter, NOW) == may


def test_rewards_are_counted() -> None:
    once = rules.with_reward(CODE, 100, NOW)
    assert once == replace(CODE, rewarded=1, tokens=100, today=DayCount("2026-03-01", 1))
    twice = rules.with_reward(once, 50, NOW)
    assert twice == replace(CODE, rewarded=2, tokens=150, today=DayCount("2026-03-01", 2))
    assert rules.with_move(twice, -50) == replace(twice, rewarded=1, tokens=100)
    assert rules.with_move(twice, 1) == replace(twice, rewarded=3, tokens=151)
    assert rules.with_reward(twice, 1, NOW + timedelta(days=1)).today == DayCount("2026-03-02", 1)


@pytest.mark.parametrize(
    ("held", "taken"),
    [
        (Buckets(bonus=300), Buckets(bonus=100)),
        (Buckets(bonus=30, purchased=500), Buckets(bonus=30, purchased=70)),
        (Buckets(monthly=500), Buckets(purchased=100)),
    ],
)
def test_a_reward_is_taken_whole_and_returns_to_where_it_was(held: Buckets, taken: Buckets) -> None:
    reward = Reward(tokens=100)
    assert rules.next_move(reward, held, is_due=True) is None
    move = rules.next_move(reward, held, is_due=False)
    assert move == (Reward(tokens=100, moves=1, taken=taken), -taken)
    assert rules.next_move(move.reward, held, is_due=False) is None
    assert rules.next_move(move.reward, held, is_due=True) == (Reward(tokens=100, moves=2), taken)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ada@gmail.com", "a.d.a+x@googlemail.com", True),
        ("ada@x.test", "bob@x.test", False),
        (None, None, False),
        ("ada@x.test", None, False),
        (None, "ada@x.test", False),
    ],
)
def test_two_addresses_of_one_mailbox_are_one_person(one: str | None, other: str | None, same: bool) -> None:
    assert rules.is_same_person(user_of(one), user_of(other)) == same


def test_nobody_is_the_same_as_somebody() -> None:
    assert not rules.is_same_person(None, user_of())
    assert not rules.is_same_person(user_of(), None)
