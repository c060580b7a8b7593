"""The refusal of a method that a function does not take, with the methods that it does (RFC 9110, 15.5.6)."""

from __future__ import annotations

import flask


def allowed(method: str, *, shared: bool) -> str:
    """What `Allow` says of a function that takes this one. `shared` with pages: CORS answers OPTIONS as well."""
    return f"{method}, OPTIONS" if shared else method


def not_allowed(method: str, *, shared: bool, answer: flask.Response | None = None) -> flask.Response:
    """A 405, as plain text or the answer given, and `Allow`."""
    refusal = answer or flask.Response(f"{method} only", mimetype="text/plain")
    refusal.status_code = 405
    refusal.headers["Allow"] = allowed(method, shared=shared)
    return refusal
