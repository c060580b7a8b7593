"""Each rule of what orders cost us, at its boundaries. What the dispatcher and the breaker do with it is elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from studiox.kit.errors import RateLimited
from studiox.models.jobs import FailureReason, Job, JobError, JobState, Submission
from studiox.models.ledger import Buckets
from studiox.models.users import DayCancels, DayWaste
from studiox.studio import lifecycle, spend
from studiox.studio.lifecycle import Step
from studiox.studio.spend import OrderCost, Spend
from tests.studio.test_jobs import new

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY, YESTERDAY = "2026-03-01", "2026-02-28"
CREDIT = 5_000  # Poyo's, in millionths of a dollar
EXPECTED = 2 * CREDIT
UNTIL_MIDNIGHT_S = 12 * 3600
TOKENS = st.integers(0, 10**6)


def ordered(**state: Any) -> tuple[Job, JobState]:
    """A picture for three unpaid tokens, which Poyo is expected to charge two credits for."""
    job, before = new()
    return job, replace(before, **{"expected_micro_usd": EXPECTED, "cost_micro_usd": EXPECTED, **state})


def with_costs(job: Job, before: JobState, event: lifecycle.Event) -> JobState:
    step = lifecycle.next_step(job, before, event, NOW)
    assert step is not None
    return spend.with_costs(job, before, step, NOW)


def refused_for_s(act: Any, *arguments: Any) -> int:
    with pytest.raises(RateLimited) as refused:
        act(*arguments)
    seconds: int = refused.value.details["retryAfterSeconds"]
    return seconds


@pytest.mark.parametrize(
    ("buckets", "plan", "paid"),
    [
        (Buckets(monthly=3, bonus=5, purchased=7), "pro", 10),
        (Buckets(monthly=3, bonus=5, purchased=7), "free", 7),
        (Buckets(monthly=3, bonus=5), "free", 0),
        (Buckets(purchased=1), "free", 1),
        (Buckets(monthly=3, purchased=-2), "pro", 3),
    ],
)
def test_bought_tokens_and_a_paid_plans_are_paid(buckets: Buckets, plan: str, paid: int) -> None:
    assert spend.paid_tokens(buckets, plan) == paid


@pytest.mark.parametrize(
    ("cost", "price", "paid", "unpaid"),
    [
        (1000, 200, 0, 1000),
        (1000, 200, 50, 750),
        (1000, 200, 200, 0),
        (1000, 200, 201, 0),
        (1000, 3, 1, 667),
        (1000, 1, 1, 0),
        (1000, 0, 0, 1000),
        (0, 3, 1, 0),
    ],
)
def test_the_unpaid_part_is_rounded_up(cost: int, price: int, paid: int, unpaid: int) -> None:
    assert spend.unpaid_part(cost, price, paid) == unpaid


@given(TOKENS, TOKENS, TOKENS)
def test_the_unpaid_part_is_a_part(cost: int, price: int, paid: int) -> None:
    part = spend.unpaid_part(cost, price, paid)
    assert 0 <= part <= cost
    assert part >= spend.unpaid_part(cost, price, paid + 1)
    assert spend.unpaid_part(cost, price, 0) == cost
    assert not price or spend.unpaid_part(cost, price, price) == 0


@pytest.mark.parametrize(
    ("paid", "price", "waits"), [(2, 3, True), (3, 3, False), (4, 3, False), (0, 1, True), (1, 1, False)]
)
def test_an_order_waits_without_paid_tokens_for_its_whole_price(paid: int, price: int, waits: bool) -> None:
    assert spend.waits(Buckets(bonus=100, purchased=paid), price, "free") is waits


def test_a_free_order_waits_for_an_account_without_any_paid_token() -> None:
    assert spend.waits(Buckets(bonus=100), 0, "free") is True
    assert spend.waits(Buckets(purchased=1), 0, "free") is False


def test_an_order_that_is_debited_from_unpaid_tokens_does_not_wait_if_paid_ones_would_do() -> None:
    held, taken = Buckets(bonus=3, purchased=4), Buckets(bonus=3, purchased=1)
    assert spend.of_order(4, 1000, held, taken, "free") == OrderCost(1000, 750, 1, False)
    assert spend.of_order(4, 1000, Buckets(bonus=3, purchased=3), taken, "free") == OrderCost(1000, 750, 1, True)


def test_nothing_is_summed_before_the_order_may_have_gone_out() -> None:
    job, before = ordered()
    assert before.submission == "sending"
    for event in (lifecycle.Postponed(), lifecycle.Failed("InvalidInput"), lifecycle.Expired()):
        after = with_costs(job, before, event)
        assert (after.spent_on, after.cost_micro_usd, after.unpaid_micro_usd) == (None, EXPECTED, EXPECTED)


@pytest.mark.parametrize("event", [lifecycle.Sent("t"), lifecycle.OutcomeLost()])
def test_an_order_is_summed_on_the_day_it_may_have_gone_out(event: lifecycle.Event) -> None:
    job, before = ordered()
    assert with_costs(job, before, event).spent_on == f"poyo:{TODAY}"
    assert with_costs(job, replace(before, spent_on="poyo:earlier"), event).spent_on == "poyo:earlier"


@pytest.mark.parametrize("submission", ["sent", "unknown"])
def test_an_order_that_went_out_before_costs_were_summed_is_so_at_its_end_only(submission: Submission) -> None:
    job, before = ordered(submission=submission, task_id="t")
    assert with_costs(job, before, lifecycle.Polled()).spent_on is None
    assert with_costs(job, before, lifecycle.Failed("GenerationFailed")).spent_on is None
    assert with_costs(job, before, lifecycle.Finished()).spent_on == f"poyo:{TODAY}"


def test_an_answered_order_is_summed_though_its_charge_is_not_reported() -> None:
    job, before = ordered(submission="waiting")
    after = with_costs(job, before, lifecycle.Finished())
    assert (after.spent_on, after.cost_micro_usd) == (f"poyo:{TODAY}", EXPECTED)


@pytest.mark.parametrize(("credits", "spent_on"), [(1.0, f"poyo:{TODAY}"), (0.0, None), (None, None)])
def test_a_failed_order_is_summed_if_it_was_charged(credits: float | None, spent_on: str | None) -> None:
    job, before = ordered(submission="waiting")
    after = with_costs(job, before, lifecycle.Failed("GenerationFailed", credits=credits))
    assert after.spent_on == spent_on
    assert after.cost_micro_usd == (EXPECTED if credits is None else CREDIT * credits)


@pytest.mark.parametrize(
    ("submission", "spent_on"),
    [("sending", f"poyo:{TODAY}"), ("sent", f"poyo:{TODAY}"), ("unknown", f"poyo:{TODAY}"), ("waiting", None)],
)
def test_a_cancelled_order_is_summed_if_it_may_be_at_the_provider(submission: Submission, spent_on: str | None) -> None:
    job, before = ordered(submission=submission)
    assert with_costs(job, before, lifecycle.Cancelled()).spent_on == spent_on


def test_the_reported_charge_replaces_the_expected_cost() -> None:
    job, before = ordered(paid_tokens=1)
    after = with_costs(job, before, lifecycle.Finished(credits=3.0))
    assert (after.cost_micro_usd, after.unpaid_micro_usd) == (3 * CREDIT, 2 * CREDIT)
    free = with_costs(job, before, lifecycle.Finished(credits=0.0))
    assert (free.cost_micro_usd, free.unpaid_micro_usd) == (0, 0)
    kept = with_costs(job, before, lifecycle.Finished())
    assert (kept.cost_micro_usd, kept.unpaid_micro_usd) == (before.cost_micro_usd, before.unpaid_micro_usd)


def test_an_older_job_counts_as_paid() -> None:
    job, before = ordered(paid_tokens=None)
    after = with_costs(job, before, lifecycle.Finished(credits=3.0))
    assert (after.cost_micro_usd, after.unpaid_micro_usd) == (3 * CREDIT, 0)


def test_a_cancelled_order_that_was_never_accepted_cost_nothing() -> None:
    job, before = ordered()
    cancelled = lifecycle.next_step(job, before, lifecycle.Cancelled(), NOW)
    assert cancelled is not None
    late = with_costs(cancelled.job, cancelled.state, lifecycle.Postponed())
    assert (late.late_event, late.cost_micro_usd, late.unpaid_micro_usd) == ("Postponed", 0, 0)
    other = with_costs(cancelled.job, cancelled.state, lifecycle.Expired())
    assert (other.late_event, other.cost_micro_usd, other.unpaid_micro_usd) == ("Expired", EXPECTED, EXPECTED)


def test_a_cancelled_order_costs_nothing_once_only() -> None:
    """A task that is heard of later leaves the cost as it is."""
    job, before = ordered(submission="sent", late_event="Postponed")
    after = with_costs(replace(job, status="cancelled"), before, lifecycle.Sent("t"))
    assert (after.late_event, after.cost_micro_usd) == ("Postponed", EXPECTED)


def test_the_spend_key_is_of_the_utc_day() -> None:
    assert spend.spend_key("poyo", NOW) == f"poyo:{TODAY}"
    assert spend.spend_key("poyo", NOW + timedelta(hours=11, minutes=59)) == f"poyo:{TODAY}"
    assert spend.spend_key("poyo", NOW + timedelta(hours=12)) == "poyo:2026-03-02"


@pytest.mark.parametrize(
    ("state", "most"),
    [
        ({}, 20.0),
        ({"expected_micro_usd": None, "cost_micro_usd": CREDIT}, 10.0),
        ({"expected_micro_usd": CREDIT, "cost_micro_usd": 99 * CREDIT}, 10.0),
        ({"expected_micro_usd": 0}, 60.0),  # the price: three tokens of a cent
        ({"expected_micro_usd": None, "cost_micro_usd": 0}, 60.0),
    ],
)
def test_a_charge_of_more_than_ten_times_is_capped_and_reported(state: dict[str, Any], most: float) -> None:
    job, before = ordered(**state)
    for credits, absurd in ((most - 1, False), (most, False), (most + 1, True)):
        assert spend.charge(job, before, credits) == CREDIT * min(credits, most)
        step = Step(job=job, state=before, charged=credits)
        assert spend.absurd_charge(job, before, step) == (credits if absurd else None)
    assert spend.absurd_charge(job, before, Step(job=job, state=before)) is None


@pytest.mark.parametrize(("price", "most"), [(0, 100_000), (1, 100_000), (2, 200_000)])
def test_a_free_job_may_be_charged_as_one_for_a_token(price: int, most: int) -> None:
    job, before = ordered(expected_micro_usd=0)
    assert spend.charge(replace(job, price=price), before, 1000.0) == most


@pytest.mark.parametrize(
    ("ends", "reason", "spent_on", "wasted"),
    [
        ("failed", "ContentRejected", "poyo:earlier", EXPECTED),
        ("failed", "InvalidInput", "poyo:earlier", EXPECTED),
        ("failed", "GenerationFailed", "poyo:earlier", 0),
        ("failed", None, "poyo:earlier", 0),
        ("failed", "InvalidInput", None, 0),
        ("", "InvalidInput", "poyo:earlier", 0),
        ("cancelled", "InvalidInput", "poyo:earlier", 0),
    ],
)
def test_only_a_sent_order_that_fails_by_its_input_is_waste(
    ends: Literal["", "failed", "cancelled"], reason: FailureReason | None, spent_on: str | None, wasted: int
) -> None:
    job, state = ordered(spent_on=spent_on)
    error = None if reason is None else JobError(reason=reason, message="")
    assert spend.wasted(Step(job=replace(job, error=error), state=state, ends=ends)) == wasted


def test_the_days_waste_is_summed_and_a_new_day_begins_at_nothing() -> None:
    assert spend.with_waste(None, 5, NOW) == DayWaste(date=TODAY, cost_micro_usd=5)
    assert spend.with_waste(DayWaste(date=TODAY, cost_micro_usd=7), 5, NOW) == DayWaste(date=TODAY, cost_micro_usd=12)
    assert spend.with_waste(DayWaste(date=YESTERDAY, cost_micro_usd=7), 5, NOW) == DayWaste(
        date=TODAY, cost_micro_usd=5
    )


@pytest.mark.parametrize(("unpaid", "limit"), [(True, 2_000_000), (False, 10_000_000)])
def test_the_days_waste_stops_orders_once_it_has_reached_its_limit(unpaid: bool, limit: int) -> None:
    spend.check_waste(None, unpaid, NOW)
    spend.check_waste(DayWaste(date=TODAY, cost_micro_usd=limit - 1), unpaid, NOW)
    spend.check_waste(DayWaste(date=YESTERDAY, cost_micro_usd=limit), unpaid, NOW)
    at_limit = DayWaste(date=TODAY, cost_micro_usd=limit)
    assert refused_for_s(spend.check_waste, at_limit, unpaid, NOW) == UNTIL_MIDNIGHT_S


@pytest.mark.parametrize(("unpaid", "limit"), [(True, 2_000_000), (False, 10_000_000)])
def test_the_days_cancels_may_cost_as_much_as_its_waste(unpaid: bool, limit: int) -> None:
    one = DayCancels(date=TODAY, count=1, cost_micro_usd=1)
    assert spend.count_cancel(one, limit - 1, unpaid, NOW) == DayCancels(date=TODAY, count=2, cost_micro_usd=limit)
    assert refused_for_s(spend.count_cancel, one, limit, unpaid, NOW) == UNTIL_MIDNIGHT_S
    first = DayCancels(date=TODAY, count=1, cost_micro_usd=limit + 1)
    assert spend.count_cancel(None, limit + 1, unpaid, NOW) == first, "a day's first is always allowed"
    earlier = DayCancels(date=YESTERDAY, count=10, cost_micro_usd=limit)
    assert spend.count_cancel(earlier, limit + 1, unpaid, NOW) == first


def test_ten_cancels_a_day_are_allowed_whatever_they_cost() -> None:
    nine = DayCancels(date=TODAY, count=9, cost_micro_usd=0)
    ten = spend.count_cancel(nine, 0, True, NOW)
    assert ten == DayCancels(date=TODAY, count=10, cost_micro_usd=0)
    assert refused_for_s(spend.count_cancel, ten, 0, True, NOW) == UNTIL_MIDNIGHT_S


@pytest.mark.parametrize(
    ("parameter", "limit"), [("", 0), ("0", 0), ("0.0", 0), ("0.5", 500_000), ("1", 1_000_000), ("25", 25_000_000)]
)
def test_a_limit_is_given_in_dollars(parameter: str, limit: int) -> None:
    assert spend.limit_micro_usd(parameter) == limit


@pytest.mark.parametrize("parameter", ["nan", "inf", "-inf", "a lot"])
def test_a_limit_that_is_no_amount_is_a_bug(parameter: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|could not convert"):
        spend.limit_micro_usd(parameter)


@pytest.mark.parametrize(
    ("spent", "limit", "free_limit", "closed", "closed_to_unpaid"),
    [
        (Spend(100, 40), 100, 0, True, False),  # without a limit of their own, unpaid orders count towards the other
        (Spend(99, 40), 100, 0, False, False),
        (Spend(139, 40), 100, 50, False, False),
        (Spend(140, 40), 100, 50, True, False),
        (Spend(140, 50), 100, 50, False, True),
        (Spend(140, 49), 100, 50, False, False),
        (Spend(140, 50), 0, 50, False, True),
        (Spend(140, 50), 0, 0, False, False),
        (Spend(), 1, 1, False, False),
    ],
)
def test_paid_and_unpaid_orders_have_each_their_limit(
    spent: Spend, limit: int, free_limit: int, closed: bool, closed_to_unpaid: bool
) -> None:
    assert Spend() == (0, 0)
    names = ["poyo"] * closed, ["poyo"] * closed_to_unpaid
    assert spend.used_up({"other": Spend(), "poyo": spent}, limit, free_limit) == names
