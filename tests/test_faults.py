"""docs/faults.md and docs/guarantees.md explain every fault code in use, and name tests and files that exist."""

from __future__ import annotations

import ast
import functools
import io
import pathlib
import re
import tokenize
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[1]
DOCS = ROOT / "docs"
FAULTS = (DOCS / "faults.md").read_text()
GUARANTEES = (DOCS / "guarantees.md").read_text()
PLACES = ("functions/main.py", "functions/studiox", "local", "ops", "tests", "bench", "docs", "infra", "web/src")
GENERATED = {"node_modules", "__pycache__"}

# A letter and a number, or a range of them: `J5`, `J4–J8`.
CODE = re.compile(r"\b([ABCGIJMR])(\d{1,2})(?:[–-]\1?(\d{1,2}))?(?![\w.])")
IN_A_NAME = re.compile(r"(?<=_)([abcgijmr]\d{1,2})(?=_)")
# Documents that a reader of this repository does not have, and their numbering.
ELSEWHERE = re.compile(
    r"[Cc]ontract §|[Ff]aults? §|\bS\d{1,2}\b|[Ss]eed document|(?<![\w/-])seeds/"
    r"|\b(?:contract|vendors|performance|platform|design)\.md"
)
BEFORE_A_STATEMENT = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
TEST = re.compile(r"`(tests/[\w/.]+\.(?:py|mjs))(?:::(\w+))?`")


def codes(text: str) -> Iterator[str]:
    for letter, first, last in CODE.findall(text):
        yield from (f"{letter}{number}" for number in range(int(first), int(last or first) + 1))


def files() -> Iterator[pathlib.Path]:
    """Everything that people write, apart from docs/api, which repeats the docstrings of functions/."""
    for place in PLACES:
        path = ROOT / place
        for each in [path] if path.suffix else sorted(path.rglob("*")):
            generated = GENERATED & set(each.parts) or DOCS / "api" in each.parents
            if each.suffix in (".py", ".mjs", ".md", ".tf") and not generated:
                yield each
    yield from (ROOT / each for each in ("README.md", "CONTRIBUTING.md", "firestore.rules", "storage.rules"))


@functools.cache
def prose(path: pathlib.Path) -> str:
    """What a file says to its readers: of Python the comments, docstrings and names of functions."""
    text = path.read_text()
    if path.suffix != ".py":
        return re.sub(r"```.*?```", "", text, flags=re.DOTALL) if path.suffix == ".md" else text
    found = []
    before = tokenize.NEWLINE, ""
    for kind, string, *_ in tokenize.generate_tokens(io.StringIO(text).readline):
        if kind == tokenize.COMMENT:
            found.append(string)
        elif kind == tokenize.STRING and before[0] in BEFORE_A_STATEMENT:
            found.append(string)  # a docstring, of a module, a class, a function or a field
        elif kind != tokenize.NL:
            if kind == tokenize.NAME and before[1] in ("def", "class"):
                found += [each.upper() for each in IN_A_NAME.findall(f"{string}_")]
            before = kind, string
    return "\n".join(found)


@functools.cache
def named() -> dict[str, set[str]]:
    """{a code in use: the files that use it}, apart from the list itself."""
    found: dict[str, set[str]] = {}
    for path in files():
        if path.name not in ("faults.md", pathlib.Path(__file__).name):
            for code in codes(prose(path)):
                found.setdefault(code, set()).add(str(path.relative_to(ROOT)))
    return found


def test_nothing_refers_to_documents_that_are_not_here() -> None:
    found = {
        str(path.relative_to(ROOT)): sorted(set(ELSEWHERE.findall(prose(path))))
        for path in files()
        if path.name != pathlib.Path(__file__).name
    }
    assert {path: words for path, words in found.items() if words} == {}


def entries() -> dict[str, str]:
    """{code: its entry}."""
    parts = re.split(r"^### (\w+): ", FAULTS, flags=re.MULTILINE)
    assert len(parts[1::2]) == len(set(parts[1::2])), "a code has two entries"
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_code_in_use_has_an_entry() -> None:
    assert len(named()) >= 50
    assert {code: sorted(places) for code, places in named().items() if code not in entries()} == {}


def test_the_search_for_codes_finds_them() -> None:
    assert list(codes("faults A9, J4–J6; C2PA, M1.5, IA5 and G7")) == ["A9", "J4", "J5", "J6", "G7"]
    assert {"A9", "G7", "J22"} <= named().keys()


@functools.cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_entry_names_a_test() -> None:
    assert [code for code, entry in entries().items() if not TEST.search(entry)] == []
    parts = re.split(r"^### ", GUARANTEES, flags=re.MULTILINE)[1:]
    assert len(parts) >= 10
    assert [part.splitlines()[0] for part in parts if not TEST.search(part) or "- Held by `" not in part] == []


@pytest.mark.parametrize("text", [FAULTS, GUARANTEES], ids=["faults", "guarantees"])
def test_every_test_that_is_named_exists(text: str) -> None:
    tests = TEST.findall(text)
    assert len(tests) == text.count("`tests/"), "a test is named in another form"
    missing = [
        f"{path}::{name}"
        for path, name in tests
        if not (ROOT / path).exists() or (name and name not in functions(path))
    ]
    assert missing == []


def test_every_term_that_is_linked_is_in_the_glossary() -> None:
    headings = re.findall(r"^### (.+)$", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    terms = {each.lower().replace(" ", "-") for each in headings}
    assert len(terms) >= 12
    linked = {term for path in DOCS.rglob("*.md") for term in re.findall(r"glossary\.md#([\w-]+)", path.read_text())}
    assert linked
    assert linked <= terms
