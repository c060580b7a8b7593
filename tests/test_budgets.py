"""tests/support/budgets.py: a budget names a deployed function and a test that holds it."""

from __future__ import annotations

import re
from pathlib import Path

import main
from tests.support.budgets import BUDGETS

_READ = re.compile(r'budgets\.(?:calls|most)\("(\w+)", "([\w ]+)"\)')


def test_each_budget_is_of_a_deployed_function_and_held_by_a_test() -> None:
    tests = Path(__file__).parent.rglob("test_*.py")
    held = {pair for path in tests for pair in _READ.findall(path.read_text())}
    assert held == {(function, case) for function, cases in BUDGETS.items() for case in cases}
    assert BUDGETS.keys() <= set(main.__all__)


def test_each_has_a_reason() -> None:
    assert not [each for cases in BUDGETS.values() for each in cases.values() if len(each.why.split()) < 2]
