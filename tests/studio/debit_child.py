"""An instance that debits one job, and then reads an upload's head: `debit_child.py < settings`.

Writes JSON: the resident memory (KiB) and whether google-cloud-storage is loaded, after the debit and after the head.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.studio.settle_child import resident


def main() -> None:
    settings = json.loads(sys.stdin.read())
    os.environ.update(settings["environment"])
    import main as functions
    from studiox.media import objects
    from tests.support import call

    create: Any = functions.createStudioJob
    answer = call(create, settings["order"], uid=settings["uid"])
    told = {"error": answer.reason if not answer.ok else "", "debit_kib": resident("VmRSS")}
    told["loaded_by_debit"] = "google.cloud.storage" in sys.modules
    objects.read_head("users/nobody/uploads/nothing.png")
    told |= {"head_kib": resident("VmRSS"), "loaded_by_head": "google.cloud.storage" in sys.modules}
    Path(settings["told"]).write_text(json.dumps(told))


if __name__ == "__main__":
    main()
