"""Our own requests to Cloud Storage's JSON API: uploads that are streamed, and copies inside the bucket.

google-cloud-storage makes all other requests (storage.py). It cannot stream an upload: it holds the file, or a chunk of
it, in memory. A 200 MB copy takes 58 MB resident by one streamed PUT, and 74 to 271 MB through the library.
In the emulator (FUNCTIONS_EMULATOR is true) all requests go to the Storage emulator.
"""

from __future__ import annotations

import json
import os
import random
import time
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from studiox.kit.process import per_process

from .download import MediaUnavailable

if TYPE_CHECKING:
    import urllib3

HOST = "https://storage.googleapis.com"
CONNECT_S, READ_S, TRIES = 10.0, 15.0, 3
"""The bounds of a request to Cloud Storage, also of the library's: seconds to connect, seconds of silence, tries."""
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"  # IAM's signBlob accepts no narrower scope
_LOCAL_BUCKET = "demo-studiox.appspot.com"


class NoAnswer(MediaUnavailable):
    """The request was sent, at least in part, and its outcome is unknown."""


def emulator_root() -> str | None:
    """The Storage emulator's `http://host:port`; None in production, where the emulator's variables are ignored."""
    if os.environ.get("FUNCTIONS_EMULATOR") != "true":
        return None
    root = os.environ.get("STORAGE_EMULATOR_HOST") or os.environ.get("FIREBASE_STORAGE_EMULATOR_HOST")
    root = root or "127.0.0.1:9199"
    return (root if "://" in root else f"http://{root}").rstrip("/")


def default_bucket() -> str:
    """The project's bucket, from FIREBASE_CONFIG. RuntimeError if a deployed function has none."""
    config = os.environ.get("FIREBASE_CONFIG", "")
    bucket = json.loads(config).get("storageBucket") if config.startswith("{") else None
    if bucket:
        return str(bucket)
    if emulator_root() is None:
        raise RuntimeError("FIREBASE_CONFIG names no storageBucket")
    return _LOCAL_BUCKET


def object_url(path: str, bucket: str | None) -> str:
    # The emulator serves some methods, rewriteTo among them, only without the prefix /storage/v1.
    root = emulator_root() or f"{HOST}/storage/v1"
    return f"{root}/b/{bucket or default_bucket()}/o/{urllib.parse.quote(path, safe='')}"


def upload_url(bucket: str | None, **query: str) -> str:
    root = emulator_root() or HOST
    return f"{root}/upload/storage/v1/b/{bucket or default_bucket()}/o?{urllib.parse.urlencode(query)}"


@per_process
def pool() -> urllib3.PoolManager:
    import certifi
    import urllib3

    return urllib3.PoolManager(num_pools=4, maxsize=32, ca_certs=certifi.where(), retries=False)


@per_process
def credentials() -> Any:
    """The service account's credentials, in production. google.auth's DefaultCredentialsError if there are none."""
    import google.auth

    return google.auth.default(scopes=[_SCOPE])[0]


def auth_transport() -> Any:
    from google.auth.transport.urllib3 import Request

    return Request(pool())  # type: ignore[no-untyped-call]


def _authorize(method: str, url: str, headers: dict[str, str]) -> None:
    if emulator_root() is not None:
        headers["Authorization"] = "Bearer owner"
        return
    from google.auth.exceptions import GoogleAuthError

    try:
        credentials().before_request(auth_transport(), method, url, headers)
    except GoogleAuthError:
        raise MediaUnavailable("storage: no credentials") from None


def send(
    method: str,
    url: str,
    *,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    connect_s: float = CONNECT_S,
    read_s: float = READ_S,
) -> urllib3.BaseHTTPResponse:
    """Send one request once, with our credentials. Returns the answer of any status; NoAnswer if there is none.

    An exception that `body` raises while it is read passes through, and the connection is closed.
    """
    import urllib3

    all_headers = dict(headers or {})
    _authorize(method, url, all_headers)
    timeout = urllib3.Timeout(connect=connect_s, read=read_s)
    try:
        return pool().urlopen(
            method,
            url,
            body=body,
            headers=all_headers,
            timeout=timeout,
            redirect=False,
            retries=False,
            decode_content=False,  # an object's declared encoding is its uploader's word
        )
    except urllib3.exceptions.HTTPError:
        # Without its cause: the text holds the address, and an upload's address is a credential.
        raise NoAnswer("storage: no answer") from None


def call(
    method: str, url: str, *, data: object = None, headers: Mapping[str, str] | None = None
) -> urllib3.BaseHTTPResponse:
    """As `send`, for a request that may be repeated: up to TRIES times, with jitter, on 408, 429, 5xx or no answer."""
    body = None if data is None else json.dumps(data).encode()
    all_headers = {"Content-Type": "application/json; charset=UTF-8", **(headers or {})} if body else headers
    last = MediaUnavailable("storage: not tried")
    for attempt in range(TRIES):
        if attempt:
            time.sleep(random.uniform(0, 0.3 * 2**attempt))
        try:
            answer = send(method, url, body=body, headers=all_headers)
        except MediaUnavailable as error:
            last = error
            continue
        if answer.status < 500 and answer.status not in (408, 429):
            return answer
        last = MediaUnavailable(f"storage: {answer.status}")
    raise last


def expect(answer: urllib3.BaseHTTPResponse, *statuses: int) -> urllib3.BaseHTTPResponse:
    """The answer, if its status is one of these. MediaUnavailable otherwise: 401 and 403 are our misconfiguration."""
    if answer.status not in statuses:
        raise MediaUnavailable(f"storage: {answer.status}")
    return answer


def parsed(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    """The JSON object of the answer. MediaUnavailable for any other body, such as a proxy's error page."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MediaUnavailable("storage: an answer that is not JSON")
    return found
