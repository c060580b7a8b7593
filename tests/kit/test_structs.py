"""Structs that many threads use for the first time, as in an instance that has just started."""

from __future__ import annotations

import ast
import os
import pathlib
import subprocess
import sys

FUNCTIONS = pathlib.Path(__file__).parents[2] / "functions"

# Each round's structs are new. Their annotations are text, as with `from __future__ import annotations`.
ROUNDS = """
import sys, threading, types
sys.setswitchinterval(1e-6)
from studiox.kit import structs

SOURCE = '''
from __future__ import annotations
import msgspec
__name__ = "{name}"
class Leaf(msgspec.Struct, frozen=True):
    a: int
    b: dict[str, int] = {{}}
class Inner(msgspec.Struct, frozen=True):
    a: Leaf
    b: list[Leaf]
class Outer(msgspec.Struct, frozen=True):
    a: Inner
    b: list[Inner] = []
'''
for number in range(100):
    module = types.ModuleType(f"made{number}")
    sys.modules[module.__name__] = module
    exec(SOURCE.format(name=module.__name__), module.__dict__)
    start, made = threading.Barrier(8), []

    def use():
        start.wait()
        made.append(structs.convert({"a": {"a": {"a": 1}, "b": [{"a": 2}]}}, module.Outer))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 8 and len(set(map(repr, made))) == 1
"""


def test_r20_many_threads_use_a_struct_for_the_first_time() -> None:
    environment = {**os.environ, "PYTHONPATH": str(FUNCTIONS)}
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_r20_data_become_structs_in_one_place() -> None:
    """Others prepare no struct: `refused_fields` converts fields of a struct that `callables` has just converted."""
    found = set()
    for path in (FUNCTIONS / "studiox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            typed = any(each.arg == "type" for each in node.keywords)
            if called == "msgspec.convert" or (called.startswith("msgspec.json.") and (typed or "Decoder" in called)):
                found.add(f"{path.parent.name}/{path.name}")
    assert found == {"kit/structs.py", "api/refused_fields.py"}
