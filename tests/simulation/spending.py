"""At every moment: a day's debits within the user's own limit, and a top-up under way after each debit that calls for
one. No production code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.simulation.violations import Document, Violation


class Spending:
    """What each account has debited on each day, less what of it was refunded.

    Clocks differ, and a day begins for all when the first clock says so.
    """

    def __init__(self) -> None:
        self._days: Counter[tuple[str, str]] = Counter()
        self._day: dict[str, str] = {}
        """{uid: the latest day with a debit}."""
        self._debited: dict[tuple[str, str], str] = {}
        """{uid and job: the day of its debit}."""
        self._before: dict[str, Document] = {}
        """{uid: the account before the commit}."""

    def add(self, uid: str, user: Document, entry: Document) -> Iterator[Violation]:
        """Add the next entry. `user`: the account after its commit."""
        path, amount, about = f"users/{uid}/ledger/{entry['id']}", entry["amount"], (uid, entry["ref"]["id"])
        if entry["type"] == "refund" and about in self._debited:
            self._days[uid, self._debited[about]] -= amount
        if entry["type"] != "deduction":
            return
        day = self._day[uid] = self._debited[about] = max(str(entry["createdAt"].date()), self._day.get(uid, ""))
        self._days[uid, day] -= amount
        before, spent = self._before.get(uid, {}), self._days[uid, day]
        limits = [_limit(each) for each in (before, user)]  # the commit may also change it
        if amount and None not in limits and spent > max(limits):
            yield Violation(2, path, f"{spent} debited on {day}, the limit is {max(limits)}")
        setting = user.get("autoTopUp") or {}
        if _can_top_up(before.get("autoTopUp") or {}) and _can_top_up(setting):
            below = setting["below"]
            if entry["balanceAfter"] < below <= entry["balanceAfter"] - amount:
                yield Violation(9, path, f"below {below}, and no top-up is under way")

    def note(self, uid: str, user: Document) -> None:
        """After the entries of a commit."""
        self._before[uid] = user


def _can_top_up(setting: Document) -> bool:
    """Whether a debit may call for a top-up: it is on, and none is under way."""
    return bool(setting.get("enabled") and setting.get("card") and not setting.get("orderId"))


def _limit(user: Document) -> Any:
    return user.get("preferences", {}).get("dailySpendLimit")
