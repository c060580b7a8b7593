"""BigQuery's part in the export for analysts, played by DuckDB.

The scripts are those of infra/analytics, filled in as Terraform fills them in. sqlglot says them in DuckDB's words.
What BigQuery reads from the files of an export is made here from the documents, in the form that its documentation
gives (Loading data from Firestore exports; Loading data from Datastore exports).
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tests.infra.configuration import INFRA, local_values

FOLDER = INFRA / "analytics"
PROJECT = "studiox-example"
COLLECTIONS: Mapping[str, str] = local_values()["collections"]
"""The collection's name, by table."""
KINDS = {bool: "boolean", int: "integer", float: "float", str: "string", datetime: "date_time", dict: "entity"}
Documents = Mapping[str, Mapping[str, Any]]


def select(name: str) -> str:
    """A file of tables/ or views/, by its name there: `views/revenue`."""
    return (FOLDER / f"{name}.sql").read_text().strip()


def names(folder: str) -> list[str]:
    return sorted(path.stem for path in (FOLDER / folder).glob("*.sql"))


def filled_in(template: str, **values: str) -> list[str]:
    """The statements of a script, as Terraform's templatefile makes it."""
    text = string.Template((FOLDER / template).read_text()).substitute(project=PROJECT, **values)
    return [statement.strip() for statement in re.sub(r"(?m)--.*$", "", text).split(";") if statement.strip()]


class Warehouse:
    """The dataset after an export of these documents, {path: data}, at this moment."""

    def __init__(self, documents: Documents, moment: datetime) -> None:
        offline: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        self._connection = duckdb.connect(config=offline)
        # BigQuery computes days in UTC.
        self._say(f'ATTACH \':memory:\' AS "{PROJECT}"; CREATE SCHEMA "{PROJECT}".studiox; USE "{PROJECT}"')
        self._say("SET TimeZone = 'UTC'")
        for table, collection in COLLECTIONS.items():
            rows = exported(documents, collection)
            script = "load.sql" if rows else "clear.sql"
            for statement in filled_in(script, table=table, collection=collection, select=select(f"tables/{table}")):
                if statement.startswith("CREATE OR REPLACE EXTERNAL TABLE"):
                    assert f"kind_{collection}.export_metadata" in statement
                    self._put(rows)
                else:
                    self._run(statement)
        self._run(f"CREATE OR REPLACE TABLE studiox.as_of AS SELECT TIMESTAMP '{moment:%Y-%m-%dT%H:%M:00Z}' AS moment")
        for view in names("views"):
            for statement in filled_in("view.sql", view=view, select=select(f"views/{view}")):
                self._run(statement)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Every row of a table or a view, in any order."""
        found = self._connection.execute(f'SELECT * FROM studiox."{name}"')
        columns = [column[0] for column in found.description]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def total(self, name: str, column: str, **equal: Any) -> Any:
        """The sum of a column over the rows that have these values."""
        kept = [row for row in self.rows(name) if all(row[key] == value for key, value in equal.items())]
        return sum(row[column] for row in kept)

    def everything(self) -> str:
        """All that analysts can see."""
        found = self._connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        return "\n".join(f"{name}: {self.rows(name)}" for (name,) in found)

    def _put(self, rows: Sequence[Mapping[str, str]]) -> None:
        columns = ", ".join(f'"{name}" JSON' for name in rows[0])
        self._say(f"CREATE OR REPLACE TABLE studiox.exported ({columns})")
        marks = ", ".join("?" for _ in rows[0])
        self._connection.executemany(
            f"INSERT INTO studiox.exported VALUES ({marks})", [[*row.values()] for row in rows]
        )

    def _run(self, statement: str) -> None:
        if statement.startswith("DROP EXTERNAL TABLE"):
            self._say("DROP TABLE studiox.exported")
            return
        parsed = sqlglot.parse_one(statement, read="bigquery")
        # Of a date it is a date in BigQuery, and a time in DuckDB.
        said = parsed.transform(lambda node: exp.cast(node, "DATE") if isinstance(node, exp.DateTrunc) else node)
        self._say(said.sql("duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE))

    def _say(self, sql: str) -> None:
        self._connection.execute(sql)


def exported(documents: Documents, collection: str) -> list[dict[str, str]]:
    """What BigQuery makes of the collection's documents, wherever they are: each column's value as JSON.

    Each field that any document has is a column. A field with values of several types is a record with a part for each.
    """
    found = {path: data for path, data in documents.items() if path.split("/")[-2] == collection}
    fields = sorted({name for data in found.values() for name in data})
    columns = {name: _column([data.get(name) for data in found.values()]) for name in fields}
    keys = [_key(path) for path in found]
    return [
        {"__key__": json.dumps(key)} | {name: json.dumps(values[number]) for name, values in columns.items()}
        for number, key in enumerate(keys)
    ]


def _key(path: str) -> dict[str, Any]:
    parts = path.split("/")
    flattened = ", ".join(json.dumps(part) for part in parts)
    return {"namespace": "", "app": "", "path": flattened, "kind": parts[-2], "name": parts[-1], "id": None}


def _column(values: Sequence[Any]) -> list[Any]:
    """A field's value in each document, None where there is none, as TO_JSON says it."""
    kinds = {KINDS[type(value)] for value in values if value is not None and not isinstance(value, list)}
    if len(kinds) > 1:
        parts = {kind: _column([value if _is(value, kind) else None for value in values]) for kind in sorted(kinds)}
        given = [None if value is None else KINDS[type(value)] for value in values]
        return [
            {"provided": kind} | {name: part[number] for name, part in parts.items()}
            for number, kind in enumerate(given)
        ]
    if kinds == {"entity"}:
        fields = sorted({name for value in values if value for name in value})
        parts = {name: _column([value.get(name) if value else None for value in values]) for name in fields}
        return [{name: part[number] for name, part in parts.items()} for number in range(len(values))]
    return [_plain(value) for value in values]


def _is(value: Any, kind: str) -> bool:
    return value is not None and KINDS[type(value)] == kind


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return [_plain(each) for each in value] if isinstance(value, list) else value


def columns(name: str) -> list[str]:
    """The names of the columns that a file's SELECT makes."""
    parsed = sqlglot.parse_one(select(name), read="bigquery")
    assert isinstance(parsed, exp.Query)
    return parsed.named_selects


def paths(table: str) -> set[tuple[str, ...]]:
    """The fields of a document that a table is made of: `("error", "reason")`."""
    found = re.findall(r"JSON_VALUE\(document, '\$\.([\w.]+)'\)", select(f"tables/{table}"))
    return {tuple(path.split(".")) for path in found}
