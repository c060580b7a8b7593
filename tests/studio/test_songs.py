"""The free plan's songs of a month: counted with the order, given back with the refund."""

from __future__ import annotations

from typing import Any

import main
from tests.studio.studio import Studio, together
from tests.support import call

SONG = {"type": "music", "model": "generate-music", "prompt": "a quiet song"}
DAY = 86_400


def count(studio: Studio) -> int:
    return int(studio.database.need("users/u1").get("generationCount", 0))


def remaining() -> Any:
    return call(main.checkGenerationAllowance, uid="u1").result["remaining"]


def test_the_fourth_song_of_a_month_is_refused(studio: Studio) -> None:
    for _ in range(3):
        studio.heal(studio.created(**SONG))
    answer = studio.create(**SONG)
    assert (answer.reason, answer.code, answer.details["limit"]) == ("AllowanceExceeded", "resource-exhausted", 3)
    assert answer.details["resetsAt"] == call(main.checkGenerationAllowance, uid="u1").result["resetsAt"]
    assert (count(studio), remaining()) == (3, 0)
    studio.created()  # a picture is no song
    studio.check()
    studio.advance(32 * DAY)
    studio.created(**SONG)
    assert count(studio) == 1


def test_a_song_that_is_cancelled_or_fails_is_given_back_once(studio: Studio) -> None:
    job_id = studio.created(**SONG)
    assert count(studio) == 1
    together(*[lambda: studio.cancel(job_id)] * 8)
    assert count(studio) == 0
    job_id = studio.created(**SONG, negativePrompt="noise")
    studio.poyo.advance(0)
    studio.database.change(f"jobs/{job_id}", deadlineAt=studio.clock.now())
    studio.advance(60)
    studio.heal(job_id)
    ended = studio.job(job_id)["status"]
    assert count(studio) == (0 if ended == "failed" else 1)
    studio.check()


def test_what_is_given_back_after_the_month_is_not_of_the_new_one(studio: Studio) -> None:
    old = studio.created(**SONG)
    studio.advance(32 * DAY)
    studio.created(**SONG)
    assert count(studio) == 1
    studio.cancel(old)
    assert count(studio) == 1


def test_eight_songs_at_once_are_three(studio: Studio) -> None:
    studio.database.put("plans/free", {"maxConcurrentJobs": 50})
    answers = together(*[lambda: studio.create(**SONG)] * 8)
    assert sum(answer.ok for answer in answers) == 3
    assert count(studio) == 3
    studio.check()


def test_paid_plans_have_no_limit(studio: Studio) -> None:
    studio.database.change("users/u1", plan="pro")
    for _ in range(5):
        studio.created(**SONG)
    assert remaining() is None
