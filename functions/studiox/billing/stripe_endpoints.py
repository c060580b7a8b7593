"""Where Stripe and the clock reach billing: the webhook and the hourly reconciliation."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import flask
from firebase_functions import https_fn, scheduler_fn

from .. import clock, config, log, payments
from . import reconciliation, webhook

MAX_EVENT_BYTES = 1 << 20
STRIPE = [config.STRIPE_SECRET_KEY, config.APP_SIGNING_KEY]


@https_fn.on_request(secrets=[*STRIPE, config.STRIPE_WEBHOOK_SECRET], timeout_sec=120)
def stripeWebhook(request: flask.Request) -> flask.Response:
    """200 handled, known or not ours; 400 not genuine; 405 not POST; 500 to be sent again."""
    if request.method != "POST":
        return flask.Response("POST only", 405)
    if request.content_length is None or request.content_length > MAX_EVENT_BYTES:
        return flask.Response("too large", 400)
    body = request.get_data()
    try:
        genuine = payments.signature_holds(body, request.headers.get("Stripe-Signature", ""), clock.now())
        event = payments.parse_event(body) if genuine else None
        if event is None:
            log.warning("stripe_event_refused", genuine=genuine)
            return flask.Response("not genuine", 400)
        done = webhook.receive(event)
    except config.MissingSecret as error:
        log.alert("secret_missing", secret=str(error))
        return flask.Response("not configured", 500)
    return flask.Response("ok", 200) if done else flask.Response("try again", 500)


@scheduler_fn.on_schedule(schedule="23 * * * *", timezone=ZoneInfo("UTC"), secrets=STRIPE, timeout_sec=540)
def reconcilePayments(event: scheduler_fn.ScheduledEvent) -> None:  # noqa: ARG001 - the SDK's signature
    """Every hour: apply what Stripe holds and no event told us."""
    reconciliation.reconcile()
