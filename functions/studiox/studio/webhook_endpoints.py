"""The providers' webhooks: one deployed function for each spec that names a webhook."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import flask
from firebase_functions import https_fn

from studiox.api import webhook_body
from studiox.api.methods import not_allowed
from studiox.integrations.providers import registry, specs
from studiox.integrations.providers.specs import ProviderSpec
from studiox.kit import config, ids, log
from studiox.kit.errors import Contention, Unavailable

from . import job_store, polling

MAX_CALLBACK_BYTES = 1 << 20


def _deployed(name: str, spec: ProviderSpec) -> Callable[[flask.Request], flask.Response]:
    """The webhook of one provider, as the decorator makes it of a function with the spec's name."""

    def webhook(request: flask.Request) -> flask.Response:
        """A provider's callback. It must be authentic; its content is only a hint to poll the job."""
        return _receive(name, spec, request)

    webhook.__name__ = webhook.__qualname__ = spec.webhook
    deployed: Callable[[flask.Request], flask.Response] = https_fn.on_request(
        secrets=[config.APP_SIGNING_KEY, *spec.secrets]
    )(webhook)
    return deployed


def _receive(name: str, spec: ProviderSpec, request: flask.Request) -> flask.Response:
    """405: not POST. 413: too large. 401: not authentic. 503: retry later. 200: received; unknown jobs are ignored."""
    if request.method != "POST":
        return not_allowed("POST", shared=False)
    body = webhook_body.body_of(request, MAX_CALLBACK_BYTES)
    if body is None:
        return flask.Response("too large", 413)
    try:
        task_id = registry.provider(name).verify(dict(request.headers), body)
    except (config.MissingSecret, ValueError) as error:
        log.alert("provider_not_configured", provider=name, error=type(error).__name__)
        return flask.Response("try again", 503)
    job_id, seal = request.args.get("job"), request.args.get("seal", "")
    addressed = job_id is None or (ids.is_id(job_id) and ids.is_keyed(seal, "callback", name, job_id))
    if task_id is None or not addressed:
        log.warning("callback_refused", provider=name)
        return flask.Response("not genuine", 401)
    try:
        # An authentic callback without our URL's query still carries its task id.
        known = job_id or job_store.find_by_task(name, task_id)
        if known is not None:
            polling.hint(known, task_id, action=spec.webhook)
    except (Contention, Unavailable):
        return flask.Response("try again", 503)
    return flask.Response("ok", 200)


WEBHOOKS: Mapping[str, Callable[[flask.Request], flask.Response]] = {
    spec.webhook: _deployed(name, spec) for name, spec in specs.PROVIDERS.items() if spec.webhook
}
"""{the name that main.py deploys it under: the function}"""
