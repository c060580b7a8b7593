"""Explains a failed installation: one line says what happened, one what to do."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple


class Advice(NamedTuple):
    """What happened, and what to do about it."""

    happened: str
    to_do: str


NO_SPACE = Advice("the disk is full.", "Make room and run the command again.")
FORBIDDEN = Advice(
    "a file or folder may not be written.",
    "Give this user the right to it, or choose other folders:"
    " STUDIOX_CACHE, UV_CACHE_DIR, npm_config_cache, CARGO_HOME.",
)
# The first match is used. The output of pip, uv, npm and cargo is not a stable interface, so others are printed.
KNOWN = (
    (r"No space left on device|ENOSPC|Disk quota exceeded|EDQUOT", NO_SPACE),
    (r"EACCES|EROFS|EPERM|Permission denied|Read-only file system|\(os error (?:13|20|30)\)", FORBIDDEN),
    (
        r"[Hh]ash mismatch|EINTEGRITY|DO NOT MATCH THE HASHES|checksum .*(?:did not match|changed)",
        Advice(
            "a downloaded file is not the one that the lock file names; it may have been cut off.",
            "Run the command again. If it stays so, a proxy or a broken cache changes the file:"
            " uv cache clean, npm cache clean --force.",
        ),
    ),
    (
        r"requires rustc|rustc [\d.]+ is not supported|edition20\d\d|lock file version",
        Advice("this Rust is too old.", "Update it (rustup update) and run the command again."),
    ),
    (
        r"linker `\w+` not found|failed to find tool|is `c\+\+` installed|No C compiler",
        Advice("there is no C compiler.", "Install one (Debian: build-essential; macOS: xcode-select --install)."),
    ),
    (
        r"signal: 9, SIGKILL|Out of memory|ENOMEM|Cannot allocate memory",
        Advice("the machine ran out of memory.", "Close other programs and run the command again."),
    ),
    (
        r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT"
        r"|dns error|error sending request|[Cc]ould ?n[o']t resolve host|Failed to fetch|tcp connect error"
        r"|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|Temporary failure in name resolution"
        r"|Connection (?:refused|reset|timed out)|[Oo]peration timed out|Couldn't connect|spurious network error"
        r"|Network is unreachable|network failure"
        # In the middle of a file:
        r"|error reading a body|IncompleteRead|Connection (?:broken|aborted)|not enough bytes were received"
        r"|Premature close|Invalid response body|socket hang up|transfer closed|[Pp]artial file|Recv failure",
        Advice(
            "the package registry could not be reached.",
            "Look at the network (or the proxy) and run the command again: what was downloaded is kept.",
        ),
    ),
)
OF_FILES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), NO_SPACE),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST), FORBIDDEN),
}
# Where the tools write, each with what it is when its variable is not set. npm does not say that a disk is full.
WRITTEN = {
    "UV_CACHE_DIR": "~/.cache/uv",
    "npm_config_cache": "~/.npm",
    "CARGO_HOME": "~/.cargo",
    "STUDIOX_CACHE": "~/.cache/studiox",
    "TMPDIR": "/tmp",
}
LEAST_BYTES = 1_000_000
LAST_LINES = 60


def read(output: str) -> Advice | None:
    """The advice for the last lines of a failed command's output, or for a disk that is full now, or None."""
    last = "\n".join(output.splitlines()[-LAST_LINES:])
    return next((advice for pattern, advice in KNOWN if re.search(pattern, last)), NO_SPACE if _full() else None)


def _full() -> bool:
    """Whether a disk that the tools write to is full."""
    places = [Path.cwd(), *(Path(os.environ.get(name) or usual).expanduser() for name, usual in WRITTEN.items())]
    return any(shutil.disk_usage(place).free < LEAST_BYTES for place in places if place.exists())


def of(error: OSError) -> str:
    """The advice for an error of our own file access, as two lines."""
    known = OF_FILES.get(error.errno or 0)
    said = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    if known is None:
        return f"The setup stopped: {said}\nRun the command again: it goes on where it stopped."
    return f"The setup stopped, {known.happened} ({said})\n{known.to_do}"
