"""The preview of an invoice: what a change of a subscription charges now, or what its next period will."""

from __future__ import annotations

from typing import Any

from local.vendors.stripe import objects, prorations, totals
from local.vendors.stripe.account import Account, Refused

Object = dict[str, Any]


def preview(account: Account, params: Object) -> Object:
    """The invoice that Stripe would make. Nothing is stored, and no code is used up.

    A change that is invoiced at once has the proration's lines alone. Otherwise it is the next period's invoice.
    """
    sub = dict(account.get(params["subscription"], "subscription", "subscription"))
    details = params.get("subscription_details", {})
    item = sub["items"]["data"][0]
    changes = details.get("items", [])
    price = item["price"]
    if changes:
        if changes[0]["id"] != item["id"]:
            raise Refused(404, "No such subscription item.", "resource_missing", "subscription_details[items][0][id]")
        price = account.get(changes[0]["price"], "price", "subscription_details[items][0][price]")
    at = proration_time(account, sub, details, "subscription_details[proration_date]")
    lines = []
    if sub["status"] != "trialing" and details.get("proration_behavior") == "always_invoice":
        lines = prorations.lines(sub, price, at)
    if not lines:
        ends = details.get("cancel_at_period_end", "true" if sub["cancel_at_period_end"] else "false") == "true"
        if ends or sub["status"] in ("canceled", "paused"):
            raise Refused(404, "No upcoming invoices for this subscription.", "invoice_upcoming_none")
        start = item["current_period_end"]
        whole = objects.invoice_line(
            price, totals.amount_in(price, sub["currency"]), start, objects.months_after(start), "1 × plan"
        )
        lines = [*sub.get("_prorations", ()), whole]
    balance = (account.objects.get(sub["customer"]) or {"balance": 0})["balance"]
    sums = totals.price_invoice(sub, objects.copied(lines))
    made = objects.invoice(sub, lines, sums, "upcoming", account.base_url, account.now(), balance)
    return made | {"id": f"upcoming_{made['id']}", "status": "draft", "hosted_invoice_url": None}


def proration_time(account: Account, sub: Object, params: Object, param: str) -> int:
    """The time from which a change is prorated: `proration_date`, or now. `Refused` outside of the period."""
    if "proration_date" not in params:
        return account.now()
    at, item = int(params["proration_date"]), sub["items"]["data"][0]
    if not item["current_period_start"] <= at <= item["current_period_end"]:
        raise Refused(400, "The proration date must be within the current period.", "", param)
    return at
