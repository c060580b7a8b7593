"""The task that finishes deletions."""

from __future__ import annotations

from typing import Any

from firebase_functions import https_fn, options, tasks_fn

from .. import batch, config, ids, log
from . import service


@tasks_fn.on_task_dispatched(
    secrets=[config.APP_SIGNING_KEY, config.STRIPE_SECRET_KEY],  # an account's subscription ends with it
    timeout_sec=150,
    retry_config=options.RetryConfig(max_attempts=3, min_backoff_seconds=5),
    rate_limits=options.RateLimits(max_concurrent_dispatches=5),
)
@batch.repeated
def cleanUp(request: https_fn.CallableRequest[Any]) -> None:
    """Delete a bounded part of what a deletion left behind, and come back for the rest.

    Malformed data is dropped: a retry would not mend it.
    """
    data = request.data if isinstance(request.data, dict) else {}
    kind, id_ = data.get("kind"), data.get("id")
    if kind not in ("post", "creation", "account") or not isinstance(id_, str) or not ids.is_id(id_):
        log.warning("task_malformed", function="cleanUp")
        return
    if not service.run(kind, id_):
        service.enqueue(kind, id_)
