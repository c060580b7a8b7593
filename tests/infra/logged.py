"""What the code logs: every message, with the severity and the fields of its calls."""

from __future__ import annotations

import ast
import functools
import pathlib
from typing import NamedTuple

HOUSE = pathlib.Path(__file__).parents[2] / "functions" / "studiox"
SEVERITIES = {"info": "INFO", "warning": "WARNING", "bug": "ERROR", "alert": "ALERT"}


class Line(NamedTuple):
    severity: str
    fields: frozenset[str]


@functools.cache
def lines() -> dict[str, list[Line]]:
    """By message. A call that passes `**fields` may pass any string that its function names."""
    found: dict[str, list[Line]] = {}
    for path in HOUSE.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                for message, line in _lines_of(function):
                    found.setdefault(message, []).append(line)
    return found


def _lines_of(function: ast.FunctionDef) -> list[tuple[str, Line]]:
    named = {
        node.value for node in ast.walk(function) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    found = []
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        logger, message = node.func.value, node.args[0]
        if not (isinstance(logger, ast.Name) and logger.id == "log" and isinstance(message, ast.Constant)):
            continue
        assert isinstance(message.value, str)
        given = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
        given |= named if len(given) < len(node.keywords) else set()
        found.append((message.value, Line(SEVERITIES[node.func.attr], frozenset({"message"} | given))))
    return found
