"""A small database that keeps every guarantee, for tests that plant one fault in it."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support import counted

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Books:
    """`documents`: {path: data}. Every entry is posted as the product posts it: entry, account and audit entry."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self._audits = 0

    def user(self, uid: str = "u1", **fields: Any) -> None:
        zero = {"monthly": 0, "bonus": 0, "purchased": 0}
        user = {
            "balance": 0,
            "buckets": zero,
            "ledgerSeq": 0,
            "activeJobs": 0,
            "plan": "free",
            "email": f"{uid}@x.test",
        }
        user |= {"creditResetAt": NOW + timedelta(days=10), "generationCount": 0, "isPremium": False}
        self.documents[f"users/{uid}"] = user | fields

    def post(self, uid: str, name: str, type_: str, ref: tuple[str, str], **change: int) -> None:
        user = copy.deepcopy(self.documents[f"users/{uid}"])
        buckets = {"monthly": 0, "bonus": 0, "purchased": 0, **change}
        user["balance"] += sum(buckets.values())
        user["ledgerSeq"] += 1
        user["buckets"] = {each: user["buckets"][each] + buckets[each] for each in buckets}
        self.documents[f"users/{uid}"] = user
        entry = {"id": name, "seq": user["ledgerSeq"], "type": type_, "amount": sum(buckets.values())}
        entry |= {"buckets": buckets, "balanceAfter": user["balance"], "ref": {"kind": ref[0], "id": ref[1]}}
        self.documents[f"users/{uid}/ledger/{name}"] = entry | {"createdAt": NOW}
        self.audit(uid, "anything", f"users/{uid}")

    def audit(self, actor: str, action: str, target: str) -> None:
        self._audits += 1
        entry = {"actor": actor, "action": action, "target": target, "at": NOW, "details": {}}
        self.documents[f"auditLogs/a{self._audits}"] = entry

    def job(self, job_id: str, status: str = "processing", uid: str = "u1", price: int = 5, back: int = 0) -> None:
        """Paid from the bonus. A completed one has its creation with one file."""
        self.post(uid, f"deduction:{job_id}", "deduction", ("job", job_id), bonus=-price)
        if back:
            self.post(uid, f"refund:{job_id}", "refund", ("job", job_id), bonus=back)
        lives, media = status in ("pending", "processing"), []
        if status == "completed":
            media = [{"path": f"users/{uid}/creations/{job_id}/0.png", "contentType": "image/png", "bytes": 3}]
            creation = {"creationId": job_id, "jobId": job_id, "uid": uid, "media": media}
            self.documents[f"creations/{job_id}"] = creation
        job = {"jobId": job_id, "uid": uid, "type": "image", "status": status, "price": price, "refunded": back}
        job |= {"media": media, "createdAt": NOW, "updatedAt": NOW, "model": "m", "params": {}}
        if lives:
            job |= {"deadlineAt": NOW + timedelta(hours=1), "nextPollAt": NOW}
            user = self.documents[f"users/{uid}"]
            self.documents[f"users/{uid}"] = user | {"activeJobs": user["activeJobs"] + 1}
        elif status == "completed":
            job |= {"completedAt": NOW, "creationId": job_id}
        self.documents[f"jobs/{job_id}"] = job
        paid = {"monthly": 0, "bonus": price, "purchased": 0}
        state = {"uid": uid, "paidFrom": paid, "holdsPlace": False, "taskId": f"t-{job_id}", "submission": "sent"}
        self.documents[f"jobs/{job_id}/private/state"] = state | ({} if lives else {"counted": True})
        user = self.documents[f"users/{uid}"]
        weeks = user.get("jobsByWeek", {})
        self.documents[f"users/{uid}"] = user | {"jobsByWeek": {"2026-03-09": weeks.get("2026-03-09", 0) + 1}}

    def count(self) -> None:
        """Keep the counters of the jobs, after all changes of them."""
        counts: dict[str, dict[str, int]] = {}
        for (_, kind, value), each in counted.recount(self.documents).items():
            counts.setdefault(kind, {})[value] = each
        self.documents["dailyCounters/07-2026-03-10"] = {"counts": counts}

    def publish(self, post_id: str) -> None:
        creation = self.documents[f"creations/{post_id}"]
        media = [{**each, "path": f"posts/{post_id}/{each['path'].rpartition('/')[2]}"} for each in creation["media"]]
        post = {"postId": post_id, "uid": creation["uid"], "likeCount": 0, "commentCount": 0, "media": media}
        self.documents[f"posts/{post_id}"] = post | {"hidden": False, "remixCount": 0}
        self.documents[f"posts/{post_id}/private/state"] = {"postId": post_id, "uid": creation["uid"], "reports": 0}
        self.documents[f"creations/{post_id}"] = creation | {"postId": post_id}

    def like(self, post_id: str, uid: str) -> None:
        self.documents[f"likes/{post_id}_{uid}"] = {"postId": post_id, "uid": uid}
        post = self.documents[f"posts/{post_id}"]
        self.documents[f"posts/{post_id}"] = post | {"likeCount": post["likeCount"] + 1}

    def comment(self, post_id: str, comment_id: str, uid: str) -> None:
        self.documents[f"posts/{post_id}/comments/{comment_id}"] = {"commentId": comment_id, "uid": uid}
        self.documents[f"commentRequests/{comment_id}"] = {"uid": uid, "postId": post_id}
        post = self.documents[f"posts/{post_id}"]
        self.documents[f"posts/{post_id}"] = post | {"commentCount": post["commentCount"] + 1}

    def collect(self, creation_id: str) -> None:
        creation = self.documents[f"creations/{creation_id}"]
        self.documents[f"creations/{creation_id}"] = creation | {"collectionIds": ["foxes"]}
        self.documents[f"users/{creation['uid']}/collections/foxes"] = {"count": 1}

    def sale(self, session_id: str, uid: str = "u1", tokens: int = 500, taken: int = 0, refunded: int = 0) -> None:
        """A pack that was paid for: a token for a cent."""
        self.post(uid, f"purchase:{session_id}", "purchase", ("checkout", session_id), purchased=tokens)
        if taken:
            self.post(uid, f"clawback:ch_1:{taken}", "clawback", ("checkout", session_id), purchased=-taken)
        order = {"orderId": f"o-{session_id}", "uid": uid, "sessionId": session_id, "kind": "pack", "tokens": tokens}
        order |= {"amount": tokens, "quantity": 1, "credited": tokens, "taken": taken, "restored": 0, "status": "paid"}
        self.documents[f"orders/o-{session_id}"] = order | {"refunded": refunded, "currency": "usd", "url": "u"}

    def subscription(self, name: str = "sub_1", uid: str = "u1", tokens: int = 1_000) -> None:
        """A month of the plan pro, paid by the invoice `in_1`."""
        self.post(uid, "grant:in_1", "plan_grant", ("subscription", "in_1"), monthly=tokens)
        record = {"status": "paid", "granted": tokens, "taken": 0, "counted": True}
        end = NOW + timedelta(days=20)
        sub = {"subscriptionId": name, "uid": uid, "status": "active", "plan": "pro", "rev": 2, "entitled": True}
        sub |= {"periodEnd": end, "cancelAtPeriodEnd": False, "invoices": {"in_1": record}}
        sub |= {"grant": {"tokens": tokens, "over": False, "plan": "pro"}}
        self.documents[f"subscriptions/{name}"] = sub
        user = self.documents[f"users/{uid}"]
        self.documents[f"users/{uid}"] = user | {"plan": "pro", "isPremium": True, "subscriptionId": name}


def kept() -> Books:
    """Somebody with a bit of everything."""
    books = Books()
    books.user()
    books.post("u1", "welcome:u1", "welcome_bonus", ("user", "u1"), bonus=200)
    books.job("running")
    books.job("done", "completed")
    books.job("partly", "completed", price=8, back=2)
    books.job("failed", "failed", price=7, back=7)
    books.publish("done")
    top_up = {"enabled": True, "card": {"last4": "4242"}, "below": 100}
    books.user("u2", preferences={"dailySpendLimit": 150}, autoTopUp=top_up)
    books.post("u2", "welcome:u2", "welcome_bonus", ("user", "u2"), bonus=200)
    books.like("done", "u2")
    books.comment("done", "c1", "u2")
    books.collect("done")
    books.sale("cs_1", taken=100, refunded=100)
    books.subscription()
    return books
