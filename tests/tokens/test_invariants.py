"""The guarantees that the audit recomputes, each at its boundary: what is sound passes, one token off is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from studiox.models.jobs import UncheckedJob
from studiox.models.ledger import MAX_BALANCE, UncheckedEntry
from studiox.tokens.invariants import Fold, Sum, Violation, check_job

START = Sum(seq=4, monthly=10, bonus=20, purchased=30)
HELD = {"monthly": 10, "bonus": 20, "purchased": 30}


def _entry(type_: Any, *change: int, start: Sum = START, **wrong: Any) -> UncheckedEntry:
    """The next entry of a sound ledger, but for what is wrong with it."""
    monthly, bonus, purchased = change
    sound = {
        "id": "e5",
        "seq": start.seq + 1,
        "type": type_,
        "amount": monthly + bonus + purchased,
        "buckets": {"monthly": monthly, "bonus": bonus, "purchased": purchased},
        "balance_after": start.balance + monthly + bonus + purchased,
        "ref": {"kind": "admin", "id": "a1"},
    }
    return UncheckedEntry(**{**sound, **wrong})


def _found(entry: UncheckedEntry, start: Sum = START, name: str = "e5") -> list[tuple[str, str, str]]:
    """The violations that the entry makes: kind, expected, found."""
    fold = Fold(start)
    fold.add(name, entry)
    assert {each.subject for each in fold.violations} <= {name}
    return [(each.kind, each.expected, each.found) for each in fold.violations]


def test_a_ledger_is_added_up_bucket_by_bucket() -> None:
    fold = Fold(Sum())
    fold.add("e1", _entry("reward", 1, 20, 300, start=Sum(), id="e1"))
    fold.add("e2", _entry("deduction", -1, -2, -3, start=Sum(1, 1, 20, 300), id="e2"))
    assert (fold.sum, fold.violations) == (Sum(2, 0, 18, 297), [])
    assert fold.sum.balance == 315
    fold = Fold(START)
    fold.add("e5", _entry("purchase", 0, 0, 1))
    assert (fold.sum, START) == (Sum(5, 10, 20, 31), Sum(4, 10, 20, 30))


@pytest.mark.parametrize(
    "wrong",
    [{field: value} for field in ("seq", "amount", "balance_after") for value in (None, "5", 5.0, True)]
    + [{"buckets": {"monthly": 0, "bonus": bonus, "purchased": 0}} for bonus in (None, "1", 1.0, True)]
    + [{"buckets": {"monthly": 0, "bonus": 1}}, {"buckets": None}, {"buckets": "text"}, {"buckets": [0, 1, 0]}],
    ids=str,
)
def test_an_entry_without_whole_figures_is_left_out(wrong: dict[str, Any]) -> None:
    fold = Fold(START)
    fold.add("e5", _entry("reward", 0, 1, 0, **wrong))
    assert fold.violations == [Violation("not_an_integer", "e5", "integers", "something else")]
    assert fold.sum == START


@pytest.mark.parametrize(
    ("wrong", "violation"),
    [
        ({"seq": 4}, ("seq", "5", "4")),
        ({"seq": 6}, ("seq", "5", "6")),
        ({"amount": 0}, ("amount_is_not_its_buckets", "1", "0")),
        ({"amount": 2}, ("amount_is_not_its_buckets", "1", "2")),
        ({"balance_after": 60}, ("running_balance", "61", "60")),
        ({"balance_after": 62}, ("running_balance", "61", "62")),
        ({"id": "e6"}, ("not_its_causes_name", "e5", "e6")),
    ],
    ids=str,
)
def test_a_figure_that_does_not_follow_is_found(wrong: dict[str, Any], violation: tuple[str, str, str]) -> None:
    entry = _entry("reward", 0, 1, 0, **wrong)
    assert _found(entry) == [violation]
    fold = Fold(START)
    fold.add("e5", entry)
    assert fold.sum == Sum(entry.seq, 10, 21, 30)


GAINS = ("welcome_bonus", "refund", "purchase", "plan_grant", "reward", "restore")
LOSSES = ("deduction", "plan_expiry", "clawback")


@pytest.mark.parametrize("amount", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("type_", [*GAINS, *LOSSES, "admin_adjustment", None, {}])
def test_a_type_moves_tokens_in_one_direction(type_: Any, amount: int) -> None:
    wrong = (type_ in GAINS and amount < 0) or (type_ in LOSSES and amount > 0)
    assert _found(_entry(type_, 0, amount, 0)) == ([("sign", str(type_), str(amount))] if wrong else [])


@pytest.mark.parametrize(
    ("type_", "kind", "name"),
    [
        ("deduction", "job", "deduction:x"),
        ("refund", "job", "refund:x"),
        ("plan_grant", "period", "grant:x"),
        ("plan_expiry", "period", "expiry:x"),
        ("welcome_bonus", "user", "welcome:x"),
        ("reward", "task", "reward:x"),
        ("reward", "streak", "reward:streak:x"),
    ],
)
def test_an_entry_is_named_after_its_cause(type_: str, kind: str, name: str) -> None:
    ref = {"kind": kind, "id": "x"}
    assert _found(_entry(type_, 0, 0, 0, ref=ref, id=name), name=name) == []
    assert _found(_entry(type_, 0, 0, 0, ref=ref)) == [("not_its_causes_name", name, "e5")]
    assert _found(_entry(type_, 0, 0, 0, ref=ref, id=name)) == [("not_its_causes_name", name, "e5")]
    assert _found(_entry(type_, 0, 0, 0, ref=ref), name=name) == [("not_its_causes_name", name, "e5")]
    other = {"kind": kind, "id": "y"}
    assert _found(_entry(type_, 0, 0, 0, ref=other, id=name), name=name) == [
        ("not_its_causes_name", f"{name[:-1]}y", name)
    ]


@pytest.mark.parametrize("ref", [None, "job", ["job"], {}, {"kind": None}, {"kind": {}}, {"kind": "feature", "id": 1}])
@pytest.mark.parametrize("type_", ["deduction", None, {}, []])
def test_an_entry_of_an_unknown_cause_only_has_its_own_name(type_: Any, ref: Any) -> None:
    assert _found(_entry(type_, 0, 0, 0, ref=ref)) == []
    assert _found(_entry(type_, 0, 0, 0, ref=ref, id="e6")) == [("not_its_causes_name", "e5", "e6")]


@pytest.mark.parametrize(
    ("type_", "start", "change", "violations"),
    [
        ("deduction", START, (-10, -20, -29), []),
        ("deduction", START, (-10, -20, -30), []),
        ("admin_adjustment", Sum(4, 0, 0, -9), (0, -1, 1), [("bucket_below_zero", "0", "-1")]),
        ("clawback", START, (0, 0, -61), []),
        ("deduction", Sum(4, 9, 0, -9), (-1, 0, 0), [("more_than_the_balance", "at most 0", "1")]),
        # monthly and bonus stay at or above zero
        ("admin_adjustment", START, (-10, 0, 0), []),
        ("admin_adjustment", START, (-11, 0, 0), [("bucket_below_zero", "0", "-1")]),
        ("admin_adjustment", START, (0, -20, 0), []),
        ("admin_adjustment", START, (0, -21, 0), [("bucket_below_zero", "0", "-1")]),
        ("admin_adjustment", START, (-11, -22, 0), [("bucket_below_zero", "0", each) for each in ("-1", "-2")]),
        ("admin_adjustment", Sum(4, 0, 5, 5), (-1, 0, 0), [("bucket_below_zero", "0", "-1")]),
        ("admin_adjustment", Sum(4, -1, 5, 5), (-1, 0, 0), []),  # the entry before is to blame
        # only a clawback makes a debt or a larger one
        ("admin_adjustment", START, (0, 0, -1), []),
        ("admin_adjustment", START, (0, 0, -30), []),
        ("admin_adjustment", START, (0, 0, -31), [("debt_without_clawback", "30", "-1")]),
        ("clawback", START, (0, 0, -31), []),
        ("admin_adjustment", Sum(4, 9, 9, 0), (0, 0, -1), [("debt_without_clawback", "0", "-1")]),
        ("admin_adjustment", Sum(4, 9, 9, -5), (0, 0, 0), []),
        ("admin_adjustment", Sum(4, 9, 9, -5), (0, 0, 1), []),
        ("admin_adjustment", Sum(4, 9, 9, -5), (0, 0, -1), [("debt_without_clawback", "-5", "-6")]),
        ("clawback", Sum(4, 9, 9, -5), (0, 0, -1), []),
    ],
)
def test_what_a_bucket_may_hold(
    type_: str, start: Sum, change: tuple[int, int, int], violations: list[tuple[str, str, str]]
) -> None:
    assert _found(_entry(type_, *change, start=start), start) == violations


def test_a_run_reports_at_most_fifty_violations_of_a_user() -> None:
    for given, kept in ((49, 49), (50, 50), (51, 50)):
        fold = Fold(Sum())
        for number in range(given):
            fold.wrong("seq", "e1", number, None)
        assert [each.expected for each in fold.violations] == [str(number) for number in range(kept)]
        assert fold.violations[0] == Violation("seq", "e1", "0", "None")


def _compared(balance: Any, buckets: Any, seq: Any, total: Sum = START) -> list[tuple[str, str, str]]:
    fold = Fold(total)
    fold.compare(balance, buckets, seq)
    assert {each.kind for each in fold.violations} <= {"account_is_not_its_ledger"}
    return [(each.subject, each.expected, each.found) for each in fold.violations]


def test_an_account_holds_the_sums_of_its_ledger() -> None:
    assert _compared(60, HELD, 4) == []
    for wrong in (59, 61, 60.0, "60", None):
        assert _compared(wrong, HELD, 4) == [("balance", "60", str(wrong))]
    for bucket, value in HELD.items():
        for other in (value - 1, value + 1, float(value), None):
            assert _compared(60, {**HELD, bucket: other}, 4) == [(bucket, str(value), str(other))]
    assert _compared(1, {"monthly": 0, "bonus": True, "purchased": 0}, 4, Sum(4, 0, 1, 0)) == [("bonus", "1", "True")]
    malformed: tuple[Any, ...] = (None, {}, "text", [10, 20, 30])
    for nothing in malformed:
        assert [each[0] for each in _compared(60, nothing, 4)] == ["monthly", "bonus", "purchased"]
    for seq in (3, 5, None):
        assert _compared(60, HELD, seq) == [("ledgerSeq", "4", str(seq))]


def test_no_account_holds_more_than_the_maximum() -> None:
    for amount, subjects in ((MAX_BALANCE, []), (MAX_BALANCE + 1, ["balance", "bonus"])):
        found = _compared(amount, {"monthly": 0, "bonus": amount, "purchased": 0}, 4, Sum(4, 0, amount, 0))
        assert [each[0] for each in found] == subjects


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta.resolution


def _moved(monthly: int, bonus: int, purchased: int, **wrong: Any) -> UncheckedEntry:
    """A deduction, or a refund, of a job."""
    buckets = {"monthly": monthly, "bonus": bonus, "purchased": purchased}
    sound = UncheckedEntry(amount=monthly + bonus + purchased, buckets=buckets)
    return msgspec.structs.replace(sound, **wrong)


PRICE, BACK, PART = _moved(-1, -2, 0), _moved(1, 2, 0), _moved(1, 0, 0)
FREE = _moved(0, 0, 0)


def _job(status: Any = "completed", **fields: Any) -> UncheckedJob:
    return UncheckedJob(**{"uid": "u1", "status": status, "price": 3, "refunded": 0, "deadline_at": NOW, **fields})


@pytest.mark.parametrize(
    ("job", "deduction", "refund", "violations"),
    [
        # completed: everything is kept, or a part is given back
        (_job(), PRICE, None, []),
        (_job(refunded=1), PRICE, PART, []),
        (_job(refunded=2), PRICE, _moved(0, 2, 0), []),
        (_job(refunded=3), PRICE, BACK, [("refund_of_a_completed_job", "0", "3")]),
        (_job(price=0), FREE, None, []),
        (_job(price=0), FREE, FREE, [("refund_of_a_completed_job", "0", "0")]),
        # failed and cancelled: everything is given back
        *((_job(status, refunded=3), PRICE, BACK, []) for status in ("failed", "cancelled")),
        *((_job(status), PRICE, None, [("refund_missing", "3", "0")]) for status in ("failed", "cancelled")),
        (_job("failed", refunded=1), PRICE, PART, [("refund_is_not_the_price", "3", "1")]),
        (_job("failed", price=0), FREE, None, []),
        # under way: nothing is given back
        *((_job(status), PRICE, None, []) for status in ("pending", "processing")),
        (_job("pending", refunded=1), PRICE, PART, [("refund_of_a_job_under_way", "0", "1")]),
        (_job("processing", refunded=3), PRICE, BACK, [("refund_of_a_job_under_way", "0", "3")]),
        # the deduction is the price, and no bucket gets more than it gave
        (_job(), None, None, [("job_without_deduction", "3", "none")]),
        (_job(refunded=1), None, PART, [("job_without_deduction", "3", "none")]),
        (_job(), _moved(-1, -1, 0), None, [("deduction_is_not_the_price", "3", "2")]),
        (_job(), _moved(-1, -3, 0), None, [("deduction_is_not_the_price", "3", "4")]),
        (_job(refunded=2), PRICE, _moved(2, 0, 0),
         [("refund_of_other_buckets", str(PRICE.buckets), str(_moved(2, 0, 0).buckets))]),
        (_job(refunded=1), PRICE, _moved(0, 0, 1),
         [("refund_of_other_buckets", str(PRICE.buckets), str(_moved(0, 0, 1).buckets))]),
        # the job says what was given back
        (_job(refunded=1), PRICE, None, [("job_says_another_refund", "0", "1")]),
        (_job(refunded=0), PRICE, PART, [("job_says_another_refund", "1", "0")]),
        # an unknown state has no rule of its own
        (_job({}), PRICE, None, []),
        (_job("lost", refunded=3), PRICE, BACK, []),
    ],
)  # fmt: skip
def test_a_job_agrees_with_its_two_entries(
    job: UncheckedJob,
    deduction: UncheckedEntry | None,
    refund: UncheckedEntry | None,
    violations: list[tuple[str, str, str]],
) -> None:
    found = check_job("j1", job, deduction, refund, NOW)
    assert [(each.kind, each.expected, each.found) for each in found] == violations
    assert {each.subject for each in found} <= {"j1"}


@pytest.mark.parametrize("status", ["pending", "processing", "completed"])
def test_a_job_has_fifteen_minutes_after_its_deadline_to_end(status: str) -> None:
    end = NOW + timedelta(minutes=15)
    assert check_job("j1", _job(status), PRICE, None, end) == []
    late = Violation("job_past_its_deadline", "j1", str(NOW), str(end + TICK))
    assert check_job("j1", _job(status), PRICE, None, end + TICK) == ([] if status == "completed" else [late])
    assert check_job("j1", _job(status, deadline_at=None), PRICE, None, end + TICK) == []


@pytest.mark.parametrize(
    ("job", "deduction", "refund"),
    [
        *((_job(price=price), PRICE, None) for price in ("3", None, 3.0, True)),
        *((_job(refunded=refunded), PRICE, None) for refunded in ("0", None, 0.0, False)),
        (_job(deadline_at="x"), PRICE, None),
        (_job(), _moved(-1, -2, 0, amount="-3"), None),
        (_job(), _moved(-1, -2, 0, amount=None), None),
        *((_job(), _moved(-1, -2, 0, buckets=buckets), None) for buckets in (None, {}, "x", {"monthly": -3})),
        (_job(refunded=1), PRICE, _moved(1, 0, 0, amount=1.0)),
        (_job(refunded=1), PRICE, _moved(1, 0, 0, buckets=None)),
    ],
)
def test_what_cannot_be_compared_is_found(
    job: UncheckedJob, deduction: UncheckedEntry, refund: UncheckedEntry | None
) -> None:
    assert check_job("j1", job, deduction, refund, NOW) == [
        Violation("not_readable", "j1", "a job and its entries", "values of other types")
    ]
