"""Task queues: enqueue a call of one of our own task functions, at most once per name."""

from __future__ import annotations

from collections.abc import Mapping

from . import config, firestore, log
from .errors import Unavailable


def enqueue(function: str, data: Mapping[str, object], *, name: str, delay_s: float = 0) -> None:
    """Call the task function `function` with `data` after `delay_s` seconds. `Unavailable` if the queue is not there or
    says nothing for seconds: then the task may have been enqueued, and the dispatcher finds what was not.

    `name` (letters, digits, hyphens) is the task's: a second one of the same name within about an hour is dropped,
    so callers coalesce by naming alike what is alike. The emulator ignores delays and would run a task that
    enqueues itself in circles: there a delayed task is left to the dispatcher, which runs every few seconds.
    """
    from firebase_admin import exceptions, functions
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    if config.in_emulator() and delay_s > 0:
        return
    queue = functions.task_queue(f"locations/{config.REGION}/functions/{function}", app=firestore.app())
    # The SDK's own is 120 s, it tries twice, and the app's httpTimeout does not reach its queues.
    queue._http_client._timeout = firestore.ADMIN_TIMEOUT_S
    options = functions.TaskOptions(task_id=name, schedule_delay_seconds=round(delay_s) or None)
    try:
        queue.enqueue({"data": dict(data)}, options)
    except (exceptions.AlreadyExistsError, exceptions.ConflictError):
        return
    except (exceptions.FirebaseError, GoogleAuthError, RequestException, ValueError) as error:
        if isinstance(error, ValueError) and config.in_emulator():
            # The task is enqueued, but the SDK expects the emulator to answer with a name that it made up itself.
            return
        # A ValueError otherwise: the SDK's word for a token that it could not refresh.
        log.warning("enqueue_failed", function=function, error=type(error).__name__)
        raise Unavailable(retryAfterSeconds=5) from error
