"""What an administrator's change makes of a document that overrides an entry of the catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from studiox.catalog import defaults, margins, overrides
from studiox.kit.errors import InvalidRequest
from studiox.models.catalog import Price
from tests.catalog.test_check_model import BUNDLED, FLAG, NUMBER, SIZE, TWO, model_with


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ({}, {"enabled": False}, {"enabled": False}),
        ({"label": "x"}, {"enabled": True}, {"label": "x", "enabled": True}),
        ({"label": "x", "enabled": False}, {"enabled": None}, {"label": "x"}),
        ({"label": "x"}, {"label": None}, {}),
        ({"label": "x"}, {"label": "y", "price": {"tokens": {"a": [1, {"b": [2]}]}}},
         {"label": "y", "price": {"tokens": {"a": [1, {"b": [2]}]}}}),
        ({}, {"n": overrides.MAX_INTEGER, "m": -overrides.MAX_INTEGER}, {"n": 2**63 - 1, "m": -(2**63) + 1}),
        ({}, {"n" * 1_500: 1}, {"n" * 1_500: 1}),
        ({}, {"__n": {"n__": 1}}, {"__n": {"n__": 1}}),
        ({}, {str(n): n for n in range(20)}, {str(n): n for n in range(20)}),
    ],
)  # fmt: skip
def test_fields_are_set_and_removed_and_the_others_stay(
    before: dict[str, Any], changes: dict[str, Any], after: dict[str, Any]
) -> None:
    assert overrides.changed(before, changes) == after


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, "from 1 to 20 fields"),
        ({str(n): n for n in range(21)}, "from 1 to 20 fields"),
        ({"id": "other"}, "the id cannot be changed"),
        ({"enabled": "no"}, "enabled: expected true or false"),
        ({"enabled": 0}, "enabled: expected true or false"),
        ({"n": 2**63}, "a number that is too large"),
        ({"n": [-(2**63)]}, "a number that is too large"),
        ({"n": {"a": 2**63}}, "a number that is too large"),
        ({"n": [1, [2]]}, "a list in a list"),
        ({"": 1}, "'' cannot be a field's name"),
        ({"a": {"__b__": 1}}, "'__b__' cannot be a field's name"),
        ({"a": {"": 1, "__b__": 2}}, "'' cannot be a field's name"),
        ({"n" * 1_501: 1}, f"'{'n' * 64}' cannot be a field's name"),
        ({"ä" * 751: 1}, f"'{'ä' * 64}' cannot be a field's name"),
        ({"a": [{"b": {"": 1}}]}, "'' cannot be a field's name"),
    ],
)
def test_what_firestore_cannot_hold_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        overrides.changed({"label": "x"}, changes)
    assert refused.value.details["fields"] == {"changes": problem}


def test_only_the_switch_itself_needs_no_valid_entry() -> None:
    assert overrides.only_switches_off({"enabled": False})
    for changes in ({"enabled": True}, {"enabled": None}, {}, {"enabled": False, "label": "x"}):
        assert not overrides.only_switches_off(changes)


def test_each_rate_has_its_margin() -> None:
    listed = {"sizes": ["small", "large", "unpriced"]}
    by_size = model_with(
        {"size": SIZE, "sound": FLAG}, credits=Price(tokens={"false": 100, "true": 300}, by=("sound",)),
        price=Price(tokens={"small": 1, "large": 4}, by=("size",)),
    )  # fmt: skip
    assert [(chosen, tuple(margin)) for chosen, margin in margins.rates(by_size, listed)] == [
        ({"size": "small", "sound": False}, (10_000, 5_000)),
        ({"size": "small", "sound": True}, (10_000, 15_000)),
        ({"size": "large", "sound": False}, (40_000, 5_000)),
        ({"size": "large", "sound": True}, (40_000, 15_000)),
    ]
    counted = model_with(
        {"count": NUMBER, "mode": TWO, "durationSeconds": NUMBER},
        price=Price(tokens={str(n): n for n in range(1, 10)}, by=("count",), per="second"),
        credits=Price(tokens=50, per="job"),
    )
    found = list(margins.rates(counted, {}))
    assert [(chosen["count"], margin.earned) for chosen, margin in found] == [(n, n * 10_000) for n in range(1, 10)]
    assert [chosen for chosen, _ in margins.rates(BUNDLED["nano-banana"], {})] == [{}]


@pytest.mark.parametrize("model", defaults.MODELS, ids=lambda model: model.id)
def test_every_bundled_model_has_rates(model: Any) -> None:
    assert list(margins.rates(model, {"sizes": list(defaults.SIZES)}))
