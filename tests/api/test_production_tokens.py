"""ID tokens as production verifies them, with keys of our own: without the emulator nothing unsigned gets in (A7)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import credentials
from google.oauth2 import id_token as google_id_token

import main
from tests.support import call, plant, unsigned

GOOGLES = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SOMEBODYS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = GOOGLES.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch, project: str) -> dict[str, Any]:
    """A good token's claims, in a process that no emulator's variable reaches."""
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST")
    monkeypatch.setattr("google.auth.default", lambda *_, **__: (credentials.AnonymousCredentials(), project))  # type: ignore[no-untyped-call]
    monkeypatch.setattr(google_id_token, "_fetch_certs", lambda _request, _url: {"k1": PUBLIC.decode()})
    now = int(time.time())
    return {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": "boss",
        "auth_time": now - 10,
        "iat": now - 10,
        "exp": now + 3600,
        "admin": True,
        "firebase": {"sign_in_provider": "password"},
    }


def signed(claims: dict[str, Any], key: Any = GOOGLES, kid: str = "k1", algorithm: str = "RS256") -> str:
    token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})
    plant(token)
    return token


def test_a_good_token_is_who_it_says(claims: dict[str, Any]) -> None:
    assert call(main.listStudioJobs, token=signed(claims)).ok


def changed(**fields: Any) -> Callable[[dict[str, Any]], str]:
    return lambda claims: signed({**claims, **fields})


@pytest.mark.parametrize(
    "forge",
    [
        changed(aud="another-project"),
        changed(iss="https://securetoken.google.com/another-project"),
        changed(exp=int(time.time()) - 600, iat=int(time.time()) - 4200),
        changed(iat=int(time.time()) + 3600),
        changed(sub=""),
        lambda claims: unsigned(claims),
        lambda claims: unsigned({**claims, "firebase": {}}) + "signature",
        lambda claims: signed(claims, SOMEBODYS),
        lambda claims: signed(claims, kid="k2"),
        lambda claims: signed(claims, "a shared secret of thirty-two bytes", algorithm="HS256"),
        lambda claims: signed(claims)[:-4] + "AAAA",
        lambda claims: ".".join([signed(claims).split(".")[0], unsigned(claims).split(".")[1], "x"]),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a7_what_is_not_googles_signature_on_our_own_token_is_nobody(claims: dict[str, Any], forge: Any) -> None:
    refused = call(main.getAuditLog, token=forge(claims))
    assert (refused.status, refused.reason) == (401, "Unauthenticated")
