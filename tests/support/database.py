"""The test's own eyes on Firestore: over REST, so that nothing of the code under test is between, nor counted."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import urllib.parse
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import urllib3

_pool = urllib3.PoolManager(maxsize=32, retries=False)
_OWNER = {"Authorization": "Bearer owner", "Content-Type": "application/json"}  # past every rule, in emulators only


class Database:
    """A database of the current test's project."""

    def __init__(self, host: str | None = None, project: str | None = None, name: str = "(default)") -> None:
        self._root = f"http://{host or os.environ['FIRESTORE_EMULATOR_HOST']}"
        self._name = f"projects/{project or os.environ['GCLOUD_PROJECT']}/databases/{name}"

    def _ask(self, method: str, address: str, body: object = None) -> Any:
        sent = None if body is None else json.dumps(body)
        answer = _pool.request(method, f"{self._root}/{address}", body=sent, headers=_OWNER)
        if answer.status != 200:
            raise RuntimeError(f"{method} {address}: {answer.status} {answer.data[:500]!r}")
        return json.loads(answer.data)

    def get(self, path: str) -> dict[str, Any] | None:
        """The document's data, None if there is none."""
        # By its name in the body: a ledger entry's id has a colon, which in an address begins a method's name.
        [row] = self._ask("POST", f"v1/{self._name}/documents:batchGet", {"documents": [self._full(path)]})
        return _fields(row["found"]) if "found" in row else None

    def need(self, path: str) -> dict[str, Any]:
        """The data of a document that must exist."""
        found = self.get(path)
        assert found is not None, f"{path} does not exist"
        return found

    def put(self, path: str, data: Mapping[str, Any]) -> None:
        """Write the whole document, as another instance or a seed would."""
        self._commit({"update": {"name": self._full(path), "fields": _encoded_fields(data)}})

    def apply(self, put: Mapping[str, Mapping[str, Any]], delete: Iterable[str] = ()) -> None:
        """Write these whole documents by their paths and delete those, in one commit."""
        updates = [{"update": {"name": self._full(path), "fields": _encoded_fields(put[path])}} for path in put]
        self._commit(*updates, *({"delete": self._full(path)} for path in delete))

    def change(self, path: str, **fields: Any) -> None:
        """Set these top-level fields of an existing document."""
        self.put(path, {**self.need(path), **fields})

    def delete(self, path: str) -> None:
        self._commit({"delete": self._full(path)})

    def _full(self, path: str) -> str:
        return f"{self._name}/documents/{path}"

    def _commit(self, *writes: Mapping[str, Any]) -> None:
        self._ask("POST", f"v1/{self._name}/documents:commit", {"writes": writes})

    def all(self) -> dict[str, dict[str, Any]]:
        """{path: data} of every document there is, in order of the paths."""
        return _decoded_all(self._stored({"allDescendants": True}))

    def under(self, collection: str) -> dict[str, dict[str, Any]]:
        """{id: data} of the collection at this path, without what lies deeper."""
        parent, _, name = collection.rpartition("/")
        found = _decoded_all(self._stored({"collectionId": name}, parent))
        return {path.rsplit("/", 1)[1]: data for path, data in found.items()}

    def hash(self, *ignored: str) -> str:
        """A hash of the whole database; collections named in `ignored` are left out (faults I22)."""
        stored = {_path(each): each.get("fields") for each in self._stored({"allDescendants": True})}
        kept = {path: fields for path, fields in stored.items() if path.split("/")[0] not in ignored}
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()

    def _stored(self, source: Mapping[str, Any], parent: str = "") -> list[Mapping[str, Any]]:
        """The documents as the engine sends them."""
        address = urllib.parse.quote(self._full(parent).rstrip("/"))
        answer = self._ask("POST", f"v1/{address}:runQuery", {"structuredQuery": {"from": [source]}}) or []
        return [row["document"] for row in answer if "document" in row]

    def clear(self) -> None:
        self._ask("DELETE", f"emulator/v1/{self._name}/documents")


def _path(document: Mapping[str, Any]) -> str:
    return str(document["name"]).split("/documents/", 1)[1]


def _decoded_all(documents: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return dict(sorted((_path(each), _fields(each)) for each in documents))


def _fields(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _decoded(value) for name, value in sorted(document.get("fields", {}).items())}


def _decoded(value: Mapping[str, Any]) -> Any:
    """https://cloud.google.com/firestore/docs/reference/rest/v1/Value"""
    ((kind, held),) = value.items()
    match kind:
        case "nullValue":
            return None
        case "integerValue":
            return int(held)
        case "doubleValue":
            return float(held)
        case "timestampValue":
            return datetime.fromisoformat(held)
        case "bytesValue":
            return base64.b64decode(held)
        case "arrayValue":
            return [_decoded(item) for item in held.get("values", [])]
        case "mapValue":
            return _fields(held)
        case _:
            return held


def _encoded_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _encoded(value) for name, value in data.items()}


def _encoded(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"nullValue": None}
        case bool():
            return {"booleanValue": value}
        case int():
            return {"integerValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case datetime():
            return {"timestampValue": value.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        case bytes():
            return {"bytesValue": base64.b64encode(value).decode()}
        case list() | tuple():
            return {"arrayValue": {"values": [_encoded(item) for item in value]}}
        case Mapping():
            return {"mapValue": {"fields": _encoded_fields(value)}}
    raise TypeError(type(value).__name__)
