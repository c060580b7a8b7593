"""Each check of a step can fail: a fault of each kind is planted, and found by its guarantee."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from studiox.catalog import sales
from tests.simulation import checks, ledgers
from tests.simulation.books import Books, kept
from tests.simulation.checks import Checks
from tests.simulation.violations import NAMES, Violation

Documents = dict[str, dict[str, Any]]
Fault = Callable[[Books], object]


def step(act: Fault, books: Books | None = None) -> list[Violation]:
    """What the checks say of one commit."""
    books = books or kept()
    before = dict(books.documents)
    following = Checks(before)
    assert following.found == [], "the books were kept before"
    act(books)
    names = sorted({*before, *books.documents})
    return following.follow({each: now for each in names if (now := books.documents.get(each)) is not before.get(each)})


def change(path: str, **fields: Any) -> Fault:
    return lambda books: books.documents.__setitem__(path, {**books.documents[path], **fields})


def delete(*paths: str) -> Fault:
    return lambda books: [books.documents.pop(each) for each in paths]


def both(*acts: Fault) -> Fault:
    return lambda books: [act(books) for act in acts]


def entry(name: str, type_: str, ref: tuple[str, str], uid: str = "u1", **change: int) -> Fault:
    return lambda books: books.post(uid, name, type_, ref, **change)


LEDGER = "users/u1/ledger"
BALANCE = 200 - 5 - 5 - 8 + 2 - 7 + 7 + 500 - 100 + 1_000


def _silently(books: Books) -> None:
    entry("feature:f1", "deduction", ("feature", "hd"), monthly=-1)(books)
    for path in [each for each in books.documents if each.startswith("auditLogs/")][-1:]:
        del books.documents[path]


def _without_a_cause(books: Books) -> None:
    entry("random", "deduction", ("job", "other"), monthly=-1)(books)


def _crowded(books: Books) -> None:
    for number in range(51):
        books.job(f"more{number}", price=1)


def _moved(books: Books, **changes: Any) -> None:
    """An entry goes below the closed account."""
    change("users/u1", closing=True)(books)
    found = books.documents.pop(f"{LEDGER}/welcome:u1")
    books.documents["closedAccounts/p1/ledger/welcome:p1"] = {**found, "id": "welcome:p1", **changes}


def _closed(books: Books, **changes: Any) -> None:
    user = books.documents.pop("users/u1")
    closed = {name: user[name] for name in ("balance", "buckets", "ledgerSeq")}
    books.documents["closedAccounts/p1"] = {**closed, "state": "closed", **changes}


def _finished_without_a_result(books: Books) -> None:
    change("jobs/running", status="completed")(books)
    change("users/u1", activeJobs=0)(books)


FAULTS: dict[str, tuple[Fault, int, str]] = {
    "tokens made up": (change("users/u1", balance=9_999), 1, "says"),
    "a bucket that is not the ledger's": (
        change("users/u1", buckets={"monthly": 1_000, "bonus": 185, "purchased": 399}), 1, "says",
    ),
    "a balance of another type": (change("users/u1", balance=float(BALANCE)), 1, "not an integer"),
    "an entry that the account forgot": (both(entry("feature:f1", "deduction", ("feature", "hd"), monthly=-1),
        change("users/u1", balance=BALANCE)), 1, "says"),
    "an entry changed": (change(f"{LEDGER}/purchase:cs_1", amount=501), 1, "changed"),
    "an entry deleted": (delete(f"{LEDGER}/purchase:cs_1"), 1, "deleted"),
    "a gap": (both(change("users/u1", ledgerSeq=40),
        entry("feature:f1", "deduction", ("feature", "hd"), monthly=-1)), 1, "seq is 41"),
    "another running sum": (both(entry("feature:f1", "deduction", ("feature", "hd"), monthly=-1),
        change(f"{LEDGER}/feature:f1", balanceAfter=7)), 1, "balanceAfter"),
    "an amount that is not its buckets": (both(entry("feature:f1", "deduction", ("feature", "hd"), monthly=-1),
        change(f"{LEDGER}/feature:f1", amount=-2)), 1, "amount is"),
    "a fraction of a token": (both(entry("feature:f1", "deduction", ("feature", "hd"), monthly=-1),
        change(f"{LEDGER}/feature:f1", amount=-1.0)), 1, "not an integer"),
    "more than the balance": (entry("feature:f1", "deduction", ("feature", "hd"), monthly=-3_000), 2, "takes 3000"),
    "burnt in another order": (entry("feature:f1", "deduction", ("feature", "hd"), purchased=-5), 2, "another order"),
    "a negative bucket": (entry("clawback:x:1", "clawback", ("subscription", "in_1"), monthly=-2_000), 2, "negative"),
    "a debt by an expiry": (entry("expiry:x", "plan_expiry", ("subscription", "s"), purchased=-900), 2, "a debt"),
    "a purchase that takes": (entry("purchase:cs_9", "purchase", ("checkout", "cs_9"), purchased=-1), 2, "purchase of"),
    "a refund to another bucket": (entry("refund:running", "refund", ("job", "running"), purchased=5), 2, "other buck"),
    "an id that is not its cause's": (_without_a_cause, 3, "not the id"),
    "a cause that nobody knows": (entry("gift:1", "gift", ("user", "u1"), bonus=1), 3, "not the id"),
    "a month granted beside a subscription": (entry("grant:2026-03-01", "plan_grant", ("period", "2026-03-01"),
        monthly=50), 11, "Stripe bills"),
    "an entry without an audit entry": (_silently, 14, "no audit entry"),
    "an audit entry changed": (change("auditLogs/a1", action="other"), 14, "changed"),
    "an audit entry deleted": (delete("auditLogs/a1"), 14, "deleted"),
    "a job that was not paid": (both(lambda books: books.job("new"), delete(f"{LEDGER}/deduction:new")), 5,
        "paid None"),
    "a job that paid another price": (change("jobs/running", price=6), 5, "another owner or price"),
    "a job paid from elsewhere": (change("jobs/running/private/state",
        paidFrom={"monthly": 5, "bonus": 0, "purchased": 0}), 5, "paid from"),
    "a failure without its refund": (change("jobs/running", status="failed"), 5, "refunded 0 of 5"),
    "a completed job refunded whole": (both(entry("refund:done", "refund", ("job", "done"), bonus=5),
        change("jobs/done", refunded=5)), 5, "completed, refunded"),
    "a running job refunded": (both(entry("refund:running", "refund", ("job", "running"), bonus=5),
        change("jobs/running", refunded=5)), 5, "processing, refunded"),
    "a refund that the job does not know": (change("jobs/partly", refunded=0), 5, "says refunded 0"),
    "a refund of no job": (entry("refund:none", "refund", ("job", "none"), bonus=5), 5, "without a deduction"),
    "an end that changes": (both(change("jobs/done", status="failed", media=[], refunded=5),
        entry("refund:done", "refund", ("job", "done"), bonus=5)), 5, "was completed"),
    "a failed job with media": (change("jobs/failed", media=[{"path": "x"}]), 5, "with media"),
    "a place that is not given back": (both(change("users/u1", activeJobs=2)), 5, "activeJobs"),
    "a place held and not counted": (change("jobs/done/private/state", holdsPlace=True), 5, "activeJobs"),
    "more jobs at once than the plan has": (_crowded, 18, "at once"),
    "a job that nobody looks at": (lambda books: books.documents["jobs/running"].pop("nextPollAt") and change(
        "jobs/running")(books), 7, "nobody"),
    "a job without a state": (delete("jobs/running/private/state"), 0, "no private state"),
    "a job deleted": (delete("jobs/done", "jobs/done/private/state"), 5, "owner is not"),
    "a running job deleted with its owner": (both(change("users/u1", closing=True),
        delete("jobs/running", "jobs/running/private/state")), 7, "deleted while"),
    "completed without a result": (_finished_without_a_result, 8, "without its creation"),
    "an order that credits nothing": (change("orders/o-cs_1", credited=0), 9, "the ledger"),
    "an order that forgets a clawback": (change("orders/o-cs_1", taken=0), 9, "the ledger"),
    "a purchase that the order does not know": (entry("restore:d1", "restore", ("checkout", "cs_1"), purchased=100), 9,
        "the ledger"),
    "another number of packs": (change("orders/o-cs_1", quantity=2), 9, "for 2 times"),
    "more back than given": (both(entry("clawback:ch_1:700", "clawback", ("checkout", "cs_1"), purchased=-600),
        change("orders/o-cs_1", taken=700)), 10, "credited, taken"),
    "an order deleted": (delete("orders/o-cs_1"), 9, "deleted"),
    "a grant that the ledger lacks": (change("subscriptions/sub_1", invoices={
        "in_2": {"granted": 10, "taken": 0}}), 9, "the ledger 0"),
    "more of a month back than given": (change("subscriptions/sub_1", invoices={
        "in_1": {"granted": 1_000, "taken": 1_001}}), 10, "took"),
    "a subscription that goes back": (change("subscriptions/sub_1", rev=1), 9, "went back"),
    "a subscription deleted": (delete("subscriptions/sub_1"), 9, "deleted"),
    "a like too many": (change("posts/done", likeCount=2), 16, "likeCount is 2, there are 1"),
    "a like lost": (delete("likes/done_u2"), 16, "likeCount is 1, there are 0"),
    "a comment lost": (delete("posts/done/comments/c1"), 16, "commentCount"),
    "a post that its creation does not know": (change("creations/done", postId=None), 0, "does not agree"),
    "a post without its state": (delete("posts/done/private/state"), 0, "together"),
    "a post that is gone": (delete("posts/done", "posts/done/private/state"), 0, "does not agree"),
    "a removed post published again": (change("creations/done", moderated=True), 13, "again"),
    "more than the day's limit": (both(*(entry(f"feature:f{each}", "deduction", ("feature", "hd"), uid="u2", bonus=-76)
        for each in range(2))), 2, "152 debited on 2026-03-10, the limit is 150"),
    "a debit that calls for nothing": (entry("feature:f1", "deduction", ("feature", "hd"), uid="u2", bonus=-101), 9,
        "no top-up is under way"),
    "a collection of another number": (change("users/u1/collections/foxes", count=2), 0, "counts 2, and 1 creations"),
    "a creation that its collection does not count": (change("creations/done", collectionIds=[]), 0, "and 0 creations"),
    "an entry lost while it is moved": (lambda books: _moved(books, amount=1), 17, "not in the closed"),
    "an account closed over an entry": (lambda books: _closed(books, balance=1), 17, "no closed account"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str) -> None:
    act, guarantee, text = FAULTS[name]
    found = step(act)
    assert any(each.guarantee == guarantee and text in each.text for each in found), [str(each) for each in found]


def test_a_month_before_the_subscription_is_right_at_rest() -> None:
    books = Books()
    books.user()
    books.post("u1", "grant:2026-03-01", "plan_grant", ("period", "2026-03-01"), monthly=50)
    books.post("u1", "expiry:sub_1:1", "plan_expiry", ("subscription", "sub_1"), monthly=-50)
    books.subscription()
    assert Checks(books.documents).found == []


def test_an_event_that_was_handled_does_not_fail_later() -> None:
    books = kept()
    books.documents["stripeEvents/evt_1"] = {"status": "handled"}
    found = step(change("stripeEvents/evt_1", status="failed"), books)
    assert [(each.guarantee, each.text) for each in found] == [(9, "was handled and is failed")]


def test_what_is_right_is_no_violation() -> None:
    def run(books: Books) -> None:
        books.job("next", uid="u2")
        books.sale("cs_2")
        books.like("done", "u1")
        books.post("u1", "clawback:ch_9:1", "clawback", ("user", "u1"), purchased=-5_000)

    def reset_and_subscribe(books: Books) -> None:
        books.post("u2", "grant:2026-03-01", "plan_grant", ("period", "2026-03-01"), monthly=50)
        books.post("u2", "expiry:in_2", "plan_expiry", ("subscription", "sub_2"), monthly=-50)
        books.subscription("sub_2", uid="u2")

    def spend(books: Books) -> None:
        """What was refunded may be spent again."""
        entry("deduction:j8", "deduction", ("job", "j8"), uid="u2", bonus=-100)(books)
        entry("refund:j8", "refund", ("job", "j8"), uid="u2", bonus=100)(books)
        entry("feature:f1", "deduction", ("feature", "hd"), uid="u2", bonus=-100)(books)

    def call_for_a_top_up(books: Books) -> None:
        entry("feature:f1", "deduction", ("feature", "hd"), uid="u2", bonus=-101)(books)
        change("users/u2", autoTopUp={**books.documents["users/u2"]["autoTopUp"], "orderId": "o1"})(books)

    assert step(spend) == []
    assert step(call_for_a_top_up) == []
    assert step(run) == []
    assert step(reset_and_subscribe) == []
    assert step(_moved) == []
    assert step(_closed) == []
    assert step(both(change("users/u1", closing=True), delete("jobs/done", "jobs/done/private/state"))) == []


def test_each_guarantee_of_a_step_has_its_fault() -> None:
    assert {guarantee for _, guarantee, _ in FAULTS.values()} == {*NAMES} - {4, 6, 12, 19}


def test_the_plans_are_the_catalogues() -> None:
    assert {plan.id: plan.max_concurrent_jobs for plan in sales.PLANS} == checks.PLACES


def test_every_type_of_entry_has_its_causes() -> None:
    from typing import get_args

    from studiox.models.ledger import EntryType

    assert {type_ for type_, _ in ledgers.CAUSES} == set(get_args(EntryType))


def test_a_violation_reads_as_a_sentence() -> None:
    assert (
        str(Violation(6, "jobs/j1", "two tasks")) == "6. An order goes to a provider at most once: jobs/j1: two tasks"
    )


def test_a_step_looks_only_at_what_changed() -> None:
    """The same commit costs the same in a large database."""
    looked: list[str] = []

    class Watched(dict[str, dict[str, Any]]):
        def get(self, key: str, default: Any = None) -> Any:
            looked.append(key)
            return super().get(key, default)

        def __iter__(self) -> Any:
            looked.append("everything")
            return super().__iter__()

    books = kept()
    for number in range(50):
        books.user(f"other{number}")
    following = Checks(books.documents)
    books.post("u1", "feature:f1", "deduction", ("feature", "hd"), monthly=-1)
    paths = ["users/u1", f"{LEDGER}/feature:f1", "auditLogs/a18"]
    assert following.at_every_step(Watched(books.documents), paths) == []
    assert set(looked) <= {*paths}
