"""Regular customers: short plots about what came after packs and plans. A card that pays by itself, promotion codes,
invitations, limits, quotes, collections, and people who do not get along."""

from __future__ import annotations

from functools import partial

from local.vendors.stripe import checkouts, totals
from tests.simulation.actors import DAY, Act, one
from tests.simulation.customers import MOMENT, Customer

LICENCE = {"features/commercial_license": {"label": "A licence", "tokens": 450}}
"""In place of the catalogue's: nearly a pack's tokens, so that each debit or two calls for a top-up."""
TOP_UPS = {
    "save_a_card": 4,
    "spend": 8,
    "spend_and_be_refused": 4,
    "spend_and_stop": 2,
    "spend_and_leave": 1,
    "pay_back": 2,
    "quarrel": 1,
    "judge": 2,
    "wait_for_midnight": 1,
    "wait_a_month": 1,
}
INVITATIONS = {
    "invite": 4,
    "come_by_invitation": 6,
    "feature": 4,
    "pay_back": 3,
    "quarrel": 2,
    "judge": 3,
    "use_up": 1,
    "delete_account": 1,
}
LIMITS = {
    "set_a_limit": 4,
    "order_as_quoted": 6,
    "order": 2,
    "spend_at_once": 4,
    "feature": 2,
    "cancel": 3,
    "wait_for_midnight": 3,
}
NEIGHBOURS = {
    "show": 4,
    "collect": 5,
    "end_a_collection": 2,
    "delete": 3,
    "block": 4,
    "comment": 5,
    "look_around": 3,
    "appeal": 4,
    "delete_account": 1,
}


class Regular(Customer):
    """A customer who uses all of it."""

    code = ""
    """Their referral code, once they have asked for it."""
    collection = ""

    # Money.

    def _pay_with_a_code(self, act: Act) -> None:
        """A promotion code, and tax where the buyer lives; perhaps a code that takes everything off."""
        if (session := self._open(act, {"packId": one(["starter", "creator"], act)})) is None:
            return
        code = one([*totals.CODES, "OLD"], act)
        checkouts.enter(self.town.shop.account, session, one(["DE", "US"], act), code)
        self._pay(session, slow=act.chance < 0.3)
        self.town.world.sleep(60 * act.chance)
        self._happen("arrive", "bounce", about=session)

    def _customer(self) -> str:
        customers = self.town.shop.account.all("customer")
        mine = (each["id"] for each in customers if each.get("metadata", {}).get("uid") == self.uid)
        return next(mine, "")

    def _save_a_card(self, act: Act) -> None:
        """Turn auto top-up on, with other terms each time, and let a checkout save the card."""
        terms = {"packId": "starter", "below": one([500, 300, 100], act), "monthlyCeiling": one([1_000, 1_500], act)}
        self.insist("setAutoTopUp", {"enabled": True, **terms}, act)
        refused = self.town.shop.account.asks, self.town.shop.account.declines
        for each in refused:
            each.discard(self._customer())
        if (session := self._open(act, {"packId": "starter"})) is not None:
            self._pay(session, slow=False)
            self.town.world.sleep(MOMENT)

    def _spend(self, act: Act) -> None:
        self.insist("useTokens", {"feature": "commercial_license", "requestId": self.request_id()}, act)
        self.town.world.sleep(one([0.0, MOMENT, 120.0], act))

    def _spend_and_be_refused(self, act: Act) -> None:
        """The bank asks its customer, or the card is refused."""
        account = self.town.shop.account
        if customer := self._customer():
            one([account.asks, account.declines], act).add(customer)
            self._spend(act)
            self.town.world.sleep(MOMENT * act.chance)
            if act.chance < 0.6:  # the bank would take it now, if somebody tried again
                account.asks.discard(customer)
                account.declines.discard(customer)

    def _spend_and_stop(self, act: Act) -> None:
        """It is turned off while a top-up may be under way, and on again."""
        self._spend(act)
        self.insist("setAutoTopUp", {"enabled": False}, act)
        self.town.world.sleep(60 * act.chance)
        self.insist("setAutoTopUp", {"enabled": True})

    def _spend_and_leave(self, act: Act) -> None:
        """The account is deleted while a top-up is under way."""
        self._spend(act._replace(chance=0.0))
        self.town.world.sleep(MOMENT * act.chance)
        self._delete_account(act)

    def _invite(self, act: Act) -> None:
        answer = self.insist("getReferral", {}, act)
        if answer is not None and answer.ok:
            self.code = answer.result["code"]

    def _come_by_invitation(self, act: Act) -> None:
        """Somebody's code is redeemed, and the first purchase follows; perhaps with their card, perhaps in vain."""
        others: list[Regular] = []
        for _ in range(20):
            if others := [each for each in self.town.people if isinstance(each, Regular) and each is not self]:
                others = [each for each in others if each.code]
            if others:
                break
            self.town.world.sleep(30.0)
        if not others:
            return
        inviter: Regular = one(others, act)
        self.insist("redeemReferral", {"code": inviter.code}, act)
        what = {"planId": "pro"} if act.chance > 0.8 else {"packId": "starter"}
        if (session := self._open(act, what)) is None:
            return
        cards = self.town.shop.account.cards
        if act.chance < 0.1:
            cards[self._customer()] = cards[inviter._customer()] = f"card of {inviter.uid}"
        self._pay(session, slow=False)
        self.town.world.sleep(MOMENT * act.chance)
        if act.chance < 0.6:
            self._happen("refund", "dispute", about=self._intent(session))

    # Tokens.

    def _set_a_limit(self, act: Act) -> None:
        limit = one([10, 25, 60, None], act)
        self.insist("updateProfile", {"preferences": {"dailySpendLimit": limit}}, act)

    def _spend_at_once(self, act: Act) -> None:
        """Debits at several devices."""
        for _ in range(5):
            self.town.world.spawn(f"{self.uid} spends", partial(self._feature, act._replace(chance=0.99)))
            self.town.world.sleep(act.chance)

    def _wait_for_midnight(self, act: Act) -> None:
        """Two instances may not agree for a while on which day it is."""
        until = (self.town.world.now() // DAY + 1) * DAY
        self._pause(until - self.town.world.now() + 100 * (act.chance - 0.7))

    def _order_as_quoted(self, act: Act) -> None:
        order = {"type": "image", "model": one(["z-image", "nano-banana"], act), "prompt": "a fox"}
        self._once("quoteStudioJob", order)
        self._create(act, order)

    # People.

    def _collect(self, act: Act) -> None:
        """Put things into a collection and take them out, from two devices at once."""
        if not self.collection:
            answer = self.insist("saveCollection", {"name": "Foxes", "requestId": self.request_id()}, act)
            if answer is None or not answer.ok:
                return
            self.collection = answer.result["collectionId"]
        self._made(act)
        some = [each for number, each in enumerate(self.creations) if int(act.chance * 16) >> number & 1]
        others = [each for each in self.creations if each not in some]
        change = {"collectionId": self.collection, "add": some, "remove": others}
        self.town.world.spawn(f"{self.uid} collects", lambda: self._once("changeCollection", change))
        self.insist("changeCollection", {"collectionId": self.collection, "add": self.creations[:1]}, act)

    def _end_a_collection(self, act: Act) -> None:
        if self.collection:
            self.insist("deleteCollection", {"collectionId": self.collection}, act)
            self.collection = ""

    def _block(self, act: Act) -> None:
        """Somebody is blocked while they may be commenting."""
        if others := [each for each in self.town.people if each.uid != self.uid]:
            self.insist("blockUser", {"uid": one(others, act).uid, "blocked": act.chance < 0.7}, act)

    def _look_around(self, _act: Act) -> None:
        self._once("getFeed", {})

    def _appeal(self, act: Act) -> None:
        """A post is hidden, its author appeals at two devices, and an administrator decides again."""
        if (post := self._own_post(act)) is None or not self._decide(post, one(["hide", "remove"], act)):
            return
        for _ in range(2):
            appeal = {"postId": post, "text": "It is a fox.", "requestId": self.request_id()}
            self.town.world.spawn(f"{self.uid} appeals", partial(self._once, "appealModeration", appeal))
        self.town.world.sleep(MOMENT * act.chance)
        self._decide(post, one(["restore", "hide", "remove"], act))
