"""Who sends a request: its ID token and its App Check token, verified by the SDK.

A verified ID token is remembered until it expires, because verifying it takes half a millisecond of CPU time. A
remembered token means what a verified one does. Neither tells whether the session has ended since, or whether the
account is suspended: `callers.py` checks that where it must hold (docs/decisions/0011-who-may-call.md).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any

import flask
from firebase_functions import https_fn

from studiox.kit import firestore
from studiox.kit.cache import UNKNOWN, Cache
from studiox.kit.errors import Unauthenticated
from studiox.kit.process import per_process

MOST = 1_000
"""Tokens that one process remembers: about 2 MiB."""


def sender_of(http: flask.Request) -> tuple[https_fn.AuthData | None, https_fn.AppCheckData | None]:
    """The user and the app that a request comes from; None for what it does not say.

    `Unauthenticated` if the ID token is not valid. An App Check token that is not valid counts as none.
    """
    return _user(http.headers.get("Authorization")), _app(http.headers.get("X-Firebase-AppCheck"))


def _user(authorization: str | None) -> https_fn.AuthData | None:
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme != "Bearer":
        raise Unauthenticated
    claims = verified(token)
    return https_fn.AuthData(claims["uid"], claims)


def _app(attested: str | None) -> https_fn.AppCheckData | None:
    from firebase_admin import app_check

    if attested is None:
        return None
    try:
        claims = app_check.verify_token(attested, app=firestore.app())
    except Exception:  # noqa: BLE001 - as below
        return None
    return https_fn.AppCheckData(claims["sub"], claims)


@per_process
def _remembered() -> Cache[dict[str, Any]]:
    """The claims of verified tokens, by the tokens' hashes: the tokens themselves are not kept."""
    return Cache(MOST)


def verified(token: str) -> dict[str, Any]:
    """The claims of an ID token. `Unauthenticated` if it is not valid now."""
    from firebase_admin import auth

    key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    claims = _remembered().get(key)
    if claims is not UNKNOWN and _is_current(claims):
        return claims
    try:
        verified_now: dict[str, Any] = auth.verify_id_token(token, app=firestore.app())
    except Exception:  # noqa: BLE001 - of garbage the SDK raises AttributeError and others too
        _remembered().pop(key)
        raise Unauthenticated from None
    if _is_current(verified_now):  # the emulator's tokens need not be
        _remembered().put(key, verified_now)
    return verified_now


def _is_current(claims: Mapping[str, Any]) -> bool:
    """Whether the token is valid at this second, as the SDK compares it."""
    made, ends = claims.get("iat"), claims.get("exp")
    return isinstance(made, int) and isinstance(ends, int) and made <= int(time.time()) <= ends
