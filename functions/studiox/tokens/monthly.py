"""The rules of the monthly reset: when it is due, and which ledger entries it makes. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from typing import Any

import msgspec

from studiox.kit.clock import datetime, months_after
from studiox.models.ledger import Buckets, Cause
from studiox.models.users import User


class Reset(msgspec.Struct, frozen=True):
    """A due reset: its ledger entries in order, and the user's next reset date."""

    period: str
    """The due date. The entries' ids contain it, so a period is counted once, even if the reset runs late or twice."""
    entries: tuple[tuple[Cause, Buckets], ...]
    fields: Mapping[str, Any]


def is_due(user: User, now: datetime) -> bool:
    """Whether the user's month is over and no paid subscription grants the next one."""
    return user.credit_reset_at <= now and user.subscription_id is None


def reset(user: User, tokens: int, now: datetime) -> Reset:
    """Expire the rest of the monthly tokens and grant the plan's. Several missed months give one grant."""
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
    """The first date after `now` and `due` on this day of a month, or on the month's last day if it is shorter."""
    latest = max(now, due)
    months = (latest.year - due.year) * 12 + latest.month - due.month
    moment = months_after(due, months, day)
    return moment if moment > latest else months_after(due, months + 1, day)


def anchor_day(user: User) -> int:
    """The day of the month on which resets are due. It is stored, because a short month's date loses it.

    A date set by another cause, such as a subscription's end, is its own anchor.
    """
    due = user.credit_reset_at
    last = calendar.monthrange(due.year, due.month)[1]
    for day in (user.credit_anchor_day, user.created_at.day):
        if day is not None and due.day == min(day, last):
            return day
    return due.day
