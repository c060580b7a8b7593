"""Customers: short plots about money, deletion, the community and files. Each brings about one thing that goes wrong
seldom, if everybody does whatever comes to mind."""

from __future__ import annotations

from typing import Any

from studiox.models.users import closed_path
from tests.simulation.actors import DAY, Act, Person, one
from tests.simulation.deployment import address
from tests.simulation.violations import Document

MOMENT = 2.0
"""Within so many seconds what was ordered just now may still be on its way."""
LAST_LOOK = 45 * 60.0
"""Within so long the last run of a clean-up has begun."""
MONEY = {
    "regret": 6,
    "pay_back": 4,
    "quarrel": 3,
    "judge": 3,
    "pay_oddly": 3,
    "order": 2,
    "shop": 2,
    "confirm": 1,
    "wait_a_day": 1,
}
PLANS = {
    "go_pro": 3,
    "go_up_and_down": 6,
    "go_up_twice": 3,
    "go_to_two": 2,
    "use_up": 3,
    "pay_back": 3,
    "quarrel": 1,
    "judge": 1,
    "end_abroad": 2,
    "stop_paying": 2,
    "end_plan": 1,
    "wait_a_day": 2,
    "wait_a_month": 1,
}
LEAVING = {
    "leave_at_work": 3,
    "leave_with_a_plan": 2,
    "leave_and_pay": 2,
    "leave_while_paying": 3,
    "leave_and_be_given": 4,
    "order": 2,
    "show": 2,
    "like": 1,
    "comment": 1,
}
COMMUNITY = {
    "show": 6,
    "show_twice_and_hide": 6,
    "show_again": 3,
    "toggle": 4,
    "insist_on_a_like": 3,
    "comment_twice": 3,
    "uncomment": 1,
    "like_what_is_hidden": 4,
    "end_what_was_hidden": 3,
}
NIGHTS = {"leave_an_upload": 3, "leave_a_file": 3, "show": 1, "delete": 1, "wait_a_week": 2}


class Customer(Person):
    """A person with plots."""

    # Packs.

    def _open(self, act: Act, what: dict[str, str]) -> str | None:
        """A checkout session that can be paid."""
        answer = self.insist("createCheckoutSession", {**what, "requestId": self.request_id()}, act)
        if answer is None or not answer.ok:
            return None
        self.sessions.append(answer.result["sessionId"])
        return self.sessions[-1]

    def _happen(self, *kinds: str, about: str = "") -> bool:
        """Let something happen at Stripe. Whether it could."""
        what = self.town.shop.act(*kinds, about=about)
        self.town.world.note(f"stripe: {what}")
        return bool(what)

    def _intent(self, session: str) -> str:
        return str(self.town.shop.account.objects[session].get("payment_intent") or "")

    def _regret(self, act: Act) -> None:
        """A payment is given back before everybody has heard of it."""
        if (session := self._open(act, {"packId": one(["starter", "creator"], act)})) is None:
            return
        self._pay(session, slow=False)
        self.town.world.spawn(f"{self.uid} confirms", lambda: self._once("confirmCheckout", {"sessionId": session}))
        self.town.world.sleep(MOMENT * act.chance)
        self._happen("refund", about=self._intent(session))

    def _pay_back(self, _act: Act) -> None:
        self._happen("refund")

    def _quarrel(self, _act: Act) -> None:
        self._happen("dispute", "inquire")

    def _judge(self, _act: Act) -> None:
        self._happen("win", "lose", "escalate", "drop", "fail_refund")

    def _pay_oddly(self, act: Act) -> None:
        """Something else than what was sold is paid for, or it is paid later."""
        if (session := self._open(act, {"packId": one(["starter", "creator"], act)})) is not None:
            self._happen("pay_less", "pay_more", "pay_slowly", about=session)
            self.town.world.sleep(60 * act.chance)
            self._happen("arrive", "bounce", "try_again")

    # Subscriptions.

    def _subscriptions(self) -> list[dict[str, Any]]:
        """At Stripe, those that have not ended."""
        everything = self.town.shop.account.objects.values()
        mine = [each for each in everything if each["object"] == "subscription"]
        return [each for each in mine if each["metadata"].get("uid") == self.uid and each["status"] != "canceled"]

    def _go_pro(self, act: Act) -> None:
        self._begin(act, one(["pro", "enterprise"], act))

    def _begin(self, act: Act, plan: str) -> bool:
        """Whether there is a subscription now."""
        if not self._subscriptions() and (session := self._open(act, {"planId": plan})) is not None:
            self._pay(session, slow=False)
        return bool(self._subscriptions())

    def _go_up_and_down(self, act: Act) -> None:
        """Plans change faster than we hear of it."""
        if self._begin(act, one(["enterprise", "pro"], act)):
            self.town.world.sleep(one([0.0, 60.0, 20 * 60.0], act))
            for _ in range(1 + int(act.chance * 3)):
                self._happen("move")
                self.town.world.sleep(one([0.0, 0.0, 2.0, 60.0], act))

    def _go_up_twice(self, act: Act) -> None:
        """A plan is raised twice, and Stripe has not billed yet that it was lowered in between."""
        if self._begin(act, "pro"):
            self.town.world.sleep(one([5.0, 60.0, 20 * 60.0], act))
            account, [sub, *_] = self.town.shop.account, self._subscriptions()
            for plan, is_billed in (("enterprise", True), ("pro", False), ("enterprise", True)):
                account.change_price(sub, account.objects[f"price_studiox_{plan}"], invoice_now=is_billed)

    def _go_to_two(self, act: Act) -> None:
        """Two subscriptions at once: the second one is made in Stripe's dashboard."""
        if self._begin(act, "pro"):
            [sub, *_] = self._subscriptions()
            price = one(["price_studiox_pro", "price_studiox_enterprise"], act)
            self.town.shop.account.subscribe(sub["customer"], price, sub["metadata"])
            self.town.world.note(f"stripe: a second subscription of {self.uid}")

    def _use_up(self, act: Act) -> None:
        """A month is paid, its tokens are used, and the payment is given back."""
        if self._begin(act, "pro"):
            self.town.world.sleep(5.0)
            self._order(act)
            self._happen("refund", about=self._latest_payment())

    def _latest_payment(self) -> str:
        """The payment intent of the latest invoice that was paid."""
        charges = self.town.shop.account.all("charge")
        customers = {sub["customer"] for sub in self._subscriptions()}
        return next((str(each["payment_intent"]) for each in charges if each["customer"] in customers), "")

    def _end_abroad(self, _act: Act) -> None:
        self._happen("end", "toggle_cancel", "pause", "go_on")

    def _stop_paying(self, act: Act) -> None:
        """The card is declined from now on, and the subscription stays past due."""
        if self._begin(act, "pro"):
            [sub, *_] = self._subscriptions()
            self.town.shop.account.declines.add(sub["customer"])
            for pause_s in self.town.shop.months(self.uid, 1):
                self._pause(pause_s)
            self._pause(DAY * (8.5 + act.chance))

    def _watch_a_renewal(self, act: Act) -> None:
        """The period ends, its renewal is not here yet, and the schedules that are due run in between."""
        if self._begin(act, "pro"):
            [sub, *_] = self._subscriptions()
            self._pause(max(0.0, self.town.shop.next_renewal(sub["id"]) - self.town.world.now()) + 60.0)
            self.town.world.sleep(300.0)
            for pause_s in self.town.shop.months(self.uid, 1):
                self._pause(pause_s)

    def _many_months(self, act: Act) -> None:
        """One subscription of more months than its document once remembered."""
        if self._begin(act, "pro"):
            for pause_s in self.town.shop.months(self.uid, 30):
                self._pause(pause_s)

    # Leaving.

    def _delete_account(self, act: Act) -> None:
        self.gone = True
        self.insist("deleteAccount", {"confirm": address(self.uid)}, act)

    def _leave_at_work(self, act: Act) -> None:
        """With jobs that run, a file, and a wish for e-mails."""
        self.insist("updateProfile", {"preferences": {"emailNotifications": True}})
        self.town.upload(self.uid)
        self._order(act)
        self._song(act)
        self.town.world.sleep(one([0.0, 1.0, 30.0, 600.0], act))
        self._delete_account(act)

    def _leave_with_a_plan(self, act: Act) -> None:
        self._begin(act, one(["pro", "enterprise"], act))
        self.town.world.sleep(one([0.0, 5.0, 3_600.0], act))
        self._delete_account(act)

    def _leave_and_pay(self, act: Act) -> None:
        """A checkout is still open when the account is deleted, or its money has not arrived."""
        if (session := self._open(act, {"packId": "starter"})) is not None:
            if act.chance < 0.5:
                self._pay(session, slow=True)
            self._delete_account(act)
            self.town.world.sleep(60.0)
            if act.chance < 0.5:
                self._happen("arrive", about=session)
            else:
                self._pay(session, slow=False)

    def _leave_while_paying(self, act: Act) -> None:
        """Payments are on their way to an account that is being deleted."""
        sessions = [self._open(act, {"packId": "starter"}) for _ in range(3)]
        town = self.town
        for session in filter(None, sessions):
            self._pay(session, slow=False)
        self._delete_account(act)
        town.world.sleep(1.0)

    def _leave_and_be_given(self, act: Act) -> None:
        """Something is posted when the ledger has moved already, just before the account is closed."""
        session = self._open(act, {"packId": "starter"})
        ledger = f"{closed_path(self.uid)}/ledger/"

        def give() -> None:
            if not self.town.until(lambda path, _: path.startswith(ledger), LAST_LOOK):
                return
            self.town.world.sleep(0.1 * act.chance)
            if session is not None and act.chance < 0.3:
                self._pay(session, slow=False)
            else:
                given = {"uid": self.uid, "amount": 7, "reason": "support", "requestId": self.request_id()}
                self.town.deployment.call("admin", "addTokens", given, admin=True)

        self.town.world.spawn(f"{self.uid} is given", give)
        self._delete_account(act)

    # The community.

    def _made(self, act: Act) -> str | None:
        """A creation of one's own that is not published, made now if there is none."""
        posted = self.town.posts
        if (kept := one([each for each in self.creations if each not in posted], act)) is not None:
            return str(kept)
        for _ in range(3):
            self._create(act, {"type": "image", "model": "z-image", "prompt": "a fox"})
            for _ in range(8):
                self.town.world.sleep(20.0)
                self._look(act)
                if new := [each for each in self.creations if each not in posted]:
                    return new[-1]
        return None

    def _show(self, act: Act) -> str | None:
        """Publish something; the post's id."""
        if (creation := self._made(act)) is None:
            return None
        return self._share(act, creation)

    def _share(self, act: Act, creation: str) -> str | None:
        answer = self.insist("publishPost", {"creationId": creation, "caption": "mine", "tags": ["fox"]}, act)
        if answer is None or not answer.ok:
            return None
        if creation not in self.town.posts:
            self.town.posts.append(creation)
        return creation

    def _decide(self, post: str, action: str) -> bool:
        """An administrator's decision."""
        answer = self.town.deployment.call("admin", "moderatePost", {"postId": post, "action": action}, admin=True)
        return answer is not None and answer.ok

    def _own_post(self, act: Act) -> str | None:
        mine = [each for each in self.town.posts if each in self.creations]
        found = one(mine, act) or self._show(act)
        return None if found is None else str(found)

    def _show_twice_and_hide(self, act: Act) -> None:
        """Two calls publish the same, and the post is deleted while one of them is still at work."""
        if (creation := self._made(act)) is not None:
            self._share(act._replace(twice=True), creation)
            self.insist("deletePost", {"postId": creation})

    def _show_again(self, act: Act) -> None:
        """What moderation has removed is published again."""
        if (post := self._own_post(act)) is not None and self._decide(post, "remove"):
            self.town.world.sleep(60.0)
            for _ in range(6):  # while its copies are being deleted, a call is told to come again
                answer = self._once("publishPost", {"creationId": post, "caption": "mine", "tags": []})
                if answer is not None and answer.code not in ("aborted", "unavailable"):
                    return
                self.town.world.sleep(300.0)

    def _toggle(self, act: Act) -> None:
        if post := one(self.town.posts, act):
            for _ in range(3):
                self._once("likePost", {"postId": post})

    def _insist_on_a_like(self, act: Act) -> None:
        if post := one(self.town.posts, act):
            for liked in (True, True, False, False):
                self._once("likePost", {"postId": post, "liked": liked})

    def _comment_twice(self, act: Act) -> None:
        self._comment(act._replace(twice=True))

    def _like_what_is_hidden(self, act: Act) -> None:
        """Somebody's post is liked and hidden; who liked it leaves, and it is shown again."""
        if act.chance > 0.6:
            return
        for _ in range(20):
            if others := [each for each in self.town.posts if each not in self.creations]:
                break
            self.town.world.sleep(30.0)
        if (post := one(others, act)) is None:
            return
        self.insist("likePost", {"postId": post, "liked": True})
        if self._decide(post, "hide"):
            self._delete_account(act)
            self._decide(post, "restore")

    def _end_what_was_hidden(self, act: Act) -> None:
        """A post that is hidden is deleted while the last run of its clean-up is under way."""
        if (post := self._own_post(act)) is None:
            return
        self.insist("likePost", {"postId": post, "liked": True})
        self.insist("commentPost", {"postId": post, "text": "mine", "requestId": self.request_id()})
        record = f"cleanups/post-{post}"

        def last_run(path: str, document: Document | None) -> bool:
            return path == record and bool(document and document["last"] and document["state"] == "clearing")

        if self._decide(post, "hide") and self.town.until(last_run, LAST_LOOK):
            self.town.world.sleep(0.02 * act.chance)
            self.insist("deletePost", {"postId": post})

    # Files.

    def _leave_an_upload(self, act: Act) -> None:
        self.town.upload(self.uid)
        self._wait_a_week(act)

    def _leave_a_file(self, act: Act) -> None:
        """A process died between storing a file and the commit that names it."""
        name = f"users/{self.uid}/creations/{self.request_id()}/0.png"
        self.town.bucket.put_object(name, b"a picture", {"bucket": "demo", "contentType": "image/png"})
        self._wait_a_week(act)

    def _wait_a_week(self, act: Act) -> None:
        """Beyond the age at which the nightly sweep deletes an upload."""
        self._pause(DAY * (9 + act.chance))
