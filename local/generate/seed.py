"""`make seed-data`: generate `emulator-data/` from local/generate/seed.json, through the API of a fresh stack."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.serve import Stopped, stop_on_signals
from local.stack import processes, settings
from local.stack.engine import NoEngine
from local.stack.start import StackError, stack

DATA = settings.ROOT / "emulator-data"
TIMEOUT_S = 600


def main() -> int:
    stop_on_signals()
    fresh = settings.STATE / "seed"
    shutil.rmtree(fresh, ignore_errors=True)
    print("Filling a fresh stack …", flush=True)
    # The data contains URLs of the stand-ins, such as receipts. Use the ports of `make serve` if they are free.
    usual = all(processes.is_free(port) for port in settings.PORTS.values())
    try:
        with stack(0 if usual else None, export_dir=fresh) as running:
            client = ["node", str(settings.ROOT / "local/generate/seed.mjs")]
            environment = {**os.environ, **running.environment(), "STUDIOX_PYTHON": sys.executable}
            done = subprocess.run(client, env=environment, cwd=settings.ROOT, check=False, timeout=TIMEOUT_S)
    except Stopped:
        return 130
    except subprocess.TimeoutExpired:
        print(f"The data took longer than {TIMEOUT_S} s.", file=sys.stderr)
        return 1
    except (StackError, NoEngine) as error:
        print(error, file=sys.stderr)
        return 1
    if done.returncode != 0 or not (fresh / "firebase-export-metadata.json").exists():
        print("The data could not be generated. emulator-data/ is unchanged.", file=sys.stderr)
        return done.returncode or 1
    _forget_tokens(fresh)
    shutil.rmtree(DATA, ignore_errors=True)
    shutil.move(str(fresh), DATA)
    print(f"Generated {DATA.relative_to(settings.ROOT)}/.")
    return 0


def _forget_tokens(export: Path) -> None:
    """Remove the download tokens, which the emulator adds to each file that was read by URL. The data needs none."""
    for path in export.glob("storage_export/metadata/**/*.json"):
        metadata = json.loads(path.read_text())
        if metadata.pop("downloadTokens", None) is not None:
            path.write_text(json.dumps(metadata, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
