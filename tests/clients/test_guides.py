"""The guides for client developers name functions that are deployed and documents that the rules open."""

from __future__ import annotations

import re

from local.generate.api.contract import ROOT, load
from tests.rules.table import ROWS

# What the guides name of Firebase's own SDK.
SDK = {
    "applyActionCode",
    "confirmPasswordReset",
    "createUserWithEmailAndPassword",
    "deleteUser",
    "httpsCallable",
    "reauthenticateWithCredential",
    "sendEmailVerification",
    "sendPasswordResetEmail",
    "signInWithEmailAndPassword",
    "signOut",
    "updatePassword",
}


def deployed() -> set[str]:
    api = load()
    return {each.name for each in api.operations} | {name for name, _, _ in api.others}


def test_every_route_names_something_that_is_there() -> None:
    routes = re.findall(r"^\| .*? \| (.*) \|$", (ROOT / "docs/from-rest.md").read_text(), re.M)
    named = {name for row in routes for name in re.findall(r"`(?:POST |GET )?…?/?(\w+)", row)}
    functions = {name for name in named if re.search(r"[a-z][A-Z]", name) and name != "userId"}
    assert len(functions) > 30
    assert functions <= deployed() | SDK


def test_the_guide_calls_functions_that_are_there() -> None:
    text = (ROOT / "docs/client.md").read_text()
    called = set(re.findall(r"call\('(\w+)'", text))
    assert len(called) > 10
    assert called <= deployed()


def test_the_guide_has_every_document_that_a_client_may_read() -> None:
    table = (ROOT / "docs/client.md").read_text().partition("## Documents")[2].partition("\n## ")[0]
    told = re.findall(r"^\| (`.*?) \|", table, re.M)
    shown = {"/".join(name.split("/")[::2]) for row in told for name in re.findall(r"`([^`]+)`", row)}
    readable = {row.collection for row in ROWS if row.grants}
    assert shown == readable
