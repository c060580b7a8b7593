"""What an administrator may add and take."""

from __future__ import annotations

import pytest

from studiox.admin.corrections import MAX_ADJUSTMENT, adjustment, adjustment_cause
from studiox.kit.errors import InvalidRequest
from studiox.models.ledger import MAX_BALANCE, Account, Buckets, Cause, InsufficientTokens

HELD = Account(Buckets(monthly=1, bonus=2, purchased=3), 4)


def test_tokens_are_added_as_bonus_and_taken_like_a_debit() -> None:
    assert adjustment(HELD, 1) == Buckets(bonus=1)
    assert adjustment(HELD, -1) == Buckets(monthly=-1)
    assert adjustment(HELD, -6) == Buckets(-1, -2, -3)
    with pytest.raises(InsufficientTokens):
        adjustment(HELD, -7)


def test_nothing_is_no_adjustment_and_no_balance_passes_the_maximum() -> None:
    room = MAX_BALANCE - HELD.balance
    assert adjustment(HELD, room) == Buckets(bonus=room)
    for amount in (0, room + 1):
        with pytest.raises(InvalidRequest) as refused:
            adjustment(HELD, amount)
        assert refused.value.details["fields"] == {"amount": "not zero, and not beyond what a balance may be"}
    assert MAX_ADJUSTMENT == 1_000_000_000


def test_the_entry_names_the_administrator() -> None:
    cause = Cause(id="adjustment:r1", type="admin_adjustment", kind="admin", ref="boss", reason="Sorry")
    assert adjustment_cause("r1", "boss", "Sorry") == cause
