"""Imports at once what functions import at their first use. That shortens cold starts, which do not occur here."""

from __future__ import annotations

import ast
import contextlib
from pathlib import Path


def load_all(functions: Path) -> None:
    """Every import inside a function's body, below this directory. What cannot be imported is left to its function."""
    for path in sorted(functions.rglob("*.py")):
        relative = path.relative_to(functions)
        if relative.parts[0] == "venv":
            continue
        package = ".".join(relative.parts[:-1])
        with contextlib.suppress(SyntaxError):
            for statement in _lazy_imports(ast.parse(path.read_bytes())):
                code = compile(ast.Module([statement], []), str(path), "exec")
                with contextlib.suppress(ImportError):
                    exec(code, {"__name__": f"{package}._lazy", "__package__": package})


def _lazy_imports(module: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    bodies = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [each for body in bodies for each in ast.walk(body) if isinstance(each, ast.Import | ast.ImportFrom)]
