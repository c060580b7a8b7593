"""How long the models' jobs take. `measureModels` stores it, so that quotes and the catalogue read one document."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from studiox.catalog import store as catalogue
from studiox.kit import clock, documents, firestore, malformed
from studiox.kit.cache import UNKNOWN
from studiox.kit.clock import timedelta
from studiox.kit.documents import Docs, MalformedDocument
from studiox.kit.transaction import Reads, transact
from studiox.models import jobs
from studiox.models.model_times import MODEL_TIMES, ModelTimes, TypicalTime

from . import job_store

TIMED_JOBS = 100
TIMED_FOR = timedelta(days=1)
LEAST_TIMED = 5
AT_ONCE = 8

firestore.KEPT_FOR_A_MINUTE.add(MODEL_TIMES.partition("/")[0])


def stale() -> list[str]:
    """The times' document if it is not cached, for a call that reads others anyway before it asks for the times."""
    return firestore.kept_for_a_minute().missing([MODEL_TIMES])


def known() -> Mapping[str, TypicalTime]:
    """The times by model. Each process keeps them for a minute; otherwise this is one read. `Unavailable`.

    Empty if the document is malformed, which is reported: no answer needs the times.
    """
    data = firestore.kept_for_a_minute().get(MODEL_TIMES)
    if data is UNKNOWN:
        data = firestore.read_documents([MODEL_TIMES])[MODEL_TIMES].data
    try:
        return {} if data is None else documents.typed(MODEL_TIMES, data).models
    except MalformedDocument as error:
        malformed.report(error)
        return {}


def measure() -> None:
    """Time every model on offer by its newest jobs of the last day, and store the times for all instances.

    A model that few ordered keeps its last time. One query for each model, and none if nobody ordered anything.
    `Unavailable`, `Contention`: the next run measures again.
    """
    now = clock.now()
    if not job_store.created_since(now - TIMED_FOR):
        return
    models, _ = catalogue.everything()
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        found = pool.map(lambda model: jobs.newest_completed(model.id, now - TIMED_FOR, TIMED_JOBS), models)
        measured = {model.id: _typical(times) for model, times in zip(models, found, strict=True)}
    before = known()
    times = {model: time for model, new in measured.items() if (time := new or before.get(model)) is not None}

    def decide(docs: Docs) -> None:
        docs.after_commit.append(_forget)
        docs.put(MODEL_TIMES, ModelTimes(models=times, measured_at=now))

    transact(MODEL_TIMES, decide, Reads(fresh=[MODEL_TIMES]))


def _forget() -> None:
    firestore.kept_for_a_minute().pop(MODEL_TIMES)


def _typical(found: list[jobs.JobTimes]) -> TypicalTime | None:
    return typical([(each.completed_at - each.created_at).total_seconds() for each in found])


def typical(seconds: list[float]) -> TypicalTime | None:
    """The median and the 90th percentile, in whole seconds from 1 on; None for fewer than LEAST_TIMED jobs."""
    if len(seconds) < LEAST_TIMED:
        return None
    tenths = statistics.quantiles(seconds, n=10, method="inclusive")
    return TypicalTime(p50=max(1, math.ceil(tenths[4])), p90=max(1, math.ceil(tenths[8])))
