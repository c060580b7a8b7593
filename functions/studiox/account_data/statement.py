"""The export's JSON, written document by document, with a running sum of the ledger that proves the balance. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from studiox.kit.clock import datetime
from studiox.kit.documents import Data


def written(head: Data, lists: Iterable[tuple[str, Iterable[Data]]], *, balance: int) -> Iterator[str]:
    """The file's text in pieces: the fields of `head`, then each list. `ledger` must be in the order of `seq`.

    An entry whose amount is not an integer adds nothing to the running sum, so that the ledger does not prove the
    balance.
    """
    yield "{"
    for name, value in head.items():
        yield f"{json.dumps(name)}:{_json(value)},\n"
    total = entries = 0
    for name, documents in lists:
        yield f"{json.dumps(name)}:["
        for number, document in enumerate(documents):
            if name == "ledger":
                amount = document.get("amount")
                total, entries = total + (amount if type(amount) is int else 0), entries + 1
                document = {**document, "runningSum": total}
            yield f"{',' if number else ''}\n{_json(document)}"
        yield "],\n"
    proof = {"entries": entries, "sum": total, "accountBalance": balance, "proven": total == balance}
    yield f'"ledgerProof":{_json(proof)}}}\n'


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
