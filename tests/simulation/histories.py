"""At rest: the answers about one account's tokens have an order in which each of them is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.simulation.answers import Exchange
from tests.simulation.linearizable import BUCKETS, INSUFFICIENT, Account, Operation, Undecided, is_linearizable, step
from tests.simulation.violations import Document, Violation

PREDICTED = (INSUFFICIENT, "SpendLimitReached")
"""Why an order is refused that a quote has foreseen, whatever else happens."""
READS = ("getUserBalance", "getUserCredits", "getProfile", "initializeUser", "quoteStudioJob")


def check(
    uid: str, history: Sequence[Exchange], entries: Mapping[str, Document], moments: Mapping[str, float]
) -> Iterator[Violation]:
    """`entries`: the account's ledger by id; `moments`: the step in which each of them was committed."""
    yield from _quotes(uid, history, entries, moments)
    operations = [*_effects(entries, moments), *_calls(uid, history, entries)]
    try:
        if is_linearizable(operations, Account(), step):
            return
    except Undecided:
        return
    until = next(each for each in range(1, len(operations) + 1) if not _fits(operations, each))
    yield Violation(4, f"users/{uid}", f"no order makes every answer true, until {_in_order(operations)[until - 1]}")


def _quotes(
    uid: str, history: Sequence[Exchange], entries: Mapping[str, Document], moments: Mapping[str, float]
) -> Iterator[Violation]:
    """An order does what its quote has said, unless tokens moved in between, or the user's limit was changed."""
    quotes: list[Exchange] = []
    for each in history:
        if each.caller != uid or each.answer is None:
            continue
        if each.function == "updateProfile":
            quotes.clear()
        elif each.function == "quoteStudioJob" and each.told:
            quotes.append(each)
        elif each.function == "createStudioJob":
            order = {name: value for name, value in each.data.items() if name != "requestId"}
            quote = next((one for one in reversed(quotes) if one.data == order and one.ended <= each.began), None)
            name = f"deduction:{each.told.get('jobId')}"
            until = moments.get(name, each.ended)
            moved = [other for other in entries if other != name]
            if quote is not None and not any(quote.began <= moments[other] <= until for other in moved):
                yield from _as_quoted(uid, quote.told, each, entries.get(name))


def _as_quoted(uid: str, said: Mapping[str, Any], order: Exchange, paid: Document | None) -> Iterator[Violation]:
    done, refusal = order.told, said.get("refusal", {}).get("reason")
    outcomes = refusal, None if order.answer is None else order.answer.reason
    if None in outcomes and any(each in PREDICTED for each in outcomes):
        yield Violation(4, f"users/{uid}", f"quoted {said}, answered {outcomes[1] or done}")
    if not done or paid is None or refusal:
        return
    takes = {bucket: -tokens for bucket, tokens in paid["buckets"].items()}
    if (said["price"], said["takes"], said["balanceAfter"]) != (done["price"], takes, done["balance"]):
        yield Violation(4, f"users/{uid}/ledger/{paid['id']}", f"quoted {said}, answered {done} and took {takes}")


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
        buckets = [each for each, tokens in entry["buckets"].items() if tokens] or ["bonus"]
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
            case "clawback" if len(buckets) == 1:
                yield Operation("take", moment, moment, tokens=-amount, about=buckets[0], **told)
            case _ if len(buckets) == 1:
                yield Operation("credit", moment, moment, tokens=amount, about=buckets[0], **told)
            case _:  # a reward of which a part was spent
                yield Operation("move", moment, moment, about=tuple(entry["buckets"][each] for each in BUCKETS), **told)


def _calls(uid: str, history: Sequence[Exchange], entries: Mapping[str, Document]) -> Iterator[Operation]:
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
