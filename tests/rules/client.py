"""A client that is under the rules: Firestore over REST with an unsigned ID token, and the rules' own reports."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Mapping
from typing import Any

import urllib3

from tests.support.calls import unsigned
from tests.support.database import _encoded_fields

RULES = pathlib.Path(__file__).parents[2] / "firestore.rules"
_pool = urllib3.PoolManager(maxsize=4, retries=False)

Query = Mapping[str, Any]


class Refused(Exception):
    """The engine answered with neither success nor a rule's refusal: the test asked for nonsense."""


class Client:
    """Somebody's requests to one project; `token` is None for who is not signed in."""

    def __init__(self, host: str, project: str, token: str | None) -> None:
        self._documents = f"http://{host}/v1/projects/{project}/databases/(default)/documents"
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def _may(self, method: str, address: str, body: object = None) -> bool:
        sent = None if body is None else json.dumps(body)
        answer = _pool.request(method, self._documents + address, body=sent, headers=self._headers)
        if answer.status == 403:
            return False
        if answer.status not in (200, 404):
            raise Refused(f"{method} {address}: {answer.status} {answer.data[:300]!r}")
        return True

    def get(self, path: str) -> bool:
        """Whether the document may be read, one that is absent included."""
        return self._may("GET", f"/{path}")

    def create(self, path: str, data: Mapping[str, Any]) -> bool:
        return self._may("PATCH", f"/{path}?currentDocument.exists=false", {"fields": _encoded_fields(data)})

    def update(self, path: str, data: Mapping[str, Any], mask: list[str] | None = None) -> bool:
        """Set these fields of an existing document; `mask` names those to take away too."""
        fields = "".join(f"&updateMask.fieldPaths={name}" for name in mask or data)
        return self._may("PATCH", f"/{path}?currentDocument.exists=true{fields}", {"fields": _encoded_fields(data)})

    def delete(self, path: str) -> bool:
        return self._may("DELETE", f"/{path}")

    def list(self, path: str, **query: Any) -> bool:
        """Whether the query of the collection at `path` may run."""
        parent, asked = _structured(path, **query)
        return self._may("POST", f"{parent}:runQuery", {"structuredQuery": asked})

    def listed(self, path: str, page_size: int) -> bool:
        """The same by the API's own method for lists, which knows no query."""
        return self._may("GET", f"/{path}?pageSize={page_size}")

    def count(self, path: str, **query: Any) -> bool:
        parent, asked = _structured(path, **query)
        aggregation = {"structuredQuery": asked, "aggregations": [{"alias": "n", "count": {}}]}
        return self._may("POST", f"{parent}:runAggregationQuery", {"structuredAggregationQuery": aggregation})


def _structured(
    path: str,
    *,
    equal: Mapping[str, Any] | None = None,
    newest: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    group: bool = False,
) -> tuple[str, Query]:
    """https://cloud.google.com/firestore/docs/reference/rest/v1/StructuredQuery, and its parent's address."""
    parent, _, collection = path.rpartition("/")
    query: dict[str, Any] = {"from": [{"collectionId": collection, "allDescendants": group}]}
    filters = [
        {"fieldFilter": {"field": {"fieldPath": name}, "op": "EQUAL", "value": value}}
        for name, value in _encoded_fields(equal or {}).items()
    ]
    if filters:
        query["where"] = {"compositeFilter": {"op": "AND", "filters": filters}}
    if newest:
        query["orderBy"] = [{"field": {"fieldPath": newest}, "direction": "DESCENDING"}]
    if limit is not None:
        query["limit"] = limit
    if offset is not None:
        query["offset"] = offset
    return f"/{parent}" if parent and not group else "", query


def token(uid: str, **claims: Any) -> str:
    """An ID token as the Auth emulator makes them."""
    issued = int(time.time())
    return unsigned({"sub": uid, "user_id": uid, "iat": issued, "exp": issued + 3600, **claims})


def load(host: str, project: str, rules: str) -> None:
    """Put the project under these rules; ValueError with the engine's words if it cannot read them."""
    files = {"rules": {"files": [{"name": "firestore.rules", "content": rules}]}}
    address = f"http://{host}/emulator/v1/projects/{project}:securityRules"
    answer = _pool.request("PUT", address, body=json.dumps(files), headers={"Content-Type": "application/json"})
    if answer.status != 200:
        raise ValueError(answer.data.decode())


def outcomes(host: str, project: str) -> dict[int, set[bool]]:
    """{line of the rules: what the function or condition that begins there came out as}; an error is a denial."""
    answer = _pool.request("GET", f"http://{host}/emulator/v1/projects/{project}:ruleCoverage")
    found: dict[int, set[bool]] = {}
    for root in json.loads(answer.data)["report"]:
        seen = {value["value"].get("boolValue", False) for value in root.get("values", [])}
        found.setdefault(root["sourcePosition"]["line"], set()).update(seen)
    return found
