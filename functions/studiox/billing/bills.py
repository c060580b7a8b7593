"""Whether a bill is explained by what was sold: its prices, less a discount, plus tax, to the cent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from studiox.integrations.stripe_types import Bill

Mismatch = Literal["", "currency_mismatch", "discount_unexpected", "tax_unexpected", "amount_mismatch"]
"""Why a bill is not explained; empty if it is."""


class SaleTerms(NamedTuple):
    """What a sale lets Stripe do to its price. Both are off unless our own record of the sale says otherwise."""

    codes: bool = False
    """Take a discount off."""
    tax: bool = False
    """Add tax, or count it as part of the price."""


def mismatch(bill: Bill, prices: Mapping[str, int], terms: SaleTerms) -> Mismatch:
    """How the bill differs from the sale. `prices` are what was sold, by currency, before discounts and tax."""
    if bill.currency not in prices:
        return "currency_mismatch"
    if bill.discount and not terms.codes:
        return "discount_unexpected"
    if (bill.tax or bill.tax_included) and not terms.tax:
        return "tax_unexpected"
    if bill.subtotal != prices[bill.currency] or bill.total != bill.subtotal - bill.discount + bill.tax:
        return "amount_mismatch"
    return ""


def tax_in(bill: Bill, amount: int) -> int:
    """The tax in this part of the bill's total, rounded down. The rest may have been paid from a balance."""
    return (bill.tax + bill.tax_included) * amount // bill.total if bill.total > 0 else 0
