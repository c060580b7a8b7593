"""Our JSON is what the client library's messages are, as Google's own parser and printer of JSON see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import DELETE_FIELD, Client, Increment
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1._helpers import decode_dict
from google.cloud.firestore_v1.field_path import FieldPath
from google.protobuf.json_format import MessageToDict, MessageToJson, Parse  # type: ignore[import-untyped]
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from studiox.kit import documents, firestore, values
from tests.support import Database, Rpcs

pytestmark = pytest.mark.malformed("documents of no struct in models/")

NAME = "projects/p/databases/(default)/documents/users/u1"
VERSION = "2026-01-02T03:04:05.123456000Z"
READ_AT: Any = DatetimeWithNanoseconds(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)  # type: ignore[no-untyped-call]
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))])
EARLY, LATE = datetime(1900, 1, 1), datetime(9000, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.one_of(TEXT.filter(bool), st.sampled_from(["a", "b", "a.b", "`", "\\", "0", "ä", "__x", "updatedAt"]))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    TEXT,
    st.binary(max_size=8),
    st.builds(datetime.astimezone, st.datetimes(timezones=ZONES, min_value=EARLY, max_value=LATE), ZONES),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
AMOUNTS = st.recursive(
    st.builds(Increment, st.integers(-(2**63), 2**63 - 1)),
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=4)


class Reference:
    """As much of a reference as the library's batch asks for."""

    _document_path = NAME


def library() -> Any:
    return Client(project="p", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]


def made_by_the_library(method: str, *arguments: Any, **options: Any) -> Any:
    batch: Any = library().batch()
    getattr(batch, method)(Reference(), *arguments, **options)
    [write] = batch._write_pbs
    return type(write).pb(write)


def sent(write: Any) -> Any:
    """A write as Google's own JSON parser reads it from the wire."""
    return Parse(msgspec.json.encode(write), types.Write.pb()())


def same(ours: Any, theirs: Any) -> bool:
    return bool(sent(ours).SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True))


@given(DOCUMENTS)
def test_a_new_document(data: dict[str, Any]) -> None:
    assert same(values.create(NAME, data), made_by_the_library("create", data))
    assert same(values.create(NAME, MappingProxyType(data)), made_by_the_library("create", data))


@given(DOCUMENTS, st.sets(NAMES, max_size=3))
def test_changed_fields(fields: dict[str, Any], names: set[str]) -> None:
    removed = sorted(names - fields.keys())
    if not fields and not removed:
        return
    given_to_it = {FieldPath(name).to_api_repr(): value for name, value in fields.items()}
    given_to_it |= {FieldPath(name).to_api_repr(): DELETE_FIELD for name in removed}
    option = library().write_option(last_update_time=READ_AT)
    theirs = made_by_the_library("update", given_to_it, option=option)
    theirs.update_mask.field_paths.sort()  # a set, which the library orders in another way
    assert same(values.update(NAME, fields, removed, VERSION), theirs)


@given(st.dictionaries(NAMES, AMOUNTS, min_size=1, max_size=4))
def test_increments(amounts: dict[str, Any]) -> None:
    ours = sent(values.increment(NAME, dict(_flat(amounts))))
    theirs = made_by_the_library("set", amounts, merge=True)
    for write in (ours, theirs):
        write.update_transforms.sort(key=lambda each: each.field_path)
    # An empty mask must be there: without one the document would be replaced.
    assert ours.HasField("update_mask")
    assert ours == theirs


def _flat(nested: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    """{field path: amount}"""
    for name, held in nested.items():
        if isinstance(held, dict):
            yield from _flat(held, (*above, name))
        else:
            yield (*above, name), held.value


def test_a_document_gone() -> None:
    option = library().write_option(last_update_time=READ_AT)
    assert same(values.delete(NAME, VERSION), made_by_the_library("delete", option=option))
    assert same(values.delete(NAME), made_by_the_library("delete"))


@given(DOCUMENTS)
def test_a_document_that_was_read(data: dict[str, Any]) -> None:
    """As Google's own printer writes it."""
    document = sent(values.create(NAME, data)).update
    received = msgspec.json.decode(MessageToJson(document, indent=None))
    theirs = documents.plain(decode_dict(types.Document.wrap(document).fields, library()))
    ours = values.fields_of(received)
    assert ours.keys() == data.keys()
    assert repr(ours) == repr({name: theirs[name] for name in ours})


@pytest.mark.parametrize(
    ("held", "value"),
    [
        ({"doubleValue": 1}, 1.0),
        ({"doubleValue": "Infinity"}, float("inf")),
        ({"doubleValue": "-Infinity"}, float("-inf")),
        ({"integerValue": "-9223372036854775808"}, -(2**63)),
        ({"timestampValue": "2026-01-02T03:04:05Z"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"timestampValue": "2026-01-02T03:04:05.123456789Z"}, datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ({"timestampValue": "0001-01-01T00:00:00.5Z"}, datetime(1, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ({"bytesValue": "AP8="}, b"\x00\xff"),
        ({"mapValue": {}}, {}),
        ({"arrayValue": {}}, []),
        ({"nullValue": None}, None),
    ],
)
def test_values_as_firestore_sends_them(held: dict[str, Any], value: Any) -> None:
    found = values.value_of(held)
    assert (type(found), found) == (type(value), value)


def test_numbers_that_json_does_not_have() -> None:
    assert values.value_json(float("nan")) == {"doubleValue": "NaN"}
    assert repr(values.value_of({"doubleValue": "NaN"})) == "nan"
    assert values.value_json(float("-inf")) == {"doubleValue": "-Infinity"}


@pytest.mark.parametrize(
    ("value", "error"), [(2**63, ValueError), (-(2**63) - 1, ValueError), ("\ud800", ValueError), (object(), TypeError)]
)
def test_what_firestore_cannot_hold_is_said_before_it_is_sent(rpcs: Rpcs, value: Any, error: type[Exception]) -> None:
    for data in ({"a": value}, {"a": {"b": [value]}}):
        with pytest.raises(error):
            firestore.commit({"things/t1": data}, {})
    assert rpcs.count() == 0


@given(st.lists(st.datetimes(EARLY, LATE), min_size=2, max_size=2))
def test_versions_are_in_order_as_strings(times: list[datetime]) -> None:
    """However many digits Firestore writes: it leaves zeros out by threes."""
    shown = [str(MessageToDict(_timestamp(each))) for each in times]
    versions = [values.version(each) for each in shown]
    assert (versions[0] < versions[1]) == (times[0] < times[1])
    assert (versions[0] == versions[1]) == (times[0] == times[1])


def _timestamp(moment: datetime) -> Any:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


@pytest.mark.parametrize("digits", ["", ".5", ".123", ".123456", ".123456789"])
def test_a_version_is_the_time_it_was_made_of(digits: str) -> None:
    assert values.version(f"2026-01-02T03:04:05{digits}Z") == f"2026-01-02T03:04:05.{digits[1:]:0<9}Z"


@pytest.mark.parametrize("path", ["users", "users/u1/ledger", "users//ledger/e1", "/users", ""])
def test_what_is_no_documents_path_is_not_written(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        firestore.commit({path: {"a": 1}}, {})


def test_what_was_written_is_read_as_it_was(database: Database) -> None:
    data: dict[str, Any] = {
        "n": None,
        "b": True,
        "i": 2**62,
        "f": 1.0,
        "t": "ä\n",
        "at": datetime(2026, 1, 2, 3, 4, 5, 123456, UTC),
        "l": [1, {"x": []}],
        "m": {},
        "a.b": 1,
    }
    firestore.commit({"things/t1": data}, {})
    known = firestore.read_documents(["things/t1"])
    assert known["things/t1"].data == data
    firestore.commit({"things/t1": {"a.b": 2, "m": {"`": b"x"}}}, known)
    assert database.need("things/t1") == {"a.b": 2, "m": {"`": b"x"}}
