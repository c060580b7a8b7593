"""`make smoke`: our own refusals pass, answers of Google's front end and of broken functions fail, with the repair.

The functions are the deployed ones, behind a front end on loopback that can answer as Cloud Run's does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import main
from local.stack.settings import ROOT
from ops import cloud, smoke
from ops.deploy import config_of
from tests.support import Database
from tests.support.calls import Reply, send

PROJECT = "studiox-production"
FORBIDDEN = (
    "<html><head>\n<title>403 Forbidden</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n"
    "<h1>Error: Forbidden</h1>\n"
    "<h2>Your client does not have permission to get URL <code>/x</code> from this server.</h2>\n</body></html>"
)
MISSING = "<html><head>\n<title>404 Page not found</title>\n</head>\n<body><h1>Error: Page not found</h1></body></html>"
BUSY = "Rate exceeded."
DOWN = "<html><head><title>500 Server Error</title></head><body><h1>Error: Server Error</h1></body></html>"


class Front:
    """What stands before the functions and serves the site. `says` answers for a function instead of it.

    With `kept`, a function that has answered is not called again: its answer is repeated.
    """

    def __init__(self) -> None:
        self.says: dict[str, Reply] = {}
        self.kept: dict[str, Reply] | None = None
        self.asked: list[str] = []
        config = json.loads(config_of(PROJECT, (ROOT / "firebase.json").read_text(), "us-central1"))
        [entry] = [entry for entry in config["hosting"]["headers"] if entry["source"] == "**"]
        self.headers = {header["key"]: header["value"] for header in entry["headers"]}
        self.project = PROJECT
        self.address = ""

    def answer(self, method: str, path: str, sent: bytes, headers: dict[str, str]) -> Reply:
        name = path.rpartition("/")[2]
        if name in self.says:
            return self.says[name]
        if path == "/site/":
            return Reply(200, b"<!doctype html><html></html>", {"Content-Type": "text/html", **self.headers})
        if path == "/site/__/firebase/init.json":
            return Reply(200, json.dumps({"projectId": self.project}).encode(), {"Content-Type": "application/json"})
        if path.startswith("/site/p/"):
            return send(main.sharePage, method, path.removeprefix("/site"))
        self.asked.append(name)
        if self.kept is not None and name in self.kept:
            return self.kept[name]
        reply = send(getattr(main, name), method, data=sent, headers=headers)
        if self.kept is not None:
            self.kept[name] = reply
        return reply


@pytest.fixture
def front() -> Iterator[Front]:
    held = Front()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = held.answer(self.command, self.path, sent, dict(self.headers))
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            """Nothing: the output is the tests'."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    held.address = f"http://127.0.0.1:{server.server_port}"
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def answers() -> dict[str, Reply]:
    """What the functions answer to the command, for tests of what it makes of one that answers otherwise."""
    return {}


def run(front: Front) -> int:
    address = front.address
    return smoke.main(["--project", "production", "--functions", f"{address}/us-central1", "--site", f"{address}/site"])


def page(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/html; charset=UTF-8"})


@pytest.mark.usefixtures("gcs")
def test_every_public_function_is_asked_and_nothing_changes(
    front: Front, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(front) == 0, capsys.readouterr()
    kinds = {name: function["kind"] for name, function in _snapshot().items()}
    assert sorted(front.asked) == sorted(name for name, kind in kinds.items() if kind not in ("schedule", "task"))
    assert database.all() == {}
    assert (
        f"{len(front.asked)} functions and the site of {PROJECT} answer as this checkout does."
        in capsys.readouterr().out
    )


def _snapshot() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((ROOT / "tests" / "api_snapshot.json").read_text())["functions"]
    return found


def test_every_http_function_has_its_answer() -> None:
    """Otherwise a new one would stop the command."""
    public = smoke.public(cloud.functions())
    assert {"health", "stripeWebhook", "getPlans"} <= {function.name for function in public}
    for function in public:
        assert {function.name, function.kind} & smoke.EXPECTED.keys(), f"{function.name}: ops/smoke.py, EXPECTED"


REPAIRS = {
    "not public": (page(403, FORBIDDEN), "add-iam-policy-binding $each --member allUsers"),
    "not public to anybody": (page(401, FORBIDDEN), "--no-invoker-iam-check"),
    "missing": (page(404, MISSING), "They were not deployed: make deploy PROJECT=production"),
    "out of instances": (Reply(429, BUSY.encode(), {"Content-Type": "text/plain"}), "quota of CPUs"),
    "broken": (page(500, DOWN), "gcloud functions logs read"),
    "open": (Reply(200, b'{"result": {}}', {"Content-Type": "application/json"}), "Deploy this checkout:"),
    "a bug": (
        Reply(500, b'{"error": {"status": "INTERNAL"}}', {"Content-Type": "application/json"}),
        "read the functions' log",
    ),
    "without a secret": (
        Reply(500, b"not configured", {"Content-Type": "text/html"}),
        "make secrets PROJECT=production",
    ),
    "a refusal that is a success": (
        Reply(200, b'{"reason": "Unauthenticated", "error": {"details": {"reason": "Unauthenticated"}}}', {}),
        "Deploy this checkout:",
    ),
    "a parked domain": (page(200, "<html>Buy this domain</html>"), "Deploy this checkout:"),
}


@pytest.mark.usefixtures("gcs")
@pytest.mark.parametrize("name", ["createStudioJob", "getFeed", "onUserCreated", "stripeWebhook", "getUserCredits"])
@pytest.mark.parametrize("case", REPAIRS)
def test_what_is_not_our_answer_fails_with_its_repair(
    front: Front, answers: dict[str, Reply], capsys: pytest.CaptureFixture[str], case: str, name: str
) -> None:
    front.kept = answers
    front.says[name], repair = REPAIRS[case]
    assert run(front) == 1
    said = capsys.readouterr()
    assert f"  {name}  ({front.says[name].status}: " in said.out
    assert repair in said.out
    assert "1 of " in said.err, "only this one failed"


@pytest.mark.usefixtures("gcs")
def test_a_first_deploy_that_left_functions_private_names_them_in_one_command(
    front: Front, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("getPlans", "likePost", "poyoWebhook"):
        front.says[name] = page(403, FORBIDDEN)
    assert run(front) == 1
    assert "for each in getplans likepost poyowebhook; do gcloud run services" in capsys.readouterr().out


def test_a_health_that_is_none(front: Front, capsys: pytest.CaptureFixture[str]) -> None:
    body = {"status": "unavailable", "checks": {"firestore": "unavailable", "storage": "ok"}}
    front.says["health"] = Reply(503, json.dumps(body).encode(), {"Content-Type": "application/json"})
    assert run(front) == 1
    assert "health  (503:" in capsys.readouterr().out


@pytest.mark.usefixtures("gcs")
@pytest.mark.parametrize("wrong", ["header", "project", "page"])
def test_the_site_must_be_the_one_that_is_deployed(
    front: Front, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    match wrong:
        case "header":
            del front.headers["Content-Security-Policy"]
        case "project":
            front.project = "somebody-else"
        case "page":
            front.says[""] = page(404, MISSING)
    assert run(front) == 1
    assert "make deploy PROJECT=production" in capsys.readouterr().out


def test_no_answer_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = "http://127.0.0.1:9"
    assert smoke.main(["--project", "production", "--functions", nowhere, "--site", nowhere]) == 1
    assert "Check the network" in capsys.readouterr().out


def test_after_a_rehearsal_the_real_project_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIREBASE_FUNCTIONS_V2_URL", "http://127.0.0.1:4020/cloudfunctions.googleapis.com")
    assert smoke.main(["--project", "production"]) == 1
    said = capsys.readouterr()
    assert "After a rehearsal no function answers" in said.err
    assert said.out == "", "no function was asked"


def test_a_real_projects_addresses() -> None:
    target = smoke.target_of("production", 0)
    assert target.functions == f"https://us-central1-{PROJECT}.cloudfunctions.net"
    assert target.site == f"https://{PROJECT}.web.app"
    local = smoke.target_of("", 100)
    assert (local.functions, local.site) == (
        "http://127.0.0.1:5101/demo-studiox/us-central1",
        "http://127.0.0.1:5100",
    )
