"""The rules of the monthly reset: when the next one is due, and what one moves. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from typing import Any

import msgspec

from studiox.kit.clock import datetime, months_after
from studiox.models.ledger import Buckets, Cause
from studiox.models.users import User


class Reset(msgspec.Struct, frozen=True):
    """What a due reset does: entries in their order, and the user's next date."""

    period: str
    """The date that was due: it names the entries, so that a period counts once however late or often it runs."""
    entries: tuple[tuple[Cause, Buckets], ...]
    fields: Mapping[str, Any]


def is_due(user: User, now: datetime) -> bool:
    """Whether the user's month is over and no paid subscription grants the next one."""
    return user.credit_reset_at <= now and user.subscription_id is None


def reset(user: User, tokens: int, now: datetime) -> Reset:
    """What is left of the month goes, the plan's tokens come; months that were missed bring one grant, not several."""
    due = user.credit_reset_at
    period = due.date().isoformat()
    left = user.buckets.monthly
    entries = []
    if left > 0:
        cause = Cause(id=f"expiry:{period}", type="plan_expiry", kind="period", ref=period, reason="The month is over")
        entries.append((cause, Buckets(monthly=-left)))
    if tokens > 0:
        cause = Cause(id=f"grant:{period}", type="plan_grant", kind="period", ref=period, reason="Monthly tokens")
        entries.append((cause, Buckets(monthly=tokens)))
    day = anchor_day(user)
    return Reset(period, tuple(entries), {"credit_reset_at": next_date(due, day, now), "credit_anchor_day": day})


def next_date(due: datetime, day: int, now: datetime) -> datetime:
    """The first date after `now` on this day of a month; the last of a month that lacks it."""
    # Not month by month: an account may come back after years.
    months = max(0, (now.year - due.year) * 12 + now.month - due.month - 1)
    while (moment := months_after(due, months, day)) <= max(now, due):
        months += 1
    return moment


def anchor_day(user: User) -> int:
    """The day of the month that resets are due on: kept, because a short month's date no longer tells it.

    A date that somebody else set (a subscription's end) is its own anchor.
    """
    due = user.credit_reset_at
    last = calendar.monthrange(due.year, due.month)[1]
    for day in (user.credit_anchor_day, user.created_at.day):
        if day is not None and due.day == min(day, last):
            return day
    return due.day
