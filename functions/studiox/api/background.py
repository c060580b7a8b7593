"""Schedules and tasks: their options in one place, and what an outage does to them.

Nobody waits for them, so they run on a fraction of a CPU unless they say otherwise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import flask
from firebase_functions import https_fn, options, scheduler_fn, tasks_fn
from firebase_functions.params import SecretParam

from studiox.kit import batch, config, log, malformed, tasks
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import StudioxError

Deployed = Callable[[flask.Request], flask.Response]


def schedule(
    when: str, *, timeout_s: int, retries: int = 3, secrets: Sequence[SecretParam] = (), memory: int = 256
) -> Callable[[Callable[[scheduler_fn.ScheduledEvent], None]], Deployed]:
    """Deploy a function that Cloud Scheduler calls at `when`, a cron expression in UTC.

    A run that an outage stops is answered with 503 and a warning. Cloud Scheduler repeats it up to `retries` times,
    after 1, 2 and 4 minutes; the next run continues in any case. The CLI makes `timeout_s` the attempt's deadline too,
    but at least 180 seconds.
    """
    settings = {"min_backoff_seconds": 60, "max_doublings": 2} if retries else {}

    def deploy(run: Callable[[scheduler_fn.ScheduledEvent], None]) -> Deployed:
        on_schedule: Any = scheduler_fn.on_schedule(
            schedule=when,
            timezone=ZoneInfo("UTC"),
            timeout_sec=timeout_s,
            retry_count=retries,
            secrets=list(secrets),
            **config.SELDOM | {"memory": memory} | settings,
        )

        def deployed(http: flask.Request) -> flask.Response:
            interrupted: list[StudioxError] = []  # the SDK would log what is raised as a bug

            @functools.wraps(run)
            def guarded(event: scheduler_fn.ScheduledEvent) -> None:
                try:
                    run(event)
                except StudioxError as error:
                    if not batch.passes(error):
                        raise
                    log.warning("schedule_interrupted", function=run.__name__, error=type(error).__name__)
                    interrupted.append(error)

            answer: flask.Response = on_schedule(guarded)(http)
            return flask.Response("try again", 503) if interrupted else answer

        # The SDK's function has the manifest and the required APIs as attributes, which `wraps` copies.
        return functools.wraps(on_schedule(run))(deployed)

    return deploy


def task(
    *, secrets: Sequence[SecretParam] = (), **settings: Any
) -> Callable[[Callable[[https_fn.CallableRequest[Any]], None]], Deployed]:
    """Deploy a function that the queue of its name calls, with the options of `tasks.QUEUES`.

    A task that an outage stops is answered with 503, and the queue sends it again. A malformed document ends the task
    with an alert, because a retry would not help. `settings` are the SDK's.
    """

    def deploy(run: Callable[[https_fn.CallableRequest[Any]], None]) -> Deployed:
        @functools.wraps(run)
        def guarded(request: https_fn.CallableRequest[Any]) -> None:
            try:
                run(request)
            except MalformedDocument as error:
                malformed.report(error)
            except StudioxError as error:
                if not batch.passes(error):
                    raise
                log.warning("task_interrupted", function=run.__name__, error=type(error).__name__)
                raise https_fn.HttpsError(https_fn.FunctionsErrorCode.UNAVAILABLE, "UNAVAILABLE") from error

        queue = tasks.QUEUES[run.__name__]
        deployed: Any = tasks_fn.on_task_dispatched(
            timeout_sec=queue.timeout_s,
            retry_config=options.RetryConfig(max_attempts=queue.attempts, min_backoff_seconds=5),
            rate_limits=options.RateLimits(max_concurrent_dispatches=queue.at_once),
            secrets=list(secrets),
            **config.SELDOM | settings,
        )(guarded)
        # The SDK accepts `invoker` and leaves it out of the manifest. Without it no one may call the function.
        deployed.__firebase_endpoint__.taskQueueTrigger["invoker"] = [config.SERVICE_ACCOUNT]
        return deployed  # type: ignore[no-any-return]

    return deploy
