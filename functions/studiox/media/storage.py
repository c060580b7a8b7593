"""Cloud Storage by its JSON API: the few requests that we make of it, over one pool of connections.

Our own and not google-cloud-storage, because its uploads hold a file or a chunk of it in memory (a 200 MB copy: 58 MB
resident by one streamed PUT, 74 to 271 MB by the library) and its import costs 15 MB. Nothing is imported or built
before the first request. In the emulator (FUNCTIONS_EMULATOR is true) the requests go to the Storage emulator.
"""

from __future__ import annotations

import functools
import json
import os
import random
import time
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from studiox.kit import clock

from .download import MediaGone, MediaUnavailable
from .filetypes import BY_EXTENSION

if TYPE_CHECKING:
    import urllib3

CACHE_CONTROL = "private, max-age=3600"
_HOST = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"  # signBlob knows no narrower one that fits storage as well
_FIELDS = "name,size,contentType,crc32c,timeCreated,generation"
_LOCAL_BUCKET = "demo-studiox.appspot.com"
_CONNECT_S, _READ_S, _TRIES = 10.0, 15.0, 3


class NoAnswer(MediaUnavailable):
    """The request was sent, or part of it, and whether it was done is not known."""


class Stored(msgspec.Struct, frozen=True):
    """An object in Cloud Storage. `crc32c` as Cloud Storage writes it: base64 of the big-endian sum."""

    path: str
    content_type: str
    size_bytes: int
    crc32c: str


class Head(Stored, frozen=True):
    """An object as it is found in the bucket."""

    created_at: datetime


class Page(msgspec.Struct, frozen=True):
    """A part of a listing in the order of the paths; `next_page_token` is None at its end."""

    items: tuple[Head, ...]
    next_page_token: str | None = None


# ------------------------------------------------------------------------------------------------ the connection


def emulator_root() -> str | None:
    """The Storage emulator's `http://host:port`; None in production, whatever else the environment says there."""
    if os.environ.get("FUNCTIONS_EMULATOR") != "true":
        return None
    root = os.environ.get("STORAGE_EMULATOR_HOST") or os.environ.get("FIREBASE_STORAGE_EMULATOR_HOST")
    root = root or "127.0.0.1:9199"
    return (root if "://" in root else f"http://{root}").rstrip("/")


def default_bucket() -> str:
    """The project's bucket, by FIREBASE_CONFIG. RuntimeError if a deployed function has none."""
    config = os.environ.get("FIREBASE_CONFIG", "")
    bucket = json.loads(config).get("storageBucket") if config.startswith("{") else None
    if bucket:
        return str(bucket)
    if emulator_root() is None:
        raise RuntimeError("FIREBASE_CONFIG names no storageBucket")
    return _LOCAL_BUCKET


def object_url(path: str, bucket: str | None) -> str:
    return f"{_bucket_url(bucket)}/{urllib.parse.quote(path, safe='')}"


def upload_url(bucket: str | None, **query: str) -> str:
    root = emulator_root() or _HOST
    return f"{root}/upload/storage/v1/b/{bucket or default_bucket()}/o?{urllib.parse.urlencode(query)}"


def _bucket_url(bucket: str | None) -> str:
    # The emulator knows rewriteTo and some others without the prefix only, and everything without it.
    return f"{emulator_root() or _HOST + '/storage/v1'}/b/{bucket or default_bucket()}/o"


@functools.cache
def _pool() -> urllib3.PoolManager:
    import certifi
    import urllib3

    return urllib3.PoolManager(num_pools=4, maxsize=32, ca_certs=certifi.where(), retries=False)


@functools.cache
def _credentials() -> Any:
    import google.auth

    return google.auth.default(scopes=[_SCOPE])[0]


def _auth_transport() -> Any:
    from google.auth.transport.urllib3 import Request

    return Request(_pool())  # type: ignore[no-untyped-call]


def _authorize(method: str, url: str, headers: dict[str, str]) -> None:
    if emulator_root() is not None:
        headers["Authorization"] = "Bearer owner"
        return
    from google.auth.exceptions import GoogleAuthError

    try:
        _credentials().before_request(_auth_transport(), method, url, headers)
    except GoogleAuthError:
        raise MediaUnavailable("storage: no credentials") from None


def send(
    method: str,
    url: str,
    *,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    connect_s: float = _CONNECT_S,
    read_s: float = _READ_S,
) -> urllib3.BaseHTTPResponse:
    """One request, sent once, with our credentials; its answer, whatever its status. NoAnswer without one.

    What `body` raises while it is read goes through, and the connection is broken off.
    """
    import urllib3

    all_headers = dict(headers or {})
    _authorize(method, url, all_headers)
    timeout = urllib3.Timeout(connect=connect_s, read=read_s)
    try:
        return _pool().urlopen(
            method, url, body=body, headers=all_headers, timeout=timeout, redirect=False, retries=False
        )
    except urllib3.exceptions.HTTPError:
        # Without its cause, whose text has the address: an upload's is a credential.
        raise NoAnswer("storage: no answer") from None


def call(
    method: str, url: str, *, data: object = None, headers: Mapping[str, str] | None = None
) -> urllib3.BaseHTTPResponse:
    """A request that may be repeated, up to three times with jitter on 408, 429, 5xx or no answer; then as `send`."""
    body = None if data is None else json.dumps(data).encode()
    all_headers = {"Content-Type": "application/json; charset=UTF-8", **(headers or {})} if body else headers
    last = MediaUnavailable("storage: not tried")
    for attempt in range(_TRIES):
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
    """The answer if its status is one of these; else MediaUnavailable: 401, 403, no such bucket are ours to mend."""
    if answer.status not in statuses:
        raise MediaUnavailable(f"storage: {answer.status}")
    return answer


def parsed(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    """The JSON object that was answered; MediaUnavailable for anything else (a page of some proxy's)."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MediaUnavailable("storage: an answer that is not JSON")
    return found


def head_of(resource: Mapping[str, Any]) -> Head:
    return Head(
        path=str(resource["name"]),
        content_type=str(resource.get("contentType", "application/octet-stream")),
        size_bytes=int(resource["size"]),
        crc32c=str(resource.get("crc32c", "")),
        created_at=clock.parse(str(resource["timeCreated"])),
    )


def stored_of(head: Head) -> Stored:
    return Stored(head.path, head.content_type, head.size_bytes, head.crc32c)


def checked_path(path: str) -> str:
    """`path` as one that we write to. ValueError for what none of our code names an object: a bug, not a refusal."""
    parts = path.split("/")
    printable = path.isprintable() and "\\" not in path and len(path.encode()) <= 1000
    if not printable or any(part in ("", ".", "..") for part in parts):
        raise ValueError("not a path for an object")
    return path


# ------------------------------------------------------------------------------------------------ the requests


def read_head(path: str, *, bucket: str | None = None) -> Head | None:
    """Size and content type of an object, by what was declared at its upload; None if there is none. One request."""
    answer = expect(call("GET", f"{object_url(path, bucket)}?fields={_FIELDS}"), 200, 404)
    return head_of(parsed(answer)) if answer.status == 200 else None


def exists(path: str, *, bucket: str | None = None) -> bool:
    """Whether there is such an object. One request."""
    return read_head(path, bucket=bucket) is not None


def list_prefix(prefix: str, page_token: str | None = None, limit: int = 1000, *, bucket: str | None = None) -> Page:
    """Up to `limit` (1–1000) objects whose paths begin with `prefix`, by path. One request."""
    query = {"prefix": prefix, "maxResults": str(limit), "fields": f"items({_FIELDS}),nextPageToken"}
    if page_token:
        query["pageToken"] = page_token
    found = parsed(expect(call("GET", f"{_bucket_url(bucket)}?{urllib.parse.urlencode(query)}"), 200))
    return Page(tuple(map(head_of, found.get("items") or ())), found.get("nextPageToken"))


def delete(path: str, *, bucket: str | None = None) -> None:
    """Delete an object; that there is none is as good. MediaUnavailable when it may still be there."""
    expect(call("DELETE", object_url(path, bucket)), 200, 204, 404)


def delete_prefix(prefix: str, limit: int = 1000, *, bucket: str | None = None) -> bool:
    """Delete up to `limit` objects under `prefix`, which ends with `/`; True when nothing is left.

    One request each and one for the list. On MediaUnavailable some are gone and some not: call it again (C15).
    """
    if not prefix.endswith("/") or len(prefix) < 2:
        raise ValueError("a prefix ends with a slash: without one, another's name that begins alike would go too")
    page = list_prefix(prefix, None, min(limit, 1000), bucket=bucket)
    for item in page.items:
        delete(item.path, bucket=bucket)
    return page.next_page_token is None


def copy(src: str, dst: str, *, cache_control: str = CACHE_CONTROL, bucket: str | None = None) -> Stored:
    """Copy an object inside the bucket, without its bytes passing here; one that is at `dst` is replaced.

    Type by `dst`'s extension; the source's own metadata (a download token among it, M11) stays behind.
    MediaGone if there is no `src`. One request; more only beyond what Cloud Storage copies in 30 seconds.
    """
    kind = BY_EXTENSION[checked_path(dst).rsplit(".", 1)[-1]]
    wanted = {"contentType": kind.content_type, "cacheControl": cache_control, "contentDisposition": "inline"}
    url = f"{object_url(src, bucket)}/rewriteTo/b/{bucket or default_bucket()}/o/{urllib.parse.quote(dst, safe='')}"
    query = ""
    while True:
        answer = expect(call("POST", url + query, data=wanted), 200, 404)
        if answer.status == 404:
            raise MediaGone("storage: nothing to copy")
        found = parsed(answer)
        if found.get("done"):
            return stored_of(head_of(found["resource"]))
        query = "?" + urllib.parse.urlencode({"rewriteToken": found["rewriteToken"]})


def ping(*, bucket: str | None = None) -> bool:
    """Whether the bucket answers, within three seconds for each way. One request, which reads nothing."""
    try:
        answer = send("GET", f"{_bucket_url(bucket)}?maxResults=1&prefix=health%2F", connect_s=3.0, read_s=3.0)
    except MediaUnavailable:
        return False
    return answer.status == 200


# ------------------------------------------------------------------------------------------------ addresses that expire


def signed_url(path: str, expires_s: int = 3600, *, bucket: str | None = None) -> str:
    """An address at which anyone can read the object until it expires, at most `expires_s` (12 to 604,800) from now.

    The same address is given again for a twelfth of that time: where the service account's key is Google's own, a
    signature is a request to IAM. In the emulator a download-token address, which does not expire: there and only
    there, as it goes past the rules for ever (M11). Neither tells whether there is such an object.
    """
    if not 12 <= expires_s <= 604_800:
        raise ValueError("a signed address lives 12 seconds to 7 days")
    bucket = bucket or default_bucket()
    root = emulator_root()
    if root is not None:
        return _token_url(root, path, bucket)
    return _signed(path, bucket, expires_s, int(time.time() // (expires_s // 12)))


def _token_url(root: str, path: str, bucket: str) -> str:
    # Reading an object's metadata as its owner is what makes the emulator give it a token, and tell it.
    url = f"{root}/v0/b/{bucket}/o/{urllib.parse.quote(path, safe='')}"
    answer = expect(call("GET", url), 200, 404)
    token = str(parsed(answer).get("downloadTokens", "")).split(",")[0] if answer.status == 200 else ""
    return f"{url}?alt=media&token={token}"


@functools.lru_cache(maxsize=2048)
def _signed(path: str, bucket: str, expires_s: int, _window: int) -> str:
    from google.auth.exceptions import GoogleAuthError

    try:
        email, sign = _signer()
        return sign_v4(path, bucket, expires_s, clock.now(), email, sign)
    except GoogleAuthError:
        raise MediaUnavailable("storage: not signed") from None


def _signer() -> tuple[str, Callable[[bytes], bytes]]:
    """Who signs and how: a private key where there is one, else IAM's signBlob as the service account that we run as.

    It needs `roles/iam.serviceAccountTokenCreator` on itself.
    """
    from google.auth import iam
    from google.auth.credentials import Signing

    credentials = _credentials()
    if isinstance(credentials, Signing):
        return str(credentials.signer_email), credentials.sign_bytes
    if credentials.service_account_email == "default":
        credentials.refresh(_auth_transport())  # before it the metadata server's account has no other name
    email = str(credentials.service_account_email)
    return email, iam.Signer(_auth_transport(), credentials, email).sign  # type: ignore[no-untyped-call]


def sign_v4(path: str, bucket: str, expires_s: int, now: datetime, email: str, sign: Callable[[bytes], bytes]) -> str:
    """A GET address by https://cloud.google.com/storage/docs/authentication/signatures (V4, GOOG4-RSA-SHA256)."""
    import hashlib

    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/auto/storage/goog4_request"
    resource = f"/{bucket}/{urllib.parse.quote(path, safe='/~')}"
    query = urllib.parse.urlencode(
        {
            "X-Goog-Algorithm": "GOOG4-RSA-SHA256",
            "X-Goog-Credential": f"{email}/{scope}",
            "X-Goog-Date": stamp,
            "X-Goog-Expires": expires_s,
            "X-Goog-SignedHeaders": "host",
        },
        quote_via=urllib.parse.quote,
        safe="~",
    )
    request = f"GET\n{resource}\n{query}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    signature = sign(f"GOOG4-RSA-SHA256\n{stamp}\n{scope}\n{digest}".encode()).hex()
    return f"{_HOST}{resource}?{query}&X-Goog-Signature={signature}"
