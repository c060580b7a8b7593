"""The cold start by Python version: imports and the first response, on the oldest supported and production's."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys

from bench.stage import HERE, PYTHON, Stage
from bench.start import IMPORT, first_answer, output_of
from bench.table import Row, table
from local import setup

COMPARED = ("3.11", "3.13")


def run(stage: Stage, *, quick: bool) -> None:
    found = [_environment(version) for version in COMPARED]
    missing = [version for version, python in zip(COMPARED, found, strict=True) if python is None]
    if missing:
        print(f"\nCold start by Python: OTHER_PYTHON=/path/to/python{missing[0]} make bench")
        return
    pythons = [python for python in found if python]
    imports: list[list[float]] = [[], []]
    answers: list[list[float]] = [[], []]
    for _ in range(2 if quick else 7):
        for python, took in zip(pythons, imports, strict=True):
            took.append(json.loads(output_of([python, "-c", IMPORT], HERE.parent / "functions"))[0])
    for _ in range(1 if quick else 5):
        for python, took in zip(pythons, answers, strict=True):
            took.append(first_answer(stage, PYTHON, python))
    rows = [
        Row("imports of main.py, ms", statistics.median(imports[0]), statistics.median(imports[1])),
        Row("start to first debit, ms", statistics.median(answers[0]), statistics.median(answers[1])),
    ]
    table("Cold start by Python", *COMPARED, rows)


def _environment(version: str) -> str | None:
    """A Python of this version with the deployed packages, None if the machine has none."""
    given = (os.environ.get("OTHER_PYTHON"), sys.executable, shutil.which(f"python{version}"))
    fitting = next((name for name in given if name and _is(name, version)), None)
    if fitting is None:
        return None
    venv = setup.STATE / f"bench-{version}"
    inputs = [setup.FUNCTIONS / "requirements.txt"]

    def install() -> None:
        setup.sync(f"Packages on Python {version}", inputs[0], venv, python=fitting)

    with setup.alone_in_checkout():
        setup.once(f"bench-{version}", inputs, venv / "bin/python", install)
    return str(venv / "bin/python")


def _is(python: str, version: str) -> bool:
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return False
    return done.stdout.strip() == version
