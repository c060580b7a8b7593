"""measureModels: how long each model's jobs take, as quotes and the catalogue tell it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.models.model_times import MODEL_TIMES, TypicalTime
from studiox.studio import model_times
from tests.conftest import Logged
from tests.studio.studio import Studio
from tests.support import call, schedule
from tests.support.jobs import job

MEASURE: Any = main.measureModels
DAY_S = 86_400.0


def completed(studio: Studio, number: int, *, seconds: float, model: str = "z-image") -> None:
    ordered_at = studio.clock.now() - timedelta(seconds=seconds)
    times = {"created_at": ordered_at, "completed_at": ordered_at + timedelta(seconds=seconds)}
    studio.database.put(f"jobs/t{number}", job(f"t{number}", "u9", model=model, **times))


def measured(studio: Studio) -> dict[str, Any]:
    """What an instance tells that knows nothing yet, by model."""
    assert schedule(MEASURE).status == 200
    studio.restart()
    return told(studio)


def told(studio: Studio) -> dict[str, Any]:
    models = call(main.getStudioOptions).result["models"]
    found = {model["id"]: model["typicalSeconds"] for model in models if "typicalSeconds" in model}
    wish = {name: value for name, value in studio.request().items() if name != "requestId"}
    assert call(main.quoteStudioJob, wish, uid="u1").result.get("typicalSeconds") == found.get("z-image")
    return found


def test_each_model_is_timed_by_its_jobs_of_the_last_day(studio: Studio) -> None:
    completed(studio, 4, seconds=999)
    studio.advance(2 * DAY_S)
    for number in range(4):
        completed(studio, number, seconds=10)
    assert measured(studio) == {}, "of four jobs and an old one nothing is said"
    for number, seconds in enumerate([20, 30, 40, 50, 60, 70], start=5):
        completed(studio, number, seconds=seconds)
    for number in range(11, 16):
        completed(studio, number, seconds=200, model="veo3.1-lite")
    assert told(studio) == {}, "a schedule measures, not a call"
    times = {"z-image": {"p50": 25, "p90": 61}, "veo3.1-lite": {"p50": 200, "p90": 200}}
    assert schedule(MEASURE).status == 200
    assert told(studio) == times, "the instance that measured tells it at once"
    studio.restart()
    assert told(studio) == times
    studio.advance(2 * DAY_S)
    studio.rpcs.reset()
    assert schedule(MEASURE).status == 200
    assert studio.rpcs.calls == ["RunAggregationQuery"], "nobody ordered anything"
    completed(studio, 16, seconds=5)
    assert measured(studio) == times, "what few order keeps its last time"
    studio.database.put("models/z-image", {"enabled": False})
    completed(studio, 17, seconds=5)
    studio.restart()
    assert schedule(MEASURE).status == 200
    assert set(studio.database.need(MODEL_TIMES)["models"]) == {"veo3.1-lite"}


@pytest.mark.malformed("times that no schedule wrote")
def test_malformed_times_are_reported_not_told_and_replaced(studio: Studio, logged: Logged) -> None:
    for number in range(9):
        completed(studio, number, seconds=10)
    studio.database.put(MODEL_TIMES, {"models": {"z-image": {"p50": "long"}}})
    assert told(studio) == {}
    assert [line["path"] for line in logged.lines("document_malformed")] == [MODEL_TIMES]
    assert measured(studio) == {"z-image": {"p50": 10, "p90": 10}}


def test_an_outage_leaves_the_last_times(studio: Studio) -> None:
    for number in range(9):
        completed(studio, number, seconds=10)
    before = measured(studio)
    completed(studio, 9, seconds=900)
    studio.rpcs.fail_before("Commit", times=100)
    assert schedule(MEASURE).status == 503
    studio.rpcs.heal()
    assert told(studio) == before


def test_typical_times_are_whole_seconds_from_one_on() -> None:
    assert model_times.typical([0.01] * 5) == TypicalTime(p50=1, p90=1)
    assert model_times.typical([1.0] * 4) is None
    assert model_times.typical([1.0, 2.0, 3.0, 4.0, 10.2]) == TypicalTime(p50=3, p90=8)
