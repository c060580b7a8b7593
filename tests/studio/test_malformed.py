"""A job that somebody edited by hand: it waits for a person, and no other job waits with it."""

from __future__ import annotations

from typing import Any

import pytest

import main
from tests.conftest import Logged
from tests.studio.studio import Studio
from tests.support import call

pytestmark = pytest.mark.malformed("a dispatcher that goes on without them")


@pytest.mark.parametrize("document", ["jobs/{}", "jobs/{}/private/state"])
@pytest.mark.parametrize("waits", [True, False])
def test_the_dispatcher_goes_on_without_it(studio: Studio, logged: Logged, document: str, waits: bool) -> None:
    """Waiting for its provider, or past its deadline: it is the first of the queue."""
    studio.user()
    if waits:
        studio.poyo.plan("429", times=2)
    broken, other = studio.created(), studio.created()
    path = document.format(broken)
    field = "price" if path == f"jobs/{broken}" else "attempts"
    studio.database.change(path, **{field: "a marked value"})
    before = {each: studio.database.need(each.format(broken)) for each in ("jobs/{}", "jobs/{}/private/state")}
    studio.heal(other)
    assert studio.job(other)["status"] == "completed"
    assert {each: studio.database.need(each.format(broken)) for each in before} == before, "and its money neither"
    assert {(each["severity"], each["path"], each["field"]) for each in logged.lines("document_malformed")} == {
        ("ALERT", path, field)
    }
    assert len(logged.lines("document_malformed")) == 1, "the dispatcher meets it every minute"
    assert "marked" not in logged.getvalue()


def test_calls_about_it_fail_and_commit_nothing(studio: Studio, logged: Logged) -> None:
    studio.user()
    broken, other = studio.created(), studio.created()
    studio.database.change(f"jobs/{broken}", price="2")
    before = studio.database.hash("rateLimits")
    for function in (main.getJobStatus, main.cancelStudioJob):
        assert call(function, {"jobId": broken}, uid="u1").code == "internal"
    assert studio.database.hash("rateLimits") == before
    listed: Any = call(main.listStudioJobs, {}, uid="u1").result["jobs"]
    assert [each["jobId"] for each in listed] == [other]
    assert [each["field"] for each in logged.lines("document_malformed")] == ["price"]


def test_an_account_fails_alone(studio: Studio) -> None:
    studio.user("u1")
    studio.user("u2")
    studio.database.change("users/u1", balance="1000")
    before = studio.database.hash("rateLimits")
    assert studio.create().code == "internal"
    assert studio.database.hash("rateLimits") == before
    assert studio.create(caller="u2").ok
