"""Stripe living its own life in virtual time: what customers, banks and the dashboard do, and the events of it.

The objects and the API are those of `local.vendors.stripe`. Its handler class (`HANDLER`) is served with
`shop.server` as its server; nothing here opens a socket or starts a thread. Every chance is the given `random`'s, every
moment is `time`'s: `local.vendors.stripe.objects.new_id` must be seeded too, as the world does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Protocol

from msgspec import Struct

from local.vendors.stripe.account import PLANS, Account
from local.vendors.stripe.api import Api
from local.vendors.stripe.objects import Object
from local.vendors.stripe.server import StandIn, _Handler
from studiox.integrations.stripe_types import EVENT_TYPES
from tests.simulation.stripe_truth import Chronicle, StripeTruth, item_of, price_of

HOUR, DAY = 3600.0, 86_400.0
GIVEN_UP = 3 * DAY
"""For so long Stripe repeats an event that was not taken."""
BACK_OFF = (300.0, 1800.0, 2 * HOUR, 5 * HOUR, 10 * HOUR, 12 * HOUR)
"""Between the attempts; the last one repeats. Docs: docs.stripe.com/webhooks#behaviors ("an exponential back off")."""
DUNNING = ((3 * DAY, 5 * DAY, 7 * DAY), (5 * DAY, 12 * DAY, 20 * DAY))
"""When the payment of a renewal is tried again; a subscription that is still unpaid then ends. Stripe lets its user
choose how long it tries: docs.stripe.com/billing/revenue-recovery/smart-retries."""
Doable = tuple[int, str, Callable[[], object]]
"""A weight, what it is, and how it is done."""
Deliver = Callable[[bytes, Mapping[str, str]], int]
"""Calls the webhook: the status that it answered, 0 if no answer came."""


class Time(Protocol):
    """The virtual time."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def at(self, moment: float, act: Callable[[], object]) -> object:
        """Do this at that moment, at once if it is over."""

    def spawn(self, name: str, function: Callable[[], None], /) -> object:
        """Run the function in a task of its own."""


class Habits(Struct, frozen=True):
    """How a story's Stripe differs from the usual one."""

    slow: float = 0.0
    """How often the API's answer comes seconds after it was made."""
    lost: float = 0.0
    """How often an event is never delivered."""
    prompt: bool = False
    """Events are delivered at once, or within seconds."""


class SlowHandler(_Handler):
    """Answers as the shop does: sometimes late."""

    def _send(self, status: int, body: bytes, kind: str) -> None:
        if pause_s := self.server.hesitation():  # type: ignore[attr-defined]
            self.server.pause(pause_s)  # type: ignore[attr-defined]
        super()._send(status, body, kind)


HANDLER = SlowHandler


class Delivery:
    """One copy of an event on its way."""

    def __init__(self, event: Object, first: float) -> None:
        self.event, self.first, self.tries = event, first, 0


class Shop:
    """A Stripe account with a life of its own. `act` does one thing that somebody could do now."""

    def __init__(
        self, account: Account, random: Random, time: Time, deliver: Deliver, *, key: str, secret: str
    ) -> None:
        self.account, self.random, self.time = account, random, time
        self.deliver, self.secret = deliver, secret.split(",")[0].strip()
        self.api = Api(account, key)
        self.server = SimpleNamespace(
            stand_in=StandIn(account.base_url, account, self.api, None),
            hesitation=self._hesitation,
            pause=lambda _seconds: None,  # whoever serves it sets what lets the answer come later
        )
        self.habits = Habits()
        self.calm = False
        """No more mishaps: cards work, events arrive at once and once. For the end of a story."""
        self.closed = False
        """No period ends any more."""
        self.waiting = 0
        """Events on their way."""
        self.given_up: list[str] = []
        """Ids of events that were not taken for three days."""
        self.chronicle = Chronicle(account)
        account.clock = time.now
        account.hear = self._hear

    # Events.

    def _hear(self, event: Object) -> None:
        about = event["data"]["object"]
        kind = event["type"]
        self.chronicle.hear(event)
        if kind == "customer.subscription.created":
            self._await_renewal(about["id"])
        chance = self.random.random()
        if kind not in EVENT_TYPES and (self.calm or chance > 0.03):
            return  # the endpoint has not asked for it, but for a few that somebody has ticked
        if not self.calm and self.habits.lost and self.random.random() < self.habits.lost:
            return
        copies = 1 if self.calm or chance < 0.85 else 2 if chance < 0.97 else 3
        for _ in range(copies):
            delivery = Delivery(event, self.time.now() + self._delay())
            self.waiting += 1
            self._post(delivery, delivery.first)

    def _delay(self) -> float:
        if self.calm:
            return 0.0
        chance = self.random.random()
        if self.habits.prompt:
            return self.random.uniform(0.0, 0.2 if chance < 0.6 else 5.0)
        longest = 2.0 if chance < 0.6 else 10 * 60 if chance < 0.85 else 6 * HOUR if chance < 0.97 else GIVEN_UP
        return self.random.uniform(0.0, longest)

    def _hesitation(self) -> float:
        """How long the API's next answer takes; our client waits for ten seconds."""
        slow = not self.calm and self.habits.slow and self.random.random() < self.habits.slow
        return self.random.uniform(0.5, 9.5) if slow else 0.0

    def _send(self, delivery: Delivery) -> None:
        """One attempt. The signature is of this moment, as Stripe's is."""
        body = json.dumps(delivery.event).encode()
        status = self.deliver(body, signature(body, self.secret, self.time.now()))
        delivery.tries += 1
        now = self.time.now()
        if 200 <= status < 300:
            self.waiting -= 1
            return
        pause = BACK_OFF[min(delivery.tries, len(BACK_OFF)) - 1] * self.random.uniform(0.9, 1.1)
        if now + pause > delivery.first + GIVEN_UP:
            self.waiting -= 1
            self.given_up.append(delivery.event["id"])
            return
        self._post(delivery, now + pause)

    def _post(self, delivery: Delivery, moment: float) -> None:
        name = f"stripe {delivery.event['type']}"
        self.time.at(moment, lambda: self.time.spawn(name, lambda: self._send(delivery)))

    def truth(self) -> StripeTruth:
        return self.chronicle.truth(self.api.requests)

    # Time.

    def next_renewal(self, subscription_id: str) -> float:
        """When the paid period ends. Until then sleep, and the shop renews it: so a story goes from month to month."""
        return float(item_of(self.account.objects[subscription_id])["current_period_end"])

    def months(self, uid: str, number: int) -> Iterator[float]:
        """How long to sleep until the customer's subscription was renewed, so many times, or until it ends."""
        for _ in range(number):
            mine = [
                each
                for each in self.account.objects.values()
                if each["object"] == "subscription" and each["metadata"].get("uid") == uid and is_running(each)
            ]
            if not mine:
                return
            yield max(0.0, self.next_renewal(mine[0]["id"]) - self.time.now()) + 2 * HOUR

    def _await_renewal(self, name: str) -> None:
        late = 0.0 if self.calm else self.random.uniform(0.0, HOUR)
        self.time.at(self.next_renewal(name) + late, lambda: self._renew(name))

    def _renew(self, name: str) -> None:
        sub = self.account.objects[name]
        if self.closed or sub["status"] in ("canceled", "unpaid"):
            return
        if not is_running(sub):
            self.time.at(self.time.now() + DAY, lambda: self._renew(name))
            return
        if self.next_renewal(name) <= self.time.now():
            pays = self.calm or (self._may_pay(sub["customer"]) and self.random.random() < 0.9)
            self.account.advance(name, pay=pays)
            if sub["status"] == "canceled":
                return
            if sub["status"] == "past_due":
                invoice_id = sub["latest_invoice"]
                tries = self.random.choice(DUNNING)
                self.time.at(self.time.now() + tries[0], lambda: self._dun(name, invoice_id, tries, 0))
        self._await_renewal(name)

    def _dun(self, name: str, invoice_id: str, tries: Sequence[float], number: int) -> None:
        """Try the payment again, and end the subscription after the last attempt."""
        sub, invoice = self.account.objects[name], self.account.objects[invoice_id]
        if invoice["status"] != "open" or sub["status"] == "canceled":
            return
        if self.calm or (self._may_pay(sub["customer"]) and self.random.random() < 0.6):
            self.account.pay_invoice(invoice_id)
            return
        invoice["attempt_count"] += 1
        self.account.emit("invoice.payment_failed", invoice)
        if number + 1 < len(tries):
            pause = tries[number + 1] - tries[number]
            self.time.at(self.time.now() + pause, lambda: self._dun(name, invoice_id, tries, number + 1))
        elif self.random.random() < 0.7:
            self.account.end(name)
        else:
            self.account.set_status(name, "unpaid")

    def _may_pay(self, customer_id: str) -> bool:
        return customer_id not in self.account.declines

    # Life.

    def act(self, *kinds: str, about: str = "") -> str:
        """Do one thing that is possible now, by chance; its name and object, for the trace. Empty: nothing is.

        `kinds`: only these, by their first words; `about`: only with this object.
        """
        doable = [
            each
            for each in self._doable()
            if (not kinds or each[1].partition(" ")[0] in kinds) and (not about or about in each[1].split(" "))
        ]
        if not doable:
            return ""
        (_, what, do), *_ = self.random.choices(doable, [weight for weight, _, _ in doable])
        do()
        return what

    def _doable(self) -> list[Doable]:
        """(weight, what, how) of everything that is possible, in order of the objects' creation."""
        found: list[Doable] = []
        held: dict[str, int] = {}
        for each in self.account.objects.values():
            if each["object"] == "dispute" and each["status"] in ("needs_response", "warning_needs_response", "lost"):
                held[each["charge"]] = held.get(each["charge"], 0) + each["amount"]
        for name, each in self.account.objects.items():
            match each["object"]:
                case "checkout.session":
                    found += self._of_session(name, each)
                case "charge" if name not in held:
                    found += self._of_charge(each)
                case "refund" if each["status"] == "succeeded":
                    found.append((1, f"fail_refund {name}", partial(self.account.fail_refund, name)))
                case "dispute":
                    found += self._of_dispute(name, each["status"])
                case "subscription" if each["status"] != "canceled":
                    found += self._of_subscription(name, each)
                case "invoice" if each["status"] == "open" and self._may_pay(each["customer"]):
                    found.append((4, f"pay_invoice {name}", partial(self._pay_invoice, name)))
                case "customer" if not each.get("deleted"):
                    found += self._of_customer(name, each)
        return found

    def _of_session(self, name: str, session: Object) -> list[Doable]:
        account = self.account
        if session["status"] == "open":
            if session["expires_at"] <= account.now():
                return [(9, f"expire {name}", lambda: account.expire(name))]
            if account.objects[session["customer"]].get("deleted"):
                return []
            found: list[Doable] = []
            found.append((4, f"decline {name}", lambda: account.decline(name)))
            if not self._may_pay(session["customer"]):
                return found
            found.append((20, f"pay {name}", lambda: account.pay(name)))
            if session["mode"] == "payment":
                found.append((6, f"pay_slowly {name}", lambda: account.pay(name, slow=True)))
                found.append((1, f"pay_more {name}", lambda: self._pay_other(name, times=self.random.randint(2, 3))))
                found.append((3, f"pay_less {name}", lambda: self._pay_other(name, times=1, off=1)))
            return found
        if session["status"] != "complete" or session["mode"] != "payment" or session["payment_intent"] is None:
            return []
        state = account.objects[session["payment_intent"]]["status"]
        if state == "processing":
            return [
                (8, f"arrive {name}", lambda: account.arrive(name)),
                (3, f"bounce {name}", lambda: account.arrive(name, well=False)),
            ]
        if state == "requires_payment_method":
            return [(4, f"try_again {name}", lambda: account.try_again(name))]
        return []

    def _pay_other(self, name: str, *, times: int, off: int = 0) -> None:
        """Several packs in one session, or a discount that our order does not know: such a payment is parked."""
        session = self.account.objects[name]
        (line,) = session["_line_items"]
        amount = line["price"]["unit_amount"] * times - off
        line.update(quantity=times, amount_total=amount)
        session.update(amount_subtotal=amount, amount_total=amount)
        if session["payment_intent"]:
            self.account.objects[session["payment_intent"]]["amount"] = amount
        self.account.pay(name)

    def _of_charge(self, charge: Object) -> list[Doable]:
        account, intent = self.account, charge["payment_intent"]
        left, whole = charge["amount"] - charge["amount_refunded"], charge["amount"]
        # A buyer disputes the whole payment, also one that was refunded already.
        disputes: list[Doable] = [(1, f"dispute {intent}", lambda: account.dispute(intent, whole))]
        if left <= 0:
            return disputes
        part = self.random.randint(1, left)
        return [
            *disputes,
            (1, f"refund {intent}", lambda: account.refund(intent)),
            (2, f"refund {intent} {part}", lambda: account.refund(intent, part)),
            (1, f"dispute {intent} {part}", lambda: account.dispute(intent, part)),
            (1, f"inquire {intent}", lambda: account.dispute(intent, left, inquiry=True)),
        ]

    def _of_dispute(self, name: str, status: str) -> list[Doable]:
        account = self.account
        if status == "warning_needs_response":
            return [
                (3, f"escalate {name}", lambda: account.escalate(name)),
                (3, f"drop {name}", lambda: account.close_dispute(name, won=False)),
            ]
        if status != "needs_response":
            return []
        return [
            (4, f"win {name}", lambda: account.close_dispute(name, won=True)),
            (3, f"lose {name}", lambda: account.close_dispute(name, won=False)),
        ]

    def _of_subscription(self, name: str, sub: Object) -> list[Doable]:
        account = self.account
        other = next(f"price_studiox_{plan}" for plan in PLANS if f"price_studiox_{plan}" != price_of(sub)["id"])
        found: list[Doable] = [
            (4, f"toggle_cancel {name}", lambda: self._toggle_cancel(sub)),
            (1, f"end {name}", lambda: account.end(name)),
            (2, f"card {sub['customer']}", lambda: account.declines.symmetric_difference_update([sub["customer"]])),
            (1, f"tell {name}", lambda: account.tell(name, "invoice.payment_action_required")),
        ]
        if sub["status"] == "paused":
            return [*found, (4, f"go_on {name}", lambda: account.set_status(name, "active"))]
        if sub["status"] == "active":
            now = self.random.random() < 0.8
            change = self.account.change_price
            price = account.objects[other]
            found.append((4, f"move {name} {other}", lambda: change(sub, price, invoice_now=now)))
            found.append((1, f"pause {name}", lambda: account.set_status(name, "paused")))
        return found

    def _toggle_cancel(self, sub: Object) -> None:
        ends = not sub["cancel_at_period_end"]
        sub.update(cancel_at_period_end=ends, cancel_at=item_of(sub)["current_period_end"] if ends else None)
        self.account.emit("customer.subscription.updated", sub)

    def _pay_invoice(self, name: str) -> None:
        sub = self.account.objects[self.account.objects[name]["parent"]["subscription_details"]["subscription"]]
        if sub["status"] != "canceled":
            self.account.pay_invoice(name)

    def _of_customer(self, name: str, customer: Object) -> list[Doable]:
        """The dashboard: a second subscription, sometimes without the uid, and the customer's end."""
        if not self.random.random() < 0.1:
            return []
        plan = self.random.choice(list(PLANS))
        metadata = customer["metadata"] if self.random.random() < 0.8 else {}
        subscribe = self.account.subscribe
        return [
            (2, f"subscribe {name} {plan}", lambda: subscribe(name, f"price_studiox_{plan}", metadata)),
            (1, f"delete {name}", lambda: self.account.delete_customer(name)),
        ]


def is_running(sub: Object) -> bool:
    """Whether it is renewed when its period ends."""
    return sub["status"] not in ("canceled", "unpaid", "paused")


def signature(body: bytes, secret: str, at: float) -> dict[str, str]:
    """The headers of a delivery at that moment."""
    made = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": f"t={int(at)},v1={made}"}
