"""A guarantee that does not hold, as every check reports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Document = Mapping[str, Any]
Snapshot = Mapping[str, Document]
"""{path: data} of the whole database. A document that changes is another object."""

NAMES = {
    0: "Documents agree with each other",
    1: "The ledger proves the balance",
    2: "Nothing is spent that is not there",
    3: "A cause counts once",
    4: "An answer is true",
    5: "A job is paid once and refunded at most once",
    6: "An order goes to a provider at most once",
    7: "Every job ends",
    8: "A completed job has its result",
    9: "A payment counts once, in any order of its events",
    10: "Never more back than was given",
    11: "One person, one welcome bonus",
    12: "The caller is the ID token's user",
    13: "A refused call changes nothing",
    14: "Every change is on record",
    16: "The number of likes is the number of like documents",
    17: "A deleted account is gone",
    18: "A limit holds over all instances",
    19: "Reports hold every job that has ended, once",
}
"""The numbers are those of docs/guarantees.md."""


class Violation(NamedTuple):
    """A guarantee that does not hold."""

    guarantee: int
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.guarantee}. {NAMES[self.guarantee]}: {self.path}: {self.text}"
