"""A small token domain to try `transact` with: debits of one user, and ways to make them meet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from studiox.kit import transaction
from studiox.kit.documents import Path, Stored
from studiox.kit.errors import NotFound, StudioxError
from studiox.kit.transaction import Docs, Reads
from tests.support.database import Database
from tests.support.rpcs import Rpcs


class Holder(Stored, frozen=True, kw_only=True):
    """Whose balance it is."""

    balance: int
    ledger_seq: int
    marked: bool = False


class Entry(Stored, frozen=True, kw_only=True):
    seq: int
    amount: int
    balance_after: int


USER = Path("users/u1", Holder)


class Poor(StudioxError):
    """The balance does not suffice."""

    code = "failed-precondition"


def entry_path(cause: str) -> Path[Entry]:
    return Path(f"{USER}/ledger/{cause}", Entry)


def post(docs: Docs, user: Holder, cause: str, amount: int) -> int:
    """Move tokens, in a decision; the balance afterwards."""
    seq, balance = user.ledger_seq + 1, user.balance + amount
    docs.update(USER, balance=balance, ledger_seq=seq)
    docs.create(entry_path(cause), Entry(seq=seq, amount=amount, balance_after=balance))
    return balance


def debit(cause: str, amount: int = 1, *, warm: bool = True) -> int:
    """A debit as the token domain makes them: the answer is the balance after it, also of a replay."""
    entry = entry_path(cause)

    def decide(docs: Docs) -> int:
        before = docs.get(entry)
        if before is not None:
            return before.balance_after
        user = docs.get(USER)
        if user is None:
            raise NotFound
        if user.balance < amount:
            raise Poor(balance=user.balance)
        return post(docs, user, cause, -amount)

    if warm:
        return transaction.transact(USER, decide, Reads(cached=[USER], assumed_absent=[entry]))
    return transaction.transact(USER, decide, Reads(fresh=[USER, entry]))


def opened(database: Database, balance: int) -> None:
    database.put(USER, {"balance": balance, "ledgerSeq": 0})


def assert_sound(database: Database, opening: int) -> int:
    """The balance is the opening one and the entries'; seq has no gap; the running balance runs."""
    user = database.need(USER)
    entries = sorted(database.under(f"{USER}/ledger").values(), key=lambda entry: int(entry["seq"]))
    assert [entry["seq"] for entry in entries] == list(range(1, user["ledgerSeq"] + 1))
    balance = opening
    for entry in entries:
        balance += entry["amount"]
        assert entry["balanceAfter"] == balance
    assert user["balance"] == balance
    return len(entries)


def together(
    rpcs: Rpcs, operations: list[Callable[[], Any]], meanwhile: Callable[[], object] = lambda: None
) -> list[Any]:
    """What these answer or raise, run so that they meet in one group, in this order.

    A debit called `leader` is before them: its commit takes until all have queued, and `meanwhile` was called.
    """
    queued = threading.Event()
    rpcs.before("Commit", lambda: queued.wait(60))
    first = threading.Thread(target=lambda: debit("leader"))
    first.start()
    while not transaction.groups().queues:
        time.sleep(0.001)
    with ThreadPoolExecutor(len(operations)) as pool:
        running = []
        for number, operation in enumerate(operations, 1):
            running.append(pool.submit(operation))
            while len(transaction.groups().queues[USER].waiting) < number:
                time.sleep(0.001)
        meanwhile()
        queued.set()
    first.join()
    return [each.exception() or each.result() for each in running]
