"""What the set-up says when a machine lets it down: what happened, what to do; and the next run goes on.

Each test runs the commands' own way in (`local/python.sh -m local.setup`) in a checkout whose path has a space, with
tools on the PATH that fail as the real ones do.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local import advice, installer, progress
from local.stack import engine, settings

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "functions/requirements.txt",
    "functions/.env",
    "requirements-dev.txt",
    "ops/requirements.txt",
    "package.json",
    "package-lock.json",
    ".npmrc",
    "firebase.json",
    *settings.DECLARED,
)
TOOLS = {
    "node": "echo v22.12.0",
    "npm": """
        echo "npm $*" >>"$LOG"
        [ ! -e "$FAIL/npm" ] || { cat "$FAIL/npm"; exit 1; }
        case $1 in
        ci) mkdir -p node_modules/firebase-tools/lib/bin && touch node_modules/firebase-tools/lib/bin/firebase.js ;;
        run) mkdir -p web/dist && touch web/dist/index.html ;;
        esac
    """,
    "uv": """
        echo "uv $*" >>"$LOG"
        [ ! -e "$FAIL/uv" ] || { cat "$FAIL/uv"; exit 2; }
        if [ "$1" = venv ]; then
            for last; do :; done
            mkdir -p "$last/bin" && ln -sf "$(command -v python3)" "$last/bin/python"
        fi
    """,
    "cargo": """
        echo "cargo $*" >>"$LOG"
        mkdir -p "$CARGO_TARGET_DIR" && echo half >>"$CARGO_TARGET_DIR/built"
        [ ! -e "$FAIL/sleep" ] || { touch "$FAIL/asleep"; while [ -e "$FAIL/sleep" ]; do sleep 0.1; done; }
        [ ! -e "$FAIL/cargo" ] || { cat "$FAIL/cargo"; exit 101; }
        for last; do :; done
        mkdir -p "$last/bin" && cp "$CARGO_TARGET_DIR/built" "$last/bin/hidane"
    """,
}
SAID = {
    "npm": "npm error code ENOTFOUND\nnpm error network request to the registry failed, reason: getaddrinfo ENOTFOUND",
    "uv": "error: Failed to fetch: `flask`\n  Caused by: error sending request\n  Caused by: dns error",
    "cargo": "warning: spurious network error (3 tries remaining)\nerror: failed to download from the index",
}


def eventually(path: Path, timeout_s: float = 60) -> bool:
    until = time.monotonic() + timeout_s
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.05)
    return path.exists()


class Machine:
    """A checkout and the tools of a machine."""

    def __init__(self, place: Path) -> None:
        self.root, self.fail, self.log = place / "a checkout", place / "fail", place / "log"
        self.tools, self.cache = place / "tools", place / "the cache"
        for made in (self.root, self.fail, self.tools):
            made.mkdir()
        shutil.copytree(ROOT / "local", self.root / "local", ignore=lambda *_: ["media", "api", "__pycache__"])
        for name in COPIED:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        for name in ("web/src/main.ts", "clients/typescript/src/index.ts"):
            (self.root / name).parent.mkdir(parents=True)
            (self.root / name).touch()
        for name, script in TOOLS.items():
            self.tool(name, script)
        for name in ("sh", "mkdir", "touch", "cat", "cp", "ln", "sleep"):
            found = shutil.which(name)
            assert found
            (self.tools / name).symlink_to(found)
        (self.tools / "python3").symlink_to(os.path.realpath(sys.executable))
        kept = self.cache / f"uv-{installer.version()}/uv"
        kept.parent.mkdir(parents=True)
        shutil.copy(self.tools / "uv", kept)

    def tool(self, name: str, script: str, folder: Path | None = None) -> Path:
        path = (folder or self.tools) / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["/bin/sh", "local/python.sh", "-m", "local.setup", *arguments],
            cwd=self.root,
            env={
                "PATH": str(self.tools),
                "HOME": str(self.root.parent),
                "STUDIOX_CACHE": str(self.cache),
                "LOG": str(self.log),
                "FAIL": str(self.fail),
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that runs the tests in the background has SIGINT ignored, also for what it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
        )

    def run(self, *arguments: str, **env: str) -> tuple[int, list[str]]:
        """The exit code and the lines of standard error, but for the one that names the Python."""
        process = self.start(*arguments, **env)
        _, said = process.communicate(timeout=120)
        return process.returncode, [line for line in said.splitlines() if not line.startswith("Using Python ")]

    def calls(self) -> list[str]:
        """The commands that were run since the last look."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [" ".join(line.split()[:2]) for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_every_step_is_done_once_also_where_paths_have_a_space(machine: Machine) -> None:
    assert machine.run() == (0, [])
    steps = ["uv venv", "uv pip", "uv venv", "uv pip", "npm ci", "npm run", "cargo install"]
    assert machine.calls() == steps
    assert machine.run() == (0, [])
    assert machine.calls() == []
    runtime = machine.root / "functions/venv/bin/python3.13"
    assert runtime.exists()  # what the Firebase CLI calls


def test_a_deployment_sets_up_no_engine_and_no_tools_of_the_tests(machine: Machine) -> None:
    (machine.tools / "cargo").unlink()
    assert machine.run("--deploy") == (0, [])
    installed = machine.log.read_text()
    assert "ops/requirements.txt" in installed
    assert "requirements-dev.txt" not in installed
    assert machine.calls() == ["uv venv", "uv pip", "uv venv", "uv pip", "npm ci", "npm run"]
    assert machine.run("--deploy") == (0, [])
    assert machine.calls() == []


def test_a_checkout_with_the_tools_of_the_tests_keeps_them_when_it_deploys(machine: Machine) -> None:
    assert machine.run() == (0, [])
    machine.calls()
    (machine.root / "requirements-dev.txt").write_text("pytest==0 --hash=sha256:0\n")
    assert machine.run("--deploy") == (0, [])
    assert "requirements-dev.txt" in machine.log.read_text()


@pytest.mark.parametrize("tool", SAID)
def test_without_a_network_the_set_up_says_so_and_goes_on_later(machine: Machine, tool: str) -> None:
    (machine.fail / tool).write_text(SAID[tool])
    code, said = machine.run()
    assert code == 1
    assert len(said) == 2
    assert "the package registry could not be reached" in said[0]
    assert "run the command again: what was downloaded is kept" in said[1]
    stopped = machine.calls()
    (machine.fail / tool).unlink()
    assert machine.run() == (0, [])
    again = machine.calls()
    assert again[0].startswith(tool)
    assert again[0] == (stopped[-1] if tool != "uv" else "uv venv")  # what was done before is not done again


@pytest.mark.parametrize(
    ("output", "happened", "to_do"),
    [
        ("npm error code ENOSPC\nnpm error nospc no space left", "the disk is full", "Make room"),
        ("error: failed to write: No space left on device (os error 28)", "the disk is full", "Make room"),
        (
            "error: failed to create directory `/x`: Permission denied (os error 13)",
            "may not be written",
            "STUDIOX_CACHE",
        ),
        ("error: linker `cc` not found", "no C compiler", "build-essential"),
        ("error: package `x v1` cannot be built because it requires rustc 1.99", "Rust is too old", "rustup update"),
        ("npm error code EINTEGRITY", "not the one that the lock file names", "npm cache clean"),
        ("error: could not compile (signal: 9, SIGKILL: kill)", "out of memory", "Close other programs"),
    ],
)
def test_what_tools_say_is_read_as_help(machine: Machine, output: str, happened: str, to_do: str) -> None:
    (machine.fail / "npm").write_text(output)
    code, said = machine.run()
    assert (code, len(said)) == (1, 2)
    assert happened in said[0]
    assert to_do in said[1]
    assert "setup-node.log" in said[1]


def test_a_full_disk_is_named_where_the_tool_does_not_say_so(machine: Machine) -> None:
    """npm ends with the place of a log that it could not write."""
    (machine.fail / "npm").write_text("npm error A complete log of this run can be found in: /nowhere")
    code, said = machine.run(npm_config_cache="/proc")  # of its 0 bytes none are free
    assert (code, len(said)) == (1, 2)
    assert "the disk is full" in said[0]


def test_what_is_not_known_is_shown_as_it_was_said(machine: Machine) -> None:
    (machine.fail / "npm").write_text("npm error a surprise\n")
    code, said = machine.run()
    assert code == 1
    assert said[0] == "npm error a surprise"
    assert "npm ci --prefer-offline … failed" in said[-2]


def test_without_cargo_and_java_both_ways_are_named(machine: Machine) -> None:
    (machine.tools / "cargo").unlink()
    code, said = machine.run()
    assert (code, len(said)) == (1, 2)
    assert "needs cargo or Java 21" in said[0]
    assert said[1].startswith("Install Rust")
    assert machine.calls() == []  # before anything is installed


@pytest.mark.parametrize("version", ["v18.20.1", "v20.18.0", "v21.7.3", "v22.11.0", "nonsense"])
def test_a_node_that_is_too_old_is_named(machine: Machine, version: str) -> None:
    machine.tool("node", f"echo {version}")
    code, said = machine.run()
    assert code == 1
    assert said == [f"The node on the PATH is {version}.", "Install Node 20.19, 22.12 or newer."]


@pytest.mark.parametrize("version", ["v20.19.0", "v22.12.0", "v24.0.0", "v26.3.1"])
def test_a_node_that_fits_is_taken(machine: Machine, version: str) -> None:
    machine.tool("node", f"echo {version}")
    assert machine.run() == (0, [])


def test_the_first_python_that_fits_is_taken_whatever_comes_before(machine: Machine) -> None:
    good = os.path.realpath(sys.executable)
    machine.tool("python3", "echo 'Python 3.9.2 (/usr/bin/python3)'; exit 1")
    machine.tool("python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    (machine.tools / "python3.12").symlink_to(good)
    machine.tool("python3.11", "exit 1")
    process = machine.start()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert re.match(r"Using Python 3\.\d+\.\d+ \(.*python3\.12\)\n", said)


def test_without_a_python_that_fits_it_is_said_which_are_there(machine: Machine) -> None:
    machine.tool("python3", "echo 'Python 3.9.2 (/usr/bin/python3)'; exit 1")
    (machine.tools / "uv").unlink()
    code, said = machine.run()
    assert (code, len(said)) == (1, 2)
    assert "No Python from 3.11 to 3.14 is on the PATH; python3 is Python 3.9.2" in said[0]
    assert "PYTHON=/path/to/python3.13" in said[1]
    code, said = machine.run(PYTHON="python3.8")
    assert (code, len(said)) == (1, 2)
    assert "PYTHON=python3.8 is not a Python from 3.11 to 3.14" in said[0]


def test_a_cache_that_cannot_be_written_is_named(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()  # root may write everywhere, but not below a file
    code, said = machine.run(STUDIOX_CACHE=str(tmp_path / "file/cache"))
    assert (code, len(said)) == (1, 2)
    assert "file/cache" in said[0]
    assert "STUDIOX_CACHE" in said[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_build_is_gone_on_with(machine: Machine, number: signal.Signals) -> None:
    """By Ctrl-C, or by a terminal that is closed."""
    (machine.fail / "sleep").touch()
    process = machine.start()
    assert eventually(machine.fail / "asleep")
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; what was downloaded and built is kept" in said
    (machine.fail / "sleep").unlink()
    machine.calls()
    assert machine.run() == (0, [])
    assert machine.calls() == ["cargo install"]
    hidane = machine.cache / f"hidane-{engine.HIDANE_VERSION}/bin/hidane"
    assert hidane.read_text() == "half\nhalf\n"  # in the folder of the first
    assert not list(machine.cache.glob("*-build"))


def test_a_second_interrupt_ends_at_once_what_does_not_heed_the_first(machine: Machine) -> None:
    machine.tool(
        "cargo",
        """
        trap 'touch "$FAIL/asked"' INT
        trap '' TERM
        echo $$ >"$FAIL/building"; touch "$FAIL/asleep"
        while :; do sleep 0.1; done
        """,
    )
    process = machine.start()
    assert eventually(machine.fail / "asleep")
    process.send_signal(signal.SIGINT)
    assert eventually(machine.fail / "asked")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; what was downloaded and built is kept" in said
    building = int((machine.fail / "building").read_text())
    until = time.monotonic() + 30
    while Path(f"/proc/{building}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{building}").exists()


def test_what_comes_and_goes_under_the_progress_bar_stops_nothing(tmp_path: Path) -> None:
    """npm removes folders while what it has installed is counted."""

    def gone() -> int:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "node_modules/@scope")

    progress.run("Packages", [["sleep", "0.1"]], tmp_path / "log", total=1, measure=gone)


def test_an_error_that_is_not_known_is_not_taken_for_a_missing_right() -> None:
    happened, to_do = advice.of(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a/file")).splitlines()
    assert happened == "The setup stopped: No such file or directory: a/file"
    assert to_do.startswith("Run the command again")


def test_of_two_set_ups_at_once_one_waits_and_says_so(machine: Machine) -> None:
    (machine.fail / "sleep").touch()
    first = machine.start()
    assert eventually(machine.fail / "asleep")
    second = machine.start()
    assert second.stdout
    assert second.stdout.readline() == "Another setup of this checkout is running; waiting for it.\n"
    (machine.fail / "sleep").unlink()
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    second.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (130, 0)
