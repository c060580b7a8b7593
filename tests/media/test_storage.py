"""The other requests to Cloud Storage, against its stand-in: listing, deleting, copying, signing, health."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import socket
import time
import traceback
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from studiox.kit import process
from studiox.media import json_api, objects, storage
from tests.media.emulator import free_port
from tests.media.servers import Gcs, crc_of, png


def fill(gcs: Gcs, *names: str) -> None:
    for name in names:
        gcs.put_object(name, png(100), {"contentType": "image/png"})


def test_heads(gcs: Gcs) -> None:
    fill(gcs, "users/u/uploads/a ä/%2F?#.png")
    head = objects.read_head("users/u/uploads/a ä/%2F?#.png")
    assert head is not None
    assert (head.size_bytes, head.content_type, head.crc32c) == (100, "image/png", crc_of(png(100)))
    assert head.created_at == datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.UTC)
    assert objects.exists(head.path)
    assert objects.read_head("nothing") is None
    assert not objects.exists("nothing")


@pytest.mark.parametrize("encoding", ["", "gzip", "br", "none of these"])
def test_a_range_is_of_the_stored_bytes_whatever_encoding_they_were_declared_in(gcs: Gcs, encoding: str) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    gcs.put_object("users/u/uploads/a", bomb, {"contentEncoding": encoding})
    assert objects.read_range("users/u/uploads/a", 0, 100) == bomb[:100]
    assert objects.read_range("users/u/uploads/a", len(bomb) - 5, 100) == bomb[-5:]
    assert objects.read_range("users/u/uploads/a", len(bomb), 100) == b""
    with pytest.raises(objects.MediaGone):
        objects.read_range("users/u/uploads/b", 0, 100)


def test_pages(gcs: Gcs) -> None:
    names = [f"users/u/{index}" for index in range(5)]
    fill(gcs, *names, "users/v/0")
    found, token = [], None
    while True:
        page = objects.list_prefix("users/u/", token, 2)
        found += [item.path for item in page.items]
        token = page.next_page_token
        if token is None:
            break
    assert found == names
    assert objects.list_prefix("nobody/") == objects.Page(())


def test_delete_is_content_with_nothing(gcs: Gcs) -> None:
    fill(gcs, "a/0")
    objects.delete("a/0")
    objects.delete("a/0")
    assert gcs.objects == {}


def test_c15_delete_prefix_goes_on_where_it_stopped(gcs: Gcs) -> None:
    fill(gcs, *(f"users/u/{index}" for index in range(5)), "users/u2/0", "users/u")
    assert objects.delete_prefix("users/u/", 2) is False
    gcs.statuses = [200, 503, 503, 503]
    with pytest.raises(objects.MediaUnavailable):
        objects.delete_prefix("users/u/", 2)  # its list is answered by nonsense, to begin with
    gcs.statuses = []
    assert objects.delete_prefix("users/u/", 2) is False
    assert objects.delete_prefix("users/u/", 2) is True
    assert objects.delete_prefix("users/u/", 2) is True
    assert sorted(gcs.objects) == ["users/u", "users/u2/0"]
    for prefix in ("", "/", "users/u"):
        with pytest.raises(ValueError):
            objects.delete_prefix(prefix)


def test_a_copy_in_the_bucket_takes_our_metadata(gcs: Gcs) -> None:
    fill(gcs, "users/u/creations/j/0.png")
    gcs.objects["users/u/creations/j/0.png"]["resource"]["metadata"] = {"firebaseStorageDownloadTokens": "t"}
    made = objects.copy("users/u/creations/j/0.png", "posts/p/0.png", cache_control="public, max-age=60")
    assert made == objects.Stored("posts/p/0.png", "image/png", 100, crc_of(png(100)))
    resource = gcs.objects["posts/p/0.png"]["resource"]
    assert (resource["cacheControl"], resource.get("metadata")) == ("public, max-age=60", None)
    assert objects.copy("users/u/creations/j/0.png", "posts/p/0.png") == made
    with pytest.raises(objects.MediaGone):
        objects.copy("nothing.png", "posts/p/1.png")


def test_ping(gcs: Gcs, monkeypatch: pytest.MonkeyPatch) -> None:
    assert objects.ping()
    for status in (403, 404, 500):
        gcs.statuses = [status]
        assert not objects.ping()
    assert len(gcs.requests) == 4
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    assert not objects.ping()


def test_an_answer_that_is_not_json(gcs: Gcs) -> None:
    fill(gcs, "a/b.png")
    for request in (objects.read_head, objects.list_prefix, lambda path: objects.copy(path, "b.png")):
        gcs.statuses = [200]
        with pytest.raises(objects.MediaUnavailable):
            request("a/b.png")
    assert len(gcs.requests) == 3


NAME = "a/b.png"
REQUESTS: list[Callable[[], Any]] = [
    lambda: objects.read_head(NAME),
    lambda: objects.list_prefix("a/"),
    lambda: objects.delete(NAME),
    lambda: objects.copy(NAME, "b.png"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=["head", "list", "delete", "copy"])
def test_a_request_is_tried_three_times_and_its_refusal_is_not(gcs: Gcs, request_: Callable[[], Any]) -> None:
    fill(gcs, NAME)
    for passing in (408, 429, 500, 502, 503, 504):
        gcs.requests.clear()
        gcs.statuses = [passing] * 3
        with pytest.raises(objects.MediaUnavailable) as error:
            request_()
        assert (len(gcs.requests), str(error.value)) == (3, f"storage: {passing}")
    for refused in (400, 401, 403, 412):
        gcs.requests.clear()
        gcs.statuses = [refused]
        with pytest.raises(objects.MediaUnavailable):
            request_()
        assert len(gcs.requests) == 1
    gcs.statuses = [503, 429]
    request_()


@pytest.mark.usefixtures("gcs")
@pytest.mark.parametrize("request_", REQUESTS, ids=["head", "list", "delete", "copy"])
def test_no_answer_is_unavailable_and_says_no_address(
    monkeypatch: pytest.MonkeyPatch, request_: Callable[[], Any]
) -> None:
    port = free_port()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    with pytest.raises(json_api.NoAnswer) as error:
        request_()
    text = "".join(traceback.format_exception(error.value))
    assert str(port) not in text
    assert NAME not in text


def test_a_silent_bucket_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds in seconds reach the library: each try waits that long, for the answer and not for ever."""
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.setattr(json_api, "READ_S", 0.1)
    monkeypatch.setattr(json_api, "TRIES", 2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(objects.MediaUnavailable):
            objects.read_head("a")
        assert time.monotonic() - began < 3


def test_a_delete_of_one_generation_leaves_another(gcs: Gcs) -> None:
    fill(gcs, "a/b.png")
    generation = int(gcs.objects["a/b.png"]["resource"]["generation"])
    storage.delete("a/b.png", generation=generation - 1)
    assert "a/b.png" in gcs.objects
    storage.delete("a/b.png", generation=generation)
    assert gcs.objects == {}


# ------------------------------------------------------------------------------------------------ where requests go


def test_the_emulator_only_where_the_functions_emulator_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1234")
    assert json_api.object_url("a/b", "x") == "http://127.0.0.1:1234/b/x/o/a%2Fb"
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    monkeypatch.setenv("FIREBASE_STORAGE_EMULATOR_HOST", "127.0.0.1:5678")
    assert json_api.emulator_root() == "http://127.0.0.1:5678"
    monkeypatch.delenv("FIREBASE_STORAGE_EMULATOR_HOST")
    assert json_api.emulator_root() == "http://127.0.0.1:9199"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1234")
    monkeypatch.delenv("FUNCTIONS_EMULATOR")
    assert json_api.emulator_root() is None
    assert json_api.object_url("a/b", "x") == "https://storage.googleapis.com/storage/v1/b/x/o/a%2Fb"
    assert json_api.upload_url("x", name="a").startswith("https://storage.googleapis.com/upload/storage/v1/b/x/o?")


def test_the_bucket_is_the_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.delenv("FIREBASE_CONFIG", raising=False)
    assert json_api.default_bucket() == "demo-studiox.appspot.com"
    monkeypatch.setenv("FIREBASE_CONFIG", '{"projectId": "p", "storageBucket": "p.firebasestorage.app"}')
    assert json_api.default_bucket() == "p.firebasestorage.app"
    monkeypatch.delenv("FUNCTIONS_EMULATOR")
    assert json_api.default_bucket() == "p.firebasestorage.app"
    monkeypatch.setenv("FIREBASE_CONFIG", "{}")
    with pytest.raises(RuntimeError):
        json_api.default_bucket()


# ------------------------------------------------------------------------------------------------ signed addresses


@pytest.fixture(scope="module")
def account() -> Any:
    """Credentials of a service account with a key that nobody else has."""
    from google.oauth2 import service_account

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    info = {"client_email": "app@p.iam.gserviceaccount.com", "token_uri": "https://invalid.", "private_key": pem}
    return service_account.Credentials.from_service_account_info(info)  # type: ignore[no-untyped-call]


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FUNCTIONS_EMULATOR", raising=False)
    monkeypatch.setenv("FIREBASE_CONFIG", '{"storageBucket": "bucket"}')
    process.restart()


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("path", ["users/u/creations/j/0.png", "a b/ä+&=?#%~.mp3"])
def test_a_signature_is_the_keys(account: Any, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Of what https://cloud.google.com/storage/docs/authentication/canonical-requests says is signed."""
    monkeypatch.setattr(json_api, "credentials", lambda: account)
    url, signature = objects.signed_url(path, 600).split("&X-Goog-Signature=")
    address, query = url.split("?")
    assert address == f"https://storage.googleapis.com/bucket/{urllib.parse.quote(path, safe='/~')}"
    said = dict(urllib.parse.parse_qsl(query))
    scope = said["X-Goog-Credential"].removeprefix("app@p.iam.gserviceaccount.com/")
    assert scope == f"{said['X-Goog-Date'][:8]}/auto/storage/goog4_request"
    resource = address.removeprefix("https://storage.googleapis.com")
    request = f"GET\n{resource}\n{query}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    signed = f"GOOG4-RSA-SHA256\n{said['X-Goog-Date']}\n{scope}\n{digest}"
    assert account.sign_bytes(signed.encode()).hex() == signature


@pytest.mark.usefixtures("production")
def test_m11_in_production_an_address_expires_and_has_no_token(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_api, "credentials", lambda: account)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    url = urllib.parse.urlsplit(objects.signed_url("users/u/0.png"))
    query = dict(urllib.parse.parse_qsl(url.query))
    assert (url.scheme, url.netloc, url.path) == ("https", "storage.googleapis.com", "/bucket/users/u/0.png")
    assert query["X-Goog-Expires"] == "3600"
    assert "token" not in query
    assert "alt" not in query
    for expires_s in (0, 11, 604_801):
        with pytest.raises(ValueError):
            objects.signed_url("a", expires_s)


@pytest.mark.usefixtures("production")
def test_without_a_key_iam_signs_and_not_for_every_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    from google.auth import iam
    from google.auth.compute_engine import Credentials

    signed: list[bytes] = []

    class Signer:
        def __init__(self, _transport: Any, _credentials: Any, email: str) -> None:
            assert email == "app@p.iam.gserviceaccount.com"

        def sign(self, message: bytes) -> bytes:
            signed.append(message)
            return b"\x01\x02"

    class OnCloudRun(Credentials):
        def refresh(self, _request: Any) -> None:
            self._service_account_email = "app@p.iam.gserviceaccount.com"

    machine = OnCloudRun(universe_domain="googleapis.com")  # type: ignore[no-untyped-call]
    monkeypatch.setattr(json_api, "credentials", lambda: machine)
    monkeypatch.setattr(iam, "Signer", Signer)
    monkeypatch.setattr("studiox.media.storage.time.time", lambda: 1_800_000_000.0)
    first = objects.signed_url("a.png")
    assert first.endswith("&X-Goog-Signature=0102")
    assert objects.signed_url("a.png") == first
    assert len(signed) == 1
    monkeypatch.setattr("studiox.media.storage.time.time", lambda: 1_800_000_300.0)
    objects.signed_url("a.png")
    assert len(signed) == 2


@pytest.mark.usefixtures("production")
def test_no_credentials_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    from google.auth.exceptions import DefaultCredentialsError

    def none() -> Any:
        raise DefaultCredentialsError("none")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(json_api, "credentials", none)
    monkeypatch.setattr("studiox.media.storage.time.sleep", lambda _seconds: None)
    with pytest.raises(objects.MediaUnavailable):
        objects.signed_url("a.png")
    with pytest.raises(objects.MediaUnavailable):
        objects.read_head("a.png")
    assert not objects.ping()
