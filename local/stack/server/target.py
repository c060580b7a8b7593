"""What functions-framework serves: one function that calls the one that the address names."""

from typing import Any

import flask

import main  # noqa: F401 - loads the functions, as functions-framework would
from local.stack.server.app import NAME
from local.stack.server.secrets import bound


def serve(request: flask.Request) -> Any:
    endpoint = request.environ[NAME]
    with bound(endpoint.secrets):
        return endpoint.function(request)
