"""Firestore goes away at each round trip of each call: the caller is told so, and it is never taken for a bug."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import main
from studiox.api.callables import CONTRACTS, Admin
from studiox.kit import rate_limits, transaction
from tests.conftest import Logged
from tests.support import Answer, Database, Rpcs, call
from tests.support.rpcs import Fault
from tests.test_indexes import WORLD, _requests

MOST = 12  # round trips of one call
METHODS = ("BatchGetDocuments", "RunQuery", "RunAggregationQuery", "Commit")

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.02)
    monkeypatch.setattr(rate_limits, "TIMEOUT_S", 0.02)


def away_from(rpcs: Rpcs, index: int, *, applied: bool) -> None:
    """Every round trip from this one on is lost: before the engine, or behind it."""
    met = itertools.count()

    def lose(_method: str, _request: Any) -> None:
        if next(met) >= index:
            raise Fault("DEADLINE_EXCEEDED", "away")

    for method in METHODS:
        # To a reader it is all the same.
        behind = applied and method == "Commit"
        rpcs.plan(method, times=10**6, before=None if behind else lose, after=lose if behind else None)


def ask(name: str, request: dict[str, Any], uid: str) -> Answer:
    return call(getattr(main, name), request, uid=uid, admin=CONTRACTS[name].caller is Admin)


@pytest.mark.parametrize("applied", [False, True], ids=["lost before", "lost behind"])
@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_no_call_takes_an_outage_for_a_bug(
    database: Database, rpcs: Rpcs, logged: Logged, name: str, applied: bool
) -> None:
    for path, data in WORLD.items():
        database.put(path, data)
    request = next(iter(_requests(CONTRACTS[name])))
    for index in range(MOST):
        uid = f"u{next(_numbers)}"
        rpcs.reset()
        away_from(rpcs, index, applied=applied)
        answer = ask(name, request, uid)
        asked = rpcs.count()
        rpcs.heal()
        assert answer.code != "internal", (index, rpcs.calls)
        assert not [line for line in logged.lines() if line["severity"] == "ERROR"], (index, rpcs.calls)
        if asked <= index:
            return  # it did not come to that round trip
