"""The views for analysts, on what the product stored: they say what its own reports, ledgers and records say."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

import main
from studiox.admin import report_rules, weekly_report
from studiox.catalog import margins
from studiox.kit import clock, documents
from studiox.models.jobs import ReportedJob
from studiox.models.payments import Payment
from studiox.models.users import pseudonym
from studiox.studio import job_store
from tests.admin.weeks import MONDAY, WEEK, put_all, put_jobs, random_week
from tests.analytics.warehouse import Warehouse
from tests.auth.identity import Accounts
from tests.billing.shop import Shop
from tests.media.servers import Gcs
from tests.support import Database, before_create, call, canaries
from tests.support.jobs import state
from tests.support.people import user_data
from tests.support.queue import Queue
from tests.support.samples import sample

Export = Callable[..., Warehouse]
TRIGGER: Any = main.onUserCreated
ADA, ADDRESS = "uid-of-ada-lovelace-01", "ada@canary.test"


def ordered(uid: str, number: int, **fields: Any) -> str:
    request = {"type": "image", "model": "Model A", "prompt": "a fox", "size": "1024x1024", **fields}
    answer = call(main.createStudioJob, {"requestId": f"request-{number:012d}", **request}, uid=uid)
    assert answer.ok, answer
    return str(answer.result["jobId"])


def by(rows: list[dict[str, Any]], key: str, value: str) -> dict[Any, Any]:
    """{key: sum of the values}"""
    total: Counter[Any] = Counter()
    for row in rows:
        total[row[key]] += row[value]
    return dict(total)


def test_an_export_of_nothing_has_every_table_and_view(export: Export) -> None:
    empty = export()
    assert empty.rows("revenue") == empty.rows("margin") == empty.rows("funnel") == empty.rows("retention") == []
    assert {row["incomplete"] for row in empty.rows("incomplete")} == {0}


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """A payment of each kind and fate."""
    shop.bought()
    refunded, part, disputed, won = (shop.bought() for _ in range(4))
    shop.account.refund(shop.intent(refunded))
    shop.account.refund(shop.intent(part), 100)
    shop.account.dispute(shop.intent(disputed), 400)
    shop.account.close_dispute(shop.account.dispute(shop.intent(won), 400)["id"], won=True)
    late = shop.checkout(packId="starter")
    shop.account.pay(late, slow=True)
    shop.user("u2")
    shop.subscribed("u2")
    shop.hear_all()
    return shop


def test_revenue_is_what_the_weekly_report_says(sold: Shop, export: Export) -> None:
    exported = export()
    assert by(exported.rows("revenue"), "currency", "net") == dict(sold.revenue())
    statuses = {payment["status"] for uid in ("u1", "u2") for payment in sold.payments(uid)}
    assert statuses == {"paid", "refunded", "partially_refunded", "disputed", "pending"}
    for row in exported.rows("revenue"):
        assert row["gross"] == row["net"] + row["refunded"] + row["disputed"]
        assert row["day"] == clock.now().date()
    kinds = {row["kind"]: row for row in exported.rows("revenue")}
    assert (kinds["pack"]["payments"], kinds["subscription"]["payments"]) == (5, 1)
    assert kinds["pack"]["disputed"] > 0
    assert kinds["pack"]["refunded"] == kinds["pack"]["gross"] // 5 + 100


def test_plans_and_their_changes_are_what_the_histories_say(sold: Shop, export: Export) -> None:
    exported = export()
    [started] = sold.database.under("users/u2/subscriptionEvents").values()
    [row] = exported.rows("subscriptions")
    assert (row["type"], row["from_plan"], row["to_plan"], row["events"]) == ("started", "free", "pro", 1)
    assert row["day"] == started["at"].date()
    plans = {each["plan"]: each for each in exported.rows("plans")}
    assert (plans["free"]["users"], plans["free"]["subscribers"]) == (1, 0)
    assert (plans["pro"]["users"], plans["pro"]["subscribers"]) == (1, 1)


def test_the_tokens_of_all_ledgers_are_what_people_hold(sold: Shop, export: Export) -> None:
    assert call(main.useTokens, {"feature": "hd_download", "requestId": "request-1000000001"}, uid="u1").ok
    ordered("u2", 1)
    exported = export()
    held = sum(sold.balance(uid) for uid in ("u1", "u2"))
    assert exported.total("tokens", "tokens") == exported.total("plans", "tokens_held") == held
    spent = {row["about"]: row["tokens"] for row in exported.rows("tokens") if row["type"] == "deduction"}
    assert set(spent) == {"feature", "job"}
    assert spent["job"] == -exported.total("margin", "tokens_debited")


def test_the_margin_of_an_order_is_the_catalogues_arithmetic(
    database: Database, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")
    assert call(main.initializeUser, {}, uid="ann").ok
    kept, returned = ordered("ann", 1), ordered("ann", 2)
    assert call(main.cancelStudioJob, {"jobId": returned}, uid="ann").ok
    [row] = export().rows("margin")
    job, states = (
        database.need(f"jobs/{kept}"),
        [database.need(f"jobs/{each}/private/state") for each in (kept, returned)],
    )
    assert (row["model"], row["type"], row["provider"]) == (job["model"], "image", states[0]["provider"])
    assert row["tokens_debited"] - row["tokens_refunded"] == job["price"] > 0
    assert row["earned_micro_usd"] == job["price"] * margins.TOKEN_MICRO_USD
    assert row["cost_micro_usd"] == sum(each["costMicroUsd"] for each in states if "spentOn" in each)
    assert row["margin_micro_usd"] == row["earned_micro_usd"] - row["cost_micro_usd"]


def with_states(jobs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The jobs' private states. One in ten never went to a provider, so that its cost is only an expectation."""
    choose = random.Random(len(jobs))
    found = {}
    for job in jobs:
        provider = "poyo" if job["model"].startswith("veo") else "mock"
        sent = {"spent_on": f"{provider}:{job['createdAt'].date()}"} if choose.random() < 0.9 else {}
        made = state(job["uid"], provider=provider, cost_micro_usd=choose.randrange(1, 300_000), **sent)
        found[f"jobs/{job['jobId']}/private/state"] = made
    return found


@pytest.mark.parametrize("seed", range(2))
def test_a_random_week_is_what_the_weekly_report_and_the_days_spend_say(export: Export, seed: int) -> None:
    jobs = list(random_week(seed, 400))
    states = with_states(jobs)
    put_jobs(jobs)
    put_all(states.items())
    report = weekly_report.run(MONDAY, actor="boss", action="runWeeklyReport", at=MONDAY + WEEK)
    exported = export(MONDAY + WEEK)
    days = {(MONDAY + timedelta(days=number)).date() for number in range(7)}
    margin = [row for row in exported.rows("margin") if row["day"] in days]
    assert by(margin, "model", "jobs") == report.requests_by_model
    assert by(margin, "type", "jobs") == report.requests_by_type
    assert sum(row["tokens_debited"] for row in margin) == report.total_credits_consumed
    assert sum(row["tokens_refunded"] for row in margin) == report.total_credits_refunded
    for provider in ("poyo", "mock"):
        for day in days:
            spent = job_store.spent(f"{provider}:{day}").total
            assert exported.total("margin", "cost_micro_usd", provider=provider, day=day) == spent
    quality = [row for row in exported.rows("quality") if row["week"] == MONDAY.date()]
    assert by(quality, "model", "jobs") == report.requests_by_model
    assert sum(row["completed"] for row in quality) == report.successful_requests
    assert sum(row["failed"] for row in quality) == report.failed_requests
    assert sum(row["cancelled"] for row in quality) == report.cancelled_requests
    for row in quality:
        tally = report_rules.Tally()
        for job in jobs:
            if job["model"] == row["model"] and MONDAY <= job["createdAt"] < MONDAY + WEEK:
                tally.add(documents.decode(ReportedJob, job))
        ended = tally.statuses["completed"] + tally.statuses["failed"]
        assert row["success_rate"] == pytest.approx(tally.statuses["completed"] / ended)
        assert row["refund_rate"] == pytest.approx(tally.refunded / tally.consumed)
        assert row["users"] == len(tally.by_user)
        assert round(row["half_within_seconds"], 1) == tally.percentile(50)
        assert round(row["most_within_seconds"], 1) == tally.percentile(95)
    active = [row for row in exported.rows("retention") if row["week"] == 0]
    assert active == [], "without accounts there is no cohort"


def test_failures_are_counted_by_their_reason(export: Export) -> None:
    reasons = ("ContentRejected", "TimedOut", "ProviderUnavailable", "GenerationFailed")
    made = list(random_week(1, 8))
    for number, job in enumerate(made):
        error = {"reason": reasons[number % 4], "message": canaries.private_text("message")}
        put_all([(f"jobs/{number}", {**job, "jobId": str(number), "status": "failed", "model": "m", "error": error})])
    rows = export().rows("quality")
    counted = {
        name: sum(row[name] for row in rows) for name in ("content_rejected", "timed_out", "provider_unavailable")
    }
    assert counted == {"content_rejected": 2, "timed_out": 2, "provider_unavailable": 2}
    assert sum(row["failed"] for row in rows) == 8


def monday(moment: datetime) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def test_retention_and_funnel_are_what_a_slow_recount_says(export: Export) -> None:
    choose = random.Random(5)
    end = MONDAY + 4 * WEEK + timedelta(days=2)
    stored: dict[str, Mapping[str, Any]] = {}
    people: dict[str, datetime] = {}
    jobs: list[dict[str, Any]] = []
    payments: list[dict[str, Any]] = []
    for number in range(60):
        uid = f"u{number}"
        people[uid] = MONDAY + timedelta(seconds=choose.randrange(int((4 * WEEK).total_seconds())))
        stored[f"users/{uid}"] = user_data(f"{uid}@canary.test", people[uid])
        for each in range(choose.choice((0, 0, 1, 3, 8))):
            at = people[uid] + (end - people[uid]) * choose.random()
            status = choose.choice(("completed", "failed", "processing"))
            [made] = random_week(each, 1)
            made |= {
                "jobId": f"{uid}j{each}",
                "uid": uid,
                "createdAt": at,
                "status": status,
                "completedAt": at + timedelta(seconds=9),
            }
            jobs.append(made)
            stored[f"jobs/{made['jobId']}"] = made
            stored[f"jobs/{made['jobId']}/private/state"] = state(uid)
        for each in range(choose.choice((0, 0, 0, 1, 2))):
            at = people[uid] + (end - people[uid]) * choose.random()
            paid = {"uid": uid, "createdAt": at, "status": choose.choice(("paid", "refunded", "failed", "pending"))}
            payments.append(paid)
            payment = sample(Payment, id=f"p{each}", status=paid["status"], created_at=at)
            stored[f"users/{uid}/payments/p{each}"] = documents.encode(payment)
    put_all(stored.items())
    exported = export(end)

    moved = [each for each in payments if each["status"] in ("paid", "refunded")]
    expected = {}
    for cohort in sorted({monday(at) for at in people.values()}):
        members = {uid for uid, at in people.items() if monday(at) == cohort}
        for week in range((monday(end) - cohort) // WEEK + 1):
            start = cohort + week * WEEK
            active, paying = (
                {each["uid"] for each in found if each["uid"] in members and monday(each["createdAt"]) == start}
                for found in (jobs, moved)
            )
            expected[cohort.date(), week] = (len(members), len(active), len(paying))
    found = {
        (row["cohort"], row["week"]): (row["users"], row["active"], row["paying"]) for row in exported.rows("retention")
    }
    assert found == expected
    assert any(active == 0 for _, active, _ in expected.values()), "a week without anybody has its row"

    for row in exported.rows("funnel"):
        members = {uid for uid, at in people.items() if monday(at).date() == row["week"]}
        first = {uid: [each["createdAt"] for each in jobs if each["uid"] == uid] for uid in members}
        done = {each["uid"] for each in jobs if each["uid"] in members and each["status"] == "completed"}
        bought = {uid: [each["createdAt"] for each in moved if each["uid"] == uid] for uid in members}
        hours = [(min(times) - people[uid]).total_seconds() / 3600 for uid, times in first.items() if times]
        waited = [(min(times) - people[uid]).total_seconds() / 3600 for uid, times in bought.items() if times]
        assert (row["signed_up"], row["ordered"], row["completed"]) == (len(members), len(hours), len(done))
        assert row["bought"] == len(waited)
        assert row["hours_to_order"] == pytest.approx(sum(hours) / len(hours))
        assert row["hours_to_purchase"] == pytest.approx(sum(waited) / len(waited))
    assert exported.total("funnel", "signed_up") == 60


@pytest.fixture
def left(shop: Shop, auth: Accounts, gcs: Gcs, queue: Queue) -> Shop:
    """Ada bought, subscribed and ordered."""
    assert gcs.port
    assert queue.port
    auth.users.add(ADA)
    assert before_create(TRIGGER, ADA, email=ADDRESS, display_name="Lovelace").ok
    shop.bought(ADA)
    shop.subscribed(ADA)
    ordered(ADA, 1, prompt=canaries.private_text())
    return shop


def test_r19_no_prompt_name_or_address_is_exported(left: Shop, export: Export) -> None:
    stored = str(left.database.all())
    seen = export().everything()
    assert canaries.leaks(stored)
    assert canaries.leaks(seen) == []
    for private in (ADDRESS, "Lovelace", "canary", "https://", "receipt", "cus_", "sub_"):
        assert private not in seen, private
    assert ADA in seen, "an account is known by its uid"


@pytest.mark.usefixtures("left")
def test_r19_a_deleted_account_is_in_no_later_export_but_its_money_is(export: Export) -> None:
    before = export()
    assert call(main.deleteAccount, {"confirm": ADDRESS}, uid=ADA, email=ADDRESS).ok
    after = export()
    assert ADA in before.everything()
    assert ADA not in after.everything()
    assert after.rows("revenue") == before.rows("revenue") != []
    assert {row["uid"] for row in after.rows("payments")} == {pseudonym(ADA)}
    ended = {row["type"] for row in after.rows("tokens")} - {row["type"] for row in before.rows("tokens")}
    assert ended <= {"plan_expiry"}
    assert after.rows("margin") == after.rows("subscriptions") == []


def incomplete(exported: Warehouse) -> dict[str, int]:
    return {row["name"]: row["incomplete"] for row in exported.rows("incomplete") if row["incomplete"]}


@pytest.mark.malformed("a payment without a currency")
def test_a_damaged_document_is_counted_and_stops_nothing(sold: Shop, export: Export) -> None:
    before = export()
    assert incomplete(before) == {}
    [(name, stored)] = sold.database.under("users/u2/payments").items()
    sold.database.put(f"users/u2/payments/{name}", {key: stored[key] for key in stored if key != "currency"})
    after = export()
    assert incomplete(after) == {"payments": 1}
    assert after.total("revenue", "net", kind="pack") == before.total("revenue", "net", kind="pack")


@pytest.mark.malformed("a refund that is a text")
@pytest.mark.parametrize("field", ["refunded", "amount"])
def test_a_value_of_another_type_makes_the_column_unknown_and_not_wrong(sold: Shop, export: Export, field: str) -> None:
    """BigQuery makes a record of it, in every row."""
    payments = sold.database.under("users/u1/payments")
    changed = next(name for name, payment in payments.items() if "refunded" in payment)
    sold.database.change(f"users/u1/payments/{changed}", **{field: "much"})
    known = {"amount": len(payments) + 1, "refunded": sum("refunded" in payment for payment in payments.values())}
    assert incomplete(export()) == {"payments": known[field]}
