"""The health of all providers: `providerHealth/all`, one small document that all instances share. Pure."""

from __future__ import annotations

from studiox.kit.clock import datetime
from studiox.kit.documents import Path, Stored


class FailureStreak(Stored, frozen=True, kw_only=True):
    """Consecutive failed submissions to one provider. Absent while the provider is healthy."""

    failures: int
    failed_at: datetime
    openings: int | None = None
    """How often in a row its circuit opened. This and the next are absent while the circuit is closed."""
    open_until: datetime | None = None
    """The provider gets no orders before this time. After it, one trial order decides."""
    trial_by: str | None = None
    """The `sender` of the trial order."""
    trial_until: datetime | None = None


class DeletedCost(Stored, frozen=True, kw_only=True):
    """What the day's orders of deleted accounts cost us, in millionths of a dollar."""

    total: int
    unpaid: int
    """The unpaid part."""


class ProviderHealth(Stored, frozen=True, kw_only=True):
    """`providerHealth/all`. Written by the studio; each map is absent until it was first needed."""

    rows: dict[str, FailureStreak] | None = None
    """By the provider's name."""
    spent: dict[str, datetime] | None = None
    """By provider: the time before which it gets no orders, because its spend limit of the day is reached."""
    free_spent: dict[str, datetime] | None = None
    """The same for unpaid orders."""
    deleted: dict[str, DeletedCost] | None = None
    """By the spend key of the provider and the day (`spend.spend_key`)."""


PROVIDER_HEALTH = Path("providerHealth/all", ProviderHealth)
