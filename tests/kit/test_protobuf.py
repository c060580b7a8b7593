"""Our messages are those that the client library makes and reads, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore import DELETE_FIELD, Increment
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1._helpers import decode_dict
from google.cloud.firestore_v1.field_path import FieldPath
from hypothesis import given
from hypothesis import strategies as st

from studiox.kit import documents, firestore, protobuf
from tests.support import Database

pytestmark = pytest.mark.malformed("documents of no struct in models/")

NAME = "projects/p/databases/(default)/documents/users/u1"
# Firestore's own times are of microseconds; what others write may have nanoseconds.
READ_AT: Any = DatetimeWithNanoseconds(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)  # type: ignore[no-untyped-call]
FINE: Any = DatetimeWithNanoseconds(2026, 1, 2, 3, 4, 5, nanosecond=123456789, tzinfo=UTC)  # type: ignore[no-untyped-call]
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
    st.just(FINE),
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


def made_by_the_library(method: str, *arguments: Any, **options: Any) -> Any:
    batch: Any = firestore.client().batch()
    getattr(batch, method)(Reference(), *arguments, **options)
    [write] = batch._write_pbs
    return type(write).pb(write)


def same(ours: Any, theirs: Any) -> bool:
    return bool(ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True))


@given(DOCUMENTS)
def test_a_new_document(data: dict[str, Any]) -> None:
    assert same(protobuf.create(NAME, data), made_by_the_library("create", data))
    assert same(protobuf.create(NAME, MappingProxyType(data)), made_by_the_library("create", data))


@given(DOCUMENTS, st.sets(NAMES, max_size=3))
def test_changed_fields(fields: dict[str, Any], names: set[str]) -> None:
    removed = sorted(names - fields.keys())
    if not fields and not removed:
        return
    given_to_it = {FieldPath(name).to_api_repr(): value for name, value in fields.items()}
    given_to_it |= {FieldPath(name).to_api_repr(): DELETE_FIELD for name in removed}
    option = firestore.client().write_option(last_update_time=READ_AT)
    theirs = made_by_the_library("update", given_to_it, option=option)
    theirs.update_mask.field_paths.sort()  # a set, which the library orders in another way
    assert same(protobuf.update(NAME, fields, removed, READ_AT), theirs)


@given(st.dictionaries(NAMES, AMOUNTS, min_size=1, max_size=4))
def test_increments(amounts: dict[str, Any]) -> None:
    ours, theirs = protobuf.increment(NAME, dict(_flat(amounts))), made_by_the_library("set", amounts, merge=True)
    for write in (ours, theirs):
        write.update_transforms.sort(key=lambda each: each.field_path)
    assert same(ours, theirs)


def _flat(nested: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    """{field path: amount}"""
    for name, held in nested.items():
        if isinstance(held, dict):
            yield from _flat(held, (*above, name))
        else:
            yield (*above, name), held.value


def test_a_document_gone() -> None:
    option = firestore.client().write_option(last_update_time=READ_AT)
    assert same(protobuf.delete(NAME, READ_AT), made_by_the_library("delete", option=option))
    assert same(protobuf.delete(NAME), made_by_the_library("delete"))


@given(DOCUMENTS)
def test_a_document_that_was_read(data: dict[str, Any]) -> None:
    written = protobuf.create(NAME, data).update
    theirs = documents.plain(decode_dict(types.Document.wrap(written).fields, firestore.client()))
    assert repr(protobuf.fields_of(written)) == repr({name: theirs[name] for name in protobuf.fields_of(written)})
    assert protobuf.fields_of(written).keys() == data.keys()


@pytest.mark.parametrize(
    ("value", "error"), [(2**63, ValueError), (-(2**63) - 1, ValueError), ("\ud800", ValueError), (object(), TypeError)]
)
def test_what_firestore_cannot_hold_is_said_before_it_is_sent(value: Any, error: type[Exception]) -> None:
    for data in ({"a": value}, {"a": {"b": [value]}}):
        with pytest.raises(error):
            protobuf.create(NAME, data)


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
        "at": FINE,
        "l": [1, {"x": []}],
        "m": {},
        "a.b": 1,
    }
    firestore.commit({"things/t1": data}, {})
    known = firestore.read_documents(["things/t1"])
    assert known["things/t1"].data == data
    firestore.commit({"things/t1": {"a.b": 2, "m": {"`": b"x"}}}, known)
    assert database.need("things/t1") == {"a.b": 2, "m": {"`": b"x"}}
