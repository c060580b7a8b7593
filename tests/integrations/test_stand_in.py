"""The stand-in itself: real media, files that go wrong as planned, controls over HTTP, a command that ends cleanly."""

from __future__ import annotations

import http.client
import json
import signal
import struct
import subprocess
import sys
import urllib.parse
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.vendors import scenery
from local.vendors.poyo.plans import METADATA
from local.vendors.poyo.server import PoyoStandIn
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import File, Order, Rejected
from studiox.media import filetypes
from tests.integrations.conftest import KEY

MakeOrder = Callable[..., Order]
ROOT = Path(__file__).resolve().parent.parent.parent


def fetch(
    url: str, limit: int = 1 << 20, *, method: str = "GET", body: Any = None, key: str = ""
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """(status, headers, at most `limit` bytes of the body); a body that breaks off ends there."""
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(
            method, f"{parts.path}?{parts.query}".rstrip("?"), content, {"Authorization": f"Bearer {key}"}
        )
        response = connection.getresponse()
        try:
            return response.status, response.headers, response.read(limit)
        except http.client.IncompleteRead as broken:
            return response.status, response.headers, broken.partial
    finally:
        connection.close()


@pytest.fixture
def first_file(poyo: PoyoStandIn, provider: Poyo, order: MakeOrder) -> Callable[..., File]:
    def make(*faults: str, type: str = "image", model: str = "nano-banana", **fields: Any) -> File:
        poyo.plan(*faults, **fields)
        task_id = provider.submit(order(type=type, model=model, inputs={"prompt": "p"}))
        return provider.poll(task_id, type, model).files[0]

    return make


@pytest.mark.parametrize(
    ("type_", "model", "expected"),
    [
        ("image", "nano-banana", filetypes.PNG),
        ("video", "veo3.1-fast", filetypes.MP4),
        ("music", "generate-music", filetypes.MP3),
        ("speech", "elevenlabs-v3-tts", filetypes.MP3),
    ],
)
def test_media_are_real(
    type_: str, model: str, expected: filetypes.FileType, first_file: Callable[..., File], poyo: PoyoStandIn
) -> None:
    file = first_file(type=type_, model=model)
    status, headers, data = fetch(file.url)
    assert (status, headers["Content-Type"], filetypes.detect(data)) == (200, expected.content_type, expected)
    assert file.size_bytes in (None, len(data))
    again, partial, rest = _range(file.url, 100)
    assert (again, rest) == (206, data[100:])
    assert partial["Content-Range"] == f"bytes 100-{len(data) - 1}/{len(data)}"
    if file.image_url:
        assert filetypes.detect(fetch(file.image_url)[2]) == filetypes.PNG
    assert next(iter(poyo.tasks()[0]["downloads"].values())) == 2


def _range(url: str, first: int) -> tuple[int, http.client.HTTPMessage, bytes]:
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}", headers={"Range": f"bytes={first}-"})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, response.headers, data


def test_pictures_differ_and_stay_the_same(poyo: PoyoStandIn, provider: Poyo, order: MakeOrder) -> None:
    poyo.plan("many", times=2)
    files = [
        file
        for number in range(2)
        for file in provider.poll(provider.submit(order(f"job-{number}")), "image", "nano-banana").files
    ]
    pictures = [fetch(file.url)[2] for file in files]
    assert len(set(pictures)) == 8
    assert pictures == [fetch(file.url)[2] for file in files]
    assert all(zlib.decompress(picture[41:-16]) for picture in pictures)


def test_a_picture_is_of_its_words_and_its_proportions(poyo: PoyoStandIn, provider: Poyo, order: MakeOrder) -> None:
    """A stand-in that was started anew draws the same again, so that what is kept of it changes only with its words."""

    def drawn(**inputs: str) -> bytes:
        task_id = provider.submit(order(inputs=inputs))
        return fetch(provider.poll(str(task_id), "image", "nano-banana").files[0].url)[2]

    night = drawn(prompt="A lake at night", aspectRatio="16:9")
    assert struct.unpack(">II", night[16:24]) == (720, 405)
    assert drawn(prompt="A lake at night", aspectRatio="16:9") != night
    poyo.reset()
    assert drawn(prompt="A lake at night", aspectRatio="16:9") == night
    tall = drawn(prompt="A lake at night", aspectRatio="9:16")
    assert struct.unpack(">II", tall[16:24]) == (405, 720)
    assert sum(pixels(night)) < sum(pixels(drawn(prompt="A lake at noon", aspectRatio="16:9"))) * 0.7


@pytest.mark.parametrize("mood", scenery.MOODS)
@pytest.mark.parametrize("size", ["1x9", "1x1", "9x1"])
def test_every_light_is_drawn_in_every_proportion(mood: str, size: str) -> None:
    """With all that a picture can hold at once; every row is whole, and it is no plain surface."""
    wide, high = map(int, size.split("x"))
    drawn = scenery.picture(f"{mood}: a lighthouse, a boat, a balloon, pines and a city by the sea", wide / high)
    width, height = struct.unpack(">II", drawn[16:24])
    assert (max(width, height), round(4 * width / height)) == (720, {"1x9": 1, "1x1": 4, "9x1": 16}[size])
    assert len(pixels(drawn)) == height * (1 + 3 * width)
    assert len(set(pixels(drawn))) > 100


def pixels(png: bytes) -> bytes:
    return zlib.decompress(png[41:-16])


def test_files_that_go_wrong(first_file: Callable[..., File]) -> None:
    assert fetch(first_file("file-expired").url)[0] == 404
    status, headers, _ = fetch(first_file("file-redirect").url)
    assert (status, headers["Location"]) == (302, METADATA)
    for fault in ("file-html", "file-svg"):
        _, headers, data = fetch(first_file(fault).url)
        assert headers["Content-Type"] == "image/png"
        assert filetypes.detect(data) is None
    _, headers, data = fetch(first_file("file-truncated").url)
    assert 0 < len(data) < int(headers["Content-Length"])
    file = first_file("file-lying")
    assert file.size_bytes
    assert int(fetch(file.url)[1]["Content-Length"]) == file.size_bytes // 2
    _, headers, data = fetch(first_file("file-endless").url, 3_000_000)
    assert len(data) == 3_000_000
    assert "Content-Length" not in headers
    _, headers, data = fetch(first_file("file-big", type="video", model="veo3.1-fast", file_mb=3).url, 1 << 30)
    assert len(data) == int(headers["Content-Length"]) == 3_000_000
    assert filetypes.detect(data) == filetypes.MP4
    once = first_file("file-expired-once").url
    assert [fetch(once)[0] for _ in range(2)] == [404, 200]


def test_addresses_expire_after_a_day(order: MakeOrder) -> None:
    with PoyoStandIn(api_key=KEY, seconds=0) as poyo:
        provider = Poyo(poyo.url, KEY, "s")
        url = provider.poll(provider.submit(order()), "image", "nano-banana").files[0].url
        poyo.advance(23 * 3600)
        assert fetch(url)[0] == 200
        poyo.advance(2 * 3600)
        assert fetch(url)[0] == 403


def test_controls_over_http(poyo: PoyoStandIn, provider: Poyo, order: MakeOrder) -> None:
    plan = {"match": {"model": "z-image", "prompt_contains": "moon"}, "times": 2, "fault": ["validation"]}
    assert fetch(f"{poyo.url}/_/plan", method="POST", body=plan)[0] == 200
    assert provider.submit(order(model="z-image"))
    for _ in range(2):
        with pytest.raises(Rejected):
            provider.submit(order(model="z-image", inputs={"prompt": "the moon"}))
    assert provider.submit(order(model="z-image", inputs={"prompt": "the moon"}))
    for wrong in ({"fault": "nonsense"}, {"unknown": 1}, {"times": 0}, {"match": {"colour": "red"}}, {"files": "many"}):
        assert fetch(f"{poyo.url}/_/plan", method="POST", body=wrong)[0] == 400
    charges = json.loads(fetch(f"{poyo.url}/_/charges")[2])
    assert (charges["job-1"]["submits"], charges["job-1"]["charged"]) == (4, 2)
    balance = json.loads(fetch(f"{poyo.url}/api/user/balance", key=KEY)[2])
    assert balance == {"code": 200, "data": {"email": "studio@example.com", "credits_amount": 9990.0}}
    assert fetch(f"{poyo.url}/api/user/balance", key="another")[0] == 401
    assert fetch(f"{poyo.url}/_/reset", method="POST", body={})[0] == 200
    assert poyo.tasks() == []


def test_words_in_a_prompt(order: MakeOrder) -> None:
    with PoyoStandIn(api_key=KEY, seconds=0, magic=True) as poyo:
        provider = Poyo(poyo.url, KEY, "s")
        with pytest.raises(Rejected):
            provider.submit(order(inputs={"prompt": "a cat fault:moderation"}))
        task_id = provider.submit(order(inputs={"prompt": "a cat fault:many fault:file-svg fault:nonsense"}))
        assert len(provider.poll(task_id, "image", "nano-banana").files) == 4


def test_a_model_that_does_not_exist_and_fields_that_are_missing(provider: Poyo, order: MakeOrder) -> None:
    with pytest.raises(Rejected) as caught:
        provider.submit(order(model="dall-e-2"))
    assert caught.value.reason == "GenerationFailed"
    with pytest.raises(Rejected) as caught:
        provider.submit(order(type="edit", model="nano-banana-edit"))
    assert "image_urls is required" in caught.value.raw


def test_the_command_ends_with_its_signal() -> None:
    command = [sys.executable, "-m", "local.vendors.poyo.server", "--port", "0", "--magic"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert fetch(f"{line.split()[-1]}/_/tasks")[2] == b"[]"
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
