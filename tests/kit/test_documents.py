"""Documents as structs, and a decision's view of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from studiox.kit.documents import (
    AlreadyDecided,
    Collection,
    Docs,
    MalformedDocument,
    NotRead,
    Path,
    Stored,
    decode,
    encode,
    field_names,
    plain,
    typed,
)


class Part(Stored, frozen=True, kw_only=True):
    byte_count: int


class Thing(Stored, frozen=True, kw_only=True):
    file_name: str
    parts: list[Part] = []
    made_at: datetime | None = None


class Name(Stored, frozen=True, kw_only=True):
    file_name: str


THINGS = Collection("things", Thing)
A, B = THINGS.document("a"), THINGS.document("b")
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def docs(**stored: Mapping[str, Any] | None) -> Docs:
    """The documents `things/a` and so on; one that is not named was not read."""

    def look_up(path: str) -> Mapping[str, Any] | None:
        if path.rpartition("/")[2] not in stored:
            raise NotRead(path)
        return stored[path.rpartition("/")[2]]

    return Docs(look_up)


def test_a_path_knows_its_id_and_its_struct() -> None:
    assert (A, A.id, A.struct) == ("things/a", "a", Thing)
    assert Path("a/b/c/d", Thing).id == "d"
    assert not THINGS.projected
    chosen = THINGS.select(Name)
    assert (chosen, chosen.struct, chosen.projected) == ("things", Name, True)


def test_a_document_has_camel_case_and_no_defaults() -> None:
    thing = Thing(file_name="n", parts=[Part(byte_count=1)])
    assert encode(thing) == {"fileName": "n", "parts": [{"byteCount": 1}]}
    assert encode(Thing(file_name="n", made_at=NOW)) == {"fileName": "n", "madeAt": NOW}
    assert decode(Thing, encode(thing)) == thing
    assert field_names(Thing) == {"fileName", "parts", "madeAt"}


def test_fields_of_a_newer_version_stay() -> None:
    stored = {"fileName": "old", "madeAt": NOW, "newer": 1}
    assert decode(Thing, stored) == Thing(file_name="old", made_at=NOW)
    assert encode(Thing(file_name="n"), stored) == {"fileName": "n", "newer": 1}
    assert encode(Thing(file_name="n"), {}) == {"fileName": "n"}


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ({}, "fileName"),
        ({"fileName": 1}, "fileName"),
        ({"fileName": "n", "parts": [{"byteCount": "many"}]}, "parts[0].byteCount"),
        ({"fileName": "n", "parts": [{}]}, "parts[0].byteCount"),
        ([], "document"),
    ],
)
def test_a_malformed_document_names_its_field_and_no_value(stored: Any, field: str) -> None:
    with pytest.raises(MalformedDocument, match=r"^things/a: ") as error:
        typed(A, stored)
    assert (error.value.path, error.value.field) == ("things/a", field)
    assert type(error.value.path) is str
    assert error.value.__cause__ is None
    with pytest.raises(msgspec.ValidationError):
        decode(Thing, stored)


class ClientsTime(datetime):
    """As Firestore's client has them."""


def test_the_clients_times_become_plain_ones() -> None:
    zone = timezone(timedelta(hours=2))
    time = ClientsTime(2026, 11, 29, 13, 14, 15, 16, tzinfo=zone)
    found = plain({"a": [time, {"b": time}], "c": NOW, "d": 1})
    same = datetime(2026, 11, 29, 13, 14, 15, 16, tzinfo=zone)
    assert found == {"a": [same, {"b": same}], "c": NOW, "d": 1}
    for each in (found["a"][0], found["a"][1]["b"]):
        assert type(each) is datetime
        assert each.tzinfo is zone
    assert found["c"] is NOW


def test_reading() -> None:
    made = docs(a={"fileName": "n", "newer": 1}, b=None)
    assert (made.get(A), made.get(B)) == (Thing(file_name="n"), None)
    assert (made.exists(A), made.exists(B)) == (True, False)
    assert (made.fields(A), made.fields(B)) == ({"fileName": "n", "newer": 1}, None)
    assert made.touched == {A, B}
    assert (made.changes, made.created_unread, made.after_commit) == ({}, set(), [])
    with pytest.raises(NotRead, match=r"^things/c$") as error:
        made.get(THINGS.document("c"))
    assert error.value.path == "things/c"
    assert made.touched == {A, B, "things/c"}


def test_to_ask_whether_it_was_found_reads_nothing() -> None:
    made = docs(a={"fileName": "n"}, b=None)
    assert [made.is_found(f"things/{each}") for each in "abc"] == [True, False, False]
    assert made.touched == set()


def test_creating() -> None:
    made = docs(a=None, b={"fileName": "n"})
    made.create(A, Thing(file_name="new"))
    assert made.changes == {A: {"fileName": "new"}}
    assert made.created_unread == set()
    assert made.get(A) == Thing(file_name="new")
    for path in (A, B):
        with pytest.raises(AlreadyDecided, match=rf"^{path}$"):
            made.create(path, Thing(file_name="again"))
    unread = THINGS.document("c")
    made.create(unread, Thing(file_name="c"))
    assert made.created_unread == {unread}
    assert made.touched == {A, B, unread}
    assert made.changes.keys() == {A, unread}


def test_updating() -> None:
    made = docs(a={"fileName": "n", "newer": 1}, b=None)
    assert made.update(A, made_at=NOW) == Thing(file_name="n", made_at=NOW)
    assert made.changes == {A: {"fileName": "n", "madeAt": NOW, "newer": 1}}
    with pytest.raises(KeyError, match="things/b"):
        made.update(B, made_at=NOW)


def test_what_is_stored_already_is_not_written() -> None:
    made = docs(a={"fileName": "n", "newer": 1}, b=None)
    made.put(A, Thing(file_name="n"))
    made.delete(B)
    assert made.changes == {}
    made.put(B, Thing(file_name="b"))
    made.delete(A)
    assert made.changes == {A: None, B: {"fileName": "b"}}
    assert not made.exists(A)
    made.delete(B)
    assert made.changes == {A: None, B: None}


def test_rewriting_and_moving() -> None:
    def change(data: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**data, "uid": "pseudonym"}

    unfit: dict[str, Any] = {"fileName": 1, "uid": "u1"}
    made = docs(a=unfit, b=None)
    made.rewrite(A, change)
    assert made.changes == {A: {"fileName": 1, "uid": "pseudonym"}}
    made = docs(a=unfit, b=None)
    made.rewrite(A, change, B)
    assert made.changes == {A: None, B: {"fileName": 1, "uid": "pseudonym"}}
    made = docs(a={**unfit, "uid": "pseudonym"}, b=None)
    made.rewrite(A, change)
    made.rewrite(B, change, A)
    assert made.changes == {}
    assert made.touched == {A, B}
    made = docs(a=unfit, b={**unfit, "uid": "pseudonym"})
    made.rewrite(A, change, B)
    assert made.changes == {A: None}
