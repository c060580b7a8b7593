"""The Storage rules: every construct of the evaluator both granting and denying, and what our own rules grant."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from local.stack import settings
from local.stack.rules import Ruleset, RulesSyntaxError
from local.stack.storage_rules import Runtime, serve

OWNER = {"uid": "ada", "token": {"admin": True, "email": "ada@example.com", "level": 3, "roles": ["editor"]}}
OTHER = {"uid": "bob", "token": {}}
OWN_RULES = (settings.ROOT / "storage.rules").read_text()
MIB = 1024 * 1024


def typed(value: Any) -> dict[str, Any]:
    """A value as the Storage emulator writes it."""
    match value:
        case bool():
            return {"bool_value": value}
        case int():
            return {"int_value": value}
        case float():
            return {"float_value": value}
        case str() if value.startswith("2026-"):
            return {"timestamp_value": value}
        case str():
            return {"string_value": value}
        case dict():
            return {"map_value": {"fields": {name: typed(item) for name, item in value.items()}}}
        case list():
            return {"list_value": {"values": [typed(item) for item in value]}}
    return {"null_value": None}


def asked(rules: str, path: str, method: str, auth: Any, new: Any = None, old: Any = None) -> bool:
    runtime = Runtime()
    source = {"files": [{"name": "storage.rules", "content": rules}]}
    loaded = runtime.answer({"id": 0, "action": "load_ruleset", "context": {"rulesetName": "0", "source": source}})
    assert loaded["errors"] == []
    request = {"auth": auth, "resource": new, "time": "2026-11-21T12:00:00.000Z", "path": "/b/x/o/f"}
    context = {
        "rulesetName": "0",
        "method": method,
        "path": f"/b/demo-studiox.appspot.com/o/{path}",
        "variables": {"request": typed(request), "resource": typed(old)},
    }
    ada = {"name": "users/ada", "fields": {"suspended": {"booleanValue": False}, "level": {"integerValue": "3"}}}
    documents = {"/databases/(default)/documents/users/ada": ada}
    answer: bool = runtime.answer({"id": 1, "action": "verify", "context": context}, documents.get)["result"]["permit"]
    return answer


def wrapped(condition: str, functions: str = "", path: str = "/files/{name}", methods: str = "read, write") -> str:
    return f"""rules_version = '2';
service firebase.storage {{
  match /b/{{bucket}}/o {{
    {functions}
    match {path} {{ allow {methods}: if {condition}; }}
  }}
}}"""


NEW = {"size": 5 * MIB, "contentType": "image/png", "metadata": {"kind": "photo"}, "ratio": 1.5}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("true", True),
        ("false", False),
        ("request.auth != null", True),
        ("request.auth == null", False),
        ("resource == null", True),
        ("resource != null", False),
        ("request.auth.uid == 'ada'", True),
        ("request.auth.uid == name", False),
        ("request.auth.uid == 5", False),
        ("request.auth.uid != 5", True),
        ("request.auth.token.admin", True),
        ("!request.auth.token.admin", False),
        ("request.auth.token.admin == true", True),
        ("request.auth.token.nothing == true", False),
        ("request.auth.token.nothing != true", False),
        ("request.auth.token.nothing is int", False),
        ("!(request.auth.token.nothing is int)", False),
        ("request.auth.token.nothing.lower() != 'a'", False),
        ("request.auth.token.nothing > 1 || request.auth.token.nothing <= 1", False),
        ("!(request.auth.token.nothing in ['a'])", False),
        ("!request.auth.token.nothing.matches('a')", False),
        ("request.auth.token.nothing == 1 || true", True),
        ("true || request.auth.token.nothing == 1", True),
        ("request.auth.token.nothing == 1 || false", False),
        ("!(request.auth.token.nothing == 1 && false)", True),
        ("request.auth.token.level >= 3 && request.auth.token.level < 4", True),
        ("request.auth.token.level > 3", False),
        ("request.auth.token.level <= 2", False),
        ("request.resource.size <= 5 * 1024 * 1024", True),
        ("request.resource.size < 5 * 1024 * 1024", False),
        ("request.resource.size / 1024 - 5120 + 1 == 1", True),
        ("request.resource.size % 2 == 0", True),
        ("request.resource.size > 1.5", True),
        ("request.resource.ratio < 2", True),
        ("request.resource.ratio < 1", False),
        ("request.resource.contentType.matches('image/.*')", True),
        ("request.resource.contentType.matches('mage/')", False),
        ("request.resource.contentType.matches('(?i)IMAGE/PNG')", True),
        ("request.resource.contentType == 'image/png'", True),
        ("request.resource.contentType in ['image/png', 'image/jpeg']", True),
        ("!(request.resource.contentType in ['video/mp4'])", True),
        ("request.resource.contentType.split('/')[0] == 'image'", True),
        ("request.resource.contentType.upper() == 'IMAGE/PNG'", True),
        ("request.resource.contentType.size() == 9", True),
        ("'kind' in request.resource.metadata", True),
        ("'other' in request.resource.metadata", False),
        ("request.resource.metadata['kind'] == 'photo'", True),
        ("request.resource.metadata.kind == 'video'", False),
        ("request.resource.metadata.get('other', 'none') == 'none'", True),
        ("request.resource.metadata.keys().hasAll(['kind'])", True),
        ("request.auth.token.roles.hasAny(['editor', 'author'])", True),
        ("request.auth.token.roles.hasOnly(['author'])", False),
        ("request.resource.size is int", True),
        ("request.resource.contentType is int", False),
        ("request.resource.metadata is map && request.auth.token.roles is list", True),
        ("'a is int' == 'a is int'", True),
        ("request.auth.token.admin ? true : false", True),
        ("request.auth == null ? true : false", False),
        ("request.time > timestamp('2026-01-01T00:00:00Z')", True),
        ("request.method == 'create'", True),
        ("bucket == 'demo-studiox.appspot.com'", True),
        ("name", False),
        ("1", False),
    ],
)
def test_conditions(condition: str, holds: bool) -> None:
    assert asked(wrapped(condition), "files/photo", "create", OWNER, NEW) is holds


FUNCTIONS = """
    function isOwner(uid) { return request.auth.uid == uid; }
    function sized(limit) {
      let size = request.resource.size;
      let fits = size <= limit;
      return fits && size > 0;
    }
    function endless(a) { return endless(a); }
    function sees() { return limit == 1; }
    function hides(limit) { return sees(); }
"""


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("isOwner('ada')", True),
        ("isOwner('bob')", False),
        ("isOwner(request.auth.token.nothing)", False),
        ("!isOwner(request.auth.token.nothing)", False),
        ("isOwner(request.auth.token.nothing) || isOwner('ada')", True),
        ("sized(5242880) && isOwner('ada')", True),
        ("sized(5)", False),
        ("endless(1)", False),
        ("endless(1) || true", True),
        ("isOwner()", False),
        ("hides(1)", False),  # a caller's parameters are not seen by what it calls
    ],
)
def test_functions(condition: str, holds: bool) -> None:
    assert asked(wrapped(condition, FUNCTIONS), "files/photo", "create", OWNER, NEW) is holds


@pytest.mark.parametrize(
    ("pattern", "path", "holds"),
    [
        ("/files/{name}", "files/a", True),
        ("/files/{name}", "files/a/b", False),
        ("/files/{name}", "files", False),
        ("/files/{name}", "other/a", False),
        ("/files/{rest=**}", "files/a/b", True),
        ("/files/{rest=**}", "files", True),
        ("/{rest=**}/end", "a/b/end", True),
        ("/{rest=**}/end", "a/b", False),
        ("/{rest=**}", "", True),
    ],
)
def test_paths(pattern: str, path: str, holds: bool) -> None:
    assert asked(wrapped("true", path=pattern), path, "get", None) is holds


def test_a_wildcard_of_version_one_matches_at_least_one_segment() -> None:
    rules = wrapped("true", path="/files/{rest=**}").removeprefix("rules_version = '2';")
    assert asked(rules, "files/a", "get", None)
    assert not asked(rules, "files", "get", None)


@pytest.mark.parametrize(
    ("granted", "methods"),
    [
        ("read", {"get", "list"}),
        ("write", {"create", "update", "delete"}),
        ("get, delete", {"get", "delete"}),
        ("list", {"list"}),
        ("create, update", {"create", "update"}),
    ],
)
def test_methods(granted: str, methods: set[str]) -> None:
    rules = wrapped("true", methods=granted)
    answered = {m for m in ("get", "list", "create", "update", "delete") if asked(rules, "files/a", m, None)}
    assert answered == methods


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        (wrapped("request.auth.uid =="), "line 5: cannot read"),
        (wrapped("request.auth !!= null"), "line 5: cannot read"),
        (wrapped("isNobodys(1)"), "line 5: unknown function 'isNobodys'"),
        (wrapped("firestore.get(name) == 1"), "line 5: this runtime cannot read Firestore so"),
        (wrapped("true", methods="peek"), "line 5: unknown method 'peek'"),
        (wrapped("true").replace(";", "", 2).replace("true;", "true"), "line 5: expected ';'"),
        ("rules_version = '2';\nservice cloud.firestore {}", "line 2: expected service firebase.storage"),
        ("service firebase.storage {\n // a comment\n match /a {\n", "line 4: expected match, allow"),
        ("service firebase.storage {}\n}", "line 2: nothing may follow"),
        ("service firebase.storage {\n  grant read;\n}", "line 2: expected match"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_line(rules: str, complaint: str) -> None:
    with pytest.raises(RulesSyntaxError, match=complaint):
        Ruleset.parse(rules)


@pytest.mark.parametrize(
    ("path", "method", "auth", "new", "holds"),
    [
        ("users/ada/uploads/a.png", "create", OWNER, {"size": 20 * MIB, "contentType": "image/png"}, True),
        ("users/ada/uploads/a.png", "create", OWNER, {"size": 20 * MIB + 1, "contentType": "image/png"}, False),
        ("users/ada/uploads/a.png", "update", OWNER, {"size": 1, "contentType": "image/jpeg"}, True),
        ("users/ada/uploads/a.png", "update", OWNER, {"size": 1, "contentType": "text/html"}, False),
        ("users/ada/uploads/a.mp4", "create", OWNER, {"size": 1, "contentType": "video/mp4"}, True),
        ("users/ada/uploads/a", "create", OWNER, {"size": 1, "contentType": "audio/webm;codecs=opus"}, True),
        ("users/ada/uploads/a", "create", OWNER, {"size": 1, "contentType": "image/svg+xml"}, False),
        ("users/ada/uploads/a", "create", OWNER, {"size": 1, "contentType": "image/SVG+xml"}, False),
        ("users/ada/uploads/a", "create", OWNER, {"size": 1, "contentType": "image/svg+xml;charset=utf-8"}, False),
        ("users/ada/uploads/a", "create", OWNER, {"size": 1, "contentType": "application/pdf"}, False),
        ("users/ada/uploads/a", "create", OWNER, {"size": 1}, False),
        ("users/ada/uploads/a/b.png", "create", OWNER, {"size": 1, "contentType": "image/png"}, False),
        ("users/ada/uploads/a.png", "create", OTHER, {"size": 1, "contentType": "image/png"}, False),
        ("users/ada/uploads/a.png", "create", None, {"size": 1, "contentType": "image/png"}, False),
        ("users/ada/uploads/a.png", "get", OWNER, None, True),
        ("users/ada/uploads/a.png", "get", OTHER, None, False),
        ("users/ada/uploads/a.png", "get", None, None, False),
        ("users/ada/uploads", "list", OWNER, None, True),
        ("users/ada/uploads", "list", OTHER, None, False),
        ("users/ada/uploads/a.png", "delete", OWNER, None, True),
        ("users/ada/uploads/a.png", "delete", OTHER, None, False),
        ("users/ada/creations/j/0.png", "get", OWNER, None, True),
        ("users/ada/creations/j/0.png", "get", OTHER, None, False),
        ("users/ada/creations/j/0.png", "get", None, None, False),
        ("users/ada/creations/j/0.png", "create", OWNER, {"size": 1, "contentType": "image/png"}, False),
        ("users/ada/creations/j/0.png", "update", OWNER, {"size": 1, "contentType": "image/png"}, False),
        ("users/ada/creations/j/0.png", "delete", OWNER, None, False),
        ("posts/p/0.png", "get", None, None, True),
        ("posts/p/0.png", "get", OTHER, None, True),
        ("posts/p/0.png", "create", OWNER, {"size": 1, "contentType": "image/png"}, False),
        ("posts/p/0.png", "delete", OWNER, None, False),
        ("posts", "list", OWNER, None, False),
        ("users/ada/other/a.png", "create", OWNER, {"size": 1, "contentType": "image/png"}, False),
        ("anything", "get", OWNER, None, False),
        ("", "list", OWNER, None, False),
    ],
)
def test_our_own_rules(path: str, method: str, auth: Any, new: Any, holds: bool) -> None:
    assert asked(OWN_RULES, path, method, auth, new) is holds


def test_the_runtime_speaks_lines_of_json() -> None:
    load = {"rulesetName": "0", "source": {"files": [{"name": "storage.rules", "content": "service nothing {}"}]}}
    verify = {"rulesetName": "0", "method": "get", "path": "/b/x/o/y", "variables": {}}
    requests = [
        {"id": 0, "action": "load_ruleset", "context": load},
        {"id": 1, "action": "verify", "context": verify},
        {"id": 2, "action": "dance"},
    ]
    sink = io.StringIO()
    serve(io.StringIO("\n".join(map(json.dumps, requests))), sink)
    hello, refused, denied, unknown = map(json.loads, sink.getvalue().splitlines())
    assert hello == {"id": -1, "status": "ok", "errors": [], "warnings": []}
    assert refused["id"] == 0
    assert refused["errors"] == [
        "storage.rules: line 1: expected service firebase.storage {, found 'service nothing {}'"
    ]
    assert denied["result"] == {"permit": False}
    assert unknown["errors"] == ["unknown request 'dance'"]


@pytest.mark.parametrize(
    ("condition", "granted"),
    [
        ("firestore.exists(/databases/(default)/documents/users/$(request.auth.uid))", True),
        ("firestore.exists(/databases/(default)/documents/users/ada)", True),
        ("firestore.exists(/databases/(default)/documents/users/$(name))", False),
        ("!firestore.exists(/databases/(default)/documents/users/bob)", True),
        ("firestore.get(/databases/(default)/documents/users/$(request.auth.uid)).data.level == 3", True),
        ("firestore.get(/databases/(default)/documents/users/$(request.auth.uid)).data.level == 4", False),
        ("firestore.get(/databases/(default)/documents/users/ada).data.absent == 1", False),
        ("firestore.get(/databases/(default)/documents/users/bob).data.level != 3", False),
        ("'firestore.get(/a/$(b))' == 'x'", False),
    ],
)
def test_rules_read_documents_of_firestore(condition: str, granted: bool) -> None:
    assert asked(wrapped(condition), "files/a", "get", OWNER) is granted


def test_a_document_is_asked_for_by_the_protocol_and_other_requests_wait() -> None:
    rules = wrapped("firestore.exists(/databases/(default)/documents/users/$(name))")
    files = {"files": [{"name": "storage.rules", "content": rules}]}
    load = {"id": 0, "action": "load_ruleset", "context": {"rulesetName": "0", "source": files}}

    def verify(id_: int, name: str) -> dict[str, Any]:
        context = {"rulesetName": "0", "method": "get", "path": f"/b/x/o/files/{name}", "variables": {}}
        return {"id": id_, "action": "verify", "context": context}

    sent = [load, verify(1, "ada"), verify(2, "bob"), {"id": 1, "status": "ok", "result": {"name": "a"}}]
    sent.append({"id": 2, "status": "not_found"})
    sink = io.StringIO()
    serve(io.StringIO("".join(json.dumps(each) + "\n" for each in sent)), sink)
    written = [json.loads(line) for line in sink.getvalue().splitlines()]
    fetches = [each["context"]["path"] for each in written if "action" in each]
    assert fetches == [f"/databases/(default)/documents/users/{name}" for name in ("ada", "bob")]
    assert {each["id"]: each["result"]["permit"] for each in written if "permit" in each.get("result", {})} == {
        1: True,
        2: False,
    }
