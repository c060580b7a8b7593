"""A stand-in of Secret Manager's REST API (https://cloud.google.com/secret-manager/docs/reference/rest), in memory.

`answer` serves a request, so that the stand-in of several Google APIs can pass its requests on; `served` is a server of
its own. Secrets, versions and their states, access policies, pages, and Google's errors in Google's words.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

PAGE = 3
"""Small, so that every listing has several pages."""
_ADDRESS = re.compile(
    r"/v1(?:beta1)?/projects/(?P<project>[^/]+)/secrets(?:/(?P<secret>[^/:]+))?"
    r"(?P<versions>/versions)?(?:/(?P<version>\w+))?(?::(?P<verb>\w+))?"
)


class Answer(NamedTuple):
    """What goes back: the HTTP status and the JSON body."""

    status: int
    body: Mapping[str, Any]


class Failure(NamedTuple):
    """An error that the API answers to everything."""

    status: int
    code: str
    message: str
    reason: str = ""
    service: str = "secretmanager.googleapis.com"

    @property
    def answer(self) -> Answer:
        details: list[dict[str, Any]] = []
        if self.reason:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            details = [
                {
                    "@type": kind,
                    "reason": self.reason,
                    "domain": "googleapis.com",
                    "metadata": {"service": self.service},
                }
            ]
        error = {"code": self.status, "status": self.code, "message": self.message, "details": details}
        return Answer(self.status, {"error": error})


class SecretManager:
    """The secrets of one project."""

    def __init__(self, project: str) -> None:
        self.project = project
        self.values: dict[str, list[bytes]] = {}
        """{secret: the values of its versions, from version 1 on}"""
        self.states: dict[str, list[str]] = {}
        self.policies: dict[str, Any] = {}
        self.failure: Failure | None = None
        self.requests: list[tuple[str, str]] = []
        """(method, path with query) of every request."""
        self.lock = threading.Lock()

    def add(self, name: str, *values: str, state: str = "ENABLED") -> None:
        """Store these values as new versions, oldest first."""
        self.values.setdefault(name, []).extend(value.encode() for value in values)
        self.states.setdefault(name, []).extend(state for _ in values)

    def newest(self, name: str) -> str:
        return self.values[name][-1].decode()

    def answer(self, method: str, path: str, body: Mapping[str, Any]) -> Answer | None:
        """The answer to a request, `path` with its query. None if it is not for Secret Manager."""
        parts = urllib.parse.urlsplit(path)
        matched = _ADDRESS.fullmatch(parts.path)
        if matched is None:
            return None
        with self.lock:
            self.requests.append((method, path))
            if self.failure is not None:
                return self.failure.answer
            if matched["project"] != self.project:
                said = f"Permission denied on resource project {matched['project']}."
                return Failure(403, "PERMISSION_DENIED", said, "CONSUMER_INVALID").answer
            query = dict(urllib.parse.parse_qsl(parts.query))
            return self._answer(method, matched, query, body)

    def _answer(self, method: str, at: re.Match[str], query: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
        name, verb = at["secret"], at["verb"]
        if name is None:
            return self._create(query["secretId"]) if method == "POST" else self._secrets(query)
        full = f"projects/{self.project}/secrets/{name}"
        if name not in self.values:
            return Failure(404, "NOT_FOUND", f"Secret [{full}] not found.").answer
        if at["version"] is not None:
            return self._version(name, at["version"], verb)
        if at["versions"]:
            numbers = range(len(self.values[name]), 0, -1)
            return _page("versions", [self._described(name, number) for number in numbers], query)
        match verb:
            case "addVersion":
                self.add(name, base64.b64decode(body["payload"]["data"]).decode())
                return Answer(200, self._described(name, len(self.values[name])))
            case "getIamPolicy":
                return Answer(200, self.policies.get(name, {"etag": "BwX="}))
            case "setIamPolicy":
                self.policies[name] = body["policy"]
                return Answer(200, self.policies[name])
        return Answer(200, {"name": full, "replication": {"automatic": {}}})

    def _create(self, name: str) -> Answer:
        full = f"projects/{self.project}/secrets/{name}"
        if name in self.values:
            return Failure(409, "ALREADY_EXISTS", f"Secret [{full}] already exists.").answer
        self.values[name], self.states[name] = [], []
        return Answer(200, {"name": full, "replication": {"automatic": {}}})

    def _secrets(self, query: Mapping[str, str]) -> Answer:
        listed = [
            {"name": f"projects/{self.project}/secrets/{name}", "replication": {"automatic": {}}}
            for name in self.values
        ]
        return _page("secrets", listed, query)

    def _version(self, name: str, version: str, verb: str | None) -> Answer:
        number = len(self.values[name]) if version == "latest" else int(version)
        full = f"projects/{self.project}/secrets/{name}/versions/{version}"
        if not 1 <= number <= len(self.values[name]):
            return Failure(404, "NOT_FOUND", f"Secret Version [{full}] not found.").answer
        state = self.states[name][number - 1]
        if verb == "access":
            if state != "ENABLED":
                said = f"Secret Version [{full}] is in {state} state."
                return Failure(400, "FAILED_PRECONDITION", said).answer
            data = base64.b64encode(self.values[name][number - 1]).decode()
            return Answer(200, {**self._described(name, number), "payload": {"data": data}})
        if verb in ("disable", "enable", "destroy"):
            if state == "DESTROYED":
                return Failure(400, "FAILED_PRECONDITION", f"Secret Version [{full}] is destroyed.").answer
            self.states[name][number - 1] = {"disable": "DISABLED", "enable": "ENABLED", "destroy": "DESTROYED"}[verb]
            if verb == "destroy":
                self.values[name][number - 1] = b""
        return Answer(200, self._described(name, number))

    def _described(self, name: str, number: int) -> dict[str, Any]:
        return {
            "name": f"projects/{self.project}/secrets/{name}/versions/{number}",
            "state": self.states[name][number - 1],
            "createTime": "2026-11-01T00:00:00Z",
        }


def _page(field: str, listed: list[dict[str, Any]], query: Mapping[str, str]) -> Answer:
    begin = int(query.get("pageToken") or 0)
    more = begin + PAGE < len(listed)
    page = {field: listed[begin : begin + PAGE], **({"nextPageToken": str(begin + PAGE)} if more else {})}
    return Answer(200, page if listed else {})


class Functions:
    """What Cloud Functions lists of the deployed functions: `bound` is {function: {secret: version}}."""

    def __init__(self, project: str) -> None:
        self.project = project
        self.bound: dict[str, dict[str, str]] = {}
        self.failure: Failure | None = None

    def answer(self, method: str, path: str, _body: Mapping[str, Any]) -> Answer | None:
        parts = urllib.parse.urlsplit(path)
        if method != "GET" or parts.path != f"/v2/projects/{self.project}/locations/-/functions":
            return None
        if self.failure is not None:
            return self.failure.answer
        root = f"projects/{self.project}/locations/us-central1/functions"
        listed = [
            {
                "name": f"{root}/{name}",
                "serviceConfig": {
                    "secretEnvironmentVariables": [
                        {"key": secret, "projectId": self.project, "secret": secret, "version": version}
                        for secret, version in bound.items()
                    ]
                },
            }
            for name, bound in self.bound.items()
        ]
        return _page("functions", listed, dict(urllib.parse.parse_qsl(parts.query)))


@contextlib.contextmanager
def served(*apis: SecretManager | Functions) -> Iterator[str]:
    """The address of a server on loopback that answers with the first of these that knows the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(sent) if sent else {}
            answers = (api.answer(self.command, self.path, body) for api in apis)
            found = next((each for each in answers if each is not None), Answer(404, {"error": "not stood in for"}))
            said = json.dumps(found.body).encode()
            self.send_response(found.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nothing: the output is the tests'."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
