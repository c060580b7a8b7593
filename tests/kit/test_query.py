"""Reading many documents a page at a time: all of them once, in order, wherever a page ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from studiox.kit import query
from tests.support import Database, Rpcs

START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(days=7)


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
    found = [dict(each) for each in query.between("payments", START, END, ("amount",), group=True)]
    assert [each.pop("amount") for each in found] == [0, 0, 1, 1, 1, 1, 167, 167]
    assert {frozenset(each) for each in found} == {frozenset({"createdAt"})}
    assert rpcs.count("RunQuery") == 8 // size + 1
    assert query.count_between("users/ann/payments", START, END) == 4
    assert query.count("users/ann/payments") == 6
