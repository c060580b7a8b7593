"""People and an administrator: what each does is planned by the seed, and how they insist is a client's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any, NamedTuple

from local.vendors.stripe import account
from tests.auth.identity import Accounts
from tests.media.servers import Gcs, png
from tests.simulation.deployment import Deployment, address
from tests.simulation.shop import Shop
from tests.support import Answer

AGAIN = ("unavailable", "aborted", "resource-exhausted")
TRIES = 4
DAY = 86_400.0


class Act(NamedTuple):
    """One planned act. `chance` chooses among what the person has when its time comes."""

    kind: str
    chance: float
    pause_s: float
    twice: bool
    """A double click: the same request again at the same moment."""
    beside: bool = False
    """It begins before the act before it has ended."""


KINDS = {
    "order": 12,
    "look": 10,
    "cancel": 3,
    "song": 2,
    "lyrics": 2,
    "feature": 3,
    "streak": 2,
    "task": 1,
    "buy": 4,
    "subscribe": 2,
    "confirm": 2,
    **dict.fromkeys(("change_plan", "end_plan", "portal"), 1),
    "shop": 8,
    "publish": 3,
    "like": 4,
    "comment": 2,
    "uncomment": 1,
    "remix": 1,
    **dict.fromkeys(("report", "unpublish", "favor"), 1),
    "play": 2,
    "rename": 1,
    "delete": 2,
    "read": 2,
    **dict.fromkeys(("export", "allowance", "leave", "revoke", "years"), 1),
    "wait_a_day": 2,
    "wait_a_month": 1,
}


def plan(
    random: Random,
    kinds: Mapping[str, int],
    number: int,
    pauses: Sequence[float] = (0.0, 0.5, 3.0, 30.0),
    twice: float = 0.15,
    beside: float = 0.0,
) -> list[Act]:
    """So many acts, by their weights. `twice` and `beside`: how many of them are."""
    names, weights = list(kinds), list(kinds.values())
    return [
        Act(kind, random.random(), random.choice(pauses), random.random() < twice, random.random() < beside)
        for kind in random.choices(names, weights, k=number)
    ]


Seen = Callable[[str, Mapping[str, Any] | None], bool]
"""Whether a document at that path, None once it is deleted, is the one that somebody waits for."""


class Town:
    """What everybody can see."""

    def __init__(self, deployment: Deployment, shop: Shop, accounts: Accounts, bucket: Gcs, *, tries: int = 4) -> None:
        self.deployment, self.shop, self.accounts, self.bucket = deployment, shop, accounts, bucket
        self.tries = tries
        self.world = deployment.world
        self.posts: list[str] = []
        self.people: list[Person] = []
        self.awake_at: dict[str, float] = {}
        """Who waits for days, until when."""
        self._watches: dict[int, tuple[Seen, Callable[[], None]]] = {}

    def until(self, seen: Seen, patience_s: float) -> bool:
        """The running task waits for the commit that writes such a document. Whether it came in time."""
        task = self.world.running_task()
        self._watches[id(task)] = (seen, self.world.waker(task))
        self.world.wake_at(task, self.world.now() + patience_s)
        self.world.suspend()
        return self._watches.pop(id(task), None) is None

    def look(self, changed: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Wake who waits for one of these documents, which a commit has changed."""
        for name, (seen, wake) in list(self._watches.items()):
            if any(seen(path, document) for path, document in changed.items()):
                del self._watches[name]
                wake()

    def upload(self, uid: str) -> str:
        """The user's browser uploads a picture, by the rules of Cloud Storage; its path."""
        path = f"users/{uid}/uploads/{len(self.bucket.objects)}.png"
        self.bucket.put_object(path, png(100), {"bucket": "demo", "contentType": "image/png"})
        return path


class Caller:
    """Somebody who calls, and insists until the answer is known."""

    def __init__(self, uid: str, town: Town, acts: Sequence[Act], *, admin: bool = False) -> None:
        self.uid, self.town, self.acts = uid, town, acts
        self.is_admin = admin
        self.gone = False
        self._requests = 0
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def live(self) -> None:
        world, begun = self.town.world, []
        for number, act in enumerate(self.acts):
            if self.gone:
                break
            world.sleep(act.pause_s)
            following = self.acts[number + 1 : number + 2]
            if following and following[0].beside:
                begun.append(world.spawn(f"{self.uid} {act.kind}", partial(getattr(self, f"_{act.kind}"), act)))
            else:
                getattr(self, f"_{act.kind}")(act)
        for task in begun:
            world.wait(task)
            if task.error is not None:
                raise task.error

    def sign_up(self) -> bool:
        """Whether there is an account: Auth creates none without the trigger's answer."""
        for _ in range(TRIES):
            answer = self.town.deployment.sign_up(self.uid)
            if answer is not None and answer.ok:
                self.town.accounts.users.add(self.uid)
                self.insist("initializeUser", {})
                return True
            self.town.world.sleep(5.0)
        return False

    def request_id(self) -> str:
        self._requests += 1
        return f"{self.uid}-request-{self._requests:08d}"

    def insist(self, function: str, data: dict[str, Any], act: Act | None = None) -> Answer | None:
        """Call until there is an answer that is final. None if it stays unknown."""
        if "requestId" in data:
            self.asked.append((function, data))
        if act is not None and act.twice:
            self.town.world.spawn(f"{self.uid} again", lambda: self._once(function, data))
        answer = None
        for attempt in range(self.town.tries):
            answer = self._once(function, data)
            if answer is not None and answer.code not in AGAIN:
                return answer
            self.town.world.sleep(2.0**attempt)
        return answer

    def _once(self, function: str, data: dict[str, Any]) -> Answer | None:
        return self.town.deployment.call(self.uid, function, data, admin=self.is_admin)

    def _pause(self, seconds: float) -> None:
        world = self.town.world
        self.town.awake_at[self.uid] = world.now() + seconds
        world.sleep(seconds)
        del self.town.awake_at[self.uid]

    def _wait_a_day(self, act: Act) -> None:
        self._pause(DAY * (0.5 + act.chance))

    def _wait_a_month(self, act: Act) -> None:
        self._pause(31 * DAY * (0.8 + 0.4 * act.chance))


def one(things: Sequence[Any], act: Act) -> Any:
    """One of the things, by the act's chance; None if there is none."""
    return things[int(act.chance * len(things))] if things else None


class Person(Caller):
    """One account, from its first sign-up."""

    def __init__(self, uid: str, town: Town, acts: Sequence[Act]) -> None:
        super().__init__(uid, town, acts)
        self.jobs: list[str] = []
        self.creations: list[str] = []
        self.sessions: list[str] = []
        self.comments: list[tuple[str, str]] = []
        town.people.append(self)

    def live(self) -> None:
        if self.sign_up():
            super().live()

    # The studio

    def _order(self, act: Act) -> None:
        model = one(["z-image", "z-image", "nano-banana", "Model A"], act)
        fields = {"size": "512x512", "style": "anime", "color": "neon"} if model == "Model A" else {}
        self._create(act, {"type": "image", "model": model, "prompt": "a fox", **fields})

    def _song(self, act: Act) -> None:
        self._create(act, {"type": "music", "model": "music-u", "prompt": "a song"})

    def _create(self, act: Act, data: dict[str, Any]) -> None:
        answer = self.insist("createStudioJob", {"requestId": self.request_id(), **data}, act)
        if answer is not None and answer.ok:
            self.jobs.append(answer.result["jobId"])

    def _lyrics(self, act: Act) -> None:
        wish = {"theme": "rain", "mood": "sad", "presetType": "lullaby"}
        self.insist("generateLyrics", {**wish, "requestId": self.request_id()}, act)

    def _look(self, _act: Act) -> None:
        for job_id in self.jobs[-3:]:
            self.town.world.sleep(3.0)
            answer = self._once("getJobStatus", {"jobId": job_id})
            made = answer.result.get("creationId") if answer is not None and answer.ok else None
            if made and made not in self.creations:
                self.creations.append(made)

    def _cancel(self, act: Act) -> None:
        if job_id := one(self.jobs[-2:], act):
            self.insist("cancelStudioJob", {"jobId": job_id}, act)

    def _change_ones_mind(self, act: Act) -> None:
        self._order(act)
        self.town.world.sleep(1.0)
        self._cancel(act._replace(chance=0.99))

    # Tokens

    def _habit(self, act: Act) -> None:
        for _ in range(4):
            self._streak(act)
            self._pause(DAY)

    def _feature(self, act: Act) -> None:
        feature = one(["hd_download", "stem_export", "commercial_license"], act)
        self.insist("useTokens", {"feature": feature, "requestId": self.request_id()}, act)

    def _streak(self, act: Act) -> None:
        self.insist("updateStreak", {}, act)

    def _task(self, act: Act) -> None:
        proof = {"taskId": "share-creation", "proofUrl": "https://example.com/mine"}
        self.insist("submitSocialTask", {**proof, "requestId": self.request_id()}, act)

    def _allowance(self, act: Act) -> None:
        self.insist("checkGenerationAllowance", {"consume": act.chance < 0.5})

    # Money

    def _checkout(self, act: Act, what: dict[str, str]) -> None:
        answer = self.insist("createCheckoutSession", {**what, "requestId": self.request_id()}, act)
        if answer is None or not answer.ok:
            return
        session = answer.result["sessionId"]
        self.sessions.append(session)
        self.town.world.sleep(5.0)
        if act.chance < 0.8:
            self._pay(session, slow=0.6 < act.chance < 0.7)

    def _pay(self, session: str, *, slow: bool) -> None:
        try:
            self.town.shop.account.pay(session, slow=slow)
        except account.Refused:
            return  # a card that is declined, or a session that has expired
        self.town.world.note(f"{self.uid} pays {session}")

    def _buy(self, act: Act) -> None:
        self._checkout(act, {"packId": one(["starter", "creator"], act)})

    def _subscribe(self, act: Act) -> None:
        self._checkout(act, {"planId": one(["pro", "enterprise"], act)})

    def _years(self, act: Act) -> None:
        """A subscription goes from month to month, sometimes beyond what the record of its invoices keeps."""
        self._checkout(act, {"planId": "pro"})
        for pause_s in self.town.shop.months(self.uid, 30 if act.chance < 0.04 else 1):
            self._pause(pause_s)

    def _confirm(self, act: Act) -> None:
        if session := one(self.sessions[-2:], act):
            self.insist("confirmCheckout", {"sessionId": session}, act)

    def _change_plan(self, act: Act) -> None:
        change = {"planId": one(["pro", "enterprise"], act)}
        shown = self.insist("previewSubscription", change, act) if int(act.chance * 4) % 2 else None
        dated = {"prorationDate": shown.result["prorationDate"]} if shown is not None and shown.ok else {}
        self.insist("updateSubscription", change | dated, act)

    def _end_plan(self, act: Act) -> None:
        self.insist("cancelSubscription", {"atPeriodEnd": act.chance < 0.7}, act)

    def _portal(self, act: Act) -> None:
        self.insist("createPortalSession", {}, act)

    def _shop(self, _act: Act) -> None:
        """Something happens at Stripe."""
        self.town.world.note(f"stripe: {self.town.shop.act()}")

    # The community

    def _publish(self, act: Act) -> None:
        if creation := one(self.creations, act):
            shared = {"creationId": creation, "caption": "mine", "tags": ["fox"]}
            answer = self.insist("publishPost", shared, act)
            if answer is not None and answer.ok and answer.result["postId"] not in self.town.posts:
                self.town.posts.append(answer.result["postId"])

    def _with_post(self, act: Act, function: str, **fields: Any) -> Answer | None:
        post = one(self.town.posts, act)
        return None if post is None else self.insist(function, {"postId": post, **fields}, act)

    def _like(self, act: Act) -> None:
        self._with_post(act, "likePost", **({} if act.chance < 0.2 else {"liked": act.chance < 0.8}))

    def _comment(self, act: Act) -> None:
        answer = self._with_post(act, "commentPost", text="nice", requestId=self.request_id())
        if answer is not None and answer.ok:
            self.comments.append((one(self.town.posts, act), answer.result["commentId"]))

    def _uncomment(self, act: Act) -> None:
        if found := one(self.comments, act):
            self.insist("deleteComment", {"postId": found[0], "commentId": found[1]}, act)

    def _remix(self, act: Act) -> None:
        self._with_post(act, "remixPost", requestId=self.request_id())

    def _report(self, act: Act) -> None:
        self._with_post(act, "reportPost", reason="spam")

    def _unpublish(self, act: Act) -> None:
        self._with_post(act, "deletePost")

    # The library

    def _favor(self, act: Act) -> None:
        self._with_creation(act, "toggleFavorite", favorite=act.chance < 0.5)

    def _play(self, act: Act) -> None:
        self._with_creation(act, "incrementPlayCount")

    def _rename(self, act: Act) -> None:
        self._with_creation(act, "updateCreation", title="A fox")

    def _delete(self, act: Act) -> None:
        self._with_creation(act, "deleteCreation")

    def _with_creation(self, act: Act, function: str, **fields: Any) -> None:
        if creation := one(self.creations, act):
            self.insist(function, {"creationId": creation, **fields}, act)

    def _read(self, act: Act) -> None:
        function = one(
            ["getUserBalance", "getTokenTransactions", "listStudioJobs", "getFeed", "getBillingHistory"], act
        )
        self._once(function, {})

    def _export(self, _act: Act) -> None:
        self._once("exportAccount", {})

    def _revoke(self, _act: Act) -> None:
        self.insist("revokeSessions", {})

    def _again(self, act: Act) -> None:
        if found := one(self.asked, act):
            self._once(*found)

    def _farewell(self, act: Act) -> None:
        acts = ["buy", "buy", "publish", "like", "feature", "streak", "task", "order"]
        for kind in (acts[int(act.chance * 800 + number * 3) % len(acts)] for number in range(3)):
            self.town.world.spawn(f"{self.uid} {kind}", partial(getattr(self, f"_{kind}"), act._replace(chance=0.9)))
        self.town.world.sleep(0.1 * act.chance)
        self.insist("deleteAccount", {"confirm": address(self.uid)}, act)
        for function in ("initializeUser", "getProfile", "getUserBalance", "updateStreak"):
            self._once(function, {})

    def _leave(self, act: Act) -> None:
        """Seldom: a story whose people are all gone shows little."""
        if act.chance < 0.5:
            self.gone = True
            self.insist("deleteAccount", {"confirm": address(self.uid)}, act)
