"""One JSON line per record, as Cloud Logging reads them: severity, message, the request's trace, our fields.

The SDK's own logger raises on datetimes, has no trace and garbles lines under threads, so this is the
standard library's logging with a formatter. Fields are figures, ids and reasons: never a prompt, a secret,
a token, an e-mail address or a vendor's body.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

import flask

ALERT = logging.CRITICAL + 5
logging.addLevelName(ALERT, "ALERT")
_logger = logging.getLogger("studiox")

# What Cloud Logging calls Python's levels (https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry).
_SEVERITIES = {"WARN": "WARNING", "FATAL": "CRITICAL", "NOTSET": "DEFAULT"}


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "severity": _SEVERITIES.get(record.levelname, record.levelname),
            "message": record.getMessage(),
            "logger": record.name,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        if flask.has_request_context():
            trace = flask.request.headers.get("X-Cloud-Trace-Context", "").split("/")[0]
            if trace.isalnum():
                line["logging.googleapis.com/trace"] = f"projects/{os.environ.get('GCLOUD_PROJECT', '')}/traces/{trace}"
        return json.dumps(line, default=str)


class _NotTheSdks(logging.Filter):
    """Leaves out what the SDK says of every call, and the token that it quotes when it cannot read it."""

    def filter(self, record: logging.LogRecord) -> bool:
        unwanted = ("Callable request verification passed", "Error validating token")
        return not str(record.msg).startswith(unwanted)


def setup() -> None:
    """Send every logger's records to standard output as JSON lines; called once, by main.py."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    handler.addFilter(_NotTheSdks())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(os.environ.get("LOG_LEVEL", "INFO").upper())
    # Their INFO lines are one per request and say nothing that ours do not.
    for chatty in ("werkzeug", "google", "urllib3", "functions_framework", "stripe"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def info(message: str, **fields: object) -> None:
    """Something that an operator may want to count: a refusal, a settled job."""
    _logger.info(message, extra={"fields": fields})


def warning(message: str, **fields: object) -> None:
    """Something that heals by itself but should be rare: a lost answer, a retry that ran out."""
    _logger.warning(message, extra={"fields": fields})


def bug(message: str, **fields: object) -> None:
    """Something that our own code did wrong, with the traceback of the exception being handled."""
    _logger.error(message, extra={"fields": fields}, exc_info=True)


def alert(message: str, **fields: object) -> None:
    """Something that needs a person soon: docs/operations.md has what to do for each message."""
    _logger.log(ALERT, message, extra={"fields": fields})
