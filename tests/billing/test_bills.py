"""A bill is explained by prices, discount and tax, to the cent, and by nothing else (B28)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.billing.bills import SaleTerms, mismatch, tax_in
from studiox.integrations.stripe_types import Bill

PRICES = {"usd": 1000, "eur": 900}
BOTH = SaleTerms(codes=True, tax=True)
CENTS = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("bill", "terms", "problem"),
    [
        (Bill("usd", 1000, 1000), SaleTerms(), ""),
        (Bill("eur", 900, 900), SaleTerms(), ""),
        (Bill("usd", 1000, 999), SaleTerms(), "amount_mismatch"),
        (Bill("usd", 900, 900), SaleTerms(), "amount_mismatch"),
        (Bill("usd", 1001, 1001), BOTH, "amount_mismatch"),
        (Bill("gbp", 1000, 1000), BOTH, "currency_mismatch"),
        (Bill("", 0, 0), BOTH, "currency_mismatch"),
        (Bill("usd", 1000, 750, discount=250), SaleTerms(tax=True), "discount_unexpected"),
        (Bill("usd", 1000, 750, discount=250), SaleTerms(codes=True), ""),
        (Bill("usd", 1000, 0, discount=1000), SaleTerms(codes=True), ""),
        (Bill("usd", 1000, 1200, tax=200), SaleTerms(codes=True), "tax_unexpected"),
        (Bill("usd", 1000, 1000, tax_included=167), SaleTerms(codes=True), "tax_unexpected"),
        (Bill("usd", 1000, 1200, tax=200), SaleTerms(tax=True), ""),
        (Bill("usd", 1000, 1000, tax_included=167), SaleTerms(tax=True), ""),
        (Bill("usd", 1000, 900, discount=250, tax=150), BOTH, ""),
        (Bill("usd", 1000, 901, discount=250, tax=150), BOTH, "amount_mismatch"),
        (Bill("usd", 1000, 917, discount=250, tax=150, tax_included=17), BOTH, "amount_mismatch"),
    ],
)
def test_what_explains_a_bill(bill: Bill, terms: SaleTerms, problem: str) -> None:
    assert mismatch(bill, PRICES, terms) == problem


@pytest.mark.parametrize(
    ("bill", "amount", "tax"),
    [
        (Bill("usd", 1000, 1190, tax=190), 1190, 190),
        (Bill("usd", 1000, 1190, tax=190), 595, 95),
        (Bill("usd", 1000, 1190, tax=190), 594, 94),
        (Bill("usd", 1000, 1000, tax_included=160), 500, 80),
        (Bill("usd", 1000, 1100, tax=100, tax_included=10), 1100, 110),
        (Bill("usd", 1000, 0, discount=1000), 0, 0),
        (Bill("usd", 0, 1, tax=1), 1, 1),
        (Bill("usd", -1000, -1190, tax=-190), 0, 0),
        (Bill("usd", -1000, -1190, tax=-190), 10, 0),
    ],
)
def test_the_tax_in_a_part(bill: Bill, amount: int, tax: int) -> None:
    """The rest may have been paid from a balance."""
    assert tax_in(bill, amount) == tax


@given(discount=CENTS, tax=CENTS, included=CENTS, off=st.integers(-5, 5))
def test_to_the_cent(discount: int, tax: int, included: int, off: int) -> None:
    bill = Bill("usd", 1000, 1000 - discount + tax + off, discount, tax, included)
    assert mismatch(bill, PRICES, BOTH) == ("amount_mismatch" if off else "")
