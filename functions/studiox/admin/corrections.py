"""The rules of an administrator's corrections: what an adjustment of tokens takes or gives. Pure."""

from __future__ import annotations

from studiox.kit.errors import InvalidRequest
from studiox.models.ledger import MAX_BALANCE, Account, Buckets, Cause, burn

MAX_ADJUSTMENT = 10**9


def adjustment(account: Account, amount: int) -> Buckets:
    """What the amount does to the buckets: bonus tokens when positive, else as a debit burns. `InsufficientTokens`."""
    if amount < 0:
        return burn(account, -amount)
    if amount == 0 or account.balance + amount > MAX_BALANCE:
        raise InvalidRequest(fields={"amount": "not zero, and not beyond what a balance may be"})
    return Buckets(bonus=amount)


def adjustment_cause(request_id: str, admin: str, reason: str) -> Cause:
    """The entry names who made it; `adjustment:{requestId}` counts once in a ledger."""
    return Cause(id=f"adjustment:{request_id}", type="admin_adjustment", kind="admin", ref=admin, reason=reason)
