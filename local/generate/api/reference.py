"""Generates the pages of docs/api: one per domain, and an index of every function and every refusal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from local.generate.api import contract, wording
from local.generate.api.contract import Api, Operation, Refusal, Schema

NOTE = "<!-- Generated from the structs of the deployed functions by `make client`: do not edit. -->"
COMMON = ("Contention", "InvalidRequest", "RateLimited", "Unauthenticated", "Unavailable")
INTRODUCTION = """\
Every function of StudioX, generated from the structs that validate its requests. The [client guide](../client.md)
explains calls, live data, media and errors. If you know the REST routes, see [their functions](../from-rest.md). The
typed client is in [clients/typescript](../../clients/typescript/).

- [openapi.json](openapi.json): callables as `POST {"data": …}` → `{"result": …}`, and the HTTP functions.
- [studiox.postman_collection.json](studiox.postman_collection.json): import it into Postman, run `make serve`, and run
  the collection in its order: every request checks its answer. On the command line that is
  `npx newman run docs/api/studiox.postman_collection.json`. For another port or project set the collection's variables
  `baseUrl` and `authUrl`.

A null field counts as absent, unknown fields are rejected, times are ISO 8601 in UTC, and lengths count code points.
Rate limits apply per function and per user, or per IP address for callers who are not signed in.
"""


def title(domain: str) -> str:
    return domain.replace("_", " ").capitalize()


def type_name(schema: Schema) -> str:
    """A type in words, with links to the structs on the page."""
    given, nullable = wording.present(schema)
    if "$ref" in given:
        name = given["$ref"].rsplit("/", 1)[1]
        said = f"[{name}](#{name.lower()})"
    elif "enum" in given:
        said = ", ".join(f"`{each}`" for each in given["enum"] if each != "") or '""'
    elif "anyOf" in given:
        said = " or ".join(type_name(each) for each in given["anyOf"])
    elif given.get("type") == "array":
        said = f"list of {type_name(given.get('items') or {})}"
    elif given.get("type") == "object":
        values = given.get("additionalProperties")
        said = f"map of {type_name(values)}" if isinstance(values, dict) else "object"
    elif given.get("format") == "date-time":
        said = "time"
    else:
        said = given.get("type", "any")
    return f"{said} or null" if nullable else said


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [
        f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |" for row in rows
    ]
    return [*lines, ""]


def fields(schema: Schema, *, request: bool) -> list[str]:
    rows = []
    for name, given in schema.get("properties", {}).items():
        needed = name in schema["required"]
        # In a request null is the same as absent; in a response it is a value.
        shown = wording.present(given)[0] if request else given
        mark = name if needed else f"{name}?"
        rows.append((f"`{mark}`", type_name(shown), wording.about({**given, "format": None}, request=request)))
    return table(("field", "type", ""), rows)


def nested(api: Api, names: list[str]) -> list[str]:
    """The structs within these, in order of appearance."""
    found: list[str] = []

    def look(schema: object) -> None:
        if isinstance(schema, dict):
            if "$ref" in schema:
                name = str(schema["$ref"]).rsplit("/", 1)[1]
                if name not in found:
                    found.append(name)
                    look(api.schemas[name])
            for value in schema.values():
                look(value)
        elif isinstance(schema, list):
            for each in schema:
                look(each)

    for name in names:
        look(api.schemas[name])
    return found


def details(refusal: Refusal) -> str:
    given = refusal.figures
    marks = [name if name in given["required"] else f"{name}?" for name in given["properties"]]
    return ", ".join(f"`{mark}`" for mark in marks)


def refusals(api: Api, names: list[str]) -> list[str]:
    rows = [(f"`{name}`", f"`{api.refusals[name].code}`", details(api.refusals[name])) for name in names]
    return table(("reason", "code", "details"), rows)


def operation(api: Api, each: Operation) -> Iterator[str]:
    how = f"HTTP {each.method}, Bearer ID token" if each.method else "Callable"
    limits = f"At most {wording.limit(each)}; it runs for at most {each.timeout} s."
    yield from [f"## {each.name}", "", each.doc, "", f"{how}. {wording.CALLERS[each.caller]} {limits}", ""]
    if api.fields(each.request):
        yield from ["**Request**", "", *fields(api.schema(each.request), request=True)]
    else:
        yield from ["**Request**: no fields.", ""]
    about = api.schema(each.response).get("description")
    yield from [f"**Response** {about or ''}".rstrip(), "", *fields(api.schema(each.response), request=False)]
    own = [name for name in each.refusals if name not in COMMON]
    if own:
        yield from ["**Refusals**, beside [those of every call](README.md#refusals)", "", *refusals(api, own)]
    else:
        yield from ["**Refusals**: only [those of every call](README.md#refusals).", ""]


def page(api: Api, domain: str) -> str:
    operations = [each for each in api.operations if each.domain == domain]
    lines = [f"# {title(domain)}", "", NOTE, "", contract.about(domain), ""]
    for each in operations:
        lines += operation(api, each)
    structs = nested(api, [name for each in operations for name in (each.request, each.response)])
    if structs:
        lines += ["## Types", ""]
    for name in structs:
        about = api.schema(name).get("description", "")
        lines += [f"### {name}", "", *([about, ""] if about else []), *fields(api.schema(name), request=False)]
    return "\n".join(lines).rstrip() + "\n"


def index(api: Api) -> str:
    lines = ["# API reference", "", NOTE, "", INTRODUCTION]
    for domain in sorted({each.domain for each in api.operations}):
        lines += [f"## [{title(domain)}]({domain}.md)", ""]
        rows = [
            (f"[`{each.name}`]({domain}.md#{each.name.lower()})", each.caller, each.doc.split("\n")[0])
            for each in api.operations
            if each.domain == domain
        ]
        lines += table(("function", "who", "what it does"), rows)
    lines += ["## Who", ""]
    lines += table(("who", ""), [(f"`{name}`", said) for name, said in wording.CALLERS.items()])
    lines += ["## Refusals", "", "Any call may answer " + ", ".join(f"`{name}`" for name in COMMON) + ".", ""]
    told = [
        (f"`{each.reason}`", f"`{each.code}`", details(each), " ".join([wording.sentence(each.text), each.doc]).strip())
        for each in api.refusals.values()
    ]
    lines += table(("reason", "code", "details", "what it says"), told)
    lines += ["## Not for clients", "", "Called by vendors, schedules, queues and monitors.", ""]
    lines += table(("function", "kind", ""), [(f"`{name}`", kind, doc) for name, kind, doc in api.others])
    return "\n".join(lines).rstrip() + "\n"


def pages(api: Api) -> dict[str, str]:
    """{file name: text}."""
    domains = {each.domain for each in api.operations}
    return {"README.md": index(api), **{f"{domain}.md": page(api, domain) for domain in sorted(domains)}}
