"""What the SDKs send and expect beyond plain JSON: integers in wrappers, floats that are integers, streams."""

from __future__ import annotations

import gzip
import importlib
import json
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.api import callable_protocol, http_functions
from studiox.api import callables as endpoint_module
from studiox.api.callables import CONTRACTS, MAX_BODY_BYTES, MAX_DEPTH, Anyone, Reader, Request, Response, endpoint
from studiox.kit.errors import StudioxError
from studiox.kit.rate_limits import Limit
from tests.support import call, http, id_token, send

LONG = "type.googleapis.com/google.protobuf.Int64Value"
UNSIGNED = "type.googleapis.com/google.protobuf.UInt64Value"


class Spot(Request, frozen=True):
    x: int


class Numbers(Request, frozen=True):
    count: Annotated[int, msgspec.Meta(ge=-10, le=10)] = 1
    big: int = 0
    many: list[int] = []
    spots: list[Spot] = []
    options: dict[str, bool | int | str] = {}
    ratio: float = 0.5
    anything: Any = None


class Understood(Response):
    what: str


class SoldOut(StudioxError):
    """A refusal of the test's own."""

    code = "failed-precondition"
    text = "There is\nnone left."


_contracts, _routes = dict(endpoint_module.CONTRACTS), dict(http_functions.ROUTES)


@endpoint(limit=Limit(1000, per=60))
def tryNumbers(_caller: Anyone, request: Numbers) -> Understood:
    """What was understood, as Python says it: 1 and 1.0 differ. Refuses for a count of 9, breaks for 10."""
    if request.count == 9:
        raise SoldOut(left=0)
    if request.count == 10:
        raise ZeroDivisionError
    return Understood(what=repr({name: getattr(request, name) for name in request.__struct_fields__}))


@endpoint(limit=Limit(1, per=60))
def tryScarce(_caller: Reader, _request: Numbers) -> Understood:
    """Once a minute."""
    return Understood(what="")


@http_functions.route("POST", limit=Limit(1000, per=60))
def tryPlain(_caller: Reader, request: Numbers) -> Understood:
    """The same over plain HTTP."""
    return Understood(what=repr([request.count, request.many]))


endpoint_module.CONTRACTS.clear()
endpoint_module.CONTRACTS.update(_contracts)
http_functions.ROUTES.clear()
http_functions.ROUTES.update(_routes)


def long(value: Any, kind: str = LONG) -> dict[str, Any]:
    return {"@type": kind, "value": value}


def understood(data: Any) -> dict[str, Any]:
    answer = call(tryNumbers, data)
    assert answer.ok, answer
    found: dict[str, Any] = eval(answer.result["what"], {"Spot": Spot})
    return found


def refused(data: Any) -> dict[str, str]:
    answer = call(tryNumbers, data)
    assert (answer.status, answer.code, answer.reason) == (400, "invalid-argument", "InvalidRequest"), answer
    found: dict[str, str] = answer.details["fields"]
    return found


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        (long("5"), 5),
        (long("-5"), -5),
        (long(5), 5),
        (long("5", UNSIGNED), 5),
        (5.0, 5),
        (-5.0, -5),
        (-0.0, 0),
    ],
)
def test_an_integer_arrives_wrapped_or_as_a_float_wherever_it_stands(sent: Any, number: int) -> None:
    found = understood(
        {"count": sent, "many": [sent, 2], "spots": [{"x": sent}], "options": {"seed": sent, "hd": True, "as": "text"}}
    )
    assert (found["count"], found["many"], found["spots"]) == (number, [number, 2], [Spot(x=number)])
    assert found["options"] == {"seed": number, "hd": True, "as": "text"}
    for each in (found["count"], found["many"][0], found["spots"][0].x, found["options"]["seed"]):
        assert type(each) is int
    assert found["options"]["hd"] is True


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        (long(str(2**63 - 1)), 2**63 - 1),
        (long(str(-(2**63))), -(2**63)),
        (long(str(2**64 - 1), UNSIGNED), 2**64 - 1),
        (long("0", UNSIGNED), 0),
        (float(2**53), 2**53),
    ],
)
def test_a_wrapped_integer_is_exact_to_the_ends_of_its_range(sent: Any, number: int) -> None:
    assert understood({"big": sent})["big"] == number


def test_a_float_field_takes_all_of_them_as_well() -> None:
    for sent in (long("2"), 2, 2.0):
        found = understood({"ratio": sent})["ratio"]
        assert (found, type(found)) == (2.0, float)
    assert understood({"ratio": 1e300})["ratio"] == 1e300


HOSTILE: list[Any] = [
    *[long(value) for value in (None, True, 1.5, [], {}, ["1"], {"value": "1"}, long("1"))],
    *[long(text) for text in ("", "-", "1.5", "1.0", "1e3", "+1", " 1", "1\n", "0x1", "1_0", "٣", "NaN", "a")],
    *[long(text) for text in (str(2**63), str(-(2**63) - 1), "9" * 21, "9" * 5000, "0" * 21, 2**63, 10**4000)],
    *[long(text, UNSIGNED) for text in ("-1", str(2**64), -1)],
    *[long("1", kind) for kind in ("", "Int64Value", LONG.lower(), LONG + " ")],
    *[long("1", f"type.googleapis.com/google.protobuf.{kind}") for kind in ("Int32Value", "Timestamp", "Any")],
    *[{"@type": kind, "value": "1"} for kind in (None, 5, [LONG], {"a": LONG})],
    {"@type": LONG},
    {"@type": LONG, "Value": "1"},
    {"@type": LONG, "value": "1", "more": 1},
]


@pytest.mark.parametrize("sent", HOSTILE, ids=lambda value: repr(value)[:60])
@pytest.mark.usefixtures("unchanged")
def test_a_hostile_wrapper_is_refused_by_its_place(sent: Any) -> None:
    assert list(refused({"count": sent})) == ["count"]
    assert "many[1]" in refused({"many": [1, sent]})
    assert "spots[0].x" in refused({"spots": [{"x": sent}]})
    assert "options.seed" in refused({"options": {"seed": sent}})
    assert list(refused({"anything": {"deep": [sent]}})) == ["anything.deep[0]"], "although the field takes anything"
    assert "" in refused(sent)


def test_every_wrong_wrapper_is_told_beside_whatever_else_is_wrong() -> None:
    assert refused({"count": long("a"), "big": long("b"), "ratio": "c"}).keys() == {"count", "big", "ratio"}
    many = refused({"options": {f"{n}" * 30: long("a") for n in range(1000)}})
    assert len(many) <= callable_protocol.MAX_WRONG + 1
    assert max(map(len, many)) < 80


@pytest.mark.parametrize("sent", [1.5, -0.1, 1e300, 2.0**60, True, False, "1", "1.0"])
def test_what_only_looks_like_an_integer_is_refused(sent: Any) -> None:
    assert list(refused({"count": sent})) == ["count"]
    assert list(refused({"many": [1, sent]})) == ["many[1]"]
    assert list(refused({"spots": [{"x": sent}]})) == ["spots[0].x"]


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"1e400", b"-1e400", b"9" * 5000])
def test_what_is_no_number_of_json_is_refused(text: bytes) -> None:
    answer = call(tryNumbers, raw_body=b'{"data": {"count": %s}}' % text)
    assert (answer.status, answer.reason) == (400, "InvalidRequest")


def test_a_wrapper_is_as_deep_as_the_number_that_it_stands_for() -> None:
    def nested(value: Any) -> dict[str, Any]:
        for _ in range(MAX_DEPTH - 2):  # under `data` and `anything`
            value = [value]
        return {"anything": value}

    assert understood(nested(long("7")))["anything"] == understood(nested(7))["anything"]
    assert list(refused(nested([7]))) == [""]
    assert list(refused(nested(long(["7"])))) == [""]


def test_plain_http_takes_the_same_numbers() -> None:
    answer = http(tryPlain, "POST", body={"count": 5.0, "many": [long("6"), 7.0]}, uid="u1")
    assert (answer.status, answer.json) == (200, {"what": "[5, [6, 7]]"})
    wrong = http(tryPlain, "POST", body={"count": 5.5, "many": [long("x")]}, uid="u1")
    assert (wrong.status, wrong.json["reason"]) == (400, "InvalidRequest")
    assert wrong.json["fields"].keys() == {"count", "many[0]"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@type", "value", "a"]), inner | st.sampled_from([LONG, UNSIGNED]), max_size=3
        )
    ),
    max_leaves=8,
)


@given(value=JSON)
def test_decoding_changes_numbers_and_nothing_else(value: Any) -> None:
    decoded, wrong = callable_protocol.decoded(value)
    assert callable_protocol.decoded(decoded) == (decoded, wrong), "what is decoded stays"
    if "@type" not in repr(value):
        assert (decoded, wrong) == (value, {})


@given(number=st.integers(-(2**63), 2**63 - 1))
def test_a_wrapped_integer_is_itself(number: int) -> None:
    assert callable_protocol.decoded(long(str(number))) == (number, {})


def _integers(kind: Any) -> Iterator[msgspec.inspect.IntType]:
    if isinstance(kind, msgspec.inspect.IntType):
        yield kind
    elif isinstance(kind, msgspec.inspect.Type):
        for name in kind.__struct_fields__:
            value = getattr(kind, name)
            for part in value if isinstance(value, list | tuple) else [value]:
                yield from _integers(part.type if isinstance(part, msgspec.inspect.Field) else part)


def test_no_request_takes_an_integer_that_javascript_cannot_hold() -> None:
    """Then none of ours can come back in an answer. `options` are bounded by the model's own inputs, each of them."""
    importlib.import_module("main")
    asked = {}
    for contract in [*CONTRACTS.values(), *(contract for _, contract in http_functions.ROUTES.values())]:
        for field in msgspec.structs.fields(contract.request):
            for found in _integers(msgspec.inspect.type_info(field.type)):
                least = -(2**63) if found.ge is None else found.ge
                most = 2**63 if found.le is None else found.le
                asked[contract.name, field.encode_name] = max(abs(least), abs(most))
    assert {asked.pop((name, "options")) for name in ("createStudioJob", "quoteStudioJob")} == {2**63}
    assert asked, "some take integers"
    for name, furthest in asked.items():
        assert furthest <= 2**53, name


STREAM = {"Accept": "text/event-stream", "Content-Type": "application/json", "Origin": "https://app.example"}


def stream(function: Any, body: bytes, method: str = "POST", **headers: str) -> dict[str, Any]:
    """What the one event of the stream says."""
    reply = send(function, method, data=body, headers={**STREAM, **headers})
    assert reply.status == 200
    assert reply.headers["Content-Type"].partition(";")[0] == "text/event-stream"
    assert reply.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example")
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    assert reply.body.startswith(b"data: ")
    assert reply.body.endswith(b"\n\n")
    assert reply.body.count(b"\n") == 2
    assert b"\r" not in reply.body
    said: dict[str, Any] = json.loads(reply.body.removeprefix(b"data: "))
    return said


def test_a_stream_carries_the_one_result() -> None:
    sent = {"data": {"options": {"text": "two\nlines\r\u2028"}}}
    said = stream(tryNumbers, json.dumps(sent).encode())
    assert said == {"result": call(tryNumbers, sent["data"]).result}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b'{"data": {"count": 9}}', "FAILED_PRECONDITION", "SoldOut"),
        (b'{"data": {"count": "9"}}', "INVALID_ARGUMENT", "InvalidRequest"),
        (b"{", "INVALID_ARGUMENT", "InvalidRequest"),
        (b'{"data": {}, "more": 1}', "INVALID_ARGUMENT", "InvalidRequest"),
        (b'{"data": ' + b"[" * 50 + b"]" * 50 + b"}", "INVALID_ARGUMENT", "InvalidRequest"),
        (b" " * (MAX_BODY_BYTES + 1), "INVALID_ARGUMENT", "InvalidRequest"),
        (b'{"data": {"count": 10}}', "INTERNAL", None),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_stream_carries_the_one_error(body: bytes, status: str, reason: str | None) -> None:
    (error,) = stream(tryNumbers, body).values()
    assert (error["status"], (error.get("details") or {}).get("reason")) == (status, reason)
    plain = send(tryNumbers, "POST", data=body, headers={**STREAM, "Accept": "*/*"})
    assert plain.json == {"error": error}, "what a call that asks for no stream is told"
    assert plain.status >= 400


def test_a_stream_carries_the_refusal_of_a_method_a_type_a_token_and_a_limit() -> None:
    assert stream(tryNumbers, b"", "GET")["error"]["message"] == "Only POST."
    typed = stream(tryNumbers, b'{"data": {}}', **{"Content-Type": "text/plain"})
    assert typed["error"]["message"] == "Not application/json."
    body = b'{"data": {}}'
    for headers in ({}, {"Authorization": "Bearer not-a-token"}, {"Authorization": "Basic dTpw"}):
        error = stream(tryScarce, body, **headers)["error"]
        assert (error["status"], error["details"]) == ("UNAUTHENTICATED", {"reason": "Unauthenticated"})
    bearer = {"Authorization": f"Bearer {id_token('u1')}"}
    assert stream(tryScarce, body, **bearer) == {"result": {"what": ""}}
    limited = stream(tryScarce, body, **bearer)["error"]
    assert (limited["status"], limited["details"]["reason"]) == ("RESOURCE_EXHAUSTED", "RateLimited")
    assert limited["details"]["retryAfterSeconds"] >= 1


@pytest.mark.parametrize(
    ("accept", "streams"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream", True),
        ("text/event-stream, */*;q=0.1", True),
        ("application/json", False),
        ("application/json, text/event-stream", False),
        ("application/json, text/plain, */*", False),
        ("*/*", False),
        ("text/event-stream;q=0", False),
        ("", False),
        (";;,=", False),
    ],
)
def test_only_who_asks_for_a_stream_gets_one(accept: str, streams: bool) -> None:
    reply = send(tryNumbers, "POST", data=b'{"data": {}}', headers={**STREAM, "Accept": accept})
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/event-stream" if streams else "application/json")


@pytest.mark.parametrize(
    ("accept", "over", "is_compressed"),
    [
        ("gzip, deflate, br", 0, True),
        ("*", 0, True),
        ("gzip", -1, False),
        ("gzip;q=0", 0, False),
        ("br", 0, False),
        ("", 0, False),
    ],
)
def test_a_large_answer_is_compressed_for_who_takes_it(accept: str, over: int, is_compressed: bool) -> None:
    small = len(send(tryNumbers, "POST", data=sent_with(""), headers=TYPED).body)
    body = sent_with("x" * (callable_protocol.COMPRESSED_BYTES + over - small))
    plain = send(tryNumbers, "POST", data=body, headers=TYPED)
    reply = send(tryNumbers, "POST", data=body, headers={**TYPED, "Accept-Encoding": accept})
    assert reply.headers.get("Content-Encoding") == ("gzip" if is_compressed else None)
    assert (gzip.decompress(reply.body) if is_compressed else reply.body) == plain.body
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    assert "Accept-Encoding" in reply.headers["Vary"]


TYPED = {"Content-Type": "application/json"}


def sent_with(text: str) -> bytes:
    return json.dumps({"data": {"options": {"text": text}}}).encode()


def test_the_limits_of_what_is_decoded() -> None:
    assert [repr(callable_protocol.decoded(each)[0]) for each in (2.0**53, -(2.0**53), 2.0**53 + 2)] == [
        "9007199254740992",
        "-9007199254740992",
        "9007199254740994.0",
    ]
    wrong = long("x")
    assert callable_protocol.decoded([wrong] * 11)[1].keys() == {f"[{place}]" for place in range(10)}
    assert callable_protocol.decoded({"a" * 64: {"b" * 65: wrong}})[1].keys() == {"a" * 64 + "." + "b" * 64}
