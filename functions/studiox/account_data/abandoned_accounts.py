"""Accounts without a user in Auth: the user was deleted there directly, or the sign-up failed after its trigger.

Such an account would still be counted, get its monthly tokens, and pay for a subscription that no one can cancel.
"""

from __future__ import annotations

from collections.abc import Mapping

from studiox.fan_out import service as fan_out
from studiox.integrations.firebase_auth import without_sign_in
from studiox.kit import clock, log, malformed, query
from studiox.kit.clock import timedelta
from studiox.kit.documents import MalformedDocument
from studiox.kit.query import Found
from studiox.models.schedule_runs import Run
from studiox.models.users import AGES, UserAge

from .deletion import close_abandoned

PAGE = 100
"""Accounts that Auth looks up in one request."""
AGE = timedelta(days=1)
"""Younger accounts are skipped: their sign-up may still be under way."""
IMPLAUSIBLE = 20
"""If Auth has none of this many accounts or more, it is the wrong project's Auth or an empty one: nothing is done."""


def part() -> fan_out.Part:
    """All accounts."""
    return fan_out.Part(AGES, query.Span(), _close_abandoned, PAGE)


def _close_abandoned(_run: Run, page: list[Found[UserAge]]) -> Mapping[str, int]:
    """Order the deletion of the accounts on this page that Auth does not know. `Unavailable`."""
    settled = [each.id for each in page if clock.now() - each.data.created_at > AGE]
    return {"closed": _close_without_sign_in(settled)}


def _close_without_sign_in(uids: list[str]) -> int:
    absent = without_sign_in(uids)
    if len(absent) == len(uids) >= IMPLAUSIBLE:
        log.alert("auth_knows_nobody", accounts=len(uids))
        return 0
    # Each is looked up once more, since a deletion cannot be undone.
    return sum(_close(uid) for uid in absent if without_sign_in([uid]))


def _close(uid: str) -> bool:
    """Whether the deletion was ordered. A malformed account is reported and stays as it is."""
    try:
        return close_abandoned(uid)
    except MalformedDocument as error:
        malformed.report(error)
        return False
