"""Serves every function of a directory from one process, by the functions' own Python:

    functions/venv/bin/python -m local.stack.server --offset 0 --functions functions

It is functions-framework's gunicorn, with as many threads as production has. main.py is loaded in its worker, so that a
changed file takes a new worker and not a new server. The addresses are those of the suite's own functions emulator:
/demo-studiox/us-central1/NAME, and NAME-0 for a schedule.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions_framework._http.gunicorn import GunicornApplication

from local.stack import settings
from local.stack.server.app import Wsgi, serve_functions

# Clients keep connections for later requests; one that is closed while it is used again loses that request.
KEEP_ALIVE_S = 600
WORKER_OPTIONS = {"keepalive": KEEP_ALIVE_S, "control_socket_disable": True}


class Server(GunicornApplication):
    """What production runs, but for when the functions are loaded."""

    def __init__(self, functions: Path, ports: Mapping[str, int], **options: Any) -> None:
        self.functions, self.ports = functions, ports
        super().__init__(None, "127.0.0.1", ports["functions"], False, **options)  # type: ignore[no-untyped-call]

    def load(self) -> Wsgi:
        """Called in each new worker."""
        return serve_functions(self.functions, self.ports)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.stack.server", description=__doc__)
    parser.add_argument("--offset", type=int, default=0, help="added to every port")
    parser.add_argument("--functions", type=Path, default=settings.ROOT / "functions")
    given = parser.parse_args()
    functions = given.functions.resolve()
    ports = settings.shifted(given.offset)
    parameters, _ = settings.resolve(ports, os.environ)
    sys.path[0] = str(functions)  # as in production, where the rest of the checkout does not exist
    Server(functions, ports, threads=int(parameters.get("THREADS") or 8), **WORKER_OPTIONS).run()


if __name__ == "__main__":
    main()
