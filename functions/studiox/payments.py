"""Stripe (https://stripe.com): the only place that calls it. Its objects are read in payments_objects.py.

Each call has a timeout and two retries, which an idempotency key makes safe; what Stripe cannot do now becomes
`PaymentsUnavailable`, what it does not have `Missing`. The SDK is loaded at the first call.
"""

from __future__ import annotations

import contextlib
import functools
import hmac
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from . import config, log
from . import payments_objects as objects
from .clock import datetime
from .errors import StudioxError
from .payments_objects import Charge, Event, Invoice, Session, Subscription

if TYPE_CHECKING:
    from stripe import StripeClient

API_VERSION = "2026-10-28.endive"
TIMEOUT_S = 10.0
RETRIES = 2
MAX_SKEW_S = 300
PAGE = 100
MAX_INVOICES = 24


class PaymentsUnavailable(StudioxError):
    """Stripe does not answer, or does not take our request; nothing happened."""

    code = "unavailable"
    text = "Payments are not available now; try again later."


class Missing(Exception):
    """Stripe has no such object, for this account and mode."""


def signature_holds(body: bytes, header: str, now: datetime) -> bool:
    """Whether Stripe signed these bytes within 300 s of `now`, either way, with one of our webhook secrets.

    Our own check: the SDK's accepts a time far in the future (faults S10). Several secrets, comma-separated, are
    accepted while one is being replaced. MissingSecret when there is none.
    """
    secrets = [part.strip() for part in config.secret(config.STRIPE_WEBHOOK_SECRET).split(",") if part.strip()]
    if not secrets:
        raise config.MissingSecret(config.STRIPE_WEBHOOK_SECRET.name)
    parts = [part.partition("=") for part in header[:4096].split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    claims = [value.strip() for name, _, value in parts if name.strip() == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdecimal()) or len(times[0]) > 12:
        return False
    if abs(int(times[0]) - now.timestamp()) > MAX_SKEW_S:
        return False
    signed = times[0].encode() + b"." + body
    made = [hmac.new(secret.encode(), signed, "sha256").hexdigest().encode() for secret in secrets]
    # Every pair is compared: how long it takes tells nothing.
    matches = [hmac.compare_digest(each, claim.encode()) for each in made for claim in claims[:16]]
    return any(matches)


def parse_event(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object of a webhook's body; None for what is none: another encoding, a byte order mark."""
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def is_live() -> bool:
    """Whether our key is a live one: events of the other mode are not ours."""
    return config.secret(config.STRIPE_SECRET_KEY).strip().startswith(("sk_live", "rk_live"))


def _client() -> StripeClient:
    return _made(config.secret(config.STRIPE_SECRET_KEY).strip(), config.STRIPE_API_BASE.value.rstrip("/"))


@functools.lru_cache(maxsize=2)
def _made(key: str, base: str) -> StripeClient:
    import stripe

    address = urllib.parse.urlsplit(base)
    if address.scheme != "https" and not (config.in_emulator() and address.hostname in ("127.0.0.1", "localhost")):
        raise config.MissingSecret("STRIPE_API_BASE must be https")  # the key would travel in the clear
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
    )


@contextlib.contextmanager
def _asking(what: str) -> Iterator[StripeClient]:
    """Around every call: each of Stripe's errors as one of ours. Its words stay out of answers and logs."""
    client = _client()
    import stripe

    try:
        yield client
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            raise Missing(error.param or what) from error
        log.alert("stripe_refused_request", call=what, code=error.code or "", param=error.param or "")
        raise PaymentsUnavailable from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.alert("stripe_refuses_our_key", call=what)
        raise PaymentsUnavailable from error
    except stripe.StripeError as error:
        log.warning("stripe_unavailable", call=what, error=type(error).__name__)
        raise PaymentsUnavailable from error


def create_customer(uid: str, email: str | None, key: str) -> str:
    """The id of the customer that this idempotency key makes."""
    params: Any = {"metadata": {"uid": uid}, **({"email": email} if email else {})}
    with _asking("create_customer") as client:
        return client.v1.customers.create(params, {"idempotency_key": key}).id


def create_session(params: Mapping[str, Any], key: str) -> tuple[str, str]:
    """The id and address of the checkout session that this idempotency key makes. `Missing` names the parameter."""
    with _asking("create_session") as client:
        made = client.v1.checkout.sessions.create(dict(params), {"idempotency_key": key})  # type: ignore[arg-type]
        return made.id, made.url or ""


def expire_session(session_id: str) -> str:
    """Make sure that nobody can pay on it any more: the subscription that somebody has bought with it, or ""."""
    import stripe

    with _asking("expire_session") as client:
        try:
            client.v1.checkout.sessions.expire(session_id, options={"idempotency_key": f"expire:{session_id}"})
        except stripe.InvalidRequestError:
            found = client.v1.checkout.sessions.retrieve(session_id)
            return objects.reference(found.to_dict().get("subscription")) if found.status == "complete" else ""
        return ""


def create_portal(customer_id: str, return_url: str, key: str) -> str:
    """The address of the customer portal for this customer."""
    with _asking("create_portal") as client:
        made = client.v1.billing_portal.sessions.create(
            {"customer": customer_id, "return_url": return_url}, {"idempotency_key": key}
        )
        return made.url


def session(session_id: str) -> Session:
    """The session with what was paid, refunded and disputed on it. `Missing`."""
    with _asking("session") as client:
        expand = ["line_items", "payment_intent.latest_charge"]
        found = objects.session(client.v1.checkout.sessions.retrieve(session_id, {"expand": expand}).to_dict())
    return found if found.charge is None else found._replace(charge=_with_disputes(found.charge))


def _with_disputes(charge: Charge) -> Charge:
    if not charge.disputed:
        return charge
    with _asking("disputes") as client:
        found = client.v1.disputes.list({"charge": charge.id, "limit": PAGE}).data
    return charge._replace(disputes=tuple(objects.dispute(each.to_dict()) for each in found))


def intent(intent_id: str) -> tuple[str, str, Charge | None]:
    """What a payment intent paid: our order's id, or else the invoice's; and its charge. `Missing`."""
    with _asking("intent") as client:
        found = client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}).to_dict()
        order_id, invoice_id = objects.metadata(found, "orderId"), ""
        if not order_id:
            paid = client.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent_id}})
            invoice_id = next((objects.reference(each.to_dict()["invoice"]) for each in paid.data), "")
    latest = found.get("latest_charge")
    charge = _with_disputes(objects.charge(latest)) if isinstance(latest, dict) else None
    return order_id, invoice_id, charge


def invoice_subscription(invoice_id: str) -> str:
    """The subscription that an invoice is for, "" if for none. `Missing`."""
    with _asking("invoice") as client:
        found = client.v1.invoices.retrieve(invoice_id).to_dict()
    return objects.invoice_owner(found)


def subscription(subscription_id: str) -> tuple[Subscription, list[Invoice]]:
    """The subscription as it stands and its latest invoices, oldest first. `Missing`."""
    with _asking("subscription") as client:
        found = client.v1.subscriptions.retrieve(subscription_id, {"expand": ["customer"]}).to_dict()
        listed = client.v1.invoices.list(
            {"subscription": subscription_id, "limit": MAX_INVOICES, "expand": ["data.payments"]}
        )
    invoices = [objects.invoice(each.to_dict()) for each in listed.data if each.to_dict()["lines"]["data"]]
    return objects.subscription(found), sorted(invoices, key=lambda each: (each.created, each.id))


def price_plan(price_id: str) -> str:
    """A price's `metadata.planId`, "" if it has none. `Missing`."""
    with _asking("price") as client:
        return objects.metadata(client.v1.prices.retrieve(price_id).to_dict(), "planId")


def change_price(subscription_id: str, item_id: str, price_id: str, key: str) -> None:
    """Move to another price now. It is paid for at once, and takes effect only if that succeeds."""
    with _asking("change_price") as client:
        client.v1.subscriptions.update(
            subscription_id,
            {
                "items": [{"id": item_id, "price": price_id}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "pending_if_incomplete",
            },
            {"idempotency_key": key},
        )


def set_cancel_at_period_end(subscription_id: str, cancel: bool, key: str) -> None:
    with _asking("set_cancel_at_period_end") as client:
        client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": cancel}, {"idempotency_key": key})


def cancel_subscription(subscription_id: str) -> None:
    """End it now. It may have ended already."""
    with contextlib.suppress(Missing), _asking("cancel_subscription") as client:
        if client.v1.subscriptions.retrieve(subscription_id).status not in ("canceled", "incomplete_expired"):
            client.v1.subscriptions.cancel(subscription_id)


def refund(intent_id: str) -> None:
    """Give all of a payment back, once."""
    import stripe

    with _asking("refund") as client:
        try:
            client.v1.refunds.create({"payment_intent": intent_id}, {"idempotency_key": f"refund:{intent_id}"})
        except stripe.InvalidRequestError as error:
            if error.code != "charge_already_refunded":
                raise


def event(event_id: str) -> Event:
    """An event of the last 30 days. `Missing`."""
    with _asking("event") as client:
        return objects.event(client.v1.events.retrieve(event_id).to_dict())


def events(since: datetime) -> Iterator[list[Mapping[str, Any]]]:
    """Pages of what happened since then (Stripe keeps 30 days), of the types that we handle, newest first."""
    params = {"types": list(objects.EVENT_TYPES), "created": {"gte": int(since.timestamp())}}
    return _pages("events", lambda client: client.v1.events, params)


def sessions(since: datetime) -> Iterator[list[Session]]:
    """Pages of the checkout sessions since then that came to their end."""
    params = {"status": "complete", "created": {"gte": int(since.timestamp())}}
    for page in _pages("sessions", lambda client: client.v1.checkout.sessions, params):
        yield [objects.session(each) for each in page]


def subscription_ids(since: datetime) -> Iterator[Sequence[str]]:
    """Pages of the subscriptions made since then, whatever became of them."""
    params = {"status": "all", "created": {"gte": int(since.timestamp())}}
    for page in _pages("subscriptions", lambda client: client.v1.subscriptions, params):
        yield [str(each["id"]) for each in page]


def _pages(what: str, service: Any, params: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
    after: dict[str, str] = {}
    while True:
        with _asking(what) as client:
            listed = service(client).list({**params, **after, "limit": PAGE})
        page = [each.to_dict() for each in listed.data]
        yield page
        if not listed.has_more or not page:
            return
        after = {"starting_after": page[-1]["id"]}
