"""Calls to Stripe (https://stripe.com) by stripe_client.py; stripe_objects.py reads its objects.

A missing object (deleted, or of the other mode) is not a failure: each function documents its return value for it.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from studiox.kit import config, log
from studiox.kit.clock import datetime

from . import stripe_objects as objects
from .stripe_client import PAGE, find, pages, translated_errors
from .stripe_client import PaymentsUnavailable as PaymentsUnavailable
from .stripe_types import ENDED, EVENT_TYPES, Charge, Event, Invoice, ListedEvent, Session, Subscription

if TYPE_CHECKING:
    from stripe import StripeClient

MAX_SKEW_S = 300
MAX_SIGNATURE_HEADER = 4096
MAX_INVOICE_PAGES = 10


class Paid(NamedTuple):
    """What a payment intent paid: our order, or a subscription's invoice. The other id is empty."""

    order_id: str
    invoice_id: str
    charge: Charge | None


def is_signed(body: bytes, header: str, now: datetime) -> bool:
    """Whether Stripe signed these bytes within 300 s of `now`, before or after, with one of our webhook secrets.

    STRIPE_WEBHOOK_SECRET may hold several secrets, comma-separated, while one is being replaced.
    `MissingSecret` if it holds none.
    """
    secrets = config.listed(config.STRIPE_WEBHOOK_SECRET)
    if not secrets:
        raise config.MissingSecret(config.STRIPE_WEBHOOK_SECRET.name)
    # The SDK compares signatures as text, and its comparison raises TypeError for text that is not ASCII.
    if not header.isascii():
        return False
    header = header[:MAX_SIGNATURE_HEADER]
    return any(_verifies(body, header, secret) for secret in secrets) and _is_recent(header, now)


def _verifies(body: bytes, header: str, secret: str) -> bool:
    """Whether the SDK accepts the signature, of whatever time."""
    import stripe

    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None))
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False


def _is_recent(header: str, now: datetime) -> bool:
    """Whether a header that the SDK accepts is dated within MAX_SKEW_S of `now`.

    The SDK refuses only times in the past, so a signature that is dated ahead would be valid until then and longer.
    It signs over the header's first `t`.
    """
    stamp = next(item for item in header.split(",") if item.startswith("t=")).split("=")[1]
    return now.timestamp() - MAX_SKEW_S <= int(stamp) <= now.timestamp() + MAX_SKEW_S


def parse_event(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object of a webhook's body; None if it is not one, or not in plain UTF-8."""
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def is_live() -> bool:
    """Whether our key is of live mode. Events of the other mode are not ours."""
    return config.secret(config.STRIPE_SECRET_KEY).strip().startswith(("sk_live", "rk_live"))


def create_customer(uid: str, email: str | None, key: str) -> str:
    """Create a customer: its id. The same key returns the same customer."""
    params: Any = {"metadata": {"uid": uid}, **({"email": email} if email else {})}
    with translated_errors("create_customer") as client:
        return client.v1.customers.create(params, {"idempotency_key": key}).id


def set_locale(customer_id: str, locale: str) -> None:
    """Set the language of the customer's invoices, receipts and mails. Does nothing if the customer is missing."""
    with translated_errors("set_locale") as client:
        find(lambda: client.v1.customers.update(customer_id, {"preferred_locales": [locale]}))


def create_session(params: Mapping[str, Any], key: str) -> tuple[str, str] | None:
    """Create a checkout session: its id and address. The same key returns the same session.

    None if the customer is missing.
    """
    with translated_errors("create_session") as client, _price_errors():
        sessions = client.v1.checkout.sessions
        made = find(lambda: sessions.create(dict(params), {"idempotency_key": key}), "customer")  # type: ignore[arg-type]
    return None if made is None else (made.id, made.url or "")


@contextlib.contextmanager
def _price_errors() -> Iterator[None]:
    """Around calls that name a plan's price. Alerts if it is missing: the catalogue is wrong."""
    import stripe

    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing" or "price" not in (error.param or ""):
            raise
        log.alert("plan_price_missing", param=error.param)
        raise PaymentsUnavailable from error


def expire_session(session_id: str) -> str:
    """Expire a checkout session, so that it cannot be paid: "", or the id of the subscription if it was paid before.

    A missing session counts as expired.
    """
    import stripe

    with translated_errors("expire_session") as client:
        sessions = client.v1.checkout.sessions
        try:
            sessions.expire(session_id, options={"idempotency_key": f"expire:{session_id}"})
        except stripe.InvalidRequestError:
            found = find(lambda: sessions.retrieve(session_id))
            is_paid = found is not None and found.status == "complete"
            return objects.session_subscription(found.to_dict()) if found is not None and is_paid else ""
        return ""


def create_portal(customer_id: str, return_url: str, locale: str, key: str) -> str | None:
    """The address of the customer portal for this customer; None if the customer is missing."""
    with translated_errors("create_portal") as client:
        portals = client.v1.billing_portal.sessions
        params: Any = {"customer": customer_id, "return_url": return_url, "locale": locale}
        made = find(lambda: portals.create(params, {"idempotency_key": key}), "customer")
    return None if made is None else made.url


def session(session_id: str) -> Session | None:
    """The session with its payment, refunds and disputes; None if it is missing. `BadShape`."""
    with translated_errors("session") as client:
        expand = ["line_items", "payment_intent.latest_charge", "total_details.breakdown", "invoice"]
        got = find(lambda: client.v1.checkout.sessions.retrieve(session_id, {"expand": expand}))
    if got is None:
        return None
    found = objects.expanded_session(got.to_dict())
    return found if found.charge is None else found._replace(charge=with_disputes(found.charge))


def with_disputes(charge: Charge) -> Charge:
    if not charge.disputed:
        return charge
    with translated_errors("disputes") as client:
        found = client.v1.disputes.list({"charge": charge.id, "limit": PAGE}).data
    return charge._replace(disputes=tuple(objects.dispute(each.to_dict()) for each in found))


def intent(intent_id: str) -> Paid | None:
    """What a payment intent paid, and its charge; None if there is no such payment intent. `BadShape`."""
    with translated_errors("intent") as client:
        got = find(lambda: client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}))
        if got is None:
            return None
        order_id, charge = objects.intent(got.to_dict())
        invoice_id = ""
        if not order_id:
            paid = client.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent_id}})
            invoice_id = next((objects.paid_invoice(each.to_dict()) for each in paid.data), "")
    return Paid(order_id, invoice_id, None if charge is None else with_disputes(charge))


def card_of(charge_id: str) -> str:
    """The fingerprint of the card that paid a charge; "" if it has none, or the charge is missing. `BadShape`."""
    with translated_errors("charge") as client:
        found = find(lambda: client.v1.charges.retrieve(charge_id))
    return "" if found is None else objects.charge(found.to_dict()).card


def cards_of(customer_id: str) -> set[str]:
    """The fingerprints of the cards that the customer's newest 100 charges were made to. `BadShape`."""
    listed = next(pages("charges", "/v1/charges", {"customer": customer_id}))
    return {objects.charge(each).card for each in listed} - {""}


def invoice_subscription(invoice_id: str) -> str:
    """Id of the subscription that an invoice is for; "" if there is none, or the invoice is missing."""
    with translated_errors("invoice") as client:
        found = find(lambda: client.v1.invoices.retrieve(invoice_id))
    return "" if found is None else objects.invoice_owner(found.to_dict())


def invoice(invoice_id: str) -> Invoice | None:
    """An invoice of any age; None if it is missing. `BadShape`."""
    with translated_errors("invoice") as client:
        found = find(lambda: client.v1.invoices.retrieve(invoice_id, {"expand": ["payments"]}))
    return None if found is None else objects.invoice(found.to_dict())


def subscription(subscription_id: str) -> Subscription | None:
    """The subscription's current state; None if it is missing. `BadShape`."""
    expand = ["customer", "items.data.price.currency_options"]
    with translated_errors("subscription") as client:
        found = find(lambda: client.v1.subscriptions.retrieve(subscription_id, {"expand": expand}))
    return None if found is None else objects.subscription(found.to_dict())


def invoices(subscription_id: str, since: datetime | None = None) -> list[Invoice]:
    """The subscription's invoices created since then, oldest first; the newest 1,000 if there are more. `BadShape`."""
    params: dict[str, Any] = {"subscription": subscription_id, "expand": ["data.payments"]}
    if since is not None:
        params["created"] = {"gte": int(since.timestamp())}
    listed = itertools.islice(pages("invoices", "/v1/invoices", params), MAX_INVOICE_PAGES)
    found = [objects.invoice(each) for page in listed for each in page if objects.has_lines(each)]
    return sorted(found, key=lambda each: (each.created, each.id))


def price(price_id: str, currency: str) -> tuple[str, int]:
    """A price's `metadata.planId` ("" if it has none) and its amount in the currency; ("", 0) if it is missing."""
    with translated_errors("price") as client:
        found = find(lambda: client.v1.prices.retrieve(price_id, {"expand": ["currency_options"]}))
    if found is None:
        return "", 0
    data = found.to_dict()
    return objects.metadata(data, "planId"), objects.price_in(data, currency) or 0


class PriceChange(NamedTuple):
    """A change of a subscription's price, prorated from `at`, or from when Stripe makes it. It is invoiced at once."""

    subscription_id: str
    item_id: str
    price_id: str
    at: datetime | None = None

    def params(self) -> dict[str, Any]:
        date = {"proration_date": int(self.at.timestamp())} if self.at is not None else {}
        return {"items": self.items(), "proration_behavior": "always_invoice", **date}

    def items(self) -> list[dict[str, str]]:
        return [{"id": self.item_id, "price": self.price_id}]


def change_price(change: PriceChange, key: str) -> bool:
    """Change the price. The change applies once the difference is paid.

    False if the subscription has ended or is missing.
    """
    params = {**change.params(), "payment_behavior": "pending_if_incomplete"}
    return _change_subscription("change_price", change.subscription_id, params, key)


def preview_change(change: PriceChange) -> Invoice | None:
    """The invoice of the change; as `preview_renewal` if there is nothing to prorate. `BadShape`."""
    return _preview("preview_change", change.subscription_id, change.params())


def preview_renewal(change: PriceChange) -> Invoice | None:
    """The next period's invoice after the change. `BadShape`.

    None if there will be none, also because the subscription has ended or is missing.
    """
    details = {"items": change.items(), "proration_behavior": "none"}
    return _preview("preview_renewal", change.subscription_id, details)


def _preview(what: str, subscription_id: str, details: Mapping[str, Any]) -> Invoice | None:
    """A change undoes a scheduled cancellation, so every preview does."""
    import stripe

    params: Any = {"subscription": subscription_id, "subscription_details": {**details, "cancel_at_period_end": False}}
    with translated_errors(what) as client, _price_errors():
        try:
            data = client.v1.invoices.create_preview(params).to_dict()
        except stripe.InvalidRequestError as error:
            if error.code != "invoice_upcoming_none" and _exists(client, subscription_id):
                raise
            return None
    return objects.invoice(data) if objects.has_lines(data) else None


def set_cancel_at_period_end(subscription_id: str, cancel: bool, key: str) -> bool:
    """Schedule the cancellation, or undo it. False if the subscription has ended or is missing."""
    return _change_subscription("set_cancel_at_period_end", subscription_id, {"cancel_at_period_end": cancel}, key)


def _change_subscription(what: str, subscription_id: str, params: Any, key: str) -> bool:
    """Whether there was a subscription to change. Stripe has several errors for one that has ended."""
    import stripe

    with translated_errors(what) as client, _price_errors():
        try:
            client.v1.subscriptions.update(subscription_id, params, {"idempotency_key": key})
        except stripe.InvalidRequestError:
            if _exists(client, subscription_id):
                raise
            return False
    return True


def _exists(client: StripeClient, subscription_id: str) -> bool:
    found = find(lambda: client.v1.subscriptions.retrieve(subscription_id))
    return found is not None and found.status not in ENDED


def cancel_subscription(subscription_id: str) -> None:
    """Cancel the subscription now. Does nothing if it has ended or is missing."""
    import stripe

    with translated_errors("cancel_subscription") as client:
        if not _exists(client, subscription_id):
            return
        try:
            client.v1.subscriptions.cancel(subscription_id)
        except stripe.InvalidRequestError:
            if _exists(client, subscription_id):
                raise


def refund(intent_id: str, ended_subscription: str) -> None:
    """Refund the whole payment of a subscription that we ended. Does nothing if it was refunded before or is missing.

    The refund carries the subscription's id, so that the event names it if the bank refuses the refund.
    """
    import stripe

    with translated_errors("refund") as client:
        try:
            client.v1.refunds.create(
                {"payment_intent": intent_id, "metadata": {"endedSubscription": ended_subscription}},
                {"idempotency_key": f"refund:{ended_subscription}:{intent_id}"},
            )
        except stripe.InvalidRequestError as error:
            if error.code not in ("charge_already_refunded", "resource_missing"):
                raise


def event(event_id: str) -> Event | None:
    """An event of the last 30 days; None if it is missing. `BadShape`."""
    with translated_errors("event") as client:
        found = find(lambda: client.v1.events.retrieve(event_id))
    return None if found is None else objects.event(found.to_dict())


def events(since: datetime) -> Iterator[list[ListedEvent]]:
    """Pages of the events of EVENT_TYPES since then, newest first. Stripe keeps events for 30 days."""
    params = {"types": list(EVENT_TYPES), "created": {"gte": int(since.timestamp())}}
    for page in pages("events", "/v1/events", params):
        yield [objects.listed_event(each) for each in page]


def sessions(since: datetime) -> Iterator[list[Session]]:
    """Pages of the checkout sessions created since then that are complete. `BadShape`."""
    params = {"status": "complete", "created": {"gte": int(since.timestamp())}}
    for page in pages("sessions", "/v1/checkout/sessions", params):
        yield [objects.session(each) for each in page]


def subscription_ids(since: datetime) -> Iterator[Sequence[str]]:
    """Pages of ids of the subscriptions created since then, in any state."""
    params = {"status": "all", "created": {"gte": int(since.timestamp())}}
    for page in pages("subscriptions", "/v1/subscriptions", params):
        yield [objects.identifier(each) for each in page]
