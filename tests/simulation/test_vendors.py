"""The simulated vendors speak through their stand-ins' handlers, act in virtual time, and break as the seed says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest

from local.vendors.poyo.plans import FAULTS
from studiox.integrations import firebase_auth
from studiox.integrations.providers import wire
from studiox.integrations.providers.base import checked_base
from studiox.kit import tasks
from studiox.kit.errors import Unavailable
from studiox.media import objects
from tests.simulation import vendors as simulated
from tests.simulation.agenda import Agenda
from tests.simulation.network import Network
from tests.simulation.vendors import CHAT_FAULTS, HANG_UP, ORDER_FAULTS, PLACES, Vendors, environment

HOUR = 3_600.0


class Functions:
    """What the vendors call, and what it answers."""

    def __init__(self) -> None:
        self.callbacks: list[tuple[str, bytes, Mapping[str, str]]] = []
        self.tasks: list[tuple[str, Any, int]] = []
        self.statuses: list[int] = []

    def deliver(self, url: str, content: bytes, headers: Mapping[str, str]) -> int:
        self.callbacks.append((url, content, headers))
        return self.statuses.pop(0) if self.statuses else 200

    def dispatch(self, function: str, data: dict[str, Any], attempt: int) -> int:
        self.tasks.append((function, data, attempt))
        return self.statuses.pop(0) if self.statuses else 204


@pytest.fixture
def agenda() -> Agenda:
    return Agenda()


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def vendors(agenda: Agenda, functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    import firebase_admin

    from studiox.kit import firestore

    firebase_admin.delete_app(firestore.app())
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(time, "sleep", agenda.sleep)
    made = Vendors(Random(1), agenda, functions.deliver, functions.dispatch)
    made.calm_down()
    network = Network(lambda _kind, _what, act, _timeout: act())
    made.serve(network)
    with network.patched(), simulated.tiny_media():
        yield made


def poyo(path: str, order: object = None) -> Any:
    base = checked_base(environment()["POYO_BASE_URL"], "Poyo")
    headers = {"Authorization": f"Bearer {environment()['POYO_API_KEY']}"}
    answer = (
        wire.ask(base, path, headers) if order is None else wire.send(base, path, headers, json.dumps(order).encode())
    )
    assert answer.body is not None
    return answer.body["data"]


def submit(model: str = "z-image") -> str:
    order = {"model": model, "input": {"prompt": "a hill"}, "callback_url": "http://127.0.0.1:5001/poyoWebhook?job=1"}
    return str(poyo("/api/generate/submit", order)["task_id"])


@pytest.mark.usefixtures("vendors")
def test_an_order_ends_in_virtual_time_and_its_file_is_copied(agenda: Agenda) -> None:
    task_id = submit()
    assert poyo(f"/api/generate/status/{task_id}")["status"] == "not_started"
    agenda.sleep(5)
    (file,) = poyo(f"/api/generate/status/{task_id}")["files"]
    stored = objects.copy_from_url(
        file["file_url"], "users/u/1", allowed_hosts=[PLACES["poyo"]], max_bytes=5_000, deadline_s=60
    )
    assert stored.size_bytes == file["file_size"] < 2_000
    head = objects.read_head("users/u/1.png")
    assert head is not None
    assert head.created_at.timestamp() == pytest.approx(agenda.now(), abs=0.001)
    agenda.sleep(25 * HOUR)
    with pytest.raises(objects.MediaGone):
        objects.copy_from_url(
            file["file_url"], "users/u/2", allowed_hosts=[PLACES["poyo"]], max_bytes=5_000, deadline_s=60
        )


@pytest.mark.usefixtures("vendors")
def test_every_kind_of_file_is_what_it_is_called(agenda: Agenda) -> None:
    kinds = {"z-image": ("image", "png"), "veo3.1-lite": ("video", "mp4"), "minimax-music-2.6": ("audio", "mp3")}
    for model, (kind, extension) in kinds.items():
        task_id = submit(model)
        agenda.sleep(5)
        (file,) = poyo(f"/api/generate/status/{task_id}")["files"]
        stored = objects.copy_from_url(
            file["file_url"], f"users/u/{kind}", allowed_hosts=[PLACES["poyo"]], max_bytes=5_000, deadline_s=60
        )
        assert (file["file_type"], stored.path) == (kind, f"users/u/{kind}.{extension}")


def test_a_callback_comes_when_the_task_ends_and_until_it_is_taken(
    vendors: Vendors, agenda: Agenda, functions: Functions
) -> None:
    functions.statuses = [500, 0, 200]
    task_id = submit()
    agenda.sleep(4)
    assert (functions.callbacks, vendors.waiting) == ([], 1)
    agenda.sleep(400)
    assert (len(functions.callbacks), vendors.waiting) == (3, 0)
    url, content, headers = functions.callbacks[-1]
    assert url == "http://127.0.0.1:5001/poyoWebhook?job=1"
    assert json.loads(content)["data"]["task_id"] == task_id
    assert agenda.now() - 400 <= int(headers["X-Webhook-Timestamp"]) <= agenda.now()
    functions.statuses = [500] * 9
    submit()
    agenda.sleep(HOUR)
    assert 6 <= len(functions.callbacks) <= 8
    assert vendors.waiting == 0


def test_callbacks_are_late_repeated_reordered_and_lost(vendors: Vendors, agenda: Agenda, functions: Functions) -> None:
    vendors.calm, vendors.rates = False, dict.fromkeys(vendors.rates, 0.0)
    ids = [submit() for _ in range(200)]
    agenda.sleep(24 * HOUR)
    came = [json.loads(content)["data"]["task_id"] for _, content, _ in functions.callbacks]
    assert vendors.waiting == 0
    assert len(came) > len(set(came)), "none came twice"
    assert 100 < len(set(came)) < len(ids), "none was lost"
    running = [json.loads(content)["data"]["status"] != "finished" for _, content, _ in functions.callbacks]
    assert any(running), "none came early"


def test_every_fault_is_met_and_none_when_it_is_calm(vendors: Vendors) -> None:
    vendors.calm, vendors.rates = False, dict.fromkeys(vendors.rates, 1.0)
    for _ in range(3_000):
        vendors.poyo.plans.take("z-image", "")
        vendors.chat.plans.take("gpt", "")
    assert {name.removeprefix("order ") for name in vendors.planned if name.startswith("order ")} == set(ORDER_FAULTS)
    assert {name.removeprefix("chat ") for name in vendors.planned if name.startswith("chat ")} == set(CHAT_FAULTS)
    # `slow` is the duration, which is drawn for each order. A provider's 503 is believed.
    assert set(FAULTS) - set(ORDER_FAULTS) == {"slow", "503-accepted"}
    vendors.calm_down()
    vendors.planned.clear()
    assert vendors.poyo.plans.take("z-image", "").answer == "ok"
    assert not vendors.planned


@pytest.mark.usefixtures("vendors")
def test_the_chat_endpoint_sees_a_picture_of_ours() -> None:
    objects.store_bytes(simulated._content("image", "a hill", 0), "users/u/1")
    base = checked_base(environment()["OPENAI_BASE_URL"], "OpenAI")
    picture = {"type": "image_url", "image_url": {"url": objects.signed_url("users/u/1.png")}}
    asked = {"model": "gpt", "messages": [{"role": "user", "content": [picture]}]}
    headers = {"Authorization": f"Bearer {environment()['OPENAI_API_KEY']}"}
    answer = wire.send(base, "/chat/completions", headers, json.dumps(asked).encode())
    assert answer.body is not None
    assert "I see" in answer.body["choices"][0]["message"]["content"]


def test_auth_and_its_outages(vendors: Vendors) -> None:
    vendors.accounts.users.add("someone")
    assert firebase_auth.find_sign_in("someone") is not None
    vendors.calm, vendors.rates["auth"] = False, 1.0
    for _ in range(20):
        with pytest.raises(Unavailable):
            firebase_auth.find_sign_in("someone")
    assert f"auth {HANG_UP}" in vendors.planned


def test_storage_fails_and_the_files_are_whole_or_missing(vendors: Vendors) -> None:
    vendors.calm, vendors.rates["upload"], vendors.rates["storage"] = False, 0.5, 0.2
    stored = {}
    for number in range(60):
        data = simulated._content("image", "a hill", number)
        try:
            stored[objects.store_bytes(data, f"users/u/{number}").path] = data
        except objects.MediaUnavailable:
            continue
    assert 20 < len(stored) < 60
    assert {path: vendors.gcs.objects[path]["data"] for path in stored} == stored


# ------------------------------------------------------------------------------------------------ Cloud Tasks


def test_a_tasks_name_is_taken_for_an_hour(vendors: Vendors, agenda: Agenda, functions: Functions) -> None:
    for _ in range(2):
        tasks.enqueue("cleanUp", {"a": 1}, name="once")
    agenda.sleep(HOUR - 1)
    tasks.enqueue("cleanUp", {"a": 2}, name="once")
    agenda.sleep(2)
    tasks.enqueue("cleanUp", {"a": 3}, name="once")
    agenda.sleep(1)
    assert functions.tasks == [("cleanUp", {"a": 1}, 0), ("cleanUp", {"a": 3}, 0)]
    assert vendors.queue.duplicates == 2
    assert vendors.queue.waiting == 0


def test_a_task_is_repeated_until_it_succeeds_or_is_given_up(
    vendors: Vendors, agenda: Agenda, functions: Functions
) -> None:
    functions.statuses = [503, 0, 204]
    tasks.enqueue("cleanUp", {}, name="hard")
    agenda.sleep(14)
    assert [attempt for *_, attempt in functions.tasks] == [0, 1]
    agenda.sleep(2)
    assert [attempt for *_, attempt in functions.tasks] == [0, 1, 2]
    functions.statuses = [503] * 9
    tasks.enqueue("cleanUp", {}, name="hopeless")
    agenda.sleep(HOUR)
    assert len(functions.tasks) == 6
    assert [task.name.rpartition("/")[2] for task in vendors.queue.given_up] == ["hopeless"]


def test_a_queue_refuses_and_runs_a_task_again(vendors: Vendors, agenda: Agenda, functions: Functions) -> None:
    vendors.queue.calm = vendors.calm = False
    for number in range(100):
        tasks.enqueue("settleStudioJob", {}, name=f"t{number}")
    agenda.sleep(HOUR)
    assert 100 < len(functions.tasks) < 110
    vendors.rates["tasks"] = 1.0
    with pytest.raises(Unavailable):
        tasks.enqueue("settleStudioJob", {}, name="refused")
