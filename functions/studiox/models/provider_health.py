"""The health of all providers: `providerHealth/all`, one small document that all instances share. Pure."""

from __future__ import annotations

from studiox.kit.clock import datetime
from studiox.kit.documents import Path, Stored


class FailureStreak(Stored, frozen=True, kw_only=True):
    """Submissions to one provider that failed one after the other. Present only while something is wrong with it."""

    failures: int
    failed_at: datetime
    openings: int | None = None
    """How often in a row its circuit opened. This and the next are absent while the circuit is closed."""
    open_until: datetime | None = None
    """Until then the provider gets no orders; after that one trial order decides."""
    trial_by: str | None = None
    """The `sender` of the trial order."""
    trial_until: datetime | None = None


class DeletedCost(Stored, frozen=True, kw_only=True):
    """What the day's orders of deleted accounts cost us, in millionths of a dollar."""

    total: int
    unpaid: int
    """The part that nobody paid for."""


class ProviderHealth(Stored, frozen=True, kw_only=True):
    """`providerHealth/all`. Written by the studio; each map is absent until it was first needed."""

    rows: dict[str, FailureStreak] | None = None
    """By the provider's name."""
    spent: dict[str, datetime] | None = None
    """Until when each provider whose day's spend limit is reached gets no orders."""
    free_spent: dict[str, datetime] | None = None
    """The same for orders that nobody paid for."""
    deleted: dict[str, DeletedCost] | None = None
    """By the spend key of the provider and the day (`spend.spend_key`)."""


PROVIDER_HEALTH = Path("providerHealth/all", ProviderHealth)
