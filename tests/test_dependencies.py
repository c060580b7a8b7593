"""What is deployed: declared and pinned with hashes, nothing undeclared, and nothing loaded before it is needed."""

from __future__ import annotations

import ast
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest

ROOT = pathlib.Path(__file__).parents[1]
FUNCTIONS = ROOT / "functions"

# distribution -> the modules it is imported by, where they are not its own name.
MODULES = {
    "firebase-functions": {"firebase_functions"},
    "firebase-admin": {"firebase_admin"},
    "functions-framework": {"functions_framework"},
    "pillow": {"PIL"},
    "google-cloud-storage": {"google.cloud.storage", "google.resumable_media", "google_crc32c"},
}
# What the SDKs are made of and hand to us: their own types and errors, no dependency of ours to pin.
OF_THE_SDK = {
    "flask",
    "flask_cors",
    "werkzeug",
    "google.api_core",
    "google.auth",
    "google.oauth2",
    "google.cloud.exceptions",
    "grpc",
    "certifi",
}
NOT_AT_IMPORT = (
    "disposable_email_domains",
    "stripe",
    "google.cloud.storage",
    "google.cloud.secretmanager",
    "pydantic",
    "firebase_functions.firestore_fn",
    "google.cloud.firestore",
    "google.cloud.firestore_v1",
    "google.api_core",
    "grpc",
    "PIL",
    "av",
)


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def pins(requirements: str) -> dict[str, str]:
    """{distribution: version} of a compiled file."""
    return {
        match[1].lower(): match[2]
        for match in re.finditer(r"^([\w.-]+)(?:\[[\w,]+\])?==([^ \\;]+)", requirements, re.M)
    }


def wanted(declared: list[str]) -> dict[str, str]:
    return {name.lower(): version for name, version in (each.split("==") for each in declared)}


LOCKS = ("functions/requirements.txt", "ops/requirements.txt", "requirements-dev.txt", "local/uv.txt")


@pytest.mark.parametrize("file", LOCKS)
def test_requirements_are_compiled_from_what_is_declared(file: str) -> None:
    text = (ROOT / file).read_text()
    declared = wanted(project()["dependencies"])
    for extra in {"ops/requirements.txt": ["ops"], "requirements-dev.txt": ["ops", "dev"]}.get(file, []):
        declared |= wanted(project()["optional-dependencies"][extra])
    if file == "local/uv.txt":
        groups: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
        declared = wanted(groups["setup"])
    locked = pins(text)
    stale = {name: version for name, version in declared.items() if locked.get(name) != version}
    assert not stale, "compile them anew: make lock"
    for name in locked:
        block = re.search(rf"^{re.escape(name)}(\[[\w,-]+\])?==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
        assert block, f"{name} has no hash"


@pytest.mark.parametrize("file", ["functions/requirements.txt", "ops/requirements.txt"])
def test_what_is_tested_is_what_is_deployed(file: str) -> None:
    deployed = pins((ROOT / file).read_text())
    tested = pins((ROOT / "requirements-dev.txt").read_text())
    assert {name: tested.get(name) for name in deployed} == deployed


def test_no_lock_file_names_an_address() -> None:
    for file in LOCKS:
        text = (ROOT / file).read_text()
        assert "://" not in text, file
        assert not re.search(r"^--?(index|extra-index|find-links|trusted)", text, re.M), file
    for file in ("package-lock.json", "clients/typescript/package-lock.json"):
        lock = (ROOT / file).read_text()
        assert '"resolved"' not in lock, file
        locked = {name: entry for name, entry in json.loads(lock)["packages"].items() if name}
        unlocked = [name for name, entry in locked.items() if "integrity" not in entry and "link" not in entry]
        assert not [name for name in unlocked if not locked[name].get("inBundle")], file


def test_npm_lock_holds_every_system_that_a_package_is_built_for() -> None:
    """Without the builds for other systems `npm ci` of npm 11 refuses the lock file, on any system."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    locked = {name.rpartition("node_modules/")[2] for name in packages}
    wanted = {each for entry in packages.values() for each in entry.get("optionalDependencies", {})}
    assert "@rolldown/binding-darwin-arm64" in wanted, "nothing was looked at"
    assert wanted <= locked


def imports() -> dict[str, set[str]]:
    """{module: files} of every import in functions/ that is neither ours nor Python's."""
    found: dict[str, set[str]] = {}
    for path in [FUNCTIONS / "main.py", *(FUNCTIONS / "studiox").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                modules = [f"{node.module}.{alias.name}" for alias in node.names]
            for module in modules:
                if module.split(".")[0] not in sys.stdlib_module_names | {"studiox"}:
                    found.setdefault(module, set()).add(str(path.relative_to(ROOT)))
    return found


LOADED = """
import json, os, sys
import main
from tests.support import call, schedule
assert call(main.initializeUser, {}, uid="ada").ok
assert call(main.getTokenTransactions, {}, uid="ada").ok
assert call(main.getJobStats, {}, uid="ada").ok
assert schedule(main.dispatchStudioJobs).status == 200
print(json.dumps(sorted(sys.modules)))
"""


def test_no_call_loads_grpc_or_the_client_library(project: str) -> None:
    """A commit, a read, a query and an aggregation. They cost 25 MiB and a third of a call's CPU time."""
    env = {**os.environ, "GCLOUD_PROJECT": project, "PYTHONPATH": os.pathsep.join([str(FUNCTIONS), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = json.loads(done.stdout.splitlines()[-1])
    unwanted = [
        name for name in loaded if re.match(r"(grpc|proto|google\.(api_core|cloud\.firestore\w*|protobuf))(\.|$)", name)
    ]
    assert unwanted == []


def test_every_import_is_a_declared_dependency() -> None:
    known = set(OF_THE_SDK)
    for name in wanted(project()["dependencies"]):
        known |= MODULES.get(name, {name.replace("-", "_")})
    undeclared = {
        module: files
        for module, files in imports().items()
        if not any(module == each or module.startswith(f"{each}.") for each in known)
    }
    assert not undeclared


def test_importing_main_loads_nothing_that_few_calls_need() -> None:
    """Each of these costs every cold start tens of milliseconds and megabytes (performance: imports)."""
    script = f"import sys, main; print([name for name in {NOT_AT_IMPORT!r} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(FUNCTIONS)}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=FUNCTIONS, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[]"


def test_importing_main_needs_no_secret_no_parameter_and_no_network() -> None:
    """Discovery runs without credentials, and gunicorn forks after import."""
    script = (
        "import sys, threading\n"
        "def forbid(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo'): raise SystemExit(f'{event} {arguments}')\n"
        "sys.addaudithook(forbid)\n"
        "import main\n"
        "print(threading.active_count())\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(FUNCTIONS), "GCLOUD_PROJECT": "demo-studiox"}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=FUNCTIONS, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "1"
