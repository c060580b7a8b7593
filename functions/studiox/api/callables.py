"""A callable's contract in one place: authenticate, parse, limit, call, dump, and all error mapping.

`@endpoint` reads the contract off the signature: the caller's type is the auth, the request's type the schema.
"""

from __future__ import annotations

import functools
import typing
import unicodedata
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import flask
import msgspec
from firebase_functions import https_fn
from firebase_functions.params import SecretParam
from flask_cors import cross_origin

from studiox.kit import config, firestore, ids, log, rate_limits, structs
from studiox.kit.clock import UTC, datetime
from studiox.kit.errors import (
    AccountSuspended,
    Contention,
    Forbidden,
    InvalidRequest,
    RateLimited,
    StudioxError,
    Unauthenticated,
    Unavailable,
    Wrong,
)
from studiox.kit.rate_limits import RateLimitCharge
from studiox.kit.texts import plain_name

from . import callable_protocol, client_address, id_tokens, refused_fields, request_body
from .callers import (
    AccountHolder,
    Admin,
    Anyone,
    Buyer,
    Reader,
    RecentAccountHolder,
    User,
    VerifiedUser,
    check_email,
    verified,
)
from .methods import not_allowed

__all__ = [
    "CONTRACTS",
    "MAX_BODY_BYTES",
    "MAX_DEPTH",
    "AccountHolder",
    "Admin",
    "Anyone",
    "Buyer",
    "Contract",
    "Handler",
    "Id",
    "Name",
    "Nothing",
    "Reader",
    "RecentAccountHolder",
    "Request",
    "RequestId",
    "Response",
    "Text",
    "Uid",
    "User",
    "VerifiedUser",
    "endpoint",
    "parse",
    "perform",
    "plain_text",
    "present",
    "too_deep",
]

T = TypeVar("T")

PREFLIGHT_S = 2 * 60 * 60
"""How long a browser may keep the permission to call a function. Without it, it asks before nearly every call; Chrome
keeps it no longer than this."""

MAX_BODY_BYTES = 256 * 1024
MAX_DEPTH = 16

Text = msgspec.Meta(extra={"text": True})
"""Marks a string as plain text for people: NFC, trimmed, no control characters but newline and tab."""
Name = msgspec.Meta(extra={"text": True, "name": True})
"""Marks a name or a title: also on one line and without invisible characters (`texts.plain_name`)."""

RequestId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,64}$(?!\n)")]
Id = Annotated[str, msgspec.Meta(pattern=ids.PATTERN)]
# The Admin SDK allows uids that are not a valid `Id`. Text that cannot be part of a document path is not a uid.
Uid = Annotated[str, msgspec.Meta(pattern=r"^(?!\.{1,2}$|__.*__$)[^/\x00]{1,128}$(?!\n)")]


class Request(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A callable's request: camelCase on the wire, unknown fields refused. None stands for an absent field."""


class Response(msgspec.Struct, kw_only=True, rename="camel"):
    """A callable's answer. A field whose value is UNSET is absent on the wire, None is null."""


def present(value: T | None) -> T | msgspec.UnsetType:
    """For a field of a Response that is absent where there is no value: UNSET for None."""
    return msgspec.UNSET if value is None else value


class Nothing(Request, frozen=True):
    """No fields."""


class Contract(msgspec.Struct, frozen=True):
    """What `@endpoint` or `@route` read off a function; the snapshot test and generated clients are made of it."""

    name: str
    caller: type[Anyone]
    request: type[Request]
    response: type[Response]
    limit: rate_limits.Limit
    secrets: tuple[str, ...]
    refusals: tuple[type[StudioxError], ...]
    consumes_app_check: bool = False

    def __post_init__(self) -> None:
        if self.limit.in_commit and not self.caller.writes:
            raise TypeError(f"{self.name} commits, and {self.caller.__name__} is for callers who change nothing")


CONTRACTS: dict[str, Contract] = {}

Handler = Callable[[Any, Any], Response]


def endpoint(
    *,
    limit: rate_limits.Limit,
    secrets: Sequence[SecretParam] = (),
    refuses: Sequence[type[StudioxError]] = (),
    consume_app_check: bool = False,
    **options: Any,
) -> Callable[[Handler], Callable[[flask.Request], flask.Response]]:
    """Deploy `handler(caller, request) -> response` as a callable of its name.

    `refuses` names the refusals of the function beyond those that any function may answer. `options` are the SDK's.
    They override `config.SELDOM` for administrators' functions and `config.OFTEN` for others.
    `consume_app_check`: where App Check is enforced, a token counts once, so that no call can be replayed (A8).
    APP_SIGNING_KEY is bound to every one: cursors, address hashes and callback addresses are made with it.
    """

    def deploy(handler: Handler) -> Callable[[flask.Request], flask.Response]:
        hints = typing.get_type_hints(handler)
        caller, request, response = list(hints.values())
        bound = [config.APP_SIGNING_KEY, *secrets]
        names = tuple(secret.name for secret in bound)
        contract = Contract(
            handler.__name__, caller, request, response, limit, names, tuple(refuses), consume_app_check
        )
        CONTRACTS[contract.name] = contract

        usual = config.SELDOM if issubclass(caller, Admin) else config.OFTEN
        # The SDK's function is not called. It declares this one, and the CLI reads the declaration.
        declared = https_fn.on_call(secrets=bound, **usual | options)(typing.cast(Any, handler))

        @cross_origin(methods="POST", origins="*", max_age=PREFLIGHT_S)
        @functools.wraps(handler)
        def serve(http: flask.Request) -> flask.Response:
            answer = callable_protocol.as_asked(http, _answer(contract, handler, http))
            return callable_protocol.compressed(http, answer)

        serve.__firebase_endpoint__ = declared.__firebase_endpoint__  # type: ignore[attr-defined]
        return typing.cast(Callable[[flask.Request], flask.Response], serve)

    return deploy


class _Malformed(Exception):
    """The request is not of the callable protocol."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def _data(http: flask.Request) -> Any:
    """The data of a call, read once. `_Malformed`: too large, too deep, too slow, not JSON, with extra keys."""
    if http.method != "POST":
        raise _Malformed(405, "Only POST.")
    if http.content_length is None or http.content_length > MAX_BODY_BYTES:
        raise _Malformed(413, f"At most {MAX_BODY_BYTES} bytes, with a Content-Length.")
    if http.mimetype != "application/json":
        raise _Malformed(400, "Not application/json.")
    try:
        # Strict where json.loads is not: UTF-8, no NaN, no lone surrogates.
        body = msgspec.json.decode(request_body.complete(http))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Malformed(400, "Not valid JSON.") from None
    except request_body.TooSlow as late:
        raise _Malformed(408, late.text) from None
    if not isinstance(body, dict) or body.keys() != {"data"} or too_deep(body):
        raise _Malformed(400, 'Not of the form {"data": …}.')
    return body["data"]


def too_deep(value: object, left: int = MAX_DEPTH) -> bool:
    if not isinstance(value, dict | list) or (isinstance(value, dict) and callable_protocol.is_wrapper(value)):
        return False
    items = value.values() if isinstance(value, dict) else value
    return left == 0 or any(too_deep(item, left - 1) for item in items)


def _answer(contract: Contract, handler: Handler, http: flask.Request) -> flask.Response:
    """The answer to a call (https://firebase.google.com/docs/functions/callable-reference)."""
    try:
        data = _data(http)
        signed_in, app = id_tokens.sender_of(http)
        received = https_fn.CallableRequest(data=data, raw_request=http, auth=signed_in, app=app)
        return callable_protocol.response(200, {"result": perform(contract, handler, received)})
    except _Malformed as wrong:
        details = InvalidRequest(fields={"": str(wrong)}).as_details()
        answer = callable_protocol.error("invalid-argument", str(wrong), details, status=wrong.status)
        return not_allowed("POST", shared=True, answer=answer) if wrong.status == NOT_ALLOWED else answer
    except StudioxError as refusal:
        log.info("refused", function=contract.name, reason=refusal.reason)
        return callable_protocol.error(refusal.code, refusal.text, refusal.as_details())
    except Exception as error:  # noqa: BLE001 - a bug: the traceback goes to the log only
        log.bug("bug", function=contract.name, error=type(error).__name__)
        return callable_protocol.error("internal", "INTERNAL")


NOT_ALLOWED = 405


def perform(contract: Contract, handler: Handler, received: https_fn.CallableRequest[Any]) -> Response:
    """Authenticate, parse, limit, act.

    A caller whose exhausted rate limit is cached in this instance is refused before any request is made.
    """
    caller, charge = _authenticate(contract, received)
    acts = False
    try:
        if isinstance(caller, User) and (caller.asks_auth or caller.admin or not contract.limit.in_commit):
            caller = verified(caller)
        request = parse(contract.request, received.data)
        if not contract.limit.in_commit:
            rate_limits.admit(charge)
        acts = True
        answer = handler(caller, request)
    except StudioxError as refusal:
        if isinstance(caller, User):
            _refused(caller, charge, refusal, acts)
        raise
    if isinstance(caller, User) and not caller.call.checked:
        raise RuntimeError(f"{contract.name} did not check its caller: use caller.commit")
    if not charge.receipt.given and contract.limit.in_commit:
        rate_limits.charge_later(charge)  # a replay, or nothing was to be changed
    return answer


def _refused(caller: User, charge: RateLimitCharge, refusal: StudioxError, acts: bool) -> None:
    """A caller without permission gets that refusal, whatever else is wrong. Calls that caused work are charged."""
    try:
        caller.verify()
    except (Unauthenticated, AccountSuspended, Forbidden):
        rate_limits.remember_refused(charge, caller.session)
        raise
    if isinstance(refusal, Unavailable | Contention) or (isinstance(refusal, RateLimited) and not acts):
        return
    if not acts or not caller.call.allowed:
        rate_limits.remember_refused(charge, caller.session)
    elif not charge.receipt.given and charge.declared.in_commit:
        rate_limits.charge_later(charge)


def _authenticate(contract: Contract, received: https_fn.CallableRequest[Any]) -> tuple[Anyone, RateLimitCharge]:
    """The caller as the contract's type, and the call's rate-limit charge. Only the ID token identifies the caller."""
    if config.ENFORCE_APP_CHECK.value and received.app is None:
        raise Unauthenticated
    token = received.auth.token if received.auth is not None else {}
    uid = received.auth.uid if received.auth is not None else None
    kind = contract.caller
    if (uid is None and kind is not Anyone) or (uid is not None and not ids.is_segment(uid)):
        raise Unauthenticated
    verified = token.get("email_verified") is True
    admin = token.get("admin") is True
    if kind is Admin and not admin:
        raise Forbidden
    check_email(kind, verified)
    counted_as = uid or "ip:" + client_address.hashed(received.raw_request)
    charge = rate_limits.charge(contract.name, counted_as, contract.limit)
    caller = kind(
        uid=uid,
        email=token.get("email"),
        email_verified=verified,
        admin=admin,
        function=contract.name,
        rate_limit=charge,
        signed_in_at=_moment(token.get("auth_time")),
        token_made_at=_moment(token.get("iat")),
    )
    rate_limits.refuse_known(charge, caller.session)
    if contract.consumes_app_check and config.ENFORCE_APP_CHECK.value:
        _consume(received.raw_request.headers.get("X-Firebase-AppCheck", ""))
    return caller, charge


def _moment(seconds: object) -> datetime | None:
    """A token's time, in seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 <= seconds < 2**37 else None


def _consume(attested: str) -> None:
    """Consume the App Check token. `Unauthenticated` if it was used before; `Unavailable` if App Check is."""
    from firebase_admin import app_check, exceptions
    from google.auth.exceptions import GoogleAuthError

    try:
        claims = app_check.verify_token(attested, app=firestore.app(), consume=True)
    except ValueError:
        raise Unauthenticated from None
    except (exceptions.FirebaseError, GoogleAuthError) as error:
        log.warning("app_check_unavailable", error=type(error).__name__)
        raise Unavailable(retryAfterSeconds=5) from error
    if claims.get("already_consumed"):
        raise Unauthenticated


S = typing.TypeVar("S", bound=msgspec.Struct)


def parse(schema: type[S], data: object) -> S:
    """`data` as `schema`. `InvalidRequest` names every wrong field. A null field is an absent one, null data is {}.

    Integers may come as the callable protocol wraps them, or as floats without a fraction.
    """
    given, malformed = callable_protocol.decoded({} if data is None else data)
    if not isinstance(given, dict):
        raise InvalidRequest(fields={"": "Expected `object`"})
    present = {name: value for name, value in given.items() if value is not None}
    for name, is_name in _text_fields(schema):
        if isinstance(present.get(name), str):
            try:
                present[name] = plain_text(name, present[name])
                present[name] = plain_name(present[name]) if is_name else present[name]
            except InvalidRequest as refusal:
                malformed |= refusal.wrong
    try:
        parsed = structs.convert(present, schema)
    except msgspec.ValidationError as error:
        raise InvalidRequest(fields=refused_fields.wrong(schema, present, error) | malformed) from None
    if malformed:
        raise InvalidRequest(fields=malformed)
    return parsed


def plain_text(field: str, text: str) -> str:
    """NFC and trimmed. `InvalidRequest` for control characters other than newline and tab, and for surrogates."""
    normal = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in normal):
        raise InvalidRequest(fields={field: Wrong("control characters are not allowed", {"rule": "characters"})})
    return normal


@functools.cache
def _text_fields(schema: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """The wire names of the fields marked `Text` or `Name`, and whether it is a name."""
    marked = []
    hints = typing.get_type_hints(schema, include_extras=True)
    for field in msgspec.structs.fields(schema):
        metas = _metas(hints[field.name])
        if Text in metas or Name in metas:
            marked.append((field.encode_name, Name in metas))
    return tuple(marked)


def _metas(hint: Any) -> list[Any]:
    own = list(getattr(hint, "__metadata__", ()))
    return own + [meta for part in typing.get_args(hint) for meta in _metas(part)]
