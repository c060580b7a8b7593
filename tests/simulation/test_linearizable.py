"""Histories that could have happened one after the other, and histories that could not."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest

from tests.simulation import histories
from tests.simulation.answers import Exchange
from tests.simulation.books import Books
from tests.simulation.linearizable import (
    INSUFFICIENT,
    Account,
    Operation,
    Undecided,
    is_linearizable,
    step,
)
from tests.support import Answer


def welcome(at: float = 0.0) -> Operation:
    return Operation("credit", at, at, "welcome", 200, "bonus", 200)


def read(began: float, ended: float, answer: int) -> Operation:
    return Operation("read", began, ended, answer=answer)


def debit(began: float, ended: float | None, tokens: int, answer: Any = None, cause: str = "d1") -> Operation:
    return Operation("debit", began, ended, cause, tokens, answer=answer)


def holds(*operations: Operation) -> bool:
    return is_linearizable([welcome(), *operations], Account(), step)


LINEARIZABLE: dict[str, list[Operation]] = {
    "one after the other": [debit(1, 2, 150, 50), read(3, 4, 50)],
    "a read beside a debit, before it": [debit(1, 5, 150, 50), read(2, 3, 200)],
    "a read beside a debit, after it": [debit(1, 5, 150, 50), read(2, 3, 50)],
    "two debits and tokens for one": [debit(1, 4, 150, 50), debit(2, 5, 150, INSUFFICIENT, "d2")],
    "the same two, the other way": [debit(1, 4, 150, INSUFFICIENT), debit(2, 5, 150, 50, "d2")],
    "a replay": [debit(1, 2, 150, 50), debit(3, 4, 150, 50)],
    "a replay after other changes": [debit(1, 2, 10, 190), debit(3, 4, 5, 185, "d2"), debit(5, 6, 10, 190)],
    "a double click": [debit(1, 4, 150, 50), debit(2, 3, 150, 50)],
    "a lost answer that was applied": [debit(1, None, 150), read(2, 3, 50)],
    "a lost answer that never was": [debit(1, None, 150), read(2, 3, 200)],
    "a lost answer that was applied later": [debit(1, None, 150), read(2, 3, 200), read(4, 5, 50)],
    "a lost answer that is asked for again": [debit(1, None, 150), debit(5, 6, 150, 50), read(7, 8, 50)],
    "a refund": [debit(1, 2, 150, 50), Operation("refund", 3, 4, "r1", 150, "d1", 200), read(5, 6, 200)],
    "a part of it": [debit(1, 2, 150, 50), Operation("refund", 3, 4, "r1", 40, "d1", 90)],
    "a refund of what is not paid yet": [Operation("refund", 1, None, "r1", 9, "d1"), debit(2, 3, 9, 191),
        read(4, 5, 200)],
    "a purchase that somebody waits for": [Operation("credit", 1, None, "p1", 500, "purchased"), debit(2, 3, 700, 0)],
    "a debt": [Operation("credit", 1, 2, "p1", 500, "purchased", 700), debit(3, 4, 650, 50),
        Operation("take", 5, 6, "c1", 500, "purchased", -450), debit(7, 8, 1, INSUFFICIENT, "d2")],
    "a month that expires": [Operation("credit", 1, 2, "g1", 50, "monthly", 250), debit(3, 4, 30, 220),
        Operation("expire", 5, 6, "e1", answer=200), Operation("refund", 7, 8, "r1", 30, "d1", 230)],
    "a clawback that counts once": [Operation("take", 1, 2, "c1", 50, "bonus", 150),
        Operation("take", 3, 4, "c1", 50, "bonus", 150), read(5, 6, 150)],
}  # fmt: skip
NOT_LINEARIZABLE: dict[str, list[Operation]] = {
    "tokens made up": [debit(1, 2, 150, 50), read(3, 4, 200)],
    "tokens spent twice": [debit(1, 4, 150, 50), debit(2, 5, 150, 50, "d2")],
    "a stale read": [debit(1, 2, 150, 50), read(3, 4, 50), read(5, 6, 200)],
    "a debit before it was asked for": [read(1, 2, 50), debit(3, 4, 150, 50)],
    "a replay with another answer": [debit(1, 2, 150, 50), debit(3, 4, 10, 40, "d2"), debit(5, 6, 150, 40)],
    "a cause that counts twice": [debit(1, 2, 50, 150), debit(3, 4, 50, 100)],
    "a refusal that nothing explains": [debit(1, 2, 150, INSUFFICIENT)],
    "a refusal after the purchase was seen": [Operation("credit", 1, None, "p1", 500, "purchased"), read(2, 3, 700),
        debit(4, 5, 600, INSUFFICIENT)],
    "a refusal that was debited": [debit(1, 2, 300, INSUFFICIENT), read(3, 4, -100)],
    "a lost answer that comes and goes": [debit(1, None, 150), read(2, 3, 50), read(4, 5, 200)],
    "a lost answer that was applied twice": [debit(1, None, 50), debit(2, 3, 50, 100)],
    "a refund that counts twice": [debit(1, 2, 150, 50), Operation("refund", 3, 4, "r1", 150, "d1", 200),
        Operation("refund", 5, 6, "r1", 150, "d1", 350)],
    "a refund of another's debit": [debit(1, 2, 150, 50), Operation("refund", 3, 4, "r1", 150, "d9", 200)],
    "a refund to a bucket that expires": [Operation("credit", 1, 2, "g1", 50, "monthly", 250), debit(3, 4, 30, 220),
        Operation("expire", 5, 6, "e1", answer=200), Operation("refund", 7, 8, "r1", 30, "d1", 230),
        Operation("expire", 9, 10, "e2", answer=230)],
}  # fmt: skip


@pytest.mark.parametrize("name", LINEARIZABLE)
def test_it_could_have_happened(name: str) -> None:
    assert holds(*LINEARIZABLE[name])


@pytest.mark.parametrize("name", NOT_LINEARIZABLE)
def test_it_could_not(name: str) -> None:
    assert not holds(*NOT_LINEARIZABLE[name])


def _happened(seed: int, number: int = 40) -> list[Operation]:
    """A history of four devices that did happen: each operation took effect at a moment within its time."""
    random = Random(seed)
    free_at, account, made = [0.0] * 4, Account(), []
    planned = []
    for each in range(number):
        device = random.randrange(4)
        began = free_at[device] + random.random()
        ended = began + random.random() * 3
        free_at[device] = ended
        planned.append((random.uniform(began, ended), began, ended, each))
    for _, began, ended, each in sorted(planned):
        name = random.choice(["read", "debit", "debit", "credit"])
        cause = f"c{each if random.random() < 0.8 else random.randrange(number)}"
        operation = Operation(name, began, ended, f"{name} {cause}", random.randrange(1, 90), "bonus")
        account, answer = step(account, operation)
        lost = random.random() < 0.1
        made.append(operation._replace(answer=None if lost else answer, ended=None if lost else ended))
    return made


def test_what_did_happen_could_have_happened() -> None:
    for seed in range(60):
        assert is_linearizable(_happened(seed), Account(), step), seed


def test_an_answer_that_was_changed_is_found() -> None:
    """Every balance that a read was told, told wrongly."""
    for seed in range(12):
        history = _happened(seed)
        for number, operation in enumerate(history):
            if operation.name == "read" and operation.answer is not None:
                wrong = [*history]
                wrong[number] = operation._replace(answer=operation.answer + 1_000)
                assert not is_linearizable(wrong, Account(), step), (seed, number)


def test_the_search_agrees_with_trying_every_order() -> None:
    """Of small histories, by brute force: every subset of what was lost, in every order that respects time."""
    random = Random(3)
    decided = {True: 0, False: 0}
    for seed in range(150):
        history = _happened(seed, 5)
        number = random.randrange(5)
        if history[number].answer is not None:
            history[number] = history[number]._replace(answer=random.choice([0, 30, INSUFFICIENT]))
        expected = _by_brute_force(history)
        decided[expected] += 1
        assert is_linearizable(history, Account(), step) == expected, seed
    assert min(decided.values()) > 20


def _by_brute_force(history: list[Operation]) -> bool:
    lost = [each for each in history if each.ended is None]
    for number in range(len(lost) + 1):
        for left_out in itertools.combinations(lost, number):
            kept = [each for each in history if each not in left_out]
            if any(_is_right(order) for order in itertools.permutations(kept)):
                return True
    return False


def _is_right(order: tuple[Operation, ...]) -> bool:
    account, latest = Account(), 0.0
    for operation in order:
        if operation.ended is not None and operation.ended < latest:
            return False
        latest = max(latest, operation.began)
        account, answer = step(account, operation)
        if operation.ended is not None and operation.answer not in (None, answer):
            return False
    return True


def test_a_history_without_bound_is_undecided() -> None:
    lost = [Operation("credit", 0, None, f"c{each}", 1 << each, "bonus") for each in range(30)]
    with pytest.raises(Undecided, match="31 operations"):
        is_linearizable([*lost, read(1, 2, -1)], Account(), step, most=1_000)


# An account's ledger and answers.


def _answered(function: str, began: int, ended: int, result: dict[str, Any] | None, **data: Any) -> Exchange:
    details = {"reason": "InsufficientTokens", "balance": data.pop("had")} if result is None else {}
    answer = Answer(200 if result else 400, result, None if result else "failed-precondition", "", details, {})
    return Exchange("u1", function, data, began, ended, answer)


def _books() -> tuple[Books, dict[str, float]]:
    """A welcome, a feature, a purchase, a month that expires, a refund of a part, a clawback, a correction."""
    books = Books()
    books.user()
    books.post("u1", "welcome:u1", "welcome_bonus", ("user", "u1"), bonus=200)
    books.post("u1", "feature:r1", "deduction", ("feature", "hd"), bonus=-20)
    books.post("u1", "purchase:cs_1", "purchase", ("checkout", "cs_1"), purchased=500)
    books.post("u1", "grant:2026-02-01", "plan_grant", ("period", "2026-02-01"), monthly=50)
    books.post("u1", "deduction:j1", "deduction", ("job", "j1"), monthly=-50, bonus=-30)
    books.post("u1", "refund:j1", "refund", ("job", "j1"), bonus=30, monthly=10)
    books.post("u1", "expiry:2026-03-01", "plan_expiry", ("period", "2026-03-01"), monthly=-10)
    books.post("u1", "clawback:ch_1:100", "clawback", ("checkout", "cs_1"), purchased=-100)
    books.post("u1", "adjustment:a1", "admin_adjustment", ("admin", "boss"), bonus=-5)
    books.post("u1", "adjustment:a2", "admin_adjustment", ("admin", "boss"), bonus=7)
    entries = [path.rpartition("/")[2] for path in books.documents if "/ledger/" in path]
    return books, {name: 10.0 * number for number, name in enumerate(entries, 1)}


def _violations(*calls: Exchange) -> list[str]:
    books, moments = _books()
    entries = {name: books.documents[f"users/u1/ledger/{name}"] for name in moments}
    return [str(each) for each in histories.check("u1", calls, entries, moments)]


def test_the_answers_of_an_account_have_an_order() -> None:
    assert _violations() == []
    assert (
        _violations(
            _answered("getUserBalance", 12, 15, {"balance": 200}),
            _answered("useTokens", 15, 25, {"spent": 20, "balance": 180}, requestId="r1"),
            _answered("useTokens", 62, 68, {"spent": 20, "balance": 180}, requestId="r1"),
            _answered("createStudioJob", 26, 29, None, had=180),
            _answered("getUserBalance", 25, 35, {"balance": 680}),
        )
        == []
    )


@pytest.mark.parametrize(
    "call",
    [
        _answered("getUserBalance", 22, 25, {"balance": 200}),
        _answered("getUserBalance", 22, 25, {"balance": 680}),
        _answered("useTokens", 12, 15, {"spent": 20, "balance": 180}, requestId="r2"),
        _answered("createStudioJob", 36, 39, None, had=180),
        _answered("useTokens", 62, 68, {"spent": 20, "balance": 660}, requestId="r1"),
    ],
)
def test_an_answer_without_its_moment_is_found(call: Exchange) -> None:
    [found] = _violations(call)
    assert found.startswith("4. An answer is true: users/u1: no order makes every answer true, until Operation(")


QUOTE = {"price": 80, "takes": {"monthly": 50, "bonus": 30, "purchased": 0}, "balance": 730, "balanceAfter": 650}
ORDER = {"jobId": "j1", "price": 80, "balance": 650}


def _quoted(order: dict[str, Any] | None, asked: int = 42, **quote: Any) -> list[str]:
    """An order after its quote, which was asked for in that step."""
    about = {"model": "m", **({} if order else {"had": 730})}
    return _violations(
        _answered("quoteStudioJob", asked, asked + 3, {**QUOTE, **quote}, model="m"),
        _answered("createStudioJob", 46, 49 if order is None else 55, order, requestId="r9", **about),
    )


def test_an_order_does_what_its_quote_has_said() -> None:
    assert _quoted(ORDER) == []
    assert _quoted(ORDER, asked=22, price=1, balance=180) == [], "tokens moved in between"


@pytest.mark.parametrize(
    ("order", "quote"),
    [
        (ORDER, {"price": 79}),
        (ORDER, {"takes": {"monthly": 0, "bonus": 80, "purchased": 0}}),
        (ORDER, {"balanceAfter": 651}),
        (ORDER, {"refusal": {"reason": "InsufficientTokens"}}),
        (ORDER, {"refusal": {"reason": "SpendLimitReached"}}),
        (None, {}),
    ],
)
def test_an_order_that_differs_from_its_quote_is_found(order: dict[str, Any] | None, quote: dict[str, Any]) -> None:
    assert [each for each in _quoted(order, **quote) if "quoted {" in each]
