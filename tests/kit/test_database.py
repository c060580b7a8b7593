"""The database is a parameter: with another one every read, query and commit goes there, and the default one stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import main
from studiox.kit import firestore
from tests.conftest import forget_all
from tests.support import Database, Rpcs, call, schedule


@pytest.fixture
def restored(project: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A second database of the test's project, which the functions use."""
    monkeypatch.setenv("FIRESTORE_DATABASE", "restored")
    forget_all()
    second = Database(project=project, name="restored")
    yield second
    second.clear()


def test_the_functions_use_the_database_of_the_parameter(restored: Database, database: Database, rpcs: Rpcs) -> None:
    assert call(main.initializeUser, {}, uid="ada").ok  # a commit
    assert call(main.getUserBalance, {}, uid="ada").result["balance"] == 200  # a read
    assert call(main.getTokenTransactions, {}, uid="ada").result["transactions"]  # a query
    assert call(main.getJobStats, {}, uid="ada").result["total"] == 0  # an aggregation
    assert schedule(main.dispatchStudioJobs).status == 200
    assert schedule(main.auditLedger).status == 200
    assert restored.need("users/ada")["balance"] == 200
    assert database.all() == {}, "nothing went to the default database"
    name = firestore.database()
    assert name.endswith("/databases/restored")
    assert {"Commit", "BatchGetDocuments", "RunQuery", "RunAggregationQuery"} <= {method for method, _ in rpcs.requests}
    assert all(f"/v1/{name}/documents" in address for address in rpcs.addresses)
    assert not [request for _, request in rpcs.requests if "(default)" in str(request)]
