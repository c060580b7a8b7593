"""The use cases of spending without a job: pay for a feature, count a song."""

from __future__ import annotations

from typing import NamedTuple

from studiox.api.callables import Reader, User
from studiox.auth import service as auth_service
from studiox.auth.service import AccountOf
from studiox.catalog import sales_store
from studiox.catalog import store as catalogue
from studiox.kit import clock, ids
from studiox.kit.errors import RequestIdReused
from studiox.kit.transaction import Docs, Reads
from studiox.models import ledger_store
from studiox.models.ledger import Cause
from studiox.models.users import change_user, user_path

from . import allowance
from .allowance import Allowance
from .service import called_top_up, debit, start_top_up


class Used(NamedTuple):
    spent: int
    balance: int
    top_up: str = ""
    """The order id of the top-up that it called for."""


def use_tokens(caller: User, feature_id: str, request_id: str) -> Used:
    """Pay the feature's price. `InsufficientTokens`, `RequestIdReused`."""
    used = auth_service.with_account(caller, lambda account: _use(caller, feature_id, request_id, account))
    start_top_up(caller.uid, used.top_up)
    return used


def _use(caller: User, feature_id: str, request_id: str, account: AccountOf) -> Used:
    now = clock.now()
    path = user_path(caller.uid)
    entry_id = f"feature:{request_id}"

    def decide(docs: Docs) -> Used:
        earlier = docs.get(ledger_store.entry_path(caller.uid, entry_id))
        if earlier is not None:
            if earlier.ref.id != feature_id:
                raise RequestIdReused
            return Used(-earlier.amount, earlier.balance_after)
        feature = catalogue.find_feature(docs, feature_id)
        account(docs)
        cause = Cause(id=entry_id, type="deduction", kind="feature", ref=feature_id, reason=feature.label)
        entry = debit(docs, caller.uid, cause, feature.tokens, now)
        return Used(-entry.amount, entry.balance_after, called_top_up(docs, caller.uid, entry_id))

    reads = catalogue.stale([f"features/{feature_id}"])
    return caller.commit(
        path,
        decide,
        Reads(fresh=reads, cached=[path], created_once=[ledger_store.entry_path(caller.uid, entry_id)]),
        target=path,
        details=lambda _used: {"feature": feature_id},
    )


def check_allowance(caller: Reader) -> Allowance:
    """The caller's song allowance of the month."""
    user = auth_service.account(caller)
    plans = {plan.id: plan for plan in sales_store.plans()}
    plan = plans.get(user.plan, plans["free"])
    return allowance.of(user, plan.allowances.songs_per_month, clock.now())


def consume_allowance(caller: User) -> tuple[Allowance, bool]:
    """Count a song made elsewhere. Returns the allowance after it, and whether the song was counted."""
    return auth_service.with_account(caller, lambda account: _consume(caller, account))


def _consume(caller: User, account: AccountOf) -> tuple[Allowance, bool]:
    now, mark = clock.now(), ids.new()
    path = user_path(caller.uid)

    def decide(docs: Docs) -> tuple[Allowance, bool]:
        user = account(docs)
        plan = sales_store.plan_of(docs, user.plan)
        left = allowance.of(user, plan.allowances.songs_per_month, now)
        if user.generation_mark == mark:
            return left, True  # our own commit succeeded, but its response was lost (faults J22)
        if not left.allowed:
            return left, False
        change_user(docs, caller.uid, now, **allowance.with_one_more(left), generation_mark=mark)
        return Allowance(left.limit, left.used + 1, left.resets_at), True

    return caller.commit(path, decide, Reads(fresh=sales_store.stale(), cached=[path]), target=path)
