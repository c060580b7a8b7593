"""Which address a request came from, and what stands for it where calls are counted."""

from __future__ import annotations

import hashlib
import ipaddress
import re

import flask

from studiox.kit import config

_WITH_PORT = re.compile(r"^(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+))(?::\d+)?$")


def hashed(http: flask.Request) -> str:
    """What stands for a caller who is not signed in; one network of IPv6 is one caller."""
    return hashlib.sha256(_network(_hop(http), http.remote_addr or "").encode()).hexdigest()


def _hop(http: flask.Request) -> str:
    """What the outermost proxy that we trust saw: the last address, or that many before it (TRUSTED_PROXIES).

    What stands further left was sent by the caller and says nothing.
    """
    hops = [each.strip() for each in http.headers.get("X-Forwarded-For", "").split(",")]
    own = config.TRUSTED_PROXIES.value
    return hops[-1 - own] if 0 < own < len(hops) else hops[-1]


def _network(hop: str, peer: str) -> str:
    """An IPv4 address, an IPv6 address's /64 (the least that a customer gets), or the peer where that is no address."""
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
