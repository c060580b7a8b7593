"""The rules of an administrator's token adjustments. Pure."""

from __future__ import annotations

from studiox.kit.errors import InvalidRequest
from studiox.models.ledger import MAX_BALANCE, Account, Buckets, Cause, burn

MAX_ADJUSTMENT = 10**9


def adjustment(account: Account, amount: int) -> Buckets:
    """The change of the buckets: a positive amount adds bonus tokens, a negative one debits. `InsufficientTokens`."""
    if amount < 0:
        return burn(account, -amount)
    if amount == 0 or account.balance + amount > MAX_BALANCE:
        raise InvalidRequest(fields={"amount": "not zero, and not beyond what a balance may be"})
    return Buckets(bonus=amount)


def adjustment_cause(request_id: str, admin: str, reason: str) -> Cause:
    """The entry's cause. It names the administrator; the id `adjustment:{requestId}` is unique in a ledger."""
    return Cause(id=f"adjustment:{request_id}", type="admin_adjustment", kind="admin", ref=admin, reason=reason)
