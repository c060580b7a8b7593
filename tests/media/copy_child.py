"""A process that does nothing but copy, and says how much memory that took: `copy_child.py COPIES < settings`.

Writes JSON: the resident memory before, its peak during the copies (KiB), what was stored, which modules came along.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def status(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def main() -> None:
    copies = int(sys.argv[1])
    settings = json.loads(sys.stdin.read())
    os.environ.update(settings["environment"])
    from studiox.media import objects

    at_import = sorted(name for name in sys.modules if name in ("requests", "urllib3", "google.cloud.storage"))

    def copy(number: int) -> int:
        path = f"users/u/creations/j/{number}"
        url, hosts = settings["warm" if number < 0 else "url"], [settings["host"]]
        mark = objects.Mark("trainedAlgorithmicMedia")
        stored = objects.copy_from_url(url, path, allowed_hosts=hosts, max_bytes=1 << 31, deadline_s=600, mark=mark)
        return stored.size_bytes

    copy(-1)  # connections, certificates, imports: the base
    base = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    with ThreadPoolExecutor(copies) as pool:
        sizes = list(pool.map(copy, range(copies)))
    peak = status("VmHWM")
    left = [str(path) for path in Path(tempfile.gettempdir()).rglob("*")]
    late = sorted(name for name in sys.modules if name in ("requests", "google.cloud.storage"))
    told = {"base": base, "peak": peak, "sizes": sizes, "left": left, "at_import": at_import, "late": late}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
