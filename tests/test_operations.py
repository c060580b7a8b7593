"""What the operator's documents promise: every alert and schedule is explained, and nothing that is gone."""

from __future__ import annotations

import ast
import functools
import json
import pathlib
import re
from collections.abc import Iterator

import pytest

from studiox.integrations.providers.specs import PROVIDERS

ROOT = pathlib.Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def alerts() -> Iterator[str]:
    """The messages that the code alerts with; `report` is what settlement calls either level by."""
    for path in (ROOT / "functions" / "studiox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("alert", "report") and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def explained(section: str) -> set[str]:
    """What the first column of the section's table names."""
    text = OPERATIONS.split(f"## {section}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_every_alert_is_explained_and_none_that_is_gone() -> None:
    found = set(alerts())
    assert len(found) >= 10
    assert explained("Alerts") == found


def test_every_schedule_is_explained() -> None:
    functions = json.loads((ROOT / "tests" / "api_snapshot.json").read_text())["functions"]
    schedules = {name for name, function in functions.items() if function["kind"] == "schedule"}
    assert schedules
    assert schedules <= explained("Schedules")


def test_the_readme_names_every_function() -> None:
    functions = json.loads((ROOT / "tests" / "api_snapshot.json").read_text())["functions"]
    table = (ROOT / "README.md").read_text().partition("## The API")[2].partition("\n## ")[0]
    webhooks = {spec.webhook for spec in PROVIDERS.values()}  # which the table mentions as a kind
    assert set(re.findall(r"`([a-z]\w+[A-Z]\w+|health)`", table)) - {"httpsCallable"} == set(functions) - webhooks


def test_every_parameter_is_explained_and_none_that_is_gone() -> None:
    """functions/.env lists all of them; the guide says what production sets them to."""
    lines = (ROOT / "functions/.env").read_text().splitlines()
    parameters = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    section = (ROOT / "docs/deploy.md").read_text().split("## 2. Parameters\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(named))) == parameters


def test_every_administrators_callable_is_named() -> None:
    functions = json.loads((ROOT / "tests" / "api_snapshot.json").read_text())["functions"]
    administrators = {name for name, function in functions.items() if function.get("caller") == "Admin"}
    assert [name for name in sorted(administrators) if f"`{name}`" not in OPERATIONS] == []


GUIDES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs/decisions").glob("*.md"),
]
ROOMS = re.compile(r"(?<![\w./…-])(?:functions|local|ops|tests|bench|infra|web|clients|docs)/[\w./-]*\w")
CODE = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|mjs|ts|rules|json|yml|tf))`")
# Made on the developer's machine, by the set-up or by hand.
LOCAL = {"functions/.env.local", "functions/.secret.local", "functions/.env.production", "package.json"}


@functools.cache
def paths() -> frozenset[str]:
    """The files of the project, and every end of their paths: `studiox/kit/ids.py`, `kit/ids.py`, `ids.py`."""
    found: set[str] = set()
    for room in ("functions/studiox", "local", "ops", "tests", "bench", "infra", "web", "clients", "docs", ".github"):
        for path in (ROOT / room).rglob("*"):
            parts = path.relative_to(ROOT).parts
            if "node_modules" not in parts:
                found |= {"/".join(parts[begin:]) for begin in range(len(parts))}
    return frozenset(found | {f"functions/{path.name}" for path in (ROOT / "functions").iterdir()})


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_at_exists(path: pathlib.Path) -> None:
    text = path.read_text()
    for target in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (path.parent / target).exists(), target
    rooms = {each for each in ROOMS.findall(text) if not (ROOT / each).exists()}
    files = {each for each in CODE.findall(text) if each not in paths() and not (ROOT / each).exists()}
    assert sorted((rooms | files) - LOCAL) == []


@pytest.mark.parametrize("alias", ["staging", "production"])
def test_aliases_are_real_projects(alias: str) -> None:
    project = json.loads((ROOT / ".firebaserc").read_text())["projects"][alias]
    assert not project.startswith("demo-")
