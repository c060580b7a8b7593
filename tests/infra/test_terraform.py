"""Terraform's own word on infra/: `terraform validate`, and the plans of a mocked project (infra/tests/).

The workflow runs the same in a job of its own. Here they need the real provider, which tests do not download: it is
found in a folder that `terraform -chdir=infra providers mirror FOLDER` made, named by STUDIOX_TERRAFORM_PROVIDERS.
Elsewhere these tests say that they did not run, and test_configuration.py is all that looks at infra/.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest

from tests.infra.configuration import INFRA

TERRAFORM = shutil.which("terraform")
PROVIDERS = os.environ.get("STUDIOX_TERRAFORM_PROVIDERS", "")
WHY = "Terraform did not look at infra/: no `terraform` on the PATH, or no provider in STUDIOX_TERRAFORM_PROVIDERS"


def terraform(folder: pathlib.Path, *arguments: str) -> str:
    assert TERRAFORM
    config = folder / "terraform.rc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{PROVIDERS}"\n  }}\n}}\n')
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    command = [TERRAFORM, *arguments, "-no-color"]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    if TERRAFORM is None or not PROVIDERS:
        pytest.skip(WHY)
    folder = tmp_path_factory.mktemp("infra")
    for path in INFRA.glob("*.tf"):
        shutil.copy(path, folder)
    for name in ("analytics", "tests"):
        shutil.copytree(INFRA / name, folder / name)
    terraform(folder, "init", "-backend=false", "-input=false")
    return folder


def test_the_configuration_is_valid(initialised: pathlib.Path) -> None:
    assert "The configuration is valid" in terraform(initialised, "validate")


def test_the_plans_of_a_mocked_project(initialised: pathlib.Path) -> None:
    assert "5 passed, 0 failed" in terraform(initialised, "test")


@pytest.mark.skipif(TERRAFORM is None, reason=WHY)
def test_the_files_are_formatted(tmp_path: pathlib.Path) -> None:
    terraform(tmp_path, "fmt", "-check", "-recursive", str(INFRA))
