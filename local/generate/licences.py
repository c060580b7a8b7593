"""`make licences`: docs/licences.md, the licence of everything that is deployed.

The functions' packages are those of their lock file, with the licences that the installed packages declare. The page's
are those whose code the built page holds, with the licences of the npm lock file. A licence that is unknown, or that
would bind our own code, is refused.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/licences.md"
FUNCTIONS = ROOT / "functions"
ALLOWED = {"0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"}
# Licences that bind changes to their own files only, of packages that we do not change.
UNCHANGED = {"certifi": "MPL-2.0"}
# What packages without an SPDX expression write instead.
SPELLINGS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
BUILD_TIMEOUT_S = 180
# The packages of the modules that the page is built from.
BUNDLED = """
import { build } from 'vite';
const made = await build({ root: 'web', logLevel: 'silent', build: { write: false } });
const found = made.output.flatMap((chunk) => chunk.moduleIds ?? [])
  .map((id) => /.*node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(id)?.[1]).filter(Boolean);
console.log(JSON.stringify([...new Set(found)].sort()));
"""
TEXT = """\
# Licences of what is deployed

Made by `make licences`; a test compares it with the lock files. Tools of the development and of the tests are not
deployed and not listed.

## The functions
{functions}

## The page
{page}
"""


class NotAllowed(Exception):
    """A licence that is unknown, or that we may not deploy; the message names the packages."""


class Package(NamedTuple):
    name: str
    version: str
    licence: str
    """An SPDX expression; "" if it declares none that we know."""


def refuse(packages: Iterable[Package]) -> None:
    """Raise NotAllowed unless we may deploy them all. Of `A OR B` one is enough, of `A AND B` both must do."""
    wrong = [
        f"{package.name} {package.version}: {package.licence or 'unknown'}"
        for package in packages
        if not any(
            all(part.strip(" ()") in ALLOWED | {UNCHANGED.get(package.name)} for part in choice.split(" AND "))
            for choice in package.licence.split(" OR ")
        )
    ]
    if wrong:
        raise NotAllowed("These licences are not allowed in what is deployed:\n" + "\n".join(wrong))


def of_functions() -> list[Package]:
    """Those of functions/requirements.txt. NotAllowed if another version is installed: its licence may differ."""
    locked = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^ \\;]+)", (FUNCTIONS / "requirements.txt").read_text(), re.M)
    places = [str(path) for path in (FUNCTIONS / "venv/lib").glob("python*/site-packages")]
    installed = {_key(found.name): found for found in importlib.metadata.distributions(path=places)}
    found = []
    for name, version in locked:
        distribution = installed.get(_key(name))
        if distribution is None or distribution.version != version:
            raise NotAllowed(f"{name} {version} is not installed in functions/venv: make setup")
        found.append(Package(name, version, _declared(distribution)))
    return found


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _declared(distribution: importlib.metadata.Distribution) -> str:
    about = distribution.metadata.json
    if expression := about.get("license_expression"):
        return str(expression)
    classified = [each.split(" :: ")[-1] for each in about.get("classifier", []) if each.startswith("License")]
    for said in (str(about.get("license", "")), *classified):
        licence = SPELLINGS.get(said, said)
        if licence in ALLOWED or licence in UNCHANGED.values():
            return licence
    return ""


def of_page() -> list[Package]:
    """Those whose code the page holds, as it is built now."""
    command = ["node", "--input-type=module", "--eval", BUNDLED]
    said = subprocess.check_output(command, cwd=ROOT, text=True, timeout=BUILD_TIMEOUT_S)
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    entries = {name: locked[f"node_modules/{name}"] for name in json.loads(said.splitlines()[-1])}
    return [Package(name, entry["version"], entry.get("license", "")) for name, entry in entries.items()]


def _table(packages: Iterable[Package]) -> str:
    rows = [f"| {package.name} | {package.version} | {package.licence} |" for package in packages]
    return "\n".join(["| package | version | licence |", "|---|---|---|", *rows])


def text() -> str:
    """The page. NotAllowed."""
    functions, page = of_functions(), of_page()
    refuse([*functions, *page])
    return TEXT.format(functions=_table(functions), page=_table(page))


def main() -> int:
    try:
        PAGE.write_text(text())
    except NotAllowed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
