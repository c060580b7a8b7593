"""At rest: the answers about one account's tokens have an order in which each of them is true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tests.simulation.answers import Exchange
from tests.simulation.linearizable import Account, Operation, Undecided, is_linearizable, step
from tests.simulation.violations import Document, Violation

READS = ("getUserBalance", "getUserCredits", "getProfile", "initializeUser")


def check(
    uid: str, history: Iterable[Exchange], entries: Mapping[str, Document], moments: Mapping[str, float]
) -> Iterator[Violation]:
    """`entries`: the account's ledger by id; `moments`: the step in which each of them was committed."""
    operations = [*_effects(entries, moments), *_calls(uid, history, entries)]
    try:
        if is_linearizable(operations, Account(), step):
            return
    except Undecided:
        return
    until = next(each for each in range(1, len(operations) + 1) if not _fits(operations, each))
    yield Violation(4, f"users/{uid}", f"no order makes every answer true, until {_in_order(operations)[until - 1]}")


def _in_order(operations: list[Operation]) -> list[Operation]:
    return sorted(operations, key=lambda each: (each.ended is None, each.ended or 0.0, each.began))


def _fits(operations: list[Operation], number: int) -> bool:
    """Whether the first of them, as they ended, have an order. The others may have happened or not."""
    ordered = _in_order(operations)
    later = [each._replace(ended=None) for each in ordered[number:]]
    try:
        return is_linearizable([*ordered[:number], *later], Account(), step)
    except Undecided:
        return True


def _effects(entries: Mapping[str, Document], moments: Mapping[str, float]) -> Iterator[Operation]:
    """Each entry happened at the moment of its commit."""
    for name, entry in entries.items():
        moment, amount = moments[name], entry["amount"]
        bucket = next((each for each, tokens in entry["buckets"].items() if tokens), "bonus")
        told = {"cause": name, "answer": entry["balanceAfter"]}
        match entry["type"]:
            case "deduction":
                yield Operation("debit", moment, moment, tokens=-amount, **told)
            case "admin_adjustment" if amount < 0:
                yield Operation("debit", moment, moment, tokens=-amount, **told)
            case "refund":
                paid = f"deduction:{entry['ref']['id']}"
                yield Operation("refund", moment, moment, tokens=amount, about=paid, **told)
            case "plan_expiry":
                yield Operation("expire", moment, moment, **told)
            case "clawback":
                yield Operation("take", moment, moment, tokens=-amount, about=bucket, **told)
            case _:
                yield Operation("credit", moment, moment, tokens=amount, about=bucket, **told)


def _calls(uid: str, history: Iterable[Exchange], entries: Mapping[str, Document]) -> Iterator[Operation]:
    """What the account's owner or an administrator was told of its tokens, and when."""
    for each in history:
        answer = each.answer
        about = each.data.get("uid", each.caller) if each.is_admin else each.caller
        if about != uid or answer is None:
            continue
        told = answer.result if answer.ok and isinstance(answer.result, dict) else {}
        if answer.reason == "InsufficientTokens" and "balance" in answer.details:
            yield Operation("read", each.began, each.ended, answer=answer.details["balance"])
        elif each.function in READS and "balance" in told:
            yield Operation("read", each.began, each.ended, answer=told["balance"])
        elif each.caller != uid:
            continue
        elif each.function == "useTokens" and told:
            cause = f"feature:{each.data['requestId']}"
            yield Operation("debit", each.began, each.ended, cause, told["spent"], answer=told["balance"])
        elif each.function == "createStudioJob" and told and f"refund:{told['jobId']}" not in entries:
            cause = f"deduction:{told['jobId']}"
            yield Operation("debit", each.began, each.ended, cause, told["price"], answer=told["balance"])
