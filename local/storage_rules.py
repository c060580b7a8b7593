"""The Storage emulator's rules runtime: answers its requests, one JSON object a line, by our evaluator.

The emulator starts it as `java … serve`; the launcher puts a `java` first on the PATH that comes here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import celpy.celtypes as cel

from local.rules import Ruleset, RulesSyntaxError


def value_of(typed: Any) -> Any:
    """A value of the protocol, `{"string_value": "a"}`, as the expression language knows it."""
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


class Runtime:
    """The rulesets that were loaded, by name."""

    def __init__(self) -> None:
        self.rulesets: dict[str, Ruleset] = {}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to one request: what is wrong with it stands in `errors`, as the official runtime does."""
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
    for line in source:
        if line.strip():
            write(runtime.answer(json.loads(line)))


if __name__ == "__main__":
    try:
        serve(sys.stdin, sys.stdout)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)
