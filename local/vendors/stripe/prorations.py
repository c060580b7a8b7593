"""The lines by which a change of a subscription's price is charged for the rest of its period."""

from __future__ import annotations

from typing import Any

from local.vendors.stripe import objects, totals

Object = dict[str, Any]


def lines(sub: Object, price: Object, at: int) -> list[Object]:
    """The old price back and the new one due, from `at` to the period's end. None if the price stays.

    Stripe prorates by the second, to the nearest cent.
    """
    item = sub["items"]["data"][0]
    old, start, end = item["price"], item["current_period_start"], item["current_period_end"]
    if old["id"] == price["id"]:
        return []
    at = min(max(at, start), end)
    part = end - at, end - start
    back, due = totals.prorated(sub, old, *part, "_paid_with"), totals.prorated(sub, price, *part, "_coupon")
    if sub["status"] == "trialing":
        back = due = 0  # nothing was paid for this period yet
    return [
        objects.invoice_line(old, -back, at, end, "Unused time", proration=True),
        objects.invoice_line(price, due, at, end, "Remaining time", proration=True),
    ]
