"""Account deletion: ordered in one commit, then carried out in steps that may each be repeated."""

from __future__ import annotations

import time
from collections.abc import Callable

from studiox.api.callables import CONTRACTS, User
from studiox.api.http_functions import ROUTES
from studiox.auth.welcome_bonus import keep_month, release_welcome
from studiox.billing.auto_top_up import forget_cards
from studiox.billing.service import end_for_deletion
from studiox.community.erasure import erase as erase_from_community
from studiox.deletions import service as cleanups
from studiox.deletions import store as cleanup_store
from studiox.integrations.stripe import PaymentsUnavailable
from studiox.kit import audit, clock, firestore, ids, log, malformed, query, rate_limits
from studiox.kit.clock import datetime
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import InvalidRequest, Unavailable, Wrong
from studiox.kit.transaction import Docs, Reads
from studiox.media import objects
from studiox.models.deletions import CleanUp, clean_up_path
from studiox.models.jobs import JOBS
from studiox.models.users import closed_path, pseudonym, user_path
from studiox.studio import lifecycle
from studiox.studio.settlement import settle_job

from . import erasure, inventory
from .export_store import folder

CALL_S = 40.0
"""How long deleteAccount itself works on the deletion; the task does the rest."""
RUNS = 50
"""Runs in the call, at most."""
STEPS = 10
"""Pages of each kind of document in one run."""
MEDIA_PER_STEP = 200


def delete_account(caller: User, confirm: str) -> None:
    """Order the deletion, and carry out as much as fits into the call. `InvalidRequest` if `confirm` is wrong."""
    if confirm.casefold() != (caller.email or caller.uid).strip().casefold():
        raise InvalidRequest(fields={"confirm": Wrong("must be this account's e-mail address", {"rule": "mismatch"})})
    now, token = clock.now(), ids.new()
    name = pseudonym(caller.uid)
    path, record = user_path(caller.uid), clean_up_path("account", name)

    def decide(docs: Docs) -> None:
        closed = docs.get(closed_path(caller.uid))
        if closed is not None and (closed.state == "closed" or docs.get(record) is not None):
            return
        keep_month(docs, caller.uid)
        _order(docs, caller.uid, token, now)

    counters = [charge.path for charge in _charges(caller.uid)]
    reads = Reads(fresh=[path, closed_path(caller.uid), record, *counters])
    caller.commit(path, decide, reads, target=closed_path(caller.uid))
    until = time.monotonic() + CALL_S
    for _ in range(RUNS):
        if cleanups.run("account", name, clear_account):
            return
        if time.monotonic() > until:
            break
    cleanups.enqueue("account", name)


def close_abandoned(uid: str) -> bool:
    """Order the deletion of an account without a sign-in; False if it was ordered before."""
    now, token = clock.now(), ids.new()

    def decide(docs: Docs) -> bool:
        user = docs.get(user_path(uid))
        if user is None or user.closing:
            return False
        keep_month(docs, uid)
        release_welcome(docs, uid)
        _order(docs, uid, token, now)
        return True

    counters = [charge.path for charge in _charges(uid)]
    reads = Reads(fresh=[user_path(uid), closed_path(uid), *counters])
    ordered = audit.System("sweepMedia").commit(user_path(uid), decide, reads, target=closed_path(uid))
    if ordered:
        cleanups.enqueue("account", pseudonym(uid))
    return ordered


def _order(docs: Docs, uid: str, token: str, now: datetime) -> None:
    """Close the account and its rate limits, and order the deletion of its data, in this commit."""
    erasure.begin(docs, uid, now)
    rate_limits.close(docs, _charges(uid), now)
    cleanup_store.order(docs, "account", pseudonym(uid), uid, token, now)


def _charges(uid: str) -> list[rate_limits.RateLimitCharge]:
    """The rate-limit charges of every function that writes, except deleteAccount, which may be repeated."""
    contracts = [*CONTRACTS.values(), *(contract for _, contract in ROUTES.values())]
    counting = [each for each in contracts if each.limit.in_commit and each.name != "deleteAccount"]
    return [rate_limits.charge(each.name, uid, each.limit) for each in counting]


def clear_account(record: CleanUp, _pages: int) -> bool:
    """Delete a bounded part of the account's data; False if some is left. Raises what `erase` raises."""
    return erase(record.uid, record.id)


def erase(uid: str, name: str) -> bool:
    """One bounded step; True when nothing is left. `Unavailable`, `Contention`, MediaError: repeat it later."""
    _end_subscription(uid)
    done = (
        _end_jobs(uid)
        and _all(lambda: erase_from_community(uid))
        and _all(lambda: erasure.delete_own(uid))
        and objects.delete_prefix(f"users/{uid}/", MEDIA_PER_STEP)
        and objects.delete_prefix(f"{folder(uid)}/", MEDIA_PER_STEP)
        and _all(lambda: erasure.move_money(uid, name))
        and _all(lambda: erasure.rename(uid, name))
        and erasure.clear_cleanups(uid, name, clean_up_path("account", name))
    )
    if not done:
        return False
    _delete_sign_in(uid)
    last = [row.collection.document(uid) for row in inventory.rows("deleted_last")]
    return erasure.close(uid, clock.now(), last)


def _all(step: Callable[[], bool]) -> bool:
    """Repeat the step until nothing is left, up to STEPS times; whether nothing is left."""
    return any(step() for _ in range(STEPS))


def _end_subscription(uid: str) -> None:
    try:
        end_for_deletion(uid)
        forget_cards(uid)
    except PaymentsUnavailable as error:
        raise Unavailable(retryAfterSeconds=60) from error


def _end_jobs(uid: str) -> bool:
    """Cancel the running jobs. Their refunds go into the ledger, which moves to the closed account.

    A malformed job cannot be settled: it is reported, and deleted with the others.
    """
    by = audit.System("deleteAccount", pseudonym(uid))
    for status in ("pending", "processing"):
        found = query.names(JOBS, {"uid": uid, "status": status}, erasure.PAGE)
        for path in found:
            try:
                settle_job(path.id, uid, lifecycle.Cancelled(), by=by)
            except MalformedDocument as error:
                if not error.path.startswith(path):
                    raise  # the account itself: a person must correct it first
                malformed.report(error)
        if len(found) == erasure.PAGE:
            return False
    return True


def _delete_sign_in(uid: str) -> None:
    from firebase_admin import auth, exceptions

    try:
        auth.delete_user(uid, app=firestore.app())
    except exceptions.NotFoundError:
        log.info("sign_in_gone")
    except (exceptions.FirebaseError, OSError) as error:
        raise Unavailable(retryAfterSeconds=5) from error
