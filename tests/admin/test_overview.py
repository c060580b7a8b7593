"""The overview: each day's figures beside a recount of its jobs and payments, and the state of everything now."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from studiox.admin import report_store
from studiox.kit import documents
from studiox.models.ledger_audits import LedgerAlert
from studiox.models.payments import Payment, StripeEvent, UnmatchedPayment
from tests.admin.weeks import job, put_all
from tests.support import Answer, Database, Rpcs, budgets, call, counted
from tests.support.clock import Clock
from tests.support.jobs import state
from tests.support.people import user_data
from tests.support.samples import sample

NOW = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)
TODAY = NOW.replace(hour=0, minute=0)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(clock: Clock) -> None:
    clock.stop(NOW)


def overview(**fields: Any) -> dict[str, Any]:
    answer = call(main.getOverview, fields, uid="boss", admin=True)
    assert answer.ok, answer
    found: dict[str, Any] = answer.result
    return found


def refused(**fields: Any) -> Answer:
    return call(main.getOverview, fields, uid="boss", admin=True)


def put_ended(database: Database, *jobs: dict[str, Any]) -> None:
    """The counters of these jobs, in one shard a day."""
    shards: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for (day, kind, value), number in counted.of_all(jobs).items():
        shards[f"dailyCounters/07-{day}"][kind][value] += number
    put_all((path, {"counts": {kind: dict(held) for kind, held in each.items()}}) for path, each in shards.items())
    assert database.under("dailyCounters")


@pytest.mark.usefixtures("unchanged")
def test_a12_only_administrators() -> None:
    assert call(main.getOverview, uid="u1").reason == "Forbidden"
    assert call(main.getOverview).reason == "Unauthenticated"


def test_an_empty_studio_has_seven_days_of_nothing() -> None:
    found = overview()
    assert (found["from"], found["to"]) == ("2026-03-05", "2026-03-11")
    nothing = {"completed": 0, "failed": 0, "cancelled": 0}
    tokens = {"consumed": 0, "refunded": 0, "earnedMicroUsd": 0, "costMicroUsd": 0}
    assert found["days"] == [
        {**nothing, **tokens, "date": f"2026-03-{day:02}", "newUsers": 0, "revenue": {}} for day in range(5, 12)
    ]
    assert found["hours"][0] == {**nothing, "at": "2026-03-10T00:00:00Z"}
    assert (len(found["hours"]), found["hours"][-1]["at"]) == (48, "2026-03-11T23:00:00Z")
    assert found["models"] == found["alerts"] == []
    assert [(each["weekStart"], each["activeUsers"]) for each in found["active"]] == [
        ("2026-02-23", 0),
        ("2026-03-02", 0),
        ("2026-03-09", 0),
    ]
    assert found["queue"] == {"pending": 0, "processing": 0, "waiting": 0}
    assert {each["provider"]: each for each in found["providers"]}["poyo"] == {"provider": "poyo", "failures": 0}
    assert (found["paymentsInReview"], found["failedEvents"]) == (0, 0)


def test_jobs_are_counted_by_day_hour_and_model(database: Database) -> None:
    early, late = TODAY - DAY + timedelta(hours=3), TODAY + timedelta(hours=14)
    put_ended(
        database,
        job(1, early, model="z-image", price=2),
        job(2, early, model="z-image", price=2, status="failed", refunded=2),
        job(3, late, model="z-image", price=2, status="cancelled", refunded=2),
        job(4, late, model="Model A", price=4, refunded=1),
        job(5, TODAY - 30 * DAY, model="Model A", price=100),
    )
    found = overview()
    days = {each["date"]: each for each in found["days"]}
    jobs = [[days[day][status] for status in ("completed", "failed", "cancelled")] for day in sorted(days)[-2:]]
    assert jobs == [[1, 1, 0], [1, 0, 1]]
    assert [(days[day]["consumed"], days[day]["refunded"]) for day in sorted(days)[-2:]] == [(4, 2), (6, 3)]
    assert [days[day]["earnedMicroUsd"] for day in sorted(days)[-2:]] == [20_000, 30_000]
    hours = {each["at"]: each for each in found["hours"] if each["completed"] + each["failed"] + each["cancelled"]}
    assert hours == {
        "2026-03-10T03:00:00Z": {"at": "2026-03-10T03:00:00Z", "completed": 1, "failed": 1, "cancelled": 0},
        "2026-03-11T14:00:00Z": {"at": "2026-03-11T14:00:00Z", "completed": 1, "failed": 0, "cancelled": 1},
    }
    assert found["models"] == [
        {"model": "z-image", "jobs": 3, "completed": 1, "failed": 1, "cancelled": 1, "consumed": 6, "refunded": 4},
        {"model": "Model A", "jobs": 1, "completed": 1, "failed": 0, "cancelled": 0, "consumed": 4, "refunded": 1},
    ]
    month = overview(**{"from": "2026-02-09", "to": "2026-03-11"})
    assert (len(month["days"]), month["days"][0]["consumed"]) == (31, 100)


def test_money_and_people_are_counted_by_day(database: Database) -> None:
    at = TODAY - DAY
    for n, (currency, amount, status, refunded) in enumerate(
        [("usd", 500, "paid", None), ("usd", 900, "partially_refunded", 400), ("eur", 70, "paid", None),
         ("usd", 10_000, "disputed", None)]
    ):  # fmt: skip
        paid = {"status": status, "amount": amount, "currency": currency, "refunded": refunded, "created_at": at}
        database.apply({f"users/u{n}/payments/p": documents.encode(sample(Payment, id="p", kind="pack", **paid))})
        database.put(f"users/u{n}", user_data(now=at, jobsByWeek={"2026-03-09": n} if n else {}))
    database.put("jobs/j1/private/state", state("u1", spent_on="poyo:2026-03-10", cost_micro_usd=25_000))
    database.put("jobs/j2/private/state", state("u1", spent_on="piapi:2026-03-10", cost_micro_usd=1_000))
    found = overview()
    day = found["days"][-2]
    assert (day["revenue"], day["newUsers"], day["costMicroUsd"]) == ({"eur": 70, "usd": 1_000}, 4, 26_000)
    assert found["days"][-1]["revenue"] == {}
    assert found["active"][-1] == {"weekStart": "2026-03-09", "activeUsers": 3}


def test_what_it_costs_does_not_grow_with_the_payments(database: Database, rpcs: Rpcs) -> None:
    """Each payment's amount is summed by Firestore, which bills one read for a thousand of them."""

    def pay(day: int, number: int, **fields: Any) -> None:
        at = TODAY - day * DAY + timedelta(minutes=number)
        paid = {"status": "paid", "amount": 500, "currency": "usd", "created_at": at, **fields}
        payment = sample(Payment, id="p", kind="pack", **paid)
        database.put(f"users/u{day}-{number}/payments/p", documents.encode(payment))

    costs = []
    for number in (1, 20):
        for day in range(31):
            for each in range(number):
                pay(day, each)
        pay(0, 30, currency="eur", status="partially_refunded", refunded=400)
        overview(**{"from": "2026-02-09", "to": "2026-03-11"})
        rpcs.reset()
        found = overview(**{"from": "2026-02-09", "to": "2026-03-11"})
        assert found["days"][-1]["revenue"] == {"eur": 100, "usd": number * 500}
        assert [each["revenue"] for each in found["days"][:-1]] == [{"usd": number * 500}] * 30
        costs.append((rpcs.count(), rpcs.billed["reads"]))
    assert costs[0] == costs[1]
    assert costs[0][0] <= budgets.most("getOverview", "a month")


@pytest.mark.malformed("payments in no currency")
def test_a_payment_without_a_currency_hides_no_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_store, "MAX_CURRENCIES", 3)
    for number, currency in enumerate(["chf", "chf", 7, None, "eur", "gbp", "usd"]):
        database.put(f"users/u{number}/payments/p", {"currency": currency, "createdAt": NOW})
    assert report_store.currencies() == ["chf", "eur", "gbp"]


def test_the_queue_the_providers_and_what_needs_somebody(database: Database) -> None:
    for n, status, waits in ((1, "pending", 50), (2, "pending", 10), (3, "pending", None), (4, "processing", None)):
        running = job(n, NOW - timedelta(minutes=n), status=status)
        del running["completedAt"]
        due = {} if waits is None else {"nextAttemptAt": NOW + timedelta(seconds=waits)}
        database.put(f"jobs/j{n}", {**running, **due, "deadlineAt": NOW + timedelta(minutes=10)})
    soon, past = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1)
    row = {"failures": 10, "failedAt": past, "openings": 1}
    database.put(
        "providerHealth/all",
        {
            "rows": {"poyo": {**row, "openUntil": soon}, "piapi": {**row, "openUntil": past}},
            "spent": {"openai": soon, "piapi": past},
            "freeSpent": {"openai": soon},
        },
    )
    for n, seen in enumerate((NOW - timedelta(days=1), NOW - timedelta(days=9))):
        alert = sample(LedgerAlert, uid=f"u{n}", kind="balance", first_seen_at=seen, last_seen_at=seen)
        database.put(f"ledgerAlerts/a{n}", documents.encode(alert))
    for n, waits in enumerate((True, False)):
        parked = sample(UnmatchedPayment, kind="session", object_id=f"cs_{n}", waits=waits, looked_at=NOW)
        database.put(f"unmatchedPayments/cs_{n}", documents.encode(parked))
    database.put("stripeEvents/evt_1", documents.encode(sample(StripeEvent, status="failed")))
    found = overview()
    oldest = (NOW - timedelta(minutes=2)).isoformat().replace("+00:00", "Z")
    assert found["queue"] == {"pending": 3, "processing": 1, "waiting": 2, "oldestAt": oldest}
    until = soon.isoformat().replace("+00:00", "Z")
    assert {each.pop("provider"): each for each in found["providers"]} == {
        "mock": {"failures": 0},
        "openai": {"failures": 0, "spentUntil": until, "unpaidSpentUntil": until},
        "piapi": {"failures": 10},
        "poyo": {"failures": 10, "openUntil": until},
    }
    assert [(each["uid"], each["kind"]) for each in found["alerts"]] == [("u0", "balance")]
    assert (found["paymentsInReview"], found["failedEvents"]) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"from": "2026-03-12"}, "from"),
        ({"from": "2026-02-08"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"to": "tomorrow"}, "to"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_period_is_at_most_31_days(fields: dict[str, str], wrong: str) -> None:
    answer = refused(**fields)
    assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", [wrong])


def test_an_outage_of_one_part_is_told(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studiox.kit.firestore.RPC_TIMEOUT_S", 0.2)
    rpcs.fail_before("RunAggregationQuery", times=10_000)
    assert refused().reason == "Unavailable"


def test_it_reads_as_much_in_a_large_studio(database: Database, rpcs: Rpcs) -> None:
    def billed() -> int:
        overview()
        rpcs.reset()
        overview()
        return rpcs.billed["reads"]

    small = billed()
    put_ended(database, *(job(n, TODAY + timedelta(minutes=n)) for n in range(500)))
    assert billed() == small
