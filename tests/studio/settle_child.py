"""An instance that settles one job by its task, and says what that took: `settle_child.py < settings`.

Writes JSON: the resident memory before, its peak (KiB), the task's status, and what is left in the temporary folder.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any


def resident(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def main() -> None:
    settings = json.loads(sys.stdin.read())
    os.environ.update(settings["environment"])
    import main as functions
    from tests.support import task

    settle: Any = functions.settleStudioJob
    for job_id in settings["warm"]:
        task(settle, {"jobId": job_id})
    base = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    status = task(settle, {"jobId": settings["job"]}).status
    left = [str(path) for path in Path(tempfile.gettempdir()).rglob("*")]
    sys.stderr.write("\n")
    Path(settings["told"]).write_text(
        json.dumps({"base": base, "peak": resident("VmHWM"), "status": status, "left": left})
    )


if __name__ == "__main__":
    main()
