"""The use cases of earning tokens: streaks of daily visits, and social tasks, which are claimed and reviewed."""

from __future__ import annotations

from typing import NamedTuple

from studiox.api.callables import User
from studiox.auth import service as auth_service
from studiox.auth.service import AccountOf
from studiox.kit import audit, clock, ids
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Docs, Reads
from studiox.models.ledger import Buckets, Cause
from studiox.models.ledger_store import post
from studiox.models.rewards import ClaimStatus, claim_path, task_path
from studiox.models.users import Streak, change_user, user_path

from . import rewards_store, social_tasks, streaks


class Claimed(NamedTuple):
    """A claim's status, and the tokens it earned: 0 until it is approved."""

    status: social_tasks.Status
    tokens: int


def visit(caller: User) -> tuple[Streak, int]:
    """Count today's visit, at most once per UTC day. Returns the streak and the bonus that this visit earned."""
    return auth_service.with_account(caller, lambda account: _visit(caller, account))


def _visit(caller: User, account: AccountOf) -> tuple[Streak, int]:
    now, entry_id = clock.now(), ids.new()
    path, entry_path = user_path(caller.uid), audit.entry_path(entry_id)

    def decide(docs: Docs) -> tuple[Streak, int]:
        before = account(docs).streak
        after, bonus = streaks.visit(before, now.date())
        if after == before:
            # If our own commit succeeded, but its response was lost, its entry has the reward (faults J22).
            entry = docs.get(entry_path)
            return after, entry.details["reward"] if entry is not None else 0
        change_user(docs, caller.uid, now, streak=after)
        if bonus:
            reason = f"{after.current} days in a row"
            day = str(after.last_active_date)
            cause = Cause(id=f"reward:streak:{day}", type="reward", kind="streak", ref=day, reason=reason)
            post(docs, caller.uid, cause, Buckets(bonus=bonus), now)
        return after, bonus

    reads = Reads(cached=[path], created_once=[entry_path])
    return caller.commit(
        path, decide, reads, target=path, details=lambda visit: {"reward": visit[1]}, entry_id=entry_id
    )


def claim(caller: User, task_id: str, proof_url: str, request_id: str) -> Claimed:
    """Claim a task. A task without review is rewarded at once. `AlreadyClaimed`, `RateLimited`."""
    return auth_service.with_account(caller, lambda account: _claim(caller, task_id, proof_url, request_id, account))


def _claim(caller: User, task_id: str, proof_url: str, request_id: str, account: AccountOf) -> Claimed:
    now = clock.now()
    path, key = claim_path(caller.uid, task_id), user_path(caller.uid)

    def decide(docs: Docs) -> Claimed:
        task = rewards_store.find_task(docs, task_id)
        existing = docs.get(path)
        if existing is not None and social_tasks.replayed(existing, request_id, proof_url):
            return Claimed(existing.status, existing.tokens if existing.status == "approved" else 0)
        social_tasks.check_proof(task, proof_url)
        user = account(docs)
        change_user(docs, caller.uid, now, claims=social_tasks.count_claim(user.claims, now))
        docs.put(path, rewards_store.new_claim(caller.uid, task, request_id, proof_url, now))
        if not task.review:
            _reward(docs, caller.uid, task_id, task.tokens, task.title, now)
        return Claimed("pending", 0) if task.review else Claimed("approved", task.tokens)

    reads = Reads(fresh=[path, task_path(task_id)], cached=[key])
    return caller.commit(key, decide, reads, target=path, details=lambda _claimed: {"taskId": task_id})


def review(admin: User, uid: str, task_id: str, *, approve: bool, note: str | None) -> Claimed:
    """Approve and reward a claim, or reject it. Repeating a decision changes nothing; an approval is final."""
    now = clock.now()
    path = claim_path(uid, task_id)

    def decide(docs: Docs) -> Claimed:
        held = docs.get(path)
        if held is None:
            raise NotFound
        wanted: ClaimStatus = "approved" if approve else "rejected"
        if held.status in (wanted, "approved"):
            if held.status != wanted:
                raise social_tasks.AlreadyClaimed
            return Claimed(wanted, held.tokens if approve else 0)
        docs.update(path, status=wanted, reviewed_at=now, reviewed_by=admin.uid, note=note)
        if approve and docs.get(user_path(uid)) is not None:
            _reward(docs, uid, task_id, held.tokens, "Social task approved", now)
        return Claimed(wanted, held.tokens if approve else 0)

    return admin.commit(
        user_path(uid), decide, Reads(fresh=[path]), target=path, details=lambda _claimed: {"approve": approve}
    )


def _reward(docs: Docs, uid: str, task_id: str, tokens: int, reason: str, now: clock.datetime) -> None:
    cause = Cause(id=f"reward:{task_id}", type="reward", kind="task", ref=task_id, reason=reason)
    post(docs, uid, cause, Buckets(bonus=tokens), now)
