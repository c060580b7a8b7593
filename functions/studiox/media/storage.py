"""Objects in Cloud Storage, through google-cloud-storage: heads, lists, deletes, copies, signed addresses.

The library is loaded by the first request, so a function that touches no media does not pay for it. Each request is
bounded by the timeouts and tries of json_api.py. All errors are MediaErrors.
"""

from __future__ import annotations

import logging
import os
import time
import urllib.parse
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from studiox.kit import clock
from studiox.kit.process import memoized

from . import json_api
from .download import MediaGone, MediaUnavailable
from .filetypes import BY_EXTENSION
from .json_api import HOST, default_bucket, emulator_root

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud.storage import Blob, Client

CACHE_CONTROL = "private, max-age=3600"
_FIELDS = "name,size,contentType,crc32c,timeCreated,generation"
T = TypeVar("T")


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
    """A part of a listing in the order of the paths; `next_page_token` is None on the last page."""

    items: tuple[Head, ...]
    next_page_token: str | None = None


def head_of(resource: Mapping[str, Any]) -> Head:
    """The object that an answer of the JSON API describes."""
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
    """`path`, if it is a valid name for an object of ours. ValueError otherwise: a bug, not a refusal."""
    parts = path.split("/")
    printable = path.isprintable() and "\\" not in path and len(path.encode()) <= 1000
    if not printable or any(part in ("", ".", "..") for part in parts):
        raise ValueError("not a path for an object")
    return path


# ------------------------------------------------------------------------------------------------ the library


@memoized(4)
def _client(root: str) -> Client:
    """The library's client for the API at `root`."""
    from google.cloud.storage import Client

    # Without it a thread of the library reads the bucket's metadata for traces, which are not enabled.
    os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] = "true"

    # The library's pool holds ten connections and logs a warning for each that it opens beyond them.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    if root == HOST:
        credentials = json_api.credentials()
    else:
        from google.oauth2.credentials import Credentials

        credentials = Credentials("owner")  # type: ignore[no-untyped-call]
    # The address is given, so that the library does not take it from STORAGE_EMULATOR_HOST in production.
    return Client(project=None, credentials=credentials, client_options={"api_endpoint": root})


def _retry() -> Retry:
    """TRIES tries with jitter. The library's own Retry is bounded by time only, so its predicate counts the errors."""
    import requests
    from google.api_core.exceptions import GoogleAPICallError
    from google.api_core.retry import Retry
    from google.auth.exceptions import TransportError

    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, TransportError)
    more = iter(range(json_api.TRIES - 1))

    def again(error: BaseException) -> bool:
        status = int(error.code or 0) if isinstance(error, GoogleAPICallError) else 0
        return (isinstance(error, passing) or status in (408, 429) or status >= 500) and next(more, None) is not None

    return Retry(again, initial=0.3, maximum=1.2, multiplier=2.0, timeout=None)


def ask(request: Callable[..., T], *, timeout_s: tuple[float, float] | None = None, repeat: bool = True) -> T:
    """The result of `request(client, timeout=…, retry=…)`, which passes both on to the one method that it calls.

    Up to TRIES times with jitter on 408, 429, 5xx or no answer; once without `repeat`. MediaUnavailable for every error
    that `request` does not catch: 401, 403 and a missing bucket are our misconfiguration.
    """
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    timeout = timeout_s or (json_api.CONNECT_S, json_api.READ_S)
    # Errors are raised without their causes, whose texts hold addresses.
    try:
        return request(_client(emulator_root() or HOST), timeout=timeout, retry=_retry() if repeat else None)
    except GoogleAPICallError as error:
        raise MediaUnavailable(f"storage: {int(error.code or 0)}") from None
    except GoogleAuthError:
        raise MediaUnavailable("storage: no credentials") from None
    except (ValueError, TypeError, AttributeError):
        # The library does not check what it is answered: these are its errors for anything but a JSON object.
        raise MediaUnavailable("storage: an answer that is not JSON") from None
    except RequestException:
        raise json_api.NoAnswer("storage: no answer") from None


def _head(blob: Blob) -> Head:
    return Head(
        path=str(blob.name),
        content_type=str(blob.content_type or "application/octet-stream"),
        size_bytes=int(blob.size),
        crc32c=str(blob.crc32c or ""),
        created_at=blob.time_created,
    )


# ------------------------------------------------------------------------------------------------ requests


def read_head(path: str, *, bucket: str | None = None) -> Head | None:
    """Size and content type of an object, as declared at its upload; None if there is none. One request."""

    def request(client: Client, **bounds: Any) -> Head | None:
        blob = client.bucket(bucket or default_bucket()).get_blob(path, **bounds)
        return None if blob is None else _head(blob)

    return ask(request)


def read_range(path: str, start: int, size: int, *, bucket: str | None = None) -> bytes:
    """`size` bytes of an object from `start` on, fewer at its end. MediaGone if there is none. One request.

    Our own request: the library would read the object's metadata first. The bytes are those that are stored: without
    `Accept-Encoding` Cloud Storage would unpack an object that its uploader declared as gzip, all of it.
    """
    headers = {"Range": f"bytes={start}-{start + size - 1}", "Accept-Encoding": "gzip"}
    answer = json_api.call("GET", f"{json_api.object_url(path, bucket)}?alt=media", headers=headers)
    # 200: the Storage emulator's answer for an empty object.
    if json_api.expect(answer, 200, 206, 404, 416).status == 404:
        raise MediaGone("storage: nothing to read")
    return answer.data if answer.status == 206 else b""


def exists(path: str, *, bucket: str | None = None) -> bool:
    """Whether there is such an object. One request."""
    return read_head(path, bucket=bucket) is not None


def list_prefix(
    prefix: str,
    page_token: str | None = None,
    limit: int = 1000,
    *,
    start: str | None = None,
    end: str | None = None,
    bucket: str | None = None,
) -> Page:
    """Up to `limit` (1–1000) objects whose paths begin with `prefix` and are in [start, end), by path. One request.

    The local Storage emulator ignores `start` and `end`, and lists all.
    """
    named = {"prefix": prefix, "page_token": page_token, "start_offset": start, "end_offset": end}
    return ask(lambda client, **bounds: _page(client, named, limit, bucket, bounds))


def _page(
    client: Client, named: Mapping[str, str | None], limit: int, bucket: str | None, bounds: Mapping[str, Any]
) -> Page:
    found = client.list_blobs(
        bucket or default_bucket(),
        **named,
        page_size=limit,
        fields=f"items({_FIELDS}),nextPageToken",
        **bounds,
    )
    items = tuple(_head(blob) for blob in next(found.pages))
    return Page(items, found.next_page_token)


def delete(path: str, *, generation: int | None = None, bucket: str | None = None) -> None:
    """Delete an object, or only that generation of it. Idempotent: a missing object counts as deleted. One request.

    MediaUnavailable if the object may still exist.
    """

    def request(client: Client, **bounds: Any) -> None:
        from google.api_core.exceptions import NotFound, PreconditionFailed

        try:
            blobs = client.bucket(bucket or default_bucket())
            blobs.delete_blob(path, if_generation_match=generation, **bounds)
        except NotFound:
            return
        except PreconditionFailed:
            if generation is None:
                raise

    ask(request)


def delete_prefix(prefix: str, limit: int = 1000, *, bucket: str | None = None) -> bool:
    """Delete up to `limit` objects under `prefix`, which ends with `/`. Returns whether none are left.

    One request for each object and one for the list. After MediaUnavailable some may be deleted: call it again.
    """
    if not prefix.endswith("/") or len(prefix) < 2:
        raise ValueError("a prefix ends with a slash: `users/u` would match `users/u2` too")
    page = list_prefix(prefix, None, min(limit, 1000), bucket=bucket)
    for item in page.items:
        delete(item.path, bucket=bucket)
    return page.next_page_token is None


def copy(src: str, dst: str, *, cache_control: str = CACHE_CONTROL, bucket: str | None = None) -> Stored:
    """Copy an object inside the bucket, replacing one at `dst`. The bytes do not pass through this process.

    The type follows `dst`'s extension. The source's metadata, such as a download token, is not copied. MediaGone if
    there is no `src`. One request, and more only if Cloud Storage needs more than 30 seconds.
    Our own request: the Storage emulator serves rewriteTo only at an address that the library cannot be given.
    """
    kind = BY_EXTENSION[checked_path(dst).rsplit(".", 1)[-1]]
    wanted = {"contentType": kind.content_type, "cacheControl": cache_control, "contentDisposition": "inline"}
    place = f"b/{bucket or default_bucket()}/o/{urllib.parse.quote(dst, safe='')}"
    url, query = f"{json_api.object_url(src, bucket)}/rewriteTo/{place}", ""
    while True:
        answer = json_api.expect(json_api.call("POST", url + query, data=wanted), 200, 404)
        if answer.status == 404:
            raise MediaGone("storage: nothing to copy")
        found = json_api.parsed(answer)
        if found.get("done"):
            return stored_of(head_of(found["resource"]))
        query = "?" + urllib.parse.urlencode({"rewriteToken": found["rewriteToken"]})


def ping(*, bucket: str | None = None) -> bool:
    """Whether the bucket answers, within three seconds to connect and three to answer. One request, not repeated."""
    try:
        ask(
            lambda client, **bounds: _page(client, {"prefix": "health/"}, 1, bucket, bounds),
            timeout_s=(3.0, 3.0),
            repeat=False,
        )
    except MediaUnavailable:
        return False
    return True


# ------------------------------------------------------------------------------------------------ signed addresses


def signed_url(path: str, expires_s: int = 3600, *, bucket: str | None = None) -> str:
    """An address at which anyone can read the object for at most `expires_s` seconds (12 to 604,800).

    The same address is returned for a twelfth of that time: without a private key each signature is a request to IAM.
    In the emulator, and only there, the address has a download token and does not expire. The object may not exist.
    """
    if not 12 <= expires_s <= 604_800:
        raise ValueError("a signed address lives 12 seconds to 7 days")
    bucket = bucket or default_bucket()
    root = emulator_root()
    if root is not None:
        return _token_url(root, path, bucket)
    return _signed(path, bucket, expires_s, int(time.time() // (expires_s // 12)))


def _token_url(root: str, path: str, bucket: str) -> str:
    """Firebase's own address for an object. The emulator makes a token when the owner reads the object's metadata."""
    url = f"{root}/v0/b/{bucket}/o/{urllib.parse.quote(path, safe='')}"
    answer = json_api.expect(json_api.call("GET", url), 200, 404)
    token = str(json_api.parsed(answer).get("downloadTokens", "")).split(",")[0] if answer.status == 200 else ""
    return f"{url}?alt=media&token={token}"


@memoized(2048)
def _signed(path: str, bucket: str, expires_s: int, _window: int) -> str:
    def request(client: Client, **_: Any) -> str:
        blob = client.bucket(bucket).blob(path)
        address = blob.generate_signed_url(
            version="v4", expiration=timedelta(seconds=expires_s), credentials=_signing(), api_access_endpoint=HOST
        )
        return str(address)

    return ask(request)


def _signing() -> Any:
    """Credentials that can sign: ours if they have a private key, else IAM's signBlob as our own service account.

    signBlob needs `roles/iam.serviceAccountTokenCreator` on that account.
    """
    from google.auth import iam
    from google.auth.credentials import Signing

    ours = json_api.credentials()
    if isinstance(ours, Signing):
        return ours
    from google.oauth2.service_account import Credentials

    if ours.service_account_email == "default":
        ours.refresh(json_api.auth_transport())  # the metadata server returns the account's name with a token
    email = str(ours.service_account_email)
    signer = iam.Signer(json_api.auth_transport(), ours, email)  # type: ignore[no-untyped-call]
    return Credentials(signer, email, "")  # type: ignore[no-untyped-call]
