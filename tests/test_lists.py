"""Every list that clients page through: what a page reads does not depend on how long the list is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

import main
from studiox.api.callables import CONTRACTS, Admin
from studiox.kit import audit, documents
from studiox.kit.documents import Stored
from studiox.models.collections import CreationCollection
from studiox.models.creations import Creation
from studiox.models.jobs import Job
from studiox.models.ledger import LedgerEntry
from studiox.models.moderation import Appeal, Moderation, Report
from studiox.models.payments import Payment
from studiox.models.posts import Comment, Post
from studiox.models.rewards import SocialClaim
from studiox.models.sessions import Session
from studiox.models.subscriptions import PlanEvent
from tests.support import Database, Rpcs, call, people
from tests.support.samples import sample

START = datetime(2026, 3, 1, tzinfo=UTC)
PAGE = 5
SHORT, LONG = 3 * PAGE, 30 * PAGE

Make = Callable[[int, datetime], Mapping[str, Stored]]


class List(NamedTuple):
    """One way to ask for a list, and the documents that its item `n` of this time consists of."""

    function: str
    data: Mapping[str, Any]
    item: Make


def _creation(n: int, at: datetime) -> Mapping[str, Stored]:
    made = sample(Creation, creation_id=f"c{n}", uid="u1", type="image", is_favorite=True, created_at=at)
    return {f"creations/c{n}": made}


def _job(n: int, at: datetime) -> Mapping[str, Stored]:
    return {f"jobs/j{n}": sample(Job, job_id=f"j{n}", uid="u1", type="image", status="completed", created_at=at)}


def _entry(n: int, _at: datetime) -> Mapping[str, Stored]:
    return {f"users/u1/ledger/e{n}": sample(LedgerEntry, seq=n + 1, type="reward")}


def _post(n: int, at: datetime) -> Mapping[str, Stored]:
    post = sample(Post, post_id=f"p{n}", uid="author", tags=["everybody"], score=float(n), created_at=at)
    return {f"posts/p{n}": post}


def _reported(n: int, at: datetime) -> Mapping[str, Stored]:
    report = sample(Report, post_id=f"p{n}", uid="u2", state="open", created_at=at)
    moderation = sample(Moderation, post_id=f"p{n}", uid="author", reports=1, open_since=at)
    return {**_post(n, at), f"reports/p{n}_u2": report, f"moderation/p{n}": moderation}


def _reported_comment(n: int, at: datetime) -> Mapping[str, Stored]:
    about = {"post_id": "p0", "comment_id": f"c{n}"}
    report = sample(Report, **about, uid="u3", state="open", created_at=at)
    moderation = sample(Moderation, **about, uid=None, reports=1, open_since=at)
    known = {f"commentReports/p0_c{n}_u3": report, f"commentModeration/p0_c{n}": moderation}
    return {**_post(0, at), **COMMENT(n, at), **known}


def _appeal(n: int, at: datetime) -> Mapping[str, Stored]:
    appeal = sample(Appeal, uid="author", post_id=f"p{n}", kind="posts", status="open", created_at=at, open_since=at)
    return {**_reported(n, at), f"appeals/a{n}": appeal}


def _claim(n: int, at: datetime) -> Mapping[str, Stored]:
    return {f"socialClaims/u{n}_task": sample(SocialClaim, uid=f"u{n}", status="pending", created_at=at)}


def _entry_of_log(n: int, at: datetime) -> Mapping[str, Stored]:
    return {f"auditLogs/a{n}": sample(audit.AuditEntry, actor="u1", action="likePost", target="posts/p1", at=at)}


def _user(n: int, at: datetime) -> Mapping[str, Stored]:
    return {f"users/other{n}": people.user_of(f"other{n}@x.test", at)}


def _at(struct: type[Stored], path: str, **fields: Any) -> Make:
    """Items of a struct whose time is `created_at`, unless `fields` names another one."""
    time = fields.pop("time", "created_at")
    return lambda n, at: {f"{path}{n}": sample(struct, **{time: at}, **fields)}


COMMENT = _at(Comment, "posts/p0/comments/c", uid="u2", text="hello")
LISTS = [
    List("getUserCreations", {}, _creation),
    List("getUserCreations", {"type": "image"}, _creation),
    List("getUserCreations", {"favorite": True}, _creation),
    List("listCollections", {}, _at(CreationCollection, "users/u1/collections/c", time="updated_at")),
    List("listStudioJobs", {}, _job),
    List("listStudioJobs", {"status": "completed", "type": "image"}, _job),
    List("listSessions", {}, _at(Session, "sessions/s", uid="u1")),
    List("getTokenTransactions", {}, _entry),
    List("getTokenTransactions", {"type": "reward"}, _entry),
    List("getBillingHistory", {}, _at(Payment, "users/u1/payments/p")),
    List("getSubscriptionHistory", {}, _at(PlanEvent, "users/u1/subscriptionEvents/e", time="at", status="active")),
    List("getFeed", {}, _post),
    List("getFeed", {"sort": "top"}, _post),
    List("getFeed", {"tag": "everybody"}, _post),
    List("getFeed", {"tag": "everybody", "sort": "top"}, _post),
    List("getFeed", {"uid": "author"}, _post),
    List("getComments", {"postId": "p0"}, lambda n, at: {**_post(0, at), **COMMENT(n, at)}),
    List("getAuditLog", {}, _entry_of_log),
    List("getAuditLog", {"target": "posts/p1"}, _entry_of_log),
    List("searchUsers", {"plan": "free"}, _user),
    List("getUserLedger", {"uid": "u1"}, _entry),
    List("getUserLedger", {"uid": "u1", "type": "reward"}, _entry),
    List("getModerationQueue", {}, _reported),
    List("getModerationQueue", {"kind": "comments"}, _reported_comment),
    List("getModerationQueue", {"kind": "appeals"}, _appeal),
    List("getModerationQueue", {"kind": "claims"}, _claim),
]


def test_every_list_is_here() -> None:
    paged = {
        name
        for name, contract in CONTRACTS.items()
        if "page_size" in {field.name for field in msgspec.structs.fields(contract.request)}
    }
    assert {each.function for each in LISTS} == paged


@pytest.mark.parametrize("each", LISTS, ids=lambda each: f"{each.function} {dict(each.data)}")
def test_a_page_of_a_long_list_reads_no_more_than_one_of_a_short_list(
    database: Database, rpcs: Rpcs, each: List
) -> None:
    contract = CONTRACTS[each.function]
    admin = contract.caller is Admin
    function = getattr(main, each.function)
    database.put("users/u1", people.user_data())

    def fill(first: int, end: int) -> None:
        for begin in range(first, end, 50):
            items = (each.item(n, START + timedelta(minutes=n)) for n in range(begin, min(end, begin + 50)))
            database.apply({path: documents.encode(struct) for item in items for path, struct in item.items()})

    def page(cursor: str | None) -> tuple[list[str], int, int, str]:
        rpcs.reset()
        data = {**each.data, "pageSize": PAGE} | ({} if cursor is None else {"cursor": cursor})
        answer = call(function, data, uid="u1", admin=admin)
        assert answer.ok, answer
        [items] = [value for value in answer.result.values() if isinstance(value, list)]
        assert len(items) == PAGE
        return list(rpcs.calls), rpcs.documents, rpcs.billed["reads"], answer.result["nextCursor"]

    fill(0, SHORT)
    page(None)  # the caller's share of the limit, and what is kept for a minute
    short = page(None)
    following = page(short[3])
    fill(SHORT, LONG)
    assert page(None)[:3] == short[:3]
    longer = page(page(None)[3])
    assert longer[:3] == following[:3]
    assert short[1] >= PAGE
