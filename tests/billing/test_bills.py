"""A bill is explained by prices, discount and tax, to the cent, and by nothing else (B28)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.billing.bills import SaleTerms, mismatch
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


@given(discount=CENTS, tax=CENTS, included=CENTS, off=st.integers(-5, 5))
def test_to_the_cent(discount: int, tax: int, included: int, off: int) -> None:
    bill = Bill("usd", 1000, 1000 - discount + tax + off, discount, tax, included)
    assert mismatch(bill, PRICES, BOTH) == ("amount_mismatch" if off else "")
