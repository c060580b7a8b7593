"""Which Firestore engine the stack runs on: hidane, built once with cargo, or the official archive on Java."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

HIDANE_VERSION = "0.6.0"
JAVA_VERSION = 21
OFFICIAL = "official"


class NoEngine(Exception):
    """This machine can run neither engine. The message names both ways to get one."""


def cache() -> Path:
    """Where the tools are kept that every checkout uses, each under its version."""
    return Path(os.environ.get("STUDIOX_CACHE") or Path.home() / ".cache/studiox")


def hidane_root() -> Path:
    """Where hidane is kept: outside the checkout, because building it takes minutes."""
    return cache() / f"hidane-{HIDANE_VERSION}"


def java_version() -> int:
    """The major version of the Java on the PATH, 0 without one."""
    java = shutil.which("java")
    if java is None:
        return 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=30).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def choose() -> str:
    """`official`, or the path of hidane (which may still have to be built). NoEngine if neither is possible."""
    if os.environ.get("FIRESTORE") == OFFICIAL:
        if java_version() < JAVA_VERSION:
            raise NoEngine(f"FIRESTORE=official needs Java {JAVA_VERSION} or newer; found {java_version() or 'none'}.")
        return OFFICIAL
    hidane = hidane_root() / "bin/hidane"
    if hidane.exists() or shutil.which("cargo"):
        return str(hidane)
    if java_version() >= JAVA_VERSION:
        return OFFICIAL
    raise NoEngine(
        f"The Firestore emulator needs cargo or Java {JAVA_VERSION} or newer; neither is on the PATH.\n"
        f"Install Rust (cargo builds hidane {HIDANE_VERSION}, 3 minutes, once) or Java, and run the command again."
    )
