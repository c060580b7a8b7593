"""Generates the TypeScript client's types of every request, response and refusal, and its table of calls."""

from __future__ import annotations

import json

from local.generate.api import wording
from local.generate.api.contract import Api, Operation, Refusal, Schema

HEAD = """\
// Generated from the structs of the deployed functions by `make client`: do not edit.

/** A time: ISO 8601, UTC, ending in `Z`. */
export type Timestamp = string;
"""
NOBODY = "Record<string, never>"


def type_of(schema: Schema) -> str:
    """The TypeScript type of a JSON Schema from msgspec."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "enum" in schema:
        return " | ".join(json.dumps(each) for each in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(type_of(each) for each in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        inner = type_of(schema.get("items") or {})
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {type_of(values) if isinstance(values, dict) else 'unknown'}>"
    if kind == "string" and schema.get("format") == "date-time":
        return "Timestamp"
    names = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
    return names[kind] if isinstance(kind, str) else "unknown"


def comment(text: str, indent: str = "") -> list[str]:
    """A doc comment; no lines for an empty text."""
    lines = text.replace("*/", "*\u200b/").strip().splitlines()
    if not lines:
        return []
    if len(lines) == 1 and len(lines[0]) < 110:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def interface(name: str, schema: Schema, request: bool) -> list[str]:
    """The type of one struct. In a request `requestId` is optional, because the client can generate it."""
    fields = schema.get("properties", {})
    head = comment(schema.get("description", ""))
    if not fields:
        return [*head, f"export type {name} = {NOBODY};", ""]
    body = []
    for field, given in fields.items():
        told = wording.about({**given, "format": None}, request=request)
        made = request and field == "requestId"
        if made:
            told = f"Repeats are recognized by it; made when it is not given. {told}"
        optional = "?" if made or field not in schema["required"] else ""
        body += [*comment(told, "  "), f"  {field}{optional}: {type_of(given)};"]
    return [*head, f"export interface {name} {{", *body, "}", ""]


def refusal(each: Refusal) -> list[str]:
    told = comment("\n".join(filter(None, [wording.sentence(each.text), each.doc, f"Code `{each.code}`."])), "  ")
    fields = each.figures["properties"]
    required = each.figures["required"]
    inner = "; ".join(f"{name}{'' if name in required else '?'}: {type_of(kind)}" for name, kind in fields.items())
    return [*told, f"  {each.reason}: {{ {inner} }};" if inner else f"  {each.reason}: {NOBODY};"]


def call(each: Operation) -> list[str]:
    told = f"{each.doc}\n\n{wording.CALLERS[each.caller]} At most {wording.limit(each)}."
    reasons = " | ".join(json.dumps(reason) for reason in each.refusals)
    return [
        *comment(told, "  "),
        f"  {each.name}: {{",
        f"    request: {each.request};",
        f"    response: {each.response};",
        f"    refusals: {reasons};",
        "  };",
    ]


def traits(each: Operation) -> str:
    """The client's run-time table: each function's timeout, whether it may be repeated, whether it takes a `requestId`,
    and whether it consumes its App Check token."""
    known = {
        "timeout": (each.timeout + 10) * 1000,
        "takesRequestId": each.takes_request_id,
        "repeatable": each.repeatable,
        "consumesToken": each.consumes_app_check,
    }
    return f"  {each.name}: {{ {', '.join(f'{name}: {json.dumps(value)}' for name, value in known.items())} }},"


def generated(api: Api) -> str:
    callables = [each for each in api.operations if each.method is None]
    of_http = {name for each in api.operations if each.method for name in (each.request, each.response)}
    shown = {name: schema for name, schema in api.schemas.items() if name not in of_http}
    requests = {each.request for each in callables}
    lines = [HEAD]
    for name, schema in shown.items():
        lines += interface(name, schema, name in requests)
    lines += ["/** The details of each refusal, by its reason. */", "export interface Refusals {"]
    for each in api.refusals.values():
        lines += refusal(each)
    lines += ["}", "", "/** Why a call was refused. */", "export type Reason = keyof Refusals;", ""]
    lines += [
        "/** Every callable: what it takes, what it answers, why it may refuse. */",
        "export interface Functions {",
    ]
    for operation in callables:
        lines += call(operation)
    lines += ["}", "", "export type FunctionName = keyof Functions;", ""]
    lines += ["/** What the client must know of each call beside its types; `timeout` in milliseconds. */"]
    lines += ["export const FUNCTIONS = {", *(traits(each) for each in callables)]
    shape = "{ timeout: number; takesRequestId: boolean; repeatable: boolean; consumesToken: boolean }"
    lines += [f"}} as const satisfies Record<FunctionName, {shape}>;", ""]
    return "\n".join(lines)
