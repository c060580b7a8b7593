"""An actor's commit: the decision and its audit entry, both or neither."""

from __future__ import annotations

from typing import Any

import pytest

from studiox.kit import audit
from studiox.kit.audit import System
from studiox.kit.documents import Path, Stored
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Docs, Reads
from tests.support import Database, Rpcs

BY = System("sweepMedia")
pytestmark = pytest.mark.malformed("documents of no struct in models/")


class Sample(Stored, frozen=True, kw_only=True):
    value: int


SAMPLE = Path("posts/p1", Sample)


def entries(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    found = database.under("auditLogs").values()
    return [(each["actor"], each["action"], each["target"], each["details"]) for each in found]


def put(value: int) -> Any:
    def decide(docs: Docs) -> int:
        docs.put(SAMPLE, Sample(value=value))
        return value

    return decide


def test_what_changes_something_is_recorded(database: Database) -> None:
    for value in (1, 1, 2):
        BY.commit("posts/p1", put(value), target="posts/p1", details=lambda value: {"value": value})
    recorded = sorted(entries(database), key=lambda each: each[3]["value"])
    assert recorded == [("system", "sweepMedia", "posts/p1", {"value": value}) for value in (1, 2)]


def test_what_is_not_to_be_recorded(database: Database) -> None:
    BY.commit("posts/p1", put(1), target=None)
    BY.commit("posts/p1", put(2), target="posts/p1", details=lambda _: None)
    assert (database.need("posts/p1"), entries(database)) == ({"value": 2}, [])


@pytest.mark.parametrize("is_lost", [False, True])
def test_what_is_always_recorded_is_recorded_once(is_lost: bool, database: Database, rpcs: Rpcs) -> None:
    if is_lost:
        rpcs.fail_after_apply("Commit")
    System("retryWebhooks", "boss").commit("posts/p1", lambda _docs: None, target="stripeEvents", always=True)
    assert entries(database) == [("boss", "retryWebhooks", "stripeEvents", {})]


def test_a_decision_finds_its_own_entry(database: Database, rpcs: Rpcs) -> None:
    def toggle(docs: Docs) -> int:
        before = docs.get(SAMPLE) or Sample(value=0)
        if docs.exists(audit.entry_path("e1")):
            return before.value
        docs.put(SAMPLE, Sample(value=1 - before.value))
        return 1 - before.value

    rpcs.fail_after_apply("Commit")
    assert BY.commit("posts/p1", toggle, target="posts/p1", entry_id="e1") == 1
    assert database.need("posts/p1") == {"value": 1}
    assert set(database.under("auditLogs")) == {"e1"}


def test_a_refusal_writes_nothing(database: Database) -> None:
    def refuse(docs: Docs) -> None:
        docs.put(SAMPLE, Sample(value=1))
        raise PermissionError

    with pytest.raises(PermissionError):
        BY.commit("posts/p1", refuse, target="posts/p1", always=True)
    assert (database.get("posts/p1"), entries(database)) == (None, [])


def test_a_preview_returns_what_a_commit_would_and_writes_nothing(database: Database, rpcs: Rpcs) -> None:
    database.put(SAMPLE, {"value": 1})
    other, absent = Path("posts/p2", Sample), Path("posts/p3", Sample)

    def decide(docs: Docs) -> int | None:
        found = docs.get(SAMPLE)
        docs.create(absent, Sample(value=3))
        docs.update(SAMPLE, value=2)
        return None if found is None or docs.exists(other) else found.value

    before = database.hash()
    assert BY.preview(decide, Reads(fresh=[SAMPLE], created_once=[other])) == 1
    assert rpcs.calls == ["BatchGetDocuments"], "what is created is assumed to be absent"
    assert BY.preview(decide, Reads(fresh=[SAMPLE])) == 1
    assert rpcs.calls == ["BatchGetDocuments"] * 3, "what was not named is read on demand"
    assert database.hash() == before


def test_a_preview_raises_the_refusal(database: Database) -> None:
    def refuse(docs: Docs) -> None:
        if docs.get(SAMPLE) is None:
            raise NotFound

    with pytest.raises(NotFound):
        BY.preview(refuse, Reads(fresh=[SAMPLE]))
    database.put(SAMPLE, {"value": 1})
    BY.preview(refuse, Reads(fresh=[SAMPLE]))
