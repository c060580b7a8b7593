"""The address that a request came from, as a hash, by which signed-out callers are rate-limited."""

from __future__ import annotations

import hashlib
import ipaddress
import re

import flask

from studiox.kit import config

_WITH_PORT = re.compile(r"^(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+))(?::\d+)?$")


def hashed(http: flask.Request) -> str:
    """The hash of the caller's address. An IPv6 network counts as one caller."""
    return hashlib.sha256(_network(_hop(http), http.remote_addr or "").encode()).hexdigest()


def _hop(http: flask.Request) -> str:
    """The address that the outermost trusted proxy saw: the last one, or TRUSTED_PROXIES before it.

    Addresses further left come from the caller and cannot be trusted.
    """
    hops = [each.strip() for each in http.headers.get("X-Forwarded-For", "").split(",")]
    own = config.TRUSTED_PROXIES.value
    return hops[-1 - own] if 0 < own < len(hops) else hops[-1]


def _network(hop: str, peer: str) -> str:
    """The IPv4 address, or the /64 of an IPv6 address (the smallest block a customer gets). `peer` if it is neither."""
    matched = _WITH_PORT.match(hop)
    bare = (matched["six"] or matched["four"]) if matched else hop
    try:
        address = ipaddress.ip_address(bare.split("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
