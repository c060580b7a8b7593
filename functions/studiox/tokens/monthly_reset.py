"""The monthly reset of users whose month has ended. Each period is reset once, even if runs are late or overlap."""

from __future__ import annotations

from collections.abc import Mapping

from studiox.catalog import sales_store
from studiox.fan_out import service as fan_out
from studiox.kit import audit, batch, clock, log, query
from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import Unavailable
from studiox.kit.query import Found
from studiox.kit.transaction import Docs, Reads
from studiox.models import users
from studiox.models.ledger_store import entry_path, post
from studiox.models.schedule_runs import Run
from studiox.models.users import change_user, user_path

from . import monthly

CHUNK = 100
_RESET = audit.System("resetMonthlyTokens")


def reset_monthly() -> None:
    """Reset every user who is due. Users that a run does not reach are first in the next one. `Unavailable`."""
    now = clock.now()
    fan_out.start(SCHEDULE, Run(now, {}))


def _parts(run: Run) -> Mapping[str, fan_out.Part]:
    """The users whose month has ended, longest overdue first."""
    due = query.Span("creditResetAt", below=run.started_at + timedelta(microseconds=1))
    return {"users": fan_out.Part(users.RESETS, due, _reset_all, CHUNK)}


def _reset_all(run: Run, page: list[Found[users.UserReset]]) -> Mapping[str, int]:
    """Reset these users. `Unavailable` if none of them could be reached."""
    worked = batch.work_through(
        "resetMonthlyTokens", lambda user: _reset(user.id, user.data.credit_reset_at, run.started_at), page
    )
    if len(worked.missing) == len(page):
        raise Unavailable(retryAfterSeconds=5)
    return {"users": sum(worked.results), "missing": len(worked.missing), "broken": len(worked.broken)}


def _tell(_run: Run, counts: Mapping[str, int], failed: int) -> None:
    log.info(
        "monthly_reset",
        users=counts.get("users", 0),
        missing=counts.get("missing", 0),
        broken=counts.get("broken", 0),
        failedShards=failed,
    )


SCHEDULE = fan_out.Schedule("resetMonthlyTokens", _parts, _tell)


def _reset(uid: str, due: datetime, now: datetime) -> bool:
    path = user_path(uid)
    period = due.date().isoformat()
    posted = [entry_path(uid, f"{kind}:{period}") for kind in ("expiry", "grant")]

    def decide(docs: Docs) -> bool:
        user = docs.get(path)
        if user is None or user.credit_reset_at != due or not monthly.is_due(user, now):
            return False  # another run has reset the user, or a subscription began
        reset = monthly.reset(user, sales_store.plan_of(docs, user.plan).monthly_tokens, now)
        if not any(docs.get(each) for each in posted):
            for cause, buckets in reset.entries:
                post(docs, uid, cause, buckets, now)
        change_user(docs, uid, now, **reset.fields)
        return True

    reads = Reads(fresh=[path, *posted, *sales_store.stale()])
    return _RESET.commit(path, decide, reads, target=path, details=lambda _done: {"period": period})
