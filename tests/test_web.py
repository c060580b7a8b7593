"""The rules of the page's code: short modules, imports that form no circle, and colours with names."""

from __future__ import annotations

import graphlib
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
WEB = ROOT / "web"
SOURCES = sorted((WEB / "src").rglob("*.ts"))
TEXTS = [*SOURCES, *(WEB / "src").rglob("*.css"), *WEB.glob("*.html"), *WEB.glob("*.ts")]
STYLES = sorted((WEB / "src").rglob("*.css"))
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(")
ROOT_BLOCK = re.compile(r":root \{.*?\n\}", re.DOTALL)
COLUMNS = 120
# A module's lines; words.ts is a dictionary, which nobody reads from its beginning to its end.
LINES = 300
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


def test_colours_have_names() -> None:
    """A theme replaces the names in `:root` (docs/web.md). White, black and grey, as shades over a picture, are not
    part of one."""
    assert STYLES
    unnamed = [
        f"{name(path)}: {colour}"
        for path in STYLES
        for colour in COLOUR.findall(ROOT_BLOCK.sub("", path.read_text()))
        if len(set(colour[1:4])) > 1
    ]
    assert not unnamed
    named = set(re.findall(r"--([\w-]+):", "".join(ROOT_BLOCK.findall((WEB / "src/style.css").read_text()))))
    guide = (ROOT / "docs/web.md").read_text()
    assert set(re.findall(r"`--([\w-]+)`", guide)) == named


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


def test_the_layout_has_no_left_and_right() -> None:
    """What is at the left in English is at the right in Arabic: the style says `inline-start`."""
    sided = re.compile(r"(?:^|[\s;{-])(?:left|right)\s*[:;]|:\s*(?:left|right)\b")
    found = [f"{name(path)}: {line}" for path in STYLES for line in path.read_text().splitlines() if sided.search(line)]
    assert not [each for each in found if "left: 50%" not in each]
