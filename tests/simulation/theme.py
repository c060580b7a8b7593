"""What a story is about: what people do and how fast, and how often what goes wrong, and where."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

from tests.simulation.actors import KINDS, Act, plan
from tests.simulation.administrators import ADMIN_KINDS
from tests.simulation.faults import KINDS as FAULTS
from tests.simulation.shop import Habits

Rates = Mapping[str, int]

CALM: Rates = {}
SELDOM: Rates = dict.fromkeys(FAULTS, 8)
OFTEN: Rates = dict.fromkeys(FAULTS, 40)
DEATHS: Rates = {"crash_before": 60, "crash_after": 60, "cut_after": 60}
ONE_KIND: Rates = {"": 400}
"""One kind of fault, which the seed chooses, very often."""


class Theme(NamedTuple):
    """What people do and how fast, how often what goes wrong, and where."""

    name: str
    weight: int
    """Its share of all stories, in 1/1,000."""
    acts: Mapping[str, int] = KINDS
    """{kind: weight} of what people do."""
    first: tuple[str, ...] = ()
    """What everybody does at first."""
    numbers: tuple[int, ...] = (4, 6, 8, 8, 12, 20)
    """How many acts all people do together; the seed chooses one of these, as with everything that is listed here."""
    people: tuple[int, ...] = (1, 1, 2, 2, 3)
    pauses: tuple[float, ...] = (0.0, 0.5, 3.0, 30.0)
    """Before an act, in seconds."""
    twice: float = 0.15
    """How many of the requests are sent a second time at the same moment."""
    beside: float = 0.0
    """How many of the acts begin before the one before them has ended."""
    tries: tuple[int, ...] = (4,)
    """How often somebody repeats a call whose outcome is unknown."""
    admin: Mapping[str, int] = ADMIN_KINDS
    administrators: float = 0.0
    """In how many of the stories there is an administrator."""
    strangers: float = 0.0
    """In how many of the stories somebody asks for what is not theirs."""
    instances: tuple[int, ...] = (2, 2, 3)
    skews: tuple[float, ...] = (0.0, 300.0)
    """How much a clock may be wrong, in seconds."""
    faults: tuple[Rates, ...] = (CALM, SELDOM, OFTEN, ONE_KIND, DEATHS)
    aims: tuple[tuple[str, ...], ...] = ((),)
    """Faults happen only at an I/O whose place and kind contain all of these words."""
    meet: Mapping[str, Mapping[str, int]] = {}
    """{"order" or "chat": what such a request meets, with weights}; anything, if it is not here."""
    vendors: Mapping[str, float] = {}
    """How often each kind of a vendor's request meets a fault, where it is not as usual."""
    schedules: float = 0.02
    """How many of the schedules' runs are started twice: Cloud Scheduler promises at least once. 1: all run."""
    environment: Mapping[str, str] = {}
    """Parameters of the deployment."""
    settings: Mapping[str, Mapping[str, Any]] = {}
    """{path: document} that are there before anybody comes."""
    divided: bool = False
    """Schedules' runs are divided, and reports are made from counters, however little there is."""
    habits: Habits = Habits()
    """Stripe's."""


COMMITS = ("firestore.commit",)


def planned(random: Random, theme: Theme, kinds: Mapping[str, int], number: int) -> list[Act]:
    """What somebody does."""
    return plan(random, kinds, number, theme.pauses, theme.twice, theme.beside)


def rates(random: Random, theme: Theme) -> dict[str, int]:
    """How often each kind of fault happens, in 1/10,000."""
    chosen = random.choice(theme.faults)
    return {kind or random.choice(FAULTS[:7]): rate for kind, rate in chosen.items()}
