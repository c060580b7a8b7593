"""The stand-in's pages, where a developer pays, declines, refunds, disputes and cancels. No JavaScript."""

from __future__ import annotations

import datetime
import html
import urllib.parse
from collections.abc import Callable, Iterable, Mapping

from local.vendors.stripe import checkouts, totals
from local.vendors.stripe.account import Account
from local.vendors.stripe.objects import Object
from local.vendors.stripe.webhooks import Webhooks

SHOWN = 40
STYLE = """
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;background:#f5f6fa;color:#1b1f33}
header{background:#1b1f33;color:#fff;padding:14px 24px}header a{color:#fff;text-decoration:none;font-weight:600}
header small{opacity:.7;margin-left:10px}main{max-width:1080px;margin:24px auto;padding:0 16px}
section,.card{background:#fff;border:1px solid #e2e5f0;border-radius:12px;padding:18px 22px;margin-bottom:20px}
h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:0 0 12px}table{width:100%;border-collapse:collapse}
td,th{text-align:left;padding:7px 8px;border-top:1px solid #eceef6;vertical-align:top;font-size:14px}
th{border:0;color:#6a7089;font-weight:600}code{font-size:12px;color:#6a7089}form{display:inline}
button,.button{font:inherit;font-size:14px;border:1px solid #cfd4e6;background:#fff;color:#1b1f33;border-radius:8px;
padding:5px 12px;margin:2px 4px 2px 0;cursor:pointer;text-decoration:none;display:inline-block}
button.main{background:#5a4ff3;border-color:#5a4ff3;color:#fff;font-weight:600}button.wide{width:100%;padding:12px;
margin:6px 0}button.bad{color:#b3261e;border-color:#e6b8b5}button:hover{filter:brightness(.96)}
.price{font-size:34px;font-weight:700;margin:10px 0}.card{max-width:440px;margin:48px auto}.muted{color:#6a7089}
.wrong{color:#b3261e}
.tag{background:#eceefb;border-radius:20px;padding:1px 10px;font-size:13px}input{font:inherit;width:84px;
padding:4px 8px;border:1px solid #cfd4e6;border-radius:8px}
@media(max-width:640px){section{overflow-x:auto;padding:14px}}
"""


def page(title: str, *parts: str) -> bytes:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title><link rel=icon href='data:,'>"
        f"<style>{STYLE}</style><header><a href='/'>Stripe stand-in</a>"
        f"<small>no real money</small></header><main>{''.join(parts)}</main></html>"
    ).encode()


def money(amount: int, currency: str) -> str:
    return f"{amount / 100:,.2f} {html.escape(currency.upper())}"


def button(action: str, label: str, style: str = "", **fields: str) -> str:
    inputs = "".join(f"<input type=hidden name={name} value='{html.escape(v)}'>" for name, v in fields.items())
    target = html.escape(action)
    return f"<form method=post action='{target}'>{inputs}<button class='{style}'>{html.escape(label)}</button></form>"


def _time(moment: int) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%d %H:%M")


def _table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{each}</th>" for each in heads)
    none = "<p class=muted>None yet.</p>"
    return f"<section><h2>{title}</h2>{f'<table><tr>{head}</tr>{body}</table>' if body else none}</section>"


def checkout(session: Object, *, declined: bool = False) -> bytes:
    """The checkout page. `declined`: the card that was tried last was refused."""
    if session["status"] != "open":
        back = html.escape(session["success_url"] or "/")
        return page(
            "Checkout", f"<div class=card><h1>This session is {session['status']}</h1><a href='{back}'>Back</a></div>"
        )
    line = session["_line_items"][0]
    monthly = session["mode"] == "subscription"
    free = session["amount_total"] == 0
    act = f"/act/{session['id']}"
    refuse = button(f"{act}/decline", "Try a card that is refused", "wide")
    slow = "" if monthly or free else button(f"{act}/slow", "Pay by bank debit (comes later)", "wide")
    return page(
        "Checkout",
        f"<div class=card><p class=muted>Checkout</p><h1>{html.escape(line['description'])}</h1>"
        f"{'<p class=wrong role=alert>Your card was declined. Nothing was charged.</p>' if declined else ''}"
        f"<p class=price>{money(session['amount_total'], session['currency'])}"
        f"{'<small class=muted> a month</small>' if monthly else ''}</p>{_sums(session)}{_details(session)}"
        f"{button(f'{act}/pay', 'Complete order' if free else 'Pay', 'main wide')}{slow}{refuse}"
        f"<p><a class=muted href='{html.escape(session['cancel_url'] or '/')}'>Cancel and go back</a></p></div>",
    )


def _sums(session: Object) -> str:
    """The price, what the code takes off, and the tax, if they differ from what is paid."""
    details, currency = session["total_details"], session["currency"]
    rows = [("Price", session["amount_subtotal"])]
    if details["amount_discount"]:
        rows.append((f"Code {session['_code']}", -details["amount_discount"]))
    for each in details["_breakdown"]["taxes"]:
        rows.append(("Tax in the price" if each["rate"]["inclusive"] else "Tax", each["amount"]))
    if len(rows) == 1:
        return ""
    shown = "".join(f"<tr><td>{html.escape(name)}</td><td>{money(sum_, currency)}</td></tr>" for name, sum_ in rows)
    return f"<table>{shown}</table>"


def _details(session: Object) -> str:
    """The form for the buyer's country, which decides tax and currency, and for a promotion code."""
    prices = [line["price"] for line in session["_line_items"]]
    fields = ""
    if session["automatic_tax"]["enabled"] or any(each["_currency_options"] for each in prices):
        options = "".join(
            f"<option{' selected' if each == session['_country'] else ''}>{each}</option>"
            for each in totals.TAX_PERCENT
        )
        fields += f"<label>Country <select name=country>{options}</select></label> "
    if session["allow_promotion_codes"]:
        fields += f"<label>Promotion code <input name=code value='{html.escape(session['_code'])}'></label> "
    if not fields:
        return ""
    said = f"<p class=wrong role=alert>{html.escape(session['_said'])}</p>" if session["_said"] else ""
    return f"<form method=post action='/act/{session['id']}/enter'>{fields}<button>Apply</button></form>{said}"


def _subscription_row(sub: Object, declines: bool) -> list[str]:
    item, act = sub["items"]["data"][0], f"/act/{sub['id']}"
    live = sub["status"] not in ("canceled", "incomplete_expired")
    buttons = [
        button(f"{act}/advance", "Advance a month"),
        button(f"{act}/fail", "Advance, payment fails"),
        button(f"{act}/end", "End now", "bad"),
        button(f"{act}/trial", "Trial ends soon"),
        button(f"{act}/ask", "Bank asks"),
        button(f"{act}/card", "Card works again" if declines else "Let the card be refused"),
    ]
    state = sub["status"] + (", ends with the period" if sub["cancel_at_period_end"] else "")
    return [
        f"<code>{sub['id']}</code><br>{html.escape(item['price']['id'])}",
        f"<span class=tag>{state}</span>",
        _time(item["current_period_end"]),
        "".join(buttons) if live else "",
    ]


def _payment_row(account: Account, intent: Object) -> list[str]:
    act = f"/act/{intent['id']}"
    charge = account.objects.get(intent["latest_charge"] or "")
    if charge is None:
        return [f"<code>{intent['id']}</code>", money(intent["amount"], intent["currency"]), intent["status"], ""]
    left = charge["amount"] - charge["amount_refunded"]
    state = f"{money(charge['amount_refunded'], charge['currency'])} refunded" if charge["amount_refunded"] else "paid"
    disputes = [each for each in account.all("dispute") if each["charge"] == charge["id"]]
    state += "".join(f"<br>dispute: {each['status']}" for each in disputes)
    buttons = ""
    if left > 0:
        entry = f"<input name=amount type=number min=1 max={left} value={left}>"
        buttons += f"<form method=post action='{act}/refund'>{entry}<button>Refund (cents)</button></form>"
        buttons += button(f"{act}/dispute", "Dispute", "bad") + button(f"{act}/inquire", "Inquiry")
    for each in disputes:
        name = f"/act/{each['id']}"
        if each["status"] == "needs_response":
            buttons += button(f"{name}/win", "Dispute: we win") + button(f"{name}/lose", "we lose")
        elif each["status"] == "warning_needs_response":
            buttons += button(f"{name}/escalate", "Inquiry: becomes a dispute") + button(f"{name}/win", "is closed")
    for each in account.all("refund"):
        if each["charge"] == charge["id"] and each["status"] == "succeeded":
            buttons += button(f"/act/{each['id']}/fail_refund", "Refund fails")
    return [f"<code>{intent['id']}</code>", money(charge["amount"], charge["currency"]), state, buttons]


def _session_row(session: Object) -> list[str]:
    act, buttons = f"/act/{session['id']}", ""
    if session["status"] == "open":
        buttons = f"<a class=button href='/checkout/{session['id']}'>Open</a>"
    elif session["mode"] == "payment" and session["payment_status"] == "unpaid" and session["status"] == "complete":
        buttons = button(f"{act}/arrive", "Money arrives") + button(f"{act}/bounce", "Money does not come", "bad")
    line = session["_line_items"][0]["description"]
    state = f"<span class=tag>{session['status']}, {session['payment_status']}</span>"
    return [
        f"<code>{session['id']}</code><br>{html.escape(line)}",
        money(session["amount_total"], session["currency"]),
        state,
        buttons,
    ]


def _invoice_row(invoice: Object) -> list[str]:
    settle = button(f"/act/{invoice['id']}/settle", "Pay it", "main")
    return [f"<code>{invoice['id']}</code>", money(invoice["amount_due"], invoice["currency"]), settle]


def _card_row(account: Account, card: Object) -> list[str]:
    customer, act = card["customer"], f"/act/{card['id']}"
    refuse = "Card works again" if customer in account.declines else "Let the card be refused"
    ask = "Bank no longer asks" if customer in account.asks else "Let the bank ask"
    buttons = button(f"{act}/card", refuse) + button(f"{act}/bank", ask)
    return [f"<code>{card['id']}</code>", f"visa {card['card']['last4']}", buttons]


def _event_row(event: Object, sent: str) -> list[str]:
    name = f"{event['type']}<br><code>{event['id']}</code>"
    return [name, _time(event["created"]), sent, button(f"/act/{event['id']}/resend", "Send again")]


def overview(account: Account, webhooks: Webhooks | None) -> bytes:
    """The dashboard: every object, newest first, with its actions."""
    with account.lock:
        sessions = [_session_row(each) for each in account.all("checkout.session")[:SHOWN]]
        subs = account.all("subscription")[:SHOWN]
        subscriptions = [_subscription_row(each, each["customer"] in account.declines) for each in subs]
        opened = [_invoice_row(each) for each in account.all("invoice") if each["status"] == "open"]
        paid = [_payment_row(account, each) for each in account.all("payment_intent")[:SHOWN]]
        cards = [_card_row(account, each) for each in account.all("payment_method")[:SHOWN] if each["customer"]]
        sent = {}
        for delivery in webhooks.deliveries if webhooks else ():
            sent[delivery.event["id"]] = f"{delivery.status}, {delivery.tries} tries"
        events = [_event_row(each, sent.get(each["id"], "not sent")) for each in account.events[: -SHOWN - 1 : -1]]
    return page(
        "Stripe stand-in",
        _table("Checkout sessions", ("Session", "Amount", "State", ""), sessions),
        _table("Subscriptions", ("Subscription", "State", "Paid until", ""), subscriptions),
        _table("Open invoices", ("Invoice", "Amount", ""), opened),
        _table("Payments", ("Payment", "Amount", "State", ""), paid),
        _table("Saved cards", ("Card", "Number", ""), cards),
        _table("Events", ("Event", "At", "Delivery", ""), events),
    )


def receipt(account: Account, paid: Object) -> bytes:
    """A charge's receipt, or an invoice: what was bought, when, and the way back to the shop."""
    is_invoice = paid["object"] == "invoice"
    amount = money(paid["amount_due" if is_invoice else "amount"], paid["currency"])
    with account.lock:
        sessions = [each for each in account.all("checkout.session") if each["customer"] == paid["customer"]]
    ours = [each for each in sessions if each["payment_intent"] == paid.get("payment_intent")]
    lines = paid["lines"]["data"] if is_invoice else ours[0]["_line_items"] if ours else []
    items = "".join(f"<li>{_item(account, line)}</li>" for line in lines)
    shop = urllib.parse.urlsplit(str(sessions[0]["success_url"] or "") if sessions else "")
    back = f"<p><a href='{html.escape(f'{shop.scheme}://{shop.netloc}/tokens')}'>Back to the shop</a></p>"
    return page(
        "Receipt",
        f"<div class=card><p class=muted>{'Invoice' if is_invoice else 'Receipt'}, {_time(paid['created'])}</p>"
        f"<p class=price>{amount}</p><ul>{items}</ul><p>{paid['status']}</p>"
        f"<p><code>{paid['id']}</code></p>{back if shop.netloc else ''}</div>",
    )


def _item(account: Account, line: Object) -> str:
    """What a line is for. A plan's names the plan and its amount: a change of plan has two."""
    said = html.escape(line["description"] or "")
    product = line.get("pricing", {}).get("price_details", {}).get("product")
    if product is None:
        return said
    name = html.escape(account.get(product, "product")["name"])
    return f"{said}, {name}: {money(line['amount'], line['currency'])}"


def portal(account: Account, customer_id: str, back: str) -> bytes:
    """The customer portal."""
    with account.lock:
        account.get(customer_id, "customer")
        subs = [each for each in account.all("subscription") if each["customer"] == customer_id]
        rows = []
        for sub in subs:
            act, price = f"/act/{sub['id']}", sub["items"]["data"][0]["price"]
            buttons = ""
            if sub["status"] not in ("canceled", "incomplete_expired"):
                label = "Keep it after all" if sub["cancel_at_period_end"] else "Cancel at the end of the period"
                buttons = button(f"{act}/toggle_cancel", label)
                for plan in ("pro", "enterprise"):
                    if price["id"] != f"price_studiox_{plan}":
                        buttons += button(f"{act}/move", f"Change to {plan}", price=f"price_studiox_{plan}")
            state = sub["status"] + (", ends with the period" if sub["cancel_at_period_end"] else "")
            rows.append([html.escape(price["id"]), f"<span class=tag>{state}</span>", buttons])
        safe = back if urllib.parse.urlsplit(back).scheme in ("http", "https") else "/"
        bills = [
            [
                f"<a href='/invoices/{each['id']}'>{_time(each['created'])}</a>",
                money(each["amount_due"], each["currency"]),
                each["status"],
            ]
            for each in account.all("invoice")
            if each["customer"] == customer_id
        ]
    return page(
        "Customer portal",
        f"<p><a class=button href='{html.escape(safe)}'>← Back to the shop</a></p>",
        _table("Your subscription", ("Plan", "State", ""), rows),
        _table("Your invoices", ("Invoice", "Amount", "State"), bills),
    )


def act(account: Account, webhooks: Webhooks | None, object_id: str, action: str, form: Mapping[str, str]) -> str:
    """Run a button's action: the address to redirect to. `Refused`; KeyError if there is no such button."""
    with account.lock:
        found = account.objects.get(object_id)
        if action in ("pay", "slow"):
            session = account.pay(object_id, slow=action == "slow")
            return str(session["success_url"] or "/").replace("{CHECKOUT_SESSION_ID}", object_id)
        if action == "decline":
            account.decline(object_id)
            return f"/checkout/{object_id}?declined=1"
        if action == "enter":
            checkouts.enter(account, object_id, form.get("country", ""), form.get("code", "").strip().upper())
            return f"/checkout/{object_id}"
        if action == "toggle_cancel" and found is not None:
            found["cancel_at_period_end"] = not found["cancel_at_period_end"]
            account.emit("customer.subscription.updated", found)
            return f"/portal/{found['customer']}"
        if action == "move" and found is not None:
            account.change_price(found, account.get(form.get("price", ""), "price"), invoice_now=True)
            return f"/portal/{found['customer']}"
        if action == "card" and found is not None:
            account.declines ^= {found["customer"]}
        elif action == "bank" and found is not None:
            account.asks ^= {found["customer"]}
        elif action == "resend" and webhooks is not None:
            webhooks.hear(next(each for each in account.events if each["id"] == object_id))
        else:
            amount = form.get("amount", "")
            _ACTIONS[action](account, object_id, int(amount) if amount.isdecimal() else None)
        return "/"


_ACTIONS: Mapping[str, Callable[[Account, str, int | None], object]] = {
    "arrive": lambda account, name, _: account.arrive(name),
    "bounce": lambda account, name, _: account.arrive(name, well=False),
    "refund": lambda account, name, amount: account.refund(name, amount),
    "dispute": lambda account, name, _: account.dispute(name),
    "inquire": lambda account, name, _: account.dispute(name, inquiry=True),
    "escalate": lambda account, name, _: account.escalate(name),
    "fail_refund": lambda account, name, _: account.fail_refund(name),
    "win": lambda account, name, _: account.close_dispute(name, won=True),
    "lose": lambda account, name, _: account.close_dispute(name, won=False),
    "advance": lambda account, name, _: account.advance(name),
    "fail": lambda account, name, _: account.advance(name, pay=False),
    "settle": lambda account, name, _: account.pay_invoice(name),
    "end": lambda account, name, _: account.end(name),
    "trial": lambda account, name, _: account.tell(name, "customer.subscription.trial_will_end"),
    "ask": lambda account, name, _: account.tell(name, "invoice.payment_action_required"),
}
