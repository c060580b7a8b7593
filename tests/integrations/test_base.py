"""Which base URLs and keys a provider is called with."""

from __future__ import annotations

import pytest

from studiox.integrations.providers.base import Base, checked_base, checked_key


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://api.example", Base("https", "api.example", None, "")),
        (" https://api.example:8443/v1/proxy/\n", Base("https", "api.example", 8443, "/v1/proxy")),
        ("http://127.0.0.1:9", Base("http", "127.0.0.1", 9, "")),
        ("http://localhost", Base("http", "localhost", None, "")),
        ("http://[::1]:80/x", Base("http", "::1", 80, "/x")),
    ],
)
def test_a_base_url_is_https_or_on_this_machine(url: str, base: Base) -> None:
    assert checked_base(url, "X") == base


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example",
        "http://127.0.0.2",
        "http://localhost.example",
        "ftp://127.0.0.1",
        "ftp://api.example",
        "//api.example",
        "api.example",
        "https://",
        "https:///v1",
        "",
        "https://user@api.example",
        "https://user:password@api.example",
        "https://:password@api.example",
        "https://@api.example",
        "http://user@localhost",
        "https://api.example?key=1",
        "https://api.example/v1?key=1",
        "https://api.example:port",
        "https://api.example:65536",
    ],
)
def test_other_base_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        checked_base(url, "X")


def test_the_refusal_names_the_provider_and_not_the_url() -> None:
    with pytest.raises(ValueError, match=r"^Acme's base URL must be https \(http on loopback only\)") as refused:
        checked_base("https://user:password@api.example", "Acme")
    assert "password" not in str(refused.value)


def test_a_key_is_a_header_value() -> None:
    assert checked_key(" sk-1 2\n", "X") == "sk-1 2"
    for key in ("", " \n", "a\r\nX: 1", "a\0", "a\x7f", "clé", "sk–1"):
        with pytest.raises(ValueError, match=r"^X's API key is empty or not a valid header value$"):
            checked_key(key, "X")
