"""What orders cost us, who paid for them, and what one account may cost us for nothing. Pure.

An order is paid for as far as its tokens were bought or came with a paid plan. What nobody paid for (a bonus, the
free plan's month) has a pot of its own, so that it can never close a provider for those who pay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from studiox.catalog import margins
from studiox.kit.clock import datetime
from studiox.kit.daily_quota import one_more_today, refuse_until_midnight
from studiox.models.ledger import Buckets
from studiox.models.users import DayCancels, DayWaste

from . import breaker, lifecycle

Data = Mapping[str, Any]

CANCELS_PER_DAY = 10
WASTE_UNPAID_MICRO_USD = 2_000_000
WASTE_PAID_MICRO_USD = 10_000_000
"""What an account's refunded orders may cost us in a day: those of tokens that nobody paid for, and the others. Far
below both pots, so that no account empties one."""
USERS_FAULTS = ("ContentRejected", "InvalidInput")
MOST_TIMES = 10
"""A provider that says it charged more than so many times what the catalogue expects is not believed."""


class Spend(NamedTuple):
    """What orders cost us, in millionths of a dollar: all of them, and of that what nobody paid for."""

    total: int = 0
    unpaid: int = 0


def paid_tokens(buckets: Buckets, plan: str) -> int:
    """How many of these tokens somebody paid for: bought ones, and the monthly ones of a paid plan."""
    return max(0, buckets.purchased) + (0 if plan == "free" else buckets.monthly)


def unpaid_part(cost: int, price: int, paid: int) -> int:
    """Of an order's cost what nobody paid for, where `paid` of its price's tokens were paid for; rounded up."""
    return cost - cost * min(paid, price) // price if price else cost


def of_order(price: int, cost: int, held: Buckets, taken: Buckets, plan: str) -> dict[str, Any]:
    """What an order's private state remembers of its money. `held`: the account before it, `taken`: what it took.

    `unpaid`: it waits while the unpaid orders' pot is empty. An account that could pay for it with tokens that were
    paid for does not wait, though its free ones are taken first.
    """
    paid = paid_tokens(taken, plan)
    return {
        "paidTokens": paid,
        "unpaid": waits(held, price, plan),
        "costMicroUsd": cost,
        "expectedMicroUsd": cost,
        "unpaidMicroUsd": unpaid_part(cost, price, paid),
    }


def waits(held: Buckets, price: int, plan: str) -> bool:
    """Whether an account with these tokens orders out of the pot of what nobody paid for."""
    return paid_tokens(held, plan) < max(1, price)


def of_step(job: Data, state: Data, step: lifecycle.Step, now: datetime) -> dict[str, Any]:
    """What a step adds to the day's sum: when the order went out, and what it cost once that is known."""
    charged = step.state.get("creditsCharged")
    found: dict[str, Any] = {}
    if charged is not None:
        cost = charge(job, state, charged)
        paid = state.get("paidTokens", job["price"])
        found |= {"costMicroUsd": cost, "unpaidMicroUsd": unpaid_part(cost, job["price"], paid)}
    if step.state.get("lateEvent") == "Postponed":
        found |= {"costMicroUsd": 0, "unpaidMicroUsd": 0}  # cancelled, and never taken by the provider
    # A cancel may come before the submission's answer is known, and a deletion may follow: it counts at once.
    cancelled_there = step.ends == "cancelled" and lifecycle.at_provider(state)
    out = charged or step.ends == "completed" or step.state.get("submission") in ("sent", "unknown") or cancelled_there
    if out and "spentOn" not in state:
        found["spentOn"] = breaker.spend_key(state["provider"], now)
    return found


def charge(job: Data, state: Data, credits: float) -> int:
    """What these credits cost us; no more than MOST_TIMES what is expected, or else what the job earns."""
    return min(margins.cost(state["provider"], credits), _most_charge(job, state))


def absurd_charge(job: Data, state: Data, step: lifecycle.Step) -> float | None:
    """The credits, if by this step the provider says that it charged more than it can have."""
    credits: float | None = step.state.get("creditsCharged")
    too_much = credits is not None and margins.cost(state["provider"], credits) > _most_charge(job, state)
    return credits if too_much else None


def _most_charge(job: Data, state: Data) -> int:
    expected = state.get("expectedMicroUsd", state["costMicroUsd"])
    return MOST_TIMES * int(expected or max(1, job["price"]) * margins.TOKEN_MICRO_USD)


def wasted(state: Data, step: lifecycle.Step) -> int:
    """What an order that went out cost us that failed by its user's own fault, and whose tokens go back."""
    reason = step.job.get("error", {}).get("reason")
    after = {**state, **step.state}
    at_fault = step.ends == "failed" and reason in USERS_FAULTS and "spentOn" in after
    return int(after["costMicroUsd"]) if at_fault else 0


def with_waste(counted: DayWaste | None, cost: int, now: datetime) -> DayWaste:
    """The day's waste with this one's."""
    return DayWaste(date=now.date().isoformat(), cost_micro_usd=_of_today(counted, now) + cost)


def check_waste(counted: DayWaste | None, unpaid: bool, now: datetime) -> None:
    """`RateLimited` until midnight for an account whose failures cost us enough for today."""
    if _of_today(counted, now) >= _most_waste(unpaid):
        refuse_until_midnight(now)


def count_cancel(counted: DayCancels | None, state: Data, now: datetime) -> DayCancels:
    """The day's count with one more cancel of a job at its provider, which costs us and is refunded. `RateLimited`.

    No provider confirms a cancel, so each counts at what its order is expected to cost. The first of a day always goes.
    """
    before, cost = _of_today(counted, now), state["costMicroUsd"]
    if before and before + cost > _most_waste(state.get("unpaidMicroUsd", 0) > 0):
        refuse_until_midnight(now)
    count = one_more_today(counted, CANCELS_PER_DAY, now)
    return DayCancels(date=now.date().isoformat(), count=count, cost_micro_usd=before + cost)


def _most_waste(unpaid: bool) -> int:
    return WASTE_UNPAID_MICRO_USD if unpaid else WASTE_PAID_MICRO_USD


def _of_today(counted: DayCancels | DayWaste | None, now: datetime) -> int:
    return counted.cost_micro_usd if counted is not None and counted.date == now.date().isoformat() else 0


def limit_micro_usd(parameter: str) -> int:
    """A limit as it is given in dollars; 0: there is none. ValueError for what is no amount."""
    usd = float(parameter or 0)
    if not math.isfinite(usd):
        raise ValueError("a limit that is no amount")
    return int(usd * 1_000_000)


def used_up(spent: Mapping[str, Spend], limit: int, free_limit: int) -> tuple[list[str], list[str]]:
    """The providers whose paid orders, and those whose unpaid orders, have cost their limit of the day.

    Without a pot of their own (0) unpaid orders count with the others.
    """
    paid = {name: each.total - (each.unpaid if free_limit else 0) for name, each in spent.items()}
    closed = [name for name, cost in paid.items() if limit and cost >= limit]
    return closed, [name for name, each in spent.items() if free_limit and each.unpaid >= free_limit]
