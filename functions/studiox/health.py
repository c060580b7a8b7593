"""The health check: it reads from Firestore and Storage, which everything needs."""

from __future__ import annotations

import json

import flask
from firebase_functions import https_fn
from flask_cors import cross_origin

from studiox.api.methods import not_allowed
from studiox.kit import config, firestore
from studiox.kit.errors import Unavailable
from studiox.media import objects


@https_fn.on_request()
def health(request: flask.Request) -> flask.Response:
    """200 {status: ok, version, checks} when Firestore and Storage answer, else 503."""
    shared = cross_origin(origins=config.listed(config.ALLOWED_ORIGINS), methods=["GET"])
    answer: flask.Response = shared(_health)(request)
    return answer


def _health(request: flask.Request) -> flask.Response:
    if request.method != "GET":
        return not_allowed("GET", shared=True)
    checks = {"firestore": _firestore(), "storage": objects.ping()}
    well = all(checks.values())
    body = {
        "status": "ok" if well else "unavailable",
        "version": config.VERSION,
        "checks": {name: "ok" if answers else "unavailable" for name, answers in checks.items()},
    }
    return flask.Response(json.dumps(body), 200 if well else 503, mimetype="application/json")


def _firestore() -> bool:
    try:
        firestore.read_documents(["health/check"])
    except Unavailable:
        return False
    return True
