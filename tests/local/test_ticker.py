"""When a schedule is due."""

from __future__ import annotations

import datetime

import pytest

from local.stack.ticker import is_due


@pytest.mark.parametrize(
    ("schedule", "when", "due"),
    [
        ("* * * * *", "2026-11-21T12:34", True),
        ("0 2 * * *", "2026-11-21T02:00", True),
        ("0 2 * * *", "2026-11-21T02:01", False),
        ("*/15 * * * *", "2026-11-21T12:45", True),
        ("*/15 * * * *", "2026-11-21T12:46", False),
        ("5/20 * * * *", "2026-11-21T12:45", True),
        ("0 0 * * 1", "2026-11-23T00:00", True),
        ("0 0 * * 1", "2026-11-24T00:00", False),
        ("0 0 * * 7", "2026-11-22T00:00", True),
        ("0 9-17 * * 1-5", "2026-11-20T17:00", True),
        ("0 9-17 * * 1-5", "2026-11-21T17:00", False),
        ("0 0 1,15 * *", "2026-11-15T00:00", True),
        ("0 0 13 * 5", "2026-11-20T00:00", True),
        ("0 0 13 * 5", "2026-11-21T00:00", False),
        ("every 1 minutes", "2026-11-21T12:34", True),
        ("every 2 hours", "2026-11-21T12:00", True),
        ("every 2 hours", "2026-11-21T13:00", False),
    ],
)
def test_is_due(schedule: str, when: str, due: bool) -> None:
    moment = datetime.datetime.fromisoformat(when).replace(tzinfo=datetime.UTC)
    assert is_due(schedule, moment) is due


def test_a_schedule_that_cannot_be_fired_is_said_to_be() -> None:
    with pytest.raises(ValueError, match="first monday"):
        is_due("first monday of month 00:00", datetime.datetime.now(datetime.UTC))
