"""Small tables: two figures side by side, their ratio, its spread over the rounds, and its budget."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """One of our figures and the one to compare. `sign` and `budget` are the limit of their ratio.

    `ratios`: those of the rounds. Their median counts; without them, the figures' ratio.
    """

    what: str
    ours: float
    other: float
    sign: str = ""
    budget: float = 0.0
    ratios: tuple[float, ...] = ()

    @property
    def ratio(self) -> float:
        if self.ratios:
            return statistics.median(self.ratios)
        return self.ours / self.other if self.other else float("inf")

    @property
    def range(self) -> str:
        return f"{min(self.ratios):.2f}–{max(self.ratios):.2f}" if self.ratios else ""

    @property
    def verdict(self) -> str:
        if not self.sign:
            return ""
        held = self.ratio >= self.budget if self.sign == "≥" else self.ratio <= self.budget
        return f"{self.sign} {self.budget:.1f} {'held' if held else 'MISSED'}"


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def table(title: str, ours: str, other: str, rows: Iterable[Row]) -> None:
    print(f"\n{title}")
    print(f"  {'':<52} {ours:>12} {other:>12} {'ratio':>7}  {'rounds':>10}  budget")
    for row in rows:
        print(
            f"  {row.what:<52} {figure(row.ours):>12} {figure(row.other):>12} {row.ratio:>6.2f}×"
            f"  {row.range:>10}  {row.verdict}".rstrip(),
            flush=True,
        )


def counts(title: str, rows: Iterable[tuple[str, float, float]]) -> None:
    """Print exact counts beside their upper limits."""
    print(f"\n{title}")
    print(f"  {'':<52} {'measured':>12} {'at most':>12}")
    for what, measured, budget in rows:
        verdict = "" if measured <= budget else "  MISSED"
        print(f"  {what:<52} {figure(measured):>12} {figure(budget):>12}{verdict}", flush=True)
