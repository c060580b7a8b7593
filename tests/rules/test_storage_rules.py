"""storage.rules, cell by cell: every place, identity, method, type and size that matters (faults R4, M6)."""

from __future__ import annotations

import pathlib
from typing import Any, NamedTuple

import pytest

from local.stack.storage_rules import Runtime
from tests.rules.table import ADMIN, GUEST, IDENTITIES, NOBODY_SIGNED_IN, OWNER

RULES = pathlib.Path(__file__).parents[2] / "storage.rules"
MIB = 1 << 20
LIMIT = 20 * MIB

ALL = frozenset(IDENTITIES)
OWN = frozenset({OWNER})
NONE: frozenset[str] = frozenset()

UPLOAD = f"users/{OWNER}/uploads/a.png"

# (path, who may get, list, create and update, delete): a picture of 1 MiB.
PLACES: dict[str, tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]] = {
    UPLOAD: (OWN, OWN, OWN, OWN),
    f"users/{OWNER}/uploads": (NONE, OWN, NONE, NONE),
    f"users/{OWNER}/uploads/deeper/a.png": (NONE, NONE, NONE, NONE),
    f"users/{OWNER}/creations/j1/0.png": (OWN, NONE, NONE, NONE),
    f"users/{OWNER}/creations/j1": (NONE, NONE, NONE, NONE),
    f"users/{OWNER}/creations/j1/deeper/0.png": (NONE, NONE, NONE, NONE),
    f"users/{OWNER}/a.png": (NONE, NONE, NONE, NONE),
    f"users/{OWNER}/other/a.png": (NONE, NONE, NONE, NONE),
    f"users/{OWNER}": (NONE, NONE, NONE, NONE),
    "users": (NONE, NONE, NONE, NONE),
    "posts/p1/0.png": (ALL, NONE, NONE, NONE),
    "posts/p1": (NONE, NONE, NONE, NONE),
    "posts": (NONE, NONE, NONE, NONE),
    "posts/p1/deeper/0.png": (NONE, NONE, NONE, NONE),
    "samples/a.png": (ALL, NONE, NONE, NONE),
    "samples": (NONE, NONE, NONE, NONE),
    "samples/deeper/a.png": (NONE, NONE, NONE, NONE),
    "a.png": (NONE, NONE, NONE, NONE),
    "exports/owner.json": (NONE, NONE, NONE, NONE),
    "tmp/owner/a.png": (NONE, NONE, NONE, NONE),
}
METHODS = ("get", "list", "create", "update", "delete")


class Object(NamedTuple):
    content_type: str | None = "image/png"
    size: int = MIB

    def typed(self, path: str) -> dict[str, Any]:
        """As the emulator hands it to its runtime."""
        fields: dict[str, Any] = {"name": {"string_value": path}, "size": {"int_value": self.size}}
        fields["contentType"] = _typed(self.content_type)
        return {"map_value": {"fields": fields}}


def _typed(text: str | None) -> dict[str, Any]:
    return {"null_value": None} if text is None else {"string_value": text}


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    loaded = Runtime()
    file = {"name": "storage.rules", "content": RULES.read_text()}
    answer = loaded.answer(
        {"id": 1, "action": "load_ruleset", "context": {"rulesetName": "r", "source": {"files": [file]}}}
    )
    assert answer["errors"] == []
    return loaded


ACTIVE = {"fields": {"suspended": {"booleanValue": False}}}


def _may(
    runtime: Runtime,
    method: str,
    path: str,
    name: str,
    sent: Object | None = None,
    account: dict[str, Any] | None = ACTIVE,
) -> bool:
    """Whether `name` may; `sent`: the object as it would be after the write; `account`: the owner's document."""
    token: dict[str, Any] = {"sub": {"string_value": name}}
    if name == ADMIN:
        token["admin"] = {"bool_value": True}
    if name == GUEST:
        token["firebase"] = {"map_value": {"fields": {"sign_in_provider": {"string_value": "anonymous"}}}}
    signed_in = {"map_value": {"fields": {"uid": {"string_value": name}, "token": {"map_value": {"fields": token}}}}}
    auth = {"null_value": None} if name == NOBODY_SIGNED_IN else signed_in
    after = {"null_value": None} if sent is None else sent.typed(path)
    before = {"null_value": None} if method == "create" else Object().typed(path)
    request = {"map_value": {"fields": {"auth": auth, "resource": after}}}
    context = {
        "rulesetName": "r",
        "service": "firebase.storage",
        "path": f"/b/demo-studiox.appspot.com/o/{path}",
        "method": method,
        "variables": {"resource": before, "request": request},
    }
    accounts = {f"/databases/(default)/documents/users/{OWNER}": account}
    asked = {"id": 2, "action": "verify", "context": context}
    permit: bool = runtime.answer(asked, accounts.get)["result"]["permit"]
    return permit


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("path", PLACES)
def test_cell(runtime: Runtime, path: str, name: str) -> None:
    get, list_, write, delete = PLACES[path]
    allowed = dict(zip(METHODS, (get, list_, write, write, delete), strict=True))
    sent = {method: Object() if method in ("create", "update") else None for method in METHODS}
    answers = {method: _may(runtime, method, path, name, sent[method]) for method in METHODS}
    assert answers == {method: name in allowed[method] for method in METHODS}


@pytest.mark.parametrize("method", ["create", "update"])
@pytest.mark.parametrize(
    ("content_type", "fits"),
    [
        ("image/png", True),
        ("image/jpeg", True),
        ("image/webp", True),
        ("audio/mpeg", True),
        ("audio/webm;codecs=opus", True),
        ("video/mp4", True),
        ('video/webm;codecs="vp9,opus"', True),
        ("image/svg+xml", False),
        ("image/svg", False),
        ("image/svg+xml;charset=utf-8", False),
        ("image/SVG+xml", False),
        ("image/anything+xml", False),
        ("video/vnd.x+xml", False),
        ("audio/x+xml;charset=utf-8", False),
        ("image/xml", False),
        ("IMAGE/PNG", False),
        ("text/html", False),
        ("text/html;image/png", False),
        (" image/png", False),
        ("image/png\nx", False),
        ("image/", False),
        ("image", False),
        ("application/pdf", False),
        ("application/octet-stream", False),
        ("multipart/image/png", False),
        ("", False),
        (None, False),
    ],
)
def test_an_upload_is_media_but_no_svg(runtime: Runtime, method: str, content_type: str | None, fits: bool) -> None:
    """M6: an SVG is a document that runs scripts, from an address of ours."""
    assert _may(runtime, method, UPLOAD, OWNER, Object(content_type)) is fits
    strangers = [name for name in IDENTITIES if name != OWNER]
    assert not any(_may(runtime, method, UPLOAD, name, Object(content_type)) for name in strangers)


@pytest.mark.parametrize("method", ["create", "update"])
@pytest.mark.parametrize("content_type", ["image/png", "audio/mpeg", "video/mp4"])
@pytest.mark.parametrize(
    ("size", "fits"), [(0, True), (1, True), (LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False), (1 << 40, False)]
)
def test_an_upload_has_at_most_20_mib(runtime: Runtime, method: str, content_type: str, size: int, fits: bool) -> None:
    assert _may(runtime, method, UPLOAD, OWNER, Object(content_type, size)) is fits


@pytest.mark.parametrize("method", ["create", "update"])
@pytest.mark.parametrize(
    "account", [None, {}, {"fields": {}}, {"fields": {"suspended": {"booleanValue": True}}}], ids=str
)
def test_who_is_deleted_or_suspended_uploads_nothing(
    runtime: Runtime, method: str, account: dict[str, Any] | None
) -> None:
    """A9: the token of a deleted account lives for an hour. What is still there may be read, and deleted."""
    assert not _may(runtime, method, UPLOAD, OWNER, Object(), account)
    assert _may(runtime, "get", UPLOAD, OWNER, None, account)
    assert _may(runtime, "delete", UPLOAD, OWNER, None, account)


def test_the_matrix_is_large() -> None:
    assert len(PLACES) * len(IDENTITIES) * len(METHODS) >= 400
