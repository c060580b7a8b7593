"""What a refusal says of each field, without the caller's own values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
import pytest

from studiox.api.refused_fields import wrong


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    size: int


class Order(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    item_id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{16,64}$")]
    kind: Literal["a", "b"] = "a"
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    odd: Annotated[str, msgspec.Meta(pattern="^odd")] = "odd"
    inner: Inner | None = None
    many: list[Inner] = []


ID = "0123456789abcdef"


def _wrong(given: Any, schema: type[msgspec.Struct] = Order) -> Mapping[str, str]:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(given, schema, strict=True)
    return wrong(schema, given, raised.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, {"itemId": "missing required field"}),
        ({"itemId": 5}, {"itemId": "Expected `str`, got `int`"}),
        ({"itemId": "x"}, {"itemId": "must be 16 to 64 letters (A-Z), digits, _ or -"}),
        ({"itemId": ID, "odd": "secret"}, {"odd": "must be of another form"}),
        ({"itemId": ID, "kind": "secret"}, {"kind": "Invalid enum value"}),
        ({"itemId": ID, "count": 0}, {"count": "Expected `int` >= 1"}),
        ({"itemId": ID, "count": "1"}, {"count": "Expected `int`, got `str`"}),
        ({"itemId": ID, "item_id": ID}, {"item_id": "contains unknown field"}),
        ({"itemId": ID, "inner": {}}, {"inner.size": "missing required field"}),
        ({"itemId": ID, "inner": {"size": "1"}}, {"inner.size": "Expected `int`, got `str`"}),
        ({"itemId": ID, "many": [{"size": 1}, {}]}, {"many[1].size": "missing required field"}),
        ({"itemId": ID, "inner": {"size": 1, "x" * 64: 1}}, {f"inner.{'x' * 64}": "contains unknown field"}),
        ({"itemId": ID, "inner": {"size": 1, "x" * 65: 1}}, {f"inner.{'x' * 64}": "contains unknown field"}),
        ({"itemId": ID, "x" * 64: 1}, {"x" * 64: "contains unknown field"}),
        ({"itemId": ID, "x" * 65: 1}, {"x" * 64: "contains unknown field"}),
        ({"count": "1"}, {"itemId": "missing required field", "count": "Expected `int`, got `str`"}),
        ({"kind": 1, "z": 1},
         {"z": "contains unknown field", "itemId": "missing required field", "kind": "Expected `str`, got `int`"}),
    ],
    ids=str,
)  # fmt: skip
def test_each_wrong_field_is_named(given: dict[str, Any], told: dict[str, str]) -> None:
    assert _wrong(given) == told


@pytest.mark.parametrize(("number", "told"), [(9, 9), (10, 10), (11, 10)])
def test_ten_unknown_fields_are_named(number: int, told: int) -> None:
    names = [f"x{each}" for each in range(number)]
    assert list(_wrong({"itemId": ID, **dict.fromkeys(names, 1)})) == names[:told]


def test_a_rule_about_the_whole_request_is_told_under_no_field() -> None:
    class Either(msgspec.Struct):
        a: int = 0

        def __post_init__(self) -> None:
            raise ValueError("a or b")

    assert _wrong({"a": 1}, Either) == {"": "a or b"}
