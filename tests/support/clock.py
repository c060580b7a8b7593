"""The time that the code under test sees, as a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time, or the moment at which a test stopped it; moved `ahead`."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._stopped: datetime | None = None

    def stop(self, at: datetime) -> None:
        """It is this moment until the test says otherwise."""
        self._stopped, self.ahead = at, timedelta()

    def now(self) -> datetime:
        return (self._stopped or datetime.now(UTC)) + self.ahead
