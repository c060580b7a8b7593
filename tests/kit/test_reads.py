"""Every kind of read while connections are cut: read anew and whole, or `Unavailable`; never a bug."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from studiox.kit import firestore, process, query
from studiox.kit.errors import Unavailable
from tests.support import Database, Rpcs
from tests.support.cutter import Cutter
from tests.support.engine import Engine
from tests.support.things import THINGS

pytestmark = pytest.mark.malformed("documents of no struct in models/")

START = datetime(2026, 3, 2, tzinfo=UTC)
SIZE = 40
TEXT = "x" * 4_000  # so that an answer is of many packets

Read = Callable[[], Any]


def _names(found: Iterator[query.Found[Any]]) -> list[str]:
    return [each.id for each in found]


READS: dict[str, Read] = {
    "documents": lambda: firestore.get_all([THINGS.document(f"t{n:02}") for n in range(SIZE)]),
    "page": lambda: query.page(THINGS, {"name": "a"}, "at", size=30, cursor=None)[0],
    "scan": lambda: _names(query.documents(THINGS, order="at", limit=30)),
    "scan of every field": lambda: _names(query.fields(THINGS, equal={"name": "a"})),
    "scan of a group": lambda: _names(query.documents(THINGS, order="at", group=True, page_size=15)),
    "names": lambda: query.names(THINGS, {"name": "a"}, 25),
    "count": lambda: query.count(THINGS, equal={"name": "a"}),
    "total": lambda: query.total(THINGS, "n", equal={"name": "a"}),
}
LONG = [name for name in READS if name not in ("count", "total")]


@pytest.fixture
def cutter(engine: Engine, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cutter]:
    for n in range(SIZE):
        database.put(f"things/t{n:02}", {"n": n, "name": "a", "at": START + timedelta(hours=n), "text": TEXT})
    proxy = Cutter(engine.host)
    with monkeypatch.context() as patched:
        patched.setenv("FIRESTORE_EMULATOR_HOST", proxy.host)
        process.restart()
        yield proxy
    proxy.close()


@pytest.mark.parametrize("name", READS)
def test_one_that_breaks_before_its_first_row_is_read_anew(cutter: Cutter, name: str) -> None:
    whole = READS[name]()
    assert whole
    cutter.cut()
    assert READS[name]() == whole
    assert cutter.cuts == 1


@pytest.mark.parametrize("after", [1, 40, 500, 2_000])
@pytest.mark.parametrize("name", LONG)
def test_one_that_breaks_in_its_head_or_behind_some_rows_is_read_anew(cutter: Cutter, name: str, after: int) -> None:
    whole = READS[name]()
    cutter.cut(after=after)
    assert READS[name]() == whole
    assert cutter.cuts == 1


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("name", [name for name in READS if name != "documents"])
def test_one_that_begins_and_breaks_is_read_anew(cutter: Cutter, rpcs: Rpcs, name: str, rows: int) -> None:
    """A list that ends early is no answer, even where its length was not told."""
    whole = READS[name]()
    method = "RunAggregationQuery" if name in ("count", "total") else "RunQuery"
    rpcs.plan(method, rows=rows)
    assert READS[name]() == whole
    assert cutter.cuts == 0


@pytest.mark.parametrize("name", READS)
def test_one_that_always_breaks_is_unavailable(cutter: Cutter, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    READS[name]()
    monkeypatch.setattr(firestore, "RPC_TIMEOUT_S", 0.5)
    cutter.cut(times=10**6)
    with pytest.raises(Unavailable):
        READS[name]()
    assert cutter.cuts >= 1
