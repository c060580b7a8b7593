"""Installing resolves nothing: what a registry publishes after the locks were made changes nothing, for any pip."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.utils import canonicalize_name

from local import advice, installer, setup
from local.progress import CommandFailed
from tests.local import package_index
from tests.local.package_index import NEWER, Index

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("functions/requirements.txt", "requirements-dev.txt", "ops/requirements.txt")
TAKES_A_PIN_FOR_ITS_EXTRAS = (24,)  # the first pip that does
LOOK = """
import ensurepip, json, pathlib, sys, sysconfig
places = [pathlib.Path(ensurepip.__file__).parent / "_bundled", sysconfig.get_config_var("WHEEL_PKG_DIR") or "/nowhere"]
wheel = next(str(path) for place in places for path in pathlib.Path(place).glob("pip-*.whl"))
print(json.dumps([sys.version_info[:2], wheel, sys._base_executable]))
"""


class Python(NamedTuple):
    """An interpreter of this machine, and the pip that it brings."""

    minor: int
    pip: tuple[int, ...]
    executable: str
    wheel: str

    def venv(self, place: Path) -> Path:
        """A virtual environment at `place` with that pip in it; its Python."""
        made = run([self.executable, "-m", "venv", "--without-pip", str(place)], dict(os.environ))
        assert made.returncode == 0, made.stdout
        with zipfile.ZipFile(self.wheel) as pip:
            pip.extractall(place / f"lib/python3.{self.minor}/site-packages")
        return place / "bin/python"


def pythons() -> list[Python]:
    """Of each supported version that this machine has, the one with the oldest pip."""
    names = [sys.executable, *(f"python3.{minor}" for minor in range(11, 15)), "/usr/bin/python3"]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    names += [str(path) for path in pyenv.glob("versions/3.*/bin/python")]
    oldest: dict[int, Python] = {}
    for name in filter(None, map(shutil.which, names)):
        said = subprocess.run([name, "-c", LOOK], capture_output=True, text=True, check=False, timeout=60)
        if said.returncode != 0:  # a version manager's stand-in, or a Python in parts
            continue
        (major, minor), wheel, executable = json.loads(said.stdout)
        pip = tuple(map(int, Path(wheel).name.split("-")[1].split(".")))
        found = Python(minor, pip, executable, wheel)
        if major == 3 and 11 <= minor <= 14:
            oldest[minor] = min(oldest.get(minor, found), found, key=lambda each: each.pip)
    assert oldest
    return list(oldest.values())


@pytest.fixture
def index() -> Iterator[Index]:
    with package_index.served() as served:
        yield served


def surroundings(index: Index, tmp_path: Path) -> dict[str, str]:
    """Nothing of the developer's own settings, caches or proxies."""
    kept = {name: value for name, value in os.environ.items() if not re.match(r"(?i)(pip|uv|python)_|.*_proxy", name)}
    return {
        **kept,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index.url,
        "PIP_NO_CACHE_DIR": "1",
        "UV_NO_CONFIG": "1",
        "UV_DEFAULT_INDEX": index.url,
        "UV_CACHE_DIR": str(tmp_path / "cache"),
    }


def surround(monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> None:
    """From now on the environment is this one."""
    for name in [*os.environ]:
        if name not in env:
            monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)


def run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300
    )


def installed(python: Path) -> dict[str, str]:
    script = "import json, importlib.metadata as m; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    found: dict[str, str] = json.loads(subprocess.check_output([str(python), "-c", script], timeout=60))
    return {canonicalize_name(name): version for name, version in found.items() if name not in ("pip", "setuptools")}


def pins(lock: Path) -> dict[str, str]:
    return {pin["name"]: pin["version"] for pin in package_index.PIN.finditer(lock.read_text())}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_extra_that_is_asked_for_is_locked(lock: str) -> None:
    text = (ROOT / lock).read_text()
    asked = package_index.asked_by_extra(text)
    assert asked, "nothing was looked at"
    locked = {pin["name"]: set((pin["extras"] or "").split(",")) for pin in package_index.PIN.finditer(text)}
    assert [each for each in asked if not each[2] <= locked[each[1]]] == []


@pytest.mark.long(22)
def test_the_oldest_pips_install_the_locks_whatever_is_newer(index: Index, tmp_path: Path) -> None:
    """Who asks for an extra and who is asked, of both locks; without the extras in the lock old pips stop."""
    text = (ROOT / LOCKS[1]).read_text()  # it holds the other one, with the same pins
    concerned = {
        name for lock in LOCKS for each in package_index.asked_by_extra((ROOT / lock).read_text()) for name in each[:2]
    }
    assert {"coverage", "google-api-core", "pyjwt"} <= concerned
    lock, bare = tmp_path / "lock.txt", tmp_path / "bare.txt"
    lock.write_text(index.lock(text, only=concerned))
    bare.write_text(re.sub(r"^([\w.-]+)\[[\w,-]+\]", r"\1", lock.read_text(), flags=re.MULTILINE))
    assert bare.read_text() != lock.read_text()
    env = surroundings(index, tmp_path)
    for found in pythons():
        python = found.venv(tmp_path / f"venv-{found.minor}")
        pip = [str(python), "-m", "pip", "install", "--no-compile", "--requirement"]
        refused = run([*pip, str(bare), "--dry-run"], env)
        assert (refused.returncode != 0) == (found.pip < TAKES_A_PIN_FOR_ITS_EXTRAS), (found, refused.stdout)
        index.asked.clear()
        ran = run([*pip, str(lock)], env)
        assert ran.returncode == 0, (found, ran.stdout)
        assert installed(python) == pins(lock)
        assert not [file for file in index.asked if f"-{NEWER}-" in file]


@pytest.mark.long(17)
def test_the_set_up_installs_by_the_locks_alone(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv by its hash, by this Python's own pip; the rest by uv, which asks for nothing but what is locked."""
    uv = installer.find()
    version = installer.version()
    script = {f"uv-{version}.data/scripts/uv": f'#!/bin/sh\nexec "{uv}" "$@"\n'}
    lock = tmp_path / "uv.txt"
    lock.write_text(f"uv=={version} {index.add('uv', *package_index.wheel('uv', version, files=script))}\n")
    index.add("uv", *package_index.wheel("uv", NEWER, "Requires-Dist: nowhere\n"))
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(index.lock((ROOT / LOCKS[1]).read_text()))
    surround(monkeypatch, {**surroundings(index, tmp_path), "STUDIOX_CACHE": str(tmp_path / "kept tools")})
    monkeypatch.setattr(installer, "LOCK", lock)
    for module in (installer, setup):
        monkeypatch.setattr(module, "STATE", tmp_path / "state")

    venv = tmp_path / "a venv"
    setup.sync("Packages", requirements, venv)

    assert installer.path().exists()
    assert installer.path().is_relative_to(tmp_path)
    got = installed(venv / "bin/python")
    assert got == {name: locked for name, locked in pins(requirements).items() if name in got}
    assert len(got) > 70
    assert sorted(index.asked) == sorted(set(index.asked))
    assert not [file for file in index.asked if f"-{NEWER}-" in file]


def test_a_checkout_that_was_moved_runs_its_own_scripts(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scripts of a virtual environment, and what its `activate` puts first on the PATH, name its folder."""
    installer.find()
    surround(monkeypatch, {**surroundings(index, tmp_path), "STUDIOX_CACHE": str(installer.path().parents[1])})
    script = {"tool-1.data/scripts/tool": "#!python\nimport sys\nprint(sys.prefix)\n"}
    pin = f"tool==1 {index.add('tool', *package_index.wheel('tool', '1', files=script))}\n"
    before, after = tmp_path / "a checkout", tmp_path / "the same, moved"
    before.mkdir()
    (before / "requirements.txt").write_text(pin)
    for place in (before, after):
        if place == after:
            before.rename(after)
        for name, path in {"ROOT": place, "STATE": place / ".local"}.items():
            monkeypatch.setattr(setup, name, path)
        lock, venv = place / "requirements.txt", place / "venv"
        setup.once("python", [lock], venv / "bin/python", partial(setup.sync, "", lock, venv))
        activated = ["sh", "-c", f'. "{venv}/bin/activate" && command -v python && "{venv}/bin/tool"']
        assert run(activated, dict(os.environ)).stdout.split("\n") == [f"{venv}/bin/python", str(venv), ""]
    assert index.asked == ["tool-1-py3-none-any.whl"]  # the second time it came from the cache


@pytest.mark.long(10)
def test_a_download_that_is_cut_off_is_explained_and_the_next_run_makes_it_whole(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By each pip, which fetches uv, and by uv: what they say of it differs."""
    file, content = package_index.wheel("tool", "1")
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"tool==1 {index.add('tool', file, content)}\n")
    env = surroundings(index, tmp_path) | {"UV_HTTP_RETRIES": "0"}
    for found in pythons():
        python = str(found.venv(tmp_path / f"venv-{found.minor}"))
        index.cut_off.add(file)
        pip = [python, "-m", "pip", "install", "--no-deps", "--require-hashes", "--requirement", str(lock)]
        said = run(pip, env)
        known = advice.read(said.stdout)
        assert said.returncode != 0
        assert known, said.stdout
        assert "un the command again" in known.to_do, (found, known)
        index.cut_off.clear()
        assert run(pip, env).returncode == 0
    installer.find()
    surround(monkeypatch, {**env, "STUDIOX_CACHE": str(installer.path().parents[1])})
    monkeypatch.setattr(setup, "STATE", tmp_path / "state")
    index.cut_off.add(file)
    with pytest.raises(CommandFailed, match=r"registry could not be reached.*\n.*run the command again"):
        setup.sync("Packages", lock, tmp_path / "venv")
    index.cut_off.clear()
    setup.sync("Packages", lock, tmp_path / "venv")
