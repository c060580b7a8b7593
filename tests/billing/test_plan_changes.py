"""Changes of plan: tokens in proportion to what was paid, and never more for the money than the dearest plan brings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studiox.billing.monthly_tokens import PriceTerms, Reversal, in_proportion
from studiox.billing.subscriptions import SettlementInput, fetched_record, settle_subscription
from studiox.catalog.sales import PLANS
from studiox.integrations.stripe_types import Charge, Invoice, Line, Subscription
from studiox.models.catalog import Plan
from studiox.models.subscriptions import SubscriptionRecord

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MONTH = 30 * 86_400
PLAN: dict[str, Plan] = {plan.id: plan for plan in PLANS}
TERMS = {plan.price_id: PriceTerms(plan.id, plan.monthly_tokens, plan.amount) for plan in PLANS if plan.price_id}
TERM = {term.plan: term for term in TERMS.values()}
PRICE: dict[str, str] = {term.plan: price for price, term in TERMS.items()}


class World:
    """One customer of Stripe's, who pays by balance first and then by card, and our books of her."""

    def __init__(self, plan: str) -> None:
        self.second = 0
        self.cash = self.balance = self.monthly = self.owed = 0
        self.granted = self.forgiven = 0
        self.numbers = 0
        self.charged: dict[str, int] = {}
        self.refunded: dict[str, int] = {}
        self.subscribe(plan)

    def subscribe(self, plan: str) -> None:
        self.plan, self.status = plan, "active"
        self.subs = getattr(self, "subs", 0) + 1
        self.start, self.invoices, self.held = self.second, list[Invoice](), None
        self._bill([(plan, PLAN[plan].amount, self.end)], "subscription_create")

    held: SubscriptionRecord | None

    @property
    def end(self) -> int:
        return self.start + MONTH

    def _at(self, second: int) -> datetime:
        return NOW + timedelta(seconds=second)

    def _bill(self, lines: list[tuple[str, int, int]], reason: str) -> None:
        total = sum(amount for _, amount, _ in lines)
        by_balance = max(0, min(self.balance, total))
        paid = max(0, total) - by_balance
        self.balance -= by_balance if total > 0 else total
        self.cash += paid
        self.numbers += 1
        name = f"in{self.numbers}"
        if paid:
            self.charged[name] = paid
        made = tuple(Line(PRICE[plan], amount, self._at(end)) for plan, amount, end in lines)
        until = max(line.period_end for line in made)
        created = self._at(self.second)
        self.invoices.append(
            Invoice(name, "paid", paid, paid, "usd", 1, created, made, until, "", f"pi{name}", total, reason)
        )
        self.look()

    def look(self, reversal: Reversal | None = None) -> None:
        now = self._at(self.second)
        price = PRICE[self.plan]
        seen = Subscription(
            f"sub{self.subs}", "u1", "cus1", self.status, price, self.plan, PLAN[self.plan].amount, "si1",
            self._at(self.start), self._at(self.end), False, self._at(0), None,
        )  # fmt: skip
        for again in (False, True):
            new = fetched_record(self.held, seen, self.invoices, PLAN[self.plan].id, "u1", now)
            given = SettlementInput(self.invoices, reversal, TERMS, self.monthly, self.owed, now)
            settled = settle_subscription(self.held, new, given, PLAN)
            ids = [move.id for move in settled.moves]
            assert len(ids) == len(set(ids))
            assert not again or all(move.id.startswith(f"clawback:sub{self.subs}:") for move in settled.moves)
            for move in settled.moves:
                self.monthly += move.tokens
                assert self.monthly >= 0
                self.granted += move.tokens if move.kind != "plan_expiry" else 0
            self.held, self.owed = settled.record, settled.owed
            assert self.owed >= 0

    def change(self, plan: str) -> None:
        if plan == self.plan or self.status != "active":
            return
        left = self.end - self.second
        back, due = ((2 * PLAN[each].amount * left + MONTH) // (2 * MONTH) for each in (self.plan, plan))
        old, self.plan = self.plan, plan
        self._bill([(old, -back, self.end), (plan, due, self.end)], "subscription_update")

    def wait(self, seconds: int) -> None:
        self.second += seconds
        while self.status == "active" and self.second >= self.end:
            self.start = self.end
            self._bill([(self.plan, PLAN[self.plan].amount, self.end)], "subscription_cycle")

    def spend(self, tokens: int) -> None:
        self.monthly -= min(tokens, self.monthly)

    def cancel(self, prorate: bool) -> None:
        """The merchant may give back the unused time, if nothing was given back by card: our own calls never do."""
        if self.status != "active":
            return
        self.status = "canceled"
        left = self.end - self.second
        if prorate and not any(each.id in self.refunded for each in self.invoices):
            self._bill([(self.plan, -(PLAN[self.plan].amount * left // MONTH), self.end)], "subscription_update")
        else:
            self.look()

    def refund(self) -> None:
        """Of the latest invoice that a card has paid: the tokens that it brought and that are spent are forgiven.

        What the balance holds of the money was given back already: the merchant takes it out, as Stripe advises.
        """
        paid = [each for each in self.invoices if each.id in self.charged and each.id not in self.refunded]
        if not paid:
            return
        amount = self.charged[paid[-1].id]
        self.refunded[paid[-1].id] = amount
        self.cash -= amount
        self.balance -= min(self.balance, amount)
        self.look(Reversal(paid[-1].id, Charge(f"ch{paid[-1].id}", amount, amount, False, "")))
        assert self.held is not None
        record = self.held.invoices[paid[-1].id]
        self.forgiven += record.granted - record.taken

    def check(self) -> None:
        best, cost = TERM["enterprise"].tokens, TERM["enterprise"].amount
        assert (self.granted - self.forgiven) * cost <= best * self.cash


PLANS_SOLD = st.sampled_from(["pro", "enterprise"])
ACTS = st.one_of(
    st.tuples(st.just("change"), PLANS_SOLD),
    st.tuples(st.just("change"), PLANS_SOLD),
    st.tuples(st.just("wait"), st.one_of(st.integers(0, 100), st.integers(0, MONTH), st.integers(MONTH - 200, MONTH))),
    st.tuples(st.just("spend"), st.integers(0, 12_000)),
    st.tuples(st.just("cancel"), st.booleans()),
    st.tuples(st.just("subscribe"), PLANS_SOLD),
    st.tuples(st.just("refund"), st.none()),
)


@settings(max_examples=400)
@given(first=PLANS_SOLD, acts=st.lists(ACTS, max_size=25))
def test_no_sequence_brings_more_for_the_money_than_the_dearest_plan(
    first: str, acts: list[tuple[str, object]]
) -> None:
    world = World(first)
    for act, what in acts:
        if act == "refund":
            world.refund()
        elif act == "subscribe":
            if world.status == "canceled":
                world.subscribe(str(what))
        else:
            getattr(world, act)(what)
        world.check()


@given(tokens=st.integers(0, 10**6), paid=st.integers(0, 10**6), full=st.integers(1, 10**6))
def test_a_part_is_rounded_down_and_never_more_than_the_whole(tokens: int, paid: int, full: int) -> None:
    part = in_proportion(tokens, paid, full)
    assert 0 <= part <= tokens
    assert part * full <= tokens * paid or paid >= full
    assert in_proportion(tokens, full, full) == tokens


@pytest.mark.parametrize(("second", "monthly"), [(0, 10_000), (MONTH // 2, 5_500), (MONTH - 3_600, 1_012)])
def test_an_upgrade_brings_what_was_paid_for(second: int, monthly: int) -> None:
    world = World("pro")
    world.wait(second)
    world.change("enterprise")
    assert world.monthly == monthly


def test_up_and_down_leaves_the_lower_plans_tokens() -> None:
    world = World("pro")
    for _ in range(3):
        world.change("enterprise")
        assert world.monthly == 10_000
        world.wait(1)
        world.change("pro")
        assert world.monthly == 1_000
    assert world.owed == 0


def test_what_was_spent_before_the_plan_was_lowered_comes_off_the_next_months() -> None:
    world = World("pro")
    world.change("enterprise")
    world.spend(8_500)
    world.change("pro")
    assert (world.monthly, world.owed) == (0, 7_500)
    assert world.balance == 7_000
    world.wait(MONTH)
    assert (world.monthly, world.owed) == (0, 6_500)
    world.cancel(prorate=False)
    world.subscribe("pro")  # another subscription of the same customer, paid by the same balance
    assert (world.monthly, world.owed) == (0, 5_500)
    world.change("enterprise")
    assert (world.monthly, world.owed) == (3_500, 0)


def test_a_refund_takes_no_tokens_that_a_lower_plan_has_taken() -> None:
    """The merchant gives the money back by card, in place of the credit."""
    world = World("pro")
    world.change("enterprise")
    world.change("pro")
    world.refund()
    assert world.monthly == 1_000


def test_a_refunded_upgrade_takes_its_tokens() -> None:
    world = World("pro")
    world.change("enterprise")
    world.refund()
    assert world.monthly == 1_000
    world.change("pro")  # and a second time the money comes back, as credit
    assert (world.monthly, world.owed) == (0, 8_000)
