"""What a callable lets in: strict types, bounded bodies, plain text, and never a 500 for whatever is sent (G10)."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import main
from studiox.api import callables as endpoint_module
from studiox.api.callables import (
    CONTRACTS,
    MAX_BODY_BYTES,
    Anyone,
    Id,
    Request,
    RequestId,
    Response,
    Text,
    endpoint,
    parse,
)
from studiox.kit.errors import InvalidRequest
from studiox.kit.rate_limits import Limit
from tests.support import call, private_text


class Order(Request, frozen=True):
    count: Annotated[int, msgspec.Meta(ge=1, le=10**6)] = 1
    ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    flag: bool = False
    kind: Literal["a", "b"] = "a"
    title: Annotated[str, Text, msgspec.Meta(min_length=1, max_length=5)] | None = None
    tags: Annotated[list[Annotated[str, msgspec.Meta(max_length=3)]], msgspec.Meta(max_length=2)] = []
    item_id: Id = "x"
    request_id: RequestId = "0123456789abcdef"
    options: dict[str, str | int | float | bool] = {}


class Echo(Response):
    title: str | None
    count: int


_before = dict(endpoint_module.CONTRACTS)


@endpoint(limit=Limit(10**6, per=3600))
def tryOrder(_caller: Anyone, request: Order) -> Echo:
    """What was understood."""
    return Echo(title=request.title, count=request.count)


endpoint_module.CONTRACTS.clear()
endpoint_module.CONTRACTS.update(_before)


def fields(data: Any) -> dict[str, str]:
    """The fields that were refused."""
    answer = call(tryOrder, data)
    assert (answer.status, answer.code, answer.reason) == (400, "invalid-argument", "InvalidRequest"), answer
    found: dict[str, str] = answer.details["fields"]
    return found


@pytest.mark.parametrize("data", [None, {}, {"count": None, "title": None, "tags": None}])
def test_null_is_absent(data: Any) -> None:
    assert call(tryOrder, data).result == {"title": None, "count": 1}


@pytest.mark.parametrize("data", [[], "text", 5, True, 0.5])
def test_data_is_an_object(data: Any) -> None:
    assert list(fields(data)) == [""]


COUNTS: list[Any] = [0, -1, 10**6 + 1, 2**63, 10**4000, 1.5, 0.0, True, "1", [1], {"a": 1}]
WRONG: list[tuple[str, Any]] = [
    *[("count", value) for value in COUNTS],
    *[("ratio", value) for value in (-0.1, 1.1, 10**400, True, 1e308)],
    ("ratio", "0.5"),
    *[("flag", value) for value in (0, 1, "true")],
    *[("kind", value) for value in ("c", "A", "")],
    ("kind", 1),
    ("kind", ["a"]),
    *[("title", value) for value in ("", "  ", "abcdef", "a\0", "a\x1b", "a\u0085b", "a\x7fb")],
    ("tags", {"a": 1}),
    ("title", 5),
    ("title", ["a"]),
    ("tags", "a"),
    *[("tags", value) for value in (["abcd"], ["a", "b", "c"], [1], [None])],
    *[
        ("itemId", value)
        for value in ("", "a/b", "..", ".", "a" * 129, "ä", "a b", "a\n", "\na", "a\0", "__a__", "____")
    ],
    *[("requestId", value) for value in ("short", "a" * 65, "0123456789abcde/", "0123456789abcdef\n")],
    ("options", {"a": [1]}),
    ("options", {"a": {}}),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda value: repr(value)[:24])
def test_j16_a_wrong_value_names_its_field(field: str, value: Any) -> None:
    (name,) = fields({field: value})
    assert name.split("[")[0].split(".")[0] == field


def test_an_unknown_field_is_named_in_part_and_not_quoted() -> None:
    assert fields({"uid": "u2"}) == {"uid": "contains unknown field"}
    assert fields({"item_id": "x"}) == {"item_id": "contains unknown field"}
    (name,) = fields({"x" * 1000: 1})
    assert len(name) <= 64


def test_a_refused_value_is_not_quoted() -> None:
    secret = private_text()
    for data in ({"count": secret}, {"kind": secret}, {"itemId": secret}, {"title": secret}):
        assert secret not in json.dumps(fields(data))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  ab\n", "ab"),
        ("e\u0301", "é"),
        ("a\tb\nc", "a\tb\nc"),
        ("😀😀😀😀😀", "😀😀😀😀😀"),
        ("  e\u0301e\u0301e\u0301e\u0301e\u0301 ", "ééééé"),
        ("<b>&", "<b>&"),
        ("\u202eab", "\u202eab"),
    ],
)
def test_c10_text_is_nfc_trimmed_and_counted_in_code_points(sent: str, kept: str) -> None:
    assert call(tryOrder, {"title": sent}).result["title"] == kept


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"data"}',
        b'{"Data": {}}',
        b'{"data": {}, "extra": 1}',
        b'{"data": {"ratio": NaN}}',
        b'{"data": {"ratio": Infinity}}',
        b'{"data": {"ratio": -Infinity}}',
        b'{"data": {"ratio": 1e999}}',
        b'{"data": {"title": "\\ud800"}}',
        b'{"data": {"title": "\\udc00\\ud800"}}',
        b'{"data": {"title": "\xff"}}',
        b'{"data": {"title": "a\x00"}}',
        b'\xef\xbb\xbf{"data": {}}',
        '{"data": {}}'.encode("utf-16"),
        b'{"data": {}} trailing',
        b'{"data": {"count": %s}}' % (b"9" * 4000),
        b'{"data": {"count": %s}}' % (b"9" * 5000),
        b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"data": ' + b'{"a":' * 20 + b"1" + b"}" * 20 + b"}",
        b'{"data": {"options": ' + b"[" * 900 + b"]" * 900 + b"}}",
    ],
    ids=lambda body: repr(body)[2:34],
)
@pytest.mark.usefixtures("unchanged")
def test_r12_a_broken_body_is_the_callers_fault(body: bytes) -> None:
    refused = call(tryOrder, raw_body=body)
    assert (refused.status, refused.code, refused.reason) == (400, "invalid-argument", "InvalidRequest")


def test_r12_a_deep_body_is_refused_before_anything_walks_it() -> None:
    deep = call(tryOrder, raw_body=b'{"data": ' + b'{"a":' * 20 + b"1" + b"}" * 20 + b"}")
    assert deep.details["fields"] == {"": 'Not of the form {"data": …}.'}
    flat = call(tryOrder, raw_body=b'{"data": {"a": [[[[1]]]]}}')
    assert list(flat.details["fields"]) == ["a"]


def test_r12_a_huge_body_is_refused_before_it_is_read() -> None:
    refused = call(tryOrder, raw_body=b'{"data": {"title": "%s"}}' % (b"x" * 20_000_000))
    assert (refused.status, refused.reason) == (413, "InvalidRequest")
    assert call(tryOrder, raw_body=b"").reason == "InvalidRequest"
    assert call(tryOrder, raw_body=b" " * (MAX_BODY_BYTES + 1)).status == 413
    padded = b'{"data": {}}'.ljust(MAX_BODY_BYTES)
    assert call(tryOrder, raw_body=padded).ok


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json(kind: str) -> None:
    refused = call(tryOrder, {}, headers={"Content-Type": kind})
    assert (refused.status, refused.reason) == (400, "InvalidRequest")


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_by_its_names(kind: str) -> None:
    assert call(tryOrder, {}, headers={"Content-Type": kind}).ok


def _finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["count", "ratio", "flag", "kind", "title", "tags", "itemId", "requestId", "options", "item_id"]
)
FUZZ = settings(max_examples=300, suppress_health_check=list(HealthCheck))


@FUZZ
@given(data=JSON | st.dictionaries(NAMES | st.text(max_size=5), JSON, max_size=4))
def test_g10_no_json_is_a_500(data: Any) -> None:
    answer = call(tryOrder, data)
    assert answer.status in (200, 400)
    assert answer.ok or answer.reason == "InvalidRequest"
    if answer.ok:
        assert type(answer.result["count"]) is int


@FUZZ
@given(
    body=st.binary(min_size=1, max_size=200) | st.text(max_size=200).map(lambda text: f'{{"data": {text}}}'.encode())
)
def test_g10_no_bytes_are_a_500(body: bytes) -> None:
    answer = call(tryOrder, raw_body=body)
    assert answer.ok or (answer.status, answer.reason) == (400, "InvalidRequest")


class _Many(Request, frozen=True):
    request_id: RequestId
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=5), Text]
    count: Annotated[int, msgspec.Meta(ge=1)]
    item_id: Id | None = None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, {"requestId": "missing", "name": "missing", "count": "missing"}),
        (
            {"requestId": "short", "name": "abcdef", "count": 0, "itemId": "a/b", "more": 1},
            {"requestId": "16 to 64", "name": "length <= 5", "count": ">= 1", "itemId": "1 to 128", "more": "unknown"},
        ),
        ({"requestId": "r" * 16, "name": "a\x00", "count": "x"}, {"name": "control characters", "count": "int"}),
        ({"requestId": "r" * 16, "name": "a\x00", "count": 1}, {"name": "control characters"}),
    ],
)
def test_a_refusal_names_every_wrong_field_and_says_its_rule_in_words(
    data: dict[str, Any], expected: dict[str, str]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(_Many, data)
    fields = refused.value.details["fields"]
    assert fields.keys() == refused.value.details["rules"].keys() == expected.keys()
    for name, words in expected.items():
        assert words in fields[name]
        assert "regex" not in fields[name]


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("count", 0, {"rule": "tooSmall", "least": 1}),
        ("count", 10**6 + 1, {"rule": "tooLarge", "most": 10**6}),
        ("count", "1", {"rule": "type"}),
        ("ratio", 1.1, {"rule": "tooLarge", "most": 1.0}),
        ("flag", 1, {"rule": "type"}),
        ("kind", "c", {"rule": "choice"}),
        ("title", "  ", {"rule": "tooShort", "least": 1}),
        ("title", "abcdef", {"rule": "tooLong", "most": 5}),
        ("title", "a\0", {"rule": "characters"}),
        ("tags", ["a", "b", "c"], {"rule": "tooMany", "most": 2}),
        ("itemId", "a/b", {"rule": "format"}),
        ("unheardOf", 1, {"rule": "unknown"}),
    ],
)
def test_a_wrong_field_has_a_rule_for_a_clients_own_words(field: str, value: Any, rule: dict[str, Any]) -> None:
    assert call(tryOrder, {field: value}).details["rules"] == {field: rule}


def test_a_list_has_rules_of_its_own() -> None:
    answer = call(main.deleteCreations, {"creationIds": []}, uid="u1")
    assert answer.details["rules"] == {"creationIds": {"rule": "tooFew", "least": 1}}
    answer = call(main.deleteCreations, {}, uid="u1")
    assert answer.details["rules"] == {"creationIds": {"rule": "missing"}}
    answer = call(main.updateSubscription, {"planId": "pro", "prorationDate": "soon"}, uid="u1")
    assert answer.details["rules"] == {"prorationDate": {"rule": "format"}}


def test_every_rule_by_a_pattern_has_its_words() -> None:
    for contract in CONTRACTS.values():
        sent = {field.encode_name: "/\\ not of any form" for field in msgspec.structs.fields(contract.request)}
        if sent:
            with pytest.raises(InvalidRequest) as refused:
                parse(contract.request, {**sent, "unheardOf": 1})
            assert "must be of another form" not in refused.value.details["fields"].values(), contract.name
