"""Firestore's wire, watched: counts what crosses it and breaks it on purpose.

An interceptor on the client's real channel: what is counted was sent to the engine, and a fault is what the
client library sees of a broken network.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]
from google.cloud.firestore_v1 import base_client

from studiox.kit import firestore

Step = Callable[[str, Any], None]


class Fault(grpc.RpcError):  # type: ignore[misc]
    """What grpc raises when the network or the server breaks."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self._code, self._text = code, text

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._text

    def result(self) -> NoReturn:
        """Interceptors further out look at a failed call's result."""
        raise self

    def initial_metadata(self) -> tuple[()]:
        return ()

    def trailing_metadata(self) -> tuple[()]:
        return ()


class _Plan:
    """What happens to the next `times` calls of a method."""

    def __init__(self, method: str, times: int, before: Step | None, after: Step | None, rows: int | None) -> None:
        self.method, self.times, self.before, self.after, self.rows = method, times, before, after, rows


class Rpcs(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """The calls this process made to Firestore, in order, since the test began or `reset`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: list[_Plan] = []
        self.calls: list[str] = []
        self.requests: list[tuple[str, Any]] = []
        self.timeouts: list[float | None] = []
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
            self.calls, self.requests, self.timeouts, self.documents = [], [], [], 0
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

        `rows`: the stream of the answer breaks behind so many.
        """
        with self._lock:
            self._plans.append(_Plan(method, times, before, after, rows))

    def before(self, method: str, act: Callable[[], object], *, times: int = 1) -> None:
        """Act just before the next calls of the method reach the engine: what another instance does meanwhile."""
        self.plan(method, times=times, before=lambda _method, _request: _run(act))

    def fail_before(self, method: str, *, times: int = 1, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        """The next calls never reach the engine."""
        self.plan(method, times=times, before=_failing(code))

    def fail_after_apply(
        self, method: str, *, times: int = 1, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    ) -> None:
        """The engine does what it was asked, and the answer is lost."""
        self.plan(method, times=times, after=_failing(code))

    def delay(self, method: str, seconds: float, *, times: int = 1) -> None:
        self.plan(method, times=times, before=lambda _method, _request: time.sleep(seconds))

    def _enter(self, details: Any, request: Any) -> tuple[str, _Plan | None]:
        method = str(details.method).rsplit("/", 1)[1]
        with self._lock:
            self.calls.append(method)
            self.requests.append((method, request))
            self.timeouts.append(details.timeout)
            self.billed.update(_billed(method, request))
            if method in ("RunQuery", "RunAggregationQuery"):
                self.queries.append(request)
            plan = next((each for each in self._plans if each.method == method and each.times > 0), None)
            if plan is not None:
                plan.times -= 1
        if plan is not None and plan.before is not None:
            plan.before(method, request)
        return method, plan

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        method, plan = self._enter(client_call_details, request)
        call = continuation(client_call_details, request)
        if plan is not None and plan.after is not None:
            if call.exception() is None:
                plan.after(method, request)
            else:
                with self._lock:
                    plan.times += 1  # the engine refused it, as a commit by an old cache: the next one loses its answer
        return call

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        method, plan = self._enter(client_call_details, request)
        call = continuation(client_call_details, request)
        if plan is not None and plan.after is not None:
            list(call)
            plan.after(method, request)
        return _Counted(self, call, None if plan is None else plan.rows, is_query=method == "RunQuery")

    def delivered(self, item: Any, *, is_query: bool, is_first: bool) -> bool:
        """Count what a stream delivered; whether it is a document. A query's first is billed with the query."""
        is_document = any(getattr(getattr(item, field, None), "name", "") for field in ("found", "document"))
        with self._lock:
            self.documents += is_document
            self.billed["reads"] += getattr(item, "skipped_results", 0) + (is_document and is_query and not is_first)
        return is_document


class _Counted:
    """A stream whose documents are counted as they pass; with `rows` it breaks behind so many."""

    def __init__(self, rpcs: Rpcs, call: Any, rows: int | None, *, is_query: bool) -> None:
        self._rpcs, self._call, self._is_query, self._is_first = rpcs, call, is_query, True
        self._items = call if rows is None else _broken(call, rows)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        item = next(self._items)
        if self._rpcs.delivered(item, is_query=self._is_query, is_first=self._is_first):
            self._is_first = False
        return item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


def _billed(method: str, request: Any) -> dict[str, int]:
    """What a request costs, but for the documents that a query returns beyond the first."""
    match method:
        case "BatchGetDocuments":
            return {"reads": len(request.documents)}
        case "RunQuery" | "RunAggregationQuery":
            return {"reads": 1}
        case "Commit":
            deletes = sum(bool(write.delete) for write in request.writes)
            return {"writes": len(request.writes) - deletes, "deletes": deletes}
    return {}


def _broken(call: Any, rows: int) -> Iterator[Any]:
    """It begins as Firestore's may, with an answer that holds no row yet, and breaks behind `rows`."""
    whole = list(call)
    yield type(whole[0])()
    yield from whole[:rows]
    raise Fault(grpc.StatusCode.UNAVAILABLE, "the stream was broken by the test")


def _failing(code: grpc.StatusCode) -> Step:
    def fail(method: str, _request: Any) -> None:
        raise Fault(code, f"{method} broken by the test")

    return fail


def _run(act: Callable[[], object]) -> None:
    act()


def watch(rpcs: Callable[[], Rpcs], replace: Callable[[object, str, Any], object]) -> None:
    """Let the current Rpcs watch every connection to Firestore: our own and the client library's."""
    ours: Any = firestore.channel
    theirs: Any = base_client.BaseClient._emulator_channel
    replace(firestore, "channel", lambda: grpc.intercept_channel(ours(), rpcs()))
    replace(
        base_client.BaseClient,
        "_emulator_channel",
        lambda client, transport: grpc.intercept_channel(theirs(client, transport), rpcs()),
    )
