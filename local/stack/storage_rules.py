"""The Storage emulator's rules runtime: reads requests as lines of JSON and answers with our evaluator's result.

The emulator starts it as `java … serve`; the launcher puts a `java` first on the PATH that runs this module.
"""

from __future__ import annotations

import functools
import json
import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import celpy.celtypes as cel

from local.stack.rules import LOOK_UP, Ruleset, RulesSyntaxError


def value_of(typed: Any) -> Any:
    """A value of the protocol, `{"string_value": "a"}`, as the expression language has it."""
    match typed:
        case {"string_value": str(text)}:
            return cel.StringType(text)
        case {"int_value": number}:
            return cel.IntType(int(number))
        case {"float_value": number}:
            return cel.DoubleType(float(number))
        case {"bool_value": truth}:
            return cel.BoolType(bool(truth))
        case {"timestamp_value": str(when)}:
            return cel.TimestampType(when)
        case {"map_value": {"fields": dict(fields)}}:
            return cel.MapType({cel.StringType(name): value_of(value) for name, value in fields.items()})
        case {"list_value": {"values": list(values)}} | {"set_value": {"values": list(values)}}:
            return cel.ListType([value_of(value) for value in values])
        case {"path_value": {"segments": list(segments)}}:
            return cel.StringType("".join(f"/{segment.get('simple', '')}" for segment in segments))
        case _:
            return None


def stored(value: Any) -> Any:
    """A value of a Firestore document, `{"stringValue": "a"}`, likewise."""
    match value:
        case {"mapValue": dict(fields)}:
            return document_of(fields)
        case {"arrayValue": dict(items)}:
            return cel.ListType([stored(each) for each in items.get("values", [])])
        case {"integerValue": number}:
            return cel.IntType(int(number))
        case {"booleanValue": truth}:
            return cel.BoolType(bool(truth))
        case {"stringValue": str(text)}:
            return cel.StringType(text)
        case {"doubleValue": number}:
            return cel.DoubleType(float(number))
        case {"timestampValue": str(when)}:
            return cel.TimestampType(when)
        case _:
            return None


def document_of(found: Mapping[str, Any]) -> cel.MapType:
    return cel.MapType({cel.StringType(name): stored(value) for name, value in found.get("fields", {}).items()})


Fetch = Callable[[str], Mapping[str, Any] | None]
"""Asks for a document of Firestore by its path: as the REST API has it, None if there is none."""


class Runtime:
    """The rulesets that were loaded, by name."""

    def __init__(self) -> None:
        self.rulesets: dict[str, Ruleset] = {}

    def answer(self, request: Mapping[str, Any], fetch: Fetch = lambda _path: None) -> dict[str, Any]:
        """The reply to one request. Problems are in `errors`, as the official runtime reports them."""
        reply: dict[str, Any] = {"id": request.get("id"), "status": "ok", "errors": [], "warnings": []}
        match request:
            case {"action": "load_ruleset", "context": {"rulesetName": name, "source": {"files": [file, *_]}}}:
                try:
                    self.rulesets[name] = Ruleset.parse(file["content"])
                except RulesSyntaxError as error:
                    reply["errors"] = [f"{file.get('name', 'storage.rules')}: {error}"]
                else:
                    reply["result"] = {"rulesVersion": self.rulesets[name].version}
            case {"action": "verify", "context": {"rulesetName": name, "method": method, "path": path, **more}}:
                typed: Any = more.get("variables", {})
                variables = {key: value_of(value) for key, value in typed.items()}
                if isinstance(asked := variables.get("request"), cel.MapType):
                    asked[cel.StringType("method")] = cel.StringType(method)
                ruleset = self.rulesets.get(name)
                LOOK_UP.set(lambda path: None if (found := fetch(path)) is None else document_of(found))
                permit = ruleset is not None and ruleset.permits(method, path, variables)
                reply["result"] = {"permit": permit}
            case _:
                reply["errors"] = [f"unknown request {request.get('action')!r}"]
        return reply


def serve(source: TextIO, sink: TextIO) -> None:
    """Answer every line of `source` until it ends."""
    runtime = Runtime()

    def write(reply: Mapping[str, Any]) -> None:
        sink.write(json.dumps(reply) + "\n")
        sink.flush()

    write({"id": -1, "status": "ok", "errors": [], "warnings": []})
    waiting: deque[str] = deque()

    def fetch(asked: Any, path: str) -> Mapping[str, Any] | None:
        """Ask the emulator, which answers under the id of the current request."""
        write({"server_request_id": asked, "action": "fetch_firestore_document", "context": {"path": path}})
        for line in source:
            if line.strip() and (answer := json.loads(line)).get("id") == asked:
                result: Mapping[str, Any] | None = answer.get("result") if answer.get("status") == "ok" else None
                return result
            waiting.append(line)
        return None

    for line in source:
        waiting.append(line)
        while waiting:
            if (next_ := waiting.popleft()).strip():
                request = json.loads(next_)
                write(runtime.answer(request, functools.partial(fetch, request.get("id"))))


if __name__ == "__main__":
    try:
        serve(sys.stdin, sys.stdout)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)
