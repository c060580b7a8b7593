"""`make client`: generate the typed client's types and docs/api/ from the functions that functions/main.py deploys."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local.generate.api import contract, openapi, postman, reference, typescript

CLIENT = Path("clients/typescript")
DOCS = Path("docs/api")
TSC = ["node", "node_modules/typescript/bin/tsc"]


def files() -> dict[Path, str]:
    """{path in the project: text} of every generated file."""
    api = contract.load()
    return {
        CLIENT / "src/generated.ts": typescript.generated(api),
        **{DOCS / name: text for name, text in reference.pages(api).items()},
        DOCS / "openapi.json": openapi.document(api),
        DOCS / "studiox.postman_collection.json": postman.collection(api),
    }


def main() -> int:
    for path, text in files().items():
        target = contract.ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
            print(f"written: {path}")
    return compile_client()


def compile_client() -> int:
    """Compile the client to clients/typescript/dist, which Node and npm use. Returns tsc's exit code."""
    return subprocess.run([*TSC, "-p", str(CLIENT)], cwd=contract.ROOT, check=False, timeout=120).returncode


if __name__ == "__main__":
    sys.exit(main())
