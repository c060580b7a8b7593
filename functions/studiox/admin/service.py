"""Administrators' corrections of tokens, jobs, plans, suspensions and the catalogue, each in one commit with its audit
entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec.structs import replace

from studiox.api.callables import User
from studiox.catalog import store as catalogue
from studiox.community import decisions, statements, suspension
from studiox.deletions import service as cleanups
from studiox.deletions import store as cleanup_store
from studiox.integrations.firebase_auth import end_sessions
from studiox.kit import clock, firestore, ids, log
from studiox.kit.errors import NotFound, RequestIdReused
from studiox.kit.transaction import Docs, Reads
from studiox.models import moderation as records
from studiox.models import users
from studiox.models.admin_requests import KEEP, AdminRequest, request_path
from studiox.models.deletions import clean_up_path
from studiox.models.jobs import Job
from studiox.models.ledger_store import account_of, entry_path, post
from studiox.models.users import pseudonym, user_path
from studiox.studio import lifecycle
from studiox.studio.job_store import find_job
from studiox.studio.settlement import settle_job

from . import corrections

FREE = "free"


def add_tokens(admin: User, uid: str, amount: int, reason: str, request_id: str) -> int:
    """Add tokens, or debit if negative. Returns the balance. `NotFound`, `InsufficientTokens`, `RequestIdReused`."""
    now = clock.now()
    user, kept = user_path(uid), request_path("addTokens", admin.uid, request_id)
    asked = {"uid": uid, "amount": amount, "reason": reason}
    cause = corrections.adjustment_cause(request_id, admin.uid, reason)

    def decide(docs: Docs) -> int:
        before = docs.get(kept)
        if before is not None:
            if before.request != asked:
                raise RequestIdReused
            return int(before.answer["balanceAfter"])
        account = docs.get(user)
        if account is None:
            raise NotFound
        if docs.get(entry_path(uid, cause.id)) is not None:
            raise RequestIdReused  # another administrator used this id
        entry = post(docs, uid, cause, corrections.adjustment(account_of(account), amount), now)
        answer = {"balanceAfter": entry.balance_after}
        docs.create(kept, AdminRequest(uid=uid, request=asked, answer=answer, created_at=now, expires_at=now + KEEP))
        return entry.balance_after

    reads = Reads(fresh=[user, kept, entry_path(uid, cause.id)])
    return admin.commit(user, decide, reads, target=user, details=lambda _: {"amount": amount, "reason": reason})


def set_job_status(admin: User, job_id: str, status: Literal["failed", "cancelled"], reason: str) -> Job:
    """End a job as failed or cancelled, with a full refund. `NotFound`, `NotCancellable`."""
    found = find_job(job_id)
    if found is None:
        raise NotFound
    job = found[0]
    if job.is_terminal:
        raise lifecycle.NotCancellable(status=job.status)
    event: lifecycle.Event = (
        lifecycle.Cancelled() if status == "cancelled" else lifecycle.Failed("", raw=f"administrator: {reason}")
    )
    ended = settle_job(job_id, job.uid, event, by=admin, reason=reason)
    if ended is None:
        raise NotFound
    if ended.status != status:
        raise lifecycle.NotCancellable(status=ended.status)  # the job has ended otherwise
    return ended


def set_plan(admin: User, uid: str, plan: str, reason: str) -> users.User:
    """Set the user's plan. Its tokens are granted at the next monthly reset. `NotFound`."""
    fields = {"plan": plan, "is_premium": plan != FREE}
    return _change(admin, uid, fields, plan=plan, reason=reason)


def suspend_user(admin: User, uid: str, suspended: bool, reason: str) -> users.User:
    """Suspend the user, who is told the reason, and end their sessions, or lift the suspension. Their posts are hidden
    while it lasts. `NotFound`.

    `Unavailable` if Auth does not respond: the suspension is in effect; retry to end the sessions too.
    """
    now, token = clock.now(), ids.new()

    def effect(docs: Docs, before: users.User) -> None:
        if before.suspended == suspended or before.closing:
            return
        cleanup_store.order(docs, "suspension", pseudonym(uid), uid, token, now)
        records.count(docs, now, "accounts", "other", "suspended" if suspended else "reinstated")
        words = statements.of_suspension(reason) if suspended else statements.REINSTATED
        decisions.tell(docs, uid, "account_suspended" if suspended else "account_reinstated", token, now, words)

    user = _change(admin, uid, {"suspended": suspended}, effect, suspended=suspended, reason=reason)
    if firestore.get(clean_up_path("suspension", pseudonym(uid))) is not None:
        cleanups.start("suspension", pseudonym(uid), suspension.clear)
    if suspended and not end_sessions(uid, clock.now().replace(microsecond=0)):
        log.info("suspended_without_auth_user", uid=uid)
    return user


def look_up(admin: User, uid: str) -> users.User:
    """The user's account. The audit log records who looked. `NotFound`."""
    path = user_path(uid)

    def decide(docs: Docs) -> users.User:
        user = docs.get(path)
        if user is None:
            raise NotFound
        return user

    return admin.commit(path, decide, Reads(fresh=[path]), target=path, always=True)


def save_entry(admin: User, key: str, changes: Mapping[str, Any], reason: str) -> catalogue.Entry:
    """Change the document that overrides an entry of the catalogue. `NotFound`, `InvalidRequest`."""
    path = catalogue.changeable_path(key)
    details = {"changes": changes, "reason": reason}
    return admin.commit(
        path,
        lambda docs: catalogue.change(docs, key, changes),
        Reads(fresh=[path]),
        target=path,
        details=lambda _: details,
        always=True,
    )


def preview_entry(_admin: User, key: str, changes: Mapping[str, Any], _reason: str) -> catalogue.Entry:
    """What `save_entry` would make of the entry. Changes nothing. `NotFound`, `InvalidRequest`."""
    return catalogue.change(firestore.docs_of(firestore.read_documents([catalogue.changeable_path(key)])), key, changes)


def _nothing_more(_docs: Docs, _before: users.User) -> None:
    """The change of the account is all."""


def _change(
    admin: User,
    uid: str,
    fields: Mapping[str, object],
    effect: Callable[[Docs, users.User], None] = _nothing_more,
    **about: object,
) -> users.User:
    """Set fields of a user's document. The audit log records the call even if nothing changes."""
    now = clock.now()
    path = user_path(uid)

    def decide(docs: Docs) -> users.User:
        user = docs.get(path)
        if user is None:
            raise NotFound
        # Written even if nothing changes, so that the commit fails if the account has been deleted since.
        changed = replace(user, **fields, updated_at=now)
        docs.put(path, changed)
        effect(docs, user)
        return changed

    return admin.commit(path, decide, Reads(fresh=[path]), target=path, details=lambda _user: about, always=True)
