"""What a session or an invoice charges in the stand-in: the buyer's currency, a promotion code's discount, and tax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Object = dict[str, Any]

TAX_PERCENT = {"US": 0, "DE": 19, "FR": 20, "GB": 20}
"""By the buyer's country. Stripe knows thousands of rates; these are enough to see one, another, and none."""
CURRENCY = {"US": "usd", "DE": "eur", "FR": "eur", "GB": "gbp"}
HOME = "US"
"""Where a buyer is until the page is told otherwise."""

CODES: Mapping[str, Object] = {
    "HALF": {"percent_off": 50, "duration": "once"},
    "ALWAYS25": {"percent_off": 25, "duration": "forever"},
    "FREE": {"percent_off": 100, "duration": "once"},
    "TWO": {"amount_off": 200, "currency": "usd", "duration": "once"},
}
"""The promotion codes that a new account has. `OLD` is one that has expired."""


def rounded(amount: int, whole: int) -> int:
    """The quotient to the nearest unit."""
    return (2 * amount + whole) // (2 * whole)


def coupon(code: str) -> Object:
    terms = {"percent_off": None, "amount_off": None, "currency": None, **CODES[code]}
    return {"id": f"coupon_{code.lower()}", "object": "coupon", "name": code, "valid": True, **terms}


def amount_in(price: Object, currency: str) -> int:
    """The price's amount in the currency."""
    options: Mapping[str, Object] = price.get("_currency_options") or {}
    return int(price["unit_amount"] if currency == price["currency"] else options[currency]["unit_amount"])


def currency_for(price: Object, country: str) -> str:
    """The buyer's own currency if the price has it, else the price's."""
    local = CURRENCY[country]
    return local if local in (price.get("_currency_options") or {}) else str(price["currency"])


def discount(terms: Object | None, amount: int, currency: str) -> int:
    """What a coupon takes off. A fixed sum is off prices in its currency only."""
    if terms is None or amount <= 0:
        return 0
    if terms["percent_off"] is not None:
        return rounded(amount * terms["percent_off"], 100)
    return min(amount, int(terms["amount_off"])) if terms["currency"] == currency else 0


def behavior_of(price: Object) -> str:
    """Whether tax comes on top of the price. A price that does not say so takes the account's default: it does."""
    return "inclusive" if price["tax_behavior"] == "inclusive" else "exclusive"


def tax(amount: int, percent: int, behavior: str) -> int:
    """The tax on top of an amount, or in it. Negative for a credit."""
    whole = 100 if behavior == "exclusive" else 100 + percent
    return rounded(abs(amount) * percent, whole) * (1 if amount >= 0 else -1)


def price_session(session: Object) -> None:
    """Set everything that the session charges, by what its page was told."""
    country, terms = session["_country"], session["_coupon"]
    first = session["_line_items"][0]["price"]
    currency = currency_for(first, country)
    subtotal = off = taxes = on_top = 0
    for line in session["_line_items"]:
        gross = amount_in(line["price"], currency) * line["quantity"]
        less = discount(terms, gross - off if terms and terms["amount_off"] else gross, currency)
        behavior, percent = behavior_of(line["price"]), _percent(session, country)
        due = tax(gross - less, percent, behavior)
        extra = due if behavior == "exclusive" else 0
        line.update(currency=currency, amount_subtotal=gross, amount_discount=less, amount_tax=due)
        line["amount_total"] = gross - less + extra
        subtotal, off, taxes, on_top = subtotal + gross, off + less, taxes + due, on_top + extra
    session.update(currency=currency, amount_subtotal=subtotal, amount_total=subtotal - off + on_top)
    rates = [(on_top, False), (taxes - on_top, True)]
    breakdown = {
        "discounts": [{"amount": off, "discount": {"object": "discount", "source": terms}}] if off else [],
        "taxes": [
            {"amount": amount, "rate": {"object": "tax_rate", "inclusive": inclusive}, "taxable_amount": subtotal - off}
            for amount, inclusive in rates
            if amount
        ],
    }
    session["total_details"] = {"amount_discount": off, "amount_shipping": 0, "amount_tax": taxes}
    session["total_details"]["_breakdown"] = breakdown


def _percent(session: Object, country: str) -> int:
    return TAX_PERCENT[country] if session["automatic_tax"]["enabled"] else 0


def price_invoice(sub: Object, lines: Iterable[Object]) -> Object:
    """The sums of a subscription's invoice. A code takes its part off whole periods only; prorations have it in them.

    A code of `once` is used up.
    """
    terms, percent, behavior = sub.get("_coupon"), sub.get("_percent", 0), sub.get("_behavior", "exclusive")
    subtotal = off = due = 0
    for line in lines:
        prorated = line["parent"]["subscription_item_details"]["proration"]
        less = 0 if prorated else discount(terms, line["amount"], sub["currency"])
        line["discount_amounts"] = [{"amount": less, "discount": terms["id"]}] if terms and less else []
        subtotal, off = subtotal + line["amount"], off + less
        due += tax(line["amount"] - less, percent, behavior)
        sub["_paid_with"] = terms
    if off and terms and terms["duration"] == "once":
        sub["_coupon"] = None
    on_top = due if behavior == "exclusive" else 0
    return {
        "subtotal": subtotal,
        "total": subtotal - off + on_top,
        "total_discount_amounts": [{"amount": off, "discount": terms["id"]}] if terms and off else [],
        "total_taxes": [{"amount": due, "tax_behavior": behavior, "type": "tax_rate_details"}] if due else [],
    }


def prorated(sub: Object, price: Object, part: int, whole: int, code: str) -> int:
    """The price of a part of a period, less a code: what it was paid with (`_paid_with`), or is now (`_coupon`)."""
    full = amount_in(price, sub["currency"])
    terms = sub.get(code)
    return rounded((full - discount(terms, full, sub["currency"])) * part, whole)
