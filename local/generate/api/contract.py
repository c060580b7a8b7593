"""The deployed API as data: operations, schemas of their structs, and refusals. All generators read it."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[3]
REF = "#/components/schemas/{name}"

Schema = dict[str, Any]


class Refusal(msgspec.Struct, frozen=True):
    """A refusal. `figures` is the schema of its details beside `reason`."""

    reason: str
    code: str
    text: str
    doc: str
    figures: Schema


class Operation(msgspec.Struct, frozen=True):
    """A function that clients call. `method` is the HTTP function's method, None for a callable."""

    name: str
    domain: str
    method: str | None
    caller: str
    doc: str
    request: str
    response: str
    refusals: tuple[str, ...]
    calls: int
    per: int
    timeout: int
    takes_request_id: bool
    consumes_app_check: bool

    @property
    def repeatable(self) -> bool:
        """Whether the call may be repeated after an unknown outcome."""
        return self.takes_request_id or re.match("get|list|search", self.name) is not None


class Api(msgspec.Struct, frozen=True):
    """The deployed API. `others`: (name, kind, description) of the functions that clients do not call."""

    operations: list[Operation]
    schemas: dict[str, Schema]
    refusals: dict[str, Refusal]
    others: list[tuple[str, str, str]]

    def schema(self, name: str) -> Schema:
        return self.schemas[name]

    def fields(self, name: str) -> dict[str, Schema]:
        found: dict[str, Schema] = self.schemas[name].get("properties", {})
        return found


@functools.cache
def load() -> Api:
    """The API of everything that functions/main.py deploys."""
    functions = str(ROOT / "functions")
    if functions not in sys.path:
        sys.path.insert(0, functions)
    main = importlib.import_module("main")
    deployed = {name: made for name, made in inspect.getmembers(main) if hasattr(made, "__firebase_endpoint__")}
    contracts = {name: each for name, each in _contracts().items() if name in deployed}  # without tests' own
    structs = [struct for _, contract in contracts.values() for struct in (contract.request, contract.response)]
    refused = _refused()
    schemas, names = _schemas(structs, [kind for each in refused.values() for kind in each.figures.values()])
    refusals = {name: _refusal(each) for name, each in refused.items()}
    operations = []
    for name in sorted(contracts, key=lambda each: _place(deployed[each])):
        method, contract = contracts[name]
        fields = schemas[names[contract.request]].get("properties", {})
        operations.append(
            Operation(
                name=name,
                domain=_domain(deployed[name]),
                method=method,
                caller=contract.caller.__name__,
                doc=inspect.getdoc(deployed[name]) or "",
                request=names[contract.request],
                response=names[contract.response],
                refusals=tuple(_reasons(contract, set(fields))),
                calls=contract.limit.calls,
                per=contract.limit.per,
                timeout=_timeout(deployed[name]),
                takes_request_id="requestId" in fields,
                consumes_app_check=contract.consumes_app_check,
            )
        )
    others = [
        (name, _kind(made), inspect.getdoc(made) or "")
        for name, made in sorted(deployed.items())
        if name not in contracts
    ]
    return Api(operations, schemas, refusals, others)


def _contracts() -> dict[str, tuple[str | None, Any]]:
    endpoint, route = (
        importlib.import_module("studiox.api.callables"),
        importlib.import_module("studiox.api.http_functions"),
    )
    return {**{name: (None, each) for name, each in endpoint.CONTRACTS.items()}, **route.ROUTES}


def about(domain: str) -> str:
    """A domain's purpose: the first line of its endpoints module's docstring."""
    return (importlib.import_module(f"studiox.{domain}.endpoints").__doc__ or "").split("\n")[0]


def _domain(function: Any) -> str:
    return str(function.__module__).split(".")[1]


def _place(function: Any) -> tuple[str, int]:
    """The function's place in the source, which is its order on a page."""
    return function.__module__, inspect.unwrap(function).__code__.co_firstlineno


def _timeout(function: Any) -> int:
    seconds = function.__firebase_endpoint__.timeoutSeconds
    return seconds if isinstance(seconds, int) else 60


def _kind(function: Any) -> str:
    endpoint = function.__firebase_endpoint__
    kinds = {
        "scheduleTrigger": "schedule",
        "taskQueueTrigger": "task queue",
        "blockingTrigger": "identity trigger",
        "httpsTrigger": "HTTP",
    }
    return next((kind for field, kind in kinds.items() if getattr(endpoint, field, None) is not None), "event")


def _reasons(contract: Any, fields: set[str]) -> Iterator[str]:
    """The refusals that a function can return: its own, its caller's and its request's, and those of every call."""
    caller = contract.caller.__name__
    found = {refusal.__name__ for refusal in contract.refusals}
    found |= {"Unauthenticated", "InvalidRequest", "RateLimited", "Contention", "Unavailable"}
    found |= {"Forbidden"} if caller == "Admin" else set()
    found |= {"EmailNotVerified"} if caller in ("VerifiedUser", "Buyer") else set()
    found |= {"AccountSuspended"} if caller in ("User", "VerifiedUser", "Buyer") else set()
    found |= {"RecentSignInRequired"} if caller == "RecentAccountHolder" else set()
    found |= {"InvalidCursor"} if "cursor" in fields else set()
    yield from sorted(found)


def _refused() -> dict[str, Any]:
    """The classes of the refusals that clients may see, by reason."""
    base = importlib.import_module("studiox.kit.errors").StudioxError
    found: dict[str, Any] = {}
    waiting = [base]
    while waiting:
        for refusal in waiting.pop().__subclasses__():
            waiting.append(refusal)
            name = refusal.__name__
            # Skip internal refusals, whose names begin with _, and those that tests define.
            if not name.startswith("_") and refusal.__module__.startswith("studiox."):
                found[name] = refusal
    return dict(sorted(found.items()))


def _refusal(refused: Any) -> Refusal:
    doc = inspect.cleandoc(refused.__dict__.get("__doc__") or "")
    return Refusal(refused.__name__, refused.code, refused.text, doc, _figures(refused.figures))


def _figures(declared: dict[str, Any]) -> Schema:
    properties, required = {}, []
    for name, kind in declared.items():
        [schema], _ = msgspec.json.schema_components([kind], ref_template=REF.format(name="{name}"))
        given = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        properties[name] = _timed(given[0], msgspec.inspect.type_info(kind))
        if given == [schema]:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def _schemas(structs: list[type], figures: list[Any]) -> tuple[dict[str, Schema], dict[type, str]]:
    """{name: JSON Schema} of these structs and of what is within them and the figures; the name of each struct.

    The schemas are msgspec's, extended with times, the fields' docstrings and the fields that a response always has.
    """
    _, components = msgspec.json.schema_components([*structs, *figures], ref_template="{name}")
    renamed = {name: _short(name) for name in components}
    text = msgspec.json.encode(components).decode()
    for old, new in renamed.items():
        text = text.replace(f'"$ref":"{old}"', f'"$ref":"{REF.format(name=new)}"')
    found: dict[str, Schema] = {renamed[name]: each for name, each in msgspec.json.decode(text).items()}
    named: dict[type, str] = {}
    for info in _reachable(structs):
        plain, qualified = info.cls.__name__, f"{info.cls.__module__}.{info.cls.__name__}"
        named[info.cls] = plain if plain in found else _short(qualified)
        _complete(found[named[info.cls]], info)
    return dict(sorted(found.items())), {struct: named[struct] for struct in structs}


def _short(name: str) -> str:
    """`studiox.tokens.endpoints.Balance` as `TokensBalance`. msgspec uses full names if two structs share a name."""
    parts = name.split(".")
    return name if len(parts) == 1 else parts[1].title().replace("_", "") + parts[-1]


def _reachable(structs: list[type]) -> list[msgspec.inspect.StructType]:
    """The structs and the structs within them, each once."""
    found: dict[type, msgspec.inspect.StructType] = {}

    def walk(info: Any) -> None:
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                return
            found[info.cls] = info
            for field in info.fields:
                walk(field.type)
        for part in ("item_type", "key_type", "value_type"):
            if hasattr(info, part):
                walk(getattr(info, part))
        for each in (*getattr(info, "types", ()), *getattr(info, "item_types", ())):
            walk(each)

    for info in msgspec.inspect.multi_type_info(structs):
        walk(info)
    return list(found.values())


def _complete(schema: Schema, info: msgspec.inspect.StructType) -> None:
    if "description" in schema:  # a docstring, from which Python before 3.13 does not take the indent
        schema["description"] = inspect.cleandoc(schema["description"])
    docs = _field_docs(info.cls)
    request = importlib.import_module("studiox.api.callables").Request
    config = info.cls.__struct_config__
    for field in info.fields:
        given = _timed(schema["properties"][field.encode_name], field.type)
        if field.name in docs:
            given["description"] = docs[field.name]
        if "pattern" in given or "anyOf" in given:
            given = _ecma(given)
        if issubclass(info.cls, request) and field.encode_name not in schema["required"]:
            given = _nullable(given)
        schema["properties"][field.encode_name] = given
        # A response always contains fields with defaults, unless the struct omits defaults.
        always = "default" in given and not config.omit_defaults and not issubclass(info.cls, request)
        if always and field.encode_name not in schema["required"]:
            schema["required"].append(field.encode_name)
    if not issubclass(info.cls, request):
        schema.pop("additionalProperties", None)  # a later version may add fields to a response
    schema.pop("title", None)


def _nullable(schema: Schema) -> Schema:
    """The schema of an optional field of a request, in which null is the same as absent."""
    if {"type": "null"} in schema.get("anyOf", []):
        return schema
    about: Schema = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in about}
    options = rest["anyOf"] if rest.keys() == {"anyOf"} else [rest]
    return {**about, "anyOf": [*options, {"type": "null"}]}


def _timed(schema: Schema, info: Any) -> Schema:
    """The schema with `format: date-time` for every time. msgspec adds it only for times with a zone."""
    if isinstance(info, msgspec.inspect.DateTimeType):
        return {**schema, "type": "string", "format": "date-time"}
    if isinstance(info, msgspec.inspect.UnionType) and "anyOf" in schema:
        if any(isinstance(each, msgspec.inspect.DateTimeType) for each in info.types):
            timed = [
                {**each, "format": "date-time"} if each == {"type": "string"} else each for each in schema["anyOf"]
            ]
            return {**schema, "anyOf": timed}
    elif isinstance(info, msgspec.inspect.UnionType):
        times = [each for each in info.types if isinstance(each, msgspec.inspect.DateTimeType)]
        return _timed(schema, times[0]) if times else schema
    return schema


def _ecma(schema: Schema) -> Schema:
    r"""Patterns in JavaScript's syntax, which lacks \A and \Z and whose $ does not match before a final newline."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_ecma(each) for each in schema["anyOf"]]}
    if "pattern" in schema:
        pattern = schema["pattern"].replace(r"\A", "^").replace(r"\Z", "$").replace(r"$(?!\n)", "$")
        return {**schema, "pattern": pattern}
    return schema


@functools.cache
def _field_docs(struct: type) -> dict[str, str]:
    """{field: the docstring below it}, including inherited fields."""
    found: dict[str, str] = {}
    for each in reversed(struct.__mro__):
        if not each.__module__.startswith("studiox."):
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for before, after in itertools.pairwise(statements):
            told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if told and isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
                found[before.target.id] = inspect.cleandoc(str(after.value.value))  # type: ignore[attr-defined]
    return found
