"""Outputs that cannot be had: the job completes with the others, and their part of the price goes back (§4.3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.providers import File, Task
from studiox.providers.poyo import Poyo
from studiox.tokens.ledger import Buckets, part_of
from tests.conftest import Logged
from tests.studio.studio import Studio

tokens = st.integers(0, 10_000)


@pytest.fixture
def outputs(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that the provider lists: `gone` is not there, `page` is a web page."""
    names: list[str] = []
    poll = Poyo.poll

    def several(self: Poyo, *given: str) -> Task:
        task = poll(self, *given)
        if task.status != "finished":
            return task
        good = task.files[0].url
        bad = {"gone": f"{studio.poyo.url}/files/none/gone.png", "page": f"{studio.poyo.url}/_/tasks"}
        return Task(status="finished", progress=100, files=tuple(File(url=bad.get(name, good)) for name in names))

    monkeypatch.setattr(Poyo, "poll", several)
    return names


def ended(studio: Studio, **change: Any) -> dict[str, Any]:
    job_id = studio.created(model="nano-banana-2", **change)  # 8 tokens
    studio.heal(job_id, step_s=15)
    studio.check()
    return studio.job(job_id)


@pytest.mark.parametrize(
    ("listed", "kept", "refunded"),
    [
        (["good", "good"], 2, 0),
        (["good", "page"], 1, 4),
        (["page", "good", "page"], 1, 5),  # floor(8 × 2 ÷ 3)
        (["gone", "good", "good", "good"], 3, 2),
    ],
)
def test_what_is_missing_is_refunded_in_part(
    studio: Studio, outputs: list[str], listed: list[str], kept: int, refunded: int
) -> None:
    outputs.extend(listed)
    job = ended(studio)
    assert (job["status"], len(job["media"]), job["refunded"]) == ("completed", kept, refunded)
    assert studio.balance() == 1000 - 8 + refunded
    assert len(studio.objects(job["jobId"])) == kept


def test_nothing_at_all_is_a_failure(studio: Studio, outputs: list[str], logged: Logged) -> None:
    outputs.extend(["page", "page"])
    job = ended(studio)
    assert (job["status"], job["error"]["reason"], job["refunded"]) == ("failed", "MediaFailed", 8)
    assert studio.objects(job["jobId"]) == []
    assert logged.lines("media_refused")


@given(tokens, tokens, tokens, st.data())
def test_a_part_comes_from_where_it_was_burnt_last(
    monthly: int, bonus: int, purchased: int, data: st.DataObject
) -> None:
    taken = Buckets(monthly, bonus, purchased)
    back = data.draw(st.integers(0, taken.total))
    part = part_of(taken, back)
    assert part.total == back
    assert 0 <= part.monthly <= monthly
    assert 0 <= part.bonus <= bonus
    assert 0 <= part.purchased <= purchased
    assert part.bonus == 0 or part.purchased == purchased
    assert part.monthly == 0 or part.bonus == bonus
    with pytest.raises(ValueError, match="more"):
        part_of(taken, taken.total + 1)
