"""The network in memory carries what real clients and real handlers say, and breaks as networks do."""

from __future__ import annotations

import json
import socket
import types
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import requests
import stripe
import urllib3
from urllib3.exceptions import ProtocolError

from local.vendors.poyo.http import Handler
from local.vendors.poyo.state import API_KEY, State
from local.vendors.stripe.account import Account
from local.vendors.stripe.api import Api
from local.vendors.stripe.server import StandIn
from local.vendors.stripe.server import _Handler as StripeHandler
from studiox.integrations import firebase_auth
from studiox.integrations.providers import wire
from studiox.integrations.providers.base import checked_base
from studiox.media import objects
from tests.auth.identity import Accounts, AccountsHandler
from tests.media.servers import Gcs, GcsHandler, png
from tests.simulation import network_server
from tests.simulation.faults import Cut, Late
from tests.simulation.network import Network
from tests.simulation.network_server import HandlerFailed
from tests.support.queue import Queue, QueueHandler

PLACE = "127.0.0.1:7001"
URL = f"http://{PLACE}"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it got."""

    protocol_version = "HTTP/1.1"
    network: Network

    def do_GET(self) -> None:
        if self.path == "/bug":
            raise KeyError("bug")
        if self.path.startswith("/slow"):
            self.network.pause(float(self.path.rpartition("/")[2]))
        self._answer(b"0123456789" * 10)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def do_PUT(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while size := int(self.rfile.readline(), 16):
            self.wfile.write(b"%x\r\n%s\r\n" % (size, self.rfile.read(size)))
            self.rfile.readline()
        self.wfile.write(b"0\r\n\r\n")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Line:
    """An `io` that notes what is carried out, and breaks on demand; and the pauses of the network's clients."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str, float | None]] = []
        self.broken: list[Exception] = []
        self.paused: list[float] = []
        self.chances: list[float] = []

    def io(self, kind: str, what: str, act: Any, timeout_s: float | None = None) -> Any:
        self.noted.append((kind, what, timeout_s))
        if self.broken:
            raise self.broken.pop()
        return act()

    def chance(self, _decided: str) -> float:
        return self.chances.pop(0) if self.chances else 0.99


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def network(line: Line) -> Iterator[Network]:
    made = Network(line.io, chance=line.chance, sleep=line.paused.append)
    made.serve(PLACE, "echo", type("Bound", (Echo,), {"network": made}))
    with made.patched():
        yield made


def only(network: Network, fault: str, line: Line, *chances: float) -> None:
    """The next chances decide about this fault alone."""
    network.faults = {fault: 0.5}
    line.chances = list(chances)


# ------------------------------------------------------------------------------------------------ real clients


@pytest.mark.usefixtures("network")
def test_requests_keeps_its_connection(line: Line) -> None:
    with requests.Session() as session:
        for body in (b"one", b"two"):
            assert session.post(f"{URL}/echo?q=1", data=body, timeout=3).content == body
    assert line.noted == [("http.echo", "POST /echo", 3.0)] * 2


@pytest.mark.usefixtures("network")
def test_streams_in_both_directions() -> None:
    pieces = [bytes([number]) * 70_000 for number in range(5)]
    answer = urllib3.PoolManager().urlopen("PUT", f"{URL}/echo", body=iter(pieces), preload_content=False)
    assert b"".join(answer.stream(1000)) == b"".join(pieces)
    announced = {"Content-Length": "350000"}
    assert requests.post(URL, data=iter(pieces), headers=announced, timeout=3).content == b"".join(pieces)


def test_stripes_sdk(network: Network) -> None:
    account = Account()
    stand_in = StandIn("http://127.0.0.1:7002", account, Api(account, "sk_test_1"), None)
    network.serve("127.0.0.1:7002", "stripe", StripeHandler, server=types.SimpleNamespace(stand_in=stand_in))
    client = stripe.StripeClient(
        "sk_test_1", base_addresses={"api": stand_in.url}, http_client=stripe.RequestsClient(timeout=5)
    )
    made = client.v1.customers.create({"email": "a@example.com"})
    assert client.v1.customers.retrieve(made.id).email == "a@example.com"


def test_cloud_storage(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    gcs = Gcs()
    gcs.port = 7003
    network.serve("127.0.0.1:7003", "storage", type("Bound", (GcsHandler,), {"gcs": gcs}))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:7003")
    poyo = State(seconds=0)
    poyo.url = "http://127.0.0.1:7004"
    network.serve("127.0.0.1:7004", "poyo", type("Bound", (Handler,), {"poyo": poyo}))
    task = poyo.accept("z-image", "image", {"prompt": "a picture"}, "key", "", poyo.plans.take("z-image", ""))
    (file,) = poyo.data(task)["files"]

    copied = objects.copy_from_url(
        file["file_url"], "users/u/1", allowed_hosts=["127.0.0.1:7004"], max_bytes=1 << 20, deadline_s=60
    )
    stored = objects.store_bytes(png(5000), "users/u/2")

    assert (copied.size_bytes, stored.size_bytes) == (file["file_size"], 5000)
    assert objects.read_head("users/u/2.png") is not None
    assert [item.path for item in objects.list_prefix("users/").items] == ["users/u/1.png", "users/u/2.png"]
    objects.delete("users/u/1.png")
    assert list(gcs.objects) == ["users/u/2.png"]


def test_firebase_auth(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    import firebase_admin

    from studiox.kit import firestore

    accounts = Accounts()
    accounts.users.add("someone")
    network.serve("127.0.0.1:7005", "auth", type("Bound", (AccountsHandler,), {"accounts": accounts}))
    firebase_admin.delete_app(firestore.app())
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:7005")
    assert firebase_auth.find_sign_in("someone") is not None
    assert firebase_auth.find_sign_in("nobody") is None


def test_cloud_tasks(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    from studiox.kit import tasks

    queue = Queue()
    network.serve("127.0.0.1:7006", "tasks", type("Bound", (QueueHandler,), {"queue": queue}))
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", "127.0.0.1:7006")
    tasks.enqueue("cleanUp", {"a": 1}, name="once")
    tasks.enqueue("cleanUp", {"a": 1}, name="once")
    assert [(task.function, task.data) for task in queue.tasks] == [("cleanUp", {"a": 1})]


def test_the_providers_wire(network: Network) -> None:
    poyo = State()
    poyo.url = "http://127.0.0.1:7004"
    network.serve("127.0.0.1:7004", "poyo", type("Bound", (Handler,), {"poyo": poyo}))
    base, headers = checked_base(poyo.url, "Poyo"), {"Authorization": f"Bearer {API_KEY}"}
    order = json.dumps({"model": "z-image", "input": {"prompt": "a picture"}}).encode()
    sent = wire.send(base, "/api/generate/submit", headers, order)
    assert sent.body is not None
    task_id = sent.body["data"]["task_id"]
    for _ in range(2):
        asked = wire.ask(base, f"/api/generate/status/{urllib.parse.quote(task_id)}", headers)
        assert asked.body is not None
        assert asked.body["data"]["status"] == "not_started"
    with pytest.raises(wire.NotSent):
        wire.send(checked_base("http://127.0.0.1:7999", "Nobody"), "/", {}, b"{}")


# ------------------------------------------------------------------------------------------------ faults


@pytest.mark.usefixtures("network")
def test_what_io_breaks_is_what_clients_know(line: Line) -> None:
    base = checked_base(URL, "Echo")
    line.broken = [Cut(applied=True)]
    with pytest.raises(wire.Lost, match="ConnectionResetError"):
        wire.send(base, "/", {}, b"{}")
    line.broken = [Late()]
    with pytest.raises(wire.Lost, match="TimeoutError"):
        wire.send(base, "/", {}, b"{}")
    line.broken = [Late()]
    with pytest.raises(requests.ReadTimeout):
        requests.get(URL, timeout=1)
    line.broken = [Cut(applied=False)]
    with pytest.raises(requests.ConnectionError):
        requests.get(URL, timeout=1)


def test_no_connection(network: Network, line: Line) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 7999), 1)
    only(network, "refused", line, 0.1)
    with pytest.raises(wire.NotSent):
        wire.send(checked_base(URL, "Echo"), "/", {}, b"{}")
    only(network, "no-route", line, 0.1)
    with pytest.raises(requests.ConnectTimeout):
        requests.get(URL, timeout=7)
    assert line.paused == [7.0]
    only(network, "unresolved", line, 0.1)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("localhost", 7001)
    assert [entry[4] for entry in socket.getaddrinfo("localhost", 7001)] == [("127.0.0.1", 7001)]
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("example.com", 443)
    assert not line.noted


@pytest.mark.parametrize("end", [0.1, 0.9])
def test_a_kept_connection_is_gone(network: Network, line: Line, end: float) -> None:
    pool = urllib3.HTTPConnectionPool("127.0.0.1", 7001, retries=False)
    assert pool.urlopen("GET", "/").status == 200
    only(network, "dead", line, 0.1, end)
    with pytest.raises(ProtocolError):
        pool.urlopen("GET", "/")
    assert pool.urlopen("GET", "/").status == 200
    only(network, "stale", line, 0.1)
    assert pool.urlopen("GET", "/").status == 200
    assert network.injected == {"dead": 1, "stale": 1}
    assert len(line.noted) == 3


def test_an_answer_ends_too_early(network: Network, line: Line) -> None:
    only(network, "half-answer", line, 0.1, 0.9, 0.1)
    with pytest.raises(ProtocolError, match="IncompleteRead"):
        urllib3.request("GET", URL, retries=False)
    only(network, "half-answer", line, 0.1, 0.0, 0.9)
    with pytest.raises(ProtocolError, match="reset"):
        urllib3.request("GET", URL, retries=False)


def test_a_request_that_breaks_off_does_not_arrive(network: Network, line: Line) -> None:
    only(network, "broken-pipe", line, 0.9, 0.1)
    with pytest.raises(requests.ConnectionError):
        requests.post(URL, data=iter([b"one"]), headers={"Content-Length": "3"}, timeout=3)
    assert not line.noted


@pytest.mark.usefixtures("network")
def test_a_slow_answer(line: Line) -> None:
    assert requests.get(f"{URL}/slow/2", timeout=3).status_code == 200
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{URL}/slow/4", timeout=3)
    assert line.paused == [2.0, 3.0]


@pytest.mark.usefixtures("network")
def test_a_connection_that_is_shut_down_ends() -> None:
    sock = socket.create_connection(("127.0.0.1", 7001), 3)
    sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
    sock.shutdown(socket.SHUT_RDWR)
    assert sock.recv(10) == b""
    with pytest.raises(BrokenPipeError):
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")


@pytest.mark.usefixtures("network")
def test_an_endless_answer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_server, "MAX_ANSWER", 50)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="reset"):
        requests.get(URL, timeout=3)


@pytest.mark.usefixtures("network")
def test_a_handlers_bug_is_not_hidden() -> None:
    with pytest.raises(HandlerFailed, match="echo: KeyError"):
        requests.get(f"{URL}/bug", timeout=3)


def test_nothing_is_changed_afterwards() -> None:
    before = socket.create_connection, socket.getaddrinfo
    with Network(lambda _kind, _what, act, _timeout: act()).patched():
        assert socket.create_connection is not before[0]
    assert (socket.create_connection, socket.getaddrinfo) == before
