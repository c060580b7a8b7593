"""The browser of the browser tests: one that is there, else Debian's chromium, installed where we may do that."""

from __future__ import annotations

import os
import shutil
import sys

from local.progress import CommandFailed, run
from local.stack.settings import STATE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-inter")  # the page asks for Inter first
APT_TIMEOUT_S = 600
# About how many lines apt-get prints for the packages and their dependencies.
APT_LINES = 150


class NoBrowser(Exception):
    """There is no browser to test with; the message says what to install."""


def find() -> str | None:
    """The path of the browser: what `CHROMIUM_PATH` names, else the first of the usual names on the PATH."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        found = shutil.which(named)
        if found is None:
            raise NoBrowser(f"CHROMIUM_PATH names {named}, which cannot be run.")
        return found
    return next((path for path in map(shutil.which, NAMES) if path), None)


def install() -> None:
    """Debian's chromium and a font, by apt-get. CommandFailed with its last lines."""
    apt = ["timeout", str(APT_TIMEOUT_S), "apt-get", "--option", "DPkg::Lock::Timeout=120"]
    commands = [[*apt, "update"], [*apt, "install", "--yes", "--no-install-recommends", *PACKAGES]]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("Chromium for the browser tests", commands, STATE / "setup-browser.log", total=APT_LINES, env=env)


def chromium() -> str:
    """The browser's path. NoBrowser where there is none and we cannot install one: these tests are never skipped."""
    found = find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install()
        found = find()
    if found is None:
        raise NoBrowser(
            "The browser tests need Chromium or Chrome. Install it (on Debian, as root: apt-get install chromium),"
            " or name one in CHROMIUM_PATH."
        )
    return found


def main() -> int:
    try:
        chromium()
    except (NoBrowser, CommandFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
