"""The rules of the page's code: modules that are read in one sitting, and imports that form no circle."""

from __future__ import annotations

import graphlib
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
WEB = ROOT / "web"
SOURCES = sorted((WEB / "src").rglob("*.ts"))
TEXTS = [*SOURCES, *(WEB / "src").rglob("*.css"), *WEB.glob("*.html"), *WEB.glob("*.ts")]
COLUMNS = 120
# A module's lines; words.ts is a dictionary, which nobody reads from its beginning to its end.
LINES = 250
IMPORTED = re.compile(r"""(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)'""", re.MULTILINE)


def name(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def test_lines_and_modules_are_short() -> None:
    assert SOURCES
    wide = [
        f"{name(path)}:{number}"
        for path in TEXTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > COLUMNS
    ]
    assert not wide, f"more than {COLUMNS} columns"
    long = [name(path) for path in SOURCES if len(path.read_text().splitlines()) > LINES]
    assert not long, f"more than {LINES} lines"


def test_a_module_opens_with_what_it_is_for() -> None:
    assert not [name(path) for path in SOURCES if not path.read_text().startswith("// ")]


def test_imports_form_no_circle_and_pages_are_imported_by_the_routes_alone() -> None:
    graph = {
        path: {(path.parent / each).resolve() for each in IMPORTED.findall(path.read_text())} & set(SOURCES)
        for path in SOURCES
    }
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as circle:
        pytest.fail(" imports ".join(name(path) for path in reversed(circle.args[1])))
    pages = {path for path in SOURCES if "pages" in path.relative_to(WEB / "src").parts}
    above = {path for path in SOURCES if pages & graph[path]} - pages
    assert {name(path) for path in above} == {"web/src/routes.ts"}
