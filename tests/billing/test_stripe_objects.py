"""Reading Stripe's objects, field by field: today's places, older ones, absent ones, and shapes that are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from studiox.integrations import stripe_objects
from studiox.integrations.stripe_types import (
    BadShape,
    Bill,
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

AT = 1_772_366_400
TIME = datetime.fromtimestamp(AT, UTC)
LATER = datetime.fromtimestamp(AT + 60, UTC)
MINE = {"orderId": "o1", "uid": "u1"}

CHARGE = {"id": "ch1", "amount": 900, "amount_refunded": 100, "disputed": True, "receipt_url": "https://r"}
DISPUTE = {"id": "du1", "amount": 0, "status": "needs_response"}
SESSION = {
    "id": "cs1", "mode": "payment", "status": "complete", "payment_status": "paid", "amount_total": 900,
    "currency": "usd", "line_items": {"data": [{"quantity": 2}, {"quantity": 3}]}, "metadata": MINE,
    "client_reference_id": "u2", "subscription": "sub1", "url": "https://c", "created": AT,
    "payment_intent": {"id": "pi1", "status": "succeeded", "latest_charge": CHARGE},
}  # fmt: skip
ITEM = {
    "id": "si1", "price": {"id": "price1", "unit_amount": 900, "metadata": {"planId": "pro"}},
    "current_period_start": AT, "current_period_end": AT + 60,
}  # fmt: skip
SUBSCRIPTION = {
    "id": "sub1", "metadata": MINE, "customer": "cus1", "status": "active", "items": {"data": [ITEM]},
    "cancel_at_period_end": False, "cancel_at": None, "created": AT, "trial_end": AT + 60,
}  # fmt: skip
LINE = {"amount": 900, "period": {"end": AT}, "pricing": {"price_details": {"price": "price1"}}}
INVOICE = {
    "id": "in1", "status": "paid", "amount_due": 900, "amount_paid": 800, "currency": "usd", "attempt_count": 2,
    "created": AT, "lines": {"data": [LINE, {**LINE, "amount": -100, "period": {"end": AT + 60}}]},
    "payments": {"data": [{"payment": {}}, {"payment": {"payment_intent": "pi1"}}]}, "hosted_invoice_url": "https://i",
    "total": 820, "billing_reason": "subscription_cycle",
    "total_taxes": [{"amount": 15, "tax_behavior": "exclusive"}, {"amount": 7, "tax_behavior": "inclusive"}],
}  # fmt: skip


def test_a_charge() -> None:
    assert stripe_objects.charge(CHARGE) == Charge("ch1", 900, 100, True, "https://r")
    least = {"id": "ch1", "amount": 0, "amount_refunded": 0}
    assert stripe_objects.charge(least) == Charge("ch1", 0, 0, False, "")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("won", "won"), ("warning_closed", "won"), ("prevented", "won"), ("lost", "lost"),
        ("warning_needs_response", "inquiry"), ("warning_under_review", "inquiry"),
        ("needs_response", "open"), ("under_review", "open"), ("new", "open"),
    ],
)  # fmt: skip
def test_a_dispute(status: str, state: Any) -> None:
    assert stripe_objects.dispute({**DISPUTE, "status": status}) == Dispute("du1", 0, state)


def test_a_session() -> None:
    charge = Charge("ch1", 900, 100, True, "https://r")
    read = Session(
        id="cs1", mode="payment", status="complete", payment_status="paid", bill=Bill("usd", 900, 900), quantity=5,
        order_id="o1", uid="u2", subscription_id="sub1", intent_id="pi1", intent_status="succeeded", charge=charge,
        url="https://c", created=TIME,
    )  # fmt: skip
    assert stripe_objects.session(SESSION) == stripe_objects.expanded_session(SESSION) == read
    least = {"id": "cs1", "mode": "payment", "payment_status": "unpaid", "created": 0, "payment_intent": "pi1"}
    bare = Session(
        id="cs1", mode="payment", status="", payment_status="unpaid", bill=Bill("", 0, 0), quantity=1, order_id="",
        uid="", subscription_id="", intent_id="pi1", intent_status="", charge=None, url="",
        created=datetime(1970, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert stripe_objects.session(least) == bare
    with pytest.raises(BadShape):
        stripe_objects.expanded_session(least)
    assert stripe_objects.expanded_session({**least, "payment_intent": None}) == bare._replace(intent_id="")
    assert stripe_objects.session_subscription(SESSION) == "sub1"
    assert stripe_objects.session_subscription(least) == ""


TOP = {"amount": 70, "rate": {"inclusive": False}}
PART = {"amount": 30, "rate": {"inclusive": True}}


@pytest.mark.parametrize(
    ("fields", "bill"),
    [
        ({}, Bill("usd", 900, 900)),
        ({"amount_subtotal": 1000}, Bill("usd", 1000, 900)),
        ({"amount_subtotal": 0, "amount_total": 0}, Bill("usd", 0, 0)),
        ({"total_details": None}, Bill("usd", 900, 900)),
        ({"total_details": {"amount_discount": 100, "amount_tax": 0}}, Bill("usd", 900, 900, discount=100)),
        ({"total_details": {"amount_tax": 100, "breakdown": None}}, Bill("usd", 900, 900, tax=100)),
        ({"total_details": {"amount_tax": 100, "breakdown": {"taxes": [TOP, PART]}}},
         Bill("usd", 900, 900, tax=70, tax_included=30)),
        ({"total_details": {"amount_tax": 30, "breakdown": {"taxes": [PART]}}}, Bill("usd", 900, 900, tax_included=30)),
    ],
)  # fmt: skip
def test_a_sessions_bill(fields: dict[str, Any], bill: Bill) -> None:
    """Tax is on top of the price unless the breakdown says that the price includes it."""
    assert stripe_objects.session({**SESSION, **fields}).bill == bill


def test_a_payment_intent() -> None:
    charge = Charge("ch1", 900, 100, True, "https://r")
    assert stripe_objects.intent({"metadata": MINE, "latest_charge": CHARGE}) == ("o1", charge)
    assert stripe_objects.intent({"latest_charge": None}) == ("", None)
    with pytest.raises(BadShape):
        stripe_objects.intent({"latest_charge": "ch1"})


def test_a_subscription() -> None:
    read = Subscription(
        id="sub1", uid="u1", customer_id="cus1", status="active", price_id="price1", plan_id="pro", amount=900,
        item_id="si1", period_start=TIME, period_end=LATER, cancel_at_period_end=False, created=TIME, trial_end=LATER,
    )  # fmt: skip
    assert stripe_objects.subscription(SUBSCRIPTION) == read
    item = {"id": "si1", "price": {"id": "price1"}}
    old = {**SUBSCRIPTION, "items": {"data": [item]}, "current_period_start": AT, "current_period_end": AT + 60}
    assert stripe_objects.subscription(old) == read._replace(plan_id="", amount=None)
    two = {**SUBSCRIPTION, "items": {"data": [ITEM, {**ITEM, "id": "si2"}]}}
    assert stripe_objects.subscription(two) == read
    both = {**SUBSCRIPTION, "current_period_start": 0, "current_period_end": 0, "trial_end": None}
    assert stripe_objects.subscription(both) == read._replace(trial_end=None)
    for ends in ({"cancel_at_period_end": True}, {"cancel_at": AT}, {"cancel_at": 0}):
        assert stripe_objects.subscription({**SUBSCRIPTION, **ends}).cancel_at_period_end is True


@pytest.mark.parametrize(
    ("metadata", "customer", "uid"),
    [(MINE, {"id": "cus1", "metadata": {"uid": "u9"}}, "u1"), ({}, {"id": "cus1", "metadata": {"uid": "u9"}}, "u9")]
    + [({}, "cus1", ""), (None, {"id": "cus1"}, "")],
)
def test_a_subscription_names_its_user_or_its_customer_does(metadata: Any, customer: Any, uid: str) -> None:
    read = stripe_objects.subscription({**SUBSCRIPTION, "metadata": metadata, "customer": customer})
    assert (read.uid, read.customer_id) == (uid, "cus1")


def test_an_invoice() -> None:
    lines = (Line("price1", 900, TIME), Line("price1", -100, LATER))
    assert stripe_objects.invoice(INVOICE) == Invoice(
        id="in1", status="paid", amount=900, paid=800, currency="usd", attempts=2, created=TIME, lines=lines,
        period_end=LATER, url="https://i", intent_id="pi1", total=805, reason="subscription_cycle",
        bill=Bill("usd", 800, 820, tax=15, tax_included=7),
    )  # fmt: skip
    least = {"id": "in1", "amount_paid": 0, "currency": "usd", "created": AT, "lines": {"data": [LINE]}}
    assert stripe_objects.invoice(least) == Invoice(
        id="in1", status="draft", amount=0, paid=0, currency="usd", attempts=0, created=TIME, lines=lines[:1],
        period_end=TIME, url="", intent_id="", total=900, reason="", bill=Bill("usd", 900, 900),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "total"),
    [
        ({"total": 820, "total_taxes": None}, 820),
        ({"total": 0, "total_taxes": []}, 0),
        ({"total": -820, "total_taxes": []}, -820),
        ({"total": None}, 800),
        ({"total": 820, "total_taxes": None,
          "total_tax_amounts": [{"amount": 15, "inclusive": False}, {"amount": 7, "inclusive": True}, {"amount": 3}]},
         805),
    ],
)  # fmt: skip
def test_an_invoices_total_is_without_tax_on_top(fields: dict[str, Any], total: int) -> None:
    assert stripe_objects.invoice({**INVOICE, **fields}).total == total


@pytest.mark.parametrize(
    ("fields", "bill"),
    [
        ({"total_taxes": []}, Bill("usd", 800, 820)),
        ({"total_taxes": [], "total_discount_amounts": [{"amount": 30}, {"amount": 50}]},
         Bill("usd", 800, 820, discount=80)),
        ({"total": -960, "total_taxes": [{"amount": -160, "tax_behavior": "exclusive"}]},
         Bill("usd", 800, -960, tax=-160)),
        ({"total_taxes": [], "lines": {"data": [LINE], "has_more": True}, "subtotal": 790}, Bill("usd", 790, 820)),
        ({"total_taxes": [], "lines": {"data": [LINE], "has_more": False}, "subtotal": 790}, Bill("usd", 900, 820)),
        ({"total": None, "total_discount_amounts": [{"amount": 30}]},
         Bill("usd", 800, 785, discount=30, tax=15, tax_included=7)),
    ],
)  # fmt: skip
def test_an_invoices_bill(fields: dict[str, Any], bill: Bill) -> None:
    """Discounts and tax as Stripe counts them, of the lines' prices before discounts."""
    assert stripe_objects.invoice({**INVOICE, **fields}).bill == bill


def test_a_pack_comes_with_its_invoice() -> None:
    page = {"id": "in1", "hosted_invoice_url": "https://i"}
    pages = [(page, "https://i"), ({"id": "in1"}, ""), ("in1", ""), (None, "")]
    assert [stripe_objects.session({**SESSION, "invoice": each}).invoice_url for each, _ in pages] == [
        url for _, url in pages
    ]


@pytest.mark.parametrize(
    ("price", "currency", "amount"),
    [
        ({"currency": "usd", "unit_amount": 900}, "usd", 900),
        ({"unit_amount": 900}, "usd", 900),
        ({"currency": "usd", "unit_amount": 900}, "", 900),
        ({"currency": "usd", "unit_amount": 900, "currency_options": {"eur": {"unit_amount": 850}}}, "eur", 850),
        ({"currency": "usd", "unit_amount": 900, "currency_options": {}}, "eur", None),
        ({"currency": "usd", "unit_amount": 900}, "eur", None),
        ({"currency": "usd", "unit_amount": None}, "usd", None),
    ],
)
def test_a_price_in_a_currency(price: dict[str, Any], currency: str, amount: int | None) -> None:
    assert stripe_objects.price_in(price, currency) == amount


def test_a_subscription_says_its_currency_and_what_it_allows() -> None:
    price = {**ITEM["price"], "currency": "usd", "currency_options": {"eur": {"unit_amount": 850}}}  # type: ignore[dict-item]
    sold = {**SUBSCRIPTION, "currency": "eur", "items": {"data": [{**ITEM, "price": price}]}}
    read = stripe_objects.subscription({**sold, "metadata": {"allows": "codes tax"}})
    assert (read.currency, read.amount, read.allows) == ("eur", 850, ("codes", "tax"))
    assert stripe_objects.subscription(SUBSCRIPTION).allows == ()


@pytest.mark.parametrize(("due", "amount"), [(1, 1), (0, 0), (-1, 0), (None, 0)])
def test_what_is_due_is_not_below_zero(due: int | None, amount: int) -> None:
    assert stripe_objects.invoice({**INVOICE, "amount_due": due}).amount == amount


@pytest.mark.parametrize(
    ("line", "price"),
    [
        ({"pricing": {"price_details": {"price": "p1"}}, "price": {"id": "p2"}}, "p1"),
        ({"pricing": {"price_details": {"price": {"id": "p1"}}}}, "p1"),
        ({"pricing": {"price_details": None}, "price": {"id": "p2"}}, "p2"),
        ({"pricing": None, "price": {"id": "p2"}}, "p2"),
        ({"pricing": None}, ""),
    ],
)
def test_a_lines_price_is_at_one_of_two_places(line: dict[str, Any], price: str) -> None:
    lines = {"data": [{"amount": 1, "period": {"end": AT}, **line}]}
    assert stripe_objects.invoice({**INVOICE, "lines": lines}).lines == (Line(price, 1, TIME),)


def test_an_invoices_subscription_is_at_one_of_three_places() -> None:
    today = {"parent": {"subscription_details": {"subscription": {"id": "sub1"}}}, "subscription": "sub0"}
    assert stripe_objects.invoice_owner(today) == "sub1"
    assert stripe_objects.invoice_owner({"parent": {}, "subscription": "sub0"}) == "sub0"
    assert stripe_objects.invoice_owner({"subscription": "sub0", "subscription_details": {"metadata": MINE}}) == "sub0"
    assert stripe_objects.invoice_owner({"parent": None}) == ""


def test_small_parts() -> None:
    assert stripe_objects.identifier({"id": "x"}) == "x"
    assert stripe_objects.listed_event({"id": "evt1"}) == ListedEvent("evt1", {"id": "evt1"})
    assert stripe_objects.event_type({"type": "charge.refunded"}) == "charge.refunded"
    assert stripe_objects.paid_invoice({"invoice": {"id": "in1"}}) == "in1"
    assert stripe_objects.has_lines({"lines": {"data": [LINE]}}) is True
    assert stripe_objects.has_lines({"lines": {"data": []}}) is False
    assert [stripe_objects.reference(each) for each in ("a", {"id": "b"}, {}, None, 5)] == ["a", "b", "", "", ""]
    assert stripe_objects.metadata({"metadata": {"a": "b"}}, "a") == "b"
    assert [stripe_objects.metadata({"metadata": each}, "a") for each in (None, {}, {"a": 5})] == ["", "", ""]
    assert stripe_objects.expanded(None) is None
    assert stripe_objects.expanded(CHARGE) is CHARGE


def _subject(type_: str, about: dict[str, Any]) -> Subject | None:
    data = {"id": "evt1", "type": type_, "created": AT, "livemode": False, "data": {"object": about}}
    read = stripe_objects.event(data)
    assert read == Event("evt1", type_, TIME, False, "", read.subject)
    assert stripe_objects.event({**data, "livemode": True, "account": "acct1"}) == read._replace(
        livemode=True, account="acct1"
    )
    return read.subject


@pytest.mark.parametrize(
    ("type_", "about", "subject"),
    [
        ("checkout.session.completed", {"id": "cs1", "metadata": MINE}, Subject("session", "cs1", "o1", "u1")),
        ("checkout.session.completed", {"id": "cs1", "metadata": MINE, "client_reference_id": "u2"},
         Subject("session", "cs1", "o1", "u2")),
        ("checkout.session.completed", {"id": "cs1", "metadata": MINE, "subscription": "sub1"},
         Subject("subscription", "sub1", "o1", "u1")),
        ("customer.subscription.updated", {"id": "sub1", "metadata": MINE}, Subject("subscription", "sub1", "", "u1")),
        ("invoice.paid", {"id": "in1", "subscription": "sub1", "subscription_details": {"metadata": MINE}},
         Subject("subscription", "sub1", "", "u1")),
        ("invoice.paid", {"id": "in1", "metadata": MINE}, Subject("order", "o1", "o1", "u1")),
        ("invoice.paid", {"id": "in1"}, None),
        ("payment_intent.succeeded", {"id": "pi1", "metadata": MINE}, Subject("order", "o1", "o1", "u1", "pi1")),
        ("payment_intent.succeeded", {"id": "pi1"}, Subject("intent", "pi1")),
        ("charge.refunded", {"id": "ch1", "payment_intent": "pi1"}, Subject("intent", "pi1")),
        ("charge.dispute.created", {"id": "du1", "payment_intent": "pi1"}, Subject("intent", "pi1")),
        ("refund.failed", {"id": "re1", "metadata": MINE}, Subject("order", "o1", "o1", "u1")),
        ("charge.refunded", {"id": "ch1"}, None),
    ],
)  # fmt: skip
def test_an_event_is_about_an_object(type_: str, about: dict[str, Any], subject: Subject | None) -> None:
    assert _subject(type_, about) == subject


Read = Callable[[Any], Any]


@pytest.mark.parametrize(
    ("read", "good", "field", "values"),
    [
        (stripe_objects.charge, CHARGE, "id", (None, "", 5)),
        (stripe_objects.charge, CHARGE, "amount", (None, -1, 1.0, "1", True)),
        (stripe_objects.charge, CHARGE, "amount_refunded", (None, -1)),
        (stripe_objects.dispute, DISPUTE, "status", (None, 5)),
        (stripe_objects.session, SESSION, "created", (None, -1, 10**20)),
        (stripe_objects.session, SESSION, "amount_total", (-1, "1")),
        (stripe_objects.session, SESSION, "amount_subtotal", (-1, "1", 0.5)),
        (stripe_objects.session, SESSION, "total_details",
         ({"amount_tax": -1}, {"amount_discount": "1"}, {"breakdown": {"taxes": [PART]}},
          {"breakdown": {"taxes": [{}]}})),
        (stripe_objects.session, SESSION, "line_items", ({"data": [{}]}, {"data": [{"quantity": -1}]}, 5)),
        (stripe_objects.subscription, SUBSCRIPTION, "items", (None, {"data": []})),
        (stripe_objects.subscription, SUBSCRIPTION, "trial_end", (0.5, -1)),
        (stripe_objects.invoice, INVOICE, "lines", (None, {"data": []}, {"data": [{**LINE, "amount": 0.5}]})),
        (stripe_objects.invoice, INVOICE, "total", (0.5, "1")),
        (stripe_objects.invoice, INVOICE, "attempt_count", (-1,)),
    ],
)  # fmt: skip
def test_another_shape_is_refused(read: Read, good: dict[str, Any], field: str, values: tuple[Any, ...]) -> None:
    read(good)
    for value in values:
        with pytest.raises(BadShape, match=f"^{read.__name__}: [A-Za-z]+$"):
            read({**good, field: value})


@pytest.mark.parametrize(
    "wrong",
    [{"livemode": None}, {"livemode": 0}, {"type": ""}, {"type": "plan.created"}, {"id": None}, {"created": None}]
    + [{"data": {}}, {"data": {"object": {}}}],
    ids=str,
)
def test_another_event_is_refused(wrong: dict[str, Any]) -> None:
    about = {"object": {"id": "ch1", "payment_intent": "pi1"}}
    good = {"id": "evt1", "type": "charge.refunded", "created": AT, "livemode": False, "data": about}
    assert stripe_objects.event(good).id == "evt1"
    with pytest.raises(BadShape, match=r"^event: [A-Za-z]+$"):
        stripe_objects.event({**good, **wrong})


@pytest.mark.parametrize("value", ["ch1", 5, []])
def test_what_should_be_expanded_is_refused_as_an_id(value: Any) -> None:
    with pytest.raises(BadShape, match="expanded"):
        stripe_objects.expanded(value)
