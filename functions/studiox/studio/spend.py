"""The cost of orders to us, its paid and unpaid parts, and the limit of one account's refunded orders. Pure.

Bought tokens and a paid plan's monthly tokens are paid; bonus tokens and the free plan's monthly tokens are unpaid.
Unpaid orders have a separate daily budget, so that they never stop the orders of paying users.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from studiox.catalog import margins
from studiox.kit.clock import datetime
from studiox.kit.daily_quota import day_of, is_of_today, one_more_today, refuse_until_midnight
from studiox.models.jobs import Job, JobState
from studiox.models.ledger import Buckets
from studiox.models.users import DayCancels, DayWaste

from . import lifecycle

CANCELS_PER_DAY = 10
WASTE_UNPAID_MICRO_USD = 2_000_000
WASTE_PAID_MICRO_USD = 10_000_000
"""The daily limits of the cost of one account's refunded orders: unpaid orders, and all others. They are far below both
daily budgets, so that no account can use up a budget."""
USERS_FAULTS = ("ContentRejected", "InvalidInput")
MOST_TIMES = 10
"""A reported charge of more than this many times what the catalogue expects is capped, and alerted."""


class Spend(NamedTuple):
    """The cost of orders to us, in millionths of a dollar: in total, and the unpaid part."""

    total: int = 0
    unpaid: int = 0


def paid_tokens(buckets: Buckets, plan: str) -> int:
    """The number of paid tokens among these: bought tokens, and the monthly tokens of a paid plan."""
    return max(0, buckets.purchased) + (0 if plan == "free" else buckets.monthly)


def unpaid_part(cost: int, price: int, paid: int) -> int:
    """The unpaid part of an order's cost, rounded up. `paid`: how many tokens of its price were paid for."""
    return cost - cost * min(paid, price) // price if price else cost


class OrderCost(NamedTuple):
    """The expected cost of an order to us, and its paid and unpaid parts."""

    micro_usd: int
    unpaid_micro_usd: int
    """The unpaid part."""
    paid_tokens: int
    """The paid tokens of its price."""
    unpaid: bool
    """Whether the order waits while the day's budget for unpaid orders is used up."""


def of_order(price: int, cost: int, held: Buckets, taken: Buckets, plan: str) -> OrderCost:
    """The cost of an order that debited `taken` from an account with `held` before it.

    If the account has enough paid tokens, the order does not wait, although unpaid tokens are debited first.
    """
    paid = paid_tokens(taken, plan)
    return OrderCost(cost, unpaid_part(cost, price, paid), paid, waits(held, price, plan))


def waits(held: Buckets, price: int, plan: str) -> bool:
    """Whether an order of an account with these tokens counts against the budget for unpaid orders."""
    return paid_tokens(held, plan) < max(1, price)


def with_costs(job: Job, before: JobState, step: lifecycle.Step, now: datetime) -> JobState:
    """The state after a step, with what the step adds to the day's sum.

    A job is summed once its order may have been sent: at its expected cost, then at the provider's charge.
    """
    after = step.state
    if step.charged is not None:
        cost = charge(job, before, step.charged)
        paid = job.price if before.paid_tokens is None else before.paid_tokens
        after = replace(after, cost_micro_usd=cost, unpaid_micro_usd=unpaid_part(cost, job.price, paid))
    if after.late_event == "Postponed" and before.late_event is None:
        after = replace(after, cost_micro_usd=0, unpaid_micro_usd=0)  # cancelled, and never accepted by the provider
    # A cancel may come before the submission's answer is known, and a deletion may follow: it counts at once.
    cancelled_there = step.ends == "cancelled" and lifecycle.at_provider(before)
    sent = after.submission in ("sent", "unknown") and after.submission != before.submission
    if (step.charged or step.ends == "completed" or sent or cancelled_there) and before.spent_on is None:
        after = replace(after, spent_on=spend_key(before.provider, now))
    return after


def spend_key(provider: str, now: datetime) -> str:
    """The key under which a day's costs of a provider are summed."""
    return f"{provider}:{now.date().isoformat()}"


def charge(job: Job, state: JobState, credits: float) -> int:
    """The cost of these credits to us, capped at MOST_TIMES the expected cost or the job's revenue."""
    return min(margins.cost(state.provider, credits), _most_charge(job, state))


def absurd_charge(job: Job, before: JobState, step: lifecycle.Step) -> float | None:
    """The credits, if in this step the provider reports an implausible charge."""
    too_much = step.charged is not None and margins.cost(before.provider, step.charged) > _most_charge(job, before)
    return step.charged if too_much else None


def _most_charge(job: Job, state: JobState) -> int:
    expected = state.cost_micro_usd if state.expected_micro_usd is None else state.expected_micro_usd
    return MOST_TIMES * (expected or max(1, job.price) * margins.TOKEN_MICRO_USD)


def wasted(step: lifecycle.Step) -> int:
    """The cost of an order that fails in this step because of its input, and is refunded; 0 for other steps."""
    reason = None if step.job.error is None else step.job.error.reason
    at_fault = step.ends == "failed" and reason in USERS_FAULTS and step.state.spent_on is not None
    return step.state.cost_micro_usd if at_fault else 0


def with_waste(counted: DayWaste | None, cost: int, now: datetime) -> DayWaste:
    """The day's waste with this cost added."""
    return DayWaste(date=day_of(counted, now), cost_micro_usd=_of_today(counted, now) + cost)


def check_waste(counted: DayWaste | None, unpaid: bool, now: datetime) -> None:
    """`RateLimited` until midnight (UTC) for an account whose failed orders have reached the day's limit."""
    if _of_today(counted, now) >= _most_waste(unpaid):
        refuse_until_midnight(now)


def count_cancel(counted: DayCancels | None, cost: int, unpaid: bool, now: datetime) -> DayCancels:
    """The day's count with one more cancel of a job at its provider, which costs us and is refunded. `RateLimited`.

    No provider confirms a cancel, so each counts at its order's expected cost. A day's first cancel is always allowed.
    """
    before = _of_today(counted, now)
    if before and before + cost > _most_waste(unpaid):
        refuse_until_midnight(now)
    count = one_more_today(counted, CANCELS_PER_DAY, now)
    return DayCancels(date=day_of(counted, now), count=count, cost_micro_usd=before + cost)


def _most_waste(unpaid: bool) -> int:
    return WASTE_UNPAID_MICRO_USD if unpaid else WASTE_PAID_MICRO_USD


def _of_today(counted: DayCancels | DayWaste | None, now: datetime) -> int:
    return counted.cost_micro_usd if counted is not None and is_of_today(counted, now) else 0


def limit_micro_usd(parameter: str) -> int:
    """A limit from a parameter in dollars; 0 for no limit. ValueError unless it is an amount."""
    usd = float(parameter or 0)
    if not math.isfinite(usd):
        raise ValueError("the limit is not an amount")
    return int(usd * 1_000_000)


def used_up(spent: Mapping[str, Spend], limit: int, free_limit: int) -> tuple[list[str], list[str]]:
    """The providers whose paid orders have reached the day's limit, and those whose unpaid orders have.

    Without a limit of their own (0), unpaid orders count towards the other limit.
    """
    paid = {name: each.total - (each.unpaid if free_limit else 0) for name, each in spent.items()}
    closed = [name for name, cost in paid.items() if limit and cost >= limit]
    return closed, [name for name, each in spent.items() if free_limit and each.unpaid >= free_limit]
