"""A run: actors and faults until so many kills are done, then none, then the audit."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.chaos import checks
from tests.chaos.people import ADMIN, TRIES, Administrator, Board, Leaver, Person
from tests.chaos.surroundings import Clockwork, Stripe, Tasks, settle_down
from tests.chaos.town import Town, town, wait_until_served
from tests.chaos.weather import CUTS, LIFE, Weather
from tests.simulation.answers import is_unknown
from tests.support.calls import Answer

PEOPLE = 4
DEVICES = 3
"""One of the people is at so many devices at the same time."""
TOKENS = 3_000
MINUTE_S = 60.0
ENOUGH_S = 3.6
"""The most seconds for a kill on average; a run that takes longer ends with fewer kills."""


class Actor(Protocol):
    """Acts in a thread of its own until the town is over."""

    def run(self) -> None: ...


@dataclass
class Report:
    """What a run did and found."""

    seed: int
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)
    payments: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return self.faults["kills"]

    def __str__(self) -> str:
        rows = [("seed", str(self.seed)), ("seconds", f"{self.seconds:.0f}")]
        for name, counted in (("", self.faults), ("calls", self.calls), ("jobs", self.jobs), ("", self.payments)):
            rows += [(f"{name} {each}".strip(), str(number)) for each, number in sorted(counted.items())]
        rows.append(("violations", str(len(self.violations))))
        width = max(len(name) for name, _ in rows)
        table = "\n".join(f"  {name:<{width}}  {value:>8}" for name, value in rows)
        return "\n".join([table, *(f"  VIOLATION {each}" for each in self.violations)])


def run(seed: int, kills: int, say: Callable[[str], None], life: tuple[int, int] = LIFE) -> Report:
    """One run on this process's FIRESTORE_EMULATOR_HOST and project. `say` gets a line of progress now and then.

    `life`: after how many pieces an instance is killed, at least and at most.
    """
    began = time.monotonic()
    report = Report(seed)
    weather = Weather(seed, kills, life)
    with tempfile.TemporaryDirectory(prefix="studiox-chaos-") as place, town(seed, weather, Path(place)) as made:
        stripe, tasks = Stripe(made), Tasks(made)
        people = _people(made)
        actors: list[Actor] = [*people, Leaver(made, people[0].board), stripe, tasks, Tasks(made), Clockwork(made)]
        threads = [threading.Thread(target=actor.run, daemon=True) for actor in actors]
        for thread in threads:
            thread.start()
        _storm(made, kills, say)
        weather.clear()
        made.over.set()
        for thread in threads:
            thread.join(120.0)
        wait_until_served(made)
        say("the faults are over: what was never answered is asked again, and time passes")
        _ask_again(made)
        report.violations = [*settle_down(made, stripe, tasks), *checks.violations(made)]
        _count(made, report)
    report.seconds = time.monotonic() - began
    return report


def _people(made: Town) -> list[Person]:
    """Accounts with tokens, made before anything goes wrong."""
    names = [f"person-{number}" for number in range(PEOPLE)]
    board = Board()
    made.people += names
    for number, uid in enumerate(names):
        gift = {"uid": uid, "amount": TOKENS, "reason": "to begin", "requestId": f"begin-{number:012}"}
        assert _surely(made, "initializeUser", {}, uid).ok
        assert _surely(made, "addTokens", gift, ADMIN).ok
    hot = [Person(made, board, names[0], device) for device in range(1, DEVICES)]
    return [*(Person(made, board, uid) for uid in names), *hot, Administrator(made, board, names)]


def _surely(made: Town, function: str, data: Mapping[str, object], uid: str) -> Answer:
    for _ in range(40):
        answer = made.call(function, data, uid=uid, admin=uid == ADMIN)
        if answer is not None and answer.code != "unavailable":
            return answer
        time.sleep(0.1)
    raise TimeoutError(function)


def _storm(made: Town, kills: int, say: Callable[[str], None]) -> None:
    until = time.monotonic() + 30.0 + ENOUGH_S * kills
    while made.weather.kills_left > 0 and time.monotonic() < until:
        for victim in made.victims:
            victim.falls_idle()
        counts = made.weather.counts
        cut = sum(counts[each] for each in CUTS)
        say(f"{counts['kills']} of {kills} kills, {cut} cuts, {len(made.history)} calls")
        time.sleep(0.1)


def _ask_again(made: Town) -> None:
    """Repeat each request whose outcome its caller does not know."""
    known = {each.data["requestId"] for each in made.history if "requestId" in each.data and not each.is_unknown}
    unknown = {
        (each.caller, each.data["requestId"]): each
        for each in made.history
        if "requestId" in each.data and each.data["requestId"] not in known
    }
    for each in unknown.values():
        for _ in range(TRIES):
            answer = made.call(each.function, each.data, uid=each.caller, admin=each.is_admin)
            if not is_unknown(answer):
                break
            made.advance(61.0)


def _count(made: Town, report: Report) -> None:
    report.faults = made.weather.counts
    for each in made.history:
        answer = each.answer
        report.calls["without an answer" if answer is None else answer.reason or answer.code or "answered"] += 1
    everything = made.database.all()
    report.jobs = Counter(
        data["status"] for path, data in everything.items() if path.startswith("jobs/") and path.count("/") == 1
    )
    report.payments["purchases credited"] = sum("/ledger/purchase:" in path for path in everything)
    report.payments["months granted"] = sum("/ledger/grant:in_" in path for path in everything)
    report.payments["payments parked"] = sum(path.startswith("unmatchedPayments/") for path in everything)
    report.payments["Stripe's events"] = len(made.stripe.account.events)
    report.payments["ledger entries"] = sum("/ledger/" in path for path in everything)


class Progress:
    """One line, written over on a terminal; elsewhere a line a minute."""

    def __init__(self) -> None:
        self._next = time.monotonic() + MINUTE_S

    def __call__(self, line: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{line}")
        elif time.monotonic() > self._next:
            self._next = time.monotonic() + MINUTE_S
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
