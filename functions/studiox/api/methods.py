"""405 Method Not Allowed, with the methods that a function accepts (RFC 9110, 15.5.6)."""

from __future__ import annotations

import flask


def allowed(method: str, *, shared: bool) -> str:
    """The `Allow` header of a function that accepts this method. `shared`: CORS answers OPTIONS too."""
    return f"{method}, OPTIONS" if shared else method


def not_allowed(method: str, *, shared: bool, answer: flask.Response | None = None) -> flask.Response:
    """A 405 with `Allow`, as plain text or with the body of `answer`."""
    refusal = answer or flask.Response(f"{method} only", mimetype="text/plain")
    refusal.status_code = 405
    refusal.headers["Allow"] = allowed(method, shared=shared)
    return refusal
