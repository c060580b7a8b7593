"""How much a report weighs, and how many it takes to hide a post (docs/decisions/0014-reports.md). Pure."""

from __future__ import annotations

from msgspec.structs import replace

from studiox.kit.clock import datetime, timedelta
from studiox.models.posts import Moderation, Report
from studiox.models.users import User

FULL = 100
"""The points of an ordinary report."""
YOUNG = timedelta(days=1)
SETTLED = timedelta(days=7)
MAX_DOUBLINGS = 5
MAX_HALVINGS = 7


def points(reporter: User | None, *, strict: bool, has_made: bool, now: datetime) -> int:
    """The weight of a report by this account, at most FULL. One that weighs 0 is only shown to moderators.

    Each report that moderators overruled halves the weight of later ones. `strict`, where e-mail addresses must be
    confirmed: 0 for an account younger than a day, and for one younger than a week that has made nothing.
    """
    if strict:
        age = timedelta() if reporter is None else now - reporter.created_at
        if age < YOUNG or (age < SETTLED and not has_made):
            return 0
    return FULL >> min(_overruled(reporter), MAX_HALVINGS)


def points_to_hide(reports_to_hide: int, restores: int) -> int:
    """The points that hide a post. Each restore doubles them, up to 32 times."""
    return reports_to_hide * FULL << min(restores, MAX_DOUBLINGS)


def moderation(current: Moderation | None, post_id: str, author: str) -> Moderation:
    """The post's moderation record, empty before its first report."""
    return current or Moderation(post_id=post_id, uid=author, reports=0, points=0, restores=0)


def after_report(current: Moderation, report: Report) -> Moderation:
    """The record with one more report."""
    return replace(
        current,
        reports=current.reports + 1,
        points=current.points + report.points,
        updated_at=report.created_at,
        open_since=current.open_since or report.created_at,
    )


def after_restore(current: Moderation) -> Moderation:
    """The record after a restore: earlier reports no longer count, and hiding takes more of them."""
    return replace(current, reports=0, points=0, restores=current.restores + 1)


def overruled(account: User | None, upheld: bool) -> int:
    """The account's overruled reports after one more decision. An upheld report makes up for one."""
    now = _overruled(account)
    return max(0, now - 1) if upheld else min(now + 1, MAX_HALVINGS)


def _overruled(account: User | None) -> int:
    return (account.reports_overruled or 0) if account is not None else 0
