"""Logs one JSON line per record in Cloud Logging's format: severity, message, the request's trace, our fields.

It uses the standard library's logging with a formatter, because the SDK's logger raises on datetimes, omits the trace
and garbles lines under threads. Fields hold figures, ids and reasons, never a prompt, a secret, a token, an e-mail
address or a vendor's response body.
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

# Cloud Logging's names of Python's levels (https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry).
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
    """Drops the SDK's line about every call, and its error that quotes a token it cannot read."""

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
    # These log an INFO line per request, which duplicates ours.
    for chatty in ("werkzeug", "google", "urllib3", "functions_framework", "stripe"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def info(message: str, **fields: object) -> None:
    """Log an event that an operator may want to count: a refusal, a settled job."""
    _logger.info(message, extra={"fields": fields})


def warning(message: str, **fields: object) -> None:
    """Log a rare problem that recovers without action: a lost response, exhausted retries."""
    _logger.warning(message, extra={"fields": fields})


def bug(message: str, **fields: object) -> None:
    """Log a bug in our code, with the traceback of the exception being handled."""
    _logger.error(message, extra={"fields": fields}, exc_info=True)


def alert(message: str, **fields: object) -> None:
    """Log a problem that needs a person soon. docs/operations.md says what to do for each message."""
    _logger.log(ALERT, message, extra={"fields": fields})
