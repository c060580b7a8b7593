"""Users, `users/{uid}`, and the records kept of deleted accounts, `closedAccounts/{pseudonym}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec.structs import replace

from studiox.kit import firestore, ids, query
from studiox.kit.clock import UTC, datetime, timedelta
from studiox.kit.documents import Collection, Path, Stored
from studiox.kit.transaction import Docs

from .auto_top_up import AutoTopUp
from .ledger import Buckets

PlanId = Literal["free", "pro", "enterprise"]
FREE_PLAN: PlanId = "free"
WEEKS_KEPT = 3
LOW_BALANCE = 20
"""Where a user has chosen no other, the balance below which a debit is notified."""
Welcome = Literal["pending", "granted", "refused"]


class Streak(Stored, frozen=True):
    """Consecutive UTC days with a visit."""

    current: int
    longest: int
    last_active_date: str | None
    """ISO date (UTC) of the last visit."""


class Plays(Stored, frozen=True):
    """Plays of the month that ends at `reset_at`; None before the first one."""

    count: int
    reset_at: datetime | None


class Preferences(Stored, frozen=True):
    """What the user has chosen. `email_notifications` applies to every kind of e-mail that is not set."""

    email_notifications: bool | None = None
    email_jobs: bool | None = None
    email_payments: bool | None = None
    email_tokens: bool | None = None
    email_comments: bool | None = None
    email_moderation: bool | None = None
    daily_spend_limit: int | None = None
    """The most tokens that are debited in a UTC day; None for no limit."""
    low_balance_at: int | None = None
    """A debit that takes the balance below this many tokens is notified, with 0 none; None for LOW_BALANCE."""
    mature_content: bool | None = None
    """Whether the user asked for mature posts."""
    language: str | None = None
    """The user's language, as a primary tag of BCP 47 such as `en` or `ar`; None if they have not said it."""


class DayCount(Stored, frozen=True):
    """How often something happened on `date` (ISO, UTC)."""

    date: str
    count: int


class DayCancels(DayCount, frozen=True):
    """The jobs at a provider that were cancelled on `date`, and what they are expected to cost."""

    cost_micro_usd: int


class DaySpend(Stored, frozen=True):
    """The tokens debited on `date` (ISO, UTC), less those of them that were refunded."""

    date: str
    tokens: int
    limit_told: bool = False
    """Whether the user was notified that day that their limit is reached."""


class DayWaste(Stored, frozen=True):
    """The cost of the orders that failed on `date` because of their input."""

    date: str
    cost_micro_usd: int


class User(Stored, frozen=True, kw_only=True):
    """An account. Made at sign-up; the ledger alone writes `balance`, `buckets` and `ledger_seq`."""

    email: str | None
    """Lower-case, as Auth keeps it; None for a sign-in without one."""
    display_name: str | None
    photo_url: str | None
    plan: PlanId
    is_premium: bool
    """Whether the plan is a paid one."""
    balance: int
    """Tokens: the sum of `buckets`."""
    buckets: Buckets
    ledger_seq: int
    """The number of ledger entries, and the `seq` of the last one."""
    credit_reset_at: datetime
    """The time when the monthly tokens expire and the plan's next ones are granted."""
    streak: Streak
    plays: Plays
    generation_count: int
    """Songs of the month that ends at `generation_reset_at`."""
    active_jobs: int
    """Jobs that hold one of the plan's concurrent places."""
    preferences: Preferences
    suspended: bool
    welcome: Welcome
    created_at: datetime
    updated_at: datetime

    credit_anchor_day: int | None = None
    """The day of the month on which monthly tokens reset. It is stored, because a short month's date loses it."""
    generation_reset_at: datetime | None = None
    generation_mark: str | None = None
    """The id of the last counted call, so that a retried commit counts once."""
    last_seen_at: datetime | None = None
    """The time of the last play. A play does not count as a visit of a streak."""
    sessions_revoked_at: datetime | None = None
    """ID tokens of sessions that began before this time are rejected."""
    closing: bool = False
    """Whether the account's deletion has begun."""
    subscription_id: str | None = None
    """Stripe's, while a paid subscription grants the plan."""
    cancels: DayCancels | None = None
    wasted: DayWaste | None = None
    spent: DaySpend | None = None
    claims: DayCount | None = None
    """Social tasks claimed on one day."""
    jobs_by_week: dict[str, int] = {}
    """How many jobs the user ordered in the last weeks with an order, by each week's Monday. For the weekly report."""
    collection_count: int = 0
    """Collections of creations that the user has."""
    referral_code: str | None = None
    """Which they may give to others; absent until they ask for it."""
    referred: bool = False
    """Whether they have redeemed somebody's code, so that a change of a payment of theirs must mark the referral."""
    reports_overruled: int | None = None
    """How many of the user's reports moderators overruled; an upheld one makes up for one."""
    auto_top_up: AutoTopUp | None = None


class ClosedAccount(Stored, frozen=True, kw_only=True):
    """The payment records of a deleted account, under a pseudonym. `closing` until all other data are deleted."""

    state: Literal["closing", "closed"]
    requested_at: datetime | None = None
    closed_at: datetime | None = None
    balance: int | None = None
    buckets: Buckets | None = None
    ledger_seq: int | None = None
    plan: PlanId | None = None
    created_at: datetime | None = None


USERS = Collection("users", User)
CLOSED_ACCOUNTS = Collection("closedAccounts", ClosedAccount)


class UserAge(Stored, frozen=True):
    """The fields of a user's document that the sweep of abandoned accounts needs."""

    created_at: datetime


class UserChange(Stored, frozen=True):
    """The fields by which the ledger audit lists users. Any value is accepted: it must find broken documents."""

    updated_at: Any = None


class UserReset(Stored, frozen=True):
    """The fields of a user's document that the monthly reset needs."""

    credit_reset_at: datetime


class UserWeeks(Stored, frozen=True):
    """The fields of a user's document that the weekly report reads."""

    jobs_by_week: dict[str, int]


class UserTopUp(Stored, frozen=True, kw_only=True):
    """The field of a user's document that the reconciliation of top-ups needs."""

    auto_top_up: AutoTopUp


AGES = USERS.select(UserAge)
CHANGES = USERS.select(UserChange)
RESETS = USERS.select(UserReset)
TOP_UPS = USERS.select(UserTopUp)


def user_path(uid: str) -> Path[User]:
    return USERS.document(uid)


def closed_path(uid: str) -> Path[ClosedAccount]:
    """Named by a pseudonym, which only this deployment can derive from the uid."""
    return CLOSED_ACCOUNTS.document(pseudonym(uid))


def pseudonym(uid: str) -> str:
    return ids.derived("closed", ids.keyed("closed", uid))


def change_user(docs: Docs, uid: str, now: datetime, **changes: object) -> None:
    """Set these fields of the user's document, by the struct's names, if the account still exists."""
    path = user_path(uid)
    user = docs.get(path)
    if user is not None:
        docs.put(path, replace(user, **changes, updated_at=now))


def week_of(moment: datetime) -> str:
    """The week's Monday (UTC), which names it."""
    day = moment.astimezone(UTC).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def with_one_more_job(by_week: Mapping[str, int], now: datetime) -> dict[str, int]:
    """The counts with one more in the present week, of the newest WEEKS_KEPT weeks."""
    week = week_of(now)
    counts = {**by_week, week: by_week.get(week, 0) + 1}
    return {each: counts[each] for each in sorted(counts)[-WEEKS_KEPT:]}


def keeps(week: str, now: datetime) -> bool:
    """Whether the documents of all users still have their counts of this week."""
    return week >= week_of(now - timedelta(days=7 * (WEEKS_KEPT - 1)))


def _in(week: str) -> str:
    return f"jobsByWeek.`{week}`"


def jobs_of(week: str) -> int:
    """The sum of the users' jobs of this week, as a Firestore aggregation. `Unavailable`."""
    return query.total(USERS, _in(week), equal={})


def count_with_jobs(week: str, least: int) -> int:
    """How many users have ordered `least` jobs or more in this week, as a Firestore aggregation. `Unavailable`."""
    return query.count(USERS, order=_in(week), least=least)


def busiest(week: str, limit: int) -> list[tuple[str, int]]:
    """(uid, jobs) of the users with the most jobs in this week, the most first. `Unavailable`."""
    found = query.documents(USERS.select(UserWeeks), order=_in(week), newest_first=True, limit=limit)
    return [(each.id, each.data.jobs_by_week[week]) for each in found]


def search_users(
    *, email: str | None, uid: str | None, plan: str | None, size: int, cursor: str | None
) -> tuple[list[query.Found[User]], str | None]:
    """A page of accounts, newest first, filtered by one of these or by none. Auth keeps addresses lower-case."""
    if uid is not None:
        path = user_path(uid)
        user = firestore.get(path)
        return ([] if user is None else [query.Found(path, user)]), None
    equal = {"email": None if email is None else email.strip().lower(), "plan": plan}
    return query.page(USERS, equal, "createdAt", size=size, cursor=cursor)


def count_new_users(start: datetime, end: datetime) -> int:
    """How many accounts were created in [start, end). `Unavailable`."""
    return query.count_between(USERS, start, end)
