"""Stripe (https://stripe.com): the only place that calls it. Its objects are read in stripe_objects.py.

Each call has a timeout and two retries, which an idempotency key makes safe; what Stripe cannot do now becomes
`PaymentsUnavailable`. An object that Stripe does not have (deleted, of the other mode) is no error: each function's
type says what it answers then, so that every caller decides what it means. The SDK is loaded at the first call.
"""

from __future__ import annotations

import contextlib
import hmac
import itertools
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from studiox.kit import config, log
from studiox.kit.clock import datetime
from studiox.kit.errors import StudioxError
from studiox.kit.process import memoized

from . import stripe_objects as objects
from .stripe_types import ENDED, EVENT_TYPES, Charge, Event, Invoice, ListedEvent, Session, Subscription

if TYPE_CHECKING:
    from stripe import StripeClient

T = TypeVar("T")

API_VERSION = "2026-10-28.endive"
TIMEOUT_S = 10.0
RETRIES = 2
MAX_SKEW_S = 300
PAGE = 100
MAX_INVOICE_PAGES = 10


class PaymentsUnavailable(StudioxError):
    """Stripe does not answer, or does not take our request; nothing happened."""

    code = "unavailable"
    text = "Payments are not available now; try again later."


class Paid(NamedTuple):
    """What a payment intent paid: our order, or else a subscription's invoice."""

    order_id: str
    invoice_id: str
    charge: Charge | None


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


@memoized(2)
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


def _present(ask: Callable[[], T], *params: str) -> T | None:
    """What is asked for; None if Stripe has no such object, or none of those that these parameters name."""
    import stripe

    try:
        return ask()
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing" and (not params or error.param in params):
            return None
        raise


def create_session(params: Mapping[str, Any], key: str) -> tuple[str, str] | None:
    """The id and address of the checkout session that this idempotency key makes; None: the customer is gone."""
    with _asking("create_session") as client, _selling():
        sessions = client.v1.checkout.sessions
        made = _present(lambda: sessions.create(dict(params), {"idempotency_key": key}), "customer")  # type: ignore[arg-type]
    return None if made is None else (made.id, made.url or "")


@contextlib.contextmanager
def _selling() -> Iterator[None]:
    """Around what names a plan's price. One that Stripe does not have is a mistake in the catalogue."""
    import stripe

    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing" or "price" not in (error.param or ""):
            raise
        log.alert("plan_price_missing", param=error.param)
        raise PaymentsUnavailable from error


def expire_session(session_id: str) -> str:
    """Make sure that nobody can pay on it any more: the subscription that somebody has bought with it, or "".

    A session that Stripe does not have is closed.
    """
    import stripe

    with _asking("expire_session") as client:
        sessions = client.v1.checkout.sessions
        try:
            sessions.expire(session_id, options={"idempotency_key": f"expire:{session_id}"})
        except stripe.InvalidRequestError:
            found = _present(lambda: sessions.retrieve(session_id))
            bought = found is not None and found.status == "complete"
            return objects.reference(found.to_dict().get("subscription")) if found is not None and bought else ""
        return ""


def create_portal(customer_id: str, return_url: str, key: str) -> str | None:
    """The address of the customer portal for this customer; None if the customer is gone."""
    with _asking("create_portal") as client:
        portals = client.v1.billing_portal.sessions
        params: Any = {"customer": customer_id, "return_url": return_url}
        made = _present(lambda: portals.create(params, {"idempotency_key": key}), "customer")
    return None if made is None else made.url


def session(session_id: str) -> Session | None:
    """The session with what was paid, refunded and disputed on it."""
    with _asking("session") as client:
        expand = ["line_items", "payment_intent.latest_charge"]
        got = _present(lambda: client.v1.checkout.sessions.retrieve(session_id, {"expand": expand}))
    if got is None:
        return None
    data = got.to_dict()
    objects.expanded(data.get("payment_intent"))
    found = objects.session(data)
    return found if found.charge is None else found._replace(charge=_with_disputes(found.charge))


def _with_disputes(charge: Charge) -> Charge:
    if not charge.disputed:
        return charge
    with _asking("disputes") as client:
        found = client.v1.disputes.list({"charge": charge.id, "limit": PAGE}).data
    return charge._replace(disputes=tuple(objects.dispute(each.to_dict()) for each in found))


def intent(intent_id: str) -> Paid | None:
    """What a payment intent paid, and its charge."""
    with _asking("intent") as client:
        got = _present(lambda: client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}))
        if got is None:
            return None
        found = got.to_dict()
        order_id, invoice_id = objects.metadata(found, "orderId"), ""
        if not order_id:
            paid = client.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent_id}})
            invoice_id = next((objects.reference(each.to_dict()["invoice"]) for each in paid.data), "")
    latest = objects.expanded(found.get("latest_charge"))
    charge = None if latest is None else _with_disputes(objects.charge(latest))
    return Paid(order_id, invoice_id, charge)


def invoice_subscription(invoice_id: str) -> str:
    """The subscription that an invoice is for, "" if for none, and if there is no such invoice."""
    with _asking("invoice") as client:
        found = _present(lambda: client.v1.invoices.retrieve(invoice_id))
    return "" if found is None else objects.invoice_owner(found.to_dict())


def invoice(invoice_id: str) -> Invoice | None:
    """One invoice, however old."""
    with _asking("invoice") as client:
        found = _present(lambda: client.v1.invoices.retrieve(invoice_id, {"expand": ["payments"]}))
    return None if found is None else objects.invoice(found.to_dict())


def subscription(subscription_id: str) -> Subscription | None:
    """The subscription as it stands."""
    with _asking("subscription") as client:
        found = _present(lambda: client.v1.subscriptions.retrieve(subscription_id, {"expand": ["customer"]}))
    return None if found is None else objects.subscription(found.to_dict())


def invoices(subscription_id: str, since: datetime | None = None) -> list[Invoice]:
    """The subscription's invoices made since then, oldest first; where there are more than 1,000, the newest."""
    params: dict[str, Any] = {"subscription": subscription_id, "expand": ["data.payments"]}
    if since is not None:
        params["created"] = {"gte": int(since.timestamp())}
    pages = itertools.islice(_pages("invoices", lambda client: client.v1.invoices, params), MAX_INVOICE_PAGES)
    made = [objects.invoice(each) for page in pages for each in page if each["lines"]["data"]]
    return sorted(made, key=lambda each: (each.created, each.id))


def price(price_id: str) -> tuple[str, int]:
    """A price's `metadata.planId` ("" if it has none, and if there is no such price) and its amount."""
    with _asking("price") as client:
        found = _present(lambda: client.v1.prices.retrieve(price_id))
    if found is None:
        return "", 0
    return objects.metadata(found.to_dict(), "planId"), found.unit_amount or 0


def change_price(subscription_id: str, item_id: str, price_id: str, key: str) -> bool:
    """Move to another price now. It is paid for at once, and takes effect only if that succeeds.

    False if the subscription has ended, or Stripe does not have it.
    """
    params = {
        "items": [{"id": item_id, "price": price_id}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    return _change_subscription("change_price", subscription_id, params, key)


def set_cancel_at_period_end(subscription_id: str, cancel: bool, key: str) -> bool:
    """False if the subscription has ended, or Stripe does not have it."""
    return _change_subscription("set_cancel_at_period_end", subscription_id, {"cancel_at_period_end": cancel}, key)


def _change_subscription(what: str, subscription_id: str, params: Any, key: str) -> bool:
    """Whether there was a subscription to change. Stripe refuses the change of one that has ended in several ways."""
    import stripe

    with _asking(what) as client, _selling():
        try:
            client.v1.subscriptions.update(subscription_id, params, {"idempotency_key": key})
        except stripe.InvalidRequestError:
            if _stands(client, subscription_id):
                raise
            return False
    return True


def _stands(client: StripeClient, subscription_id: str) -> bool:
    found = _present(lambda: client.v1.subscriptions.retrieve(subscription_id))
    return found is not None and found.status not in ENDED


def cancel_subscription(subscription_id: str) -> None:
    """End it now. It may have ended already, or never have been."""
    import stripe

    with _asking("cancel_subscription") as client:
        if not _stands(client, subscription_id):
            return
        try:
            client.v1.subscriptions.cancel(subscription_id)
        except stripe.InvalidRequestError:
            if _stands(client, subscription_id):
                raise


def refund(intent_id: str) -> None:
    """Give all of a payment back, once. One that Stripe does not have is not to be given back."""
    import stripe

    with _asking("refund") as client:
        try:
            client.v1.refunds.create({"payment_intent": intent_id}, {"idempotency_key": f"refund:{intent_id}"})
        except stripe.InvalidRequestError as error:
            if error.code not in ("charge_already_refunded", "resource_missing"):
                raise


def event(event_id: str) -> Event | None:
    """An event of the last 30 days."""
    with _asking("event") as client:
        found = _present(lambda: client.v1.events.retrieve(event_id))
    return None if found is None else objects.event(found.to_dict())


def events(since: datetime) -> Iterator[list[ListedEvent]]:
    """Pages of the events of EVENT_TYPES since then, newest first. Stripe keeps events for 30 days."""
    params = {"types": list(EVENT_TYPES), "created": {"gte": int(since.timestamp())}}
    for page in _pages("events", lambda client: client.v1.events, params):
        yield [objects.listed_event(each) for each in page]


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
