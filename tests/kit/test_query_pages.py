"""Pages: cursors nobody can make, alter or carry elsewhere (C12), lists that do not slip while they change (C13)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studiox.api import callables as endpoint_module
from studiox.api.callables import Anyone, Request, Response, endpoint
from studiox.kit import firestore, ids, query
from studiox.kit.documents import Collection
from studiox.kit.errors import InvalidCursor, Unavailable
from studiox.kit.rate_limits import Limit
from tests.support import Database, Rpcs, call
from tests.support.things import THINGS, Thing

pytestmark = pytest.mark.malformed("documents of no struct in models/")

START = datetime(2026, 1, 1, tzinfo=UTC)


class ListThings(Request, frozen=True):
    page_size: query.PageSize = query.DEFAULT_SIZE
    cursor: query.Cursor | None = None


class Things(Response):
    names: list[str]
    next_cursor: str | None


_before = dict(endpoint_module.CONTRACTS)


@endpoint(limit=Limit(10**6, per=3600))
def listThings(_caller: Anyone, request: ListThings) -> Things:
    """The things of u1."""
    found, cursor = query.page(THINGS, {"uid": "u1"}, "createdAt", size=request.page_size, cursor=request.cursor)
    return Things(names=[each.data.name for each in found], next_cursor=cursor)


endpoint_module.CONTRACTS.clear()
endpoint_module.CONTRACTS.update(_before)


def thing(number: int, uid: str = "u1", at: datetime | None = None) -> dict[str, Any]:
    return {"name": f"n{number}", "uid": uid, "createdAt": at or START + timedelta(microseconds=number)}


def fill(count: int, first: int = 0, uid: str = "u1") -> None:
    """Many to a commit: thousands of documents one by one take long."""
    for start in range(first, first + count, 400):
        some = range(start, min(start + 400, first + count))
        Database().apply({f"things/{uid}-{number:06}": thing(number, uid) for number in some})


def page(
    cursor: str | None = None, size: int = 2, uid: str | None = "u1", **equal: Any
) -> tuple[list[str], str | None]:
    found, following = query.page(THINGS, {"uid": uid, **equal}, "createdAt", size=size, cursor=cursor)
    return [each.data.name for each in found], following


def walk(size: int, uid: str | None = "u1") -> Iterator[str]:
    cursor = None
    while True:
        names, cursor = page(cursor, size, uid)
        yield from names
        if cursor is None:
            return


def some_cursor() -> str:
    fill(5)
    _, cursor = page()
    assert cursor is not None
    return cursor


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 100])
def test_every_item_once_newest_first(size: int) -> None:
    fill(10)
    fill(3, uid="u2")
    assert list(walk(size)) == [f"n{number}" for number in reversed(range(10))]
    assert len(list(walk(size, uid=None))) == 13


def test_the_last_page_has_no_cursor() -> None:
    assert page() == ([], None)
    fill(2)
    assert page(size=2) == (["n1", "n0"], None)
    assert page(size=3) == (["n1", "n0"], None)
    names, cursor = page(size=1)
    assert names == ["n1"]
    assert page(cursor, size=1) == (["n0"], None)


def shown(
    cursor: str | None, size: int, low: int | None, below: int | None, ends: str | None
) -> tuple[list[str], str | None]:
    low_at, below_at = (None if each is None else START + timedelta(microseconds=each) for each in (low, below))
    test = None if ends is None else query.Test(ends, lambda data: data.name.endswith(ends))
    span = query.Span("createdAt", low_at, below_at)
    found, following = query.page(THINGS, {"uid": "u1"}, "createdAt", size=size, cursor=cursor, span=span, test=test)
    return [each.data.name for each in found], following


@pytest.mark.parametrize("ends", [None, "7", "x"])
@pytest.mark.parametrize(("low", "below"), [(None, None), (100, None), (None, 650), (90, 333), (5, 5)])
def test_pages_of_a_span_and_a_test(rpcs: Rpcs, low: int | None, below: int | None, ends: str | None) -> None:
    """However many documents there are, a page is one query; with a test it reads EXAMINED at most."""
    fill(700)
    wanted = [f"n{number}" for number in reversed(range(low or 0, 700 if below is None else below))]
    wanted = [name for name in wanted if ends is None or name.endswith(ends)]
    found: list[str] = []
    cursor = None
    for _ in range(100):
        rpcs.reset()
        names, cursor = shown(cursor, 9, low, below, ends)
        assert rpcs.calls == ["RunQuery"]
        assert rpcs.documents <= (10 if ends is None else query.EXAMINED)
        assert len(names) <= 9
        found += names
        if cursor is None:
            break
    assert (found, cursor) == (wanted, None)


def test_c12_a_cursor_of_another_span_or_test_is_refused() -> None:
    fill(300)
    _, cursor = shown(None, 2, 5, 290, "1")
    assert cursor is not None
    for other in ((6, 290, "1"), (5, 291, "1"), (None, 290, "1"), (5, None, "1"), (5, 290, "2"), (5, 290, None)):
        with pytest.raises(InvalidCursor):
            shown(cursor, 2, *other)


def test_equal_times_are_told_apart_by_name(database: Database) -> None:
    for number in range(7):
        database.put(f"things/t{number}", thing(number, at=START))
    assert list(walk(2)) == [f"n{number}" for number in reversed(range(7))]


def test_c13_items_that_come_and_go_neither_repeat_nor_hide_others(database: Database) -> None:
    fill(9)
    first, cursor = page(size=3)
    fill(4, first=100)  # newer ones: they belong before the first page
    database.delete("things/u1-000006")  # the very one the cursor stands on
    database.delete("things/u1-000004")
    second, cursor = page(cursor, size=3)
    database.delete("things/u1-000008")
    third, cursor = page(cursor, size=3)
    assert [first, second, third] == [["n8", "n7", "n6"], ["n5", "n3", "n2"], ["n1", "n0"]]
    assert cursor is None


def test_c12_a_cursor_altered_in_any_byte_is_refused() -> None:
    cursor = some_cursor()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=~ \0é"
    for place in range(len(cursor)):
        for char in (alphabet[place % len(alphabet)], "A", ".", ""):
            altered = cursor[:place] + char + cursor[place + 1 :]
            if altered != cursor:
                with pytest.raises(InvalidCursor):
                    page(altered)
    for altered in (cursor + "A", cursor + "=", cursor + "\n", " " + cursor, cursor.partition(".")[0], cursor[:-1]):
        with pytest.raises(InvalidCursor):
            page(altered)


def test_c12_a_cursor_of_another_list_is_refused() -> None:
    cursor = some_cursor()
    fill(5, uid="u2")
    for uid, name in (("u2", None), (None, None), ("u1", "n1")):
        with pytest.raises(InvalidCursor):
            page(cursor, uid=uid, name=name)
    for collection, order in ((Collection("others", Thing), "createdAt"), (THINGS, "name")):
        with pytest.raises(InvalidCursor):
            query.page(collection, {"uid": "u1"}, order, cursor=cursor)
    # Another page size is the same list.
    assert page(cursor, size=1)[0] == ["n2"]


def test_c12_a_cursor_of_another_deployment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = some_cursor()
    monkeypatch.setenv("APP_SIGNING_KEY", "another-key-0123456789")
    with pytest.raises(InvalidCursor):
        page(cursor)


def test_c12_what_is_signed_for_another_purpose_is_no_cursor() -> None:
    body = base64.urlsafe_b64encode(b'["2026-01-01T00:00:00+00:00","u1-000001"]').decode().rstrip("=")
    with pytest.raises(InvalidCursor):
        page(f"{body}.{ids.keyed('callback', 'things', 'createdAt', 'uid=u1', body)}")


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(cursor=st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_c12_garbage_is_invalid_and_never_a_bug(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        page(cursor)


def test_over_the_wire(database: Database) -> None:
    fill(3)
    answer = call(listThings, {"pageSize": 2}).result
    assert answer["names"] == ["n2", "n1"]
    assert call(listThings, {"cursor": answer["nextCursor"]}).result == {"names": ["n0"], "nextCursor": None}
    before = database.hash("rateLimits")
    for size in (0, -1, 101, 2.5, "2", True, 10**30):
        assert call(listThings, {"pageSize": size}).reason == "InvalidRequest"
    for cursor in ("", "x" * 1025, 5, ["a"]):
        assert call(listThings, {"cursor": cursor}).reason == "InvalidRequest"
    for cursor in ("x", answer["nextCursor"][:-1], answer["nextCursor"].swapcase(), "é", "."):
        refused = call(listThings, {"cursor": cursor})
        assert (refused.code, refused.reason) == ("invalid-argument", "InvalidCursor")
    assert call(listThings, {"pageSize": 100}).ok
    assert database.hash("rateLimits") == before


def test_a_cursor_survives_the_wire_for_every_kind_of_order(database: Database) -> None:
    for number in range(4):
        database.put(f"things/t{number}", {"name": f"n{number}", "score": number * 1.5, "rank": number - 2})
    for order in ("score", "rank"):
        found, cursor = query.page(THINGS, {}, order, size=2, cursor=None)
        rest, end = query.page(THINGS, {}, order, size=2, cursor=cursor)
        assert [each.data.name for each in (*found, *rest)] == ["n3", "n2", "n1", "n0"]
        assert end is None


@pytest.mark.parametrize("count", [30, 1500])
def test_reads_per_page_do_not_depend_on_the_collection(rpcs: Rpcs, count: int) -> None:
    fill(count)
    rpcs.reset()
    _, cursor = page(size=10)
    assert (rpcs.calls, rpcs.documents) == (["RunQuery"], 11)
    rpcs.reset()
    page(cursor, size=10)
    assert (rpcs.calls, rpcs.documents) == (["RunQuery"], 11)


def test_a_page_while_firestore_is_down_is_unavailable(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    rpcs.fail_before("RunQuery", times=1)
    assert page() == ([], None)
    monkeypatch.setattr(firestore, "RPC_TIMEOUT_S", 0.2)
    rpcs.fail_before("RunQuery", times=10**6)
    with pytest.raises(Unavailable):
        page()
