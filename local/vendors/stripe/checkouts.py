"""What a buyer does on a checkout page beside paying: say where they are, and enter a promotion code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.vendors.stripe import objects, totals

if TYPE_CHECKING:
    from local.vendors.stripe.account import Account

Object = dict[str, Any]
NO_CODE = "This code is invalid."


def enter(account: Account, session_id: str, country: str, code: str) -> Object:
    """Say the buyer's country, and enter a code or none. A code that is refused is named on the page."""
    with account.lock:
        session = account.opened(session_id)
        session["_country"] = country if country in totals.TAX_PERCENT else totals.HOME
        accepted = bool(session["allow_promotion_codes"]) and code in totals.CODES
        session["_coupon"] = totals.coupon(code) if accepted else None
        session["_code"], session["_said"] = code, NO_CODE if code and not accepted else ""
        totals.price_session(session)
        if session["total_details"]["amount_discount"] == 0 and accepted:  # in another currency
            session["_coupon"], session["_said"] = None, NO_CODE
        return session


def give(account: Account, session: Object) -> Object:
    """Complete a session of which a code has taken everything off: there is no payment."""
    session.update(status="complete", url=None, payment_status="no_payment_required")
    add_invoice(account, session)
    account.emit("checkout.session.completed", session)
    return session


def add_invoice(account: Account, session: Object) -> None:
    """Write the invoice of a pack that was paid for, if its checkout asked for one."""
    creation = session["invoice_creation"] or {}
    if session["mode"] != "payment" or not creation.get("enabled") or session["invoice"]:
        return
    metadata = creation.get("invoice_data", {}).get("metadata", {})
    made = account.add(objects.session_invoice(session, metadata, account.base_url, account.now()))
    session["invoice"] = made["id"]
    account.emit("invoice.paid", made)
    account.emit("invoice.payment_succeeded", made)


def subscribe(account: Account, session: Object) -> Object:
    """The subscription that a session sells, in its currency, with its code and its tax."""
    data = session["_subscription_data"]
    taxed = session["automatic_tax"]["enabled"]
    price = session["_line_items"][0]["price"]
    return account.subscribe(
        session["customer"],
        price["id"],
        data.get("metadata", {}),
        int(data.get("trial_period_days", 0)),
        silent=True,
        terms={
            "currency": session["currency"],
            "_coupon": session["_coupon"],
            "_percent": totals.TAX_PERCENT[session["_country"]] if taxed else 0,
            "_behavior": totals.behavior_of(price),
        },
    )
