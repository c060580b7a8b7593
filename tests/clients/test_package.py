"""The client as npm packs it: complete, built from a clone where nothing is built, and usable elsewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from local.generate.api.__main__ import CLIENT
from local.generate.api.contract import ROOT

LOCK = "package-lock.json"


@pytest.fixture(scope="module", name="package")
def _package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked tarball, in a directory where firebase is installed beside it."""
    place = tmp_path_factory.mktemp("npm")
    clone = place / "clone" / CLIENT
    shutil.copytree(ROOT / CLIENT, clone, ignore=shutil.ignore_patterns("dist", "node_modules", "*.tgz"))
    (place / "clone/node_modules").symlink_to(ROOT / "node_modules")
    run = subprocess.run(
        ["npm", "pack", "--json", "--offline"],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "npm_config_ignore_scripts": "false"},
    )
    assert run.returncode == 0, run.stderr
    [packed] = json.loads(run.stdout[run.stdout.index("[") :])
    modules = place / "user/node_modules"
    modules.mkdir(parents=True)
    for name in ("firebase", "@firebase"):
        (modules / name).symlink_to(ROOT / "node_modules" / name)
    with tarfile.open(clone / packed["filename"]) as tarball:
        tarball.extractall(modules, filter="data")
    return (modules / "package").rename(modules / "studiox-client")


def test_the_package_is_complete(package: Path) -> None:
    sources = {path.stem for path in (ROOT / CLIENT / "src").glob("*.ts")}
    built = {f"dist/{name}{kind}" for name in sources for kind in (".js", ".d.ts", ".js.map")}
    found = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    assert found == built | {f"src/{name}.ts" for name in sources} | {"LICENSE", "README.md", "package.json"}
    assert sources
    for path in package.glob("dist/*.map"):
        assert json.loads(path.read_text())["sources"] == [f"../src/{path.name.removesuffix('.js.map')}.ts"]


def test_it_says_whose_it_is(package: Path) -> None:
    told = json.loads((package / "package.json").read_text())
    assert told["license"] == "MIT"
    assert told["repository"]["directory"] == str(CLIENT)
    assert (package / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_its_readme_leads_nowhere_outside(package: Path) -> None:
    text = (package / "README.md").read_text()
    assert "npm" in text
    assert re.findall(r"\]\((?!https://)[^)#]*", text) == [], "a relative link is dead in the registry's page"


def test_its_types_and_its_code_are_found(package: Path) -> None:
    """By the package's name, as a project that installed it does."""
    user = package.parents[1]
    sample = (ROOT / "tests/clients/sample/usage.ts").read_text()
    (user / "usage.ts").write_text(re.sub(r"'[./]+/clients/typescript/src/index\.js'", "'studiox-client'", sample))
    settings = json.loads((ROOT / "tests/clients/sample/tsconfig.json").read_text())
    options = {**settings.get("compilerOptions", {}), "noEmit": True, "strict": True, "skipLibCheck": True}
    options |= {"target": "ES2022", "lib": ["ES2022", "DOM"], "module": "ESNext", "moduleResolution": "bundler"}
    (user / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["usage.ts"]}))
    compiler = ["node", str(ROOT / "node_modules/typescript/bin/tsc"), "-p", str(user), "--pretty", "false"]
    assert subprocess.run(compiler, capture_output=True, text=True, check=False, timeout=120).stdout == ""
    (user / "run.mjs").write_text("console.log(Object.keys(await import('studiox-client')).includes('createStudioX'))")
    ran = subprocess.run(["node", "run.mjs"], cwd=user, capture_output=True, text=True, check=False, timeout=60)
    assert ran.stdout == "true\n", ran.stderr


def test_it_is_built_with_what_the_project_is() -> None:
    """The client's own lock file, for clones that are not set up, fixes the versions of the project's."""
    ours = json.loads((ROOT / CLIENT / LOCK).read_text())["packages"]
    project = json.loads((ROOT / LOCK).read_text())["packages"]
    manifest = json.loads((ROOT / CLIENT / "package.json").read_text())
    assert ours[""]["devDependencies"] == manifest["devDependencies"]
    assert {"node_modules/typescript", "node_modules/firebase"} <= ours.keys()
    for name, entry in ours.items():
        if name:
            assert (entry["version"], entry["integrity"]) == (project[name]["version"], project[name]["integrity"])
