"""How much a report weighs, and how much it takes to hide a post (docs/decisions/0014-reports.md). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit.clock import datetime, timedelta

FULL = 100
"""The points of an ordinary report."""
YOUNG = timedelta(days=1)
SETTLED = timedelta(days=7)
MAX_DOUBLINGS = 5
MAX_HALVINGS = 7

Data = Mapping[str, Any]


def points(reporter: Data | None, *, strict: bool, has_made: bool, now: datetime) -> int:
    """What a report of this account counts towards hiding; with 0 it is only kept for the moderators.

    Each report that moderators overruled halves the next ones. `strict`, where addresses must be confirmed: an account
    younger than a day counts nothing, nor one younger than a week that has made nothing of its own.
    """
    account = reporter or {}
    if strict:
        created_at = account.get("createdAt")
        age = timedelta() if created_at is None else now - created_at
        if age < YOUNG or (age < SETTLED and not has_made):
            return 0
    return FULL >> min(int(account.get("reportsOverruled", 0)), MAX_HALVINGS)


def points_to_hide(reports_to_hide: int, restores: int) -> int:
    """Every restore doubles what it takes, up to 32 times."""
    return reports_to_hide * FULL << min(restores, MAX_DOUBLINGS)


def standing(current: Data | None, post_id: str, author: str) -> dict[str, Any]:
    """What is known of a post's reports, also after it was taken down and published again."""
    fresh = {"postId": post_id, "uid": author, "reports": 0, "points": 0, "restores": 0}
    return {**fresh, **(current or {})}


def after_restore(current: Data) -> dict[str, Any]:
    """The reports so far count no more, and the next time it takes more of them."""
    return {**current, "reports": 0, "points": 0, "restores": current["restores"] + 1}


def overruled(account: Data, upheld: bool) -> int:
    """How many overruled reports weigh on an account after one more decision: one that was right makes up for one."""
    now = int(account.get("reportsOverruled", 0))
    return max(0, now - 1) if upheld else min(now + 1, MAX_HALVINGS)
