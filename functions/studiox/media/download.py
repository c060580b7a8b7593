"""Downloads files from listed hosts only, safe against SSRF and DNS rebinding.

A host name is resolved once. All its addresses must be public, and the connection goes to one of those addresses, with
the certificate checked for the name, so a DNS answer that changes later has no effect. Each redirect passes the same
checks. None of our credentials are sent.
"""

from __future__ import annotations

import functools
import http.client
import io
import ipaddress
import os
import re
import socket
import ssl
import time
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

MAX_REDIRECTS = 3
MAX_URL_LENGTH = 4096
CONNECT_TIMEOUT_S = 5.0
IDLE_TIMEOUT_S = 15.0
"""How long a source may be silent during its answer."""


class MediaError(Exception):
    """Media could not be downloaded or stored. The text is ours: it holds no address, token or vendor's text."""


class MediaRefused(MediaError):
    """The address, type, size or content is not allowed. Not retryable."""


class MediaTooLarge(MediaRefused):
    """The file is larger than the caller allows, as announced or as sent."""


class MediaGone(MediaError):
    """The source does not have the file, or its address expired: ask the provider for a new address."""


class MediaUnavailable(MediaError):
    """The network, the source or Cloud Storage failed, or time ran out. The same call may succeed later."""


class MediaDeferred(MediaError):
    """The file is larger than `inline_bytes` or of unknown length: the task copies it. Nothing was stored."""


class Target(NamedTuple):
    """An address that passed `check_url`: where to connect, and the path to request."""

    scheme: str
    host: str
    port: int
    path: str
    """Path and query, as sent."""
    local: bool
    """A stand-in on the loopback interface, listed with its port. Only in the emulator."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"


Resolver = Callable[[str, int], Iterable[str]]
"""Resolves a host and port to IP addresses. OSError if there are none."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label has a letter and no `0x` in front: inet_aton reads a name that ends with a number as an address.
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?!0x)(?=[a-z0-9-]*[a-z]){_LABEL}\Z")
_NETLOC = re.compile(r"([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?\Z", re.ASCII)
_LOOPBACK_NAMES = ("localhost", "127.0.0.1")
_PATH_SAFE = "%/:=&?~!$,;'@()*[]+-._|"


def check_url(url: str, allowed_hosts: Sequence[str]) -> Target:
    """The parts of `url`, if it is https to port 443 of a listed host, without user or password; else MediaRefused.

    `allowed_hosts` has `host`, `*.host` for its subdomains (not itself), or, where FUNCTIONS_EMULATOR is true, a
    loopback `host:port`, which is then reached by plain http. No DNS lookup: `resolve` does that.
    """
    if not 0 < len(url) <= MAX_URL_LENGTH or re.search(r"[\x00-\x20\x7f\\\ud800-\udfff]", url):
        raise MediaRefused("address: characters or length")
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        raise MediaRefused("address: not one") from None
    netloc = _NETLOC.match(parts.netloc)
    if netloc is None or parts.scheme not in ("https", "http"):
        raise MediaRefused("address: scheme or host")
    host, port = netloc[1].lower(), int(netloc[2]) if netloc[2] else None
    path = urllib.parse.quote(parts.path or "/", safe=_PATH_SAFE)
    if parts.query:
        path += "?" + urllib.parse.quote(parts.query, safe=_PATH_SAFE)
    if parts.scheme == "http":
        listed = any(entry.strip().lower() == f"{host}:{port}" for entry in allowed_hosts)
        if host in _LOOPBACK_NAMES and port and listed and _emulated():
            return Target("http", host, port, path, local=True)
        raise MediaRefused("address: not https")
    if port not in (None, 443) or not _HOST.match(host) or not any(_matches(host, entry) for entry in allowed_hosts):
        raise MediaRefused("address: host or port not allowed")
    return Target("https", host, 443, path, local=False)


def _emulated() -> bool:
    return os.environ.get("FUNCTIONS_EMULATOR") == "true"


def _matches(host: str, entry: str) -> bool:
    entry = entry.strip().lower().removesuffix(":443")
    if entry.startswith("*."):
        return len(entry) > 2 and host.endswith(entry[1:]) and _HOST.match(entry[2:]) is not None
    return host == entry


# The networks that IANA's special-purpose registries exclude from the public internet. They are listed here because
# Python's `is_global` differs between patch releases. IPv6 addresses that embed an IPv4 one (mapped, 6to4, Teredo) are
# excluded too.
_PRIVATE_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
_GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_PRIVATE_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address, as text, is public. Malformed addresses are not public."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _PRIVATE_V4)
    if ip.scope_id is not None:
        return False
    if ip in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip in _GLOBAL_UNICAST_V6 and not any(ip in network for network in _PRIVATE_V6)


def system_resolver(host: str, port: int) -> list[str]:
    """The system resolver's addresses, in its order, without duplicates."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve(target: Target, resolver: Resolver = system_resolver) -> list[str]:
    """The addresses to connect to. MediaRefused if any is not public, or not loopback for a local target."""
    try:
        addresses = list(resolver(target.host, target.port))
    except (OSError, UnicodeError):
        raise MediaUnavailable("source: name not resolved") from None
    if not addresses:
        raise MediaUnavailable("source: name not resolved")
    if target.local:
        if not all(address in ("127.0.0.1", "::1") for address in addresses):
            raise MediaRefused("address: not loopback")
    elif not all(map(is_public, addresses)):
        raise MediaRefused("address: not public")
    return addresses


class Budget:
    """The seconds left for a whole copy. `left` raises MediaUnavailable when none are."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, at_most: float = 1e9) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise MediaUnavailable("out of time")
        return min(left, at_most)


class _Reader(io.RawIOBase):
    """A socket that http.client reads from. Each read is bounded by the budget, even if single bytes arrive slowly."""

    def __init__(self, sock: socket.socket, budget: Budget) -> None:
        self._sock, self._budget = sock, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        self._sock.settimeout(self._budget.left(IDLE_TIMEOUT_S))
        return self._sock.recv_into(buffer)


class _Wire:
    """The part of a socket that http.client uses. It does not close the socket; its owner does."""

    def __init__(self, sock: socket.socket, budget: Budget) -> None:
        self._sock, self._budget = sock, budget

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._budget))

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._budget.left(IDLE_TIMEOUT_S))
        self._sock.sendall(data)

    def close(self) -> None:
        pass


@functools.cache
def _tls() -> ssl.SSLContext:
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _connect(target: Target, addresses: Sequence[str], budget: Budget) -> socket.socket:
    """A connection to one of the checked addresses, without another lookup. TLS checks the certificate for the name."""
    for address in addresses[:3]:
        try:
            sock = socket.create_connection((address, target.port), budget.left(CONNECT_TIMEOUT_S))
        except OSError:
            continue
        if target.local:
            return sock
        try:
            sock.settimeout(budget.left(CONNECT_TIMEOUT_S))
            return _tls().wrap_socket(sock, server_hostname=target.host)
        except ssl.SSLCertVerificationError:
            sock.close()
            raise MediaUnavailable("source: certificate") from None
        except OSError:
            sock.close()
    raise MediaUnavailable("source: no connection")


class Source:
    """A file that is being downloaded. `length` is in bytes, None if the source did not announce it."""

    def __init__(self, sock: socket.socket, response: http.client.HTTPResponse, target: Target, budget: Budget) -> None:
        self._sock, self._response, self._budget = sock, response, budget
        self.target = target
        self.status = response.status
        self.length = _length(response)

    def header(self, name: str) -> str:
        return self._response.getheader(name) or ""

    def read(self, limit: int) -> bytes:
        """The next 1 to `limit` bytes; empty at the end. MediaUnavailable if the connection breaks or time is up."""
        self._budget.left()
        try:
            return self._response.read1(limit)
        except (OSError, http.client.HTTPException, ValueError):
            raise MediaUnavailable("source: broke off") from None

    def close(self) -> None:
        with suppress(OSError):
            self._response.close()
            self._sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _length(response: http.client.HTTPResponse) -> int | None:
    """The announced length of the body, or None. MediaRefused if it is malformed or contradictory."""
    announced = {part.strip() for value in response.headers.get_all("content-length", []) for part in value.split(",")}
    if response.headers.get("transfer-encoding"):
        return None
    if len(announced) > 1 or not all(part.isascii() and part.isdigit() and len(part) <= 15 for part in announced):
        raise MediaRefused("source: lengths that contradict each other")
    return int(announced.pop()) if announced else None


def open_url(
    url: str,
    allowed_hosts: Sequence[str],
    budget: Budget,
    *,
    first_byte: int = 0,
    resolver: Resolver = system_resolver,
) -> Source:
    """Start the download of `url`, from `first_byte` on; the caller closes what is returned.

    MediaRefused for what is not allowed. MediaGone for 400, 401, 403, 404 and 410: expired addresses answer with any of
    them. MediaUnavailable for temporary failures, and for a source that cannot start at `first_byte`.
    """
    for _ in range(MAX_REDIRECTS + 1):
        target = check_url(url, allowed_hosts)
        source = _get(target, resolve(target, resolver), first_byte, budget)
        if source.status in (301, 302, 303, 307, 308):
            source.close()
            url = _next_hop(target, source.header("location"))
            continue
        try:
            _check_answer(source, first_byte)
        except MediaError:
            source.close()
            raise
        return source
    raise MediaRefused("source: too many redirects")


def _next_hop(target: Target, location: str) -> str:
    try:
        return urllib.parse.urljoin(target.url, location)
    except ValueError:
        raise MediaRefused("source: redirect") from None


def _get(target: Target, addresses: Sequence[str], first_byte: int, budget: Budget) -> Source:
    """One request on one connection. Compressed answers are not accepted: their unpacked size is unbounded."""
    headers = {"Accept-Encoding": "identity", "Accept": "*/*", "User-Agent": "StudioX", "Connection": "close"}
    if first_byte:
        headers["Range"] = f"bytes={first_byte}-"
    connection = http.client.HTTPConnection(target.host, 80 if target.port == 443 else target.port)
    # http.client omits port 80 from the Host header. This object stands for https, whose default port is to be omitted.
    sock = _connect(target, addresses, budget)
    try:
        connection.sock = _Wire(sock, budget)
        connection.request("GET", target.path, headers=headers)
        return Source(sock, connection.getresponse(), target, budget)
    except (OSError, http.client.HTTPException, ValueError):
        sock.close()
        raise MediaUnavailable("source: no answer") from None
    except MediaError:
        sock.close()
        raise


def _check_answer(source: Source, first_byte: int) -> None:
    """Raise unless the answer is the file, whole or from `first_byte` on, and not encoded."""
    status = source.status
    if status in (400, 401, 403, 404, 410):
        raise MediaGone(f"source: {status}")
    if status >= 500 or status in (408, 425, 429):
        raise MediaUnavailable(f"source: {status}")
    if first_byte and not (status == 206 and source.header("content-range").startswith(f"bytes {first_byte}-")):
        raise MediaUnavailable("source: cannot be continued")
    if not first_byte and status != 200:
        raise MediaRefused(f"source: {status}")
    if source.header("content-encoding").strip().lower() not in ("", "identity"):
        raise MediaRefused("source: encoded")
