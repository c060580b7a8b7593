"""Task queues: enqueue a call of one of our task functions, at most once per name."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from firebase_functions.params import IntParam

from . import clock, config, firestore, log
from .errors import Unavailable
from .process import per_process

EMULATED_ACCOUNT = "emulated-service-acct@email.com"


class Queue(NamedTuple):
    """A task function's queue."""

    timeout_s: int
    """How long a task may take: the function's timeout, and how long Cloud Tasks waits for it. At most 1,800."""
    attempts: int
    at_once: int | IntParam
    """The most tasks that run at the same time."""


# Cloud Tasks gives up a task after 10 minutes unless the task says otherwise, and would send it again.
QUEUES = {
    "settleStudioJob": Queue(timeout_s=1_800, attempts=5, at_once=config.JOB_TASKS),
    "cleanUp": Queue(timeout_s=150, attempts=3, at_once=2),
    "payTopUp": Queue(timeout_s=150, attempts=10, at_once=2),
    "makeRenditions": Queue(timeout_s=600, attempts=5, at_once=4),
    "workShard": Queue(timeout_s=1_800, attempts=10, at_once=8),
}
"""The queue of each task function. `api/background.py` deploys them with these options."""


def enqueue(function: str, data: Mapping[str, object], *, name: str, delay_s: float = 0) -> None:
    """Call the task function `function` with `data` after `delay_s` seconds.

    `name` (letters, digits, hyphens) is the task's. A second task of the same name within about an hour is dropped, so
    callers coalesce by giving equal tasks equal names. `Unavailable` if Cloud Tasks cannot be reached or is silent for
    seconds: the task may have been enqueued, and the dispatcher finds what was not. The emulator ignores delays and
    would run a task that enqueues itself in a loop: there delayed tasks are left to the dispatcher.

    Firebase's Admin SDK has the same call, but waits up to four minutes for an answer.
    """
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    emulator = os.environ.get("CLOUD_TASKS_EMULATOR_HOST")
    if config.in_emulator() and delay_s > 0:
        return
    queue = f"projects/{config.project_id()}/locations/{config.REGION.value}/queues/{function}/tasks"
    service = f"http://{emulator}" if emulator else "https://cloudtasks.googleapis.com/v2"
    try:
        task = {
            "name": f"{queue}/{name}",
            "dispatchDeadline": f"{QUEUES[function].timeout_s}s",
            "httpRequest": {
                "url": "" if emulator else _url_of(function),
                "oidcToken": {"serviceAccountEmail": EMULATED_ACCOUNT if emulator else _service_account()},
                "body": base64.b64encode(json.dumps({"data": dict(data)}).encode()).decode(),
                "headers": {"Content-Type": "application/json"},
            },
        }
        if delay := round(delay_s):
            due = clock.datetime.now(clock.UTC) + clock.timedelta(seconds=delay)
            task["scheduleTime"] = due.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        answer = _session().post(f"{service}/{queue}", json={"task": task}, timeout=firestore.ADMIN_TIMEOUT_S)
        if answer.status_code != 409:  # 409: a task of this name exists
            answer.raise_for_status()
    except (RequestException, GoogleAuthError) as error:
        log.warning("enqueue_failed", function=function, error=type(error).__name__)
        raise Unavailable(retryAfterSeconds=5) from error


def _url_of(function: str) -> str:
    return f"https://{config.REGION.value}-{config.project_id()}.cloudfunctions.net/{function}"


def _service_account() -> str:
    """The service account that Cloud Tasks calls the function as."""
    from google.auth.transport.requests import Request

    credentials = firestore.app().credential.get_credential()
    if not credentials.valid:  # its address is known once it has a token
        credentials.refresh(Request())
    address: str = credentials.service_account_email
    return address


@per_process
def _session() -> Any:
    """A session that signs its requests, and repeats one once after a lost connection, a 500 or a 503."""
    import requests
    from google.auth.transport.requests import AuthorizedSession
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    if os.environ.get("CLOUD_TASKS_EMULATOR_HOST"):
        session = requests.Session()
        session.headers["Authorization"] = "Bearer owner"
    else:
        session = AuthorizedSession(firestore.app().credential.get_credential())  # type: ignore[no-untyped-call]
    again = Retry(total=1, status_forcelist=(500, 503), allowed_methods=None, raise_on_status=False)
    session.mount("http://", HTTPAdapter(max_retries=again))
    session.mount("https://", HTTPAdapter(max_retries=again))
    return session
