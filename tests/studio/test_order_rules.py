"""The two documents that an order creates, and which orders are the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from studiox.catalog.poyo_models import MODELS
from studiox.integrations.moderation.protocol import Content
from studiox.models.jobs import Job, JobState
from studiox.models.ledger import Buckets
from studiox.studio import lifecycle
from studiox.studio.orders import NewJob, content_of, new_job, new_state
from studiox.studio.spend import OrderCost
from tests.support.samples import sample

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDER = NewJob("request-1", "image", "m1", {"prompt": "x", "size": "1:1"}, "s1", 9)


@pytest.mark.parametrize(
    "changes",
    [{"type": "video"}, {"model": "m2"}, {"given": {"prompt": "y", "size": "1:1"}}, {"given": {"prompt": "x"}}]
    + [{"session_id": None}, {"session_id": "s2"}, {"max_price": None}, {"max_price": 10}],
    ids=str,
)
def test_another_order_is_another_one(changes: dict[str, Any]) -> None:
    assert ORDER._replace(**changes).fingerprint != ORDER.fingerprint


def test_the_same_order_is_the_same_under_any_id_and_in_any_order_of_its_inputs() -> None:
    again = ORDER._replace(request_id="request-2", given={"size": "1:1", "prompt": "x"})
    assert again.fingerprint == ORDER.fingerprint
    assert len(ORDER.fingerprint) == 64


def test_a_new_job_waits_to_be_sent() -> None:
    made = new_job(
        job_id="j1", uid="u1", type="image", model="m1", price=3, session_id="s1", params={"a": 1}, sources=[],
        rating="mature", now=NOW,
    )  # fmt: skip
    assert made == Job(
        job_id="j1", uid="u1", type="image", model="m1", status="pending", progress=0, price=3, refunded=0,
        rating="mature",
        session_id="s1", params={"a": 1}, media=[], created_at=NOW, updated_at=NOW,
        deadline_at=lifecycle.deadline("image", NOW), next_poll_at=NOW + lifecycle.SENDING,
    )  # fmt: skip


def test_every_text_and_picture_that_a_job_gives_its_model_is_its_content() -> None:
    params = {"prompt": "a fox", "negativePrompt": "snow", "seed": 7, "instrumental": True, "options.lyrics": "la la"}
    texts, upload = ["a fox", "snow", "la la"], "users/u1/uploads/a.png"
    for given, pictures in ((params, []), ({**params, "inputPaths": [upload]}, [upload])):
        assert content_of(sample(Job, params=given)) == Content(texts, pictures)


def test_a_new_job_names_the_creations_that_it_is_made_from_if_there_are_any() -> None:
    made = new_job(
        job_id="j1", uid="u1", type="edit", model="m1", price=3, session_id="s1", params={}, sources=["c1"],
        rating="general", now=NOW,
    )  # fmt: skip
    assert made.sources == ["c1"]
    assert ORDER.input_paths == []
    assert ORDER._replace(given={"inputPaths": ["a", "b"]}).input_paths == ["a", "b"]


def test_its_state_says_who_sends_it_and_what_it_costs() -> None:
    cost = OrderCost(micro_usd=70, paid_tokens=2, unpaid=True, unpaid_micro_usd=30)
    until = NOW + timedelta(days=1)
    state = new_state(
        uid="u1", request_hash="h", model=MODELS[0], inputs={"a": 1}, outputs=2, paid_from=Buckets(bonus=3),
        balance=4, cost=cost, sender="me", song_counted_until=until, now=NOW,
    )  # fmt: skip
    assert state == JobState(
        uid="u1", request_hash="h", provider=MODELS[0].provider, provider_model=MODELS[0].provider_model,
        inputs={"a": 1}, paid_from=Buckets(bonus=3), balance_after=4, submission="sending", sender="me",
        sending_since=NOW, outputs=2, attempts=0, task_id="", polls=0, media_attempts=0, deferred=False,
        holds_place=False, answer="", paid_tokens=2, unpaid=True, cost_micro_usd=70, expected_micro_usd=70,
        unpaid_micro_usd=30, song_counted_until=until,
    )  # fmt: skip
