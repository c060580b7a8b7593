"""docs/costs.md: what a job of each kind causes, counted as it is billed, is what the page says."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

import main
from bench import costs
from studiox.kit import config, tasks
from studiox.studio import dispatch
from tests.studio.studio import Studio
from tests.support import schedule

# By kind: the order, and how long the provider takes in seconds.
ORDERS: dict[str, tuple[dict[str, Any], float]] = {
    "image": ({}, 20.0),
    "video": ({"type": "video", "model": "veo3.1-lite"}, 120.0),
    "music": ({"type": "music", "model": "generate-music", "prompt": "a waltz", "style": "swing"}, 90.0),
    "text": ({"type": "lyrics", "model": "lyrics-writer", "prompt": "rain"}, 0.0),
}


@pytest.fixture
def production(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """Delayed tasks are enqueued, as in production, and a warm instance takes the order."""
    values = SimpleNamespace(in_emulator=lambda: False, project_id=config.project_id, REGION=config.REGION)
    monkeypatch.setattr(tasks, "config", values)
    studio.user(plan="enterprise", balance=100_000)
    first = studio.created()
    studio.cancel(first)
    studio.queue.tasks.clear()
    studio.queue.taken.clear()
    studio.queue.renditions.clear()
    return studio


def written(studio: Studio, paths: tuple[str, ...]) -> int:
    """How often these documents were written: a listener receives each."""
    commits = [request for method, request in studio.rpcs.requests if method == "Commit"]
    names = [name_of(write) for commit in commits for write in commit["writes"]]
    return sum(names.count(path) for path in paths)


def name_of(write: Mapping[str, Any]) -> str:
    """The path of the document that is written, "" for a deletion."""
    return str(write["update"]["name"]).partition("/documents/")[2] if "update" in write else ""


def changed_times(studio: Studio) -> dict[str, int]:
    """How often each time of a document in a top-level collection was changed. Each change writes its index."""
    last: dict[tuple[str, str], object] = {}
    changed: Counter[str] = Counter()
    for method, request in studio.rpcs.requests:
        for write in request["writes"] if method == "Commit" else ():
            name = name_of(write)
            collection, _, below = name.partition("/")
            for field, value in write.get("update", {}).get("fields", {}).items():
                if below.count("/") == 0 and "timestampValue" in value:
                    if last.get((name, field)) != value["timestampValue"]:
                        changed[f"{collection}.{field}"] += 1
                    last[name, field] = value["timestampValue"]
    return dict(sorted(changed.items()))


def life_of(studio: Studio, order: dict[str, Any], seconds: float) -> costs.Life:
    """A job from its order to its end, as in production: tasks at their times, the callback, the client's look."""
    studio.poyo.plan(seconds=seconds)
    studio.rpcs.reset()
    studio.gcs.requests.clear()
    studio.asked = 0
    job_id = studio.created(**order)
    runs = 0
    while studio.job(job_id)["status"] != "completed":
        assert runs < 60
        runs += 1
        studio.advance(studio.queue.tasks[0].delay_s)
        studio.run_queue(waiting=61, rounds=1)
    callbacks = 1 if seconds else 0  # text is the answer of the order
    if callbacks:
        assert studio.callback(job_id, studio.state(job_id)["taskId"]).status == 200
    assert studio.status(job_id).result["status"] == "completed"
    if media := studio.job(job_id)["media"]:
        assert studio.objects(job_id), media
    rendered = len(studio.queue.render(main.makeRenditions))
    changed = written(studio, (f"jobs/{job_id}", "users/u1"))
    billed, requests = studio.rpcs.billed, studio.gcs.requests
    uploads = sum(each.startswith("POST") for each in requests)
    listings = sum(each.startswith("GET") and each.endswith("/o") for each in requests)
    return costs.Life(
        reads=billed["reads"],
        writes=billed["writes"],
        deletes=billed["deletes"],
        listened=changed + 2,  # and both documents when the client begins to listen
        trips=studio.rpcs.count(),
        requests=1 + len(studio.queue.taken) + rendered + callbacks + 1,
        tasks=len(studio.queue.taken) + rendered,
        asked=1 + studio.asked,
        renditions=rendered,
        class_a=uploads + listings,
        class_b=sum(each.startswith("GET") for each in requests) - listings,
        times=changed_times(studio),
    )


def idle_reads(studio: Studio) -> int:
    studio.advance(dispatch.LATE_ORDERS.total_seconds() + 61)
    studio.dispatch()
    studio.rpcs.reset()
    studio.dispatch()
    return int(studio.rpcs.billed["reads"])


def keep(change: Callable[[dict[str, Any]], None]) -> None:
    known = json.loads(costs.COUNTS.read_text()) if costs.COUNTS.exists() else {"jobs": {}}
    change(known)
    costs.COUNTS.write_text(json.dumps(known, indent=1) + "\n")


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("kind", ORDERS)
def test_a_job_costs_what_was_measured(production: Studio, kind: str) -> None:
    life = life_of(production, *ORDERS[kind])
    if costs.MEASURE in os.environ:
        keep(lambda known: known["jobs"].update({kind: life._asdict()}))
    assert costs.read()[0][kind] == life, "meant? .venv/bin/python -m bench.costs"


def test_an_idle_run_costs_what_was_measured(studio: Studio) -> None:
    reads = idle_reads(studio)
    if costs.MEASURE in os.environ:
        keep(lambda known: known.update({"idle reads": reads}))
    assert costs.read()[1] == reads


def test_a_users_nightly_audit_costs_what_was_measured(studio: Studio) -> None:
    studio.heal(studio.created())
    assert schedule(main.auditLedger).status == 200
    studio.rpcs.reset()
    assert schedule(main.auditLedger).status == 200
    one = studio.rpcs.billed["reads"]
    studio.user("u2")
    studio.heal(studio.created(caller="u2"))
    studio.rpcs.reset()
    assert schedule(main.auditLedger).status == 200
    reads = studio.rpcs.billed["reads"] - one
    if costs.MEASURE in os.environ:
        keep(lambda known: known.update({"audit reads": reads}))
    assert costs.read()[2] == reads


def test_the_page_says_what_was_measured() -> None:
    assert costs.PAGE.read_text() == costs.page(*costs.read()), ".venv/bin/python -m bench.costs writes it"
    schedules = [name for name in main.__all__ if getattr(main, name).__firebase_endpoint__.scheduleTrigger]
    assert len(schedules) == 7, "the page says what seven cost"
    assert costs.read()[0].keys() == ORDERS.keys() == costs.MEDIA_MB.keys()
