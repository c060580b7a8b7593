"""Outputs that cannot be had: the job completes with the others, and their part of the price goes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.vendors.piapi import PiapiStandIn
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import File, Task
from studiox.models.ledger import Buckets, part_of
from tests.conftest import SECRETS, Logged
from tests.integrations.servers import answering, response
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


def order_of(studio: Studio, count: int, **catalogue: Any) -> str:
    """An order of so many pictures at 3 tokens each, of a model that the catalogue was given a count for."""
    price = {"tokens": {"1": 3, "2": 6, "4": 12}, "by": ["count"]}
    counts = {"kind": "choice", "values": [1, 2, 4], "default": 1}
    inputs = {"prompt": {"kind": "text", "required": True}, "count": counts}
    studio.database.put("models/z-image", {"inputs": inputs, "price": price, "outputs": "count", **catalogue})
    return studio.created(options={"count": count})


@pytest.mark.parametrize(
    ("count", "listed", "refunded"), [(4, 4, 0), (4, 1, 9), (4, 3, 3), (2, 1, 3), (2, 3, 0), (1, 1, 0)]
)
def test_what_the_order_promises_and_the_provider_never_lists_is_refunded(
    studio: Studio, count: int, listed: int, refunded: int
) -> None:
    studio.poyo.plan(files=listed)
    job_id = order_of(studio, count)
    assert studio.task_of(job_id)["input"]["n"] == count
    studio.heal(job_id)
    job = studio.job(job_id)
    assert (job["status"], len(job["media"]), job["refunded"]) == ("completed", listed, refunded)
    assert studio.balance() == 1000 - 3 * count + refunded
    studio.check()


def test_the_promise_is_the_orders_whatever_the_catalogue_says_later(studio: Studio) -> None:
    studio.poyo.plan(files=1)
    job_id = order_of(studio, 2)
    studio.database.put("models/z-image", {"outputs": 0})
    studio.restart()
    studio.heal(job_id)
    assert studio.job(job_id)["refunded"] == 3
    studio.check()


@pytest.mark.parametrize("listed", [1, 2, 3])
def test_without_a_promise_what_is_listed_is_what_was_ordered(studio: Studio, listed: int) -> None:
    """A song of Suno's comes in variations, and nobody documents how many."""
    studio.poyo.plan(files=listed)
    job_id = studio.created(type="music", model="generate-music", prompt="a waltz")
    studio.heal(job_id)
    job = studio.job(job_id)
    assert (job["status"], len(job["media"]), job["refunded"]) == ("completed", listed, 0)
    studio.check()


@pytest.mark.parametrize("wrong", [{"error_type": "moderation_error", "error_detail": "blocked"}, {"finished": False}])
def test_a_song_that_piapi_lists_as_failed_is_refunded(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    key, secret = SECRETS["PIAPI_API_KEY"], SECRETS["PIAPI_WEBHOOK_SECRET"]
    with PiapiStandIn(api_key=key, secret=secret, seconds=0, callbacks=False) as piapi:
        monkeypatch.setenv("PIAPI_BASE_URL", piapi.url)
        monkeypatch.setenv("MEDIA_HOSTS", piapi.host)
        job_id = studio.created(type="music", model="music-u", prompt="a lullaby")
        data = piapi.data(piapi.tasks_kept.all()[0])
        data["output"]["songs"][0] |= {"song_path": "", **wrong}
        with answering(response(200, {"code": 200, "data": data})) as server:
            monkeypatch.setenv("PIAPI_BASE_URL", server.url)
            studio.advance(10)
            job = studio.status(job_id).result
    assert (job["status"], len(job["media"]), job["refunded"]) == ("completed", 1, 5)
    assert studio.balance() == 995
    studio.check()


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
