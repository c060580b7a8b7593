"""How busy the machine was while something was measured: a busy one makes ratios unfair. Linux only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")


class Cpu(NamedTuple):
    """Seconds of processor time since the machine started."""

    all: float
    """Of all cores, idle or not."""
    busy: float
    ours: float
    """Of this process and what it has started, as long as that runs or was waited for."""

    @property
    def others(self) -> float:
        return self.busy - self.ours


def cpu() -> Cpu:
    # https://man7.org/linux/man-pages/man5/proc_stat.5.html: guests' time is part of the first two.
    line = Path("/proc/stat").read_text().partition("\n")[0].split()
    user, nice, system, idle, iowait, irq, softirq, steal = (int(each) / TICKS for each in line[1:9])
    busy = user + nice + system + irq + softirq + steal
    return Cpu(busy + idle + iowait, busy, sum(map(_used, family(os.getpid()))))


def family(pid: int) -> list[int]:
    """The process and all that it has started."""
    try:
        told = [(task / "children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:  # it has ended
        return [pid]
    return [pid, *(each for children in told for child in children for each in family(int(child)))]


def _used(pid: int) -> float:
    """Its own time, and that of its children that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


class Watch:
    """What happens on the machine from the moment this is made."""

    def __init__(self) -> None:
        self._before = cpu()

    def told(self) -> str:
        """Such as `load 0.4 on 2 cores; others took 3 % of the CPU time`."""
        before, now = self._before, cpu()
        share = max(0.0, now.others - before.others) / max(0.01, now.all - before.all)
        load, _, _ = os.getloadavg()
        return f"load {load:.1f} on {os.cpu_count()} cores; others took {share:.0%} of the CPU time"
