"""M1–M4: a corpus of hostile addresses, and names whose addresses lie; a hook counts every attempt to connect."""

from __future__ import annotations

import itertools
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.media import download, objects

ALLOWED = ["files.example", "*.cdn.example", "a.b-c.example", "127.0.0.1:9876", "localhost:9876"]


def words(text: str) -> list[str]:
    return text.split()


# Every form of a few addresses that must never be reached.
_HOSTS = words("""
127.0.0.1 127.1 127.0.1 127.255.255.254 0.0.0.0 0 localhost localhost. localhost.localdomain ip6-localhost LOCALHOST
10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.1.254 100.64.0.1 100.127.255.254 169.254.169.254
169.254.170.2 169.254.0.1 192.0.0.1 192.0.0.192 198.18.0.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
metadata metadata.google.internal metadata.google.internal. METADATA.GOOGLE.INTERNAL kubernetes.default.svc 2130706433
2852039166 3232235777 017700000001 0177.0.0.1 0177.0.0.01 0x7f000001 0x7f.0.0.1 0x7f.1 0X7F.0x0.0x0.0x1 0xa9fea9fe
0xA9.0xFE.0xA9.0xFE 0251.0376.0251.0376 00000251.00000376.000251.000376 169.254.43518 169.16689662 425.510.425.510
127.0.0.1.nip.io 169.254.169.254.nip.io files.example.127.0.0.1.nip.io 1.2.3.4 8.8.8.8 [::1] [::] [0:0:0:0:0:0:0:1]
[::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:a9fe:a9fe] [::ffff:169.254.169.254] [::127.0.0.1] [64:ff9b::7f00:1]
[64:ff9b::a9fe:a9fe] [2002:7f00:1::] [2002:a9fe:a9fe::] [fd00::1] [fd00:ec2::254] [fc00::1] [fe80::1] [fe80::1%25eth0]
[ff02::1] [2001:db8::1] [2001::1] [2606:4700::1111] [::1 ①②⑦.⓪.⓪.① ｌocalhost 127。0。0。1 fıles.example filеs.example
files.example%2e evil.example files.example.evil.example evilfiles.example cdn.example xcdn.example .cdn.example
a..cdn.example -a.cdn.example a-.cdn.example files.example.. files_example files.example%00.evil.example
files.example%2f.evil.example %66iles.example xn--fles-6qa.example
""")

_ADDRESSES = words("""
http://files.example/a HTTP://files.example/a ftp://files.example/a file:///etc/passwd file://files.example/etc/passwd
gopher://files.example:443/_GET dict://files.example:443/ ldap://files.example/ data:image/png;base64,iVBORw0KGgo=
javascript:alert(1) blob:https://files.example/a jar:https://files.example!/a ws://files.example/ wss://files.example/
//files.example/a /etc/passwd files.example/a https:files.example/a https:/files.example/a https:///files.example/a
https:////files.example/a https://?files.example https://#files.example https:// https://: https://@ h
ttps://files.example https://files.example:80/ https://files.example:22/ https://files.example:8443/
https://files.example:0/ https://files.example:65536/ https://files.example:-443/ https://files.example:+443/
https://files.example:4_43/ https://files.example:443:80/ https://files.example:٤٤٣/ https://files.example:0x1bb/
https://files.example:99999999/ https://user@files.example/a https://user:pass@files.example/a
https://@files.example/a https://:@files.example/a https://files.example@evil.example/
https://files.example:443@evil.example/ https://evil.example@files.example@evil.example/
https://evil.example\\@files.example/ https://evil.example\\files.example/ https://files.example\\.evil.example/
https:\\\\files.example\\a https://evil.example#@files.example/ https://evil.example?@files.example/
https://evil.example;files.example/ https://evil.example,files.example/ https://(files.example)/
https://files.example'/ http://127.0.0.1:9875/ http://127.0.0.1/ https://127.0.0.1:9876/ http://127.0.0.2:9876/
http://127.1:9876/ http://2130706433:9876/ http://[::1]:9876/ http://u@127.0.0.1:9876/ http://0.0.0.0:9876/
ftp://127.0.0.1:9876/ http://127.0.0.1:09876x/ http://localhost.:9876/ http://files.example:9876/
http://evil.example:9876/
""")

_CONTROL = [
    "https://files.example/a\r\nHost: evil.example",
    "https://files.example\r\n/a",
    "https://files.example/a b",
    " https://files.example/a",
    "https://files.example/a\n",
    "https://files.example\t/a",
    "https://files\texample/a",
    "https://files.example/\0",
    "https://files.example/\x7f",
    "https://files.example/\ud800",
    "ht\ntps://files.example/a",
    "https://files.example/" + "a" * 5000,
    "",
]

HOSTILE = [
    *(f"https://{host}/latest/meta-data/" for host in _HOSTS),
    *(f"http://{host}/computeMetadata/v1/" for host in _HOSTS[:20]),
    *_ADDRESSES,
    *_CONTROL,
]


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where anything tried to connect to, or what it tried to look up; nothing leaves this test."""
    tried: list[Any] = []

    def refuse(_sock: socket.socket, address: Any) -> None:
        tried.append(address)
        raise OSError("not in this test")

    def unknown(*what: Any, **_options: Any) -> Any:
        tried.append(what)
        raise OSError("not in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "create_connection", unknown)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    return tried


def test_the_corpus_is_large_enough() -> None:
    assert len(set(HOSTILE)) >= 120


@pytest.mark.parametrize("emulator", ["true", "false"])
def test_m1_m4_hostile_addresses_are_refused_without_a_connection(
    connects: list[Any], monkeypatch: pytest.MonkeyPatch, emulator: str
) -> None:
    monkeypatch.setenv("FUNCTIONS_EMULATOR", emulator)
    passed = []
    for url in HOSTILE:
        try:
            objects.copy_from_url(url, "p/0", allowed_hosts=ALLOWED, max_bytes=10, deadline_s=5)
        except objects.MediaRefused:
            continue
        except objects.MediaError as error:
            passed.append((url, error))
    assert passed == []
    assert connects == []


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://files.example/a/b.png?x=1&y=%20#frag", "files.example", "/a/b.png?x=1&y=%20"),
        ("https://files.example", "files.example", "/"),
        ("https://files.example?x", "files.example", "/?x"),
        ("HTTPS://FILES.Example:443/A", "files.example", "/A"),
        ("https://x.cdn.example/歌.mp3", "x.cdn.example", "/%E6%AD%8C.mp3"),
        ("https://x.y.cdn.example/a//../b", "x.y.cdn.example", "/a//../b"),
        ("https://a.b-c.example/@:127.0.0.1/", "a.b-c.example", "/@:127.0.0.1/"),
    ],
)
def test_m4_what_is_listed_passes(url: str, host: str, path: str) -> None:
    target = download.check_url(url, ALLOWED)
    assert (target.scheme, target.host, target.port, target.path, target.local) == ("https", host, 443, path, False)


def test_m4_entries_of_the_list() -> None:
    assert download.check_url("https://files.example/", [" Files.Example:443 "]).host == "files.example"
    for entries in (
        [],
        [""],
        ["*"],
        ["*."],
        ["*.example:8443"],
        ["https://files.example"],
        ["files.example:8443"],
        ["."],
    ):
        with pytest.raises(objects.MediaRefused):
            download.check_url("https://files.example/", entries)


def test_m4_loopback_over_http_only_listed_and_only_in_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    assert download.check_url("http://127.0.0.1:9876/a", ALLOWED).local
    assert download.check_url("http://localhost:9876/a", ALLOWED).local
    for value in ("false", "1", "", "True"):
        monkeypatch.setenv("FUNCTIONS_EMULATOR", value)
        with pytest.raises(objects.MediaRefused):
            download.check_url("http://127.0.0.1:9876/a", ALLOWED)
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    with pytest.raises(objects.MediaRefused):
        download.check_url("http://10.0.0.1:9876/a", [*ALLOWED, "10.0.0.1:9876"])


@given(st.text(max_size=60))
def test_m4_any_text_is_either_refused_or_goes_to_a_listed_host(text: str) -> None:
    for url in (text, f"https://{text}", f"https://files.example{text}", f"https://{text}.cdn.example/"):
        try:
            target = download.check_url(url, ["files.example", "*.cdn.example"])
        except objects.MediaRefused:
            continue
        assert target.scheme == "https"
        assert target.port == 443
        assert target.host == "files.example" or target.host.endswith(".cdn.example")
        assert target.path.isascii()
        assert target.path.startswith("/")


PRIVATE = words("""
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255
192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.251 239.1.1.1
240.0.0.1 255.255.255.255 :: ::1 ::2 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe
64:ff9b::10.0.0.1 64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:db8::1 2002:7f00:1::1 2002:808:808::1 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 2606:4700::1%1 fec0::1 ff02::1 4000::1 host 1 127.1 0x7f000001 017700000001
""")
PUBLIC = words("""
1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.0 172.32.0.1 2606:4700::1111 2a00:1450::1 64:ff9b::808:808
""")


@pytest.mark.parametrize("address", [*PRIVATE, ""])
def test_m1_not_public(address: str) -> None:
    assert not download.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_m1_public(address: str) -> None:
    assert download.is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("others", [[], ["1.1.1.1"]])
def test_m2_a_listed_name_with_a_private_address_is_refused(
    connects: list[Any], address: str, others: list[str]
) -> None:
    for order in itertools.permutations([*others, address]):
        with pytest.raises(objects.MediaRefused):
            download.open_url(
                "https://files.example/", ALLOWED, download.Budget(5), resolver=lambda *_, found=order: found
            )
    assert connects == []


def test_m2_a_name_that_flips_is_asked_once_and_connected_as_it_was(
    connects: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["93.184.216.34"], ["169.254.169.254"], ["127.0.0.1"]]
    asked: list[str] = []

    def flipping(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    def connect(address: tuple[str, int], *_: Any) -> socket.socket:
        connects.append(address)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(objects.MediaUnavailable):
        download.open_url("https://files.example/", ALLOWED, download.Budget(5), resolver=flipping)
    assert asked == ["files.example"]
    assert connects == [("93.184.216.34", 443)]


def test_m2_a_name_without_addresses(connects: list[Any]) -> None:
    with pytest.raises(objects.MediaUnavailable):
        download.open_url("https://files.example/", ALLOWED, download.Budget(5), resolver=lambda *_: [])
    with pytest.raises(objects.MediaUnavailable):  # the system's own, which fails here
        download.open_url("https://files.example/", ALLOWED, download.Budget(5))
    assert len(connects) == 1


def test_m1_localhost_that_is_elsewhere(connects: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    for address in ("10.0.0.1", "8.8.8.8"):
        with pytest.raises(objects.MediaRefused):
            download.open_url(
                "http://localhost:9876/", ALLOWED, download.Budget(5), resolver=lambda *_, found=(address,): found
            )
    assert connects == []
