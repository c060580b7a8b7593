"""The workflows: current actions, the least permissions, an end, and no secret or foreign text in a command."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# The newest major of each action in November 2026; all run on Node 24.
ACTIONS = {
    "actions/cache": 6,
    "actions/checkout": 7,
    "actions/setup-node": 7,
    "actions/setup-python": 7,
    "actions/upload-artifact": 7,
    "google-github-actions/auth": 3,
    "hashicorp/setup-terraform": 4,
}
SUPPORTED_NODE = {"22", "24", "current"}
DEPLOYS = ("staging", "production")


def parsed(path: pathlib.Path) -> dict[str, Any]:
    """A workflow. YAML 1.1 reads the key `on` as true."""
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {"on" if key is True else str(key): value for key, value in found.items()}


def workflow(name: str) -> dict[str, Any]:
    return parsed(ROOT / ".github" / "workflows" / f"{name}.yml")


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in parsed(path)["jobs"].items():
            yield f"{path.stem}.{name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in jobs():
        for step in job["steps"]:
            yield name, step


def test_the_workflows_are_read() -> None:
    assert [path.stem for path in WORKFLOWS] == ["ci", "weekly"]
    assert {name for name, _ in jobs()} >= {
        "ci.test",
        "ci.infra",
        "ci.staging",
        "ci.production",
        "weekly.mutants",
        "weekly.chaos",
        "weekly.simulate",
        "weekly.guards",
    }


def test_actions_are_of_their_current_major() -> None:
    used = {step["uses"] for _, step in steps() if "uses" in step}
    assert used == {f"{action}@v{major}" for action, major in ACTIONS.items()}


def test_a_job_may_read_and_only_a_deployment_gets_an_identity() -> None:
    for path in WORKFLOWS:
        assert parsed(path)["permissions"] == {"contents": "read"}, path.name
    for name, job in jobs():
        if name.split(".")[1] in DEPLOYS:
            assert job["permissions"] == {"contents": "read", "id-token": "write"}, name
            assert job["environment"] == name.split(".")[1]
        else:
            assert "permissions" not in job, name


def test_every_job_ends() -> None:
    """GitHub ends a job after 360 minutes."""
    for name, job in jobs():
        assert 0 < job["timeout-minutes"] <= 300, name


def test_no_command_holds_a_secret_or_a_text_from_outside() -> None:
    """What is between `${{` and `}}` becomes part of the script: a branch could be a command. The matrix is ours."""
    for name, step in steps():
        assert "${{" not in re.sub(r"\$\{\{ matrix\.\w+ \}\}", "", step.get("run", "")), name
    for path in WORKFLOWS:
        text = path.read_text()
        assert "secrets." not in text, "Workload Identity, and no key"
        assert not re.search(r"credentials_json|private_key|FIREBASE_TOKEN|pull_request_target", text)


def test_commands_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    called = {command for _, step in steps() for command in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}
    assert called >= {"test", "deploy", "smoke", "mutants", "chaos", "simulate", "guards"}
    assert {command for command in called if not re.search(rf"^{command}:", makefile, re.MULTILINE)} == set()


def test_versions_are_supported_ones_from_the_oldest_to_the_newest() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    oldest, after = (int(minor) for minor in re.findall(r"3\.(\d+)", declared))
    runs = [run for _, job in jobs() for run in job.get("strategy", {}).get("matrix", {}).get("include", [])]
    minors = {int(run["python"].split(".")[1]) for run in runs}
    assert (min(minors), max(minors)) == (oldest, after - 1)
    nodes = {run["node"] for run in runs} | {
        step["with"]["node-version"] for _, step in steps() if "setup-node" in step.get("uses", "")
    }
    assert {node for node in nodes if "matrix" not in node} <= SUPPORTED_NODE


@pytest.mark.parametrize("name", DEPLOYS)
def test_a_deployment_is_tested_before_and_asked_after(name: str) -> None:
    everything = workflow("ci")["jobs"]
    job = everything[name]
    assert set(job["needs"]) == set(everything) - set(DEPLOYS)
    commands = [step.get("run", "") for step in job["steps"]]
    (deploy,) = [number for number, command in enumerate(commands) if "make deploy" in command]
    assert commands[deploy + 1].startswith("make smoke")
    given = job["steps"][deploy]["env"]
    built_in = {"VITE_RECAPTCHA_KEY", "VITE_GOOGLE_CLIENT_ID"}
    assert {"TARGET", "CONFIRM", "GOOGLE_APPLICATION_CREDENTIALS", *built_in} == set(given)
    readme = (ROOT / "infra" / "README.md").read_text()
    for variable in re.findall(r"vars\.(\w+)", str(job["steps"])):
        assert f"`{variable}`" in readme, variable


def test_a_deployment_sets_up_only_what_it_needs() -> None:
    make = shutil.which("make")
    assert make
    planned = {
        command: subprocess.run([make, "-n", command], cwd=ROOT, capture_output=True, text=True, timeout=60).stdout
        for command in ("deploy", "secrets", "smoke", "test")
    }
    assert {command for command, plan in planned.items() if "local.setup --deploy" in plan} == set(planned) - {"test"}


def test_once_a_week_everything_is_tried() -> None:
    everything = workflow("weekly")
    assert "schedule" in everything["on"]
    exhaustive = [step for step in everything["jobs"]["from-nothing"]["steps"] if "make test" in step.get("run", "")]
    assert exhaustive[0]["env"]["STUDIOX_EXHAUSTIVE"] == "1"


def test_a_week_plays_seeds_that_no_other_week_plays(tmp_path: pathlib.Path) -> None:
    job = workflow("weekly")["jobs"]["simulate"]
    [play] = [step for step in job["steps"] if "make simulate" in step.get("run", "")]
    assert play["shell"] == "bash", "other shells forget how make ended"
    bash = shutil.which("bash")
    assert bash
    (tmp_path / "make").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "date").write_text('#!/bin/sh\necho "$WEEK"\n')
    for each in tmp_path.iterdir():
        each.chmod(0o755)
    played: list[int] = []
    for week in ("202652", "202653", "202701"):
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "WEEK": week}
        for shard in job["strategy"]["matrix"]["shard"]:
            script = play["run"].replace("${{ matrix.shard }}", str(shard))
            said = subprocess.run(
                [bash, "-eo", "pipefail", "-c", script],
                cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True,
            ).stdout  # fmt: skip
            first, number = (int(each) for each in re.findall(r"=(\d+)", said))
            played += range(first, first + number)
    assert len(played) == len(set(played)) == 3 * 200_000
