"""The guarantees of docs/guarantees.md about ledgers and jobs, as the nightly audit recomputes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from studiox.kit.clock import datetime, timedelta
from studiox.models.jobs import UncheckedJob
from studiox.models.ledger import BURN_ORDER, MAX_BALANCE, UncheckedEntry

MAX_VIOLATIONS = 50
"""The most violations of one user that a run reports. They are enough for the person who investigates."""
OVERDUE = timedelta(minutes=15)

_POSITIVE = ("welcome_bonus", "refund", "purchase", "plan_grant", "reward", "restore")
_NEGATIVE = ("deduction", "plan_expiry", "clawback")
# {(type, kind of ref): entry id}. The id is derived from the cause, so a cause is counted once.
_IDS = {
    ("deduction", "job"): "deduction:{}",
    ("refund", "job"): "refund:{}",
    ("plan_grant", "period"): "grant:{}",
    ("plan_expiry", "period"): "expiry:{}",
    ("welcome_bonus", "user"): "welcome:{}",
    ("reward", "task"): "reward:{}",
    ("reward", "streak"): "reward:streak:{}",
    ("reward", "referral"): "reward:referral:{}",
}


class Violation(msgspec.Struct, frozen=True):
    """A broken guarantee. `subject` is an entry's or a job's id, or a field of the user's document."""

    kind: str
    subject: str
    expected: str
    found: str


class Sum(msgspec.Struct):
    """The sums of a ledger's buckets up to entry `seq`."""

    seq: int = 0
    monthly: int = 0
    bonus: int = 0
    purchased: int = 0

    @property
    def balance(self) -> int:
        return self.monthly + self.bonus + self.purchased


class Fold:
    """Adds up a ledger, entry by entry in the order of `seq`, and collects violations."""

    def __init__(self, start: Sum) -> None:
        self.sum = msgspec.structs.replace(start)
        self.violations: list[Violation] = []

    def wrong(self, kind: str, subject: str, expected: object, found: object) -> None:
        if len(self.violations) < MAX_VIOLATIONS:
            self.violations.append(Violation(kind, subject, str(expected), str(found)))

    def add(self, name: str, entry: UncheckedEntry) -> None:
        """Add the next entry. `name` is its document's id."""
        seq, amount, after = entry.seq, entry.amount, entry.balance_after
        buckets = mapping(entry.buckets)
        figures = [seq, amount, after, *(buckets.get(each) for each in BURN_ORDER)]
        if any(type(each) is not int for each in figures):
            self.wrong("not_an_integer", name, "integers", "something else")
            return
        if seq != self.sum.seq + 1:
            self.wrong("seq", name, self.sum.seq + 1, seq)
        before = msgspec.structs.replace(self.sum)
        self.sum.seq = seq
        for each in BURN_ORDER:
            setattr(self.sum, each, getattr(self.sum, each) + buckets[each])
        change = sum(buckets[each] for each in BURN_ORDER)
        if amount != change:
            self.wrong("amount_is_not_its_buckets", name, change, amount)
        if after != self.sum.balance:
            self.wrong("running_balance", name, self.sum.balance, after)
        self._check_cause(name, entry)
        self._check_change(name, entry, before)

    def _check_cause(self, name: str, entry: UncheckedEntry) -> None:
        ref = mapping(entry.ref)
        form = _IDS.get((str(entry.type), str(ref.get("kind"))))
        expected = form.format(ref.get("id")) if form else name
        found = name if entry.id == expected else entry.id
        if found != expected:
            self.wrong("not_its_causes_name", name, expected, found)

    def _check_change(self, name: str, entry: UncheckedEntry, before: Sum) -> None:
        type_, amount = entry.type, entry.amount
        if (type_ in _POSITIVE and amount < 0) or (type_ in _NEGATIVE and amount > 0):
            self.wrong("sign", name, type_, amount)
        if type_ == "deduction" and -amount > before.balance:
            self.wrong("more_than_the_balance", name, f"at most {before.balance}", -amount)
        for each in ("monthly", "bonus"):
            if getattr(self.sum, each) < 0 <= getattr(before, each):
                self.wrong("bucket_below_zero", name, 0, getattr(self.sum, each))
        if type_ != "clawback" and self.sum.purchased < min(0, before.purchased):
            self.wrong("debt_without_clawback", name, before.purchased, self.sum.purchased)

    def compare(self, balance: object, buckets: object, seq: object) -> None:
        """Compare the user's document with the sums of the ledger."""
        held = mapping(buckets)
        for name, found in (("balance", balance), *((each, held.get(each)) for each in BURN_ORDER)):
            expected = getattr(self.sum, name)
            if type(found) is not int or found != expected or found > MAX_BALANCE:
                self.wrong("account_is_not_its_ledger", name, expected, found)
        if seq != self.sum.seq:
            self.wrong("account_is_not_its_ledger", "ledgerSeq", self.sum.seq, seq)


def mapping(value: object) -> Mapping[str, Any]:
    """The map that a field should hold; an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def _is_readable(job: UncheckedJob, *entries: UncheckedEntry | None) -> bool:
    """Whether the fields that `check_job` compares have their types."""
    figures = [job.price, job.refunded]
    for entry in filter(None, entries):
        buckets = mapping(entry.buckets)
        figures += [entry.amount, *(buckets.get(each) for each in BURN_ORDER)]
    dated = job.deadline_at is None or isinstance(job.deadline_at, datetime)
    return dated and all(type(each) is int for each in figures)


def check_job(
    job_id: str, job: UncheckedJob, deduction: UncheckedEntry | None, refund: UncheckedEntry | None, now: datetime
) -> list[Violation]:
    """Compare a job with its two ledger entries."""
    fold = Fold(Sum())
    if not _is_readable(job, deduction, refund):
        fold.wrong("not_readable", job_id, "a job and its entries", "values of other types")
        return fold.violations
    price, status = job.price, job.status
    back = refund.amount if refund is not None else 0
    if deduction is None:
        fold.wrong("job_without_deduction", job_id, price, "none")
    elif -deduction.amount != price:
        fold.wrong("deduction_is_not_the_price", job_id, price, -deduction.amount)
    elif refund is not None and any(refund.buckets[each] > -deduction.buckets[each] for each in BURN_ORDER):
        fold.wrong("refund_of_other_buckets", job_id, deduction.buckets, refund.buckets)
    if status in ("failed", "cancelled") and back != price:
        fold.wrong("refund_missing" if refund is None else "refund_is_not_the_price", job_id, price, back)
    if status == "completed" and refund is not None and back >= price:
        fold.wrong("refund_of_a_completed_job", job_id, 0, back)
    if status in ("pending", "processing"):
        if refund is not None:
            fold.wrong("refund_of_a_job_under_way", job_id, 0, back)
        deadline = job.deadline_at
        if deadline is not None and now > deadline + OVERDUE:
            fold.wrong("job_past_its_deadline", job_id, deadline, now)
    if job.refunded != back:
        fold.wrong("job_says_another_refund", job_id, back, job.refunded)
    return fold.violations
