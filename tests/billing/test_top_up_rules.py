"""The rules of auto top-ups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.billing import top_up_rules
from studiox.billing.top_up_rules import WantedTopUp, agreed, concluded, may_send, obstacle, with_card, with_order
from studiox.catalog.sales import PACKS
from studiox.integrations.stripe_types import Card
from studiox.kit.errors import InvalidRequest
from studiox.models.auto_top_up import AutoTopUp, SavedCard, after_debit, order_id_of
from studiox.models.catalog import Pack
from studiox.models.ledger import Buckets, LedgerEntry, Ref
from tests.support import people

NOW = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
STARTER, CREATOR = PACKS[:2]
CARD = SavedCard(payment_method_id="pm_1", brand="visa", last4="4242")
SETTING = AutoTopUp(
    enabled=True,
    pack_id="starter",
    tokens=500,
    amount=500,
    currency="usd",
    below=100,
    monthly_ceiling=1_000,
    card=CARD,
)
UNDER_WAY = replace(SETTING, order_id="o1", crossed_at=NOW)


def debited(before: int, after: int) -> LedgerEntry:
    change = Buckets(bonus=after - before)
    ref = Ref(kind="job", id="j1")
    return LedgerEntry(
        id="deduction:j1",
        seq=2,
        type="deduction",
        amount=change.total,
        buckets=change,
        balance_after=after,
        ref=ref,
        reason="",
        created_at=NOW,
    )


@pytest.mark.parametrize(
    ("setting", "before", "after", "calls"),
    [
        (SETTING, 100, 99, True),
        (SETTING, 101, 100, False),
        (SETTING, 99, 98, False),
        (replace(SETTING, enabled=False), 100, 99, False),
        (replace(SETTING, card=None), 100, 99, False),
        (UNDER_WAY, 100, 99, False),
        (None, 100, 99, False),
    ],
)
def test_a_debit_calls_for_a_top_up_when_it_crosses(
    setting: AutoTopUp | None, before: int, after: int, calls: bool
) -> None:
    expected = setting
    if calls and setting is not None:
        expected = replace(setting, order_id=order_id_of("u1", "deduction:j1"), crossed_at=NOW)
    assert after_debit(setting, "u1", debited(before, after)) == expected


def test_an_order_is_of_one_debit_of_one_user() -> None:
    assert len({order_id_of(uid, entry) for uid in ("u1", "u2") for entry in ("deduction:j1", "deduction:j2")}) == 4


WANTED = WantedTopUp(enabled=True, pack_id="starter", below=100, monthly_ceiling=1_000)


@pytest.mark.parametrize(
    ("changes", "pack", "field"),
    [
        ({}, None, "packId"),
        ({"below": None}, STARTER, "below"),
        ({"below": 0}, STARTER, "below"),
        ({"below": 501}, STARTER, "below"),
        ({"monthly_ceiling": None}, STARTER, "monthlyCeiling"),
        ({"monthly_ceiling": 499}, STARTER, "monthlyCeiling"),
        ({"monthly_ceiling": 100_000_000}, STARTER, "monthlyCeiling"),
    ],
)
def test_what_cannot_be_agreed_to_is_refused(changes: Mapping[str, Any], pack: Pack | None, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        agreed(None, WANTED._replace(**changes), pack)
    assert list(refused.value.details["fields"]) == [field]


@pytest.mark.parametrize(("below", "ceiling"), [(1, 500), (500, 99_999_999)])
def test_the_bounds_are_agreed_to(below: int, ceiling: int) -> None:
    made = agreed(None, WANTED._replace(below=below, monthly_ceiling=ceiling), STARTER)
    assert made is not None
    assert made.ordered == 0
    assert made == replace(SETTING, below=below, monthly_ceiling=ceiling, card=None)


def test_turning_on_again_keeps_what_is_not_named() -> None:
    known = replace(UNDER_WAY, enabled=False, month="2026-11", ordered=500)
    assert agreed(known, WantedTopUp(True, None, None, None), STARTER) == replace(known, enabled=True)
    changed = agreed(known, WantedTopUp(True, "creator", 40, 3_000), CREATOR)
    assert changed == replace(
        known, enabled=True, pack_id="creator", tokens=1_200, amount=1_000, below=40, monthly_ceiling=3_000
    )
    in_euros = agreed(known, WantedTopUp(True, None, None, None), replace(STARTER, currency="eur"))
    assert in_euros == replace(known, enabled=True, currency="eur", month=None, ordered=0)


def test_turning_off_changes_nothing_else() -> None:
    off = WantedTopUp(False, "creator", 1, 1)
    assert agreed(UNDER_WAY, off, None) == replace(UNDER_WAY, enabled=False)
    assert agreed(None, off, None) is None


@pytest.mark.parametrize(
    ("month", "before", "now", "after"),
    [
        (None, 0, NOW, ("2026-11", 500)),
        ("2026-11", 500, NOW, ("2026-11", 1_000)),
        ("2026-11", 500, NOW + timedelta(days=2), ("2026-12", 500)),
        ("2025-11", 500, NOW, ("2026-11", 500)),
        ("2026-12", 500, NOW, ("2026-12", 1_000)),  # another instance has seen the new month
    ],
)
def test_a_month_counts_what_was_ordered(month: str, before: int, now: datetime, after: tuple[str, int]) -> None:
    made = with_order(replace(SETTING, month=month, ordered=before), now)
    assert (made.month, made.ordered) == after


@pytest.mark.parametrize(
    ("setting", "account", "pack", "taxed", "problem"),
    [
        ({}, {}, STARTER, False, ""),
        ({"month": "2026-11", "ordered": 500}, {}, STARTER, False, ""),
        ({"month": "2026-11", "ordered": 501}, {}, STARTER, False, "ceiling"),
        ({"month": "2026-10", "ordered": 501}, {}, STARTER, False, ""),
        ({"enabled": False}, {}, None, True, "dropped"),
        ({"card": None}, {}, None, True, "dropped"),
        ({}, {"suspended": True}, None, True, "dropped"),
        ({}, {"closing": True}, None, True, "dropped"),
        ({"ordered": 501, "month": "2026-11"}, {}, None, True, "unavailable"),
        ({"ordered": 501, "month": "2026-11"}, {}, None, False, "pack_changed"),
        ({}, {}, replace(STARTER, amount=499), False, "pack_changed"),
        ({}, {}, replace(STARTER, tokens=501), False, "pack_changed"),
        ({}, {}, replace(STARTER, currency="eur"), False, "pack_changed"),
    ],
)
def test_what_keeps_a_top_up_from_being_ordered(
    setting: Mapping[str, Any], account: Mapping[str, Any], pack: Pack | None, taxed: bool, problem: str
) -> None:
    user = replace(people.user_of(), **account)
    assert obstacle(user, replace(UNDER_WAY, **setting), pack, taxed=taxed, now=NOW) == problem


def order(**changes: Any) -> Any:
    made = top_up_rules.new_order("o1", "u1", SETTING, CARD, "cus_1", NOW)
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("setting", "account", "status", "hours", "may"),
    [
        ({}, {}, "open", 19.9, True),
        ({}, {}, "open", 20, False),
        ({}, {}, "pending", 0, False),
        ({"enabled": False}, {}, "open", 0, False),
        ({"order_id": "o2"}, {}, "open", 0, False),
        ({}, {"suspended": True}, "open", 0, False),
        ({}, {"closing": True}, "open", 0, False),
    ],
)
def test_when_a_payment_may_be_sent(
    setting: Mapping[str, Any], account: Mapping[str, Any], status: str, hours: float, may: bool
) -> None:
    user = replace(people.user_of(), auto_top_up=replace(UNDER_WAY, **setting), **account)
    assert may_send(order(status=status), user, NOW + timedelta(hours=hours)) == may
    assert not may_send(order(), None, NOW)
    assert not may_send(order(), replace(user, auto_top_up=None), NOW)


def test_a_payment_is_of_the_order_and_never_another() -> None:
    made = order()
    params = top_up_rules.payment_params(made, made.off_session)
    assert params == {
        "amount": 500,
        "currency": "usd",
        "customer": "cus_1",
        "payment_method": "pm_1",
        "payment_method_types": ["card"],
        "confirm": True,
        "off_session": True,
        "metadata": {"orderId": "o1", "uid": "u1"},
    }


@pytest.mark.parametrize(
    ("problem", "method", "after"),
    [
        ("", "pm_1", {}),
        ("dropped", "", {}),
        ("ceiling", "", {}),
        ("pack_changed", "", {"enabled": False}),
        ("unavailable", "pm_1", {"enabled": False}),
        ("declined", "pm_1", {"enabled": False, "card": None}),
        ("authentication", "pm_1", {"card": None}),
        ("declined", "pm_0", {}),
        ("authentication", "pm_0", {}),
    ],
)
def test_how_a_top_up_ends(problem: Any, method: str, after: Mapping[str, Any]) -> None:
    """What is known of a card that was replaced since says nothing about the new one."""
    assert concluded(UNDER_WAY, problem, method) == replace(SETTING, **after)
    off = replace(UNDER_WAY, enabled=False, card=None)
    assert concluded(off, problem, method) == replace(SETTING, enabled=False, card=None)


def test_a_card_is_kept_by_those_who_lack_one() -> None:
    card, lacking = Card("pm_2", "amex", "0005"), replace(SETTING, card=None)
    saved = SavedCard(payment_method_id="pm_2", brand="amex", last4="0005")
    assert with_card(lacking, card) == replace(SETTING, card=saved)
    for other in (None, SETTING, replace(lacking, enabled=False)):
        assert with_card(other, card) == other
