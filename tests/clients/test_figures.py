"""A refusal's details are those that its class declares: clients' types are made of the declaration."""

from __future__ import annotations

import ast
import importlib
import pathlib
from collections.abc import Iterator
from typing import Any

HOUSE = pathlib.Path(__file__).parents[2] / "functions" / "studiox"


def declared() -> dict[str, dict[str, Any]]:
    """{refusal: {detail: its type}} of every refusal that may be answered."""
    from studiox.kit.errors import StudioxError

    importlib.import_module("main")
    found: dict[str, dict[str, Any]] = {}
    waiting = [StudioxError]
    while waiting:
        for refusal in waiting.pop().__subclasses__():
            waiting.append(refusal)
            if refusal.__module__.startswith("studiox.") and not refusal.__name__.startswith("_"):
                found[refusal.__name__] = dict(refusal.figures)
    return found


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """(where, refusal, names of the details) of every refusal that is made in the code."""
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                given = {each.arg or "" for each in node.keywords}
                # It makes its rules from its fields itself.
                yield f"{path.name}:{node.lineno}", called, given | ({"rules"} if called == "InvalidRequest" else set())


def test_every_refusal_is_made_with_the_details_it_declares() -> None:
    figures = declared()
    made = [(where, name, details) for where, name, details in raised() if name in figures]
    assert len(made) >= 20
    wrong = []
    for where, name, details in made:
        needed = {detail for detail, kind in figures[name].items() if "None" not in str(kind)}
        if not needed <= details <= figures[name].keys():
            wrong.append(f"{where}: {name} with {sorted(details)}, declared {sorted(figures[name])}")
    assert not wrong
