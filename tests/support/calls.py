"""Calling a deployed function as the platform does: a real Flask request into the object that main.py holds."""

from __future__ import annotations

import base64
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import flask
import msgspec

from tests.auth.identity import ADMINS
from tests.support import canaries

_app = flask.Flask("tests")

Deployed = Callable[[flask.Request], Any]
ABSENT: Any = object()


class Answer(msgspec.Struct, frozen=True):
    """What a client of the callable protocol sees. `code` is None when the call succeeded."""

    status: int
    result: Any
    code: str | None
    message: str
    details: dict[str, Any]
    headers: dict[str, str]

    @property
    def ok(self) -> bool:
        return self.status == 200 and self.code is None

    @property
    def reason(self) -> str | None:
        return self.details.get("reason")


class Reply(msgspec.Struct, frozen=True):
    """The answer of an HTTP function."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def unsigned(claims: Mapping[str, Any]) -> str:
    """A JWT as the Auth emulator makes them: algorithm none, no signature."""

    def part(value: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def id_token(
    uid: str,
    *,
    email: str | None = None,
    verified: bool = True,
    admin: bool = False,
    project: str | None = None,
    **claims: Any,
) -> str:
    """An ID token of this user. Its e-mail address and the token itself are canaries: no log line may hold them."""
    audience = project or os.environ["GCLOUD_PROJECT"]
    issued = int(time.time())
    address = email if email is not None else f"{uid}@canary.test"
    token = unsigned(
        {
            "iss": f"https://securetoken.google.com/{audience}",
            "aud": audience,
            "auth_time": issued,
            "iat": issued,
            "exp": issued + 3600,
            "user_id": uid,
            "sub": uid,
            "email": address,
            "email_verified": verified,
            "firebase": {"identities": {"email": [address]}, "sign_in_provider": "password"},
            **({"admin": True} if admin else {}),
            **claims,
        }
    )
    canaries.plant(address, token)
    if admin:
        ADMINS.add(uid)
    return token


def send(function: Deployed, method: str, path: str = "/", **request: Any) -> Reply:
    """One request. What the function raises is raised: nothing here turns a bug into an answer."""
    with _app.test_request_context(path, method=method, **request):
        response = flask.make_response(function(flask.request._get_current_object()))  # type: ignore[attr-defined]
        return Reply(response.status_code, response.get_data(), dict(response.headers))


def call(
    function: Deployed,
    data: Any = ABSENT,
    *,
    uid: str | None = None,
    email: str | None = None,
    verified: bool = True,
    admin: bool = False,
    token: str | None = None,
    app_check: str | None = None,
    headers: Mapping[str, str] | None = None,
    raw_body: bytes | None = None,
    method: str = "POST",
) -> Answer:
    """Call a callable as the client SDK does. `uid`: signed in; `token`: with this very token; `raw_body`: as it is."""
    if raw_body is None:
        raw_body = json.dumps({"data": {} if data is ABSENT else data}).encode()
    sent = {"Content-Type": "application/json"}
    if uid is not None:
        token = id_token(uid, email=email, verified=verified, admin=admin)
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    if app_check is not None:
        sent["X-Firebase-AppCheck"] = app_check
    reply = send(function, method, data=raw_body, headers={**sent, **(headers or {})})
    answer = answer_of(reply.status, reply.body, reply.headers)
    if answer.ok:
        _as_promised(function, answer.result)
    return answer


def answer_of(status: int, content: bytes, headers: dict[str, str]) -> Answer:
    """A response of the callable protocol as its client sees it."""
    body = json.loads(content, parse_constant=_not_json) if content else {}
    error = body.get("error")
    if error is None:
        return Answer(status, body.get("result"), None, "", {}, headers)
    code = str(error["status"]).lower().replace("_", "-")
    return Answer(status, None, code, error.get("message", ""), error.get("details") or {}, headers)


def _as_promised(function: Deployed, result: Any) -> None:
    """Every answer is what its function's contract says: answers are sent unchecked, clients' types are made of it."""
    from studiox.api.callables import CONTRACTS
    from studiox.api.http_functions import ROUTES

    name = getattr(function, "__name__", "")
    contract = ROUTES[name][1] if name in ROUTES else CONTRACTS.get(name)
    if contract is not None and not (isinstance(result, Reply) and not result.text):  # an answer to OPTIONS is empty
        msgspec.convert(result.json if isinstance(result, Reply) else result, contract.response, strict=True)


def _not_json(constant: str) -> Any:
    raise AssertionError(f"the answer holds {constant}, which is not JSON")


def http(
    function: Deployed,
    method: str = "GET",
    path: str = "/",
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    uid: str | None = None,
) -> Reply:
    """Call an HTTP function. A body that is no bytes is sent as JSON; `uid`: with this user's bearer token."""
    sent = dict(headers or {})
    if uid is not None:
        sent["Authorization"] = f"Bearer {id_token(uid)}"
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    reply = send(function, method, path, query_string=dict(query or {}), headers=sent, data=body)
    if reply.status == 200:
        _as_promised(function, reply)
    return reply


def schedule(function: Deployed, at: Any = None, *, method: str = "POST") -> Reply:
    """Fire a schedule as Cloud Scheduler does; `at`: the time it was due."""
    sent = {"X-CloudScheduler-JobName": f"firebase-schedule-{function.__name__}-us-central1"}
    if at is not None:
        sent["X-CloudScheduler-ScheduleTime"] = at.isoformat().replace("+00:00", "Z")
    return send(function, method, headers=sent)


def task(function: Deployed, data: Any, *, retries: int = 0) -> Reply:
    """Dispatch a task as Cloud Tasks does; anything but a 2xx answer would be tried again."""
    sent = {
        "Content-Type": "application/json",
        "X-CloudTasks-QueueName": function.__name__,
        "X-CloudTasks-TaskName": uuid.uuid4().hex,
        "X-CloudTasks-TaskRetryCount": str(retries),
    }
    return send(function, "POST", data=json.dumps({"data": data}).encode(), headers=sent)


def before_create(function: Deployed, uid: str, **user: Any) -> Answer:
    """Run the blocking trigger as the Auth emulator does. `user`: fields of the record (email, …)."""
    issued = int(time.time())
    project = os.environ["GCLOUD_PROJECT"]
    email = user.pop("email", f"{uid}@canary.test")
    canaries.plant(*filter(None, [email]))
    created = str(issued * 1000)
    record = {"uid": uid, "email": email, "email_verified": False, "disabled": False, "provider_data": []}
    claims = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": f"http://127.0.0.1:5001/{project}/us-central1/{function.__name__}",
        "iat": issued,
        "exp": issued + 60,
        "event_id": uuid.uuid4().hex[:16],
        "event_type": "beforeCreate",
        "user_agent": "tests",
        "ip_address": "127.0.0.1",
        "locale": "en",
        "sub": uid,
        "sign_in_method": "password",
        "user_record": {**record, "metadata": {"creation_time": created, "last_sign_in_time": created}, **user},
    }
    body = json.dumps({"data": {"jwt": unsigned(claims)}}).encode()
    reply = send(function, "POST", data=body, headers={"Content-Type": "application/json"})
    answer = answer_of(reply.status, reply.body, reply.headers)
    return answer if answer.code else msgspec.structs.replace(answer, result=reply.json)
