"""A blocking trigger that answers only Firebase Auth. Its address is public, and the SDK answers garbage with 500."""

from __future__ import annotations

import functools
import json
import typing
from collections.abc import Callable
from typing import Any

import flask
import msgspec

from studiox.kit import firestore, log, structs
from studiox.kit.errors import Unauthenticated
from studiox.kit.process import per_process

from . import request_body

MAX_BODY_BYTES = 64 * 1024

Trigger = Callable[[flask.Request], flask.Response]


class _Data(msgspec.Struct, frozen=True):
    jwt: str


class _Sent(msgspec.Struct, frozen=True):
    data: _Data


def from_auth_only(trigger: Any) -> Trigger:
    """The deployed trigger, called only with requests that Firebase Auth signed. Others get a 401."""

    @functools.wraps(trigger)
    def guarded(http: flask.Request) -> flask.Response:
        if not _is_from_auth(http):
            refusal = Unauthenticated()
            log.info("refused", function=trigger.__name__, reason=refusal.reason)
            error = {"status": "UNAUTHENTICATED", "message": refusal.text, "details": refusal.as_details()}
            return flask.Response(json.dumps({"error": error}), 401, mimetype="application/json")
        return typing.cast(flask.Response, trigger(http))

    guarded.__firebase_endpoint__ = trigger.__firebase_endpoint__  # type: ignore[attr-defined]
    return guarded


def _is_from_auth(http: flask.Request) -> bool:
    if http.method != "POST" or http.mimetype != "application/json":
        return False
    if http.content_length is None or http.content_length > MAX_BODY_BYTES:
        return False
    from firebase_admin.exceptions import InvalidArgumentError

    try:
        sent = structs.convert(msgspec.json.decode(request_body.complete(http)), _Sent)
        _verifier().verify_auth_blocking_token(sent.data.jwt)
    except (msgspec.DecodeError, InvalidArgumentError, ValueError, TypeError, AttributeError, RecursionError):
        return False
    return True


@per_process
def _verifier() -> Any:
    """The SDK's verifier, kept with the certificates that it fetched: a new one would fetch them for every request."""
    from firebase_functions.private import token_verifier

    sdk: Any = token_verifier  # it has no types
    return sdk.AuthBlockingTokenVerifier(firestore.app())
