"""`@endpoint`: who may call, in which order a call goes, what it answers, and what nobody ever sees."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from studiox.api import callables as endpoint_module
from studiox.api.callables import Admin, Anyone, Nothing, Request, Response, User, VerifiedUser, endpoint
from studiox.kit.errors import StudioxError
from studiox.kit.rate_limits import Limit
from tests.support import Database, Rpcs, call, id_token, plant, private_text, send, unsigned

PLENTY = Limit(1000, per=60)


class OutOfStock(StudioxError):
    """A refusal of the test's own."""

    code = "failed-precondition"
    text = "There is none left."


class Who(Response):
    uid: str | None
    email: str | None
    email_verified: bool
    admin: bool


class Item(Request, frozen=True):
    item_id: str
    count: int = 1


class Values(Response):
    at: datetime
    nested: Mapping[str, Any]
    nothing: None = None
    absent: int | msgspec.UnsetType = msgspec.UNSET


CONTRACTS_BEFORE = dict(endpoint_module.CONTRACTS)
calls: list[Any] = []


@endpoint(limit=PLENTY)
def tryAnyone(caller: Anyone, _request: Nothing) -> Who:
    """Who is asking."""
    return Who(uid=caller.uid, email=caller.email, email_verified=caller.email_verified, admin=caller.admin)


@endpoint(limit=PLENTY)
def tryUser(caller: User, _request: Nothing) -> Who:
    """Who is asking."""
    return Who(uid=caller.uid, email=caller.email, email_verified=caller.email_verified, admin=caller.admin)


@endpoint(limit=PLENTY)
def tryVerified(caller: VerifiedUser, _request: Nothing) -> Who:
    """Who is asking."""
    return Who(uid=caller.uid, email=caller.email, email_verified=caller.email_verified, admin=caller.admin)


@endpoint(limit=PLENTY)
def tryAdmin(caller: Admin, _request: Nothing) -> Who:
    """Who is asking."""
    return Who(uid=caller.uid, email=caller.email, email_verified=caller.email_verified, admin=caller.admin)


@endpoint(limit=Limit(2, per=60), refuses=[OutOfStock])
def tryTake(caller: User, request: Item) -> Who:
    """Take one: `none` is refused, `bug` is one, `secret` is one that quotes what it was given."""
    calls.append(request)
    match request.item_id:
        case "none":
            raise OutOfStock(left=0)
        case "bug":
            raise ZeroDivisionError("canary-in-an-exception")
        case "undumpable":
            return Who(uid=object(), email=None, email_verified=False, admin=False)  # type: ignore[arg-type]
    return Who(uid=caller.uid, email=None, email_verified=False, admin=False)


@endpoint(limit=PLENTY)
def tryValues(_caller: Anyone, _request: Nothing) -> Values:
    """Times, null and absent."""
    return Values(
        at=datetime(2026, 3, 1, 1, 2, 3, 4000, tzinfo=UTC),
        nested={"at": datetime(2026, 3, 1, tzinfo=UTC)},
    )


@endpoint(limit=PLENTY, consume_app_check=True)
def tryOnce(caller: User, _request: Nothing) -> Who:
    """Who is asking, with a token of their app that counts once."""
    return Who(uid=caller.uid, email=caller.email, email_verified=caller.email_verified, admin=caller.admin)


# These are no functions of ours: the contract of the deployed ones stays as it was.
endpoint_module.CONTRACTS.clear()
endpoint_module.CONTRACTS.update(CONTRACTS_BEFORE)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


@pytest.mark.parametrize(
    ("function", "anonymous", "user", "unverified", "admin"),
    [
        (tryAnyone, None, None, None, None),
        (tryUser, "Unauthenticated", None, None, None),
        (tryVerified, "Unauthenticated", None, "EmailNotVerified", None),
        (tryAdmin, "Unauthenticated", "Forbidden", "Forbidden", None),
    ],
)
def test_who_may_call(
    monkeypatch: pytest.MonkeyPatch, function: Any, anonymous: str, user: str, unverified: str, admin: str
) -> None:
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    assert call(function).reason == anonymous
    assert call(function, uid="u1").reason == user
    assert call(function, uid="u1", verified=False).reason == unverified
    answer = call(function, uid="u2", admin=True)
    assert answer.reason == admin
    assert answer.result == {"uid": "u2", "email": "u2@canary.test", "emailVerified": True, "admin": True}


def test_verification_is_asked_for_only_where_the_parameter_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(tryVerified, uid="u1", verified=False).ok
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    refused = call(tryVerified, uid="u1", verified=False)
    assert (refused.status, refused.code, refused.reason) == (400, "failed-precondition", "EmailNotVerified")


@pytest.mark.parametrize("function", [tryAnyone, tryUser, tryVerified, tryAdmin])
@pytest.mark.parametrize(
    "token",
    [
        lambda: "not-a-token",
        lambda: "a.b.c",
        lambda: "",
        lambda: id_token("u1", project="another-project", admin=True),
        lambda: id_token("u1", iss="https://accounts.google.com"),
        lambda: id_token("", admin=True),
        lambda: id_token("u" * 129),
        lambda: id_token("u1/ledger/e1", admin=True),
        lambda: id_token(".."),
        lambda: id_token("__u1__"),
        lambda: id_token("u1", sub=5, admin=True),
        lambda: unsigned({"admin": True}),
        lambda: unsigned({"uid": "u1", "user_id": "u1", "admin": True}),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a7_a_token_that_is_not_ours_is_nobody(function: Any, token: Any) -> None:
    """Not even for a function that anyone may call: whoever sends a token means to be somebody."""
    refused = call(function, token=token())
    assert (refused.status, refused.code, refused.reason) == (401, "unauthenticated", "Unauthenticated")


def test_an_authorization_that_is_no_bearer_token_is_refused() -> None:
    refused = call(tryAnyone, headers={"Authorization": "Basic dTpw"})
    assert (refused.status, refused.reason) == (401, "Unauthenticated")


@pytest.mark.parametrize("claim", ["true", 1, [True], {"a": True}, "admin", None, False])
def test_a12_admin_is_the_claim_true_and_nothing_like_it(claim: Any) -> None:
    claims = {"admin": claim}
    assert call(tryAdmin, token=_token(claims)).reason == "Forbidden"
    assert call(tryAdmin, {"admin": True}, token=_token(claims)).reason == "Forbidden"


def _token(claims: Mapping[str, Any]) -> str:
    project = os.environ["GCLOUD_PROJECT"]
    return unsigned(
        {"iss": f"https://securetoken.google.com/{project}", "aud": project, "sub": "u1", "exp": 2**33, **claims}
    )


def test_a3_a_user_without_an_address() -> None:
    assert call(tryUser, token=_token({})).result == {
        "uid": "u1",
        "email": None,
        "emailVerified": False,
        "admin": False,
    }


def test_a8_app_check_where_the_parameter_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(tryUser, uid="u1").ok
    assert call(tryUser, uid="u1", app_check="app-check-1").ok
    monkeypatch.setenv("ENFORCE_APP_CHECK", "true")
    assert call(tryUser, uid="u1").reason == "Unauthenticated"
    assert call(tryUser, uid="u1", app_check="forged").reason == "Unauthenticated"
    assert call(tryAnyone, app_check="forged").reason == "Unauthenticated"
    assert call(tryUser, uid="u1", app_check="app-check-1").ok
    assert call(tryAnyone, app_check="app-check-1").ok


def test_a8_a_consumed_app_check_token_is_not_taken_again(monkeypatch: pytest.MonkeyPatch, app_check: set[str]) -> None:
    assert call(tryOnce, uid="u1", app_check="app-check-1").ok
    assert app_check == set(), "nothing is consumed where nothing is enforced"
    monkeypatch.setenv("ENFORCE_APP_CHECK", "true")
    assert call(tryOnce, app_check="app-check-1").reason == "Unauthenticated"
    assert app_check == set(), "whoever is not signed in uses up nothing"
    assert call(tryOnce, uid="u1", app_check="app-check-1").ok
    assert call(tryOnce, uid="u1", app_check="app-check-1").reason == "Unauthenticated"
    assert call(tryOnce, uid="u1", app_check="app-check-2").ok
    assert call(tryOnce, uid="u1").reason == "Unauthenticated"


def test_a8_no_call_passes_while_app_check_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    from firebase_admin import app_check as sdk
    from firebase_admin import exceptions

    verify = sdk.verify_token

    def away(token: str, app: object = None, consume: bool = False) -> Any:
        if consume:
            raise exceptions.UnavailableError("away")
        return verify(token, app, consume)

    monkeypatch.setattr(sdk, "verify_token", away)
    monkeypatch.setenv("ENFORCE_APP_CHECK", "true")
    assert call(tryOnce, uid="u1", app_check="app-check-1").reason == "Unavailable"


def test_a8_orders_and_checkouts_use_their_token_up() -> None:
    importlib.import_module("main")
    consuming = {name for name, contract in endpoint_module.CONTRACTS.items() if contract.consumes_app_check}
    assert consuming >= {"createStudioJob", "createCheckoutSession"}


def test_the_order_is_authenticate_parse_limit_act(rpcs: Rpcs) -> None:
    bad = {"itemId": 5}
    assert call(tryTake, bad).reason == "Unauthenticated"
    assert rpcs.count() == 0
    assert call(tryTake, bad, uid="u1").reason == "InvalidRequest"
    assert rpcs.calls == ["BatchGetDocuments"]  # whether the caller may call at all
    for _ in range(2):
        assert call(tryTake, {"itemId": "none"}, uid="u1").reason == "OutOfStock"
    limited = call(tryTake, {"itemId": "none"}, uid="u1")
    assert (limited.status, limited.code, limited.reason) == (429, "resource-exhausted", "RateLimited")
    assert 1 <= limited.details["retryAfterSeconds"] <= 60
    assert len(calls) == 2
    rpcs.reset()
    assert call(tryTake, bad, uid="u1").reason == "RateLimited", "what is known to be too much is not looked at"
    assert rpcs.count() == 0
    assert call(tryTake, {"itemId": "none"}, uid="u2").reason == "OutOfStock"


def test_a_refusal_answers_code_reason_and_figures(logged: Any) -> None:
    refused = call(tryTake, {"itemId": "none"}, uid="u1")
    assert (refused.status, refused.code) == (400, "failed-precondition")
    assert refused.details == {"reason": "OutOfStock", "left": 0}
    assert refused.message == "There is none left."
    (line,) = logged.lines("refused")
    assert (line["severity"], line["function"], line["reason"]) == ("INFO", "tryTake", "OutOfStock")


@pytest.mark.parametrize(
    ("bug", "frame", "error"),
    [
        ("bug", 'tests/api/test_callables.py", line', "ZeroDivisionError"),
        ("undumpable", 'studiox/api/callables.py", line', "TypeError"),
    ],
)
def test_a_bug_is_internal_without_a_word_and_a_traceback_in_the_log(
    logged: Any, bug: str, frame: str, error: str
) -> None:
    answer = call(tryTake, {"itemId": bug}, uid="u1", headers={"X-Cloud-Trace-Context": "0af7651916cd43dd/1;o=1"})
    assert (answer.status, answer.code, answer.message, answer.details) == (500, "internal", "INTERNAL", {})
    (line,) = logged.lines("bug")
    assert line["severity"] == "ERROR"
    assert frame in line["stack_trace"]
    assert line["stack_trace"].splitlines()[-1].startswith(error)
    assert line["logging.googleapis.com/trace"].endswith("/traces/0af7651916cd43dd")


def test_times_null_and_absent_on_the_wire() -> None:
    assert call(tryValues).result == {
        "at": "2026-03-01T01:02:03.004000Z",
        "nothing": None,
        "nested": {"at": "2026-03-01T00:00:00Z"},
    }


def test_r10_nothing_of_a_request_is_logged(logged: Any) -> None:
    prompt = private_text()
    call(tryTake, {"itemId": prompt}, uid="u1")
    call(tryTake, {"itemId": "a", prompt: prompt}, uid="u1")
    call(tryTake, {"itemId": [prompt]}, uid="u1")
    call(tryTake, raw_body=b'{"data": {}, "%s": "%s"}' % (prompt.encode(), prompt.encode()), uid="u1")
    call(tryTake, raw_body=prompt.encode(), uid="u1")
    for token in (f"{prompt.replace(' ', '')}", f"{prompt.replace(' ', '')}.a.b", "a.b"):
        plant(token.split(".")[0])
        assert call(tryTake, {"itemId": "a"}, token=token).reason == "Unauthenticated"
    call(tryTake, {"itemId": "a"}, headers={"Authorization": prompt})
    call(tryTake, {"itemId": "a"}, uid="u1", app_check=prompt)
    assert prompt.replace(" ", "") not in logged.getvalue()


def test_x_forwarded_for_counts_the_last_hop_only(database: Database) -> None:
    for number in range(20):
        assert call(tryAnyone, headers={"X-Forwarded-For": f"10.0.0.{number}, 198.51.100.7"}).ok
    assert len(database.under("rateLimits")) == 1
    call(tryAnyone, headers={"X-Forwarded-For": "10.0.0.1, 198.51.100.8"})
    assert len(database.under("rateLimits")) == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_only_post(method: str) -> None:
    refused = send(tryAnyone, method)
    assert refused.status == 405
    assert refused.headers["Access-Control-Allow-Origin"] == "*"


def test_r9_cors_without_credentials_on_answers_and_refusals() -> None:
    origin = {"Origin": "https://app.example"}
    preflight = send(
        tryUser,
        "OPTIONS",
        headers={**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"},
    )
    assert preflight.status == 200
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization"
    for answer in (
        call(tryUser, uid="u1", headers=origin),
        call(tryUser, headers=origin),
        call(tryUser, raw_body=b"", headers=origin),
        call(tryUser, raw_body=b"x" * 300_000, headers=origin),
        call(tryUser, token="not-a-token", headers=origin),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example")
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_contract_is_what_the_signature_says() -> None:
    manifest = tryTake.__firebase_endpoint__  # type: ignore[attr-defined]
    assert manifest.entryPoint == "tryTake"
    assert manifest.callableTrigger == {}
    assert [secret["key"] for secret in manifest.secretEnvironmentVariables] == ["APP_SIGNING_KEY"]
    assert re.match("Take one", tryTake.__doc__ or "")
