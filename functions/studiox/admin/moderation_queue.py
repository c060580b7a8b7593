"""The reported posts and comments, appeals and claims that await an administrator's decision, and counts of a year."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from studiox.kit import firestore
from studiox.models import creations as library
from studiox.models import moderation as records
from studiox.models import posts as community
from studiox.models.media_files import MediaFile
from studiox.models.moderation import Appeal, Moderation, Report, Subject
from studiox.models.rewards import SocialClaim
from studiox.tokens import rewards_store as rewards

REPORTS = 10
"""The most reports listed with a post or comment."""


class Shown(NamedTuple):
    """What a decision is about, as its administrator sees it."""

    post: community.Post | None
    """None if it was removed."""
    creation: library.Creation | None
    """Its files are listed, because a hidden post has none."""
    comment: community.Comment | None

    @property
    def hidden(self) -> bool:
        if self.comment is not None:
            return isinstance(self.comment, community.HiddenComment)
        return self.post is None or self.post.is_hidden

    @property
    def media(self) -> list[MediaFile]:
        return [] if self.creation is None else self.creation.media


class Waiting(NamedTuple):
    """Something that awaits a decision."""

    subject: Subject
    record: Moderation
    shown: Shown
    reports: list[Report]
    appeal: Appeal | None = None


def claims(*, size: int, cursor: str | None) -> tuple[list[SocialClaim], str | None]:
    """The claims that await `reviewSocialTask`, oldest first."""
    return rewards.pending_claims(size=size, cursor=cursor)


def posts(*, size: int, cursor: str | None) -> tuple[list[Waiting], str | None]:
    """The posts that await `moderatePost`, oldest report first, and the next page's cursor. `Unavailable`.

    A post that its author has deleted is omitted, so a page may be shorter than `size`.
    """
    found, following = records.list_reported(records.MODERATION, size=size, cursor=cursor)
    shown = _shown([Subject(each.post_id) for each in found])
    waiting = [
        Waiting(subject, record, each, [])
        for record, (subject, each) in zip(found, shown, strict=True)
        if each.post is not None
    ]
    return _with_reports(waiting, only_open=True), following


def comments(*, size: int, cursor: str | None) -> tuple[list[Waiting], str | None]:
    """The comments that await a decision, as `posts`. Those that are deleted are omitted."""
    found, following = records.list_reported(records.COMMENT_MODERATION, size=size, cursor=cursor)
    shown = _shown([Subject(each.post_id, each.comment_id) for each in found])
    waiting = [
        Waiting(subject, record, each, [])
        for record, (subject, each) in zip(found, shown, strict=True)
        if each.comment is not None
    ]
    return _with_reports(waiting, only_open=True), following


def appeals(*, size: int, cursor: str | None) -> tuple[list[Waiting], str | None]:
    """The appeals that await a decision, oldest first, with the reports that led to it, and the next page's cursor."""
    found, following = records.list_appeals(size=size, cursor=cursor)
    shown = _shown([Subject(each.post_id, each.comment_id) for each in found])
    known = firestore.get_all([subject.moderation_path for subject, _ in shown]) if found else []
    waiting = [
        Waiting(subject, record, each, [], appeal)
        for appeal, record, (subject, each) in zip(found, known, shown, strict=True)
        if record is not None
    ]
    return _with_reports(waiting, only_open=False), following


KINDS = {"posts": posts, "comments": comments, "appeals": appeals}


def counts(year: int) -> list[dict[str, Any]]:
    """The year's counts with their kind, reason and outcome, in the order of these. One document is read.
    `Unavailable`."""
    found = records.find_year(year)
    return [
        {"kind": kind, "reason": reason, "outcome": outcome, "count": count}
        for kind, by_reason in sorted(() if found is None else found.counts.items())
        for reason, by_outcome in sorted(by_reason.items())
        for outcome, count in sorted(by_outcome.items())
    ]


def _shown(subjects: Sequence[Subject]) -> list[tuple[Subject, Shown]]:
    """What these are about. One round trip."""
    if not subjects:
        return []
    found = firestore.docs_of(firestore.read_documents(path for each in subjects for path in _paths(each)))
    shown = []
    for each in subjects:
        comment: community.Comment | None = None
        if each.comment_id is not None:
            comment = found.get(community.comment_path(each.post_id, each.comment_id))
            comment = comment or found.get(community.hidden_comment_path(each.post_id, each.comment_id))
        post, creation = community.post_path(each.post_id), library.creation_path(each.post_id)
        shown.append((each, Shown(found.get(post), found.get(creation), comment)))
    return shown


def _paths(subject: Subject) -> list[str]:
    of_post: list[str] = [community.post_path(subject.post_id), library.creation_path(subject.post_id)]
    if subject.comment_id is None:
        return of_post
    comment = subject.post_id, subject.comment_id
    return [*of_post, community.comment_path(*comment), community.hidden_comment_path(*comment)]


def _with_reports(waiting: Sequence[Waiting], *, only_open: bool) -> list[Waiting]:
    with ThreadPoolExecutor(max_workers=8) as pool:
        reports = pool.map(
            partial(records.reports_of, limit=REPORTS, only_open=only_open), [w.subject for w in waiting]
        )
        return [each._replace(reports=given) for each, given in zip(waiting, reports, strict=True)]
