"""uv, the one installer of Python packages: fetched by its hash once, and kept outside the checkout.

pip resolves anew what it installs, and each version of pip in its own way. uv installs exactly what a lock file lists.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from local.progress import run
from local.stack.engine import cache

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
LOCK = ROOT / "local/uv.txt"


class NoInstaller(Exception):
    """This Python cannot install uv; the message says what to do."""


def version() -> str:
    """The version of uv that the lock file names."""
    found = re.search(r"^uv==(\S+)", LOCK.read_text(), re.MULTILINE)
    assert found, f"{LOCK} names no uv"
    return found[1]


def path() -> Path:
    """Where uv is kept, whether or not it is there yet."""
    return cache() / f"uv-{version()}/uv"


def find() -> str:
    """uv's path; it is installed now if it is not there. NoInstaller, CommandFailed."""
    kept = path()
    if kept.exists():
        return str(kept)
    try:
        _install(kept)
    except NoInstaller:
        other = shutil.which("uv")
        if other is None:
            raise
        return other
    return str(kept)


def _install(kept: Path) -> None:
    """By the pip that a whole Python brings, in a folder of its own; what is kept is moved to its place at the end."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        major, minor = sys.version_info[:2]
        raise NoInstaller(
            f"This Python ({sys.executable}) comes without venv and ensurepip, which install the rest.\n"
            f"Install them (Debian: apt-get install python{major}.{minor}-venv), or name another Python: PYTHON=…"
        )
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="building-") as building:
        pip = [f"{building}/bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        commands = [
            [sys.executable, "-m", "venv", building],
            [*pip, "--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", str(LOCK)],
        ]
        run(f"Python installer (uv {version()})", commands, STATE / "setup-uv.log", total=5)
        os.replace(f"{building}/bin/uv", kept)


if __name__ == "__main__":
    os.execv(find(), ["uv", *sys.argv[1:]])
