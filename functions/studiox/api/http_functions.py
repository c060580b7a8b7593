"""Plain HTTP functions for signed-in users: the same contract as a callable's, with status codes and a JSON body.

The callables' own `perform` authenticates, parses and limits. Only the wire differs: a Bearer ID token, the request as
the JSON body or the query, and errors as {"error", "reason", "statusCode"}.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Sequence
from typing import Any

import flask
import msgspec
from firebase_functions import https_fn
from firebase_functions.params import SecretParam
from flask_cors import cross_origin

from studiox.kit import config, firestore, log
from studiox.kit.errors import InvalidRequest, StudioxError, Unauthenticated
from studiox.kit.rate_limits import Limit

from . import id_tokens, request_body
from .callable_protocol import response as json_response
from .callables import MAX_BODY_BYTES, Contract, Handler, perform, too_deep
from .methods import not_allowed

# HTTP has a 402, which callables lack; errors that are not retryable are 400.
STATUS = {
    "unauthenticated": 401,
    "permission-denied": 403,
    "not-found": 404,
    "resource-exhausted": 429,
    "internal": 500,
    "unavailable": 503,
    "aborted": 503,
}
STATUS_OF_REASON = {
    "InsufficientTokens": 402,
    "PlanRequired": 403,
    "EmailNotVerified": 403,
    "ProviderRejected": 500,
    "ProviderUnavailable": 500,
    "GenerationFailed": 500,
}

# The contracts of the HTTP functions, beside endpoint.CONTRACTS for the callables.
ROUTES: dict[str, tuple[str, Contract]] = {}


def route(
    method: typing.Literal["GET", "POST"],
    *,
    limit: Limit,
    secrets: Sequence[SecretParam] = (),
    refuses: Sequence[type[StudioxError]] = (),
    **settings: Any,
) -> Callable[[Handler], Callable[[flask.Request], flask.Response]]:
    """Deploy `handler(caller, request) -> response` as an HTTP function, for the sites of ALLOWED_ORIGINS."""

    def deploy(handler: Handler) -> Callable[[flask.Request], flask.Response]:
        caller, request, response = list(typing.get_type_hints(handler).values())
        bound = [config.APP_SIGNING_KEY, *secrets]
        names = tuple(secret.name for secret in bound)
        contract = Contract(handler.__name__, caller, request, response, limit, names, tuple(refuses))
        ROUTES[contract.name] = (method, contract)

        @functools.wraps(handler)
        def serve(http: flask.Request) -> flask.Response:
            allowed = config.listed(config.ALLOWED_ORIGINS)
            shared = cross_origin(origins=allowed, methods=[method], allow_headers=["Authorization", "Content-Type"])
            return shared(_serve)(http)

        def _serve(http: flask.Request) -> flask.Response:
            return _answer(method, contract, handler, http)

        return https_fn.on_request(secrets=bound, invoker="public", **settings)(serve)

    return deploy


def _answer(method: str, contract: Contract, handler: Handler, http: flask.Request) -> flask.Response:
    if http.method != method:
        return not_allowed(method, shared=True, answer=_error(405, "MethodNotAllowed", f"Only {method}."))
    try:
        signed_in, app = _who(http)
        data = _body(http) if method == "POST" else http.args.to_dict()
        received = https_fn.CallableRequest(data=data, raw_request=http, auth=signed_in, app=app)
        return json_response(200, perform(contract, handler, received))
    except StudioxError as refusal:
        log.info("refused", function=contract.name, reason=refusal.reason)
        status = STATUS_OF_REASON.get(refusal.reason) or STATUS.get(refusal.code, 400)
        return _error(status, refusal.reason, refusal.text, **refusal.details)
    except request_body.TooSlow as late:
        return _error(408, InvalidRequest.__name__, late.text, fields={"": late.text})
    except Exception as error:  # noqa: BLE001 - a bug: the traceback goes to the log only
        log.bug("bug", function=contract.name, error=type(error).__name__)
        return _error(500, "Internal", StudioxError.text)


def _body(http: flask.Request) -> Any:
    if http.content_length is None or http.content_length > MAX_BODY_BYTES:
        raise InvalidRequest(fields={"": f"at most {MAX_BODY_BYTES} bytes, with a Content-Length"})
    try:
        body = msgspec.json.decode(request_body.complete(http))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest(fields={"": "not valid JSON"}) from None
    if too_deep(body):
        raise InvalidRequest(fields={"": "nested too deeply"})
    return body


def _who(http: flask.Request) -> tuple[https_fn.AuthData, https_fn.AppCheckData | None]:
    """The user of the Bearer token, before the body is read. `Unauthenticated` without a valid one."""
    from firebase_admin import app_check, exceptions

    scheme, _, token = http.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    claims = id_tokens.verified(token.strip())
    signed_in, app = https_fn.AuthData(claims["uid"], claims), None
    try:
        if attested := http.headers.get("X-Firebase-AppCheck"):
            claims = app_check.verify_token(attested, app=firestore.app())
            app = https_fn.AppCheckData(claims["sub"], claims)
    except (ValueError, exceptions.FirebaseError):
        raise Unauthenticated from None
    return signed_in, app


def _error(status: int, reason: str, text: str, **details: Any) -> flask.Response:
    answer = json_response(status, {"error": text, "reason": reason, "statusCode": status, **details})
    if "retryAfterSeconds" in details:
        answer.headers["Retry-After"] = str(details["retryAfterSeconds"])  # for generic HTTP clients
    return answer
