"""The inventory of what a person owns: no collection is missing in it, and export and deletion do as it says."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import Any

import pytest

import main
import studiox.models
from local.generate.seed import DATA
from studiox.account_data import inventory
from studiox.account_data.inventory import IMPERSONAL, OWNED, Owned
from studiox.kit.documents import Collection, encode
from studiox.models.users import pseudonym, user_path
from tests.account_data.conftest import ADA, ADDRESS
from tests.account_data.test_deletion import assert_gone, delete
from tests.media.servers import Gcs
from tests.rules import table
from tests.support import Database, call
from tests.support.exported import collections
from tests.support.samples import sample

INVENTED = {"secrets", "deeper", "a_collection_of_tomorrow"}
"""Collections that only the tests of the security rules know."""


def modeled() -> set[str]:
    """Every collection that has a constant in `models/`."""
    modules = [
        importlib.import_module(f"studiox.models.{each.name}") for each in pkgutil.iter_modules(studiox.models.__path__)
    ]
    return {str(value) for module in modules for value in vars(module).values() if isinstance(value, Collection)}


def test_every_collection_is_listed_as_owned_or_impersonal() -> None:
    served = collections(DATA)
    assert {"users", "ledger", "jobs", "private", "posts", "comments", "likes", "auditLogs"} <= served
    assert {"posts", "comments", "cleanups", "mail"} <= modeled()
    known = (table.COLLECTIONS - INVENTED) | modeled() | served
    owned = {row.collection for row in OWNED}
    assert known - owned - set(IMPERSONAL) == set(), "list it in account_data/inventory.py"
    assert (owned | set(IMPERSONAL)) - known == set(), "it no longer exists"
    assert owned.isdisjoint(IMPERSONAL)


def test_every_row_is_complete() -> None:
    names = [row.name for row in OWNED]
    assert len(set(names)) == len(names)
    sections = [row.exported_as for row in OWNED if row.exported_as]
    assert len(set(sections)) == len(sections)
    for row in OWNED:
        assert row.exported_as or row.note, f"{row.name}: why is it not exported?"
        assert row.at_deletion != "by_domain" or row.note, f"{row.name}: who deletes it?"
        assert (row.owner == inventory.PATH) == (row.below == "users"), row.name
    assert all(IMPERSONAL.values())


def planted(row: Owned, field: str) -> dict[str, Any]:
    """A valid document of the row's collection that names Ada in this field, and a field that no struct knows."""
    value = user_path(ADA) if field == row.path_field else ADA
    known = encode(sample(row.collection.struct)) if isinstance(row.collection, Collection) else {}
    return {**known, field: value, "note": f"planted for {row.name}"}


def plant(database: Database) -> None:
    """One more document of Ada's in every collection that no domain handles."""
    for row in OWNED:
        if row.at_deletion in ("by_domain", "closed") or row.collection == "ledger":
            continue
        if row.owner == inventory.PATH:
            database.put(f"users/{ADA}/{row.collection}/planted", planted(row, "about"))
        elif row.owner == inventory.ID:
            database.put(f"{row.collection}/{ADA}", planted(row, "uid"))
        else:
            for field in filter(None, (row.owner, row.path_field)):
                database.put(f"{row.collection}/planted-{field}", planted(row, field))


@pytest.mark.malformed("a field that no struct knows")
@pytest.mark.usefixtures("people")
def test_deleting_an_account_reaches_every_row(database: Database, gcs: Gcs) -> None:
    plant(database)
    before = {path: data for path, data in database.all().items() if ADA in path + repr(data)}
    for row in OWNED:
        if row.collection != "cleanups":  # the deletion itself makes these
            assert [path for path in before if row.name == "/".join(path.split("/")[::2])], f"{row.name} is not tried"
    assert delete().ok
    assert_gone(database, gcs)
    for row in OWNED:
        planted_paths = [f"{row.collection}/planted-{field}" for field in (row.owner, row.path_field) if field]
        if row.at_deletion == "renamed":
            for path in planted_paths:
                assert pseudonym(ADA) in repr(database.need(path)), "kept, under the pseudonym"
        elif row.at_deletion == "moved" and row.collection != "ledger":
            assert database.need(f"closedAccounts/{pseudonym(ADA)}/{row.collection}/planted")
        else:
            assert not [path for path in planted_paths if database.get(path)]


@pytest.mark.malformed("a field that no struct knows")
@pytest.mark.usefixtures("people")
def test_an_export_has_every_row(database: Database, gcs: Gcs, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(database)
    monkeypatch.setattr("studiox.media.objects.signed_url", lambda path, _: f"https://signed.example/{path}")
    assert call(main.exportAccount, uid=ADA, email=ADDRESS[ADA]).ok
    [name] = [name for name in gcs.objects if name.startswith("exports/")]
    told = json.loads(gcs.objects[name]["data"])
    sections = [name for name, _ in sorted(inventory.exported(), key=lambda each: each[1].owner != inventory.ID)]
    assert list(told) == ["exportedAt", "uid", *sections, "uploads", "ledgerProof"]
    for section, row in inventory.exported():
        assert told[section], f"{section} is empty"
        if row.at_deletion not in ("by_domain", "closed") and section != "ledger":
            assert f"planted for {row.name}" in json.dumps(told[section])
    for row in OWNED:
        if row.exported_as is None:
            assert f"planted for {row.name}" not in json.dumps(told)
