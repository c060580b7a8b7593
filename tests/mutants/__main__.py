"""`make mutants ONLY=models/ledger`: try every change of these modules against the tests that cover them.

A process that has the libraries imported is forked for each mutant; the child compiles the changed module in place of
the real one and runs the tests until one fails. Exit code 1 when a mutant survives for which equal.py has no reason.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.mutants.changes import changed, changes
from tests.mutants.table import COVERED_BY, EQUAL, QUICK

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "functions" / "studiox"
TIMEOUT_S = 240.0
# Imported once, before the forks: nothing of ours, and nothing that starts a thread when it is imported.
LIBRARIES = ("firebase_admin", "firebase_functions.https_fn", "google.cloud.firestore", "hypothesis.stateful", "stripe")


class _Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a syntax tree."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, str(self.path), "exec"), vars(module))


def killed(module: str, number: int | None, output: Path) -> bool:
    """Whether a test fails when this change is made; None changes nothing."""
    child = os.fork()
    if child == 0:
        _run(module, number, output)
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return True  # it never ends: a test would have


def _run(module: str, number: int | None, output: Path) -> None:
    """In the child: the tests, with the changed module in place of the real one."""
    code = 1
    try:
        with output.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        path = HOUSE / f"{module}.py"
        if number is not None:
            tree, _ = changed(path.read_text(), number)
            sys.meta_path.insert(0, _Loader(f"studiox.{module.replace('/', '.')}", path, tree))
        options = [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
            "--rootdir",
            str(ROOT),
        ]
        code = int(pytest.main([*options, *COVERED_BY[module]]))
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def survivors(module: str, output: Path) -> list[str]:
    """The mutants of the module that no test kills and no reason explains, with their lines."""
    source = (HOUSE / f"{module}.py").read_text()
    found = changes(ast.parse(source))
    if killed(module, None, output):
        say(f"{module}: the tests fail without any change; see {output}")
        return [module]
    lines = []
    for number, change in enumerate(found):
        if str(change) not in EQUAL.get(module, {}) and not killed(module, number, output):
            lines.append(f"{module}.py:{change.line}: {change}")
            say(f"survived  {lines[-1]}")
    gone = EQUAL.get(module, {}).keys() - {str(change) for change in found}
    for each in gone:
        lines.append(each)
        say(f"no such mutant any more: {each}")
    say(f"{module}: {len(found)} mutants, {len(lines)} unexplained")
    return lines


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def start_engine() -> Any:
    """The tests' Firestore engine, one for all forks. Its file alone is loaded: tests.support imports our modules."""
    path = ROOT / "tests/support/engine.py"
    spec = importlib.util.spec_from_file_location("mutants_engine", path)
    assert spec is not None
    assert spec.loader is not None
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    return engine.Engine()


def main() -> int:
    modules = sys.argv[1:] or list(QUICK)
    if unknown := [each for each in modules if each not in COVERED_BY]:
        say(f"Not in tests/mutants/table.py: {', '.join(unknown)}")
        return 1
    sys.path[:0] = [str(ROOT), str(ROOT / "functions")]
    output = ROOT / ".local" / "mutants.log"
    output.parent.mkdir(exist_ok=True)
    for library in LIBRARIES:
        importlib.import_module(library)
    engine = start_engine()
    os.environ["FIRESTORE_EMULATOR_HOST"] = engine.host
    try:
        found = [each for module in modules for each in survivors(module, output)]
    finally:
        engine.stop()
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
