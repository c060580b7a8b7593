"""`make setup`: installs all that the other commands need, each step only when what it depends on has changed.

With `--deploy` only what a deployment needs: no Firestore engine, and of the Python packages not those of the tests.
Nothing is installed yet when it starts: it runs on Python alone.
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
from collections.abc import Callable, Iterator
from pathlib import Path

from local import advice, installer
from local.progress import CommandFailed, run
from local.stack import engine, settings

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
VENV = ROOT / ".venv"
FUNCTIONS = ROOT / "functions"
WEB = ROOT / "web"
DIST = WEB / "dist"
NODE = "20.19, 22.12 or newer"
NODE_FROM = {20: 19, 21: 99, 22: 12}  # major: the first minor that vite runs on; those above, all
# What hidane's bar counts up to: 191 steps of cargo's, and a third of the time for the last, hidane itself.
CARGO_STEPS = 286


class CannotSetUp(Exception):
    """A tool is missing that the developer must install. The message names it."""


def check_tools() -> None:
    """CannotSetUp unless Node and npm, which the set-up does not install, are there."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise CannotSetUp(f"{tool} is not on the PATH.\nInstall Node {NODE}, which brings npm.")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    major, minor = (int(found[1]), int(found[2])) if found else (0, 0)
    if major < min(NODE_FROM) or minor < NODE_FROM.get(major, 0):
        raise CannotSetUp(f"The node on the PATH is {said.strip() or 'unknown'}.\nInstall Node {NODE}.")


def once(name: str, inputs: list[Path], target: Path, install: Callable[[], None]) -> None:
    """Run `install` unless it was run here with these inputs before and `target` is there; the stamp is written last.

    "Here", because the scripts of a virtual environment contain its path: a moved checkout would run those of the old
    place.
    """
    digest = hashlib.sha256(f"{sys.version}\0{ROOT}\0".encode())
    for path in inputs:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    stamp = STATE / f"stamps/{name}"
    if target.exists() and stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    install()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest.hexdigest())


def sync(label: str, requirements: Path, venv: Path, python: str = sys.executable) -> None:
    """Make `venv` anew, on this Python, with exactly what `requirements` locks. uv's cache keeps what was there."""
    uv = installer.find()
    inside = str(venv / "bin/python")
    commands = [
        [uv, "venv", "--quiet", "--clear", "--force", "--python", python, "--no-python-downloads", str(venv)],
        [uv, "pip", "sync", "--python", inside, "--require-hashes", "--compile-bytecode", str(requirements)],
    ]
    total = sum("==" in line for line in requirements.read_text().splitlines())
    run(label, commands, STATE / f"setup-{venv.name.strip('.')}.log", total=total)


def install_development() -> None:
    sync("Python development tools", ROOT / "requirements-dev.txt", VENV)


def install_ops() -> None:
    sync("Python packages of the deployment", ROOT / "ops/requirements.txt", VENV)


def install_functions() -> None:
    venv = FUNCTIONS / "venv"
    sync("The functions' own packages", FUNCTIONS / "requirements.txt", venv)
    # The Firebase CLI starts the runtime in firebase.json by its name. Locally any Python that fits is linked to it.
    runtime = json.loads((ROOT / "firebase.json").read_text())["functions"]["runtime"]
    named = venv / "bin" / re.sub(r"python(\d)(\d+)", r"python\1.\2", runtime)
    if not named.exists():
        named.symlink_to("python")


def install_node() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    # Packages for other systems are left out.
    total = sum(path.count("node_modules/") == 1 and "os" not in found for path, found in packages.items())
    modules = ROOT / "node_modules"

    def installed() -> int:
        return sum(1 for pattern in ("*/package.json", "@*/*/package.json") for _ in modules.glob(pattern))

    # It starts from the beginning each time, but from its cache: nothing is downloaded twice.
    command = ["npm", "ci", "--prefer-offline"]
    log = STATE / "setup-node.log"
    run("Emulator suite and client SDK", [command], log, total=total, measure=installed, cwd=ROOT)


def install_hidane() -> None:
    """Build hidane beside its place and move it there whole. An interrupted build is continued."""
    root = engine.hidane_root()
    root.parent.mkdir(parents=True, exist_ok=True)
    work = root.with_name(f"{root.name}-build")
    with alone(work.with_suffix(".lock"), "Another setup builds the Firestore engine; waiting for it."):
        if root.exists():
            return
        command = ["cargo", "install", "hidane", "--version", engine.HIDANE_VERSION, "--locked", "--force"]
        env = {**os.environ, "CARGO_TARGET_DIR": str(work / "target")}
        label = f"Firestore engine (hidane {engine.HIDANE_VERSION})"
        built = work / "root"
        run(
            label, [[*command, "--root", str(built)]], STATE / "setup-hidane.log",
            total=CARGO_STEPS, measure=lambda: compiled(work / "target"), env=env,
        )  # fmt: skip
        built.rename(root)
        shutil.rmtree(work, ignore_errors=True)


def compiled(target: Path) -> int:
    """How many of its steps cargo has finished, this time and before."""
    return sum(1 for _ in target.glob("release/.fingerprint/*/*.json"))


def playground() -> list[Path]:
    """All that the page is built from: its own files and the typed client's."""
    inputs = [ROOT / "package.json", ROOT / "package-lock.json"]
    for place in (WEB, ROOT / "clients/typescript/src"):
        inputs += sorted(path for path in place.rglob("*") if path.is_file() and DIST not in path.parents)
    return inputs


def build_playground() -> None:
    """Types are checked first; tsc's output ends the message of a failure."""
    run("The playground", [["npm", "run", "--silent", "build"]], STATE / "setup-web.log", total=20, cwd=ROOT)


@contextlib.contextmanager
def alone(lock: Path, waiting: str) -> Iterator[None]:
    """Two commands started at once do this one after the other; the second prints what it waits for."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(waiting, flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def alone_in_checkout() -> contextlib.AbstractContextManager[None]:
    return alone(STATE / "setup.lock", "Another setup of this checkout is running; waiting for it.")


def install(*, deploys: bool = False) -> None:
    """Every step that is due. Each is done whole or again: what the steps download stays in their caches.

    `deploys`: only those that a deployment needs. A checkout that has the development tools keeps them.
    """
    check_tools()
    chosen = "" if deploys else engine.choose()
    with alone_in_checkout():
        settings.write_local_files()
        if deploys and not (STATE / "stamps/python").exists():
            once("python-ops", [ROOT / "ops/requirements.txt", installer.LOCK], VENV / "bin/python", install_ops)
        else:
            tools = [ROOT / "requirements-dev.txt", installer.LOCK]
            once("python", tools, VENV / "bin/python", install_development)
        functions = [FUNCTIONS / "requirements.txt", ROOT / "firebase.json", installer.LOCK]
        once("functions", functions, FUNCTIONS / "venv/bin/python", install_functions)
        suite = ROOT / "node_modules/firebase-tools/lib/bin/firebase.js"
        npm = [ROOT / name for name in ("package-lock.json", "package.json", ".npmrc")]
        once("node", npm, suite, install_node)
        once("web", playground(), DIST / "index.html", build_playground)
        if chosen and chosen != engine.OFFICIAL and not Path(chosen).exists():
            install_hidane()


def main() -> int:
    for ending in (signal.SIGTERM, signal.SIGHUP):  # so that a running step ends too
        signal.signal(ending, signal.default_int_handler)
    try:
        install(deploys="--deploy" in sys.argv[1:])
    except (CannotSetUp, installer.NoInstaller, engine.NoEngine, CommandFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(advice.of(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe setup was interrupted; what was downloaded and built is kept for the next one.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
