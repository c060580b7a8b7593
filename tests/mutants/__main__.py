"""`make mutants ONLY=models/ledger`: try every change of these modules, or of all in table.py, against their tests.

Exit code 1 when a mutant survives for which table.py has no reason, or could not be tried.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.mutants.changes import changes
from tests.mutants.table import COVERED_BY, EQUAL, SLOW
from tests.mutants.trial import Module, try_changes

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "functions" / "studiox"
# Imported once, before the forks: nothing of ours, and nothing that starts a thread when it is imported.
LIBRARIES = ("firebase_admin", "firebase_functions.https_fn", "google.cloud.firestore", "hypothesis.stateful", "stripe")


def try_module(name: str, scratch: Path) -> bool:
    """Print what survives; whether nothing did."""
    begun = time.monotonic()
    path = HOUSE / f"{name}.py"
    own, wider = COVERED_BY[name]
    module = Module(f"studiox.{name.replace('/', '.')}", path, own, ROOT, SLOW, scratch)
    equal = EQUAL.get(name, {})
    verdicts = try_changes(module, lambda change: change not in equal)
    tried = verdicts.tried
    if verdicts.survivors and wider:
        missed = {str(each) for each in verdicts.survivors}
        verdicts = try_changes(module._replace(tests=wider), missed.__contains__)
    for change in verdicts.survivors:
        say(f"survived    {name}.py:{change.line}: {change}")
    for each in verdicts.broken:
        say(f"not tried   {name}.py: {each}")
    gone = equal.keys() - {str(each) for each in changes(ast.parse(path.read_text()))}
    for mutant in sorted(gone):
        say(f"no longer there    {name}.py: {mutant}")
    spent = round(time.monotonic() - begun)
    say(f"{name}: {tried} mutants, {len(verdicts.survivors)} survived, {spent} s")
    return not (verdicts.survivors or verdicts.broken or gone)


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
    names = sys.argv[1:] or list(COVERED_BY)
    if unknown := [each for each in names if each not in COVERED_BY]:
        say(f"Not in tests/mutants/table.py: {', '.join(unknown)}")
        return 1
    sys.path[:0] = [str(ROOT), str(ROOT / "functions")]
    for library in LIBRARIES:
        importlib.import_module(library)
    engine = start_engine()
    os.environ["FIRESTORE_EMULATOR_HOST"] = engine.host
    try:
        with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
            explained = [try_module(name, Path(scratch)) for name in names]
    finally:
        engine.stop()
    return 0 if all(explained) else 1


if __name__ == "__main__":
    sys.exit(main())
