"""Whether a history could have happened one operation after the other (Wing and Gong's search, with memory of what was
tried, as in Porcupine), and a model of an account's ledger to ask it of.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)
BUCKETS = ("monthly", "bonus", "purchased")
"""In the order in which they burn."""
MOST_STATES = 10_000


class Undecided(Exception):
    """The history has too many interleavings to try them all."""


class Operation(NamedTuple):
    """What somebody asked for, and what they were told. Times are any numbers that grow."""

    name: str
    """`read`, `debit`, `refund`, `credit`, `take`, `move` or `expire`."""
    began: float
    ended: float | None
    """None: the answer was lost. It may have happened at any later time, or never."""
    cause: str = ""
    """What counts once: the same cause is answered as the first time."""
    tokens: int = 0
    about: Any = ""
    """The bucket of a credit or a take; the cause of the debit that a refund gives back; the change of a move."""
    answer: Any = None
    """The balance afterwards, or INSUFFICIENT. None: the caller was told neither."""


INSUFFICIENT = "InsufficientTokens"
Buckets = tuple[int, int, int]


class Account(NamedTuple):
    """The model's state."""

    buckets: Buckets = (0, 0, 0)
    causes: frozenset[tuple[str, Buckets, int]] = frozenset()
    """(cause, what it changed, the balance that it was answered)."""


def step(account: Account, operation: Operation) -> tuple[Account, Any]:
    """The account after the operation, and the answer that is true then."""
    buckets, balance = account.buckets, sum(account.buckets)
    if operation.name == "read":
        return account, balance
    for cause, _, answer in account.causes:
        if cause == operation.cause:
            return account, answer
    if operation.name == "debit" and operation.tokens > balance:
        return account, INSUFFICIENT
    change = _change(account, operation)
    if change is None:
        return account, None
    after = (buckets[0] + change[0], buckets[1] + change[1], buckets[2] + change[2])
    done = (operation.cause, change, sum(after))
    return Account(after, account.causes | {done}), sum(after)


def _change(account: Account, operation: Operation) -> Buckets | None:
    """What the operation does to the buckets; None for a refund of what was never paid."""
    match operation.name:
        case "debit":
            return _burnt(operation.tokens, account.buckets, -1)
        case "refund":
            paid = next((each for cause, each, _ in account.causes if cause == operation.about), None)
            if paid is None:
                return None
            back = _burnt(operation.tokens, (-paid[2], -paid[1], -paid[0]), 1)
            return back[::-1]
        case "expire":
            return (-account.buckets[0], 0, 0)
        case "move":
            change: Buckets = operation.about
            return change
    signed = operation.tokens if operation.name == "credit" else -operation.tokens
    monthly, bonus, purchased = (signed * (each == operation.about) for each in BUCKETS)
    return (monthly, bonus, purchased)


def _burnt(tokens: int, buckets: Sequence[int], sign: int) -> Buckets:
    """`tokens` taken from these, the first first."""
    first = min(tokens, max(0, buckets[0]))
    second = min(tokens - first, max(0, buckets[1]))
    return (sign * first, sign * second, sign * (tokens - first - second))


def is_linearizable(
    history: Sequence[Operation],
    start: S,
    step: Callable[[S, Operation], tuple[S, Any]],
    *,
    most: int = MOST_STATES,
) -> bool:
    """Whether there is an order that respects time and gives every answer. `Undecided` after `most` states.

    An operation may come next if no other that is left has ended before it began. One whose answer was lost need not
    come at all.
    """
    operations = sorted(history, key=lambda each: (each.began, each.ended is None, each.ended or 0.0))
    ends = {number: each.ended for number, each in enumerate(operations) if each.ended is not None}
    needed = sum(1 << number for number in ends)
    tried: set[tuple[int, S]] = set()
    waiting: list[tuple[int, S]] = [(0, start)]
    while waiting:
        done, state = waiting.pop()
        if done & needed == needed:
            return True
        if (done, state) in tried:
            continue
        tried.add((done, state))
        if len(tried) > most:
            raise Undecided(f"{len(operations)} operations")
        first_end = min(end for number, end in ends.items() if not done >> number & 1)
        for number in range(len(operations) - 1, -1, -1):  # the earliest is tried first
            operation = operations[number]
            if operation.began > first_end or done >> number & 1:
                continue
            after, answer = step(state, operation)
            if operation.ended is None or operation.answer is None or operation.answer == answer:
                waiting.append((done | 1 << number, after))
    return False
