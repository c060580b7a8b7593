"""Which deployed functions the tests call: a function that is only mentioned is not tested."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

CALLS = {"call", "http", "schedule", "task", "before_create", "send"}
"""Of tests/support/calls.py: the deployed object comes first."""
BY_NAME = {"ask", "call", "ok"}
"""What tests make of them for their domain: the function's name comes first."""


def called(nodes: Iterable[ast.AST]) -> set[str]:
    """The deployed functions that a module of tests calls, by their names in `main`."""
    nodes = list(nodes)
    names: dict[str, str] = {}  # of this module: what they stand for
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "main":
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        if isinstance(node, ast.Assign | ast.AnnAssign) and (deployed := _of_main(node.value)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id: deployed for target in targets if isinstance(target, ast.Name)}
    found = set()
    for node in nodes:
        if isinstance(node, ast.Call) and node.args:
            by = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if by in CALLS and (deployed := _of_main(first) or names.get(getattr(first, "id", ""))):
                found.add(deployed)
            if by in BY_NAME and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def _of_main(node: ast.AST | None) -> str | None:
    """`X` of `main.X`, and of `main.WEBHOOKS["X"]`."""
    if isinstance(node, ast.Subscript) and _of_main(node.value) == "WEBHOOKS":
        return ast.literal_eval(node.slice)  # type: ignore[no-any-return]
    of_main = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "main"
    return node.attr if of_main and isinstance(node, ast.Attribute) else None


def called_in_javascript(text: str) -> set[str]:
    """The names that a journey calls: `client.call('X', …)`, or `studio.X(…)` of the typed client."""
    return set(re.findall(r"""\bcall\(\s*['"`](\w+)['"`]""", text)) | set(re.findall(r"\.(\w+)\(", text))
