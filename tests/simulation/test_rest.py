"""Each check at rest can fail: a fault of each kind is planted in the books, the vendors' truth or the answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.catalog import sales
from tests.simulation import truth as truths
from tests.simulation.books import NOW, Books
from tests.simulation.cases import DAY, HOUR, MOMENT, Case
from tests.simulation.rest import at_rest
from tests.simulation.stripe_truth import Bill, StripeTruth
from tests.simulation.truth import Known


def _left(act: Callable[[Case], object]) -> Callable[[Case], object]:
    """The account u2 is deleted, and then the fault."""

    def plant(case: Case) -> None:
        case.leave()
        act(case)

    return plant


def _cancelled(case: Case) -> None:
    """A job at the provider, cancelled by its user."""
    case.books.user("u3")
    case.books.post("u3", "welcome:u3", "welcome_bonus", ("user", "u3"), bonus=200)
    case.books.job("stopped", "cancelled", uid="u3", price=5, back=5)
    case.change("jobs/stopped", completedAt=NOW)
    case.books.audit("u3", "cancelStudioJob", "jobs/stopped")
    case.truth.charges = {**case.truth.charges, "stopped": ["t-stopped"]}


def _songs(case: Case, number: int, counted: int) -> None:
    month = NOW + timedelta(days=3)
    for each in range(number):
        case.books.job(f"song{each}", "completed", uid="u2", price=1)
        case.change(f"jobs/song{each}", type="music")
        case.change(f"jobs/song{each}/private/state", songCountedUntil=month)
        case.object(f"users/u2/creations/song{each}/0.png")
        case.say("createStudioJob", {"jobId": f"song{each}"}, caller="u2", requestId=f"for-song{each}")
    case.change("users/u2", generationCount=counted, generationResetAt=month)


def _second_account_of_a_person(case: Case) -> None:
    case.truth.people = {**case.truth.people, "u2": Known("p-u2", "u1@x.test")}


def _double(case: Case, **again: Any) -> None:
    case.say("createStudioJob", {"jobId": "done", "price": 5, "balance": 195}, requestId="r1", prompt="x")
    answer = {"jobId": "done", "price": 5, "balance": 195} | again.pop("result", {})
    case.say("createStudioJob", again.pop("answer", answer), requestId="r1", **{"prompt": "x"} | again)


def _feature(case: Case, *answers: Any) -> None:
    case.books.post("u2", "feature:r9", "deduction", ("feature", "hd"), bonus=-3)
    for each in answers:
        case.say("useTokens", each, caller="u2", requestId="r9", feature="hd")


def _visit(case: Case, reward: int, told: int) -> None:
    if reward:
        case.books.post("u2", "reward:streak:2026-03-10", "reward", ("streak", "2026-03-10"), bonus=reward)
    case.say("updateStreak", {"lastActiveDate": "2026-03-10", "reward": told}, caller="u2")


def _refused_job(case: Case) -> None:
    case.books.job("more")
    case.say("createStudioJob", "failed-precondition/InsufficientTokens", requestId="r1")


def _suspended(case: Case) -> None:
    case.say("suspendUser", {"suspended": True}, caller="admin", uid="u2", suspended=True)
    case.say("likePost", {"liked": True, "likeCount": 1}, caller="u2", postId="done", liked=True)


def _toggled(case: Case) -> None:
    for liked in (True, True):
        case.say("likePost", {"liked": liked, "likeCount": 1}, caller="u2", postId="done")


def _ordered_top_up(case: Case) -> None:
    case.books.sale("", uid="u1", tokens=0)
    case.change("orders/o-", orderId="o-", kind="top_up", amount=500, createdAt=NOW)
    case.say("setAutoTopUp", {"enabled": True}, monthlyCeiling=499)


def _invited(case: Case, got: int, purchase: str | None = "o-cs_1", **fields: Any) -> Case:
    """u2 has come by a code of u3, who is gone, and has these tokens of it."""
    referral = {"uid": "u2", "code": "C", "rewardId": "r1", "purchaseId": purchase, "invited": {"tokens": 100}}
    case.put("referrals/u2", **referral, **fields)
    if got:
        case.books.post("u2", "reward:referral:r1", "reward", ("referral", "r1"), bonus=got)
    return case


def _blocked(case: Case, function: str, result: Any, caller: str = "u2", **data: Any) -> None:
    case.say("blockUser", {"blocked": True}, uid="u2", blocked=True)
    case.say(function, result, caller=caller, **data)


def _appeal(case: Case, name: str, **fields: Any) -> Case:
    appeal = {"uid": "u1", "postId": "done", "status": "upheld", "openSince": None, "decision": {"id": "d1"}}
    return case.put(f"appeals/{name}", **appeal | fields)


FAULTS: dict[str, tuple[Callable[[Case], object], int, str]] = {
    "a step's fault": (lambda case: case.change("users/u1", balance=1), 1, "says"),
    "a job after its deadline": (lambda case: case.change("jobs/running", deadlineAt=NOW - timedelta(hours=1)), 7,
        "processing after"),
    "a place held after the deadline": (lambda case: (case.change("jobs/done/private/state", holdsPlace=True),
        case.change("users/u1", activeJobs=2)), 7, "holds a place"),
    "missing files that nobody refunded": (lambda case: case.change("jobs/partly/private/state", outputs=8), 5,
        "3 of 8 files"),
    "a refund though nothing is missing": (lambda case: case.change("jobs/partly/private/state", outputs=3), 5,
        "3 of 3 files"),
    "a job that is not counted": (lambda case: case.change("jobs/done/private/state", counted=False), 19,
        "completed, counted: False"),
    "a running job that is counted": (lambda case: case.change("jobs/running/private/state", counted=True), 19,
        "processing, counted: True"),
    "a job that is counted twice": (lambda case: case.put("dailyCounters/09-2026-03-10",
        counts={"status": {"failed": 1}}), 19, "status/failed is 2, not 1"),
    "a counter of no job": (lambda case: case.put("dailyCounters/09-2026-03-11", counts={"size": {"s": -1}}), 19,
        "size/s is -1, not 0"),
    "an order that its user's week lacks": (lambda case: case.change("users/u1", jobsByWeek={"2026-03-09": 3}), 19,
        "orders by week"),
    "a creation with other media": (lambda case: case.change("creations/done", media=[]), 8, "other media"),
    "an order that was never sent": (lambda case: (case.tell(calm=True),
        case.tell(charges={}), case.change("jobs/failed", error={"reason": "TimedOut"})), 6, "never sent"),
    "two tasks of a job": (lambda case: case.tell(charges={"running": ["t-running", "t2"]}), 6, "2 tasks"),
    "a task of no job": (lambda case: case.tell(charges={"other": ["t9"]}), 6, "of no job"),
    "another job's task": (lambda case: case.change("jobs/running/private/state", taskId="t-done"), 6, "the job done"),
    "a file is missing": (lambda case: case.tell(objects={}), 8, "is missing"),
    "a file of no creation": (lambda case: case.object("users/u1/creations/x/0.png", 60 * HOUR), 8, "of no creation"),
    "a file of no post": (lambda case: case.object("posts/x/0.png", 60 * HOUR), 8, "of no post"),
    "an old upload": (lambda case: case.object("users/u1/uploads/b.png", 9 * DAY), 8, "an upload of"),
    "a file of nothing": (lambda case: case.object("else/x"), 8, "nothing names"),
    "two welcomes of a person": (_second_account_of_a_person, 11, "2 welcome bonuses"),
    "a cancel that was not counted": (_cancelled, 18, "1 cancels"),
    "songs that were not counted": (lambda case: _songs(case, 2, 1), 18, "1 songs counted"),
    "a song counted twice": (lambda case: _songs(case, 1, 2), 18, "2 songs counted"),
    "too many songs": (lambda case: _songs(case, 4, 4), 18, "on the plan free"),
    "a deletion that is not finished": (_left(lambda case: case.change("closedAccounts/p-u2", state="closing")), 17,
        "not finished"),
    "a document of a deleted account": (_left(lambda case: case.put("mail/m1", to="u2@x.test", uid="p-u2")), 17,
        "carries the deleted u2"),
    "a field of a deleted account": (_left(lambda case: case.put("mail/m1", uid="u2")), 17, "carries the deleted u2"),
    "a path of a deleted account": (_left(lambda case: case.put("likes/done_u2", uid="p-u2")), 17, "carries"),
    "a file of a deleted account": (_left(lambda case: case.object("users/u2/uploads/x.png")), 17, "a file of the"),
    "an export of a deleted account": (_left(lambda case: case.object("exports/p-u2/x.json")), 17, "a file of the"),
    "a sign-in of a deleted account": (_left(lambda case: case.tell(auth={"u2"})), 17, "sign-in"),
    "an entry that the closed account lacks": (_left(lambda case: case.books.documents.pop(
        "closedAccounts/p-u2/ledger/welcome:p-u2")), 1, "its ledger"),
    "a subscription of a deleted account": (_left(lambda case: case.contract(uid="u2")), 17, "still active"),
    "a deletion that is overdue": (lambda case: case.put("cleanups/post-x", dueAt=NOW - timedelta(hours=3),
        state="clearing"), 17, "overdue"),
    "a like of no post": (lambda case: case.put("likes/x_u2", uid="u2"), 16, "a like of no post"),
    "a comment of no post": (lambda case: case.put("posts/x/comments/c", uid="u2"), 16, "a comment of no post"),
    "a report of no creation": (lambda case: case.put("reports/x_u2", uid="u2"), 17, "a report of no"),
    "a payment that nobody credited": (lambda case: case.change("orders/o-cs_1", credited=0), 9, "neither credited"),
    "a payment that is parked for no reason": (lambda case: (case.change("orders/o-cs_1", credited=0),
        case.put("unmatchedPayments/cs_1", waits=True)), 9, "paid as ordered"),
    "credited without a payment": (lambda case: case.tell(stripe=case.truth.stripe._replace(sales={})), 9,
        "has no payment"),
    "credited for another amount": (lambda case: case.sale(amount=499), 9, "though 499 were paid"),
    "a refund that took nothing": (lambda case: case.sale(refunded=250), 10, "not 250"),
    "a dispute that took nothing": (lambda case: case.sale(disputed=400), 10, "not 500"),
    "a subscription that nobody recorded": (lambda case: case.contract("sub_2"), 9, "neither recorded nor parked"),
    "a subscription of nobody": (lambda case: case.contract("sub_2", uid=""), 9, "of nobody"),
    "another status": (lambda case: case.contract(status="past_due"), 9, "says ('active'"),
    "another end": (lambda case: case.contract(period_end=1), 9, "Stripe ('active'"),
    "two subscriptions": (lambda case: (case.contract("sub_2"), case.put("subscriptions/sub_2",
        **case.books.documents["subscriptions/sub_1"])), 9, "pays for"),
    "another plan": (lambda case: case.change("users/u1", plan="enterprise"), 9, "has the plan enterprise"),
    "a plan that nobody pays": (lambda case: case.change("users/u2", plan="pro", isPremium=True), 9, "not ['free']"),
    "a plan past its grace": (lambda case: case.contract(status="past_due", since=MOMENT - 9 * DAY), 9, "not ['free']"),
    "a plan lost within its grace": (lambda case: (case.contract(status="past_due", since=MOMENT - 5 * DAY),
        case.change("users/u1", plan="free", isPremium=False)), 9, "has the plan free"),
    "a plan and not premium": (lambda case: case.change("users/u1", isPremium=False), 9, "isPremium"),
    "a month that was not granted": (lambda case: case.bill(plan="enterprise"), 9, "1000 were granted"),
    "more than a month of the plan": (lambda case: case.bill(plan="free"), 10, "granted 1000 for a month of free"),
    "granted for what was not paid": (lambda case: case.tell(stripe=case.truth.stripe._replace(bills={})),
        9, "not paid"),
    "an invoice forgotten before its time": (lambda case: (case.put("users/u1/payments/in_1", createdAt=NOW),
        case.change("subscriptions/sub_1", invoices={}, forgotten=NOW - timedelta(days=1))), 9, "which is newer"),
    "granted for another's payment": (lambda case: case.bill(uid="u2"), 9, "paid by u2"),
    "a second subscription not given back": (lambda case: (case.contract("sub_2", status="canceled", ended_by_us=True),
        case.tell(stripe=case.truth.stripe._replace(bills={**case.truth.stripe.bills, "in_2": Bill(
            "in_2", "sub_2", "u1", "subscription_create", "pro", 900, 100, 0, False)}))), 9, "100 of 900"),
    "monthly tokens beyond the plan": (lambda case: case.books.post("u2", "grant:2026-03-01", "plan_grant",
        ("period", "2026-03-01"), monthly=51), 10, "51 monthly tokens"),
    "a month too long": (lambda case: case.change("users/u2", creditResetAt=NOW + timedelta(days=40)), 11, "40.0 days"),
    "a month that nobody ended": (lambda case: case.change("users/u2", creditResetAt=NOW - timedelta(days=2)), 11,
        "-2.0 days"),
    "an event that fails": (lambda case: case.put("stripeEvents/evt_1", status="failed", error="X"), 9, "fails: X"),
    "an internal error": (lambda case: case.say("getProfile", "internal/"), 4, "answered internal"),
    "the same request and another job": (lambda case: _double(case, result={"jobId": "partly"}), 3, "answered {"),
    "the same request and another balance": (lambda case: _double(case, result={"balance": 1}), 3, "answered {"),
    "another request with the same id": (lambda case: _double(case, prompt="y"), 3, "another request"),
    "a replay that was refused": (lambda case: _double(case, answer="failed-precondition/InsufficientTokens"), 3,
        "and then refused"),
    "an acknowledged job that is not there": (lambda case: case.say("createStudioJob", {"jobId": "j9", "price": 1,
        "balance": 1}, requestId="r1"), 4, "acknowledged, and"),
    "an acknowledged checkout without an order": (lambda case: case.say("createCheckoutSession",
        {"sessionId": "cs_9", "url": "u"}, requestId="r1"), 4, "no order"),
    "an acknowledged comment that is not there": (lambda case: case.say("commentPost", {"commentId": "c9"},
        requestId="r1"), 4, "not there"),
    "a refusal that left a job": (_refused_job, 13, "nobody was told"),
    "a refusal that was debited": (lambda case: _feature(case, "failed-precondition/InsufficientTokens"), 13,
        "refused, and debited"),
    "another balance than the ledger's": (lambda case: _feature(case, {"spent": 3, "balance": 3}), 4, "told {"),
    "a reward that nobody was told of": (lambda case: _visit(case, 10, 0), 4, "10, told 0"),
    "a reward that is not there": (lambda case: _visit(case, 0, 10), 4, "told 10"),
    "another user's job": (lambda case: case.say("getJobStatus", {"status": "completed"}, caller="u2", jobId="done"),
        13, "answered u2"),
    "another user's checkout": (lambda case: case.say("confirmCheckout", {"status": "paid"}, caller="u2",
        sessionId="cs_1"), 13, "confirmed for u2"),
    "a suspended caller": (_suspended, 12, "likePost was answered"),
    "a pack that was paid twice": (lambda case: case.tell(stripe=case.truth.stripe._replace(sales={
        **case.truth.stripe.sales, "pi_2": case.truth.stripe.sales["cs_1"]})), 9, "paid 2 times"),
    "a discount that was not given": (lambda case: case.sale(added=-250), 9, "though 500 were paid"),
    "a top-up that never ended": (lambda case: case.change("users/u2", autoTopUp={"orderId": "o1"}), 9, "never ended"),
    "a refused top-up that may be paid": (lambda case: case.tell(stripe=case.truth.stripe._replace(
        chargeable={"pi_1": "u1"})), 9, "can still be paid"),
    "a card of a deleted account": (_left(lambda case: case.tell(stripe=case.truth.stripe._replace(
        chargeable={"pm_1": "u2"}))), 17, "still saved"),
    "more than the month's ceiling": (_ordered_top_up, 9, "top-ups of 500 in 2026-03, agreed 499"),
    "a referral that is due": (lambda case: _invited(case, 100, dueAt=NOW), 9, "still due"),
    "a reward that is missing": (lambda case: _invited(case, 0), 9, "u2 has 0 tokens of it, not 100"),
    "a reward without its purchase": (lambda case: _invited(case, 100, None), 10, "u2 has 100 tokens of it, not 0"),
    "a reward of a refused referral": (lambda case: _invited(case, 100, refused="same_card"), 10, "not 0"),
    "a reward of a refunded purchase": (lambda case: (_invited(case, 100), case.sale(refunded=251)), 10, "not 0"),
    "a reward of a disputed purchase": (lambda case: (_invited(case, 100), case.sale(disputed=1)), 10, "not 0"),
    "a reward of a refunded month": (lambda case: (_invited(case, 100, "in_1"), case.bill(refunded=451)), 10, "not 0"),
    "a comment of who is blocked": (lambda case: _blocked(case, "commentPost", {"commentId": "c1"}, postId="done",
        requestId="r1"), 12, "u2 is blocked, and commented on done"),
    "a post of who is blocked": (lambda case: _blocked(case, "getFeed", {"posts": [{"uid": "u2"}]}, caller="u1"), 12,
        "u1 sees posts of {'u2'}"),
    "a post of who has blocked": (lambda case: _blocked(case, "getFeed", {"posts": [{"uid": "u1"}]}), 12,
        "u2 sees posts of {'u1'}"),
    "two appeals of a decision": (lambda case: (_appeal(case, "a1"), _appeal(case, "a2")), 3, "2 appeals"),
    "an open appeal of no decision": (lambda case: _appeal(case, "a1", status="open", openSince=NOW), 4, "not stand"),
    "a settled appeal in the queue": (lambda case: _appeal(case, "a1", openSince=NOW), 4, "in the queue since"),
    "a toggle that does not": (_toggled, 4, "told liked True"),
}  # fmt: skip


def test_what_agrees_is_no_violation() -> None:
    case = Case()
    assert case.found() == []
    _double(case)
    case.books.job("unknown", uid="u2")
    case.say("createStudioJob", None, caller="u2", requestId="r2", prompt="x")
    case.say("createStudioJob", "failed-precondition/TooManyJobs", caller="u2", requestId="r3")
    for number, answer in enumerate([{"lyrics": "la"}, "aborted/ProviderRejected"]):
        case.books.job(f"lyrics{number}", "failed", uid="u2", back=5)
        case.say("generateLyrics", answer, caller="u2", requestId=f"r{4 + number}")
    _feature(case, "failed-precondition/InsufficientTokens", {"spent": 3, "balance": 192}, None)
    _visit(case, 10, 10)
    case.say("likePost", {"liked": True, "likeCount": 1}, caller="u2", postId="done")
    case.say("likePost", {"liked": False, "likeCount": 1}, caller="u2", postId="done")
    _songs(case, 2, 3)
    case.say("checkGenerationAllowance", {"allowed": True}, caller="u2", consume=True)
    _invited(case, 100)
    case.put("referralCodes/C", uid="u3")
    case.say("commentPost", {"commentId": "c1"}, caller="u2", postId="done", requestId="r8")
    case.say("blockUser", {"blocked": True}, uid="u2", blocked=True)
    case.say("blockUser", {"blocked": False}, uid="u2", blocked=False)
    case.say("getFeed", {"posts": [{"uid": "u2"}]})
    _appeal(case, "a1", status="open", openSince=NOW)
    case.put("moderation/done", decision={"id": "d1", "appealId": "a1"})
    assert [str(each) for each in case.found()] == []


def test_a_deleted_account_is_no_violation() -> None:
    case = Case()
    case.leave()
    case.say("deleteAccount", {"deleted": True}, caller="u2")
    assert [str(each) for each in case.found()] == []


def test_a_month_may_be_kept_by_refunds_and_by_an_administrator() -> None:
    case = Case()
    case.books.post("u2", "grant:2026-03-01", "plan_grant", ("period", "2026-03-01"), monthly=51)
    case.books.audit("admin", "setPlan", "users/u2")
    assert case.found() == []


def test_the_month_of_who_comes_back_goes_on() -> None:
    case = Case()
    case.leave()
    again = Known("p-u3", "u2@x.test")
    case.tell(people={**case.truth.people, "u3": again})
    case.books.user("u3", generationCount=2, generationResetAt=NOW + timedelta(days=3))
    assert [str(each) for each in case.found()] == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str) -> None:
    act, guarantee, text = FAULTS[name]
    case = Case()
    act(case)
    found = case.found()
    assert any(each.guarantee == guarantee and text in each.text for each in found), [str(each) for each in found]


def test_the_plans_are_the_catalogues() -> None:
    assert {plan.id: plan.monthly_tokens for plan in sales.PLANS} == truths.MONTHLY
    assert sales.PLANS[0].allowances.songs_per_month == truths.FREE_SONGS


def test_the_truth_can_be_changed_for_a_test() -> None:
    assert replace(Case().truth, calm=True).calm


def test_books_of_nobody_agree() -> None:
    empty = replace(Case().truth, stripe=StripeTruth({}, {}, {}), objects={}, charges={}, people={})
    assert at_rest(Books().documents, empty) == []
