"""What must hold of the stored documents at every moment: docs/guarantees.md, recomputed without any production code.

`Checks` follows the database commit by commit and looks only at what a commit has changed, so that a step costs little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.simulation.ledgers import Ledger
from tests.simulation.shelves import Shelves
from tests.simulation.spending import Spending
from tests.simulation.violations import Document, Snapshot, Violation

TERMINAL = ("completed", "failed", "cancelled")
PLACES = {"free": 3, "pro": 10, "enterprise": 50}
"""How many jobs a plan runs at once."""


class Checks:
    """What is known of the database so far. `at_every_step` is called after each commit."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.accounts: dict[str, Ledger] = {}
        self.found: list[Violation] = []
        self._jobs: dict[str, Document] = {}
        self._orders: dict[str, str] = {}
        """{session id, or a top-up's order id: order's path}."""
        self._moved: dict[str, dict[str, int]] = {}
        """{as `_orders`: {type of entry: tokens}}."""
        self._kept: dict[str, Document] = {}
        """Audit entries, events and subscriptions as they were."""
        self._children: dict[str, dict[str, None]] = {}
        """{`likes` or `comments` of a post: the paths}."""
        self._spending, self._shelves = Spending(), Shelves()
        self.snapshot: dict[str, Document] = dict(snapshot or {})
        self.moments: dict[str, dict[str, float]] = {}
        """{uid: {entry's id: the step of its commit}}."""
        self._moment = 0.0
        self._whole = True
        if snapshot:
            self._look(self.snapshot, self.snapshot)
        self._whole = False

    def follow(self, changed: Mapping[str, Document | None], moment: float = 0.0) -> list[Violation]:
        """The violations after a commit: the documents that it has written, None for each that it has deleted.

        `moment`: the step of the commit.
        """
        self._moment = moment
        for path, document in changed.items():
            if document is None:
                self.snapshot.pop(path, None)
            else:
                self.snapshot[path] = document
        return self.at_every_step(self.snapshot, changed)

    def at_every_step(self, snapshot: Snapshot, changed: Iterable[str]) -> list[Violation]:
        """The violations after a commit that has created, changed or deleted the documents at these paths."""
        self.found = []
        self._look(snapshot, changed)
        return self.found

    def _wrong(self, guarantee: int, path: str, text: str) -> None:
        self.found.append(Violation(guarantee, path, text))

    def _look(self, snapshot: Snapshot, changed: Iterable[str]) -> None:
        users: dict[str, None] = {}
        jobs: dict[str, None] = {}
        orders: dict[str, None] = {}
        posts: dict[str, None] = {}
        subscriptions: list[str] = []
        entries: list[tuple[str, str, Document]] = []
        gone: list[tuple[str, str]] = []
        closed: list[Document] = []
        recorded = False
        for path in changed:
            kind, _, rest = path.partition("/")
            match kind:
                case "users":
                    uid, _, below = rest.partition("/")
                    if not below:
                        users[uid] = None
                    elif below.startswith("ledger/"):
                        users[uid] = None
                        entry = snapshot.get(path)
                        if entry is None:
                            gone.append((uid, below[7:]))
                        else:
                            entries.append((uid, below[7:], entry))
                case "jobs":
                    jobs[rest.partition("/")[0]] = None
                case "orders":
                    orders[path] = None
                case "posts" | "creations":
                    post_id, _, below = rest.partition("/")
                    posts[post_id] = None
                    if below.startswith("comments/"):
                        self._count(snapshot, f"comments {post_id}", path)
                case "likes":
                    post_id = rest.partition("_")[0]
                    posts[post_id] = None
                    self._count(snapshot, f"likes {post_id}", path)
                case "auditLogs":
                    recorded = True
                    self._check_kept(snapshot, path, 14, ("action", "at"))
                case "stripeEvents" | "subscriptions":
                    subscriptions.append(path)
                case "closedAccounts":
                    if path in snapshot:
                        closed.append(snapshot[path])
        for uid, name in gone:
            self._check_moved(snapshot, uid, name, closed)
        if len(entries) > 1:
            entries.sort(key=lambda each: each[2].get("seq", 0) if type(each[2].get("seq")) is int else 0)
        for uid, name, entry in entries:
            if not self._whole:
                self.found += self._spending.add(uid, snapshot.get(f"users/{uid}", {}), entry)
            if (sold := self._add(uid, name, entry)) in self._orders:
                orders[self._orders[sold]] = None
        if not self._whole:
            self._check_months(snapshot, entries)
        if entries and not recorded and not self._whole:
            self._wrong(14, f"users/{entries[0][0]}/ledger/{entries[0][1]}", "no audit entry in its commit")
        for job_id in jobs:
            self._check_job(snapshot, job_id, users)
        for path in orders:
            self._check_order(snapshot, path)
        for path in subscriptions:
            self._check_stripe(snapshot, path)
        for post_id in posts:
            self._check_post(snapshot, post_id)
        for uid in users:
            self._check_user(snapshot, uid, closed)
            self._spending.note(uid, snapshot.get(f"users/{uid}", {}))
        self.found += self._shelves.look(snapshot, changed)

    # Ledgers.

    def _account(self, uid: str) -> Ledger:
        account = self.accounts.get(uid)
        if account is None:
            account = self.accounts[uid] = Ledger()
        return account

    def _add(self, uid: str, name: str, entry: Document) -> str:
        """Add an entry to its account, if it is a new one; the checkout session or top-up that it is about, if any."""
        account, path = self._account(uid), f"users/{uid}/ledger/{name}"
        before = account.entries.get(name)
        if before is not None:
            if before != entry:
                self._wrong(1, path, "the entry was changed")
            return ""
        self.found += account.add(path, name, entry)
        self.moments.setdefault(uid, {})[name] = self._moment
        if entry["ref"]["kind"] not in ("checkout", "top_up"):
            return ""
        sold: str = entry["ref"]["id"]
        moved = self._moved.setdefault(sold, {})
        moved[entry["type"]] = moved.get(entry["type"], 0) + entry["amount"]
        return sold

    def _check_months(self, snapshot: Snapshot, entries: list[tuple[str, str, Document]]) -> None:
        """The nightly reset leaves alone whom Stripe bills, unless the subscription began later in the same commit."""
        began = {uid for uid, _, entry in entries if entry["ref"]["kind"] == "subscription"}
        for uid, name, entry in entries:
            billed = snapshot.get(f"users/{uid}", {}).get("subscriptionId")
            if billed and entry["ref"]["kind"] == "period" and uid not in began:
                self._wrong(11, f"users/{uid}/ledger/{name}", "a month of a plan that Stripe bills")

    def _check_moved(self, snapshot: Snapshot, uid: str, name: str, closed: list[Document]) -> None:
        """An entry that is gone was moved below the closed account in the same commit."""
        path = f"users/{uid}/ledger/{name}"
        account = self.accounts.get(uid)
        entry = account.entries.get(name) if account is not None else None
        if entry is None:
            return
        user = snapshot.get(f"users/{uid}")
        if user is not None and not user.get("closing"):
            self._wrong(1, path, "the entry was deleted")
        same = ("seq", "type", "amount", "buckets", "balanceAfter", "createdAt")
        if not any(all(each.get(field) == entry[field] for field in same) for each in closed):
            self._wrong(17, path, "the entry went and is not in the closed account")

    def _check_user(self, snapshot: Snapshot, uid: str, closed: list[Document]) -> None:
        account = self._account(uid)
        path, user = f"users/{uid}", snapshot.get(f"users/{uid}")
        balance = account.balance
        if user is None:
            told = (balance, account.sums, account.seq)
            if account.seq and not self._whole and not any(_figures(each) == told for each in closed):
                self._wrong(17, path, f"the account went, no closed account has its {balance} tokens")
            if not self._whole:
                del self.accounts[uid]
            return
        if self._whole and user.get("closing"):
            return  # its entries may be on the move
        if _figures(user) != (balance, account.sums, account.seq):
            said = (user["balance"], dict(user["buckets"]), user["ledgerSeq"])
            self._wrong(1, path, f"says {said}, the ledger {(balance, account.sums, account.seq)}")
        if any(type(each) is not int for each in (user["balance"], user["ledgerSeq"], *user["buckets"].values())):
            self._wrong(1, path, "a figure is not an integer")
        if user["activeJobs"] != sum(account.places.values()) and not user.get("closing"):
            self._wrong(5, path, f"activeJobs is {user['activeJobs']}, held by {sorted(account.places)}")

    # Jobs.

    def _check_job(self, snapshot: Snapshot, job_id: str, users: dict[str, None]) -> None:
        path, before = f"jobs/{job_id}", self._jobs.get(job_id)
        job, state = snapshot.get(path), snapshot.get(f"jobs/{job_id}/private/state")
        if job is None:
            if before is not None:
                self._forget_job(snapshot, job_id, before)
            return
        self._jobs[job_id] = job
        uid, status, price = job["uid"], job["status"], job["price"]
        account = self._account(uid)
        users[uid] = None
        if before is not None:
            if before["status"] in TERMINAL and before["status"] != status:
                self._wrong(5, path, f"was {before['status']} and is {status}")
            if (before["uid"], before["price"]) != (uid, price):
                self._wrong(5, path, "another owner or price")
        if state is None:
            self._wrong(0, path, "no private state")
            return
        place = (status not in TERMINAL) + bool(state["holdsPlace"])
        if place:
            account.places[job_id] = place
        else:
            account.places.pop(job_id, None)
        paid, refund = account.entries.get(f"deduction:{job_id}"), account.entries.get(f"refund:{job_id}")
        back = 0 if refund is None else refund["amount"]
        if paid is None or paid["amount"] != -price:
            self._wrong(5, path, f"costs {price}, paid {None if paid is None else -paid['amount']}")
        elif before is None and not self._whole:
            self._check_places(snapshot, uid, account)
        if paid is not None and paid["buckets"] != {name: -tokens for name, tokens in state["paidFrom"].items()}:
            self._wrong(5, path, f"paid from {dict(state['paidFrom'])}, the ledger says {dict(paid['buckets'])}")
        if job["refunded"] != back:
            self._wrong(5, path, f"says refunded {job['refunded']}, the ledger {back}")
        self._check_status(snapshot, path, job, before, back)

    def _check_places(self, snapshot: Snapshot, uid: str, account: Ledger) -> None:
        held, plan = sum(account.places.values()), snapshot.get(f"users/{uid}", {}).get("plan")
        if plan in PLACES and held > PLACES[plan]:
            self._wrong(18, f"users/{uid}", f"{held} jobs at once with the plan {plan}")

    def _check_status(self, snapshot: Snapshot, path: str, job: Document, before: Document | None, back: int) -> None:
        status, price = job["status"], job["price"]
        if status in ("failed", "cancelled"):
            if back != price:
                self._wrong(5, path, f"{status}, refunded {back} of {price}")
            if job["media"]:
                self._wrong(5, path, f"{status} with media")
        elif status == "completed":
            if back and back >= price:
                self._wrong(5, path, f"completed, refunded {back} of {price}")
            if not self._whole and (before is None or before["status"] != "completed"):
                creation = snapshot.get(f"creations/{job['jobId']}")
                if creation is None or creation["media"] != job["media"]:
                    self._wrong(8, path, "completed without its creation")
        else:
            if back:
                self._wrong(5, path, f"{status}, refunded {back}")
            if "deadlineAt" not in job or not ("nextPollAt" in job or "nextAttemptAt" in job):
                self._wrong(7, path, "nobody will look at it")

    def _forget_job(self, snapshot: Snapshot, job_id: str, before: Document) -> None:
        del self._jobs[job_id]
        user = snapshot.get(f"users/{before['uid']}")
        if user is not None and not user.get("closing"):
            self._wrong(5, f"jobs/{job_id}", "deleted, though its owner is not")
        if before["status"] not in TERMINAL:
            self._wrong(7, f"jobs/{job_id}", f"deleted while it is {before['status']}")
        if before["uid"] in self.accounts:
            self.accounts[before["uid"]].places.pop(job_id, None)

    # Money.

    def _check_order(self, snapshot: Snapshot, path: str) -> None:
        order = snapshot.get(path)
        if order is None:
            self._wrong(9, path, "the order was deleted")
            return
        sold = order["sessionId"] or order["orderId"]  # a top-up has no session
        self._orders[sold] = path
        moved = self._moved.get(sold, {})
        told = (order["credited"], order["taken"], order["restored"])
        if not (self._whole and order["uid"] not in self.accounts):
            found = (moved.get("purchase", 0), -moved.get("clawback", 0), moved.get("restore", 0))
            if told != found:
                self._wrong(9, path, f"says credited, taken, restored {told}, the ledger {found}")
        if order["credited"] not in (0, order["tokens"] * order["quantity"]):
            self._wrong(9, path, f"credited {order['credited']} for {order['quantity']} times {order['tokens']}")
        if not 0 <= order["taken"] - order["restored"] <= order["credited"]:
            self._wrong(10, path, f"credited, taken, restored {told}")

    def _check_stripe(self, snapshot: Snapshot, path: str) -> None:
        before, now = self._kept.get(path), snapshot.get(path)
        if now is None:
            self._wrong(9, path, "the record was deleted")
            return
        self._kept[path] = now
        if path.startswith("stripeEvents/"):
            if before is not None and before["status"] != "failed" and now["status"] == "failed":
                self._wrong(9, path, f"was {before['status']} and is failed")
            return
        if before is not None and now["rev"] < before["rev"]:
            self._wrong(9, path, f"went back from revision {before['rev']} to {now['rev']}")
        account = self.accounts.get(now["uid"])
        known = before["invoices"] if before is not None else {}
        for name, invoice in now["invoices"].items():
            if known.get(name) == invoice:
                continue
            entry = account.entries.get(f"grant:{name}") if account is not None else None
            granted = 0 if entry is None else entry["amount"]
            if account is not None and invoice["granted"] != granted:
                self._wrong(9, path, f"granted {invoice['granted']} for {name}, the ledger {granted}")
            if not 0 <= invoice["taken"] <= invoice["granted"]:
                self._wrong(10, path, f"took {invoice['taken']} of {invoice['granted']} for {name}")

    def _check_kept(self, snapshot: Snapshot, path: str, guarantee: int, fields: tuple[str, ...]) -> None:
        before, now = self._kept.get(path), snapshot.get(path)
        if before is not None and (now is None or any(now.get(each) != before.get(each) for each in fields)):
            self._wrong(guarantee, path, "the entry was changed or deleted")
        if now is not None:
            self._kept[path] = now

    # The community.

    def _count(self, snapshot: Snapshot, group: str, path: str) -> None:
        paths = self._children.setdefault(group, {})
        if path in snapshot:
            paths[path] = None
        else:
            paths.pop(path, None)

    def _check_post(self, snapshot: Snapshot, post_id: str) -> None:
        path, post = f"posts/{post_id}", snapshot.get(f"posts/{post_id}")
        creation = snapshot.get(f"creations/{post_id}")
        if (post is None) != (f"{path}/private/state" not in snapshot):
            self._wrong(0, path, "the post and its private state do not exist together")
        if (creation or {}).get("postId") != (None if post is None else post_id):
            self._wrong(0, path, "its creation does not agree whether it is published")
        if post is None:
            return
        if creation is not None and creation.get("moderated"):
            self._wrong(13, path, "published again after its removal")
        for field, group in (("likeCount", f"likes {post_id}"), ("commentCount", f"comments {post_id}")):
            count = len(self._children.get(group, ()))
            if post[field] != count:
                self._wrong(16, path, f"{field} is {post[field]}, there are {count}")


def _figures(owner: Document) -> tuple[Any, Any, Any]:
    return owner.get("balance"), owner.get("buckets"), owner.get("ledgerSeq")
