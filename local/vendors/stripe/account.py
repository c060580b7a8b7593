"""A Stripe account in memory: its objects, the actions of customers and banks, and the events that they cause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from local.vendors.stripe import checkouts, objects, prorations, totals
from local.vendors.stripe.objects import Object

PLANS = {"pro": ("StudioX Pro", 900), "enterprise": ("StudioX Enterprise", 7_900)}


class Refused(Exception):
    """An error that the API answers as Stripe would."""

    def __init__(
        self, status: int, message: str, code: str = "", param: str = "", type_: str = "invalid_request_error"
    ):
        super().__init__(message)
        self.status = status
        error = {"type": type_, "message": message, "code": code or None, "param": param or None}
        self.body = {"error": {name: value for name, value in error.items() if value}}


class Account:
    """Every object by its id. Each action holds one lock, so readers see all of its changes and events, or none."""

    def __init__(self, base_url: str = "http://127.0.0.1:4012", *, clock: Callable[[], float] = time.time) -> None:
        self.base_url = base_url
        self.lock = threading.RLock()
        self.objects: dict[str, Object] = {}
        self.events: list[Object] = []
        self.declines: set[str] = set()
        """Customers whose card is declined."""
        self.asks: set[str] = set()
        """Customers whose bank asks them to confirm a payment, so that none can be made without them."""
        self.cards: dict[str, str] = {}
        """The fingerprint of a customer's card, where several customers pay with one."""
        self.hear: Callable[[Object], None] = lambda _event: None
        self.clock = clock
        for plan, (name, amount) in PLANS.items():
            product = self.add(objects.product({"id": f"prod_studiox_{plan}", "name": name}, self.now()))
            terms = {"id": f"price_studiox_{plan}", "currency": "usd", "unit_amount": amount}
            month = {"recurring": {"interval": "month"}, "metadata": {"planId": plan}}
            self.add(objects.price({**terms, **month}, product["id"], self.now()))

    def now(self) -> int:
        return int(self.clock())

    def add(self, made: Object) -> Object:
        self.objects[made["id"]] = made
        return made

    def get(self, object_id: str, kind: str, param: str = "id") -> Object:
        """The object. `Refused` with `resource_missing` if there is none."""
        found = self.objects.get(object_id)
        if found is None or found["object"] != kind or found.get("deleted"):
            raise Refused(404, f"No such {kind}: '{object_id}'", "resource_missing", param)
        return found

    def all(self, kind: str) -> list[Object]:
        """Newest first."""
        with self.lock:
            return [each for each in reversed(list(self.objects.values())) if each["object"] == kind]

    def emit(self, type_: str, about: Object) -> Object:
        made = objects.event(type_, objects.copied(about), self.now())
        self.events.append(made)
        self.hear(made)
        return made

    # Actions on the checkout page.

    def pay(self, session_id: str, *, slow: bool = False) -> Object:
        """Complete a session: by card, or by a delayed payment method (`arrive` decides)."""
        with self.lock:
            session = self.opened(session_id)
            if session["mode"] == "subscription":
                return self._subscribe(session)
            if session["amount_total"] == 0:
                return checkouts.give(self, session)
            intent = self._intent_of(session)
            session.update(status="complete", url=None)
            if slow:
                intent["status"] = "processing"
                self.emit("checkout.session.completed", session)
                return session
            self.charge(intent)
            session["payment_status"] = "paid"
            checkouts.add_invoice(self, session)
            self.emit("payment_intent.succeeded", intent)
            self.emit("checkout.session.completed", session)
            return session

    def arrive(self, session_id: str, *, well: bool = True) -> Object:
        """A delayed payment succeeds or fails."""
        with self.lock:
            session = self.get(session_id, "checkout.session")
            intent = self.get(session["payment_intent"], "payment_intent")
            if well:
                self.charge(intent)
                session["payment_status"] = "paid"
                checkouts.add_invoice(self, session)
                self.emit("payment_intent.succeeded", intent)
                self.emit("checkout.session.async_payment_succeeded", session)
            else:
                intent["status"] = "requires_payment_method"
                self.emit("payment_intent.payment_failed", intent)
                self.emit("checkout.session.async_payment_failed", session)
            return session

    def try_again(self, session_id: str) -> Object:
        """A delayed payment that failed is tried again."""
        with self.lock:
            session = self.get(session_id, "checkout.session")
            self.get(session["payment_intent"], "payment_intent")["status"] = "processing"
            return session

    def decline(self, session_id: str) -> Object:
        """The card is declined; the session stays open."""
        with self.lock:
            session = self.opened(session_id)
            if session["mode"] == "payment":
                self.emit("payment_intent.payment_failed", self._intent_of(session))
            return session

    def expire(self, session_id: str) -> Object:
        with self.lock:
            session = self.opened(session_id)
            session.update(status="expired", url=None)
            self.emit("checkout.session.expired", session)
            return session

    def opened(self, session_id: str) -> Object:
        session = self.get(session_id, "checkout.session", "session")
        if session["status"] != "open":
            raise Refused(400, f"This session is {session['status']}.", "resource_not_open")
        return session

    def _intent_of(self, session: Object) -> Object:
        if session["payment_intent"] is None:
            data = session["_payment_intent_data"]
            made = objects.payment_intent(
                *(session["amount_total"], session["currency"], session["customer"]),
                *(data.get("metadata", {}), self.now()),
                setup_future_usage=data.get("setup_future_usage"),
            )
            session["payment_intent"] = self.add(made)["id"]
        return self.get(session["payment_intent"], "payment_intent")

    def charge(self, intent: Object) -> Object:
        if intent["setup_future_usage"] and intent["payment_method"] is None:
            intent["payment_method"] = self.add(objects.card(intent["customer"], self.now()))["id"]
        card = self.cards.get(intent["customer"] or "", f"card-of-{intent['customer']}")
        made = self.add(objects.charge(intent, self.base_url, self.now(), card))
        intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=made["id"])
        self.emit("charge.succeeded", made)
        return made

    # Refunds and disputes.

    def refund(self, intent_id: str, amount: int | None = None, metadata: Mapping[str, str] | None = None) -> Object:
        with self.lock:
            intent = self.get(intent_id, "payment_intent", "payment_intent")
            charge = self.get(intent["latest_charge"] or "", "charge")
            left = charge["amount"] - charge["amount_refunded"]
            if left <= 0:
                raise Refused(400, "The charge has been refunded.", "charge_already_refunded")
            if (amount or left) > left:
                raise Refused(400, "More than is left of the charge.", "amount_too_large", "amount")
            charge["amount_refunded"] += amount or left
            charge["refunded"] = charge["amount_refunded"] == charge["amount"]
            made = self.add(objects.refund(charge, amount or left, self.now()) | {"metadata": dict(metadata or {})})
            self.emit("charge.refunded", charge)
            return made

    def fail_refund(self, refund_id: str) -> Object:
        """A refund fails at the bank: the money is back with the merchant."""
        with self.lock:
            refund = self.get(refund_id, "refund")
            charge = self.get(refund["charge"], "charge")
            refund["status"] = "failed"
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
            self.emit("refund.updated", refund)
            self.emit("refund.failed", refund)
            return refund

    def dispute(self, intent_id: str, amount: int | None = None, *, inquiry: bool = False) -> Object:
        """Open a dispute, which withdraws the money until it is closed, or an inquiry, which does not."""
        with self.lock:
            intent = self.get(intent_id, "payment_intent", "payment_intent")
            charge = self.get(intent["latest_charge"] or "", "charge")
            charge["disputed"] = True
            made = self.add(objects.dispute(charge, amount or charge["amount"], self.now()))
            if inquiry:
                made["status"] = "warning_needs_response"
            self.emit("charge.dispute.created", made)
            if not inquiry:
                self.emit("charge.dispute.funds_withdrawn", made)
            return made

    def escalate(self, dispute_id: str) -> Object:
        """An inquiry becomes a dispute, which withdraws the money."""
        with self.lock:
            dispute = self.get(dispute_id, "dispute")
            dispute["status"] = "needs_response"
            self.emit("charge.dispute.updated", dispute)
            self.emit("charge.dispute.funds_withdrawn", dispute)
            return dispute

    def close_dispute(self, dispute_id: str, *, won: bool) -> Object:
        """Close a dispute: won or lost by the merchant."""
        with self.lock:
            dispute = self.get(dispute_id, "dispute")
            inquiry = dispute["status"].startswith("warning_")
            dispute["status"] = "warning_closed" if inquiry else "won" if won else "lost"
            if won and not inquiry:
                self.emit("charge.dispute.funds_reinstated", dispute)
            self.emit("charge.dispute.closed", dispute)
            return dispute

    # Subscriptions.

    def _subscribe(self, session: Object) -> Object:
        sub = checkouts.subscribe(self, session)
        session.update(
            status="complete", payment_status="paid", url=None, subscription=sub["id"], invoice=sub["latest_invoice"]
        )
        self.emit("customer.subscription.created", sub)
        self.emit("checkout.session.completed", session)
        invoice = self.get(sub["latest_invoice"], "invoice")
        self.emit("invoice.paid", invoice)
        self.emit("invoice.payment_succeeded", invoice)
        return session

    def subscribe(
        self,
        customer_id: str,
        price_id: str,
        metadata: Mapping[str, str],
        trial_days: int = 0,
        *,
        silent: bool = False,
        terms: Mapping[str, object] | None = None,
    ) -> Object:
        """Create a subscription and pay its first invoice. `terms`: its currency, code and tax."""
        with self.lock:
            price = self.get(price_id, "price")
            sub = self.add(objects.subscription(customer_id, price, dict(metadata), self.now(), trial_days))
            sub.update(terms or {})
            item = sub["items"]["data"][0]
            amount = 0 if trial_days else totals.amount_in(price, sub["currency"])
            span = (item["current_period_start"], item["current_period_end"])
            line = objects.invoice_line(price, amount, *span, "1 × plan")
            invoice = self._bill(sub, [line], "subscription_create", silent=silent)
            if not silent:
                self.emit("customer.subscription.created", sub)
            sub["latest_invoice"] = invoice["id"]
            return sub

    def _bill(self, sub: Object, lines: list[Object], reason: str, *, pay: bool = True, silent: bool = False) -> Object:
        """Create an invoice and pay it if possible, first from the customer's balance. A credit adds to the balance."""
        customer = self.objects.get(sub["customer"]) or {"balance": 0}
        sums = totals.price_invoice(sub, lines)
        invoice = self.add(objects.invoice(sub, lines, sums, reason, self.base_url, self.now(), customer["balance"]))
        customer["balance"] += invoice["total"] - invoice["amount_due"]
        invoice["ending_balance"] = customer["balance"]
        pay = pay or invoice["amount_due"] == 0
        sub["latest_invoice"] = invoice["id"]
        if invoice["amount_due"] > 0:
            intent = self.add(
                objects.payment_intent(invoice["amount_due"], invoice["currency"], sub["customer"], {}, self.now())
            )
            self.add(objects.invoice_payment(invoice, intent, self.now()))
        if pay:
            self._pay(invoice, silent=silent)
        else:
            invoice["attempt_count"] += 1
            self.emit("invoice.payment_failed", invoice)
        return invoice

    def _pay(self, invoice: Object, *, silent: bool = False) -> None:
        for paid in self.payments_of(invoice["id"]):
            intent = self.get(paid["payment"]["payment_intent"], "payment_intent")
            self.charge(intent)
            paid.update(status="paid", amount_paid=intent["amount"])
            if not silent:
                self.emit("payment_intent.succeeded", intent)
        invoice.update(status="paid", amount_paid=invoice["amount_due"], attempt_count=invoice["attempt_count"] + 1)
        if not silent:
            self.emit("invoice.paid", invoice)
            self.emit("invoice.payment_succeeded", invoice)

    def payments_of(self, invoice_id: str) -> list[Object]:
        return [each for each in self.all("invoice_payment") if each["invoice"] == invoice_id]

    def pay_invoice(self, invoice_id: str) -> Object:
        """Pay an open invoice."""
        with self.lock:
            invoice = self.get(invoice_id, "invoice")
            if invoice["status"] != "open":
                raise Refused(400, f"This invoice is {invoice['status']}.", "invoice_not_open")
            self._pay(invoice)
            sub = self.get(invoice["parent"]["subscription_details"]["subscription"], "subscription")
            if sub["status"] in ("past_due", "unpaid"):
                sub["status"] = "active"
                self.emit("customer.subscription.updated", sub)
            return invoice

    def advance(self, subscription_id: str, *, pay: bool = True) -> Object:
        """End the paid period: charge for the next one, or end a subscription that was to be cancelled."""
        with self.lock:
            sub = self.get(subscription_id, "subscription")
            if sub["cancel_at_period_end"]:
                return self.end(subscription_id)
            item = sub["items"]["data"][0]
            start = item["current_period_end"]
            item.update(current_period_start=start, current_period_end=objects.months_after(start))
            pay = pay and sub["customer"] not in self.declines
            sub["trial_end"] = None
            amount = totals.amount_in(item["price"], sub["currency"])
            line = objects.invoice_line(item["price"], amount, start, item["current_period_end"], "1 × plan")
            invoice = self._bill(sub, [*sub.pop("_prorations", ()), line], "subscription_cycle", pay=pay)
            sub["status"] = "active" if invoice["status"] == "paid" else "past_due"  # the balance may have paid it
            self.emit("customer.subscription.updated", sub)
            return sub

    def end(self, subscription_id: str) -> Object:
        with self.lock:
            sub = self.get(subscription_id, "subscription")
            if sub["status"] == "canceled":
                raise Refused(404, f"No such subscription: '{subscription_id}'", "resource_missing", "id")
            sub.update(status="canceled", canceled_at=self.now(), ended_at=self.now())
            self.emit("customer.subscription.deleted", sub)
            return sub

    def delete_customer(self, customer_id: str) -> Object:
        """Delete the customer, as in the dashboard: the subscriptions end, and only the id remains."""
        with self.lock:
            customer = self.get(customer_id, "customer")
            for sub in self.all("subscription"):
                if sub["customer"] == customer_id and sub["status"] != "canceled":
                    self.end(sub["id"])
            gone = self.add({"id": customer_id, "object": "customer", "deleted": True, "created": customer["created"]})
            self.emit("customer.deleted", customer)
            return gone

    def set_status(self, subscription_id: str, status: str) -> Object:
        """Set another status, with its event."""
        with self.lock:
            sub = self.get(subscription_id, "subscription")
            before = sub["status"]
            sub["status"] = status
            told = {"paused": "paused"}.get(status, "resumed" if before == "paused" else "updated")
            self.emit(f"customer.subscription.{told}", sub)
            return sub

    def tell(self, subscription_id: str, type_: str) -> Object:
        """Send an event that changes nothing: `trial_will_end` or `invoice.payment_action_required`."""
        with self.lock:
            sub = self.get(subscription_id, "subscription")
            about = self.get(sub["latest_invoice"], "invoice") if type_.startswith("invoice.") else sub
            return self.emit(type_, about)

    def change_price(self, sub: Object, price: Object, *, invoice_now: bool, at: int | None = None) -> None:
        """Change the price, prorated from now or from another time of the period: invoiced now or with the next one.

        If the difference cannot be paid, nothing changes. A credit goes to the customer's balance.
        """
        item = sub["items"]["data"][0]
        lines = prorations.lines(sub, price, self.now() if at is None else at)
        if not lines:
            return
        declined = sub["customer"] in self.declines and sum(line["amount"] for line in lines) > 0
        if declined:
            sub["pending_update"] = {"expires_at": self.now() + 82_800, "subscription_items": []}
        else:
            item["price"] = price
        if invoice_now:
            self._bill(sub, lines, "subscription_update", pay=not declined)
        else:
            sub["_prorations"] = [*sub.get("_prorations", ()), *lines]
        self.emit("customer.subscription.updated", sub)
