"""What stories are about. Most are mixed; each of the others makes the race of some guards common."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from studiox.kit.rate_limits import SETTINGS
from studiox.models.payments import CHECKPOINT
from tests.simulation import customers
from tests.simulation.actors import Act, plan
from tests.simulation.faults import KINDS as FAULTS
from tests.simulation.shop import Habits
from tests.simulation.theme import CALM, COMMITS, OFTEN, SELDOM, Theme
from tests.simulation.world import START, moment

MIXED = Theme(name="mixed", weight=0, administrators=0.5, strangers=0.35)
WHOLE = Theme(
    name="whole",
    weight=0,
    first=("buy", "order"),
    acts={"look": 1},
    numbers=(2,),
    people=(1,),
    twice=0.0,
    instances=(2,),
    skews=(0.0,),
    faults=(CALM,),
)
"""No seed's own. Somebody signs up, buys a pack and orders a job, and no connection breaks: to measure the speed by."""

POOR = {"WELCOME_TOKENS": "7"}
"""An account that can pay for one or two orders."""

NO_FAULTS = dict.fromkeys(("order", "chat", "upload", "storage", "auth", "tasks"), 0.0)

THEMES = (
    Theme(
        name="poor accounts",
        weight=80,
        acts={"order": 8, "feature": 8, "cancel": 5, "read": 4, "look": 2, "streak": 1},
        numbers=(6, 8, 10),
        people=(1, 1, 1, 2),
        pauses=(0.0, 0.0, 0.0, 0.02, 0.5, 3.0),
        beside=0.6,
        admin={"adjust": 1},
        administrators=0.7,
        instances=(2,),
        skews=(0.0,),
        faults=(CALM, CALM, {"cut_after": 2_000, "late_applied": 500}, {"slow": 1_000}, {"freeze": 500}),
        aims=(COMMITS,),
        environment=POOR,
    ),
    Theme(
        name="commits whose answers are lost",
        weight=70,
        acts={"order": 6, "feature": 4, "lyrics": 1, "streak": 4, "task": 2, "cancel": 3, "revoke": 1, "song": 1},
        numbers=(3, 4, 6),
        people=(1, 1, 2),
        tries=(1, 1, 4),
        administrators=0.4,
        admin={"adjust": 3, "end_job": 1, "give_plan": 1, "review": 2, "suspend": 1, "pardon": 1},
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
            ("admin:", *COMMITS),
            COMMITS,
        ),
    ),
    Theme(
        name="money that goes back",
        weight=50,
        acts=customers.MONEY,
        numbers=(4, 6, 8),
        people=(1, 1, 2),
        faults=(CALM, CALM, SELDOM),
        habits=Habits(slow=0.3, prompt=True),
    ),
    Theme(
        name="plans",
        weight=80,
        acts=customers.PLANS,
        numbers=(4, 6),
        people=(1,),
        faults=(CALM, CALM, SELDOM),
        habits=Habits(slow=0.35, prompt=True),
    ),
    Theme(
        name="undelivered events",
        weight=30,
        acts={**customers.MONEY, **customers.PLANS},
        numbers=(4, 6),
        people=(1,),
        faults=(CALM,),
        schedules=1.0,
        settings={str(CHECKPOINT): {"completeAt": moment(START)}},  # of the hour before
        habits=Habits(lost=0.3),
    ),
    Theme(
        name="years",
        weight=10,
        acts={"many_months": 1},
        numbers=(2,),
        people=(1,),
        faults=(CALM, SELDOM),
        habits=Habits(prompt=True),
    ),
    Theme(
        name="leaving",
        weight=70,
        acts=customers.LEAVING,
        numbers=(4, 6),
        people=(1, 2),
        administrators=0.3,
        faults=(CALM, CALM, SELDOM, OFTEN),
        habits=Habits(prompt=True),
    ),
    Theme(
        name="community",
        weight=60,
        acts=customers.COMMUNITY,
        numbers=(8,),
        people=(2,),
        faults=(CALM, SELDOM, OFTEN),
    ),
    Theme(
        name="likes whose answers are lost",
        weight=15,
        acts={"toggle": 4, "insist_on_a_like": 1, "comment_twice": 1},
        first=("show",),
        numbers=(8,),
        people=(2,),
        faults=({"cut_after": 4_000}, {"late_after": 2_000, "conflict": 2_000}),
        aims=((":likePost", *COMMITS), (":commentPost", *COMMITS)),
    ),
    Theme(
        name="nights",
        weight=10,
        acts=customers.NIGHTS,
        numbers=(4,),
        people=(1,),
        faults=(CALM, SELDOM),
    ),
    Theme(
        name="retries that run out",
        weight=40,
        acts={"order": 1, "feature": 1},
        numbers=(4,),
        people=(1,),
        pauses=(0.0, 0.5),
        tries=(1,),
        skews=(0.0,),
        vendors=NO_FAULTS,
        faults=({"late_applied": 500, "conflict": 9_500}, {"late_applied": 1_500, "conflict": 8_500}),
        aims=((":createStudioJob", *COMMITS), (":useTokens", *COMMITS)),
    ),
    Theme(
        name="an instance that stands still",
        weight=50,
        acts={"feature": 4, "order": 1},
        numbers=(16, 20),
        people=(1,),
        pauses=(*[0.0] * 5, 100.0),  # several crowds, each longer than a client waits after the one before
        twice=0.3,
        beside=1.0,
        tries=(1,),
        instances=(1,),
        skews=(0.0,),
        vendors=NO_FAULTS,
        faults=({"freeze": 3_000}, {"freeze": 2_000, "slow": 4_000}),
        aims=((":useTokens", *COMMITS), (":", *COMMITS)),
        environment={"WELCOME_TOKENS": "1000"},
    ),
    Theme(
        name="farewells",
        weight=50,
        acts={"farewell": 1},
        numbers=(1,),
        people=(1, 2),
        first=("order", "look", "publish"),
        pauses=(3.0,),
        twice=0.3,
        admin={"adjust": 4, "give_plan": 1, "suspend": 1, "review": 1},
        administrators=0.5,
        skews=(0.0,),
        vendors=NO_FAULTS,
        faults=(CALM, {"slow": 5_000}, {"slow": 3_000}, {"slow": 10_000}),
        aims=(("http.stripe",), (":deleteAccount", *COMMITS), ("admin:", *COMMITS), (":publishPost",)),
    ),
    Theme(
        name="songs and places",
        weight=35,
        acts={"song": 6, "order": 4, "allowance": 1, "cancel": 1},
        numbers=(10, 14),
        people=(1,),
        pauses=(0.0, 0.0, 0.5),
        beside=0.6,
        vendors=NO_FAULTS,
        faults=(CALM, {"cut_after": 2_000}),
        aims=(COMMITS,),
    ),
    Theme(
        name="months",
        weight=20,
        acts={"wait_a_month": 5, "feature": 2, "subscribe": 1, "watch_a_renewal": 2, "end_plan": 1},
        numbers=(8, 10),
        people=(1,),
        pauses=(3.0,),
        vendors=NO_FAULTS,
        faults=(CALM, CALM, {"cut_after": 1_000}),
        aims=(("resetMonthlyTokens",),),
        schedules=1.0,
    ),
    Theme(
        name="jobs that wait",
        weight=50,
        acts={"order": 4, "look": 1, "cancel": 1},
        numbers=(4, 6),
        people=(1, 2),
        pauses=(0.0, 3.0, 90.0, 200.0),  # the dispatcher runs while faults happen
        skews=(0.0,),
        vendors={**NO_FAULTS, "order": 0.7},
        meet={"order": {"503": 1, "429": 1}},
        faults=(CALM, {"cut_after": 4_000}, {"cut_after": 6_000}),
        aims=(("dispatchStudioJobs", *COMMITS), ("dispatchStudioJobs", *COMMITS), (":createStudioJob", *COMMITS)),
        schedules=1.0,
    ),
    Theme(
        name="deaths at a provider",
        weight=20,
        acts={"order": 4, "song": 1},
        numbers=(4, 6),
        people=(1, 2),
        pauses=(0.0, 3.0, 200.0),  # beyond the time after which a call counts as dead
        skews=(0.0,),
        vendors={**NO_FAULTS, "order": 0.8},
        meet={"order": {"callback-none": 1}},  # else the provider tells what became of the order
        faults=({"crash_after": 4_000}, {"crash_before": 2_000, "crash_after": 2_000}),
        aims=(("http.poyo",), (":createStudioJob", "http.poyo")),
        schedules=1.0,
    ),
    Theme(
        name="missing files",
        weight=20,
        acts={"order": 3, "look": 1},
        numbers=(4, 6),
        people=(1,),
        vendors={**NO_FAULTS, "order": 1.0},
        meet={"order": {"some-files": 3, "many": 1, "file-html": 1}},
        faults=(CALM,),
    ),
    Theme(
        name="regrets",
        weight=10,
        acts={"change_ones_mind": 1},
        numbers=(24,),
        people=(1,),
        pauses=(60.0,),
        tries=(1,),
        twice=0.0,
        skews=(0.0,),
        vendors=NO_FAULTS,
        faults=(CALM,),
    ),
    Theme(
        name="the same request again",
        weight=40,
        acts={"lyrics": 4, "order": 8, "feature": 1, "again": 6, "cancel": 1},
        numbers=(10, 14),
        people=(1, 1, 2),
        pauses=(0.0, 3.0, 30.0),
        twice=0.4,
        vendors={**NO_FAULTS, "chat": 0.7, "order": 0.5},
        meet={"chat": {"fail": 3, "no-files": 3, "validation": 1, "503": 1, "nothing": 1}},
        faults=(CALM, {"cut_after": 500}),
        environment={"MOCK_LATENCY_MS": "0", "MOCK_FAILURE_RATE": "0.4"},  # a job that fails in its first answer
    ),
    Theme(
        name="habits",
        weight=30,
        acts={"habit": 1},
        numbers=(1,),
        people=(1,),
        twice=0.0,
        skews=(0.0,),
        faults=({"cut_after": 4_000}, {"late_after": 4_000}),
        aims=((":updateStreak", *COMMITS),),
    ),
    Theme(
        name="social tasks",
        weight=20,
        acts={"task": 1},
        numbers=(6, 8),
        people=(1,),
        pauses=(0.5, 3.0),
        admin={"review": 1},
        administrators=1.0,
        faults=(CALM, {"cut_after": 1_000}),
        aims=(COMMITS,),
    ),
    Theme(
        name="stolen sessions",
        weight=20,
        acts={"revoke": 3, "order": 2, "feature": 2, "streak": 1},
        numbers=(4, 6),
        people=(1, 2),
        strangers=1.0,
        faults=(CALM, SELDOM),
    ),
    Theme(
        name="bursts",
        weight=10,
        acts={"feature": 1},
        numbers=(8, 14),
        people=(1, 2),
        pauses=(0.0, 0.1, 3.0),
        beside=0.6,
        skews=(0.0,),
        faults=(CALM, {"cut_after": 1_000}),
        settings={SETTINGS: {"useTokens": {"calls": 3, "per": 60}}},
    ),
    Theme(
        name="divided runs",
        weight=20,
        acts={"order": 6, "cancel": 1, "delete": 1, "wait_a_week": 6, "delete_account": 1},
        first=("order", "order", "order", "wait_a_week", "wait_a_week"),
        numbers=(6, 8, 10),
        people=(2, 3),
        skews=(0.0,),
        vendors={"tasks": 0.2},
        faults=(CALM, {"cut_after": 300}, {"slow": 400, "cut_after": 300}, {"crash_after": 100, "cut_after": 100}),
        aims=(("workShard",), ("workShard", "request"), (), COMMITS),
        schedules=1.0,
        divided=True,
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
