"""Firestore's wire, watched: counts what crosses it and breaks it on purpose.

It stands around the one function that sends: what is counted was sent to the engine, and a fault is what the code under
test sees of a broken network.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from studiox.kit import rest

Step = Callable[[str, Any], None]

# Both as Firestore's own documentation maps them: https://cloud.google.com/apis/design/errors.
HTTP = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
METHODS = {
    "batchGet": "BatchGetDocuments",
    "commit": "Commit",
    "runQuery": "RunQuery",
    "runAggregationQuery": "RunAggregationQuery",
}


class Fault(Exception):
    """An answer of Firestore that is an error, or a connection that breaks."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text

    def answer(self, *, in_a_list: bool = False) -> tuple[int, bytes]:
        """As Firestore sends it. ConnectionResetError for UNAVAILABLE, TimeoutError for DEADLINE_EXCEEDED: so the
        network shows them."""
        if self.code == "UNAVAILABLE":
            raise ConnectionResetError(104, self.text)
        if self.code == "DEADLINE_EXCEEDED":
            raise TimeoutError(self.text)
        status = HTTP[self.code]
        error = {"error": {"code": status, "message": self.text, "status": self.code}}
        return status, json.dumps([error] if in_a_list else error).encode()


class _Plan:
    """What happens to the next `times` calls of a method."""

    def __init__(self, method: str, times: int, before: Step | None, after: Step | None, rows: int | None) -> None:
        self.method, self.times, self.before, self.after, self.rows = method, times, before, after, rows


class Rpcs:
    """The calls this process made to Firestore, in order, since the test began or `reset`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: list[_Plan] = []
        self.calls: list[str] = []
        self.requests: list[tuple[str, Any]] = []
        """(method, the request's JSON)"""
        self.addresses: list[str] = []
        self.timeouts: list[float] = []
        """How long each call waits for its answer, in seconds."""
        self.documents = 0
        """How many documents reads and queries delivered."""
        self.billed: Counter[str] = Counter()
        """`reads`, `writes` and `deletes` as Firestore bills them: a read for each document that is asked for, also an
        absent one, or that a query returns or skips, but at least one for each query; one for each thousand index
        entries of an aggregation, of which tests have less. Index entries and retries of the engine cost nothing."""
        self.queries: list[Any] = []
        """Every query's request since the test began, `reset` or not: each needs its index."""

    def reset(self) -> None:
        with self._lock:
            self.calls, self.requests, self.timeouts, self.addresses, self.documents = [], [], [], [], 0
            self.billed = Counter()

    def heal(self) -> None:
        """Drop every planned fault."""
        with self._lock:
            self._plans = []

    def count(self, method: str | None = None) -> int:
        """Round trips of this method (BatchGetDocuments, Commit, RunQuery, …), or of all."""
        return len(self.calls) if method is None else self.calls.count(method)

    def plan(
        self,
        method: str,
        *,
        times: int = 1,
        before: Step | None = None,
        after: Step | None = None,
        rows: int | None = None,
    ) -> None:
        """Run `before(method, request)` ahead of the next calls, `after` when the engine has answered.

        `rows`: the answer breaks behind so many of its parts.
        """
        with self._lock:
            self._plans.append(_Plan(method, times, before, after, rows))

    def before(self, method: str, act: Callable[[], object], *, times: int = 1) -> None:
        """Act just before the next calls of the method reach the engine: what another instance does meanwhile."""
        self.plan(method, times=times, before=lambda _method, _request: _run(act))

    def fail_before(self, method: str, *, times: int = 1, code: str = "UNAVAILABLE") -> None:
        """The next calls never reach the engine."""
        self.plan(method, times=times, before=_failing(code))

    def fail_after_apply(self, method: str, *, times: int = 1, code: str = "UNAVAILABLE") -> None:
        """The engine does what it was asked, and the answer is lost."""
        self.plan(method, times=times, after=_failing(code))

    def delay(self, method: str, seconds: float, *, times: int = 1) -> None:
        self.plan(method, times=times, before=lambda _method, _request: time.sleep(seconds))

    def _enter(self, address: str, body: bytes, timeout_s: float) -> tuple[str, Any, _Plan | None]:
        method = METHODS[address.rpartition(":")[2]]
        request = json.loads(body)
        with self._lock:
            self.calls.append(method)
            self.requests.append((method, request))
            self.addresses.append(address)
            self.timeouts.append(timeout_s)
            self.billed.update(_billed(method, request))
            if method in ("RunQuery", "RunAggregationQuery"):
                self.queries.append(request)
            plan = next((each for each in self._plans if each.method == method and each.times > 0), None)
            if plan is not None:
                plan.times -= 1
        return method, request, plan

    def carry(
        self, send: Callable[[str, bytes, float], tuple[int, bytes]], address: str, body: bytes, timeout_s: float
    ) -> tuple[int, bytes]:
        """Send this, unless a fault is planned, and return the answer, or a part of it."""
        method, request, plan = self._enter(address, body, timeout_s)
        try:
            if plan is not None and plan.before is not None:
                plan.before(method, request)
            status, answer = send(address, body, timeout_s)
            if plan is not None and plan.after is not None:
                if status == http.client.OK:
                    plan.after(method, request)
                else:
                    with self._lock:
                        plan.times += 1  # refused, as a commit by an old cache is: the next one loses its answer
        except Fault as fault:
            return fault.answer(in_a_list=method != "Commit")
        if status == http.client.OK:
            with contextlib.suppress(json.JSONDecodeError):  # the network cut it
                self._delivered(json.loads(answer), is_query=method == "RunQuery")
        if plan is not None and plan.rows is not None:
            return status, _broken(answer, plan.rows)
        return status, answer

    def _delivered(self, answer: Any, *, is_query: bool) -> None:
        """Count what an answer delivered. A query's first document is billed with the query."""
        parts = answer if isinstance(answer, list) else []
        documents = sum("found" in part or "document" in part for part in parts)
        with self._lock:
            self.documents += documents
            self.billed["reads"] += sum(part.get("skippedResults", 0) for part in parts)
            self.billed["reads"] += max(0, documents - 1) if is_query else 0


def _billed(method: str, request: Mapping[str, Any]) -> dict[str, int]:
    """What a request costs, but for the documents that a query returns beyond the first."""
    match method:
        case "BatchGetDocuments":
            return {"reads": len(request["documents"])}
        case "RunQuery" | "RunAggregationQuery":
            return {"reads": 1}
        case "Commit":
            deletes = sum("delete" in write for write in request["writes"])
            return {"writes": len(request["writes"]) - deletes, "deletes": deletes}
    return {}


def _broken(answer: bytes, rows: int) -> bytes:
    """The beginning of a list, behind so many of its parts, as it was read when the connection ended."""
    whole = json.loads(answer)
    shown = json.dumps(whole[:rows])[:-1]
    return f"{shown},".encode() if rows else shown.encode()


def _failing(code: str) -> Step:
    def fail(method: str, _request: Any) -> None:
        raise Fault(code, f"{method} broken by the test")

    return fail


def _run(act: Callable[[], object]) -> None:
    act()


UNWATCHED = rest.Connections.send


def watch(rpcs: Callable[[], Rpcs], replace: Callable[[object, str, Any], object]) -> None:
    """Let the current Rpcs watch every connection to Firestore."""

    def watched(connections: rest.Connections, address: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        return rpcs().carry(lambda *asked: UNWATCHED(connections, *asked), address, body, timeout_s)

    replace(rest.Connections, "send", watched)
