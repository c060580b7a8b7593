"""Whom the code trusts with Firestore's documents, and how it shows who it is: TLS and Google's credentials."""

from __future__ import annotations

import datetime
import ipaddress
import pathlib
import ssl
import threading
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.auth.credentials import TokenState
from google.auth.exceptions import RefreshError, TransportError

from studiox.kit import rest
from tests.kit.front import Front, said
from tests.kit.test_rest import DATABASE, OK, ask
from tests.support import crowd

# Credentials.


class Google:
    """Credentials as google-auth has them: `lives` are the states of the tokens that are made."""

    def __init__(self, state: TokenState, *, fails: Exception | None = None) -> None:
        self.token_state, self._fails = state, fails
        self.token = "" if state is TokenState.INVALID else "old"
        self.renewals = 0
        self.entered, self.go = threading.Event(), threading.Event()
        self.go.set()

    def refresh(self, _request: Any) -> None:
        self.entered.set()
        self.go.wait(30)
        self.renewals += 1
        if self._fails is not None:
            raise self._fails
        self.token, self.token_state = "new", TokenState.FRESH


def test_a_fresh_token_is_used() -> None:
    google = Google(TokenState.FRESH)
    assert [rest.Authorization(google)() for _ in range(3)] == ["Bearer old"] * 3
    assert google.renewals == 0


def test_without_a_token_everybody_waits_for_one_renewal() -> None:
    google = Google(TokenState.INVALID)
    authorization = rest.Authorization(google)
    assert crowd(16, lambda _: authorization()) == ["Bearer new"] * 16
    assert google.renewals == 1


def test_shortly_before_its_end_one_renews_it_and_nobody_waits() -> None:
    google = Google(TokenState.STALE)
    google.go.clear()
    authorization = rest.Authorization(google)
    renewing = threading.Thread(target=authorization)
    renewing.start()
    assert google.entered.wait(30)
    assert authorization() == "Bearer old"
    google.go.set()
    renewing.join()
    assert authorization() == "Bearer new"
    assert google.renewals == 1


@pytest.mark.parametrize("error", [TransportError("away"), RefreshError("no")])  # type: ignore[no-untyped-call]
def test_a_renewal_that_fails(error: Exception) -> None:
    """An old token is good until its end; without one there is nothing to send."""
    assert rest.Authorization(Google(TokenState.STALE, fails=error))() == "Bearer old"
    with pytest.raises(rest.Unreachable):
        rest.Authorization(Google(TokenState.INVALID, fails=error))()


# TLS.


@pytest.fixture
def certificate(tmp_path: pathlib.Path) -> pathlib.Path:
    """A certificate of 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "firestore.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = tmp_path / "certificate.pem"
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption()))
    return path


@pytest.mark.parametrize("trusted", [True, False])
def test_firestore_must_prove_who_it_is(
    serve: Callable[..., Front], certificate: pathlib.Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    front = serve(said(200, OK), tls=server)
    monkeypatch.setattr(rest, "HOST", front.host)
    if trusted:
        monkeypatch.setattr(rest, "_trusted", lambda: ssl.create_default_context(cafile=certificate))
    connections = rest.Connections(DATABASE, None, lambda: "Bearer secret")
    if trusted:
        assert [ask(connections), ask(connections)] == [OK, OK]
        assert front.connections == 1
    else:
        with pytest.raises(rest.Unreachable):
            ask(connections)
        assert front.requests == [], "nothing was sent to a stranger"
