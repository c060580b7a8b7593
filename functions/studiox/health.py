"""The health check: it reads from Firestore and Storage, which everything needs.

Anyone may call it, so its answer is cached for a few seconds. That limits the reads that calls can cause, also
during an outage, when each check takes seconds.
"""

from __future__ import annotations

import json

import flask
from firebase_functions import https_fn
from flask_cors import cross_origin

from studiox.api.methods import not_allowed
from studiox.kit import config, firestore
from studiox.kit.cache import UNKNOWN, Cache
from studiox.kit.errors import Unavailable
from studiox.kit.process import per_process
from studiox.media import objects

REMEMBERED_S = 8.0
"""Each instance checks both at most once in this time, one call at a time."""


@https_fn.on_request()
def health(request: flask.Request) -> flask.Response:
    """200 {status: ok, version, checks} when Firestore and Storage answer, else 503; the answer may be 8 s old."""
    shared = cross_origin(origins=config.listed(config.ALLOWED_ORIGINS), methods=["GET"])
    answer: flask.Response = shared(_health)(request)
    return answer


def _health(request: flask.Request) -> flask.Response:
    if request.method != "GET":
        return not_allowed("GET", shared=True)
    checks = _checked()
    well = all(checks.values())
    body = {
        "status": "ok" if well else "unavailable",
        "version": config.VERSION,
        "checks": {name: "ok" if answers else "unavailable" for name, answers in checks.items()},
    }
    return flask.Response(json.dumps(body), 200 if well else 503, mimetype="application/json")


@per_process
def _remembered() -> Cache[dict[str, bool]]:
    return Cache(1, ttl_s=REMEMBERED_S)


def _checked() -> dict[str, bool]:
    """Whether each service answers, or answered a few seconds ago. Calls that come meanwhile wait for this one."""
    with _remembered().lock:
        checks = _remembered().get("checks")
        if checks is UNKNOWN:
            checks = {"firestore": _firestore(), "storage": objects.ping()}
            _remembered().put("checks", checks)
        return checks


def _firestore() -> bool:
    try:
        firestore.read_documents(["health/check"])
    except Unavailable:
        return False
    return True
