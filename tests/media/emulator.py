"""The official Storage emulator alone, for these tests: plain Node, with a stand-in for its Java rules runtime.

Our requests are an administrator's (`Bearer owner`), for which the emulator asks no rules; it only wants a runtime that
starts and takes the ruleset.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = "rules_version = '2'; service firebase.storage { match /b/{b}/o/{all=**} { allow read, write: if false; } }"

JAVA = f"""#!{sys.executable}
import json, sys
if "-version" in sys.argv:
    print('openjdk version "21.0.1"', file=sys.stderr)
    sys.exit(0)
print(json.dumps({{"id": -1, "status": "ok", "errors": [], "warnings": []}}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    result = {{"rulesVersion": 2}} if request["action"] == "load_ruleset" else {{"permit": False}}
    answer = {{"id": request["id"], "status": "ok", "errors": [], "warnings": [], "result": result}}
    print(json.dumps(answer), flush=True)
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def storage_emulator(folder: Path, project: str = "demo-media") -> Iterator[str]:
    """Start it in `folder`; yields its `host:port`. It is stopped, with all that it started, at the end."""
    ports = {name: free_port() for name in ("storage", "hub", "logging")}
    emulators = {name: {"host": "127.0.0.1", "port": port} for name, port in ports.items()}
    config = {"storage": {"rules": "storage.rules"}, "emulators": {**emulators, "ui": {"enabled": False}}}
    (folder / "firebase.json").write_text(json.dumps(config))
    (folder / "storage.rules").write_text(RULES)
    (folder / "rules-runtime.jar").touch()
    (folder / "bin").mkdir()
    (folder / "tmp").mkdir()
    java = folder / "bin" / "java"
    java.write_text(JAVA)
    java.chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "STORAGE_EMULATOR_BINARY_PATH": str(folder / "rules-runtime.jar"),
        # The emulator keeps all blobs in one place under the temporary folder and deletes that when it stops: a folder
        # of its own, or it would take those of another one on this machine with it.
        "TMPDIR": str(folder / "tmp"),
        "CI": "true",
    }
    command = [str(ROOT / "node_modules/.bin/firebase"), "emulators:start", "--only", "storage", "--project", project]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(process, ports["storage"], folder / "log")
        yield f"127.0.0.1:{ports['storage']}"
    finally:
        process.send_signal(signal.SIGINT)  # once, to it alone: it ends what it started
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/b", timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the Storage emulator did not start:\n{log.read_text()[-2000:]}")
