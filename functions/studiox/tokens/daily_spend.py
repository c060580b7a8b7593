"""What a user spends in a UTC day, and the limit that they have set themselves. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from studiox.kit.clock import datetime, iso, midnight_after
from studiox.kit.daily_quota import day_of, is_of_today
from studiox.kit.errors import StudioxError
from studiox.models.users import DaySpend, User


class SpendLimitReached(StudioxError):
    code = "resource-exhausted"
    figures = {"limit": int, "resetsAt": datetime}
    text = "This would exceed your daily limit. You can change the limit in your account."


def check_limit(user: User, price: int, now: datetime) -> None:
    """`SpendLimitReached` if a debit of `price` would exceed the user's limit. What is free is never refused."""
    limit = user.preferences.daily_spend_limit
    if price and limit is not None and of_day(user.spent, now).tokens + price > limit:
        raise SpendLimitReached(limit=limit, resetsAt=iso(midnight_after(now)))


def with_debit(user: User, tokens: int, now: datetime) -> tuple[DaySpend, bool]:
    """The day's spend with this debit, and whether to notify the user that it has reached their limit: once a day."""
    before, limit = of_day(user.spent, now), user.preferences.daily_spend_limit
    after = replace(before, tokens=before.tokens + tokens)
    tells = after.tokens == limit and not before.limit_told
    return (replace(after, limit_told=True) if tells else after), tells


def with_refund(spent: DaySpend | None, tokens: int, debited_at: datetime) -> DaySpend | None:
    """The day's spend after a refund of a debit. Only the refund of a debit of that day makes room for other debits."""
    if spent is None or spent.date != day_of(None, debited_at):
        return spent
    return replace(spent, tokens=max(0, spent.tokens - tokens))


def of_day(spent: DaySpend | None, now: datetime) -> DaySpend:
    """The spend of the present day: zero unless `spent` is of it."""
    return spent if spent is not None and is_of_today(spent, now) else DaySpend(day_of(spent, now), 0)
