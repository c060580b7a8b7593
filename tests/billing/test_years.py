"""Subscriptions that live for years: what is forgotten of them, and that nothing comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

import main
from studiox.billing import invoice_memory
from studiox.integrations.stripe_types import Invoice, Line
from studiox.models.subscriptions import InvoiceRecord
from tests.billing.shop import Shop
from tests.support import call
from tests.support.clock import Clock

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def years(shop: Shop, clock: Clock) -> Shop:
    """A shop whose Stripe lives in the test's time."""
    clock.stop(START)
    shop.follow(clock)
    return shop


def _renew(shop: Shop, sub: str, clock: Clock) -> None:
    """The period is over: Stripe charges for the next one, and tells of the money (its other events say no more)."""
    clock.stop(_period_end(shop, sub) + timedelta(minutes=1))
    heard = len(shop.account.events)
    shop.account.advance(sub)
    shop.hear([each for each in shop.account.events[heard:] if each["type"] == "invoice.paid"])


def _period_end(shop: Shop, sub: str) -> datetime:
    return datetime.fromtimestamp(shop.account.objects[sub]["items"]["data"][0]["current_period_end"], UTC)


def _change(plan: str) -> None:
    answer = call(main.updateSubscription, {"planId": plan}, uid="u1")
    assert answer.ok, answer
    assert answer.result["plan"] == plan


def _ends_well(shop: Shop, sub: str, invariants: Callable[[str], None]) -> None:
    """It can still be cancelled, ends, and its user may go."""
    held = shop.database.need(f"subscriptions/{sub}")
    assert len(held["invoices"]) <= invoice_memory.MAX_INVOICES
    answer = call(main.cancelSubscription, {"atPeriodEnd": False}, uid="u1")
    assert answer.ok, answer
    assert (answer.result["plan"], answer.result["status"]) == ("free", "canceled")
    shop.hear(shop.account.events[-1:])
    assert shop.plan() == ("free", False)
    invariants("u1")


def test_sixty_renewals(years: Shop, clock: Clock, invariants: Callable[[str], None]) -> None:
    sub = years.subscribed()
    for _ in range(60):
        _renew(years, sub, clock)
        assert years.buckets()["monthly"] == 1000
    assert sum(1 for name in years.entries() if name.startswith("grant:")) == 61
    assert len(years.payments()) == 20
    assert len(years.database.under("users/u1/payments")) == 61
    held = years.database.need(f"subscriptions/{sub}")
    assert len(held["invoices"]) < 20, "it forgets those that are over"
    years.reconcile()
    _ends_well(years, sub, invariants)


def test_thirty_changes_of_plan(years: Shop, clock: Clock, invariants: Callable[[str], None]) -> None:
    sub = years.subscribed()
    for number in range(30):
        clock.ahead += timedelta(hours=3)
        _change("pro" if number % 2 else "enterprise")
    years.hear(years.account.events[-20:])
    assert years.plan() == ("pro", True)
    assert len(years.database.under("users/u1/payments")) == 31
    _ends_well(years, sub, invariants)


def test_renewals_and_changes_mixed(years: Shop, clock: Clock, invariants: Callable[[str], None]) -> None:
    sub = years.subscribed()
    for number in range(0, 20, 2):
        clock.ahead += timedelta(days=3)
        _change("enterprise")
        clock.ahead += timedelta(days=number % 20)
        _change("pro")
        _renew(years, sub, clock)
        assert years.plan() == ("pro", True)
    years.reconcile()
    _ends_well(years, sub, invariants)


def test_years_of_lost_events_are_applied_at_once(years: Shop, clock: Clock, invariants: Callable[[str], None]) -> None:
    sub = years.subscribed()
    for _ in range(40):
        clock.stop(_period_end(years, sub) + timedelta(minutes=1))
        years.account.advance(sub)
    years.hear(years.account.events[-1:])
    assert len(years.database.under("users/u1/payments")) == 41
    assert years.buckets()["monthly"] == 1000
    _ends_well(years, sub, invariants)


def _as_before(shop: Shop, sub: str) -> None:
    """The document as it was when the last 24 of a map without an order were kept."""
    held = shop.database.need(f"subscriptions/{sub}")
    old = ("counted", "granted", "taken", "everTaken", "target", "reversed", "disputes", "status", "attempts", "amount")
    kept = sorted(held["invoices"])[-24:]
    shop.database.delete(f"subscriptions/{sub}")
    bare = {name: {each: held["invoices"][name][each] for each in old} for name in kept}
    fields = {name: value for name, value in held.items() if name != "forgotten"}
    shop.database.put(f"subscriptions/{sub}", {**fields, "invoices": bare})


@pytest.mark.parametrize("late", ["renewal", "end", "change"])
def test_a_frozen_subscription_heals_at_its_next_event(
    years: Shop, clock: Clock, invariants: Callable[[str], None], late: str
) -> None:
    sub = years.subscribed()
    for _ in range(25):
        _renew(years, sub, clock)
    years.account.refund(years.invoice_intent(sub), 90)
    years.hear(years.account.events[-1:])
    before, entries = years.buckets()["monthly"], years.entries()
    assert before == 900
    _as_before(years, sub)
    if late == "renewal":
        _renew(years, sub, clock)
        assert years.buckets()["monthly"] == 1000
        assert len(years.entries()) == len(entries) + 2  # what is left expires, the new month's tokens come
    elif late == "change":
        _change("enterprise")
        assert years.buckets()["monthly"] > before
    else:
        years.account.end(sub)
        years.hear(years.account.events[-1:])
        assert years.plan() == ("free", False)
        assert years.buckets()["monthly"] == 0
        return
    assert {each["status"] for each in years.database.under("users/u1/payments").values()} == {
        "paid",
        "partially_refunded",
    }
    _ends_well(years, sub, invariants)


def test_an_invoice_that_was_dropped_can_still_be_refunded(years: Shop, clock: Clock) -> None:
    """Its tokens are long over; the user's history and the revenue must know."""
    sub = years.subscribed()
    first, intent = years.account.objects[sub]["latest_invoice"], years.invoice_intent(sub)
    for _ in range(18):
        _renew(years, sub, clock)
    assert first not in years.database.need(f"subscriptions/{sub}")["invoices"]
    entries = years.entries()
    for amount, status in ((300, "partially_refunded"), (600, "refunded")):
        years.account.refund(intent, amount)
        years.hear(years.account.events[-1:])
        payment = years.database.need(f"users/u1/payments/{first}")
        assert (payment["status"], payment["tokens"], payment["itemId"]) == (status, 1000, "pro")
    assert payment["refunded"] == 900
    assert years.entries() == entries
    assert years.buckets()["monthly"] == 1000


def _invoice(number: int, made: datetime, status: str = "paid") -> Invoice:
    end = made + timedelta(days=30)
    lines = (Line("price", 900, end),)
    return Invoice(f"in_{number:04x}", status, 900, 900, "usd", 1, made, lines, end, "", "", 900)


def test_the_oldest_invoices_are_dropped_up_to_a_recorded_time() -> None:
    """Names without an order, as Stripe's are: it is the time that counts."""
    made = [START + timedelta(days=30 * number) for number in range(60)]
    records: dict[str, InvoiceRecord] = {}
    until: datetime | None = None
    for number, moment in enumerate(made):
        invoice = _invoice((number * 7919) % 60, moment)
        assert invoice_memory.may_change(invoice, records, until)
        records[invoice.id] = invoice_memory.noted(None, invoice)
        records, until = invoice_memory.remembered(records, until, moment)
        assert all(each.created_at and each.created_at > until for each in records.values())
    assert len(records) == 15
    assert not any(invoice_memory.may_change(_invoice((n * 7919) % 60, made[n]), records, until) for n in range(45))


def test_however_many_there_are_the_document_stays_small() -> None:
    many = [_invoice(number, START + timedelta(seconds=number)) for number in range(1000)]
    records = {each.id: invoice_memory.noted(None, each) for each in many}
    kept, until = invoice_memory.remembered(records, None, START)
    assert len(kept) == invoice_memory.MAX_INVOICES
    assert until == many[-invoice_memory.MAX_INVOICES - 1].created
