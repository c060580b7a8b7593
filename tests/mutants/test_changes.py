"""The mutation tool itself: what it changes, and that a change is really made."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.mutants.changes import changed, changes
from tests.mutants.table import COVERED_BY, EQUAL, QUICK

CODE = '''
def price(balance: int, cost: int = 2) -> bool:
    """Five."""
    if not balance:
        raise ValueError
    held[balance] = min(balance, cost)
    return balance >= cost and not f"{cost}" + "x" == 1
'''
ROOT = Path(__file__).parents[2]


def test_each_kind_of_change_is_found() -> None:
    assert [str(each).split(" -> ", 1)[1] for each in changes(ast.parse(CODE))] == [
        "3",
        "1",
        "balance",
        "pass",
        "pass",
        "max(balance, cost)",
        "return True",
        "return False",
        "balance >= cost or not f'{cost}' + 'x' == 1",
        "balance > cost",
        "f'{cost}' + 'x' == 1",
        "f'{cost}' + 'x' != 1",
        "2",
        "0",
    ]


def test_a_change_is_made_where_it_was_found() -> None:
    found = changes(ast.parse(CODE))
    for number, each in enumerate(found):
        made, change = changed(CODE, number)
        assert str(change) == str(each)
        assert ast.unparse(made) != ast.unparse(ast.parse(CODE))
        compile(made, "made", "exec")


def test_the_table_names_modules_and_tests_that_exist() -> None:
    assert COVERED_BY.keys() >= {*QUICK, *EQUAL}
    for module, tests in COVERED_BY.items():
        assert (ROOT / f"functions/studiox/{module}.py").exists(), module
        assert [each for each in tests if not (ROOT / each).exists()] == []
