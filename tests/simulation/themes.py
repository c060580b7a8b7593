"""What stories are about. Most are mixed; each of the others makes the race of some guards common."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from tests.simulation import customers
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
    """What people do and how fast, how often what goes wrong, and where. The defaults are those of a mixed story."""

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
    administrators: float = 0.5
    """In how many of the stories there is an administrator."""
    strangers: float = 0.35
    """In how many of the stories somebody asks for what is not theirs."""
    instances: tuple[int, ...] = (2, 2, 3)
    skews: tuple[float, ...] = (0.0, 300.0)
    """How much a clock may be wrong, in seconds."""
    faults: tuple[Rates, ...] = (CALM, SELDOM, OFTEN, ONE_KIND, DEATHS)
    aims: tuple[tuple[str, ...], ...] = ((),)
    """Faults happen only at an I/O whose place and kind contain all of these words."""
    environment: Mapping[str, str] = {}
    """Parameters of the deployment."""
    settings: Mapping[str, Mapping[str, object]] = {}
    """{path: document} that are there before anybody comes."""
    habits: Habits = Habits()
    """Stripe's."""


COMMITS = ("firestore.commit",)
MIXED = Theme(name="mixed", weight=0)
WHOLE = Theme(
    name="whole",
    weight=0,
    first=("buy", "order"),
    acts={"look": 1},
    numbers=(2,),
    people=(1,),
    twice=0.0,
    administrators=0.0,
    strangers=0.0,
    instances=(2,),
    skews=(0.0,),
    faults=(CALM,),
)
"""No seed's own. Somebody signs up, buys a pack and orders a job, and no connection breaks: to measure the speed by."""

POOR = {"WELCOME_TOKENS": "7"}
"""An account that can pay for one or two orders."""

THEMES = (
    Theme(
        name="poor accounts",
        weight=120,
        acts={"order": 8, "feature": 8, "cancel": 5, "read": 4, "look": 2, "streak": 1},
        numbers=(6, 8, 10),
        people=(1, 1, 1, 2),
        pauses=(0.0, 0.0, 0.0, 0.02, 0.5, 3.0),
        beside=0.6,
        admin={"adjust": 1},
        administrators=0.7,
        strangers=0.0,
        instances=(2,),
        skews=(0.0,),
        faults=(CALM, CALM, {"cut_after": 2_000, "late_applied": 500}, {"slow": 1_000}, {"freeze": 500}),
        aims=(COMMITS,),
        environment=POOR,
    ),
    Theme(
        name="commits whose answers are lost",
        weight=120,
        acts={"order": 6, "feature": 4, "lyrics": 1, "streak": 4, "task": 2, "cancel": 3, "revoke": 1, "song": 1},
        numbers=(3, 4, 6),
        people=(1, 1, 2),
        tries=(1, 1, 4),
        administrators=0.4,
        admin={"adjust": 3, "end_job": 1, "give_plan": 1, "review": 2, "suspend": 1, "pardon": 1},
        strangers=0.0,
        skews=(0.0,),
        faults=(
            {"cut_after": 4_000},
            {"late_after": 3_000},
            {"cut_after": 2_000, "crash_after": 500},
            {"late_applied": 1_500, "conflict": 8_000},
            {"cut_after": 1_000, "late_applied": 3_000, "conflict": 5_000},
        ),
        aims=(
            (":createStudioJob", *COMMITS),
            (":useTokens", *COMMITS),
            (":updateStreak", *COMMITS),
            (":", *COMMITS),
            COMMITS,
        ),
    ),
    Theme(
        name="money that goes back",
        weight=40,
        acts=customers.MONEY,
        numbers=(4, 6, 8),
        people=(1, 1, 2),
        strangers=0.0,
        administrators=0.0,
        faults=(CALM, CALM, SELDOM),
        habits=Habits(slow=0.3, prompt=True),
    ),
    Theme(
        name="plans",
        weight=70,
        acts=customers.PLANS,
        numbers=(4, 6),
        people=(1,),
        strangers=0.0,
        administrators=0.0,
        faults=(CALM, CALM, SELDOM),
        habits=Habits(slow=0.35, prompt=True),
    ),
    Theme(
        name="undelivered events",
        weight=20,
        acts={**customers.MONEY, **customers.PLANS},
        numbers=(4, 6),
        people=(1,),
        strangers=0.0,
        administrators=0.0,
        faults=(CALM,),
        habits=Habits(lost=0.3),
    ),
    Theme(
        name="years",
        weight=10,
        acts={"many_months": 1},
        numbers=(2,),
        people=(1,),
        strangers=0.0,
        administrators=0.0,
        faults=(CALM, SELDOM),
        habits=Habits(prompt=True),
    ),
    Theme(
        name="leaving",
        weight=50,
        acts=customers.LEAVING,
        numbers=(4, 6),
        people=(1, 2),
        strangers=0.0,
        administrators=0.3,
        faults=(CALM, CALM, SELDOM, OFTEN),
        habits=Habits(prompt=True),
    ),
    Theme(
        name="community",
        weight=40,
        acts=customers.COMMUNITY,
        numbers=(8,),
        people=(2,),
        strangers=0.0,
        administrators=0.0,
        faults=(CALM, SELDOM, OFTEN),
    ),
    Theme(
        name="likes whose answers are lost",
        weight=15,
        acts={"toggle": 4, "insist_on_a_like": 1, "comment_twice": 1},
        first=("show",),
        numbers=(8,),
        people=(2,),
        strangers=0.0,
        administrators=0.0,
        faults=({"cut_after": 4_000}, {"late_after": 2_000, "conflict": 2_000}),
        aims=((":likePost", *COMMITS), (":commentPost", *COMMITS)),
    ),
    Theme(
        name="nights",
        weight=10,
        acts=customers.NIGHTS,
        numbers=(4,),
        people=(1,),
        strangers=0.0,
        administrators=0.0,
        faults=(CALM, SELDOM),
    ),
)


def drawn(random: Random, name: str = "") -> Theme:
    """The theme of a story. With a name, the first one whose name contains it."""
    if name:
        return next(each for each in (MIXED, WHOLE, *THEMES) if name in each.name)
    left = random.randrange(1_000)
    for theme in THEMES:
        left -= theme.weight
        if left < 0:
            return theme
    return MIXED


def acts(random: Random, theme: Theme, kinds: Mapping[str, int], number: int) -> list[Act]:
    """What somebody does."""
    return plan(random, kinds, number, theme.pauses, theme.twice, theme.beside)


def rates(random: Random, theme: Theme) -> dict[str, int]:
    """How often each kind of fault happens, in 1/10,000."""
    chosen = random.choice(theme.faults)
    return {kind or random.choice(FAULTS[:7]): rate for kind, rate in chosen.items()}
