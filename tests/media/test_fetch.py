"""The download itself: TLS to the checked address, redirects, and what goes to whom (M2, M3, M12)."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from studiox.media import download, objects
from tests.media.servers import Site, answer, png

PUBLIC_IP = "93.184.216.34"


def read_all(source: download.Source) -> bytes:
    with source:
        return b"".join(iter(lambda: source.read(4096), b""))


def open_local(site: Site, url: str) -> download.Source:
    return download.open_url(url, [site.host], download.Budget(30))


def test_m3_a_listed_redirect_is_followed(site: Site) -> None:
    site.url("/b", answer(png(2000)))
    url = site.url("/a", answer(b"", "302 Found", location="/b"))
    assert read_all(open_local(site, url)) == png(2000)
    assert len(site.heads) == 2


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/computeMetadata/v1/",
        "http://metadata.google.internal/",
        "//127.0.0.1:1/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "http://[::1]/",
        "https://evil.example/",
        "//[",
        "http://user@127.0.0.1/",
    ],
)
def test_m3_a_redirect_to_anywhere_else_is_refused(site: Site, location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = site.url("/a", answer(b"", "302 Found", location=location))
    tried = []
    connect = socket.create_connection

    def hook(address: Any, *rest: Any) -> socket.socket:
        tried.append(address)
        return connect(address, *rest)

    monkeypatch.setattr(socket, "create_connection", hook)
    with pytest.raises(objects.MediaRefused):
        open_local(site, url)
    assert tried == [("127.0.0.1", site.port)]


@pytest.mark.parametrize(("hops", "passes"), [(0, True), (1, True), (3, True), (4, False), (20, False)])
def test_m3_three_redirects_and_no_more(site: Site, hops: int, passes: bool) -> None:
    for hop in range(hops):
        site.url(f"/{hop}", answer(b"", "307 Temporary Redirect", location=f"/{hop + 1}"))
    site.url(f"/{hops}", answer(png(2000)))
    url = f"http://{site.host}/0"
    if passes:
        assert read_all(open_local(site, url)) == png(2000)
        assert len(site.heads) == hops + 1
    else:
        with pytest.raises(objects.MediaRefused):
            open_local(site, url)
        assert len(site.heads) == download.MAX_REDIRECTS + 1


def test_m3_each_hop_is_resolved_and_checked_anew(site: Site) -> None:
    url = site.url("/a", answer(b"", "302 Found", location="https://files.example/b"))
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with pytest.raises(objects.MediaRefused):
        download.open_url(url, [site.host, "files.example"], download.Budget(30), resolver=resolver)
    assert asked == ["127.0.0.1", "files.example"]


@pytest.mark.parametrize("status", ["204 No Content", "206 Partial Content", "300 Choices", "304 Same", "418 Teapot"])
def test_statuses_that_are_no_file(site: Site, status: str) -> None:
    with pytest.raises(objects.MediaRefused):
        open_local(site, site.url("/a", answer(b"", status)))


# ------------------------------------------------------------------------------------------------ TLS


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return pem, key_file


class TlsSite(Site):
    """A source behind TLS; `names` is what the clients asked for (SNI)."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str | None] = []


@pytest.fixture
def tls_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsSite]:
    """A TLS server that has files.example's certificate and stands where PUBLIC_IP would be."""
    pem, key = _certificate(tmp_path, "files.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    source = TlsSite()
    context.sni_callback = lambda _sock, name, _context: source.names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))
    source.port = listener.getsockname()[1]

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain:
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        source.serve_one(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    connect = socket.create_connection

    def there(address: tuple[str, int], *rest: Any) -> socket.socket:
        assert address == (PUBLIC_IP, 443)
        return connect(("127.0.0.1", source.port), *rest)

    monkeypatch.setattr(socket, "create_connection", there)
    trusted = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr(download, "_tls", lambda: trusted)
    yield source
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def test_m2_tls_goes_to_the_checked_address_under_the_name(tls_site: TlsSite) -> None:
    tls_site.routes["/a"] = answer(png(300_000))
    budget = download.Budget(30)
    source = download.open_url("https://files.example/a", ["files.example"], budget, resolver=lambda *_: [PUBLIC_IP])
    assert source.length == 300_000
    assert read_all(source) == png(300_000)
    assert tls_site.names == ["files.example"]
    assert "host: files.example\r\n" in tls_site.heads[0].lower()


def test_m2_another_names_certificate_is_no_good(tls_site: TlsSite) -> None:
    with pytest.raises(objects.MediaUnavailable):
        download.open_url(
            "https://other.example/a", ["other.example"], download.Budget(30), resolver=lambda *_: [PUBLIC_IP]
        )
    assert tls_site.heads == []


def test_the_real_trust_store_refuses_a_self_signed_one(tls_site: TlsSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    context = download._tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    with socket.create_connection(("127.0.0.1", tls_site.port)) as plain:
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(plain, server_hostname="files.example")
