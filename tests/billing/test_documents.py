"""Billing's documents keep their fields: what is written, and that documents from before a field existed still load."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from studiox.billing.orders import new_order
from studiox.catalog.sales import PACKS, PLANS
from studiox.kit import documents
from studiox.models.orders import Order
from studiox.models.subscriptions import BillingAccount, Grant, InvoiceRecord, SubscriptionRecord

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
RECORD = {
    "status": "paid", "attempts": 1, "amount": 900, "counted": True, "granted": 1000, "taken": 0, "everTaken": 0,
    "target": 0, "reversed": 0, "disputes": {},
}  # fmt: skip


def _order(*, pack: bool) -> Order:
    pack_, plan = (PACKS[0], None) if pack else (None, PLANS[1])
    return new_order(
        order_id="o1", uid="u1", session_id="cs1", url="https://x", fingerprint="f", pack=pack_, plan=plan, now=NOW
    )


def test_an_order_is_written_whole() -> None:
    written = documents.encode(_order(pack=True))
    assert written == {
        "orderId": "o1", "uid": "u1", "sessionId": "cs1", "kind": "pack", "itemId": "starter", "tokens": 500,
        "amount": 500, "currency": "usd", "amounts": {"usd": 500}, "codesAllowed": False, "taxAllowed": False,
        "url": "https://x", "fingerprint": "f", "status": "open", "quantity": 0, "paid": None, "discount": 0, "tax": 0,
        "credited": 0, "taken": 0, "restored": 0, "refunded": 0, "failures": 0, "chargeId": "", "receiptUrl": "",
        "disputes": {}, "offSession": None, "createdAt": NOW, "updatedAt": NOW,
    }  # fmt: skip
    plan = documents.encode(_order(pack=False))
    assert (plan["kind"], plan["itemId"], plan["tokens"], plan["amount"]) == ("plan", "pro", 0, 900)
    assert plan.keys() == written.keys()


LATER = ("failures", "amounts", "codesAllowed", "taxAllowed", "paid", "discount", "tax", "offSession")
"""Fields that orders did not have in the beginning."""


def test_an_order_from_before_its_later_fields_loads() -> None:
    old = {name: value for name, value in documents.encode(_order(pack=True)).items() if name not in LATER}
    assert documents.decode(Order, old) == replace(_order(pack=True), amounts={})


def test_a_subscription_from_before_invoices_were_dropped_loads() -> None:
    old = {
        "subscriptionId": "sub1", "uid": "u1", "customerId": "cus1", "plan": "pro", "priceId": "p", "itemId": "si",
        "status": "active", "periodEnd": NOW, "cancelAtPeriodEnd": False, "createdAt": NOW, "pastDueSince": None,
        "entitled": True, "rev": 3, "grant": {"periodEnd": NOW, "tokens": 1000, "invoices": ["in1"]},
        "invoices": {"in1": RECORD}, "checkAt": None, "updatedAt": NOW,
    }  # fmt: skip
    loaded = documents.decode(SubscriptionRecord, old)
    assert loaded.forgotten is None
    assert loaded.grant == Grant(period_end=NOW, tokens=1000, invoices=("in1",))
    assert loaded.invoices["in1"].created_at is None
    written = documents.encode(loaded)
    assert "forgotten" not in written
    assert written["pastDueSince"] is None
    assert written["invoices"] == {"in1": RECORD}
    assert set(written["grant"]) == {"periodEnd", "tokens", "invoices", "plan", "paid", "ahead", "over"}


def test_what_was_never_set_is_not_written() -> None:
    assert documents.encode(BillingAccount(uid="u1", customer_id="cus1")) == {"uid": "u1", "customerId": "cus1"}
    zero = documents.decode(InvoiceRecord, {**RECORD, "lowered": 0, "everReturned": 0})
    assert documents.encode(zero) == {**RECORD, "lowered": 0, "everReturned": 0}
