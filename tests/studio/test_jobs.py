"""The rules of a job's life, against every event in any order: no Firestore, no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from studiox.models.catalog import Model, Price
from studiox.models.jobs import Job, JobState, JobType, Lease
from studiox.models.ledger import Buckets
from studiox.studio import lifecycle, orders
from studiox.studio.spend import OrderCost

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TYPES: list[JobType] = sorted(get_args(JobType))
MODEL = Model(
    id="m",
    type="image",
    provider="poyo",
    provider_model="m",
    label="M",
    inputs={},
    price=Price(tokens=3),
    credits=Price(tokens=1),
)


def new(type_: JobType = "image") -> tuple[Job, JobState]:
    job = orders.new_job(
        job_id="j",
        uid="u",
        type=type_,
        model="m",
        price=3,
        session_id="s",
        params={"prompt": "p"},
        sources=[],
        rating="general",
        now=START,
    )
    state = orders.new_state(
        uid="u",
        request_hash="h",
        model=MODEL,
        inputs={},
        outputs=0,
        paid_from=Buckets(bonus=3),
        balance=7,
        cost=OrderCost(10_000, 10_000, 0, True),
        sender="c",
        song_counted_until=None,
        now=START,
    )
    return job, state


def shown(job: Job) -> dict[str, Any]:
    """What its owner sees of its end."""
    visible = ("status", "progress", "media", "error", "completed_at", "text", "refunded")
    return {name: getattr(job, name) for name in visible}


reasons = st.sampled_from(sorted(lifecycle.MESSAGES))
events = st.one_of(
    st.builds(lifecycle.Sent, st.sampled_from(["t1", "t2"])),
    st.builds(lifecycle.Postponed, st.none() | st.floats(0, 10_000)),
    st.just(lifecycle.OutcomeLost()),
    st.builds(lifecycle.Polled, st.integers(0, 100), media_attempt=st.booleans(), deferred=st.booleans()),
    st.builds(lifecycle.Finished, text=st.none() | st.just("text"), credits=st.none() | st.just(5.0)),
    st.builds(
        lifecycle.Failed, reasons, st.just("raw"), st.sampled_from(["", "ProviderRejected", "ProviderUnavailable"])
    ),
    st.just(lifecycle.Cancelled()),
    st.just(lifecycle.Expired()),
)


class AnyOrder(RuleBasedStateMachine):
    """A job to which everything happens, also what no caller does to it."""

    @initialize(type_=st.sampled_from(TYPES))
    def order(self, type_: JobType) -> None:
        self.job, self.state = new(type_)
        self.now, self.refunds, self.freed, self.ended = START, 0, 0, ""

    @rule(event=events, seconds=st.sampled_from([0, 1, 3, 60, 600]))
    def happen(self, event: lifecycle.Event, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        before = shown(self.job)
        step = lifecycle.next_step(self.job, self.state, event, self.now)
        if step is None:
            return
        self.job, self.state = step.job, step.state
        self.refunds += step.refund
        self.freed += step.frees_place
        if self.ended:
            assert not step.ends
            assert not step.refund
            assert shown(self.job) == before
        if step.ends:
            self.ended = step.ends
            assert step.refund == (step.ends != "completed")

    @rule(seconds=st.integers(1, 200))
    def claim_again(self, seconds: int) -> None:
        """What the dispatcher does to a job that waits."""
        self.now += timedelta(seconds=seconds)
        if self.job.status == "pending" and self.state.submission == "waiting":
            self.job = replace(self.job, next_attempt_at=None, next_poll_at=self.now + lifecycle.SENDING)
            self.state = replace(self.state, submission="sending", sending_since=self.now)

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "job"):
            return
        assert self.refunds <= 1
        assert self.freed <= 1
        terminal = self.job.is_terminal
        assert terminal == bool(self.ended)
        if terminal:
            assert (self.freed == 1) != self.state.holds_place
            assert self.refunds == (self.ended != "completed")
        if not terminal:
            assert self.freed == 0
            assert not self.state.holds_place
        looked_at = self.job.next_poll_at or self.job.next_attempt_at
        if not terminal or self.state.holds_place:
            assert self.job.deadline_at
            assert looked_at
        else:
            assert looked_at is None
            assert self.job.deadline_at is None
        if self.state.submission == "waiting" and not terminal:
            assert self.job.next_attempt_at


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=300, stateful_step_count=40, suppress_health_check=list(HealthCheck))


def step_of(job: Job, state: JobState, event: lifecycle.Event, after_s: float = 1) -> lifecycle.Step:
    step = lifecycle.next_step(job, state, event, START + timedelta(seconds=after_s))
    assert step is not None
    return step


def run(*happening: lifecycle.Event) -> tuple[Job, JobState]:
    """The job after these, a second apart."""
    job, state = new()
    for number, event in enumerate(happening, start=1):
        step = lifecycle.next_step(job, state, event, START + timedelta(seconds=number))
        if step is not None:
            job, state = step.job, step.state
    return job, state


def test_j14_a_lost_answer_does_not_undo_the_callback_that_came_first() -> None:
    called_back, _ = run(lifecycle.Sent("t1"))
    job, state = run(lifecycle.Sent("t1"), lifecycle.OutcomeLost())
    assert (job, state.submission) == (called_back, "sent")


def test_a_second_task_id_is_not_taken() -> None:
    _, state = run(lifecycle.Sent("t1"), lifecycle.Sent("t2"))
    assert state.task_id == "t1"


def test_j5_an_unknown_outcome_is_looked_at_again_at_the_deadline_only() -> None:
    job, state = run(lifecycle.OutcomeLost())
    assert (job.status, state.submission) == ("processing", "unknown")
    assert job.next_poll_at == job.deadline_at


def test_an_order_that_counted_as_lost_and_is_surely_refused_ends_at_once() -> None:
    job, _ = run(lifecycle.OutcomeLost(), lifecycle.Postponed())
    assert job.status == "failed"
    assert job.error is not None
    assert job.error.reason == "ProviderUnavailable"


def test_a_refusal_that_comes_after_the_task_changes_nothing() -> None:
    job, state = run(lifecycle.Sent("t1"), lifecycle.Postponed(1))
    assert (job.status, state.submission) == ("processing", "sent")
    assert job.next_attempt_at is None


def test_attempts_back_off_to_a_minute_and_honour_retry_after() -> None:
    job, state = new()
    pauses = []
    for _ in range(6):
        step = step_of(job, state, lifecycle.Postponed())
        assert step.job.next_attempt_at is not None
        pauses.append((step.job.next_attempt_at - START).total_seconds() - 1)
        job, state = step.job, step.state
    assert pauses == [10, 20, 40, 60, 60, 60]
    asked = step_of(*new(), lifecycle.Postponed(120)).job.next_attempt_at
    assert asked == START + timedelta(seconds=121)
    most = step_of(*new(), lifecycle.Postponed(10**9)).job.next_attempt_at
    assert most == START + timedelta(seconds=301)


def test_a_slow_poll_does_not_end_another_ones_lease() -> None:
    job, state = run(lifecycle.Sent("t1"))
    state = replace(state, lease=Lease(holder="x", until=START + timedelta(seconds=60)))
    assert lifecycle.next_step(job, state, lifecycle.Polled(50), START + timedelta(seconds=10)) is None
    late = step_of(job, state, lifecycle.Polled(50), 61)
    assert late.state.lease is None


def test_m7_attempts_to_take_the_media_are_spaced_and_never_past_the_deadline() -> None:
    job, state = run(lifecycle.Sent("t1"))
    pauses = []
    for _ in range(lifecycle.MAX_MEDIA_ATTEMPTS):
        step = step_of(job, state, lifecycle.Polled(99, media_attempt=True), 2)
        assert step.state.lease is not None
        pauses.append((step.state.lease.until - START).total_seconds() - 2)
        assert step.job.next_poll_at == step.state.lease.until
        job, state = step.job, step.state
    assert pauses == [10, 20, 40, 60, 60, 60]
    near = step_of(job, state, lifecycle.Polled(99, media_attempt=True), 595)
    assert near.state.lease is not None
    assert near.state.lease.until == job.deadline_at


def test_progress_never_goes_back_nor_reaches_a_hundred_before_the_end() -> None:
    job, _ = run(lifecycle.Sent("t"), lifecycle.Polled(70), lifecycle.Polled(20))
    assert job.progress == 70
    job, _ = run(lifecycle.Sent("t"), lifecycle.Polled(100))
    assert job.progress == 99


@pytest.mark.parametrize(
    ("first", "late", "noted"),
    [
        (lifecycle.Expired(), lifecycle.Finished(credits=5.0), "Finished"),
        (lifecycle.Failed("GenerationFailed"), lifecycle.Finished(), "Finished"),
        (lifecycle.Finished(), lifecycle.Failed("GenerationFailed"), "Failed"),
        (lifecycle.Finished(), lifecycle.Finished(), None),
        (lifecycle.Failed("GenerationFailed"), lifecycle.Failed("ContentRejected"), None),
        (lifecycle.Finished(), lifecycle.Expired(), None),
    ],
)
def test_j10_the_first_end_stands_and_a_contradiction_is_noted(
    first: lifecycle.Event, late: lifecycle.Event, noted: str | None
) -> None:
    job, state = run(lifecycle.Sent("t"), first)
    after, state = run(lifecycle.Sent("t"), first, late)
    assert after.status == job.status
    assert state.late_event == noted


@pytest.mark.parametrize(
    ("before", "keeps"),
    [
        ([], True),
        ([lifecycle.Sent("t")], True),
        ([lifecycle.OutcomeLost()], True),
        ([lifecycle.Postponed()], False),
    ],
)
def test_a_cancelled_job_keeps_its_place_while_the_provider_may_work_on_it(
    before: list[lifecycle.Event], keeps: bool
) -> None:
    job, state = run(*before, lifecycle.Cancelled())
    assert (job.status, state.holds_place) == ("cancelled", keeps)


@pytest.mark.parametrize(
    "end",
    [lifecycle.Finished(), lifecycle.Failed("GenerationFailed"), lifecycle.Expired(), lifecycle.Failed("InvalidInput")],
)
def test_and_frees_it_when_the_provider_has_ended(end: lifecycle.Event) -> None:
    job, state = run(lifecycle.Sent("t"), lifecycle.Cancelled())
    step = step_of(job, state, end, 9)
    assert step.frees_place
    assert not step.refund
    assert not step.ends


def test_a_cancelled_order_that_the_provider_does_not_take_frees_its_place() -> None:
    job, state = run(lifecycle.Cancelled())
    assert step_of(job, state, lifecycle.Postponed(), 9).frees_place
    job, state = run(lifecycle.Cancelled(), lifecycle.Sent("t"))
    assert lifecycle.next_step(job, state, lifecycle.Postponed(), START + timedelta(seconds=9)) is None


@pytest.mark.parametrize("type_", TYPES)
def test_each_type_has_its_deadline_and_its_pace(type_: JobType) -> None:
    job, _ = new(type_)
    assert job.deadline_at == START + timedelta(minutes=lifecycle.DEADLINE_MINUTES[type_])
    assert lifecycle.client_poll_every(type_).total_seconds() == (3 if type_ == "image" else 8)
    pauses = [lifecycle.task_poll_after(type_, polls).total_seconds() for polls in range(40)]
    assert pauses[0] == (5 if type_ == "image" else 10)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
