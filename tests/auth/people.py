"""What accounts' tests do: sign up, look at the balance, order."""

from __future__ import annotations

import time
from typing import Any

import main
from tests.support import Answer, Database, before_create, call

TRIGGER: Any = main.onUserCreated
ADDRESS = "ada@canary.test"


def sign_up(uid: str, email: str | None = ADDRESS, **user: Any) -> Answer:
    answer = before_create(TRIGGER, uid, email=email, **user)
    assert answer.ok, answer
    return answer


def balance(uid: str, **token: Any) -> int:
    """As the account's own call sees it: what is due is granted by it."""
    answer = call(main.getUserBalance, uid=uid, **({"email": ADDRESS} | token))
    assert answer.ok, answer
    found: int = answer.result["balance"]
    return found


def ledger(database: Database, uid: str) -> dict[str, int]:
    return {name: entry["amount"] for name, entry in database.under(f"users/{uid}/ledger").items()}


def order(uid: str, **who: Any) -> Answer:
    request = {
        "requestId": f"request-{time.monotonic_ns()}",
        "type": "image",
        "model": "Model A",
        "prompt": "a cat",
    }
    identity: dict[str, Any] = {} if "token" in who else {"uid": uid, "email": ADDRESS}
    return call(main.createStudioJob, request, **{**identity, **who})
