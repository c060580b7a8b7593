"""The ledger's rules against a model of a dozen lines, by whatever sequence of operations Hypothesis thinks of."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from studiox.models import ledger
from studiox.models.ledger import MAX_BALANCE, Account, Buckets, Cause, EntryType, InsufficientTokens, LedgerEntry

NOW = datetime(2026, 1, 31, tzinfo=UTC)
AMOUNTS = st.integers(1, 500)
CREDITS = st.sampled_from(["welcome_bonus", "purchase", "plan_grant", "reward", "admin_adjustment", "restore"])
BUCKET = st.sampled_from(["monthly", "bonus", "purchased"])


def cause(type_: EntryType = "reward", id_: str = "reward:t1") -> Cause:
    return Cause(id=id_, type=type_, kind="task", ref="t1", reason="because")


class Ledger(RuleBasedStateMachine):
    """Credits, debits, refunds, clawbacks and expiries, in any order; the model is three numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.account = Account()
        self.entries: list[LedgerEntry] = []
        self.model = Counter({"monthly": 0, "bonus": 0, "purchased": 0})
        self.debits: list[Buckets] = []

    def post(self, type_: Any, change: Buckets) -> None:
        at = NOW + timedelta(seconds=len(self.entries))
        self.account, entry = ledger.next_entry(self.account, cause(type_, f"c{len(self.entries)}"), change, at)
        self.entries.append(entry)

    @initialize(tokens=st.integers(0, 1000))
    def welcome(self, tokens: int) -> None:
        if tokens:
            self.post("welcome_bonus", Buckets(bonus=tokens))
            self.model["bonus"] += tokens

    @rule(type_=CREDITS, bucket=BUCKET, amount=AMOUNTS)
    def credit(self, type_: str, bucket: str, amount: int) -> None:
        self.post(type_, Buckets(**{bucket: amount}))
        self.model[bucket] += amount

    @rule(price=AMOUNTS)
    def debit(self, price: int) -> None:
        balance = sum(self.model.values())
        if price > balance:
            with pytest.raises(InsufficientTokens) as refused:
                ledger.burn(self.account, price)
            assert refused.value.details == {"balance": balance, "price": price}
            return
        taken = ledger.burn(self.account, price)
        self.post("deduction", taken)
        self.debits.append(taken)
        for name in ("monthly", "bonus", "purchased"):
            part = max(0, min(price, self.model[name]))
            assert getattr(taken, name) == -part, f"{name} burns in its turn"
            self.model[name] -= part
            price -= part
        assert price == 0

    @precondition(lambda self: self.debits)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        taken = self.debits.pop(data.draw(st.integers(0, len(self.debits) - 1)))
        self.post("refund", -taken)
        for name in ("monthly", "bonus", "purchased"):
            self.model[name] -= getattr(taken, name)

    @rule(amount=AMOUNTS)
    def claw_back(self, amount: int) -> None:
        """What was bought may be taken when it is spent: `purchased` is a debt then."""
        self.post("clawback", Buckets(purchased=-amount))
        self.model["purchased"] -= amount

    @precondition(lambda self: self.model["monthly"] > 0)
    @rule()
    def expire(self) -> None:
        self.post("plan_expiry", Buckets(monthly=-self.model["monthly"]))
        self.model["monthly"] = 0

    @rule(bucket=st.sampled_from(["monthly", "bonus"]), beyond=AMOUNTS, type_=st.sampled_from(get_args(EntryType)))
    def overdraw(self, bucket: str, beyond: int, type_: str) -> None:
        """Nothing at all takes a bucket other than `purchased` below zero."""
        before = self.account
        with pytest.raises(ValueError):
            self.post(type_, Buckets(**{bucket: -self.model[bucket] - beyond}))
        assert self.account is before

    @rule(beyond=AMOUNTS, type_=st.sampled_from(sorted(set(get_args(EntryType)) - {"clawback"})))
    def owe(self, beyond: int, type_: str) -> None:
        """Nothing but a clawback makes a debt, or a deeper one."""
        with pytest.raises(ValueError):
            self.post(type_, Buckets(purchased=-max(0, self.model["purchased"]) - beyond))

    @invariant()
    def the_account_is_the_model(self) -> None:
        assert self.account.buckets == Buckets(**self.model)

    @invariant()
    def the_ledger_proves_the_balance(self) -> None:
        """The ledger proves the balance."""
        assert self.account.balance == self.account.buckets.total == sum(entry.amount for entry in self.entries)
        assert [entry.seq for entry in self.entries] == list(range(1, self.account.seq + 1))
        running = Buckets()
        for entry in self.entries:
            running = running + entry.buckets
            assert entry.balance_after == running.total
        assert running == self.account.buckets

    @invariant()
    def only_purchased_may_be_a_debt(self) -> None:
        """Only `purchased` may be below zero."""
        assert self.account.buckets.monthly >= 0
        assert self.account.buckets.bonus >= 0


Ledger.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
test_any_sequence_of_operations = Ledger.TestCase


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    buckets = Buckets(draw(st.integers(0, 99)), draw(st.integers(0, 99)), draw(st.integers(-99, 99)))
    return Account(buckets, draw(st.integers(0, 9)))


@given(accounts(), st.integers(1, 400))
def test_a_debit_takes_its_price_or_nothing(account: Account, price: int) -> None:
    """J3, B7: never more than the balance, also where a debt eats a part of it."""
    if price > account.balance:
        with pytest.raises(InsufficientTokens):
            ledger.burn(account, price)
        return
    taken = ledger.burn(account, price)
    assert taken.total == -price
    after, entry = ledger.next_entry(account, cause("deduction"), taken, NOW)
    assert after.balance == account.balance - price >= 0
    assert (entry.seq, entry.balance_after) == (account.seq + 1, after.balance)
    back, _ = ledger.next_entry(after, cause("refund"), -taken, NOW)
    assert back.buckets == account.buckets


@pytest.mark.parametrize(
    ("buckets", "price", "taken"),
    [
        (Buckets(5, 5, 5), 3, Buckets(-3, 0, 0)),
        (Buckets(5, 5, 5), 5, Buckets(-5, 0, 0)),
        (Buckets(5, 5, 5), 6, Buckets(-5, -1, 0)),
        (Buckets(5, 5, 5), 12, Buckets(-5, -5, -2)),
        (Buckets(5, 5, 5), 15, Buckets(-5, -5, -5)),
        (Buckets(0, 5, 5), 7, Buckets(0, -5, -2)),
        (Buckets(5, 5, -3), 7, Buckets(-5, -2, 0)),
    ],
)
def test_monthly_tokens_burn_first_bought_ones_last(buckets: Buckets, price: int, taken: Buckets) -> None:
    assert ledger.burn(Account(buckets), price) == taken


@pytest.mark.parametrize(("buckets", "price"), [(Buckets(5, 5, -3), 8), (Buckets(0, 0, -1), 1), (Buckets(), 1)])
def test_a_debt_counts_against_what_may_be_spent(buckets: Buckets, price: int) -> None:
    with pytest.raises(InsufficientTokens) as refused:
        ledger.burn(Account(buckets), price)
    assert refused.value.details == {"balance": buckets.total, "price": price}


@pytest.mark.parametrize(
    ("threshold", "before", "after", "falls"),
    [
        (20, 20, 19, True),
        (20, 500, 0, True),
        (20, 21, 20, False),
        (20, 19, 18, False),
        (1, 1, 0, True),
        (0, 1, 0, False),
    ],
)
def test_a_debit_crosses_a_threshold_once(threshold: int, before: int, after: int, falls: bool) -> None:
    assert ledger.falls_below(threshold, before, after) == falls


def test_a_balance_has_a_bound() -> None:
    """J17: a bug that credits without end is stopped, not saturated."""
    full = Account(Buckets(purchased=MAX_BALANCE), 1)
    with pytest.raises(ValueError):
        ledger.next_entry(full, cause("purchase"), Buckets(purchased=1), NOW)
    with pytest.raises(ValueError):
        ledger.next_entry(Account(), cause("clawback"), Buckets(purchased=-MAX_BALANCE - 1), NOW)
    after, _ = ledger.next_entry(Account(), cause("purchase"), Buckets(purchased=MAX_BALANCE), NOW)
    assert after.balance == MAX_BALANCE


def test_a_purchase_pays_a_debt_first() -> None:
    """B7: what was clawed back after it was spent comes out of the next purchase."""
    owing = Account(Buckets(0, 3, -10), 2)
    after, entry = ledger.next_entry(owing, cause("purchase"), Buckets(purchased=8), NOW)
    assert after == Account(Buckets(0, 3, -2), 3)
    assert (entry.amount, entry.balance_after) == (8, 1)


@pytest.mark.parametrize(
    ("tokens", "part"),
    [
        (0, Buckets()),
        (1, Buckets(0, 0, 1)),
        (5, Buckets(0, 0, 5)),
        (7, Buckets(0, 2, 5)),
        (14, Buckets(4, 5, 5)),
        (15, Buckets(5, 5, 5)),
    ],
)
def test_a_part_of_a_debit_is_taken_from_what_was_burnt_last(tokens: int, part: Buckets) -> None:
    assert ledger.part_of(Buckets(5, 5, 5), tokens) == part


@pytest.mark.parametrize("tokens", [-1, 16])
def test_a_part_is_never_more_than_the_whole(tokens: int) -> None:
    with pytest.raises(ValueError, match="more than was taken"):
        ledger.part_of(Buckets(5, 5, 5), tokens)


def test_the_audit_sees_an_accounts_figures_as_they_are_stored() -> None:
    stored = ledger.UncheckedAccount(balance=-1, buckets="broken", ledger_seq=2.5)
    assert stored.figures == {"balance": -1, "buckets": "broken", "ledgerSeq": 2.5}


def test_the_most_that_a_balance_may_be() -> None:
    assert ledger.MAX_BALANCE == 1_000_000_000_000
