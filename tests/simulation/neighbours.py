"""At rest: what people may say to each other, and appeals against what was decided about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.simulation.answers import Exchange
from tests.simulation.truth import View
from tests.simulation.violations import Violation


def check(view: View, history: Sequence[Exchange]) -> Iterator[Violation]:
    yield from _blocked(view, history)
    yield from _appeals(view)


def _blocked(view: View, history: Sequence[Exchange]) -> Iterator[Violation]:
    """While a block stands, whoever is blocked comments on none of the blocker's posts, and neither sees the other's.

    It stands from its answer on, until any other call of that kind begins.
    """
    changes = [each for each in history if each.function == "blockUser"]
    for each in changes:
        pair, uid = (each.caller, each.data["uid"]), each.data["uid"]
        if not each.told or not each.data["blocked"]:
            continue
        others = [other for other in changes if other is not each and (other.caller, other.data["uid"]) == pair]
        if any(other.began <= each.ended and not 0 <= other.ended < each.began for other in others):
            continue  # two at once
        until = min((other.began for other in others if other.began > each.ended), default=None)
        for call in history:
            if call.began <= each.ended or not call.told or not (until is None or 0 <= call.ended < until):
                continue
            post = view.posts.get(call.data.get("postId", ""), {})
            if call.function == "commentPost" and call.caller == uid and post.get("uid") == each.caller:
                yield Violation(12, f"blocks/{each.caller}", f"{uid} is blocked, and commented on {post['postId']}")
            if call.function == "getFeed" and call.caller in pair:
                seen = {post["uid"] for post in call.told["posts"]} & set(pair) - {call.caller}
                if seen:
                    yield Violation(12, f"blocks/{each.caller}", f"{call.caller} sees posts of {seen}")


def _appeals(view: View) -> Iterator[Violation]:
    """A decision has one appeal at most, which is open until something else is decided."""
    appeals = {path: each for path, each in view.snapshot.items() if path.startswith("appeals/")}
    for (post_id, decision), number in Counter(
        (each["postId"], each["decision"]["id"]) for each in appeals.values()
    ).items():
        if number > 1:
            yield Violation(3, f"moderation/{post_id}", f"{number} appeals against the decision {decision}")
    for path, each in appeals.items():
        record = view.snapshot.get(f"moderation/{each['postId']}")
        stands = record is not None and (record.get("decision") or {}).get("appealId") == path.partition("/")[2]
        if each["status"] == "open" and not stands and not view.is_leaving("creation", each["postId"]):
            yield Violation(4, path, "open, though its decision does not stand any more")
        if (each.get("openSince") is not None) != (each["status"] == "open"):
            yield Violation(4, path, f"{each['status']}, in the queue since {each.get('openSince')}")
