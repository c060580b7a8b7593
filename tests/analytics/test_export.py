"""What is exported: the fields that docs/analytics.md names and no others, by names that the stored documents have."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
import pytest
import sqlglot
import yaml
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery

from studiox.account_data import inventory
from studiox.kit.documents import Collection, Stored
from studiox.models import jobs, payments, posts
from studiox.models.ledger_store import LEDGER
from studiox.models.subscriptions import PLAN_EVENTS
from studiox.models.users import USERS
from tests.analytics.warehouse import COLLECTIONS, FOLDER, columns, exported, filled_in, names, paths, select
from tests.infra.configuration import ROOT

DOCS = (ROOT / "docs" / "analytics.md").read_text()
STRUCTS: Mapping[str, type[Stored]] = {
    collection: collection.struct
    for collection in (jobs.JOBS, jobs.STATES, payments.PAYMENTS, LEDGER, PLAN_EVENTS, USERS)
}
KEY = "__key__"
FILES = [f"{folder}/{name}" for folder in ("tables", "views") for name in names(folder)]
# Where a value says who somebody is, or was written by people or vendors.
PRIVATE = re.compile(
    r"email|name|photo|prompt|params|inputs|title|text|message|error$|raw|reason$|note|url|media|customer|hash|proof|session"
)


def rows(title: str) -> dict[str, set[str]]:
    """The table below a title of the page: {first cell: the names in code of the last cell}."""
    section = DOCS.split(f"## {title}\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): set(re.findall(r"`(\w+)`", row[-1])) for row in cells}


def type_of(struct: Any, path: tuple[str, ...]) -> Any:
    """The type of a document's field; KeyError if the struct has no field of this stored name."""
    for name in path:
        [struct] = [
            each for each in (struct, *get_args(struct)) if isinstance(each, type) and issubclass(each, msgspec.Struct)
        ]
        stored = {field.encode_name: field.name for field in msgspec.structs.fields(struct)}
        struct = typing.get_type_hints(struct)[stored[name]]
    return struct


def test_every_collection_of_the_export_is_one_of_the_products() -> None:
    assert set(COLLECTIONS) == set(names("tables"))
    assert set(COLLECTIONS.values()) == set(STRUCTS)


@pytest.mark.parametrize("table", names("tables"))
def test_a_table_reads_fields_that_the_documents_have(table: str) -> None:
    """Renaming one of them in models/ fails here, and its table has to follow."""
    struct = STRUCTS[COLLECTIONS[table]]
    fields = {path for path in paths(table) if path[0] != KEY and path[-1] != "provided"}
    assert fields
    for path in fields:
        assert type_of(struct, path) is not None


def test_a_renamed_field_would_be_seen() -> None:
    class Renamed(Stored, frozen=True):
        plan_id: str

    with pytest.raises(KeyError, match="plan"):
        type_of(Renamed, ("plan",))
    assert type_of(jobs.Job, ("error", "reason")) is jobs.FailureReason


def test_posts_states_share_no_field_with_what_is_read_of_jobs_states() -> None:
    """Both are in collections named `private`, so BigQuery gets one table of both."""
    assert str(posts.STATES) == str(jobs.STATES)
    read = {path[0] for path in paths("job_costs")} - {KEY}
    assert not read & {field.encode_name for field in msgspec.structs.fields(posts.STATES.struct)}


@pytest.mark.parametrize("table", names("tables"))
def test_r19_nothing_that_names_somebody_is_exported(table: str) -> None:
    taken = {".".join(path) for path in paths(table)} - {"__key__.name", "__key__.path", "error.reason"}
    assert [name for name in taken if PRIVATE.search(name.lower())] == []


def test_what_deleting_an_account_does_to_each_exported_collection() -> None:
    """`deleted`, `closed` and `by_domain` documents are in no later export; `moved` ones are under the pseudonym."""
    fate = {str(row.collection): row.at_deletion for row in inventory.OWNED if row.below != "posts"}
    assert {table: fate[collection] for table, collection in COLLECTIONS.items()} == {
        "users": "closed",
        "jobs": "by_domain",
        "job_costs": "by_domain",
        "plan_events": "deleted",
        "payments": "moved",
        "ledger": "moved",
    }


def test_the_page_lists_every_table_and_view_with_its_columns() -> None:
    assert rows("What is exported") == {table: set(columns(f"tables/{table}")) for table in names("tables")}
    assert rows("The views") == {view: set(columns(f"views/{view}")) for view in names("views")}


def test_compared_values_exist() -> None:
    known = {
        "status": {*get_args(payments.PaymentStatus), *get_args(jobs.JobStatus)},
        "failure": set(get_args(jobs.FailureReason)),
    }
    seen: set[tuple[str, str]] = set()
    for name in FILES:
        for node in sqlglot.parse_one(select(name), read="bigquery").find_all(exp.EQ, exp.In):
            if isinstance(node.this, exp.Column) and node.this.name in known:
                values = node.expressions if isinstance(node, exp.In) else [node.expression]
                seen |= {(node.this.name, value.this) for value in values}
    assert {column for column, _ in seen} == set(known)
    assert [(column, value) for column, value in seen if value not in known[column]] == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_bigquerys_sql_and_uses_none_of_its_reserved_words_as_a_name(name: str) -> None:
    parsed = sqlglot.parse_one(select(name), read="bigquery")
    assert not list(parsed.find_all(exp.Anonymous)), (
        "a function that sqlglot does not know, so that nothing was checked"
    )
    used = {identifier.name.lower() for identifier in parsed.find_all(exp.Identifier)}
    assert not used & BigQuery.Generator.RESERVED_KEYWORDS
    assert not any(identifier.args["quoted"] for identifier in parsed.find_all(exp.Identifier)), (
        "Terraform adds the project's name to `studiox.`"
    )
    assert select(name).count("\n-- ") + select(name).startswith("-- ") >= 1, "a file says what it is"


def test_a_script_reads_one_file_and_leaves_one_table() -> None:
    loaded = filled_in("load.sql", table="users", collection="users", select="SELECT 1 AS one FROM documents")
    assert [statement.split("(")[0].split("\n")[0] for statement in loaded] == [
        "CREATE OR REPLACE EXTERNAL TABLE `studiox-example`.studiox.exported",
        "CREATE OR REPLACE TABLE `studiox-example`.studiox.users AS",
        "DROP EXTERNAL TABLE `studiox-example`.studiox.exported",
    ]
    assert "uris = ['gs://FOLDER/all_namespaces/kind_users/all_namespaces_kind_users.export_metadata']" in loaded[0]
    [cleared] = filled_in("clear.sql", table="users", select="SELECT 1 AS one FROM documents")
    assert cleared.startswith(loaded[1].split("\n")[0])


def test_the_stand_in_for_bigquery_says_documents_as_its_documentation_does() -> None:
    documents: dict[str, dict[str, Any]] = {
        "a/1/kind/x": {"same": 1, "mixed": 1, "map": {"one": 1}},
        "b/2/kind/y": {"mixed": "m", "map": {"two": "2"}},
    }
    first, second = exported(documents, "kind")
    key = json.loads(first[KEY])
    assert (key["path"], key["kind"], key["name"], key["id"]) == ('"a", "1", "kind", "x"', "kind", "x", None)
    assert first["mixed"] == '{"provided": "integer", "integer": 1, "string": null}'
    assert (first["map"], second["map"]) == ('{"one": 1, "two": null}', '{"one": null, "two": "2"}')
    assert second["same"] == "null"


def test_collections_have_one_struct() -> None:
    assert all(isinstance(collection, Collection) for collection in STRUCTS)


def test_the_page_names_every_function_that_was_executed() -> None:
    sql = "\n".join(re.sub(r"(?m)--.*$", "", select(name)) for name in FILES)
    used = set(re.findall(r"\b([A-Z_]+)\(", sql)) - {"IN", "AS", "OVER", "WEEK"}
    page = DOCS.split("Executed in this way were the functions ")[1].split("\n\n")[0]
    assert set(re.findall(r"`([A-Z_]+)`", page)) == used


def workflow() -> dict[str, Any]:
    """The workflow, with something short in place of what Terraform puts in."""
    text = re.sub(r"(?<!\$)\$\{jsonencode\([^}]*\)\}", "[]", (FOLDER / "export.yaml").read_text())
    text = re.sub(r"(?<!\$)\$\{(\w+)\}", r"\1", text)
    found: dict[str, Any] = yaml.safe_load(text.replace("$${", "${"))
    return found


def expressions(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from re.findall(r"^\$\{(.*)\}$", value, re.DOTALL)
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from expressions(each)


def test_the_workflow_exports_then_loads_then_makes_the_views() -> None:
    steps = [(name, step) for each in workflow()["main"]["steps"] for name, step in each.items()]
    assert [name for name, _ in steps] == ["begin", "export", "load", "finish"]
    export = steps[1][1]["args"]["body"]
    assert export["snapshotTime"] == "${moment}"
    look, replace = steps[2][1]["for"]["steps"]
    assert look["look"]["call"] == "googleapis.storage.v1.objects.list"
    assert replace["replace"]["call"] == steps[3][1]["call"] == "run"
    [insert] = workflow()["run"]["steps"]
    assert insert["insert"]["args"]["body"]["configuration"]["query"] == {"query": "${query}", "useLegacySql": False}


def test_the_workflows_expressions_are_short_and_use_its_standard_library() -> None:
    """An expression has at most 400 characters."""
    found = list(expressions(workflow()))
    assert len(found) > 8
    assert [each for each in found if len(each) > 400] == []
    called = {name for each in found for name in re.findall(r"([\w.]+)\(", re.sub(r'"[^"]*"', '""', each))}
    assert called == {"if", "sys.get_env", "sys.now", "text.replace_all", "text.substring", "time.format"}
