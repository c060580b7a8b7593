"""Which callers without a session count as one."""

from __future__ import annotations

import re

import flask
import pytest

from studiox.api import client_address


def hashed(forwarded: str | None, peer: str | None = "192.0.2.1") -> str:
    app = flask.Flask("addresses")
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with app.test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": peer}):
        return client_address.hashed(flask.request)


def test_an_address_is_a_hash_that_does_not_show_it() -> None:
    assert re.fullmatch("[0-9a-f]{64}", hashed("198.51.100.7"))
    assert hashed(None, peer=None) == hashed("nowhere", peer=None) != hashed(None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:8000::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:DB8:1:2::1", "[2001:db8:1:2::7]:443", True),
        ("2001:db8:1:2::1", "[2001:db8:1:2::7]", True),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.8", False),
        ("[::ffff:198.51.100.7]:80", "198.51.100.7", True),
        ("198.51.100.7:8080", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("[fe80::1%eth0]:80", "fe80::1", True),
    ],
)
def test_a_network_of_ipv6_is_one_caller(one: str, other: str, same: bool) -> None:
    assert hashed(one) != hashed(None)
    assert hashed(other) != hashed(None)
    assert (hashed(one) == hashed(other)) is same


@pytest.mark.parametrize(
    "header", ["", ",", " , ,", "unknown", "[", "[]", "1.2.3.4.5", "::1::2", "%", "é", "[::1", "/", "%198.51.100.7"]
)
def test_a_header_that_is_no_address_counts_for_the_peer(header: str) -> None:
    assert hashed(header) == hashed(None) != hashed(None, peer="192.0.2.2")


@pytest.mark.parametrize(
    ("proxies", "header", "caller"),
    [
        ("0", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("1", "203.0.113.9, 198.51.100.7, 192.0.2.80", "198.51.100.7"),
        ("2", "203.0.113.9, 198.51.100.7, 192.0.2.80, 192.0.2.81", "198.51.100.7"),
        ("1", "198.51.100.7, 192.0.2.80", "198.51.100.7"),
        ("2", "198.51.100.7, 192.0.2.80, 192.0.2.81", "198.51.100.7"),
        ("2", "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # around the balancers: what Google's front end adds
        ("3", "198.51.100.7", "198.51.100.7"),
        ("-1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
    ],
)
def test_which_hop_is_trusted_is_a_parameter(
    proxies: str, header: str, caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    found = hashed(header)
    monkeypatch.setenv("TRUSTED_PROXIES", "0")
    assert found == hashed(caller)
