"""The guarantees about balance, ledger and jobs, recomputed from stored documents, without any production code."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.support.database import Database

BUCKETS = {"monthly", "bonus", "purchased"}
TERMINAL = {"completed", "failed", "cancelled"}


def check(uid: str, database: Database) -> None:
    """Assert that this user's balance, ledger and jobs agree."""
    everything = database.all()
    user = everything.get(f"users/{uid}")
    assert user is not None, f"{uid} has no document"
    prefix = f"users/{uid}/ledger/"
    entries = {path[len(prefix) :]: data for path, data in everything.items() if path.startswith(prefix)}
    _check_user(uid, user)
    _check_ledger(uid, user, entries)
    jobs = {path[5:]: data for path, data in everything.items() if _is_job(path) and data["uid"] == uid}
    for job_id, job in jobs.items():
        _check_job(job_id, job, entries)
    _check_spent(uid, user, entries)
    for entry_id, entry in entries.items():
        ref = entry["ref"]
        if entry["type"] in ("deduction", "refund") and ref["kind"] == "job":
            assert ref["id"] in jobs, f"{uid}: {entry_id} names the job {ref['id']}, which does not exist"


def check_all(database: Database) -> None:
    """`check` for every user there is."""
    for path in database.all():
        if path.startswith("users/") and path.count("/") == 1:
            check(path.removeprefix("users/"), database)


def _is_job(path: str) -> bool:
    return path.startswith("jobs/") and path.count("/") == 1


def _check_user(uid: str, user: dict[str, Any]) -> None:
    buckets = user["buckets"]
    assert set(buckets) == BUCKETS, f"{uid}: buckets {sorted(buckets)}"
    for name, amount in [*buckets.items(), ("balance", user["balance"])]:
        assert type(amount) is int, f"{uid}: {name} is {amount!r}"
        assert amount <= 10**12, f"{uid}: {name} is {amount}"
    assert user["balance"] == sum(buckets.values()), f"{uid}: balance {user['balance']}, buckets {buckets}"
    for name in ("monthly", "bonus"):
        assert buckets[name] >= 0, f"{uid}: {name} is {buckets[name]}"


def _check_ledger(uid: str, user: dict[str, Any], entries: dict[str, dict[str, Any]]) -> None:
    ordered = sorted(entries.values(), key=lambda entry: int(entry["seq"]))
    sequence = [entry["seq"] for entry in ordered]
    assert sequence == list(range(1, len(ordered) + 1)), f"{uid}: seq {sequence}"
    assert user["ledgerSeq"] == len(ordered), f"{uid}: ledgerSeq {user['ledgerSeq']}, {len(ordered)} entries"
    balance = 0
    buckets = Counter(dict.fromkeys(BUCKETS, 0))
    for entry in ordered:
        assert type(entry["amount"]) is int, f"{uid}: amount {entry['amount']!r}"
        assert entry["amount"] == sum(entry["buckets"].values()), f"{uid}: entry {entry['seq']}: {entry['buckets']}"
        if entry["type"] == "deduction":
            assert -entry["amount"] <= balance, f"{uid}: entry {entry['seq']} takes more than the balance {balance}"
        balance += entry["amount"]
        buckets.update(entry["buckets"])
        assert entry["balanceAfter"] == balance, f"{uid}: entry {entry['seq']}: {entry['balanceAfter']}, not {balance}"
    assert user["balance"] == balance, f"{uid}: balance {user['balance']}, ledger {balance}"
    assert user["buckets"] == {name: buckets[name] for name in user["buckets"]}, f"{uid}: {user['buckets']}, {buckets}"
    once = ("welcome_bonus", "deduction", "refund", "purchase", "reward")
    causes = Counter(
        (entry["type"], entry["ref"]["kind"], entry["ref"]["id"])
        for entry in ordered
        if entry["type"] in once and entry["ref"]["kind"] != "feature"  # one may be paid for again and again
    )
    twice = {cause: times for cause, times in causes.items() if times > 1}
    assert not twice, f"{uid}: counted more than once: {twice}"


def _check_spent(uid: str, user: dict[str, Any], entries: dict[str, dict[str, Any]]) -> None:
    """The day's spend is what was debited that day, less what of that was refunded since."""
    if user.get("spent") is None:
        return
    day = user["spent"]["date"]
    debits = [each for each in entries.values() if each["type"] == "deduction" and str(each["createdAt"])[:10] == day]
    refunds = [entries.get(f"refund:{each['ref']['id']}", {"amount": 0}) for each in debits]
    spent = -sum(each["amount"] for each in [*debits, *refunds])
    assert user["spent"]["tokens"] == spent, f"{uid}: spent {user['spent']}, ledger {spent}"


def _check_job(job_id: str, job: dict[str, Any], entries: dict[str, dict[str, Any]]) -> None:
    own = [entry for entry in entries.values() if entry["ref"] == {"kind": "job", "id": job_id}]
    taken = [entry["amount"] for entry in own if entry["type"] == "deduction"]
    returned = [entry["amount"] for entry in own if entry["type"] == "refund"]
    assert taken == [-job["price"]], f"job {job_id}: price {job['price']}, deductions {taken}"
    assert len(returned) <= 1, f"job {job_id}: refunds {returned}"
    assert sum(returned) <= job["price"], f"job {job_id}: refund {returned} of {job['price']}"
    if job["status"] in ("failed", "cancelled") and job["price"]:
        assert returned == [job["price"]], f"job {job_id} is {job['status']}: refunds {returned}"
    if job["status"] not in TERMINAL:
        assert not returned, f"job {job_id} is {job['status']}: refunds {returned}"
