"""Reading many documents a page at a time: all of them once, in order, wherever a page ends."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from studiox.kit import query
from studiox.kit.documents import Collection, Docs, MalformedDocument, Path, Stored, typed
from tests.support import Database, Rpcs

pytestmark = pytest.mark.malformed("documents of no struct in models/")

START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(days=7)


class JustAmount(Stored, frozen=True, kw_only=True):
    amount: int


class Part(Stored, frozen=True, kw_only=True):
    to: dict[str, int]


class Amount(Stored, frozen=True, kw_only=True):
    amount: int
    kind: Literal["", "pack"] = ""
    part: Part | None = None
    parts: list[Part] = []


def put(database: Database, path: str, hours: float) -> None:
    database.put(path, {"createdAt": START + timedelta(hours=hours), "amount": int(hours), "secret": "x"})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_what_was_made_in_a_week_wherever_it_lies(
    database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Payments of two users, some of one moment and one name; none of before, and none of the week after."""
    monkeypatch.setattr(query, "BULK", size)
    for uid in ("ann", "bob"):
        for hours in (-0.001, 0, 1, 1.5, 167.999, 168):
            put(database, f"users/{uid}/payments/p{hours}", hours)
    amounts = Collection("payments", Amount)
    found = query.created_between(amounts.select(JustAmount), START, END, [], group=True)
    assert [each.amount for each in found] == [0, 0, 1, 1, 1, 1, 167, 167]
    assert {field["fieldPath"] for request in rpcs.queries for field in asked_fields(request)} == {
        "amount",
        "createdAt",
    }
    assert rpcs.count("RunQuery") == 8 // size + 1
    anns = Collection("users/ann/payments", Amount)
    assert query.count_between(anns, START, END) == 4
    assert query.count(anns) == 6


def asked_fields(request: Any) -> Any:
    return request["structuredQuery"]["select"]["fields"]


@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_a_document_that_does_not_fit_is_reported_and_left_out(
    database: Database, logged: Any, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """The limit counts what fits, so that malformed documents at the front do not hide the others."""
    monkeypatch.setattr(query, "PAGE", size)
    for n in range(8):
        database.put(f"payments/p{n}", {"createdAt": START, "amount": "a secret sum" if n in (0, 1, 5) else n})
    amounts = Collection("payments", Amount)
    assert [each.data.amount for each in query.documents(amounts, page_size=size)] == [2, 3, 4, 6, 7]
    for limit in range(1, 7):
        kept = [each.data.amount for each in query.documents(amounts, limit=limit, page_size=size)]
        assert kept == [2, 3, 4, 6, 7][:limit]
    skipped: list[MalformedDocument] = []
    assert len(list(query.documents(amounts, skipped=skipped))) == 5
    assert [(each.path, each.field) for each in skipped] == [(f"payments/p{n}", "amount") for n in (0, 1, 5)]
    # Once for each document and process, however many walks meet it; never the value.
    said = logged.lines("document_malformed")
    assert [(each["severity"], each["path"], each["field"]) for each in said] == [
        ("ALERT", f"payments/p{n}", "amount") for n in (0, 1, 5)
    ]
    assert "secret" not in logged.getvalue()
    found, cursor = query.page(amounts, {}, "createdAt", size=4, cursor=None)
    assert [each.data.amount for each in found] == [7, 6, 4]
    found, cursor = query.page(amounts, {}, "createdAt", size=4, cursor=cursor)
    assert ([each.data.amount for each in found], cursor) == ([3, 2], None)
    assert [each.data["amount"] for each in query.fields(amounts, limit=2)] == ["a secret sum"] * 2


def test_a_walk_ends_when_nothing_fits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the struct is wrong, or the code that writes: nobody's month may be skipped in silence for that."""
    monkeypatch.setattr(query, "MAX_MALFORMED", 3)
    amounts = Collection("payments", Amount)
    for n in range(3):
        database.put(f"payments/p{n}", {"amount": None})
    assert list(query.documents(amounts)) == []
    database.put("payments/p3", {"amount": None})
    with pytest.raises(MalformedDocument, match=r"^payments/p3: amount$"):
        list(query.documents(amounts))


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "amount"),
        ({"amount": 1, "kind": "marked-value"}, "kind"),
        ({"amount": 1, "part": {"to": {"marked-key": "x"}}}, "part.to[...]"),
        ({"amount": 1, "part": {}}, "part.to"),
        ({"amount": 1, "parts": [{"to": {}}, {}]}, "parts[1].to"),
    ],
)
def test_the_error_names_the_field_and_no_value(data: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedDocument) as raised:
        typed(Path("payments/p1", Amount), data)
    assert (raised.value.path, raised.value.field) == ("payments/p1", field)
    assert "marked" not in "".join(traceback.format_exception(raised.value))


def test_mypy_refuses_raw_documents() -> None:
    """A comment below that mypy does not need any more is an error of `make check`."""
    stored: dict[str, dict[str, Any]] = {"things/t1": {"n": 1}}
    docs = Docs(stored.get)
    docs.exists("things/t1")
    with pytest.raises(AttributeError):
        docs.get("things/t1")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        docs.update("things/t1", {"n": 2})  # type: ignore[arg-type, call-arg]
    docs.put("things/t2", {"n": 2})  # type: ignore[arg-type, type-var]
    docs.create("things/t3", {"n": 2})  # type: ignore[arg-type, type-var]
    for walk in (query.documents, query.fields):
        with pytest.raises(AttributeError):
            list(walk("things"))  # type: ignore[arg-type]
    assert query.page("things", {}, "at", cursor=None) == ([], None)  # type: ignore[arg-type]
