"""The guards' mutants: each patch still applies, drops one guard, and is in docs/reliability.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.simulation import themes
from tests.simulation.mutants import ROOT, Mutant, applied, apply, mutants, read

MUTANTS = mutants()
MOST_LINES = 24
"""Lines that a patch adds and removes: more would be another design, not a mistake."""
MANDATORY = {"lost-answer-decided-again", "25th-invoice-forgotten"}


def test_there_is_one_for_each_guard_and_the_mandatory_ones() -> None:
    assert len(MUTANTS) >= 40
    assert len({each.guard for each in MUTANTS}) == len(MUTANTS)
    names = [each.name for each in MUTANTS]
    assert len(set(names)) == len(names)
    assert set(names) >= MANDATORY
    assert [int(each.path.name.split("-", 1)[0]) for each in MUTANTS] == list(range(1, len(MUTANTS) + 1))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_patch_applies_to_what_is_deployed_and_still_compiles(mutant: Mutant, tmp_path: Path) -> None:
    diff = mutant.diff.splitlines()
    [changed] = [line.removeprefix("+++ b/") for line in diff if line.startswith("+++ ")]
    assert changed.startswith("functions/studiox/")
    moved = [line for line in diff if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    assert 0 < len(moved) <= MOST_LINES
    target = tmp_path / changed
    target.parent.mkdir(parents=True)
    before = (ROOT / changed).read_text()
    target.write_text(before)
    apply(mutant, tmp_path)
    assert ast.dump(ast.parse(target.read_text())) != ast.dump(ast.parse(before))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_patch_says_what_it_breaks(mutant: Mutant) -> None:
    for sentence in (mutant.guard, mutant.without):
        assert sentence[0].isupper() or sentence[0] == "`"
        assert sentence.endswith(".")
    assert mutant.seen_by
    assert mutant.theme in {each.name for each in (themes.MIXED, *themes.THEMES)}
    guarantees = (ROOT / "docs/guarantees.md").read_text()
    assert re.search(rf"^### {mutant.guarantee}\. ", guarantees, re.MULTILINE)
    assert mutant.tests
    assert [each for each in mutant.tests if not (ROOT / each).exists()] == []


def test_the_table_of_guards_is_the_patches() -> None:
    table = (ROOT / "docs/reliability.md").read_text().split("## Guards\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d\d) `([\w-]+)` \| (.+?) \| \[(\d+)\]", table, re.MULTILINE)
    assert rows == [(each.path.name[:2], each.name, each.guard, str(each.guarantee)) for each in MUTANTS]


def test_a_patch_without_its_sentences_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "01-nothing-said.patch"
    path.write_text(MUTANTS[0].path.read_text().replace("Without it: ", "Otherwise: "))
    with pytest.raises(ValueError, match="01-nothing-said"):
        read(path)


def test_what_is_run_is_a_changed_copy(tmp_path: Path) -> None:
    mutant = MUTANTS[0]
    functions = applied(mutant, tmp_path)
    [changed] = re.findall(r"^\+\+\+ b/functions/(.+)$", mutant.diff, re.MULTILINE)
    assert (functions / changed).read_text() != (ROOT / "functions" / changed).read_text()
    assert (functions / "main.py").read_text() == (ROOT / "functions/main.py").read_text()
