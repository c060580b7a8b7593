"""A stand-in for the Google APIs that `make deploy` and the Firebase CLI call, with one project.

with stand_in("studiox-staging") as (project, environment):    # variables for the commands under test

`python -m local.vendors.google.server --project studiox-staging --port 4020` serves one and prints these variables as
a shell sets them. Each API lies under its own host name: `http://127.0.0.1:4020/run.googleapis.com/v1/…`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shlex
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local.stack import settings
from local.vendors.google import accounts, firebase, functions  # noqa: F401 - they register their routes
from local.vendors.google.project import ROUTES, Call, Project, Refused, Resource

ROUTER = Path(__file__).with_name("router.cjs")
ADDRESSES = {
    "CLOUD_RUN_URL": "run",
    "CLOUD_SECRET_MANAGER_URL": "secretmanager",
    "FIREBASE_CLOUDSCHEDULER_URL": "cloudscheduler",
    "FIREBASE_CLOUD_TAKS_URL": "cloudtasks",
    "FIREBASE_FUNCTIONS_V2_URL": "cloudfunctions",
    "FIREBASE_IDENTITY_URL": "identitytoolkit",
    "FIRESTORE_URL": "firestore",
}
"""The Firebase CLI's variables for the APIs that our own commands call too."""


INFRA = settings.ROOT / "infra" / "main.tf"
"""Its list of APIs is what a project has enabled. The CLI enables others itself, and waits ten seconds for each."""


def new_project(name: str) -> Project:
    """A project as the guide leaves it before the first deploy: a database, a bucket, a site and all secrets."""
    project = Project(name)
    database = f"projects/{name}/databases/(default)"
    project.databases[database] = {"name": database, "locationId": "nam5", "type": "FIRESTORE_NATIVE"}
    project.secrets = {secret: ["ENABLED"] for secret in settings.declared_secrets()}
    project.services = dict.fromkeys(re.findall(r'"([a-z]+\.googleapis\.com)"', INFRA.read_text()), "ENABLED")
    return project


def answer(project: Project, call: Call) -> tuple[int, Resource, dict[str, str]]:
    """The status, the JSON and the headers of the API's answer."""
    try:
        project.before(call)
        for method, host, pattern, handler in ROUTES:
            found = pattern.fullmatch(call.path) if (method, host) == (call.method, call.host) else None
            if found:
                with project.lock:
                    said = handler(project, call, **found.groupdict())
                return (200, *said) if isinstance(said, tuple) else (200, said, {})
        project.unknown.append(call.address)
        raise Refused(501, f"The stand-in has no {call.address}", status="UNIMPLEMENTED")
    except Refused as refused:
        return refused.code, refused.body, {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: `Project.calls` has every request."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the CLI was ended
            super().handle()

    def _serve(self) -> None:
        given = self._body()
        address = urllib.parse.urlsplit(self.path)
        host, _, path = address.path.lstrip("/").partition("/")
        kind = self.headers.get("Content-Type", "")
        body = json.loads(given) if given and "json" in kind else given
        query = dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True))
        call = Call(self.command, host, "/" + urllib.parse.unquote(path), query, body or None)
        status, said, headers = answer(self.server.project, call)
        text = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, project: Project) -> None:
        self.project = project
        super().__init__(("127.0.0.1", port), _Handler)


def environment(url: str, home: Path) -> dict[str, str]:
    """The variables that point the CLI and our commands at the stand-in, and at nothing on another machine.

    home: the CLI's configuration directory, in place of the user's own.
    """
    return {
        **{variable: f"{url}/{api}.googleapis.com" for variable, api in ADDRESSES.items()},
        "GOOGLE_STAND_IN": url,
        "NODE_OPTIONS": f"--require {json.dumps(str(ROUTER))}",
        "FIREBASE_TOKEN": "local",
        "FIREBASE_CLI_DISABLE_UPDATE_CHECK": "1",
        "XDG_CONFIG_HOME": str(home),
        "CI": "1",
    }


@contextlib.contextmanager
def stand_in(name: str, home: Path, port: int = 0) -> Iterator[tuple[Project, dict[str, str]]]:
    """Serve a new project within the block, on a free port by default."""
    server = _Server(port, new_project(name))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.project, environment(f"http://127.0.0.1:{server.server_address[1]}", home)
    finally:
        server.shutdown()
        server.server_close()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", default="studiox-staging")
    parser.add_argument("--port", type=int, default=4020)
    given = parser.parse_args(arguments)
    try:
        with stand_in(given.project, settings.STATE / "google", given.port) as (_, variables):
            for name, value in variables.items():
                print(f"export {name}={shlex.quote(value)}", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        return
    except OSError as error:
        sys.exit(f"Port {given.port} cannot be served: {error.strerror}. Another one: --port")


if __name__ == "__main__":
    main(sys.argv[1:])
