"""Firebase's own command line on a machine without Java:

    .venv/bin/python -m local.firebase emulators:start --import=./emulator-data

It is `npx firebase …` with hidane for the Firestore emulator and our evaluator for the Storage emulator's rules; with
Java 21 or newer and FIRESTORE=official it is plain `npx firebase`. Parameters and secrets come from
functions/.env.local and functions/.secret.local, as everywhere in the Firebase CLI.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from local.stack import engine, settings

CLI = settings.ROOT / "node_modules/firebase-tools/lib/bin/firebase.js"
# Modules of local/stack that are preloaded into the CLI: for a quick start, and for its functions emulator or ours.
OFFICIAL_FUNCTIONS = ("suite_start", "worker_ports", "worker_connections")
OUR_FUNCTIONS = ("suite_start", "suite_tasks")


def command(chosen: str, arguments: Sequence[str], preloaded: Sequence[str] = OFFICIAL_FUNCTIONS) -> list[str]:
    """The command line that runs the Firebase CLI on this engine."""
    cli = ["node", *(f"--require={settings.ROOT}/local/stack/{name}.cjs" for name in preloaded), str(CLI), *arguments]
    return cli if chosen == engine.OFFICIAL else [chosen, "exec", "--", *cli]


def environment(chosen: str, place: Path) -> dict[str, str]:
    """What that command needs in its environment; `place` gets the files that it names."""
    if chosen == engine.OFFICIAL:
        return {}
    (place / "bin").mkdir(parents=True, exist_ok=True)
    settings.write_java(place)
    return {
        "STORAGE_EMULATOR_BINARY_PATH": str(place / "bin/storage-rules"),
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def main() -> None:
    """Become that command; does not return."""
    try:
        chosen = engine.choose()
    except engine.NoEngine as error:
        sys.exit(str(error))
    line = command(chosen, sys.argv[1:])
    if not CLI.exists() or not (chosen == engine.OFFICIAL or Path(chosen).exists()):
        sys.exit("Something is not installed yet: run `make setup` first.")
    os.execvpe(line[0], line, {**os.environ, **environment(chosen, settings.STATE / "firebase")})


if __name__ == "__main__":
    main()
