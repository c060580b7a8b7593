"""Generates openapi.json: callables as POST {data} → {result}, and HTTP functions with a Bearer ID token."""

from __future__ import annotations

import importlib
import json
import tomllib
from typing import Any

from local.generate.api import contract, wording
from local.generate.api.contract import ROOT, Api, Operation, Refusal, Schema
from local.stack import settings

REFUSED = "#/components/schemas/{}Refusal"
ABOUT = """\
Generated from the structs of the deployed functions by `make client`.

**Calls.** Send a callable `POST {"data": request}`; it returns `{"result": response}`. Firebase's SDKs do this for you.
The two HTTP functions use plain JSON. Send the signed-in user's ID token as `Authorization: Bearer`.

**Requests.** A null field counts as absent, and null data as `{}`. Unknown fields are rejected. An integer may be sent
as a float without a fraction, or in the callable protocol's `Int64Value` and `UInt64Value` wrappers.

**Streams.** With `Accept: text/event-stream` a callable returns 200 and one event, `data: {"result": …}` or
`data: {"error": …}`.

**Refusals.** A callable returns a refusal as `{"error": {"status", "message", "details"}}`, an HTTP function as
`{"error", "reason", "statusCode"}` with the figures beside them. `reason` is stable and has a schema here,
`<reason>Refusal`; the message may change. A call is checked in this order: method and body (400, 405, 413), caller
(401, 403), fields (400, `InvalidRequest` names each), rate limit (429), then the function's own rules. If
`retryAfterSeconds` is present, retry the same request after that time. `Contention`: nothing was changed.
`Unavailable`: the outcome is unknown; retry with the same `requestId`.
"""
# The HTTP status of a callable's code (https://firebase.google.com/docs/functions/callable-reference).
STATUS = {
    "invalid-argument": 400,
    "failed-precondition": 400,
    "unauthenticated": 401,
    "permission-denied": 403,
    "not-found": 404,
    "aborted": 409,
    "already-exists": 409,
    "resource-exhausted": 429,
    "internal": 500,
    "unavailable": 503,
}
TOKEN = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A Firebase ID token."}
HEALTH = {
    "type": "object",
    "properties": {
        "status": {"enum": ["ok", "unavailable"]},
        "version": {"type": "string"},
        "checks": {"type": "object", "additionalProperties": {"enum": ["ok", "unavailable"]}},
    },
    "required": ["status", "version", "checks"],
}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def body(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def wrapped(name: str, schema: Schema) -> Schema:
    return {"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": False}


def status(each: Operation, refusal: Refusal) -> int:
    if each.method is None:
        return STATUS[refusal.code]
    route = importlib.import_module("studiox.api.http_functions")
    found: int = route.STATUS_OF_REASON.get(refusal.reason) or route.STATUS.get(refusal.code, 400)
    return found


def refused(each: Operation, refusals: list[Refusal]) -> dict[str, Any]:
    """The error response of one status: a callable's error object, or an HTTP function's flat object."""
    told = ", ".join(refusal.reason for refusal in refusals)
    options = [{"$ref": REFUSED.format(refusal.reason)} for refusal in refusals]
    details: Schema = options[0] if len(options) == 1 else {"oneOf": options}
    if each.method is None:
        fields = {"status": {"type": "string"}, "message": {"type": "string"}, "details": details}
        error = {"type": "object", "properties": fields, "required": ["status", "message", "details"]}
        return {"description": told, "content": body(wrapped("error", error))}
    plain = {
        "type": "object",
        "properties": {"error": {"type": "string"}, "statusCode": {"type": "integer"}},
        "required": ["error", "statusCode"],
    }
    return {"description": told, "content": body({"allOf": [plain, details]})}


def responses(api: Api, each: Operation) -> dict[str, Any]:
    answer = reference(each.response)
    found: dict[str, Any] = {
        "200": {"description": "Done.", "content": body(answer if each.method else wrapped("result", answer))}
    }
    by_status: dict[int, list[Refusal]] = {}
    for reason in each.refusals:
        refusal = api.refusals[reason]
        by_status.setdefault(status(each, refusal), []).append(refusal)
    for code in sorted(by_status):
        found[str(code)] = refused(each, by_status[code])
    found.setdefault("500", {"description": "A bug."})
    return {**found, "405": other_method(each.method or "POST")}


def other_method(method: str) -> dict[str, Any]:
    """The response to a wrong method. OPTIONS is answered by CORS."""
    told = importlib.import_module("studiox.api.methods").allowed(method, shared=True)
    return {"description": f"Only {method}.", "headers": {"Allow": {"required": True, "schema": {"const": told}}}}


def operation(api: Api, each: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": each.name,
        "tags": [each.domain],
        "summary": each.doc.split("\n")[0],
        "description": f"{each.doc}\n\n{wording.CALLERS[each.caller]} At most {wording.limit(each)}.",
        "security": [{"idToken": []}, {}] if each.caller == "Anyone" else [{"idToken": []}],
    }
    if each.method == "GET":
        schema = api.schema(each.request)
        described["parameters"] = [
            {
                "name": name,
                "in": "query",
                "required": name in schema["required"],
                "schema": wording.present(given)[0],
            }
            for name, given in schema["properties"].items()
        ]
    else:
        request = reference(each.request)
        # Null data counts as {}, which is valid for a function without required fields.
        data = request if api.schema(each.request).get("required") else {"anyOf": [request, {"type": "null"}]}
        schema = request if each.method else wrapped("data", data)
        described["requestBody"] = {"required": True, "content": body(schema)}
    return {**described, "responses": responses(api, each)}


def health() -> dict[str, Any]:
    return {
        "operationId": "health",
        "tags": ["health"],
        "summary": "Whether the backend can do its work.",
        "security": [],
        "responses": {
            "200": {"description": "It can.", "content": body(HEALTH)},
            "405": other_method("GET"),
            "503": {"description": "Firestore or Storage does not answer.", "content": body(HEALTH)},
        },
    }


def refusal_schema(each: Refusal) -> Schema:
    return {
        "type": "object",
        "description": " ".join([wording.sentence(each.text), each.doc]).strip(),
        "properties": {"reason": {"const": each.reason}, **each.figures["properties"]},
        "required": ["reason", *each.figures["required"]],
    }


def document(api: Api) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    paths = {f"/{each.name}": {(each.method or "POST").lower(): operation(api, each)} for each in api.operations}
    paths["/health"] = {"get": health()}
    schemas = {**api.schemas, **{f"{name}Refusal": refusal_schema(each) for name, each in api.refusals.items()}}
    tags = {each.domain: contract.about(each.domain) for each in api.operations}
    tags["health"] = "For monitors: whether the backend can do its work."
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "StudioX",
            "version": project["version"],
            "description": ABOUT,
        },
        "servers": [
            {"url": f"http://127.0.0.1:5001/demo-studiox/{settings.REGION}", "description": "make serve"},
            {
                "url": f"https://{settings.REGION}-{{project}}.cloudfunctions.net",
                "description": "a deployed project",
                "variables": {"project": {"default": "demo-studiox"}},
            },
        ],
        "tags": [{"name": name, "description": about} for name, about in sorted(tags.items())],
        "paths": dict(sorted(paths.items())),
        "components": {"securitySchemes": {"idToken": TOKEN}, "schemas": schemas},
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
