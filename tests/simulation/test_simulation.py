"""Stories without a violation, and that a violation would be seen, told and repeated."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.mutants import applied, mutants
from tests.simulation.theme import Theme
from tests.simulation.themes import THEMES

ROOT = Path(__file__).parent.parent.parent
SEEDS = 150


def simulate(*arguments: str, functions: Path | None = None, **environment: str) -> tuple[int, list[str]]:
    """The command's exit code and what it printed."""
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    command += [] if functions is None else ["--functions", str(functions)]
    ended = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=900, check=False
    )
    assert ended.returncode in (0, 1), ended.stderr
    return ended.returncode, ended.stdout.splitlines()


def totals(lines: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lines[-1])
    return found


@pytest.mark.long(60)
@pytest.mark.parametrize("first", [0, SEEDS])
def test_no_story_violates_a_guarantee(first: int) -> None:
    code, lines = simulate("--first", str(first), "--seeds", str(SEEDS))
    assert code == 0, "\n".join(lines)
    told = totals(lines)
    assert told["stories"] == SEEDS
    assert told["faults"] > SEEDS, "so few faults show little"
    assert told["searched"] > SEEDS / 2
    done = {name.split()[1] for name in told if name.startswith("call ") and name.endswith(" ok")}
    assert done >= {"createStudioJob", "cancelStudioJob", "useTokens", "createCheckoutSession", "deleteAccount"}


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_a_story_of_every_theme_passes_from_one_process_to_another(theme: Theme) -> None:
    assert pickle.loads(pickle.dumps(theme)) == theme


def test_a_seed_gives_the_same_trace_in_every_process() -> None:
    """Whatever was played before it there, however fast, and with whatever parameters in the command's environment."""
    played = ("--first", "0", "--seeds", "16")
    one = totals(simulate(*played, PYTHONHASHSEED="7", MOCK_LATENCY_MS="700")[1])
    two = totals(simulate(*played, "--jobs", "2", PYTHONHASHSEED="0")[1])
    assert one["stories"] == two["stories"] == 16
    assert one["trace"] == two["trace"]


def test_of_several_processes_the_first_seed_with_a_violation_is_told(tmp_path: Path) -> None:
    functions = applied(next(each for each in mutants() if each.name == "place-not-given-back"), tmp_path)
    said = [simulate("--seeds", "24", "--no-shrink", "--jobs", jobs, functions=functions) for jobs in ("1", "2")]
    assert said[0] == said[1]
    code, lines = said[0]
    assert code == 1
    assert totals(lines)["violations"] > 0
