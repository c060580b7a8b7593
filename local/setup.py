"""`make setup`: installs all that the other commands need, each step only when what it depends on has changed.

Runs on a bare Python 3.11: nothing is installed yet.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from local import engine
from local.progress import CommandFailed, run

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
VENV = ROOT / ".venv"
FUNCTIONS_VENV = ROOT / "functions/venv"
WEB = ROOT / "web"
DIST = WEB / "dist"
NODE_MAJOR = 20
# What the progress bars count up to. Hidane has 138 crates; the rest stands for the last, a third of the time.
CRATES = 190
PIP_LINES_A_PACKAGE = 2.5


class CannotSetUp(Exception):
    """Something that only the developer can install is missing; the message says what."""


def check_tools() -> None:
    """Whether what must be there before us is there: Python 3.11, Node and npm, a way to a Firestore engine."""
    if sys.version_info[:2] != (3, 11):
        found = ".".join(map(str, sys.version_info[:2]))
        raise CannotSetUp(f"Python 3.11 is needed (the functions' runtime); this is {found}.")
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise CannotSetUp(f"{tool} is not on the PATH: install Node {NODE_MAJOR} or newer.")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    found_major = re.match(r"v(\d+)", said)
    if found_major is None or int(found_major[1]) < NODE_MAJOR:
        raise CannotSetUp(f"Node {NODE_MAJOR} or newer is needed; this is {said.strip() or 'unknown'}.")
    engine.choose()


def once(name: str, inputs: list[Path], target: Path, install: Callable[[], None]) -> None:
    """Run `install` unless it was run with these inputs before and `target` is there; the stamp is written last."""
    digest = hashlib.sha256(sys.version.encode())
    for path in inputs:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    stamp = STATE / f"stamps/{name}"
    if target.exists() and stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    install()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest.hexdigest())


def pinned(requirements: Path) -> int:
    return sum("==" in line for line in requirements.read_text().splitlines())


def install_development() -> None:
    requirements = ROOT / "requirements-dev.txt"
    pip = [str(VENV / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    commands = [[*pip, "--require-hashes", "-r", str(requirements)]]
    if not (VENV / "bin/pip").exists():
        commands.insert(0, [sys.executable, "-m", "venv", str(VENV)])
    total = round(pinned(requirements) * PIP_LINES_A_PACKAGE)
    run("Python development tools", commands, STATE / "setup-python.log", total=total)


def install_functions() -> None:
    requirements = ROOT / "functions/requirements.txt"
    uv = str(VENV / "bin/uv")
    python = str(FUNCTIONS_VENV / "bin/python")
    commands = [
        # The runtime in firebase.json and this Python must agree, and uv must not fetch another one.
        [uv, "venv", "--allow-existing", "--python", sys.executable, "--no-python-downloads", str(FUNCTIONS_VENV)],
        [uv, "pip", "sync", "--python", python, "--require-hashes", "--compile-bytecode", str(requirements)],
    ]
    run("The functions' own packages", commands, STATE / "setup-functions.log", total=pinned(requirements))


def install_node() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    # Those for another system stay away.
    total = sum(path.count("node_modules/") == 1 and "os" not in found for path, found in packages.items())
    modules = ROOT / "node_modules"

    def installed() -> int:
        return sum(1 for pattern in ("*/package.json", "@*/*/package.json") for _ in modules.glob(pattern))

    log = STATE / "setup-node.log"
    run("Emulator suite and client SDK", [["npm", "ci"]], log, total=total, measure=installed, cwd=ROOT)


def install_hidane() -> None:
    """Build hidane beside its place and move it there whole, so that two setups at once do not meet."""
    root = engine.hidane_root()
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix="building-") as building:
        built = Path(building) / "root"
        command = ["cargo", "install", "hidane", "--version", engine.HIDANE_VERSION, "--locked", "--root", str(built)]
        env = {**os.environ, "CARGO_TARGET_DIR": str(Path(building) / "target")}
        counts = re.compile(r"\s*Compiling ").match
        log = STATE / "setup-hidane.log"
        label = f"Firestore engine (hidane {engine.HIDANE_VERSION})"
        run(label, [command], log, total=CRATES, counts=lambda line: bool(counts(line)), env=env)
        with contextlib.suppress(OSError):  # another setup was first
            built.rename(root)


def playground() -> list[Path]:
    """All that the page is built from: its own files and the typed client's."""
    inputs = [ROOT / "package.json", ROOT / "package-lock.json"]
    for place in (WEB, ROOT / "clients/typescript/src"):
        inputs += sorted(path for path in place.rglob("*") if path.is_file() and DIST not in path.parents)
    return inputs


def build_playground() -> None:
    """Types are checked first; what tsc has to say ends the message of the failure."""
    run("The playground", [["npm", "run", "--silent", "build"]], STATE / "setup-web.log", total=20, cwd=ROOT)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two commands started at once set up one after the other."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another setup of this checkout is running; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what is under way is ended with us
    try:
        check_tools()
        with alone():
            once("python", [ROOT / "requirements-dev.txt"], VENV / "bin/ruff", install_development)
            functions = [ROOT / "functions/requirements.txt"]
            once("functions", functions, FUNCTIONS_VENV / "bin/functions-framework", install_functions)
            suite = ROOT / "node_modules/firebase-tools/lib/bin/firebase.js"
            once("node", [ROOT / "package-lock.json", ROOT / "package.json"], suite, install_node)
            once("web", playground(), DIST / "index.html", build_playground)
            chosen = engine.choose()
            if chosen != engine.OFFICIAL and not Path(chosen).exists():
                install_hidane()
    except (CannotSetUp, engine.NoEngine, CommandFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe setup was interrupted; the next one goes on where it stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
