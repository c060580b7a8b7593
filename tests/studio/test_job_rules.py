"""Each rule of a job's life at its boundaries, field by field. What must hold in any order is in test_jobs.py."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from studiox.models.jobs import Job, JobError, JobState, JobType, JobWait, Lease
from studiox.models.media_files import MediaFile
from studiox.studio import lifecycle
from studiox.studio.lifecycle import Step
from tests.studio.test_jobs import START, new

NOW = START + timedelta(seconds=30)
FILE = MediaFile(path="a", content_type="image/png", bytes=1)


def step_of(job: Job, state: JobState, event: lifecycle.Event) -> Step:
    step = lifecycle.next_step(job, state, event, NOW)
    assert step is not None
    return step


def after(*events: lifecycle.Event) -> tuple[Job, JobState]:
    """A new picture's job and state after these events."""
    job, state = new()
    for event in events:
        step = step_of(job, state, event)
        job, state = step.job, step.state
    return job, state


def pause(job: Job) -> float:
    assert job.next_poll_at is not None
    return (job.next_poll_at - NOW).total_seconds()


# By type: a client's poll and the task's poll in seconds, and the deadline in minutes.
@pytest.mark.parametrize(
    ("type_", "client_s", "task_s", "minutes"),
    [
        ("image", 3, 5, 10),
        ("edit", 8, 10, 15),
        ("video", 8, 10, 40),
        ("music", 8, 10, 20),
        ("speech", 8, 10, 10),
        ("analysis", 8, 10, 5),
        ("lyrics", 8, 10, 5),
    ],
)
def test_each_type_has_its_pace_and_its_deadline(type_: JobType, client_s: int, task_s: int, minutes: int) -> None:
    assert lifecycle.client_poll_every(type_) == timedelta(seconds=client_s)
    assert lifecycle.task_poll_after(type_, 0) == timedelta(seconds=task_s)
    assert lifecycle.deadline(type_, START) == START + timedelta(minutes=minutes)


def test_a_call_that_says_nothing_of_its_submission_is_dead_after_two_and_a_half_minutes() -> None:
    job, _ = new()
    assert job.next_poll_at == START + timedelta(seconds=150)


def test_an_outage_of_three_minutes_is_shorter_than_all_attempts_to_store_the_media() -> None:
    job, state = after(lifecycle.Sent("t1"))
    pauses = []
    for _ in range(1, lifecycle.MAX_MEDIA_ATTEMPTS):
        step = step_of(job, state, lifecycle.Polled(media_attempt=True))
        pauses.append(pause(step.job))
        job, state = step.job, step.state
    assert pauses == [10, 20, 40, 60, 60]


def test_an_event_that_says_no_more_changes_no_more() -> None:
    job, state = after(lifecycle.Sent("t1"))
    for step in (step_of(job, state, lifecycle.Polled()), step_of(*new(), lifecycle.Sent("t1"))):
        assert (step.ends, step.refund, step.refund_part, step.frees_place, step.charged) == ("", False, 0, False, None)
        assert (step.job.progress, step.state.media_attempts, step.state.deferred) == (0, 0, False)
    finished = step_of(job, state, lifecycle.Finished(media=(FILE, FILE)))
    assert (finished.refund, finished.refund_part) == (False, 0)


def test_the_tasks_polls_double_after_ten() -> None:
    every = lifecycle.TASK_POLL_S["image"]
    pauses = [lifecycle.task_poll_after("image", polls).total_seconds() for polls in (0, 10, 11, 12, 30)]
    assert pauses == [every, every, min(60, every * 2), min(60, every * 4), 60]
    assert every * 2 < 60


@pytest.mark.parametrize(
    ("kept", "listed", "promised", "missing"),
    [(1, 4, 4, 3), (4, 4, 4, 0), (5, 4, 4, 0), (1, 3, 0, 2), (0, 0, 4, 0), (1, 1, 4, 3), (3, 4, 0, 1)],
)
def test_what_is_missing_of_what_was_promised_or_else_listed(
    kept: int, listed: int, promised: int, missing: int
) -> None:
    assert lifecycle.missing(kept, listed, promised) == missing


def test_an_accepted_order_is_first_looked_at_after_its_pause() -> None:
    job, state = after(lifecycle.Sent("t1"))
    assert (job.status, job.started_at, pause(job)) == ("processing", NOW, lifecycle.TASK_POLL_S["image"])
    assert (state.submission, state.task_id, state.answer) == ("sent", "t1", "processing")
    fresh, before = new()
    known = step_of(replace(fresh, started_at=START), replace(before, answer="pending"), lifecycle.Sent("t1"))
    assert (known.job.started_at, known.state.answer) == (START, "pending")


def test_an_order_that_is_put_off_waits_as_long_as_the_provider_says() -> None:
    job, state = after(lifecycle.Postponed(None))
    assert (job.next_attempt_at, state.attempts, state.answer) == (NOW + timedelta(seconds=10), 1, "pending")
    assert after(lifecycle.Postponed(90.0))[0].next_attempt_at == NOW + timedelta(seconds=90)
    assert after(lifecycle.Postponed(10**6))[0].next_attempt_at == NOW + timedelta(seconds=300)
    fresh, before = new()
    told = step_of(fresh, replace(before, answer="processing"), lifecycle.Postponed(None))
    assert told.state.answer == "processing"


PROVIDER_BUSY = JobWait(reason="provider_busy", attempts=1)
ANSWER_LOST = JobWait(reason="answer_lost", attempts=1)
SAVING_FAILED = JobWait(reason="saving_failed", attempts=1)
SENT, SAVED_LATER = lifecycle.Sent("t1"), lifecycle.Polled(99, media_attempt=True)


@pytest.mark.parametrize(
    ("events", "wait"),
    [
        ([], None),
        ([lifecycle.Postponed()], PROVIDER_BUSY),
        ([lifecycle.Postponed(), lifecycle.Postponed()], replace(PROVIDER_BUSY, attempts=2)),
        ([lifecycle.Postponed(), SENT], None),
        ([lifecycle.OutcomeLost()], ANSWER_LOST),
        ([lifecycle.Postponed(), lifecycle.OutcomeLost()], ANSWER_LOST),
        ([lifecycle.OutcomeLost(), SENT], None),
        ([SENT, lifecycle.Polled(40)], None),
        ([SENT, SAVED_LATER], SAVING_FAILED),
        ([SENT, SAVED_LATER, SAVED_LATER], replace(SAVING_FAILED, attempts=2)),
        ([SENT, SAVED_LATER, lifecycle.Finished(media=(FILE,))], None),
        ([lifecycle.Postponed(), lifecycle.Expired()], None),
        ([lifecycle.OutcomeLost(), lifecycle.Cancelled()], None),
    ],
)
def test_a_job_says_what_holds_it_up(events: list[lifecycle.Event], wait: JobWait | None) -> None:
    assert after(*events)[0].wait == wait


def test_each_poll_is_counted_and_followed_by_its_pause() -> None:
    job, state = after(lifecycle.Sent("t1"), lifecycle.Polled(40), lifecycle.Polled(20))
    assert (job.progress, state.polls, pause(job)) == (40, 2, lifecycle.TASK_POLL_S["image"])
    assert not state.deferred
    assert after(lifecycle.Sent("t1"), lifecycle.Polled(deferred=True))[1].deferred
    assert after(lifecycle.Sent("t1"), lifecycle.Polled(deferred=True), lifecycle.Polled(1))[1].deferred


def test_a_lease_ends_on_the_second() -> None:
    _, state = new()
    leased = replace(state, lease=Lease(holder="w", until=NOW))
    assert lifecycle.is_leased(leased, NOW - timedelta(microseconds=1))
    assert not lifecycle.is_leased(leased, NOW)
    assert not lifecycle.is_leased(state, NOW)


def test_a_finished_job_has_its_result_and_frees_its_place() -> None:
    job, state = after(lifecycle.Sent("t1"))
    step = step_of(job, state, lifecycle.Finished(media=(FILE,), text="words", title="Name", credits=2.0))
    assert (step.ends, step.frees_place, step.refund, step.refund_part, step.charged) == (
        "completed",
        True,
        False,
        0,
        2.0,
    )
    done = step.job
    assert (done.status, done.progress, done.media, done.text, done.title) == (
        "completed",
        100,
        [FILE],
        "words",
        "Name",
    )
    assert (done.started_at, done.completed_at, step.state.answer) == (NOW, NOW, "processing")
    assert (done.next_poll_at, done.deadline_at) == (None, None)


def test_a_result_without_words_keeps_what_the_job_had() -> None:
    job, state = new()
    step = step_of(replace(job, text="mine", title="Mine", started_at=START), state, lifecycle.Finished(media=(FILE,)))
    assert (step.job.text, step.job.title, step.job.started_at) == ("mine", "Mine", START)
    assert step.state.answer == "completed", "it never was processing"


@pytest.mark.parametrize(("kept", "missing", "part"), [(4, 0, 0), (3, 1, 25), (1, 3, 75), (2, 1, 33), (0, 0, 0)])
def test_the_missing_outputs_part_of_the_price_goes_back(kept: int, missing: int, part: int) -> None:
    job, state = new()
    step = step_of(replace(job, price=100), state, lifecycle.Finished(media=(FILE,) * kept, missing=missing))
    assert step.refund_part == part


def test_a_failure_refunds_frees_and_answers() -> None:
    job, state = after(lifecycle.Sent("t1"))
    step = step_of(job, state, lifecycle.Failed("ContentRejected", "raw", "ProviderRejected", credits=1.0))
    assert (step.ends, step.refund, step.frees_place, step.charged) == ("failed", True, True, 1.0)
    assert (step.state.answer, step.state.raw_error) == ("ProviderRejected", "raw")
    assert step_of(job, state, lifecycle.Failed("ContentRejected")).state.answer == "processing"
    waited = replace(state, answer="pending", attempts=1)
    refused = lifecycle.Failed("ContentRejected", "raw", "ProviderRejected")
    assert step_of(job, waited, refused).state.answer == "pending"


def test_an_order_that_never_left_fails_as_unavailable_and_one_that_did_as_timed_out() -> None:
    reasons = [step_of(*after(*events), lifecycle.Expired()).job.error for events in ((), (lifecycle.Sent("t1"),))]
    assert [error and error.reason for error in reasons] == ["ProviderUnavailable", "TimedOut"]


def test_a_cancelled_order_keeps_its_place_only_while_the_provider_may_work_on_it() -> None:
    job, state = new()
    waiting = step_of(job, replace(state, submission="waiting"), lifecycle.Cancelled())
    assert (waiting.frees_place, waiting.state.holds_place, waiting.job.deadline_at) == (True, False, None)
    running = step_of(*after(lifecycle.Sent("t1")), lifecycle.Cancelled())
    assert (running.frees_place, running.state.holds_place, running.refund) == (False, True, True)
    assert running.job.deadline_at is not None


def test_a_cancelled_order_that_is_accepted_after_all_is_still_looked_at() -> None:
    job, state = new()
    held = step_of(job, replace(state, submission="sending"), lifecycle.Cancelled())
    sent = step_of(held.job, held.state, lifecycle.Sent("t1"))
    assert (sent.state.submission, sent.state.task_id, pause(sent.job)) == (
        "sent",
        "t1",
        lifecycle.TASK_POLL_S["image"],
    )
    polled = step_of(sent.job, sent.state, lifecycle.Polled())
    assert (polled.state.polls, pause(polled.job)) == (1, lifecycle.TASK_POLL_S["image"])
    assert lifecycle.next_step(sent.job, sent.state, lifecycle.Postponed(), NOW) is None
    ended = step_of(polled.job, polled.state, lifecycle.Finished(credits=3.0))
    assert (ended.frees_place, ended.state.holds_place, ended.charged) == (True, False, 3.0)
    assert (ended.state.late_event, ended.state.credits_charged) == ("Finished", 3.0)


def test_a_cancelled_orders_lost_answer_leaves_it_to_its_deadline() -> None:
    job, state = new()
    held = step_of(job, replace(state, submission="sending"), lifecycle.Cancelled())
    lost = step_of(held.job, held.state, lifecycle.OutcomeLost())
    assert (lost.state.submission, lost.job.next_poll_at) == ("unknown", held.job.deadline_at)
    assert lost.job.next_poll_at is not None
    assert lifecycle.next_step(lost.job, lost.state, lifecycle.OutcomeLost(), NOW) is None


def test_a_task_that_is_reported_after_the_end_is_recorded_once() -> None:
    job, state = new()
    failed = step_of(job, state, lifecycle.Failed("TimedOut"))
    sent = step_of(failed.job, failed.state, lifecycle.Sent("t1"))
    assert (sent.state.submission, sent.state.task_id, sent.job) == ("sent", "t1", failed.job)
    assert lifecycle.next_step(sent.job, sent.state, lifecycle.Sent("t2"), NOW) is None


@pytest.mark.parametrize(
    ("changes", "reason", "submission", "late", "awaited"),
    [
        ({"status": "failed"}, "TimedOut", "sent", None, True),
        ({"status": "failed"}, "ProviderUnavailable", "unknown", None, True),
        ({"status": "failed"}, "ContentRejected", "sent", None, False),
        ({"status": "failed"}, "", "sent", None, False),
        ({"status": "failed"}, "TimedOut", "waiting", None, False),
        ({"status": "failed"}, "TimedOut", "sent", "Finished", False),
        ({"status": "cancelled"}, "TimedOut", "sent", None, False),
    ],
)
def test_which_late_answers_are_waited_for(
    changes: dict[str, str], reason: str, submission: str, late: str | None, awaited: bool
) -> None:
    job, state = new()
    error = JobError(reason=reason, message="") if reason else None  # type: ignore[arg-type]
    job = replace(job, error=error, **changes)
    state = replace(state, submission=submission, late_event=late)
    assert lifecycle.awaits_late_answer(job, state) is awaited
    assert lifecycle.is_over(job, state) is not awaited
    assert not lifecycle.is_over(job, replace(state, holds_place=True))


def test_a_running_job_is_not_over() -> None:
    assert not lifecycle.is_over(*after(lifecycle.Sent("t1")))
