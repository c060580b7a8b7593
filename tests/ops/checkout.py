"""A checkout of its own for a deployment, as a person has it: committed, with the tools installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from local.stack.settings import ROOT

INSTALLED = ("node_modules", "functions/venv")
PARAMETERS = {
    "SITE_URL": "https://studiox.example",
    "ALLOWED_ORIGINS": "https://studiox.example,https://studiox-staging.web.app",
    "ENFORCE_APP_CHECK": "true",
    "PROJECT_NUMBER": "123456789012",
    "REGION": "europe-west1",
    "MAX_INSTANCES": "3",
}
"""functions/.env.staging: other values than functions/.env has."""
PATIENCE_S = 900


class Ran(NamedTuple):
    """A command that ended."""

    code: int
    said: str
    """Its output and its errors."""


def git(checkout: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Rehearsal", "-c", "user.email=rehearsal@example.com")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True, timeout=60).stdout


def make(checkout: Path) -> None:
    """Copy what is or will be committed here, with the parameters of a staging project, and commit it there."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        source = ROOT / name
        if source.is_file() and not source.is_symlink():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, checkout / name)
    lines = (f"{name}={value}\n" for name, value in PARAMETERS.items())
    (checkout / "functions" / ".env.staging").write_text("".join(lines))
    git(checkout, "init", "--quiet")
    for name in INSTALLED:
        (checkout / name).symlink_to((ROOT / name).resolve())
    # `.gitignore` names directories; here they are links.
    (checkout / ".git" / "info" / "exclude").write_text("\n".join(INSTALLED))
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", "A state to deploy")


def deploying(checkout: Path, variables: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start `make deploy PROJECT=staging` there, as make calls it."""
    around = {name: value for name, value in os.environ.items() if not name.endswith(("_EMULATOR_HOST", "_EMULATOR"))}
    return subprocess.Popen(
        [sys.executable, "-m", "ops.deploy", "--project", "staging", *arguments],
        cwd=checkout,
        env={**around, "VITE_RECAPTCHA_KEY": "local-site-key", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A shell that runs the tests in the background has SIGINT ignored, also for what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )


def ended(process: subprocess.Popen[str]) -> Ran:
    """Wait for it. What hangs is ended, with all that it started."""
    try:
        said, _ = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Ran(process.returncode, said)
