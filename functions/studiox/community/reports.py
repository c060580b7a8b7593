"""How much a report weighs, and how many it takes to hide a post (docs/decisions/0014-reports.md). Pure."""

from __future__ import annotations

from typing import get_args

from msgspec.structs import replace

from studiox.kit.clock import datetime, timedelta
from studiox.models.moderation import Moderation, Report, ReportReason, Subject
from studiox.models.users import User

FULL = 100
"""The points of an ordinary report."""
YOUNG = timedelta(days=1)
SETTLED = timedelta(days=7)
MAX_DOUBLINGS = 5
MAX_HALVINGS = 7
REASONS: tuple[ReportReason, ...] = get_args(ReportReason)


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


def moderation(current: Moderation | None, subject: Subject, author: str | None) -> Moderation:
    """The record of a post or comment, empty before its first report or decision. Only a post's names its author."""
    uid = author if subject.comment_id is None else None
    return current or Moderation(
        post_id=subject.post_id, comment_id=subject.comment_id, uid=uid, reports=0, points=0, restores=0
    )


def after_report(current: Moderation, report: Report) -> Moderation:
    """The record with one more report."""
    counted = current.reasons or {}
    return replace(
        current,
        reports=current.reports + 1,
        points=current.points + report.points,
        updated_at=report.created_at,
        open_since=current.open_since or report.created_at,
        reasons={**counted, report.reason: counted.get(report.reason, 0) + 1},
    )


def main_reason(current: Moderation) -> ReportReason:
    """The reason that most reports since the last restore give; `other` without reports."""
    counted = current.reasons or {}
    return max(REASONS, key=lambda reason: counted.get(reason, 0)) if counted else "other"


def after_restore(current: Moderation) -> Moderation:
    """The record after a restore: earlier reports no longer count, and hiding takes more of them."""
    return replace(current, reports=0, points=0, restores=current.restores + 1, reasons=None, decision=None)


def overruled(account: User | None, upheld: bool) -> int:
    """The account's overruled reports after one more decision. An upheld report makes up for one."""
    now = _overruled(account)
    return max(0, now - 1) if upheld else min(now + 1, MAX_HALVINGS)


def _overruled(account: User | None) -> int:
    return (account.reports_overruled or 0) if account is not None else 0
