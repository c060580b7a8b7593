"""Documents that somebody edited by hand are exported as they are, and go with their account."""

from __future__ import annotations

import json
from typing import Any

import pytest

import main
from studiox.models.users import pseudonym
from tests.account_data.conftest import ADA, ADDRESS, BOB, People
from tests.account_data.test_deletion import delete, traces
from tests.conftest import Logged
from tests.media.servers import Gcs
from tests.support import Database, call

pytestmark = pytest.mark.malformed("an account with documents of every kind that do not fit")

MARK = {"note": "marked", "uid": ADA}


def break_everything(database: Database, running: str) -> set[str]:
    """Make a document of each kind of Ada's malformed, apart from her account and her billing; their paths."""
    everything = database.all()
    broken = {f"jobs/{running}": "price", f"jobs/{running}/private/state": "costMicroUsd"}
    fields = {"creations": "media", "sessions": "jobs", "posts": "likeCount", "likes": "postId", "reports": "reason"}
    fields |= {"socialClaims": "tokens", "commentRequests": "postId", "auditLogs": "at"}
    for collection, field in fields.items():
        found = {path: data for path, data in everything.items() if path.split("/")[:-1] == [collection]}
        broken[next(path for path, data in found.items() if data.get("uid", data.get("actor")) == ADA)] = field
    said = [path for path, data in everything.items() if "/comments/" in path and data["uid"] == ADA]
    broken |= dict.fromkeys(said, "text")
    entries = [path for path in everything if path.startswith(f"users/{ADA}/ledger/")]
    broken[entries[0]] = "amount"
    for path, field in broken.items():
        database.change(path, **{field: MARK if path not in said else {"note": "marked"}})
    return set(broken)


def test_the_export_has_them_as_they_are_stored(
    people: People, database: Database, gcs: Gcs, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = break_everything(database, people.running)  # type: ignore[attr-defined]
    monkeypatch.setattr("studiox.media.objects.signed_url", lambda path, _: f"https://signed.example/{path}")
    assert call(main.exportAccount, uid=ADA, email=ADDRESS[ADA]).ok
    [name] = [name for name in gcs.objects if name.startswith("exports/")]
    told: dict[str, Any] = json.loads(gcs.objects[name]["data"])
    hidden = {path for path in broken if "/private/" in path or path.startswith("commentRequests/")}
    assert json.dumps(told).count('"note": "marked"') == len(broken - hidden)
    assert {each["path"] for each in logged.lines("document_malformed")} == broken - hidden
    assert told["ledgerProof"]["proven"] is False, "an amount that is no number proves nothing"
    assert told["ledgerProof"]["entries"] == len(told["ledger"]) == database.need(f"users/{ADA}")["ledgerSeq"]


def test_deleting_the_account_takes_them_along(people: People, database: Database, gcs: Gcs, logged: Logged) -> None:
    broken = break_everything(database, people.running)  # type: ignore[attr-defined]
    assert delete().result == {"deleted": True}
    assert traces(database, gcs) == []
    kept = [path for path, data in database.all().items() if "marked" in repr(data)]
    assert sorted(path.split("/")[0] for path in kept) == ["auditLogs", "closedAccounts", "posts"], (
        "a comment's text stays"
    )
    assert pseudonym(ADA) in repr(database.need(kept[0])), "also within a field that should not hold it"
    assert {each["path"] for each in logged.lines("document_malformed")} <= broken
    assert f"jobs/{people.running}" in {each["path"] for each in logged.lines("document_malformed")}  # type: ignore[attr-defined]
    assert database.need(f"closedAccounts/{pseudonym(ADA)}")["state"] == "closed"


def test_what_met_a_malformed_post_of_another_goes_too(people: People, database: Database, gcs: Gcs) -> None:
    """The post's counts and its author's notification cannot be corrected: the like and the name go all the same."""
    assert people
    [bobs] = [post for post in database.under("posts").values() if post["uid"] == BOB]
    database.change(f"posts/{bobs['postId']}", likeCount="many")
    assert delete().result == {"deleted": True}
    left = [trace for trace in traces(database, gcs) if not trace.startswith(f"users/{BOB}/notifications/")]
    assert left == []
    [said] = database.under(f"posts/{bobs['postId']}/comments").values()
    assert said["uid"] is None


def test_an_account_that_cannot_be_read_is_not_closed(people: People, database: Database, logged: Logged) -> None:
    """Its balance is money: its deletion waits for a person, and everything else goes meanwhile."""
    assert people
    database.change(f"users/{ADA}", buckets="none")
    assert delete().code == "internal"
    assert database.get(f"closedAccounts/{pseudonym(ADA)}") is None
    assert "none" not in logged.getvalue()
