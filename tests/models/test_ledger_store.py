"""The ledger's documents: an entry and the account in one commit, each cause once, and what the audit corrects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.kit.documents import AlreadyDecided, Docs, encode
from studiox.models import ledger_store
from studiox.models.ledger import Account, Buckets, Cause, LedgerEntry
from studiox.models.ledger_store import entry_path
from studiox.models.users import user_path
from tests.support import Database
from tests.support.documents import docs_with
from tests.support.people import user_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
USER = replace(user_of(), balance=30, buckets=Buckets(monthly=10, bonus=20), ledger_seq=7)


def cause(id_: str = "debit:j1") -> Cause:
    return Cause(id=id_, type="deduction", kind="job", ref="j1", reason="Model A")


def holding(**fields: Any) -> Docs:
    return docs_with({user_path("u1"): {**encode(USER), **fields}})


def test_paths_are_the_accounts_own() -> None:
    paths = entry_path("u1", "debit:j1"), ledger_store.unchecked_entry_path("u1", "debit:j1")
    assert set(map(str, paths)) == {"users/u1/ledger/debit:j1"}
    assert ledger_store.unchecked_path("u1") == "users/u1"
    assert ledger_store.account_of(USER) == Account(USER.buckets, 7)


def test_an_entry_and_its_account_are_one_change() -> None:
    docs = holding()
    entry = ledger_store.post(docs, "u1", cause(), Buckets(monthly=-10, bonus=-2), NOW)
    assert docs.get(entry_path("u1", "debit:j1")) == entry
    assert (entry.seq, entry.amount, entry.balance_after) == (8, -12, 18)
    after = replace(USER, balance=18, buckets=Buckets(bonus=18), ledger_seq=8, updated_at=NOW)
    assert docs.get(user_path("u1")) == after
    with pytest.raises(AlreadyDecided):
        ledger_store.post(docs, "u1", cause(), Buckets(bonus=-2), NOW)


def test_no_tokens_move_without_an_account() -> None:
    docs = docs_with({})
    with pytest.raises(KeyError):
        ledger_store.post(docs, "u1", cause(), Buckets(bonus=2), NOW)
    with pytest.raises(KeyError):
        ledger_store.set_account(docs, "u1", Account(Buckets(), 0), NOW)
    assert docs.changes == {}


@pytest.mark.parametrize(
    "broken",
    [
        {"balance": 31},
        {"balance": 30.0},
        {"balance": "30"},
        {"ledgerSeq": 6},
        {"buckets": {"monthly": 10, "bonus": 21}},
        {"buckets": {"monthly": 10, "bonus": 20.0}},
        {"buckets": None},
    ],
)
def test_an_account_is_set_to_what_its_ledger_says(broken: dict[str, Any]) -> None:
    docs = holding(**broken)
    assert ledger_store.set_account(docs, "u1", ledger_store.account_of(USER), NOW) is True
    assert docs.get(user_path("u1")) == replace(USER, updated_at=NOW)


def test_an_account_that_is_right_stays_as_it_is() -> None:
    docs = holding()
    assert ledger_store.set_account(docs, "u1", ledger_store.account_of(USER), NOW) is False
    assert docs.changes == {}


@pytest.fixture
def five(database: Database) -> list[str]:
    """Five entries, a second apart, the last one a grant."""
    docs, names = holding(), [f"debit:{number}" for number in range(4)]
    entries: list[LedgerEntry] = [
        ledger_store.post(docs, "u1", cause(each), Buckets(bonus=-number), NOW + number * SECOND)
        for number, each in enumerate(names, 1)
    ]
    given = Cause(id="grant:1", type="plan_grant", kind="period", ref="r", reason="monthly")
    entries.append(ledger_store.post(docs, "u1", given, Buckets(monthly=5), NOW + 5 * SECOND))
    names.append("grant:1")
    for name, entry in zip(names, entries, strict=True):
        database.put(entry_path("u1", name), encode(entry))
    return names


@pytest.mark.usefixtures("five")
def test_a_ledger_is_listed_newest_first_by_type() -> None:
    found, cursor = ledger_store.list_entries("u1", type=None, size=3, cursor=None)
    rest, end = ledger_store.list_entries("u1", type=None, size=3, cursor=cursor)
    assert [each.seq for each in (*found, *rest)] == [12, 11, 10, 9, 8]
    assert end is None
    debits, end = ledger_store.list_entries("u1", type="deduction", size=9, cursor=None)
    assert ([each.seq for each in debits], end) == ([11, 10, 9, 8], None)
    assert ledger_store.list_entries("u2", type=None, size=3, cursor=None) == ([], None)


@pytest.mark.usefixtures("five")
def test_figures_are_of_the_newest_entries_in_their_time() -> None:
    def amounts(until: datetime, limit: int) -> list[int]:
        found = ledger_store.created_between("u1", NOW + 2 * SECOND, until, limit)
        return [each.amount for each in found]

    assert amounts(NOW + 5 * SECOND, 9) == [-4, -3, -2]
    assert amounts(NOW + 6 * SECOND, 2) == [5, -4]


@pytest.mark.usefixtures("five")
def test_the_audit_reads_a_ledger_in_its_order_from_where_it_was() -> None:
    def audited(after: int) -> list[int]:
        return [each.data.seq for each in ledger_store.entries_to_audit("u1", after)]

    assert audited(0) == [8, 9, 10, 11, 12]
    assert audited(9) == [10, 11, 12]
    assert audited(12) == []
    assert (ledger_store.count_entries("u1"), ledger_store.count_entries("u2")) == (5, 0)


@pytest.mark.malformed("an entry without what an entry has")
def test_an_audit_from_the_beginning_sees_entries_without_a_number(database: Database) -> None:
    """A broken entry with `seq` 0 or below is what the audit looks for."""
    database.put("users/u1/ledger/broken", {"seq": 0, "amount": 1})
    assert [each.data.seq for each in ledger_store.entries_to_audit("u1", 0)] == [0]
