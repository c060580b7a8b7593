"""The commands that the guides show: each exists with its variables, those about secrets run as they are written."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from local.stack.settings import ROOT
from ops import audit, cloud, secrets, smoke
from tests.ops.conftest import Google
from tests.ops.test_secrets import GOOD, NEW, deploy
from tests.support.secret_manager import Functions, SecretManager, served

MAKEFILE = (ROOT / "Makefile").read_text()
GUIDES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "infra/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
DEPLOY = ROOT / "docs/deploy.md"
COMMAND = re.compile(r"\bmake ([a-z][a-z-]*)((?: [A-Z_]+=(?:'[^']*'|[^\s`)]*))*)")
"""In code: `make deploy PROJECT=staging`."""
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def commands(guide: Path) -> list[tuple[str, dict[str, str]]]:
    """(target, {variable: value}) of every make command in the guide's code."""
    found = []
    for code in CODE.findall(guide.read_text()):
        for target, given in COMMAND.findall(code):
            found.append((target, dict(each.split("=", 1) for each in shlex.split(given))))
    return found


def recipes() -> dict[str, str]:
    """{target: its line and its recipe} of the Makefile."""
    blocks = re.split(r"^(?=[a-z][a-z-]*:)", MAKEFILE, flags=re.MULTILINE)
    return {block.partition(":")[0]: block for block in blocks if re.match(r"[a-z-]+:", block)}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_a_guide_exists_with_its_variables(guide: Path) -> None:
    everywhere = {"PYTHON", "WORKERS", "ONLY", "TYPE", "FUNCTIONS", "FIRESTORE", "OTHER_PYTHON"}  # of the environment
    for target, given in commands(guide):
        recipe = recipes().get(target)
        assert recipe is not None, f"{guide.name}: make {target}"
        unknown = [name for name in given if f"$({name})" not in recipe and name not in everywhere]
        assert not unknown, f"{guide.name}: make {target} knows no {unknown}"


def test_the_guides_show_what_they_are_for() -> None:
    first = [target for target, given in commands(DEPLOY) if given.get("PROJECT") == "staging"]
    assert list(dict.fromkeys(first)) == ["secrets", "deploy", "smoke", "admin"], "in this order"
    assert {"audit", "smoke"} <= {target for target, _ in commands(ROOT / "docs/operations.md")}


def test_help_and_the_readme_name_every_command() -> None:
    table = (ROOT / "README.md").read_text()
    for target in ("secrets", "deploy", "smoke", "audit", "admin"):
        assert re.search(rf"^{target}:.*## ", MAKEFILE, re.MULTILINE), f"make help does not know {target}"
        assert f"`make {target}" in table, target


def arguments(target: str, given: dict[str, str]) -> list[str]:
    """What make passes to the Python command of this target."""
    asked = ["make", "-n", target, *(f"{name}={value}" for name, value in given.items())]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    [line] = [line for line in said.splitlines() if f"-m ops.{target}" in line]
    return shlex.split(line.partition(f"-m ops.{target}")[2])


def block_after(text: str, words: str) -> str:
    """The first code block behind these words."""
    return text.partition(words)[2].split("```")[1]


def test_the_secrets_of_an_empty_project_are_made_as_the_guide_says(monkeypatch: pytest.MonkeyPatch) -> None:
    [(target, given)] = COMMAND.findall(block_after(DEPLOY.read_text(), "## 3. Secrets"))
    held = SecretManager("studiox-staging")
    answers = {
        **GOOD,
        "STRIPE_SECRET_KEY": "sk_test_0123456789abcdef",
        "APP_SIGNING_KEY": "",
        "PIAPI_WEBHOOK_SECRET": "",
    }
    with served(held, Functions("studiox-staging")) as address:
        monkeypatch.setenv(secrets.ADDRESS, address)
        monkeypatch.setenv(cloud.ADDRESSES["cloudfunctions"], address)
        passed = arguments(target, dict(each.split("=", 1) for each in given.split()))
        assert secrets.main(passed, lambda prompt: answers[prompt.split()[0]]) == 0
    assert set(held.values) == set(GOOD)


def test_a_rotation_runs_as_the_guide_says(google: Google) -> None:
    for name, value in GOOD.items():
        google.secrets.add(name, value)
    deploy(google)
    lines = block_after(DEPLOY.read_text(), "**To rotate a secret**").splitlines()
    shown = [COMMAND.match(line) for line in lines if line.strip()]
    assert len(shown) == 5
    for match in shown:
        assert match is not None
        target, given = match[1], dict(each.split("=", 1) for each in shlex.split(match[2]))
        if target == "deploy":
            deploy(google)
        else:
            assert secrets.main(arguments(target, given), lambda _prompt: NEW) == 0, match[0]
    assert google.secrets.states["STRIPE_WEBHOOK_SECRET"] == ["DISABLED", "DISABLED", "ENABLED"]
    assert google.secrets.newest("STRIPE_WEBHOOK_SECRET") == NEW


@pytest.mark.parametrize(("target", "module"), [("audit", audit), ("smoke", smoke)])
def test_the_commands_of_the_runbook_reach_their_programs(
    target: str, module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their arguments are understood; a project that does not exist is refused before anything is asked."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    shown = [given for each, given in commands(ROOT / "docs/operations.md") if each == target]
    assert shown
    for given in shown:
        passed = arguments(target, {**given, "PROJECT": "demo-nowhere"})
        assert module.main(passed) == 1  # type: ignore[attr-defined]
