"""A Google Cloud project as the management APIs show it: what exists in it, and how its APIs refuse."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Resource = dict[str, Any]
NUMBER = "123456789012"
NOW = "2026-11-28T12:00:00.000000Z"
EVERYBODY = "allUsers"
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


class Refused(Exception):
    """An API's refusal, in the format that all of Google's APIs share."""

    def __init__(self, code: int, message: str, *, status: str = "", details: tuple[Resource, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.body: Resource = {
            "error": {"code": code, "message": message, "status": status or STATUSES.get(code, "UNKNOWN")}
        }
        if details:
            self.body["error"]["details"] = list(details)


@dataclass(frozen=True)
class Call:
    """One request to an API."""

    method: str
    host: str
    """The API's own host name, such as run.googleapis.com."""
    path: str
    query: Mapping[str, str]
    body: Any
    """The decoded JSON, bytes of another type, or None without a body."""

    @property
    def address(self) -> str:
        return f"{self.method} {self.host}{self.path}"


@dataclass
class Fault:
    """A fault for the calls whose address matches."""

    pattern: str
    act: Callable[[Call], None]
    """Called before the API; it may raise `Refused`."""
    skip: int
    """How many matching calls pass first."""
    times: int
    """How many calls it applies to."""


@dataclass
class Project:
    """What exists. Names are the full resource names (`projects/P/locations/L/functions/F`)."""

    id: str
    cpu_quota: float = 1_000.0
    """vCPUs that the functions' services may have, with one instance each."""
    forbids_everybody: bool = False
    """The organisation forbids `allUsers` (constraints/iam.allowedPolicyMemberDomains)."""
    index_listings: int = 1
    """How often a new index is listed as CREATING before it is READY."""

    services: dict[str, str] = field(default_factory=dict)
    """{API: ENABLED}"""
    functions: dict[str, Resource] = field(default_factory=dict)
    policies: dict[str, Resource] = field(default_factory=dict)
    """{resource: IAM policy}, of Run services, secrets, queues and the project itself."""
    unchecked: set[str] = field(default_factory=set)
    """Run services without Cloud Run's own check of callers."""
    queues: dict[str, Resource] = field(default_factory=dict)
    jobs: dict[str, Resource] = field(default_factory=dict)
    """Cloud Scheduler's jobs."""
    secrets: dict[str, list[str]] = field(default_factory=dict)
    """{secret's short name: the states of its versions, the first version first}"""
    auth: Resource = field(default_factory=dict)
    """Identity Platform's configuration."""
    databases: dict[str, Resource] = field(default_factory=dict)
    indexes: dict[str, Resource] = field(default_factory=dict)
    fields: dict[str, Resource] = field(default_factory=dict)
    rulesets: dict[str, Resource] = field(default_factory=dict)
    releases: dict[str, Resource] = field(default_factory=dict)
    repositories: dict[str, Resource] = field(default_factory=dict)
    sources: dict[str, bytes] = field(default_factory=dict)
    """{object: uploaded source of functions}"""
    versions: dict[str, Resource] = field(default_factory=dict)
    """Hosting's versions, each with its `files`: {path: hash}."""
    contents: dict[str, bytes] = field(default_factory=dict)
    """{hash: gzipped file} of Hosting."""
    released: list[str] = field(default_factory=list)
    """The names of Hosting's released versions, the newest last."""
    operations: dict[str, Resource] = field(default_factory=dict)

    calls: list[Call] = field(default_factory=list)
    """Every request, in order."""
    unknown: list[str] = field(default_factory=list)
    """The addresses of requests that the stand-in has no answer for."""
    faults: list[Fault] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    numbers: Any = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def account(self) -> str:
        """The account that functions run as unless they name another."""
        return f"{NUMBER}-compute@developer.gserviceaccount.com"

    def named(self, pattern: str, **changes: Any) -> str:
        """A new name, with a number for `{}`."""
        return pattern.format(next(self.numbers), **changes)

    def sent(self, pattern: str) -> list[Call]:
        """The calls whose address (`POST run.googleapis.com/v1/…`) matches."""
        return [call for call in self.calls if re.search(pattern, call.address)]

    def refuse(
        self, pattern: str, code: int, message: str, *, status: str = "", skip: int = 0, times: int = 1_000_000
    ) -> None:
        """Answer calls whose address matches with this error, after `skip` of them."""

        def act(_call: Call) -> None:
            raise Refused(code, message, status=status)

        self.faults.append(Fault(pattern, act, skip, times))

    def interrupt(self, pattern: str, act: Callable[[], None], *, skip: int = 0) -> None:
        """Do this once, when a call matches, after `skip` of them. The call is then answered 503."""

        def once(_call: Call) -> None:
            act()
            raise Refused(503, "The service is currently unavailable.")

        self.faults.append(Fault(pattern, once, skip, 1))

    def fall_silent(self, pattern: str, *, times: int = 1_000_000) -> None:
        """Close the connection of calls whose address matches, instead of an answer, as a lost network does."""

        def act(_call: Call) -> None:
            raise ConnectionResetError

        self.faults.append(Fault(pattern, act, 0, times))

    def operation(self, prefix: str, response: Resource | None = None, error: Resource | None = None) -> Resource:
        """A long-running operation that is done when it is asked for."""
        name = self.named(prefix + "/operations/operation-{}")
        outcome = {"error": error} if error else {"response": response or {}}
        self.operations[name] = {"name": name, "done": True, **outcome}
        return {"name": name, "done": False, "metadata": {"createTime": NOW}}

    def before(self, call: Call) -> None:
        """Record the call, and apply its fault. `Refused`."""
        with self.lock:
            self.calls.append(call)
            for fault in self.faults:
                if not re.search(fault.pattern, call.address):
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif fault.times:
                    fault.times -= 1
                    fault.act(call)


Answer = Resource | tuple[Resource, dict[str, str]]
Handler = Callable[..., Answer]
ROUTES: list[tuple[str, str, re.Pattern[str], Handler]] = []


def route(method: str, host: str, path: str) -> Callable[[Handler], Handler]:
    """Serve `path` of an API by a function of the project, the call, and the path's named groups.

    `{name}` in the path stands for one segment, `{name*}` for several.
    """
    pattern = re.sub(r"\\\{(\w+)\\\*\\\}", r"(?P<\1>[^:?]+)", re.escape(path))
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/:?]+)", pattern)

    def register(handler: Handler) -> Handler:
        ROUTES.append((method, f"{host}.googleapis.com", re.compile(pattern), handler))
        return handler

    return register


def get(store: Mapping[str, Resource], name: str, what: str = "Resource") -> Resource:
    """`Refused` with 404 if there is none."""
    if name not in store:
        raise Refused(404, f"{what} '{name}' was not found")
    return store[name]
