"""What a job's documents decide themselves, and which of them a query finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

from msgspec.structs import replace

from studiox.kit.documents import MalformedDocument, decode, encode
from studiox.models import jobs
from studiox.models.jobs import Job, JobState, JobStatus, ReportedJob, ReportedLoss, UncheckedJob, UsedJob
from studiox.models.media_files import MediaFile
from tests.support import Database, Rpcs
from tests.support.documents import docs_with
from tests.support.jobs import job, state
from tests.support.samples import sample

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FILE = MediaFile(path="users/u1/creations/j1/1.png", content_type="image/png", bytes=1)


def test_a_job_that_has_ended_stays_ended() -> None:
    ended = {status for status in get_args(JobStatus) if decode(Job, job("j1", "u1", status=status)).is_terminal}
    assert ended == {"completed", "failed", "cancelled"}


def test_paths_are_the_jobs_own() -> None:
    assert {str(jobs.job_path("j1")), str(jobs.unchecked_job_path("j1"))} == {"jobs/j1"}
    assert jobs.state_path("j1") == "jobs/j1/private/state"


def test_a_job_whose_creation_is_deleted_keeps_only_how_it_ended() -> None:
    made = decode(Job, job("j1", "u1", media=[FILE], text="la la", creation_id="j1", title="A song"))
    docs = docs_with({jobs.job_path("j1"): encode(made)})
    jobs.forget_result(docs, "j1")
    assert docs.get(jobs.job_path("j1")) == replace(made, media=[], text=None, creation_id=None)
    gone = docs_with({})
    jobs.forget_result(gone, "j1")
    assert gone.changes == {}


def test_what_was_not_refunded_counts_as_nothing() -> None:
    stored = {name: value for name, value in job("j1", "u1").items() if name != "refunded"}
    assert decode(ReportedJob, stored).refunded == 0
    assert decode(UncheckedJob, stored).refunded == 0


def test_a_jobs_state_that_does_not_say_so_is_not_counted() -> None:
    stored = {name: value for name, value in state("u1").items() if name != "counted"}
    assert decode(JobState, stored).counted is False


def test_running_is_what_was_ordered_in_its_time_and_has_not_ended(database: Database) -> None:
    for number in range(-1, 4):
        at = NOW + number * SECOND
        waits = job(f"j{number}", "u1", status="processing", created_at=at, deadline_at=at)
        database.put(f"jobs/j{number}", waits)
    database.put("jobs/ended", job("ended", "u1", created_at=NOW, deadline_at=NOW))
    skipped: list[MalformedDocument] = []
    found = jobs.running_of(NOW, NOW + 2 * SECOND, 9, skipped)
    assert [each.created_at for each in found] == [NOW, NOW + SECOND]
    assert [each.created_at for each in jobs.running_of(NOW, NOW + 2 * SECOND, 3, skipped)] == [NOW]
    assert skipped == []


def times(database: Database, *, uid: str = "u1") -> None:
    """Jobs a second before, at, and a second after NOW and the two seconds behind it."""
    for number in range(-1, 4):
        at = NOW + number * SECOND
        database.put(
            f"jobs/{uid}-{number}", job(f"{uid}-{number}", uid, created_at=at, updated_at=at, price=number + 1)
        )
        database.put(f"jobs/{uid}-{number}/private/state", state(uid))
        loss = sample(jobs.ProviderLoss, job_id=f"{uid}-{number}", loss_micro_usd=number, created_at=at)
        database.put(f"providerLosses/{uid}-{number}", encode(loss))


def test_a_models_newest_completed_jobs_are_found(database: Database) -> None:
    for number in range(4):
        at = NOW + number * SECOND
        done = job(f"j{number}", f"u{number}", created_at=at, completed_at=at + (number + 1) * SECOND)
        database.put(f"jobs/j{number}", done)
    for name, other in {"failed": {"status": "failed"}, "other": {"model": "Model B"}}.items():
        database.put(f"jobs/{name}", job(name, "u1", created_at=NOW, completed_at=NOW, **other))
    found = jobs.newest_completed("Model A", NOW + SECOND, 9)
    assert [(each.completed_at - each.created_at) / SECOND for each in found] == [4, 3, 2]
    assert [each.created_at for each in jobs.newest_completed("Model A", NOW, 2)] == [
        NOW + 3 * SECOND,
        NOW + 2 * SECOND,
    ]


def test_a_report_is_of_what_was_ordered_in_its_time(database: Database) -> None:
    times(database)
    skipped: list[MalformedDocument] = []
    end = NOW + 2 * SECOND
    ordered = list(jobs.ordered_between(NOW, end, skipped))
    assert [each.created_at for each in ordered] == [NOW, NOW + SECOND]
    assert ordered[0] == ReportedJob(
        status="completed",
        model="Model A",
        type="image",
        params={"prompt": "a fox"},
        uid="u1",
        price=1,
        created_at=NOW,
    )
    lost = list(jobs.losses_between(NOW, end, skipped))
    assert [each.loss_micro_usd for each in lost] == [0, 1]
    assert all(type(each) is ReportedLoss for each in lost)
    assert skipped == []


def test_usage_is_of_ones_newest_jobs_in_its_time(database: Database) -> None:
    times(database)
    times(database, uid="u2")
    found = jobs.created_between("u1", NOW, NOW + 3 * SECOND, 2)
    assert [each.created_at for each in found] == [NOW + 2 * SECOND, NOW + SECOND]
    assert found[0] == UsedJob(type="image", model="Model A", status="completed", created_at=NOW + 2 * SECOND)
    assert [each.created_at for each in jobs.created_between("u1", NOW, NOW + SECOND, 2)] == [NOW]


def test_which_jobs_exist_is_one_round_trip(database: Database, rpcs: Rpcs) -> None:
    times(database)
    rpcs.reset()
    assert jobs.which_exist(each for each in ("u1-0", "absent", "u1-3")) == {"u1-0", "u1-3"}
    assert len(rpcs.calls) == 1
    rpcs.reset()
    assert jobs.which_exist([]) == set()
    assert rpcs.calls == []
