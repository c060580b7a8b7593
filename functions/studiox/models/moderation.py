"""Reports of posts and comments, what was decided about them, appeals, and the counts of a year.

Reports and records of a post live as long as its creation: deleting the post and publishing it again does not discard
them. Those of a comment live as long as its post.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from studiox.kit import firestore, ids, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored
from studiox.kit.transaction import Docs

PAGE = 400
"""Documents deleted in one commit."""

ReportReason = Literal["spam", "sexual", "violence", "hate", "copyright", "other"]
HiddenBy = Literal["reports", "admin", "suspension"]
DecidedBy = Literal["reports", "admin"]
SubjectKind = Literal["posts", "comments"]
Action = Literal["hidden", "removed"]
Outcome = Literal["upheld", "overruled"]


class Report(Stored, frozen=True, kw_only=True):
    """`reports/{postId}_{uid}` and `commentReports/{postId}_{commentId}_{uid}`: one user's report."""

    post_id: str
    uid: str
    """Who reported it."""
    reason: ReportReason
    text: str | None
    created_at: datetime
    points: int
    """Its weight when it was made; 100 is an ordinary report."""
    state: Literal["open", "upheld", "overruled"]
    comment_id: str | None = None
    """The reported comment; None: the post is reported."""


class Decision(Stored, frozen=True, kw_only=True):
    """Why a post or comment is hidden or was removed."""

    id: str
    action: Action
    by: DecidedBy
    reason: ReportReason
    at: datetime
    appeal_id: str | None = None
    """The appeal against it. There is one at most."""


class Moderation(Stored, frozen=True, kw_only=True):
    """`moderation/{postId}`, also while the post is not published, and `commentModeration/{postId}_{commentId}`."""

    post_id: str
    uid: str | None
    """The post's author. None for a comment: the comment itself names its author, until their account is deleted."""
    reports: int
    """Reports since the last restore."""
    points: int
    """Their weight; see `community.reports.points_to_hide`."""
    restores: int
    updated_at: datetime | None = None
    """The last report's time."""
    open_since: datetime | None = None
    """The time of the oldest report without a decision. Absent when there is none."""
    comment_id: str | None = None
    reasons: dict[str, int] | None = None
    """Reports since the last restore by their reasons."""
    decision: Decision | None = None
    """What was decided last. None if nothing was, or a restore has ended it."""
    suspended: bool | None = None
    """True while the post is hidden because its author is suspended, and for nothing else."""


class Appeal(Stored, frozen=True, kw_only=True):
    """`appeals/{id}`, by the author's uid and request id: an author's appeal against a decision."""

    uid: str
    """The author."""
    post_id: str
    text: str
    decision: Decision
    """The decision as it was when it was appealed."""
    status: Literal["open", "upheld", "overturned"]
    """`upheld`: the decision stands."""
    created_at: datetime
    kind: SubjectKind
    comment_id: str | None = None
    open_since: datetime | None = None
    """`created_at`, while the appeal is open: the queue's order."""
    settled_at: datetime | None = None


class ModerationYear(Stored, frozen=True, kw_only=True):
    """`moderationYears/{year}`: how often each thing happened, by kind, reason and outcome."""

    counts: dict[str, dict[str, dict[str, int]]] = {}


class ModerationWords(Stored, frozen=True, kw_only=True):
    """`settings/moderation`: the words and phrases that are rejected if MODERATION is `words`. Operators write it."""

    words: list[str] = []


REPORTS = Collection("reports", Report)
COMMENT_REPORTS = Collection("commentReports", Report)
MODERATION = Collection("moderation", Moderation)
COMMENT_MODERATION = Collection("commentModeration", Moderation)
APPEALS = Collection("appeals", Appeal)
YEARS = Collection("moderationYears", ModerationYear)
WORDS = Path("settings/moderation", ModerationWords)


class Subject(NamedTuple):
    """What is reported and decided about: a post, or a comment on it."""

    post_id: str
    comment_id: str | None = None

    @property
    def key(self) -> str:
        """Its id in the collections here. The ids of posts and comments have no `_`, so no two have the same."""
        return self.post_id if self.comment_id is None else f"{self.post_id}_{self.comment_id}"

    @property
    def kind(self) -> SubjectKind:
        return "posts" if self.comment_id is None else "comments"

    @property
    def reports(self) -> Collection[Report]:
        return REPORTS if self.comment_id is None else COMMENT_REPORTS

    @property
    def moderation_path(self) -> Path[Moderation]:
        return (MODERATION if self.comment_id is None else COMMENT_MODERATION).document(self.key)

    def report_path(self, uid: str) -> Path[Report]:
        return self.reports.document(f"{self.key}_{uid}")

    def reporter(self, path: Path[Report]) -> str:
        """The uid in the id of a report of this."""
        return path.id.removeprefix(f"{self.key}_")

    @property
    def _equal(self) -> dict[str, str]:
        return {"postId": self.post_id} | ({} if self.comment_id is None else {"commentId": self.comment_id})


def appeal_path(uid: str, request_id: str) -> Path[Appeal]:
    return APPEALS.document(ids.derived("appealModeration", uid, request_id))


Checked = Literal["prompts", "posts"]
Kind = Literal["posts", "comments", "accounts", "appeals", "reports", "prompts"]


def year_path(now: datetime) -> Path[ModerationYear]:
    return YEARS.document(str(now.year))


def count(docs: Docs, now: datetime, kind: Kind, reason: ReportReason, outcome: str) -> None:
    """Add one to the year's count, in the commit that shows it: no document is read, and nobody waits for another."""
    docs.increment(year_path(now), {("counts", kind, reason, outcome): 1})


def count_refused(docs: Docs, now: datetime, kind: Checked) -> None:
    """Add one to the year's refusals by the check of content. Nothing else shows that it was, so the count is read."""
    counts = (docs.get(year_path(now)) or ModerationYear()).counts
    reasons = counts.get(kind, {})
    outcomes = reasons.get("other", {})
    more = {**outcomes, "refused": outcomes.get("refused", 0) + 1}
    docs.put(year_path(now), ModerationYear(counts={**counts, kind: {**reasons, "other": more}}))


def find_words(timeout_s: float) -> ModerationWords | None:
    """The list of rejected words. `Unavailable`, `MalformedDocument`."""
    return firestore.read_documents([WORDS], timeout_s=timeout_s)[WORDS].as_(WORDS)


def find_year(year: int) -> ModerationYear | None:
    """The counts of a year. `Unavailable`."""
    return firestore.get(YEARS.document(str(year)))


def list_appeals(*, size: int, cursor: str | None) -> tuple[list[Appeal], str | None]:
    """A page of the open appeals, oldest first. `InvalidCursor`, `Unavailable`."""
    found, following = query.page(APPEALS, {}, "openSince", size=size, cursor=cursor, oldest_first=True)
    return [each.data for each in found], following


def list_reported(
    collection: Collection[Moderation], *, size: int, cursor: str | None
) -> tuple[list[Moderation], str | None]:
    """A page of what has reports that await a decision, longest waiting first. `InvalidCursor`, `Unavailable`."""
    found, following = query.page(collection, {}, "openSince", size=size, cursor=cursor, oldest_first=True)
    return [each.data for each in found], following


def reports_of(subject: Subject, limit: int, *, only_open: bool) -> list[Report]:
    """Up to `limit` reports, or those that await a decision. `Unavailable`."""
    equal = subject._equal | ({"state": "open"} if only_open else {})
    return [each.data for each in query.documents(subject.reports, equal=equal, limit=limit)]


def suspended_posts(uid: str, limit: int) -> list[str]:
    """The ids of up to `limit` posts that are hidden because this user is or was suspended. `Unavailable`."""
    return [path.id for path in query.names(MODERATION, {"uid": uid, "suspended": True}, limit)]


def open_report_paths(subject: Subject, limit: int) -> list[Path[Report]]:
    """The paths of up to `limit` reports that await a decision. `Unavailable`."""
    return query.names(subject.reports, {**subject._equal, "state": "open"}, limit)


def delete_reports(post_id: str, pages: int) -> bool:
    """Delete a deleted creation's reports and appeals, up to `pages` times PAGE, and their record; True when none is
    left. `Unavailable`."""
    path, of_post = Subject(post_id).moderation_path, {"postId": post_id}
    if firestore.get(path) is None:
        return True  # it is written with the first report or decision
    if not delete_all({REPORTS: of_post, APPEALS: of_post}, pages):
        return False
    firestore.delete_all([path])
    # An appeal writes the record too, so none can come from here on.
    return delete_all({APPEALS: of_post}, 1)


def delete_all(filters: dict[Collection[Any], dict[str, str]], pages: int) -> bool:
    """Delete up to `pages` times PAGE of the documents with these field values; True when none is left."""
    for collection, equal in filters.items():
        while True:
            found = query.names(collection, equal, PAGE)
            if found:
                if pages <= 0:
                    return False
                firestore.delete_all(found)
                pages -= 1
            if len(found) < PAGE:
                break
    return True
