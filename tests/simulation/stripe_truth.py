"""What Stripe has: what was paid and given back, and the state of each subscription. The checks compare the books with
it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from local.vendors.stripe.account import Account
from local.vendors.stripe.objects import Object

SETTLED = 4 * 86_400.0
"""Within so long every event of a change was delivered, or reconciliation has found it."""
ENTITLED = ("active", "trialing", "past_due")


class Sale(NamedTuple):
    """A pack that was paid for, in a checkout session or by a top-up. Amounts are in the currency's minor unit."""

    session_id: str
    """Empty for a top-up."""
    order_id: str
    uid: str
    customer_id: str
    amount: int
    quantity: int
    refunded: int
    disputed: int
    """Held back by disputes that are open or lost."""
    added: int = 0
    """Tax on top of the price, less a promotion code's discount."""


class Bill(NamedTuple):
    """An invoice that was paid."""

    invoice_id: str
    subscription_id: str
    uid: str
    reason: str
    """Stripe's `billing_reason`."""
    plan: str
    """The plan of the price that it charges for."""
    paid: int
    """Paid by card; the customer's balance may have paid more."""
    refunded: int
    disputed: int
    due: bool
    """Whether its month's tokens must have been granted: it charged a whole period, and its subscription entitled to
    the plan, and nothing newer was paid, for long enough to hear of it."""


class Contract(NamedTuple):
    """A subscription."""

    subscription_id: str
    customer_id: str
    uid: str
    """Of its metadata, or else of its customer's when it began; empty if neither names one."""
    status: str
    plan: str
    period_end: int
    cancel_at_period_end: bool
    since: float
    """When it came to its status."""
    ended_by_us: bool
    """Whether our API key ended it."""


class StripeTruth(NamedTuple):
    """What Stripe has, by the objects' ids."""

    sales: Mapping[str, Sale]
    """By the session's id; a top-up's by its payment intent's."""
    bills: Mapping[str, Bill]
    contracts: Mapping[str, Contract]
    chargeable: Mapping[str, str] = {}
    """{payment intent of a top-up that is neither paid nor cancelled, or card that is saved: uid}."""

    def paid_by(self, uid: str) -> tuple[int, int]:
        """What the customer has paid in all, and got back by refunds and disputes."""
        sales = [each for each in self.sales.values() if each.uid == uid]
        bills = [each for each in self.bills.values() if each.uid == uid]
        paid = sum(each.amount for each in sales) + sum(each.paid for each in bills)
        back = sum(each.refunded + each.disputed for each in sales)
        return paid, back + sum(each.refunded + each.disputed for each in bills)


class Chronicle:
    """When each subscription changed its status, and when its invoices were paid."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._statuses: dict[str, list[tuple[float, str]]] = {}
        self._owners: dict[str, str] = {}
        self._billed: dict[str, list[tuple[float, Object]]] = {}

    def hear(self, event: Object) -> None:
        about, kind = event["data"]["object"], event["type"]
        if kind == "customer.subscription.created":
            customer = self.account.objects[about["customer"]]
            self._owners[about["id"]] = about["metadata"].get("uid") or customer.get("metadata", {}).get("uid", "")
        if kind.startswith("customer.subscription."):
            self._statuses.setdefault(about["id"], []).append((self.account.clock(), about["status"]))
        elif kind == "invoice.paid" and about["parent"] is not None:  # else of a pack, which is a sale
            name = about["parent"]["subscription_details"]["subscription"]
            self._billed.setdefault(name, []).append((self.account.clock(), about))

    def truth(self, requests: Iterable[tuple[str, str, str, str]]) -> StripeTruth:
        """Everything that was paid, and what has become of it. `requests`: as `Api.requests`."""
        everything = self.account.objects
        ended = {path.rpartition("/")[2] for method, path, _, _ in requests if method == "DELETE"}
        held: dict[str, int] = {}
        for each in everything.values():
            if each["object"] == "dispute" and each["status"] in ("needs_response", "lost"):
                held[each["charge"]] = held.get(each["charge"], 0) + each["amount"]
        sales: dict[str, Sale] = {}
        contracts: dict[str, Contract] = {}
        for name, each in everything.items():
            if each["object"] == "checkout.session" and each["mode"] == "payment" and each["status"] == "complete":
                if each["payment_status"] != "unpaid":
                    sales[name] = self._sale(name, each, held)
            elif each["object"] == "subscription":
                contracts[name] = Contract(
                    name,
                    each["customer"],
                    self._owners[name],
                    each["status"],
                    price_of(each)["metadata"]["planId"],
                    item_of(each)["current_period_end"],
                    each["cancel_at_period_end"] and each["status"] != "canceled",
                    self._since(name),
                    name in ended,
                )
        bills = {
            bill.invoice_id: bill
            for name, paid in self._billed.items()
            for number in range(len(paid))
            if (bill := self._bill(contracts[name], paid, number, held))
        }
        chargeable = {
            name: everything[each["customer"]].get("metadata", {}).get("uid", "")  # a deleted customer has none
            for name, each in everything.items()
            if each["object"] == "payment_method" and each["customer"]
        }
        for name, intent in self._top_ups():
            if intent["status"] == "succeeded":
                sales[name] = self._top_up(intent, held)
            elif intent["status"] != "canceled":
                chargeable[name] = intent["metadata"]["uid"]
        return StripeTruth(sales, bills, contracts, chargeable)

    def _top_ups(self) -> list[tuple[str, Object]]:
        """The payment intents of orders that were made without a session."""
        everything = self.account.objects
        in_sessions = {each["payment_intent"] for each in everything.values() if each["object"] == "checkout.session"}
        return [
            (name, each)
            for name, each in everything.items()
            if each["object"] == "payment_intent" and each["metadata"].get("orderId") and name not in in_sessions
        ]

    def _top_up(self, intent: Object, held: Mapping[str, int]) -> Sale:
        charge, about = self.account.objects[intent["latest_charge"]], intent["metadata"]
        back = charge["amount_refunded"], held.get(charge["id"], 0)
        return Sale("", about["orderId"], about["uid"], intent["customer"], intent["amount"], 1, *back)

    def _since(self, name: str) -> float:
        changes = self._statuses[name]
        at, status = changes[-1]
        for earlier, before in reversed(changes):
            if before != status:
                break
            at = earlier
        return at

    def _sale(self, name: str, session: Object, held: Mapping[str, int]) -> Sale:
        intent = self.account.objects.get(session["payment_intent"], {"latest_charge": None})  # none if it was free
        charge = self.account.objects.get(intent["latest_charge"], {"id": "", "amount_refunded": 0})
        metadata, details = session["metadata"], session["total_details"]
        on_top = sum(each["amount"] for each in details["_breakdown"]["taxes"] if not each["rate"]["inclusive"])
        return Sale(
            name,
            metadata.get("orderId", ""),
            metadata.get("uid", ""),
            session["customer"],
            session["amount_total"],
            sum(line["quantity"] for line in session["_line_items"]),
            charge["amount_refunded"],
            held.get(charge["id"], 0),
            on_top - details["amount_discount"],
        )

    def _bill(
        self, contract: Contract, paid: list[tuple[float, Object]], number: int, held: Mapping[str, int]
    ) -> Bill | None:
        at, invoice = paid[number]
        charged = [line for line in invoice["lines"]["data"] if line["amount"] >= 0]
        if not charged:
            return None
        price = self.account.objects[charged[-1]["pricing"]["price_details"]["price"]]
        payments = self.account.payments_of(invoice["id"])
        intents = [self.account.objects[each["payment"]["payment_intent"]] for each in payments]
        charges = [self.account.objects[each["latest_charge"]] for each in intents if each["latest_charge"]]
        reason = invoice["billing_reason"]
        until = next(
            (later for later, each in paid[number + 1 :] if each["billing_reason"] == "subscription_cycle"), None
        )
        return Bill(
            invoice["id"],
            contract.subscription_id,
            contract.uid,
            reason,
            price["metadata"]["planId"],
            sum(each["amount"] for each in charges),
            sum(each["amount_refunded"] for each in charges),
            sum(held.get(each["id"], 0) for each in charges),
            reason in ("subscription_create", "subscription_cycle")
            and invoice["total"] > 0
            and not any(_end_of(each) > _end_of(invoice) for _, each in paid[:number])
            and self._was_entitled(contract.subscription_id, at, until),
        )

    def _was_entitled(self, name: str, since: float, until: float | None) -> bool:
        """Whether the subscription entitled to its plan from `since` on for long enough, until then or until now."""
        last = self.account.clock() if until is None else until
        if until is not None and last - since < SETTLED:
            return False
        status, end = "active", min(last, since + SETTLED)
        for at, next_status in self._statuses[name]:
            if at > end:
                break
            if at >= since and next_status not in ENTITLED:
                return False
            status = next_status
        return status in ENTITLED


def _end_of(invoice: Object) -> int:
    return max(int(line["period"]["end"]) for line in invoice["lines"]["data"])


def item_of(sub: Object) -> Object:
    found: Object = sub["items"]["data"][0]
    return found


def price_of(sub: Object) -> Object:
    found: Object = item_of(sub)["price"]
    return found
