"""The export's JSON, to the last character."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from studiox.account_data.statement import written

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _text(*entries: dict[str, Any], balance: int) -> str:
    head = {"name": "Ünal", "at": NOW, "more": MappingProxyType({"a": {1}})}
    return "".join(written(head, [("jobs", [{"id": 1}, {"id": 2}]), ("ledger", entries)], balance=balance))


def test_the_file_is_written_document_by_document() -> None:
    assert _text({"amount": 200}, {"amount": -5}, balance=195) == (
        '{"name":"Ünal",\n'
        '"at":"2026-03-01T12:00:00Z",\n'
        '"more":{"a": "{1}"},\n'
        '"jobs":[\n{"id": 1},\n{"id": 2}],\n'
        '"ledger":[\n{"amount": 200, "runningSum": 200},\n{"amount": -5, "runningSum": 195}],\n'
        '"ledgerProof":{"entries": 2, "sum": 195, "accountBalance": 195, "proven": true}}\n'
    )


@pytest.mark.parametrize("amount", [None, 2.0, "2", True])
def test_an_amount_that_is_no_integer_proves_nothing(amount: Any) -> None:
    told = json.loads(_text({"amount": 1}, {"amount": amount}, {"amount": 3}, balance=6))
    assert [each["runningSum"] for each in told["ledger"]] == [1, 1, 4]
    assert told["ledgerProof"] == {"entries": 3, "sum": 4, "accountBalance": 6, "proven": False}


def test_without_entries_the_sum_is_nothing() -> None:
    proof = {"entries": 0, "sum": 0, "accountBalance": 0, "proven": True}
    assert json.loads(_text(balance=0))["ledgerProof"] == proof
