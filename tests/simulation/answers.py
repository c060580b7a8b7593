"""At rest: what clients were told is what the books say."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from tests.simulation.truth import View
from tests.simulation.violations import Violation
from tests.support import Answer

UNKNOWN = ("unavailable", "deadline-exceeded", "internal", "unknown", "cancelled")
"""After these a client does not know whether something happened."""
FIRST = ("jobId", "price", "balance", "sessionId", "url", "commentId", "postId", "spent")
"""What the same request answers again; a status may have moved on."""
ORDERS = ("createStudioJob", "createGenerationRequest", "generateLyrics")
ORDERED_THEN_FAILED = ("ProviderRejected", "ProviderUnavailable")
CHANGING = ("createStudioJob", "useTokens", "publishPost", "likePost", "commentPost", "remixPost", "updateStreak")
"""Calls that a suspended caller may not make."""


def is_unknown(answer: Answer | None) -> bool:
    """Whether its client does not know what happened. None: the answer was lost."""
    return answer is None or answer.code in UNKNOWN


class Exchange(Struct):
    """A call of a client, and what it saw."""

    caller: str
    function: str
    data: dict[str, Any]
    began: int
    """The step in which it began; `ended` is -1 while there is no answer. Any count that grows serves."""
    ended: int = -1
    answer: Answer | None = None
    is_admin: bool = False
    began_at: float = 0.0
    """In seconds, as `ended_at`."""
    ended_at: float = 0.0

    @property
    def is_unknown(self) -> bool:
        return is_unknown(self.answer)

    @property
    def told(self) -> dict[str, Any]:
        """What the caller was told; empty after a refusal."""
        answer = self.answer
        return answer.result if answer is not None and answer.ok and isinstance(answer.result, dict) else {}


def check(view: View, history: Sequence[Exchange]) -> Iterator[Violation]:
    for each in history:
        if each.answer is not None and (each.answer.code in ("internal", "unknown", "data-loss")):
            yield Violation(4, each.function, f"answered {each.answer.code}")
    requests = _by_request(history)
    yield from _same_answers(requests)
    yield from _acknowledged(view, history)
    yield from _jobs_of_refusals(view, requests)
    yield from _features(view, requests)
    yield from _streaks(view, history)
    yield from _strangers(view, history)
    yield from _suspended(history)
    yield from _toggles(view, history)
    yield from _windows(view, history)


Request = tuple[str, str, str]
"""Caller, function, requestId."""


def _by_request(history: Iterable[Exchange]) -> dict[Request, list[Exchange]]:
    found: dict[Request, list[Exchange]] = {}
    for each in history:
        if "requestId" in each.data:
            found.setdefault((each.caller, each.function, each.data["requestId"]), []).append(each)
    return found


def _reason(exchange: Exchange) -> str | None:
    return exchange.answer.reason if exchange.answer is not None else None


def _same_answers(requests: dict[Request, list[Exchange]]) -> Iterator[Violation]:
    """The same request got the same answer, and another request with its id was refused."""
    for (caller, function, request_id), exchanges in requests.items():
        done = [each for each in exchanges if each.answer is not None and each.answer.ok]
        for each in done[1:]:
            path = f"{function} {request_id} of {caller}"
            if each.data != done[0].data:
                yield Violation(3, path, "another request with the same requestId was answered")
                continue
            first = {name: value for name, value in done[0].told.items() if name in FIRST}
            again = {name: value for name, value in each.told.items() if name in FIRST}
            if first != again:
                yield Violation(3, path, f"answered {first} and {again}")
        if done:
            yield from _refused_later(f"{function} {request_id} of {caller}", done[0], exchanges)


def _refused_later(path: str, done: Exchange, exchanges: list[Exchange]) -> Iterator[Violation]:
    """After it was answered, the request is not refused as if it were a new one."""
    for each in exchanges:
        reason = each.answer.reason if each.answer is not None else None
        if (
            each.began > done.ended >= 0
            and each.data == done.data
            and reason in ("InsufficientTokens", "RequestIdReused")
        ):
            yield Violation(3, path, f"was answered, and then refused: {reason}")


def _acknowledged(view: View, history: Iterable[Exchange]) -> Iterator[Violation]:
    """What was acknowledged exists, unless its account was deleted since."""
    for each in history:
        told = each.told
        if not told or each.caller not in view.users:
            continue
        if each.function in ORDERS and told.get("jobId") is not None:
            job = view.jobs.get(told["jobId"])
            if job is None or job["uid"] != each.caller:
                yield Violation(4, f"jobs/{told['jobId']}", f"{each.function} was acknowledged, and it does not exist")
        elif each.function == "createCheckoutSession":
            if all(order["sessionId"] != told["sessionId"] for order in view.orders.values()):
                yield Violation(4, "orders", f"{told['sessionId']} was acknowledged, and there is no order")
        elif each.function == "commentPost" and f"commentRequests/{told['commentId']}" not in view.snapshot:
            yield Violation(
                4, f"commentRequests/{told['commentId']}", "the comment was acknowledged, and it is not there"
            )


def _jobs_of_refusals(view: View, requests: dict[Request, list[Exchange]]) -> Iterator[Violation]:
    """A refusal left no job: each job of a caller is one that was acknowledged, or one whose outcome nobody knows."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    maybe: Counter[str] = Counter()
    for (caller, function, _), exchanges in requests.items():
        if function not in ORDERS:
            continue
        ids = {each.told["jobId"] for each in exchanges if each.told.get("jobId")}
        details = [each.answer.details for each in exchanges if each.answer is not None]
        ids |= {each["jobId"] for each in details if each.get("jobId")}
        if ids:
            known[caller] |= ids
        elif any(each.is_unknown or each.told or _reason(each) in ORDERED_THEN_FAILED for each in exchanges):
            maybe[caller] += 1  # an answer need not name the job
    for uid in view.users:
        more = sorted(job_id for job_id, job in view.jobs.items() if job["uid"] == uid and job_id not in known[uid])
        if len(more) > maybe[uid]:
            yield Violation(13, f"users/{uid}", f"jobs that nobody was told of, {maybe[uid]} unknown: {more}")


def _features(view: View, requests: dict[Request, list[Exchange]]) -> Iterator[Violation]:
    """What `useTokens` has answered is in the ledger; what it refused is not."""
    for (caller, function, request_id), exchanges in requests.items():
        if function != "useTokens" or caller not in view.users:
            continue
        path, entry = f"users/{caller}/ledger/feature:{request_id}", view.entries(caller).get(f"feature:{request_id}")
        for told in filter(None, (each.told for each in exchanges)):
            if entry is None or (told["spent"], told["balance"]) != (-entry["amount"], entry["balanceAfter"]):
                yield Violation(4, path, f"told {told}, and the ledger has {entry}")
        if entry is not None and not any(each.told or each.is_unknown for each in exchanges):
            yield Violation(13, path, "refused, and debited")


def _streaks(view: View, history: Iterable[Exchange]) -> Iterator[Violation]:
    """A visit's reward was told, unless an answer was lost."""
    visits: defaultdict[str, list[Exchange]] = defaultdict(list)
    for each in history:
        if each.function == "updateStreak":
            visits[each.caller].append(each)
    for uid in view.users:
        told = {each.told.get("lastActiveDate"): 0 for each in visits[uid]}
        for each in visits[uid]:
            if answer := each.told:
                told[answer["lastActiveDate"]] += answer["reward"]
        rewards = {
            entry["ref"]["id"]: entry["amount"]
            for entry in view.entries(uid).values()
            if entry["ref"]["kind"] == "streak"
        }
        unknown = any(each.is_unknown for each in visits[uid])
        for day, amount in rewards.items():
            if visits[uid] and not unknown and told.get(day, 0) != amount:
                yield Violation(4, f"users/{uid}/ledger/reward:streak:{day}", f"{amount}, told {told.get(day, 0)}")
        for day, amount in told.items():
            if amount > rewards.get(str(day), 0):
                yield Violation(4, f"users/{uid}/ledger/reward:streak:{day}", f"told {amount}, and it is not there")


def _strangers(view: View, history: Iterable[Exchange]) -> Iterator[Violation]:
    """What is another user's is not found."""
    for each in history:
        job = view.jobs.get(each.data.get("jobId", ""))
        if job is not None and job["uid"] != each.caller and each.told and not each.is_admin:
            yield Violation(13, f"jobs/{job['jobId']}", f"{each.function} answered {each.caller}")
        if each.function == "confirmCheckout" and each.told:
            session = each.data.get("sessionId")
            owners = {order["uid"] for order in view.orders.values() if order["sessionId"] == session}
            if each.caller in view.users and owners and each.caller not in owners:
                yield Violation(13, f"orders of {session}", f"confirmed for {each.caller}")


def _suspended(history: Sequence[Exchange]) -> Iterator[Violation]:
    """After a suspension was acknowledged, and before it was lifted, the user changes nothing."""
    changes = [each for each in history if each.function == "suspendUser"]
    for number, each in enumerate(changes):
        uid = each.data.get("uid")
        others = [other for other in changes if other.data.get("uid") == uid]
        if not each.told or not each.data.get("suspended"):
            continue
        if any(not 0 <= other.ended < each.began for other in changes[:number] if other in others):
            continue  # two decisions at once
        until = min((other.began for other in changes[number + 1 :] if other in others), default=None)
        for call in history:
            changed = call.caller == uid and call.function in CHANGING and call.told and call.began > each.ended
            if changed and (until is None or 0 <= call.ended < until):
                yield Violation(12, f"users/{uid}", f"suspended, and {call.function} was answered")


ENDS_OF_LIKES = ("deletePost", "deleteCreation", "moderatePost")


def _toggles(view: View, history: Sequence[Exchange]) -> Iterator[Violation]:
    """A toggle changes the like, as far as one user's calls followed each other and were all answered."""
    likes: defaultdict[tuple[str, str], list[Exchange]] = defaultdict(list)
    ended_posts = set()
    for each in history:
        if each.function == "likePost":
            likes[each.caller, each.data["postId"]].append(each)
        elif each.function in ENDS_OF_LIKES:
            ended_posts.add(each.data.get("postId") or each.data.get("creationId"))
    for (caller, post_id), calls in likes.items():
        if post_id in ended_posts or post_id not in view.posts or caller not in view.users:
            continue
        has = False
        calls.sort(key=lambda each: each.began)
        for each, following in itertools.zip_longest(calls, calls[1:]):
            if not each.told or (following is not None and following.began < each.ended):
                break
            wanted = each.data.get("liked")
            has = not has if wanted is None else wanted
            if each.told["liked"] != has:
                yield Violation(4, f"likes/{post_id}_{caller}", f"told liked {each.told['liked']}, it is {has}")
                break


LIMITS = {"useTokens": 60, "createStudioJob": 30, "commentPost": 20, "generateLyrics": 30}
"""Calls of one user in a minute."""


def _windows(view: View, history: Iterable[Exchange]) -> Iterator[Violation]:
    """In the minute from a caller's first call on, which is one window, no more requests are accepted than its limit.

    Clocks that differ disagree on when a window ends.
    """
    if not view.truth.clocks_agree:
        return
    limits = {**LIMITS, **view.truth.limits}
    opened: dict[tuple[str, str], float] = {}
    accepted: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in sorted(history, key=lambda each: each.began_at):
        key = each.caller, each.function
        if each.function in limits and each.ended_at < opened.setdefault(key, each.began_at) + 60 and each.told:
            accepted[key].add(each.data["requestId"])
    for (caller, function), requests in accepted.items():
        if len(requests) > limits[function]:
            yield Violation(18, f"users/{caller}", f"{len(requests)} calls of {function} in a minute")


def songs_consumed(history: Iterable[Exchange]) -> dict[str, int]:
    """How many songs each caller may have counted by `checkGenerationAllowance`, at most."""
    found: Counter[str] = Counter()
    for each in history:
        if each.function == "checkGenerationAllowance" and each.data.get("consume"):
            found[each.caller] += each.is_unknown or bool(each.told.get("allowed"))
    return dict(found)
