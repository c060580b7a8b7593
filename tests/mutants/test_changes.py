"""The mutation tool itself: what it changes, what it counts as killed, and that its table is of today's code."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.changes import Change, changed, changes
from tests.mutants.table import COVERED_BY, EQUAL, SLOW, WITHOUT_A_ROW
from tests.test_tidy import does_io, house, name, rules, tree

CODE = '''
class Prices:
    LEAST = 1

    def price(self, balance: int, cost: int = 2) -> bool:
        """Five."""
        if not balance:
            raise ValueError
        held[balance] = min(balance, cost * 2)
        if held:
            return cost
        return balance >= cost and not f"{cost}" + "x" == 1
'''
ROOT = Path(__file__).parents[2]


def test_each_kind_of_change_is_found() -> None:
    assert [str(each) for each in changes(ast.parse(CODE))] == [
        "Prices: LEAST = 1 -> LEAST = 2",
        "Prices: LEAST = 1 -> LEAST = 0",
        "Prices.price: self, balance: int, cost: int=2 -> self, balance: int, cost: int=3",
        "Prices.price: self, balance: int, cost: int=2 -> self, balance: int, cost: int=1",
        "Prices.price: not balance -> balance",
        "Prices.price: raise ValueError -> pass",
        "Prices.price: held[balance] = min(balance, cost * 2) -> pass",
        "Prices.price: min(balance, cost * 2) -> max(balance, cost * 2)",
        "Prices.price: cost * 2 -> cost // 2",
        "Prices.price: cost * 2 -> cost * 3",
        "Prices.price: cost * 2 -> cost * 1",
        "Prices.price: if held: return cost -> if not held: return cost",
        "Prices.price: return cost -> return None",
        *(
            f"Prices.price: return balance >= cost and (not f'{{cost}}' + 'x' == 1) -> return {value}"
            for value in (True, False)
        ),
        "Prices.price: balance >= cost and (not f'{cost}' + 'x' == 1) -> balance >= cost or not f'{cost}' + 'x' == 1",
        "Prices.price: balance >= cost -> balance > cost",
        "Prices.price: not f'{cost}' + 'x' == 1 -> f'{cost}' + 'x' == 1",
        "Prices.price: f'{cost}' + 'x' == 1 -> f'{cost}' + 'x' != 1",
        "Prices.price: f'{cost}' + 'x' == 1 -> f'{cost}' + 'x' == 2",
        "Prices.price: f'{cost}' + 'x' == 1 -> f'{cost}' + 'x' == 0",
    ]


def test_a_change_is_made_and_the_tree_stays() -> None:
    module = ast.parse(CODE)
    whole = ast.unparse(module)
    for each in changes(module):
        made = changed(module, each)
        assert ast.unparse(made) != whole == ast.unparse(module)
        compile(made, "made", "exec")


def test_the_table_names_modules_and_tests_that_exist() -> None:
    assert COVERED_BY.keys() >= EQUAL.keys()
    for module, (own, wider) in COVERED_BY.items():
        assert own
        assert (ROOT / f"functions/studiox/{module}.py").exists(), module
        assert [each for each in (*own, *wider) if not (ROOT / each).exists()] == []
    for each in SLOW:
        path, _, name = each.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text()


def deciding() -> set[str]:
    """Modules with a decision that can be tried without what they do outside: any change of a pure rule, and in others
    a comparison, a logical operation or arithmetic in a function."""
    pure, found = set(rules()), set()
    for path in house():
        module = name(path).removeprefix("functions/studiox/").removesuffix(".py")
        if path in pure:
            found |= {module} if changes(tree(path)) else set()
        elif module.startswith("models/") or not does_io(path):
            found |= {module} if any(map(_is_decision, changes(tree(path)))) else set()
    return found


def _is_decision(change: Change) -> bool:
    return change.function is not None and isinstance(change.node, ast.Compare | ast.BoolOp | ast.BinOp)


def test_every_rule_is_in_the_table_or_has_a_reason() -> None:
    assert deciding() - COVERED_BY.keys() == WITHOUT_A_ROW.keys()


def test_a_decision_is_a_comparison_or_arithmetic_in_a_function() -> None:
    def decides(code: str) -> bool:
        return any(map(_is_decision, changes(ast.parse(code))))

    assert decides("def f(a): return a < 1")
    assert decides("def f(a, b): return a and b")
    assert decides("class A:\n    def f(self, a):\n        return a + 1")
    assert not decides("LIMIT = 2 * 3")
    assert not decides("def f(a: int | None) -> str: return g(a)")


@pytest.mark.parametrize("module", EQUAL)
def test_each_mutant_that_is_listed_as_equal_exists_once(module: str) -> None:
    source = (ROOT / f"functions/studiox/{module}.py").read_text()
    found = Counter(str(each) for each in changes(ast.parse(source)))
    assert EQUAL[module]
    assert [each for each in EQUAL[module] if found[each] != 1] == []


RULE = """
LEAST = 3

def price(pieces, each):
    total = pieces * each
    if total < LEAST:
        return LEAST
    return total

def spare():
    return 1
"""
TESTS = """
import rule

def test_slow():
    assert rule.spare() == 1

def test_price():
    assert (rule.price(2, 5), rule.price(1, 1)) == (10, 3)
"""


def test_what_a_rules_tests_do_not_notice_survives(tmp_path: Path) -> None:
    """The whole tool, on a rule whose tests miss the boundary and a function."""
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (tmp_path / "rule.py").write_text(RULE)
    (tmp_path / "test_rule.py").write_text(TESTS)
    code = f"""
import json, pathlib, sys
sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]
from tests.mutants.trial import Module, try_changes
place = pathlib.Path({str(tmp_path)!r})
module = Module("rule", place / "rule.py", (str(place / "test_rule.py"),), place, ("test_rule.py::test_slow",), place)
done = try_changes(module, lambda change: "total -> return" not in change)
print(json.dumps([done.tried, [str(each) for each in done.survivors], done.broken]))
(place / "test_rule.py").write_text("import rule\\ndef test_price(): assert rule.price(2, 5) == 11")
print(json.dumps(try_changes(module, lambda _: True)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, without = map(json.loads, done.stdout.splitlines())
    assert first == [
        8,
        [
            "price: total < LEAST -> total <= LEAST",
            "spare: return 1 -> return None",
            "spare: return 1 -> return 2",
            "spare: return 1 -> return 0",
        ],
        [],
    ]
    assert without[:2] == [0, []]
    assert "the tests fail without any change" in without[2][0]
