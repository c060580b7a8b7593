"""One account's ledger, added up entry by entry: sums, causes, the order in which buckets burn. No production code."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.violations import Document, Violation

BUCKETS = ("monthly", "bonus", "purchased")
"""In the order in which they burn."""
CAUSES = {
    ("welcome_bonus", "user"): ("welcome:{}", ""),
    ("deduction", "job"): ("deduction:{}", ""),
    ("deduction", "feature"): ("", "feature:"),
    ("refund", "job"): ("refund:{}", ""),
    ("purchase", "checkout"): ("purchase:{}", ""),
    ("purchase", "top_up"): ("purchase:{}", ""),
    ("plan_grant", "subscription"): ("grant:{}", ""),
    ("plan_grant", "period"): ("grant:{}", ""),
    ("plan_expiry", "period"): ("expiry:{}", ""),
    ("plan_expiry", "subscription"): ("", "expiry:"),
    ("reward", "task"): ("reward:{}", ""),
    ("reward", "streak"): ("reward:streak:{}", ""),
    ("reward", "referral"): ("reward:referral:{}", ""),
    ("admin_adjustment", "admin"): ("", "adjustment:"),
    **{("clawback", kind): ("", "clawback:") for kind in ("checkout", "subscription", "top_up", "user", "referral")},
    **{("restore", kind): ("", "restore:") for kind in ("checkout", "subscription", "top_up", "user", "referral")},
}
"""{(type, kind of ref): (the entry's id, or what it begins with)}."""
POSITIVE = ("welcome_bonus", "refund", "purchase", "plan_grant", "reward", "restore")
NEGATIVE = ("deduction", "plan_expiry", "clawback")
MOST = 10**12


class Ledger:
    """The sums of one ledger, and what else is counted for its user."""

    def __init__(self) -> None:
        self.seq = 0
        self.sums = dict.fromkeys(BUCKETS, 0)
        self.entries: dict[str, Document] = {}
        self.places: dict[str, int] = {}
        """{job id: places held} of jobs that hold one."""

    @property
    def balance(self) -> int:
        sums = self.sums
        return sums["monthly"] + sums["bonus"] + sums["purchased"]

    def add(self, path: str, name: str, entry: Document) -> Iterator[Violation]:
        """Add the next entry. `path`: the document's; `name`: its id."""
        self.entries[name] = entry
        seq, amount, change, type_ = entry["seq"], entry["amount"], entry["buckets"], entry["type"]
        for each in (seq, amount, entry["balanceAfter"], *change.values()):
            if type(each) is not int or not -MOST <= each <= MOST:
                yield Violation(1, path, f"{each!r} is not an integer of at most 10^12")
                return
        if seq != self.seq + 1:
            yield Violation(1, path, f"seq is {seq} after {self.seq}")
        self.seq = seq
        before, sums = self.balance, self.sums
        if change.keys() != sums.keys() or amount != sum(change.values()):
            yield Violation(1, path, f"amount is {amount}, buckets are {dict(change)}")
            return
        if entry["balanceAfter"] != before + amount:
            yield Violation(1, path, f"balanceAfter is {entry['balanceAfter']}, not {before + amount}")
        ref = entry["ref"]
        whole, start = CAUSES.get((type_, ref["kind"]), ("none", ""))
        if entry["id"] != name or not (name == whole.format(ref["id"]) if whole else name.startswith(start)):
            yield Violation(3, path, f"not the id of its cause: {type_} of {ref['kind']} {ref['id']}")
        if (type_ in POSITIVE and amount < 0) or (type_ in NEGATIVE and amount > 0):
            yield Violation(2, path, f"{type_} of {amount}")
        yield from self._check_change(path, entry, before)
        for bucket in BUCKETS:
            sums[bucket] += change[bucket]
        if sums["monthly"] < 0 or sums["bonus"] < 0:
            yield Violation(2, path, f"a bucket is negative: {sums}")
        if sums["purchased"] < 0 and change["purchased"] < 0 and type_ != "clawback":
            yield Violation(2, path, f"a debt by {type_}: {sums}")

    def _check_change(self, path: str, entry: Document, balance: int) -> Iterator[Violation]:
        """From which buckets a debit takes, and to which a refund returns."""
        type_, amount, change = entry["type"], entry["amount"], entry["buckets"]
        if type_ == "refund":
            paid = self.entries.get(f"deduction:{entry['ref']['id']}")
            if paid is None:
                yield Violation(5, path, "a refund without a deduction")
                return
            expected = _taken(amount, {name: -tokens for name, tokens in paid["buckets"].items()}, reversed(BUCKETS))
            if change != expected:
                yield Violation(2, path, f"to other buckets: {dict(change)} of {dict(paid['buckets'])}")
        elif amount <= 0 and type_ in ("deduction", "admin_adjustment"):
            if -amount > balance:
                yield Violation(2, path, f"takes {-amount} of {balance}")
            elif {name: -tokens for name, tokens in change.items()} != _taken(-amount, self.sums, iter(BUCKETS)):
                yield Violation(2, path, f"burnt in another order: {dict(change)} of {self.sums}")


def _taken(tokens: int, buckets: Document, order: Iterator[str]) -> dict[str, int]:
    """What `tokens` take from each bucket, in this order."""
    taken = {}
    for name in order:
        taken[name] = min(tokens, max(0, buckets[name]))
        tokens -= taken[name]
    return taken
