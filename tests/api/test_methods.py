"""Another method than a function's own: 405 with `Allow`, for whatever is deployed for clients and vendors."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

import main
from studiox.api.callables import CONTRACTS
from studiox.api.http_functions import ROUTES
from studiox.studio.webhook_endpoints import WEBHOOKS
from tests.support import Rpcs, send
from tests.support.calls import Deployed
from tests.test_tidy import ROOT

OTHERS = {"health": "GET", "sharePage": "GET, HEAD"}
"""The methods of the functions that are no contracts."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]


def _serving() -> dict[str, tuple[str, Deployed]]:
    """{name: (its method, the function)} of all that answers HTTP as itself and not for a trigger of the platform."""
    found: dict[str, tuple[str, Deployed]] = {}
    for name, function in inspect.getmembers(main):
        manifest: Any = getattr(function, "__firebase_endpoint__", None)
        if manifest is None or (manifest.httpsTrigger is None and manifest.callableTrigger is None):
            continue
        method = OTHERS[name] if name in OTHERS else ROUTES[name][0] if name in ROUTES else "POST"
        found[name] = (method, function)
    return found


SERVING = _serving()
SHARED = {*CONTRACTS, *ROUTES, "health"}
"""What pages call from other origins, so that CORS answers OPTIONS."""


def test_every_kind_is_walked() -> None:
    assert {"getProfile", "getUserCredits", "createGenerationRequest", "health"} <= SERVING.keys()
    assert SERVING.keys() - SHARED == {"stripeWebhook", "sharePage", *WEBHOOKS} >= {"poyoWebhook", "piapiWebhook"}


@pytest.mark.usefixtures("gcs")
@pytest.mark.parametrize("name", sorted(SERVING))
def test_another_method_is_told_which_are_allowed(name: str, rpcs: Rpcs) -> None:
    own, function = SERVING[name]
    allowed = [*own.split(", "), *(["OPTIONS"] if name in SHARED else [])]
    for method in METHODS:
        if method in allowed:
            continue
        refused = send(function, method)
        assert (method, refused.status) == (method, 405)
        assert refused.headers["Allow"] == ", ".join(allowed)
    assert send(function, "OPTIONS").status == (200 if name in SHARED else 405)
    assert rpcs.count() == 0


def test_the_description_says_the_same() -> None:
    document = json.loads((ROOT / "docs/api/openapi.json").read_text())
    for path, methods in document["paths"].items():
        own, function = SERVING[path.removeprefix("/")]
        assert list(methods) == [own.lower()]
        told = methods[own.lower()]["responses"]["405"]["headers"]["Allow"]["schema"]["const"]
        assert told == send(function, "TRACE").headers["Allow"]
