"""Stripe's life: the same seed lives the same life, events arrive at least once, months pass, and the truth adds up."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest

from local.vendors.stripe import objects
from local.vendors.stripe.account import Account
from tests.simulation.agenda import Agenda, seeded_ids
from tests.simulation.shop import DAY, GIVEN_UP, Habits, Shop

KEY, SECRET = "sk_test_0123456789", "whsec_0123456789"


class Story:
    """A shop with one customer, whose webhook answers what `answer` says."""

    def __init__(
        self, seed: int, patch: pytest.MonkeyPatch, answer: Callable[[Random], int] = lambda _random: 200
    ) -> None:
        self.random, self.time = Random(seed), Agenda()
        patch.setattr(objects, "new_id", seeded_ids(self.random))
        self.taken: list[tuple[float, str, str, int]] = []
        self.bodies: list[tuple[bytes, Mapping[str, str]]] = []
        self.answer = answer
        account = Account(clock=self.time.now)
        self.shop = Shop(account, self.random, self.time, self._deliver, key=KEY, secret=SECRET)
        self.customer = self.post("/v1/customers", "metadata[uid]=u1")["id"]

    def _deliver(self, body: bytes, headers: Mapping[str, str]) -> int:
        event = json.loads(body)
        status = self.answer(self.random)
        self.bodies.append((body, headers))
        self.taken.append((self.time.now(), event["id"], event["type"], status))
        return status

    def post(self, path: str, form: str) -> dict[str, Any]:
        status, body = self.shop.api.answer("POST", path, form, {"Authorization": f"Bearer {KEY}"})
        assert status == 200, body
        return body

    def checkout(self, what: str) -> str:
        """A session of the customer's: for a pack or a plan."""
        metadata = f"metadata[uid]=u1&metadata[orderId]=o{len(self.shop.account.objects)}&customer={self.customer}"
        if what == "pack":
            item = "line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=999"
            item += "&line_items[0][price_data][product_data][name]=Pack&line_items[0][quantity]=1&mode=payment"
        else:
            item = f"line_items[0][price]=price_studiox_{what}&mode=subscription&subscription_data[metadata][uid]=u1"
        return str(self.post("/v1/checkout/sessions", f"{item}&{metadata}")["id"])

    def live(self, steps: int) -> list[str]:
        acts = []
        for number in range(steps):
            if self.shop.account.objects[self.customer].get("deleted"):
                self.customer = self.post("/v1/customers", "metadata[uid]=u1")["id"]
            if number % 6 == 0:
                self.checkout(self.random.choice(["pack", "pro", "enterprise"]))
            acts.append(self.shop.act())
            self.time.sleep(self.random.uniform(0, 5 * DAY))
        return acts

    def end(self) -> None:
        self.shop.calm = self.shop.closed = True
        self.time.sleep(10 * DAY)


def _flaky(random: Random) -> int:
    return 200 if random.random() < 0.6 else random.choice([0, 400, 500, 503])


def test_the_same_seed_lives_the_same_life(monkeypatch: pytest.MonkeyPatch) -> None:
    def life(seed: int) -> object:
        story = Story(seed, monkeypatch, _flaky)
        return story.live(60), story.taken, story.shop.truth(), story.shop.account.objects

    assert life(3) == life(3)
    assert life(3) != life(4)


def test_everything_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of act and each kind of event that the webhook knows, but trials' and cancelled payments'."""
    acts: Counter[str] = Counter()
    types: Counter[str] = Counter()
    for seed in range(25):
        story = Story(seed, monkeypatch)
        acts.update(each.split()[0] for each in story.live(80) if each)
        types.update(each["type"] for each in story.shop.account.events)
    assert set(acts) == {
        "pay", "pay_slowly", "pay_more", "pay_less", "decline", "expire", "arrive", "bounce", "try_again",
        "refund", "fail_refund", "dispute", "inquire", "escalate", "drop", "win", "lose",
        "toggle_cancel", "end", "card", "tell", "pause", "go_on", "move", "pay_invoice", "subscribe", "delete",
    }  # fmt: skip
    from studiox.integrations.stripe_types import EVENT_TYPES

    unheard = {each for each in EVENT_TYPES if each not in types}
    assert unheard == {"customer.subscription.trial_will_end", "payment_intent.canceled"}


def test_an_event_is_repeated_until_it_is_taken_for_three_days(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(1, monkeypatch, lambda _random: 503)
    story.shop.account.pay(story.checkout("pack"))
    story.time.sleep(8 * DAY)
    assert story.shop.waiting == 0
    assert set(story.shop.given_up) == {name for _, name, _, _ in story.taken}
    for tries in _tries(story).values():
        pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
        assert len(tries) >= 9
        assert tries[-1] - tries[0] <= GIVEN_UP
        assert pauses == sorted(pauses, key=lambda pause: min(pause, 10 * 3600.0)), "each pause is longer"


def _tries(story: Story) -> dict[str, list[float]]:
    """The attempts of events that had one copy."""
    found: dict[str, list[float]] = {}
    for at, name, _, _ in story.taken:
        found.setdefault(name, []).append(at)
    once = Counter(story.shop.given_up)
    return {name: tries for name, tries in found.items() if once[name] == 1}


def test_events_come_twice_late_and_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(3, monkeypatch, _flaky)
    story.live(120)
    story.end()
    happened = [each["id"] for each in story.shop.account.events]
    taken = [name for _, name, _, status in story.taken if status == 200]
    assert len(taken) > len(set(taken)), "some came twice"
    first = [happened.index(name) for name in dict.fromkeys(taken)]
    assert first != sorted(first), "some overtook others"
    late = max(at - story.shop.account.events[happened.index(name)]["created"] for at, name, _, _ in story.taken)
    assert late > DAY
    assert story.shop.waiting == 0


def test_habits_make_answers_slow_and_lose_events(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(2, monkeypatch)
    assert not any(story.shop.server.hesitation() for _ in range(100))
    story.shop.habits = Habits(slow=0.5, lost=1.0)
    pauses = [story.shop.server.hesitation() for _ in range(100)]
    assert 20 < sum(each > 0 for each in pauses) < 80
    assert max(pauses) < 10, "shorter than the client waits"
    story.shop.account.pay(story.checkout("pack"))
    story.time.sleep(DAY)
    assert story.shop.account.events
    assert not story.taken
    story.end()
    assert not story.shop.server.hesitation()


def test_an_act_of_some_kinds_about_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(2, monkeypatch)
    sessions = [story.checkout("pack") for _ in range(3)]
    assert story.shop.act("refund") == ""
    assert story.shop.act("pay", about=sessions[1]) == f"pay {sessions[1]}"
    assert story.shop.act("pay", about=sessions[1]) == ""
    for amount in (100, None):
        intent = story.shop.account.objects[sessions[1]]["payment_intent"]
        story.shop.account.refund(intent, amount)
    assert story.shop.act("dispute", about=intent) == f"dispute {intent}", "also after it was refunded"


def test_a_delivery_is_signed_as_stripes_own_library_checks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import stripe

    story = Story(5, monkeypatch)
    story.shop.account.pay(story.checkout("pack"))
    story.time.sleep(DAY)
    body, headers = story.bodies[0]
    signature = stripe.WebhookSignature
    assert signature.verify_header(body.decode(), headers["Stripe-Signature"], SECRET, None)
    with pytest.raises(stripe.SignatureVerificationError):
        signature.verify_header(body.decode() + " ", headers["Stripe-Signature"], SECRET, None)


def test_thirty_renewals_are_one_story(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(8, monkeypatch)
    story.shop.calm = True
    sub = str(story.shop.account.pay(story.checkout("pro"))["subscription"])
    for month in range(30):
        if month % 10 == 5:
            price = story.shop.account.objects["price_studiox_enterprise" if month == 5 else "price_studiox_pro"]
            story.shop.account.change_price(story.shop.account.objects[sub], price, invoice_now=True)
        [pause_s] = story.shop.months("u1", 1)
        story.time.sleep(pause_s)
    bills = story.shop.truth().bills
    cycles = [each for each in bills.values() if each.reason == "subscription_cycle"]
    assert len(cycles) == 30
    assert {each.plan for each in cycles} == {"pro", "enterprise"}
    story.time.sleep(5 * DAY)
    assert all(each.due for each in story.shop.truth().bills.values() if each.reason == "subscription_cycle")


def test_months_end_with_the_subscription(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(8, monkeypatch)
    assert list(story.shop.months("u1", 3)) == []
    story.shop.calm = True
    sub = str(story.shop.account.pay(story.checkout("pro"))["subscription"])
    passed = 0
    for pause_s in story.shop.months("u1", 9):
        story.time.sleep(pause_s)
        passed += 1
        if passed == 4:
            story.shop.account.end(sub)
    assert passed == 4
    assert len(story.shop.truth().bills) == 5


def test_an_unpaid_renewal_recovers_or_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: Counter[str] = Counter()
    for seed in range(40):
        story = Story(seed, monkeypatch)
        sub = story.shop.account.pay(story.checkout("pro"))["subscription"]
        story.shop.account.declines.add(story.customer)
        story.time.sleep(story.shop.next_renewal(sub) - story.time.now() + DAY)
        assert story.shop.account.objects[sub]["status"] == "past_due"
        if seed % 2:
            story.shop.account.declines.clear()
        story.time.sleep(8 * DAY)
        after_a_week = story.shop.account.objects[sub]["status"]
        story.time.sleep(14 * DAY)
        ends[f"{after_a_week}, {story.shop.account.objects[sub]['status']}"] += 1
    weeks, later = ({end.split(", ")[place] for end in ends} for place in (0, 1))
    assert weeks == {"active", "canceled", "unpaid", "past_due"}
    assert later == {"active", "canceled", "unpaid"}


def test_the_truth_is_the_charges(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the customer has paid is the sum of the charges, by whatever way they were made."""
    for seed in range(20):
        story = Story(seed, monkeypatch)
        story.live(60)
        account, truth = story.shop.account, story.shop.truth()
        charges = account.all("charge")
        paid = sum(each.amount for each in truth.sales.values()) + sum(each.paid for each in truth.bills.values())
        assert paid == sum(each["amount"] for each in charges)
        back = sum(each.refunded for each in truth.sales.values())
        back += sum(each.refunded for each in truth.bills.values())
        assert back == sum(each["amount_refunded"] for each in charges)
        assert truth.paid_by("u1")[0] <= paid
        assert set(truth.contracts) == {each["id"] for each in account.all("subscription")}


def test_a_subscription_without_a_uid_is_its_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(1, monkeypatch)
    account = story.shop.account
    nobody = story.post("/v1/customers", "name=Nobody")["id"]
    made = {
        account.subscribe(each, "price_studiox_pro", {})["id"]: owner
        for each, owner in ((story.customer, "u1"), (nobody, ""))
    }
    account.delete_customer(story.customer)
    assert {name: each.uid for name, each in story.shop.truth().contracts.items()} == made


def test_what_must_be_credited_is_told_from_what_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(1, monkeypatch)
    story.shop.calm = True
    account = story.shop.account
    sub = account.pay(story.checkout("pro"))["subscription"]
    assert [each.due for each in story.shop.truth().bills.values()] == [True]
    story.time.sleep(DAY)
    account.end(sub)
    assert [each.due for each in story.shop.truth().bills.values()] == [False], "it ended before anyone must have heard"
