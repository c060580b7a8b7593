"""Reads Stripe's raw objects into the types of stripe_types.py. Pure.

Reading is strict: `BadShape` for an object that lacks what billing needs. It is written for API version
2026-10-28.endive. Fields that older versions keep elsewhere are read from both places, because an event has the API
version of the account that sent it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from studiox.kit.clock import UTC, datetime

from .stripe_types import (
    BadShape,
    Bill,
    Card,
    Charge,
    Dispute,
    Event,
    Invoice,
    Line,
    ListedEvent,
    Session,
    Subject,
    Subscription,
)

Data = Mapping[str, Any]
T = TypeVar("T")


def event(data: Data) -> Event:
    """An event of one of `EVENT_TYPES`. `BadShape`."""
    return read(_event, data)


def listed_event(data: Data) -> ListedEvent:
    return ListedEvent(identifier(data), data)


def event_type(data: Data) -> str:
    """The type of an event of any kind."""
    return str(data.get("type"))


def session(data: Data) -> Session:
    return read(_session, data)


def expanded_session(data: Data) -> Session:
    """A session whose payment intent was asked for whole. `BadShape` also if it came as its id."""
    expanded(data.get("payment_intent"))
    return session(data)


def session_subscription(data: Data) -> str:
    """Id of the subscription that the session has sold, "" if there is none."""
    return reference(data.get("subscription"))


def intent(data: Data) -> tuple[str, Charge | None]:
    """The order of a payment intent ("" if none), and its latest charge, which was asked for whole."""
    latest = expanded(data.get("latest_charge"))
    return metadata(data, "orderId"), None if latest is None else charge(latest)


def paid_invoice(data: Data) -> str:
    """Id of the invoice that an invoice payment is for."""
    return reference(data["invoice"])


def has_lines(data: Data) -> bool:
    """Whether an invoice has any lines."""
    return bool(data["lines"]["data"])


def subscription(data: Data) -> Subscription:
    return read(_subscription, data)


def invoice(data: Data) -> Invoice:
    return read(_invoice, data)


def invoice_owner(data: Data) -> str:
    """Id of the subscription that the invoice is for, "" if there is none."""
    return reference(_parent(data).get("subscription"))


def charge(data: Data) -> Charge:
    return read(_charge, data)


def dispute(data: Data) -> Dispute:
    return read(_dispute, data)


def metadata(data: Data, name: str) -> str:
    """A text of the object's metadata, "" if there is none."""
    value = (data.get("metadata") or {}).get(name, "")
    return value if isinstance(value, str) else ""


def identifier(data: Data) -> str:
    """The object's own id."""
    return str(data["id"])


def reference(value: Any) -> str:
    """The id of a field that holds an id or an expanded object; "" for null."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""


def expanded(value: Any) -> Data | None:
    """An object that we asked Stripe to expand; None for null. `BadShape` if Stripe sent its id alone."""
    if value is None or isinstance(value, Mapping):
        return value
    raise BadShape("an object that should be expanded is not")


def read(read: Callable[[Data], T], data: Data) -> T:
    try:
        return read(data)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise BadShape(f"{read.__name__.strip('_')}: {type(error).__name__}") from error


def _event(data: Data) -> Event:
    return Event(
        id=text(data["id"]),
        type=text(data["type"]),
        created=moment(data["created"]),
        livemode=_flag(data["livemode"]),
        account=data.get("account") or "",
        subject=_subject(text(data["type"]), data["data"]["object"]),
        unrefunded=metadata(data["data"]["object"], "endedSubscription") if data["type"] == "refund.failed" else "",
    )


def _subject(type_: str, about: Data) -> Subject | None:
    order_id, uid = metadata(about, "orderId"), metadata(about, "uid")
    match type_.split("."):
        case ["checkout", *_]:
            uid = about.get("client_reference_id") or uid
            if bought := reference(about.get("subscription")):
                return Subject("subscription", bought, order_id, uid)
            return Subject("session", text(about["id"]), order_id, uid)
        case ["customer", "subscription", _]:
            return Subject("subscription", text(about["id"]), "", uid)
        case ["invoice", _]:
            parent = _parent(about)
            owner = reference(parent.get("subscription"))
            if not owner:  # a pack's, or not ours
                return _paid_by("", order_id, uid)
            return Subject("subscription", owner, "", metadata(parent, "uid"))
        case ["payment_intent", _]:
            return _paid_by(text(about["id"]), order_id, uid)
        case ["charge" | "refund", *_]:
            text(about["id"])
            return _paid_by(reference(about.get("payment_intent")), order_id, uid)
    raise ValueError(type_)


def _paid_by(intent_id: str, order_id: str, uid: str) -> Subject | None:
    if order_id:
        return Subject("order", order_id, order_id, uid, intent_id)
    return Subject("intent", intent_id) if intent_id else None


def _parent(about: Data) -> Data:
    """Where an invoice names its subscription: before 2025-03-31 on the invoice itself."""
    old = {"subscription": about.get("subscription"), **(about.get("subscription_details") or {})}
    found: Data = (about.get("parent") or {}).get("subscription_details") or old
    return found


def _session(data: Data) -> Session:
    intent = data.get("payment_intent")
    paid = intent if isinstance(intent, Mapping) else {}
    latest = paid.get("latest_charge")
    lines = (data.get("line_items") or {}).get("data") or []
    return Session(
        id=text(data["id"]),
        mode=text(data["mode"]),
        status=data.get("status") or "",
        payment_status=text(data["payment_status"]),
        bill=_session_bill(data),
        quantity=sum(count(line["quantity"]) for line in lines) if lines else 1,
        order_id=metadata(data, "orderId"),
        uid=data.get("client_reference_id") or "",
        subscription_id=reference(data.get("subscription")),
        intent_id=reference(intent),
        intent_status=paid.get("status") or "",
        charge=None if latest is None else _charge(latest),
        url=data.get("url") or "",
        created=moment(data["created"]),
        invoice_url=_invoice_url(data.get("invoice")),
        saved_card=_saved_card(paid, latest),
    )


def _saved_card(intent: Data, charge: Any) -> Card | None:
    """The card of a payment that has saved it for later ones. Other ways to pay are not kept."""
    if intent.get("setup_future_usage") != "off_session" or not isinstance(charge, Mapping):
        return None
    card = (charge.get("payment_method_details") or {}).get("card")
    method = reference(charge.get("payment_method"))
    if not method or not isinstance(card, Mapping):
        return None
    return Card(method, card.get("brand") or "", card.get("last4") or "")


def _invoice_url(invoice: Any) -> str:
    """The page of an invoice that was asked for whole."""
    return (invoice.get("hosted_invoice_url") or "") if isinstance(invoice, Mapping) else ""


def _session_bill(data: Data) -> Bill:
    """Tax counts as on top of the price unless the session's breakdown, which must be expanded, says that it is not."""
    total = count(data.get("amount_total") or 0)
    details = data.get("total_details") or {}
    taxes = (details.get("breakdown") or {}).get("taxes") or ()
    included = sum(count(each["amount"]) for each in taxes if each["rate"]["inclusive"] is True)
    subtotal = data.get("amount_subtotal")
    return Bill(
        currency=data.get("currency") or "",
        subtotal=total if subtotal is None else count(subtotal),
        total=total,
        discount=count(details.get("amount_discount") or 0),
        tax=count(count(details.get("amount_tax") or 0) - included),
        tax_included=included,
    )


def _charge(data: Data) -> Charge:
    return Charge(
        id=text(data["id"]),
        amount=count(data["amount"]),
        refunded=count(data["amount_refunded"]),
        disputed=bool(data.get("disputed")),
        receipt_url=data.get("receipt_url") or "",
        card=_fingerprint(data.get("payment_method_details") or {}),
    )


def _fingerprint(paid_by: Data) -> str:
    """What Stripe knows the card or the bank account by. A wallet such as Link has none."""
    found = (paid_by.get(str(paid_by.get("type"))) or {}).get("fingerprint")
    return found if isinstance(found, str) else ""


def _dispute(data: Data) -> Dispute:
    state: Literal["inquiry", "open", "won", "lost"] = "open"
    # A closed inquiry and a prevented dispute took no money.
    if data["status"] in ("won", "warning_closed", "prevented"):
        state = "won"
    elif data["status"] == "lost":
        state = "lost"
    elif data["status"].startswith("warning_"):
        state = "inquiry"
    return Dispute(text(data["id"]), count(data["amount"]), state)


def _subscription(data: Data) -> Subscription:
    item = data["items"]["data"][0]
    price = item["price"]
    customer = data["customer"]
    owner = metadata(data, "uid") or (metadata(customer, "uid") if isinstance(customer, Mapping) else "")
    trial_end = data.get("trial_end")
    return Subscription(
        id=text(data["id"]),
        uid=owner,
        customer_id=reference(customer),
        status=text(data["status"]),
        price_id=text(price["id"]),
        plan_id=metadata(price, "planId"),
        amount=price_in(price, data.get("currency") or ""),
        item_id=text(item["id"]),
        # Before 2025-03-31 the period was a field of the subscription.
        period_start=moment(
            item["current_period_start"] if "current_period_start" in item else data["current_period_start"]
        ),
        period_end=moment(item["current_period_end"] if "current_period_end" in item else data["current_period_end"]),
        cancel_at_period_end=bool(data.get("cancel_at_period_end")) or data.get("cancel_at") is not None,
        created=moment(data["created"]),
        trial_end=None if trial_end is None else moment(trial_end),
        currency=data.get("currency") or "",
        allows=tuple(metadata(data, "allows").split()),
    )


def price_in(price: Data, currency: str) -> int | None:
    """A price's amount in the currency; None if Stripe does not say it. Other currencies must be asked for."""
    if currency in ("", price.get("currency", currency)):
        amount = price.get("unit_amount")
    else:
        amount = ((price.get("currency_options") or {}).get(currency) or {}).get("unit_amount")
    return None if amount is None else count(amount)


def _invoice(data: Data) -> Invoice:
    lines = tuple(_line(each) for each in data["lines"]["data"])
    payments = (data.get("payments") or {}).get("data") or []
    bill = _invoice_bill(data, lines)
    return Invoice(
        id=text(data["id"]),
        status=data.get("status") or "draft",
        amount=count(max(0, data.get("amount_due") or 0)),
        paid=count(data["amount_paid"]),
        currency=text(data["currency"]),
        attempts=count(data.get("attempt_count") or 0),
        created=moment(data["created"]),
        lines=lines,
        period_end=max(line.period_end for line in lines),
        url=data.get("hosted_invoice_url") or "",
        intent_id=next(filter(None, (reference(each["payment"].get("payment_intent")) for each in payments)), ""),
        total=bill.total - bill.tax,
        reason=data.get("billing_reason") or "",
        bill=bill,
        balance=_whole(data.get("starting_balance") or 0),
    )


def _line(data: Data) -> Line:
    about = (data.get("parent") or {}).get("subscription_item_details") or {}
    whole = about.get("proration") is False
    return Line(_price_of(data), _whole(data["amount"]), moment(data["period"]["end"]), whole)


def _invoice_bill(data: Data, lines: tuple[Line, ...]) -> Bill:
    """The lines' amounts are before discounts; `subtotal` is not, where an item of the subscription has its own."""
    subtotal = sum(line.amount for line in lines)
    if data["lines"].get("has_more") is True:
        subtotal = _whole(data["subtotal"])
    total = data.get("total")
    taxes = [(each["amount"], each.get("tax_behavior") == "exclusive") for each in data.get("total_taxes") or ()]
    # Before 2025-03-31 this field had another name.
    taxes += [(each["amount"], each.get("inclusive") is False) for each in data.get("total_tax_amounts") or ()]
    discount = sum(_whole(each["amount"]) for each in data.get("total_discount_amounts") or ())
    tax = sum(_whole(amount) for amount, on_top in taxes if on_top)
    return Bill(
        currency=text(data["currency"]),
        subtotal=subtotal,
        total=subtotal - discount + tax if total is None else _whole(total),
        discount=discount,
        tax=tax,
        tax_included=sum(_whole(amount) for amount, on_top in taxes if not on_top),
    )


def _price_of(line: Data) -> str:
    new = ((line.get("pricing") or {}).get("price_details") or {}).get("price")
    return reference(new if new is not None else line.get("price"))


def text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("expected text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("expected true or false")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("expected a whole number")
    return value


def count(value: Any) -> int:
    if _whole(value) < 0:
        raise TypeError("expected a number that is not negative")
    return int(value)


def moment(value: Any) -> datetime:
    return datetime.fromtimestamp(count(value), UTC)
