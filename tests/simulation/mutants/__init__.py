"""Mutants of the guards: each patch here drops one guard of the money, job, billing or deletion paths.

A patch begins with what it drops, what then goes wrong, which check of the simulation sees it, the guarantee that is
broken (docs/guarantees.md), and the tests that must fail with it too. `Theme` is that of the stories that are about it
(tests/simulation/themes.py), which are played first. The diff follows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
FOLDER = Path(__file__).parent
FIELDS = ("Guard", "Without it", "Seen by", "Theme", "Guarantee", "Tests")


class Mutant(NamedTuple):
    """A patch, and what its first lines say."""

    path: Path
    guard: str
    """What the code guarantees with it."""
    without: str
    """What goes wrong in the world without it."""
    seen_by: str
    """The check of the simulation that sees it."""
    theme: str
    """Of the stories that are played first."""
    guarantee: int
    """The section's number in docs/guarantees.md."""
    tests: tuple[str, ...]
    """Files with ordinary tests of the guard."""

    @property
    def name(self) -> str:
        """`25th-invoice-forgotten`, without the number that orders the files."""
        return self.path.stem.split("-", 1)[1]

    @property
    def diff(self) -> str:
        text = self.path.read_text()
        return text[text.index("--- a/") :]


def read(path: Path) -> Mutant:
    """The mutant in this file. ValueError unless its first lines are FIELDS, in their order."""
    lines = path.read_text().split("\n")[: len(FIELDS)]
    names, said = zip(*(line.split(": ", 1) for line in lines), strict=True)
    if names != FIELDS:
        raise ValueError(f"{path.name} begins with {names}")
    guard, without, seen_by, theme, guarantee, tests = said
    return Mutant(path, guard, without, seen_by, theme, int(guarantee), tuple(tests.split()))


def mutants() -> list[Mutant]:
    return [read(path) for path in sorted(FOLDER.glob("*.patch"))]


def applied(mutant: Mutant, folder: Path) -> Path:
    """Copy what is deployed into `folder` and apply the patch there; the path of the changed `functions`."""
    made = folder / "functions"
    made.mkdir(parents=True)
    for each in ("main.py", ".env"):
        shutil.copy2(ROOT / "functions" / each, made / each)
    # With its bytecode: only the changed file is compiled anew.
    shutil.copytree(ROOT / "functions/studiox", made / "studiox")
    apply(mutant, folder)
    return made


def apply(mutant: Mutant, folder: Path) -> None:
    """Apply the patch to the files below `folder`. subprocess.CalledProcessError if it does not fit."""
    # Whether or not the folder is inside of a repository.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    outside["GIT_CEILING_DIRECTORIES"] = str(folder.resolve().parent)
    subprocess.run(["git", "apply", str(mutant.path)], cwd=folder, env=outside, check=True)
