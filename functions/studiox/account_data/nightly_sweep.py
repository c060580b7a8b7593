"""The nightly sweep: media that nothing refers to, creations without their media, accounts without a sign-in."""

from __future__ import annotations

from collections.abc import Mapping

from studiox.creations import media_sweep
from studiox.fan_out import service as fan_out
from studiox.kit import clock, log
from studiox.models.schedule_runs import Run

from . import abandoned_accounts


def sweep() -> None:
    """Run the sweep. `Contention`, `Unavailable`: repeat it."""
    now = clock.now()
    fan_out.start(SCHEDULE, Run(now, {}))


def _parts(run: Run) -> Mapping[str, fan_out.Part]:
    return {"accounts": abandoned_accounts.part(), **media_sweep.parts(run)}


def _tell(_run: Run, counts: Mapping[str, int], failed: int) -> None:
    names = ("closed", "deleted", "postsCleared", "missing")
    log.info("media_sweep", **{name: counts.get(name, 0) for name in names}, failedShards=failed)


SCHEDULE = fan_out.Schedule("sweepMedia", _parts, _tell)
