"""Appeals of authors against what was decided about their posts and comments. An administrator's next decision settles
them."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from studiox.api.callables import User
from studiox.kit import clock
from studiox.kit.errors import NotFound, RequestIdReused, StudioxError
from studiox.kit.transaction import Docs, Reads
from studiox.models import moderation as records
from studiox.models import posts
from studiox.models.moderation import Appeal, Subject

Status = Literal["open", "upheld", "overturned"]


class NothingToAppeal(StudioxError):
    code = "failed-precondition"
    text = "This isn't hidden or removed, so there is nothing to appeal."


class AlreadyAppealed(StudioxError):
    code = "already-exists"
    text = "You have already appealed this decision. We will tell you what a moderator decides."


def appeal(caller: User, subject: Subject, text: str, request_id: str) -> Status:
    """Appeal against the decision about the caller's post or comment, once; the appeal's status.

    `NotFound`, `NothingToAppeal`, `AlreadyAppealed`, `RequestIdReused`.
    """
    now = clock.now()
    path, target = records.appeal_path(caller.uid, request_id), posts.path_of(subject)

    def decide(docs: Docs) -> Status:
        earlier = docs.get(path)
        if earlier is not None:
            if (earlier.post_id, earlier.comment_id, earlier.text) != (*subject, text):
                raise RequestIdReused
            return earlier.status
        record = docs.get(subject.moderation_path)
        if caller.uid not in _authors(docs, subject, record):
            raise NotFound
        if record is None or record.decision is None:
            raise NothingToAppeal
        if record.decision.appeal_id is not None:
            raise AlreadyAppealed
        made = Appeal(
            uid=caller.uid,
            post_id=subject.post_id,
            comment_id=subject.comment_id,
            kind=subject.kind,
            text=text,
            decision=record.decision,
            status="open",
            created_at=now,
            open_since=now,
        )
        docs.create(path, made)
        docs.put(subject.moderation_path, replace(record, decision=replace(record.decision, appeal_id=path.id)))
        records.count(docs, now, "appeals", record.decision.reason, "made")
        return made.status

    hidden = [] if subject.comment_id is None else [posts.hidden_comment_path(subject.post_id, subject.comment_id)]
    reads = Reads(fresh=[subject.moderation_path, target, *hidden, path])
    return caller.commit(subject.moderation_path, decide, reads, target=target, details=lambda _: {"appealId": path.id})


def _authors(docs: Docs, subject: Subject, record: records.Moderation | None) -> list[str | None]:
    """Who may appeal: a post's author, also after its removal; a comment's."""
    shown = docs.get(posts.path_of(subject))
    if subject.comment_id is None:
        return [record.uid if record is not None else shown and shown.uid]
    hidden = docs.get(posts.hidden_comment_path(subject.post_id, subject.comment_id))
    return [each.uid for each in (shown, hidden) if each is not None]
