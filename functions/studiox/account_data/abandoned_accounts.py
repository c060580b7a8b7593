"""Accounts without a user in Auth: the user was deleted there directly, or the sign-up failed after its trigger.

Such an account would still be counted, get its monthly tokens, and pay for a subscription that no one can cancel.
"""

from __future__ import annotations

import itertools
import time

from studiox.creations import sweep_store
from studiox.integrations.firebase_auth import without_sign_in
from studiox.kit import clock, log, malformed
from studiox.kit.clock import timedelta
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Reads, transact
from studiox.models.sweeps import ACCOUNT_SWEEP
from studiox.models.users import all_users

from .deletion import close_abandoned

RUN_S = 240.0
"""The sweep of media needs the rest of the schedule's half hour."""
PAGE = 100
"""Accounts that Auth looks up in one request."""
CLOSED_PER_RUN = 500
AGE = timedelta(days=1)
"""Younger accounts are skipped: their sign-up may still be under way."""
IMPLAUSIBLE = 20
"""If Auth has none of this many accounts or more, it is the wrong project's Auth or an empty one: nothing is done."""


def sweep_accounts() -> int:
    """One run, from where the last one stopped; how many deletions it ordered. Never raises: an outage ends the run."""
    until = time.monotonic() + RUN_S
    closed = 0
    try:
        found = all_users(sweep_store.account_reached())
        while chunk := list(itertools.islice(found, PAGE)):
            settled = [each.id for each in chunk if clock.now() - each.data.created_at > AGE]
            closed += _close_without_sign_in(settled)
            last = len(chunk) < PAGE
            _keep(None if last else chunk[-1].id)
            if last or closed >= CLOSED_PER_RUN or time.monotonic() > until:
                break
        else:
            _keep(None)
    except (Contention, Unavailable) as error:
        log.warning("account_sweep_stopped", error=type(error).__name__)
    log.info("account_sweep", closed=closed)
    return closed


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


def _keep(uid: str | None) -> None:
    now = clock.now()
    transact(
        ACCOUNT_SWEEP,
        lambda docs: sweep_store.keep_account(docs, uid, now),
        Reads(fresh=[ACCOUNT_SWEEP]),
    )
