"""The rules of the community's documents: ranks, counts, what is hidden, and how much one step deletes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from studiox.kit.documents import AlreadyDecided, Docs, Stored, decode, encode
from studiox.kit.errors import InvalidCursor, NotFound
from studiox.models import moderation as records
from studiox.models import posts
from studiox.models.moderation import Moderation, Report, Subject
from studiox.models.posts import Comment, CommentRequest, Like, Post
from tests.support import Database
from tests.support.documents import docs_with
from tests.support.posts import post as post_data
from tests.support.samples import sample

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PATH = Subject("p1").moderation_path
POST = decode(Post, post_data("p1", like_count=9, comment_count=5, remix_count=2))


def holding(*, hidden: bool = False, **stored: Any) -> Docs:
    """The documents with the post `p1` and its state."""
    state = posts.PostState(post_id="p1", uid="author", reports=3)
    return docs_with(
        {
            posts.post_path("p1"): encode(replace(POST, hidden=hidden)),
            posts.state_path("p1"): encode(state),
            **{path: encode(each) for path, each in stored.items()},
        }
    )


def moderation(**fields: Any) -> Moderation:
    return Moderation(post_id="p1", uid="author", **{"reports": 4, "points": 400, "restores": 1, **fields})


def report(uid: str = "u2") -> Report:
    return Report(post_id="p1", uid=uid, reason="spam", text=None, created_at=NOW, points=100, state="open")


@pytest.mark.parametrize(
    ("likes", "age", "rank"),
    [
        (0, timedelta(), 0),
        (9, timedelta(), 1),
        (99, timedelta(), 2),
        (2, timedelta(), 0.4771213),  # to seven places
        (8, timedelta(), 0.9542425),
        (-1, timedelta(), 0),
        (-5, timedelta(), 0),
        (0, timedelta(hours=12.5), 1),
        (9, timedelta(hours=12.5), 2),
        (0, timedelta(seconds=45), 0.001),
    ],
)
def test_ten_times_the_likes_rank_as_twelve_and_a_half_hours_of_age(likes: int, age: timedelta, rank: float) -> None:
    assert posts.score(likes, EPOCH + age) == rank


def test_ids_hold_the_post_and_the_user() -> None:
    for subject, path in (
        (Subject("p1"), "reports/p1_a_b_c"),
        (Subject("p1", "c1"), "commentReports/p1_c1_a_b_c"),
    ):
        assert subject.report_path("a_b_c") == path
        assert subject.reporter(subject.report_path("a_b_c")) == "a_b_c"
    assert posts.like_path("p1", "u_1") == "likes/p1_u_1"
    assert posts.state_path("p1") == "posts/p1/private/state"
    assert posts.comment_path("p1", "c1") == "posts/p1/comments/c1"
    assert PATH == "moderation/p1"
    assert Subject("p1", "c1").moderation_path == "commentModeration/p1_c1"
    assert posts.comment_request_path("c1") == "commentRequests/c1"


def test_a_comments_id_is_of_its_user_and_request() -> None:
    ids = {posts.comment_id_of(uid, request) for uid in ("u1", "u2") for request in ("r1", "r2")}
    assert len(ids) == 4
    assert posts.comment_id_of("u1", "r1") in ids


def test_a_hidden_post_and_an_absent_one_are_not_found() -> None:
    assert posts.visible_post(holding(), "p1") == POST
    for docs in (holding(hidden=True), docs_with({})):
        with pytest.raises(NotFound):
            posts.visible_post(docs, "p1")


def test_a_post_that_is_published_again_keeps_its_reports() -> None:
    first, again = docs_with({}), docs_with({PATH: encode(moderation())})
    for docs, reports in ((first, 0), (again, 4)):
        posts.add_post(docs, POST)
        assert docs.get(posts.post_path("p1")) == POST
        assert docs.get(posts.state_path("p1")) == posts.PostState(post_id="p1", uid="author", reports=reports)
    with pytest.raises(AlreadyDecided):
        posts.add_post(holding(), POST)


def test_removing_a_post_removes_its_state() -> None:
    docs = holding()
    posts.remove_post(docs, "p1")
    assert docs.changes == {posts.post_path("p1"): None, posts.state_path("p1"): None}


def test_a_restored_post_is_shown_and_its_reports_count_anew() -> None:
    docs = holding()
    posts.hide_post(docs, "p1", "admin")
    assert docs.get(posts.post_path("p1")) == replace(POST, hidden=True)
    assert docs.get(posts.state_path("p1")) == posts.PostState(post_id="p1", uid="author", reports=3, hidden_by="admin")
    posts.show_post(docs, POST)
    assert docs.get(posts.post_path("p1")) == POST
    assert docs.get(posts.state_path("p1")) == posts.PostState(post_id="p1", uid="author", reports=0, hidden_by=None)


def test_a_mature_post_is_hidden_from_clients_and_moderation_hides_and_restores_it() -> None:
    docs, path = holding(), posts.post_path("p1")
    mature = replace(POST, rating="mature", hidden="mature")
    posts.rate_post(docs, POST, "mature")
    assert docs.get(path) == mature
    assert not mature.is_hidden
    assert posts.visible_post(docs, "p1") == mature
    posts.hide_post(docs, "p1", "admin")
    hidden = replace(mature, hidden=True)
    assert docs.get(path) == hidden
    assert hidden.is_hidden
    posts.rate_post(docs, hidden, "general")
    assert docs.get(path) == replace(POST, hidden=True), "a rating shows nothing that moderation has hidden"
    posts.rate_post(docs, hidden, "mature")
    posts.show_post(docs, hidden)
    assert docs.get(path) == mature


def test_a_like_counts_and_ranks_and_its_end_too() -> None:
    docs, path = holding(), posts.like_path("p1", "u1")
    liked = posts.set_like(docs, POST, "u1", True, NOW)
    assert liked == replace(POST, like_count=10, score=posts.score(10, POST.created_at))
    assert docs.get(path) == Like(post_id="p1", uid="u1", created_at=NOW)
    unliked = posts.set_like(docs, liked, "u1", False, NOW)
    assert unliked == docs.get(posts.post_path("p1")) == replace(POST, score=posts.score(9, POST.created_at))
    assert docs.changes[path] is None


def test_a_comment_counts_and_its_request_stays_when_it_goes() -> None:
    docs = holding()
    comment, request = sample(Comment, comment_id="c1", uid="u1"), sample(CommentRequest, uid="u1", post_id="p1")
    posts.add_comment(docs, POST, comment, request)
    more = docs.get(posts.post_path("p1"))
    assert more == replace(POST, comment_count=6)
    assert docs.get(posts.comment_path("p1", "c1")) == comment
    posts.remove_comment(docs, more, "c1")
    assert docs.get(posts.post_path("p1")) == POST
    assert docs.changes[posts.comment_path("p1", "c1")] is None
    assert docs.get(posts.comment_request_path("c1")) == request


def test_a_report_is_added_with_the_sum_that_includes_it() -> None:
    docs = holding()
    posts.add_report(docs, report(), moderation())
    assert docs.get(Subject("p1").report_path("u2")) == report()
    assert docs.get(PATH) == moderation()
    state = docs.get(posts.state_path("p1"))
    assert state is not None
    assert state.reports == 4


def test_a_remix_counts() -> None:
    docs = holding()
    posts.count_remix(docs, POST)
    assert docs.get(posts.post_path("p1")) == replace(POST, remix_count=3)


# What is read and deleted.


def write(documents: Mapping[Any, Stored]) -> None:
    Database().apply({str(path): encode(each) for path, each in documents.items()})


def likes(count: int, post_id: str = "p1") -> dict[str, Like]:
    made = [Like(post_id=post_id, uid=f"u{number}", created_at=NOW) for number in range(count)]
    return {posts.like_path(post_id, each.uid): each for each in made}


def test_whether_someone_likes_a_post_is_read_with_it() -> None:
    write({posts.post_path("p1"): POST, **likes(1)})
    assert posts.find_post("p1") == POST
    assert posts.find_post("p2") is None
    assert posts.read_post("p1", None) == (POST, False)
    assert posts.read_post("p1", "u0") == (POST, True)
    assert posts.read_post("p1", "u1") == (POST, False)


def test_lists_leave_out_what_is_hidden_and_are_newest_or_best_first() -> None:
    made = {
        name: replace(
            POST, post_id=name, tags=tags, uid=uid, hidden=hidden, score=rank, created_at=NOW + number * SECOND
        )
        for number, (name, tags, uid, hidden, rank) in enumerate(
            [
                ("p1", ["a"], "u1", False, 3.0),
                ("p2", ["a", "b"], "u2", False, 4.0),
                ("p3", ["a"], "u1", True, 5.0),
                ("p4", ["b"], "u1", "mature", 3.5),
            ]
        )
    }
    write({posts.post_path(name): each for name, each in made.items()})

    def listed(order: Literal["createdAt", "score"] = "createdAt", mature: bool = False, **only: str) -> list[Post]:
        wanted = {"tag": only.get("tag"), "uid": only.get("uid")}
        found, following = posts.list_posts(order=order, **wanted, mature=mature, size=5, cursor=None)
        assert following is None
        return found

    assert listed() == listed("score") == [made["p2"], made["p1"]]
    assert listed(tag="b") == [made["p2"]]
    assert listed(uid="u1") == [made["p1"]]
    assert listed(mature=True) == [made["p4"], made["p2"], made["p1"]]
    assert listed("score", mature=True, tag="b") == [made["p2"], made["p4"]]
    assert listed(mature=True, uid="u1") == [made["p4"], made["p1"]]

    def page(mature: bool, cursor: str | None) -> tuple[list[Post], str | None]:
        return posts.list_posts(order="score", tag=None, uid=None, mature=mature, size=1, cursor=cursor)

    first, following = page(False, None)
    assert (first, page(False, following)) == ([made["p2"]], ([made["p1"]], None))
    first, following = page(True, None)
    assert (first, page(True, following)[0]) == ([made["p2"]], [made["p4"]])
    with pytest.raises(InvalidCursor):
        page(False, following)  # a cursor of the list with mature posts
    assert sorted(posts.visible_paths("u1", 9)) == ["posts/p1", "posts/p4"]


def test_comments_are_listed_newest_first() -> None:
    made = [sample(Comment, comment_id=f"c{number}", uid="u1", created_at=NOW + number * SECOND) for number in range(3)]
    write({posts.comment_path("p1", each.comment_id): each for each in made})
    write({posts.comment_path("p2", "c"): made[0]})
    first, following = posts.list_comments("p1", size=2, cursor=None)
    rest, end = posts.list_comments("p1", size=2, cursor=following)
    assert ([*first, *rest], end) == (made[::-1], None)
    assert sorted(posts.comment_paths("u1", 9)) == [
        *(f"posts/p1/comments/c{number}" for number in range(3)),
        "posts/p2/comments/c",
    ]
    assert len(posts.comment_paths("u1", 3)) == 3
    assert posts.comment_paths("u2", 9) == []


def test_reports_await_a_decision_longest_waiting_first() -> None:
    waiting = [moderation(open_since=NOW + number * SECOND) for number in (1, 0)]
    decided = moderation()
    write({f"moderation/p{number}": each for number, each in enumerate([*waiting, decided])})
    first, following = records.list_reported(records.MODERATION, size=1, cursor=None)
    rest, end = records.list_reported(records.MODERATION, size=1, cursor=following)
    assert ([*first, *rest], end) == (waiting[::-1], None)
    upheld = replace(report("u3"), state="upheld")
    write({Subject("p1").report_path(each.uid): each for each in (report("u1"), report("u2"), upheld)})
    write({Subject("p2").report_path("u1"): replace(report("u1"), post_id="p2")})
    assert sorted(each.uid for each in records.reports_of(Subject("p1"), 9, only_open=True)) == ["u1", "u2"]
    assert len(records.reports_of(Subject("p1"), 9, only_open=False)) == 3
    assert len(records.reports_of(Subject("p1"), 1, only_open=True)) == 1
    assert sorted(records.open_report_paths(Subject("p1"), 9)) == ["reports/p1_u1", "reports/p1_u2"]
    assert len(records.open_report_paths(Subject("p1"), 1)) == 1
    assert sorted(posts.owned_paths(records.REPORTS, "u1", 9)) == ["reports/p1_u1", "reports/p2_u1"]
    assert len(posts.owned_paths(records.REPORTS, "u1", 1)) == 1


def test_open_appeals_are_listed_longest_waiting_first() -> None:
    decision = records.Decision(id="d", action="hidden", by="admin", reason="spam", at=NOW)
    for number in (1, 0):
        at = NOW + number * SECOND
        about: dict[str, Any] = {"post_id": f"p{number}", "text": "Why?", "decision": decision, "created_at": at}
        made = records.Appeal(uid="u1", status="open", kind="posts", open_since=at, **about)
        write({records.appeal_path("u1", f"r{number}"): made})
        write({records.appeal_path("u2", f"r{number}"): replace(made, status="upheld", open_since=None)})
    first, following = records.list_appeals(size=1, cursor=None)
    rest, end = records.list_appeals(size=1, cursor=following)
    assert ([each.post_id for each in (*first, *rest)], end) == (["p0", "p1"], None)


def test_posts_that_a_suspension_hides_are_found_by_their_author() -> None:
    write({f"moderation/p{number}": moderation(suspended=number < 2 or None) for number in range(3)})
    write({"moderation/p3": replace(moderation(suspended=True), uid="u2")})
    assert sorted(records.suspended_posts("author", 9)) == ["p0", "p1"]
    assert len(records.suspended_posts("author", 1)) == 1


@pytest.mark.parametrize(
    ("count", "pages", "done", "left"),
    [(400, 1, True, 0), (401, 1, False, 1), (801, 2, False, 1), (800, 2, True, 0), (0, 0, True, 0), (1, 0, False, 1)],
)
def test_a_step_deletes_so_many_pages_of_400(count: int, pages: int, done: bool, left: int, database: Database) -> None:
    write(likes(count))
    assert posts.delete_children("p1", pages) is done
    assert len(database.under("likes")) == left


def test_likes_and_comments_are_deleted_within_the_same_pages(database: Database) -> None:
    comments = {posts.comment_path("p1", f"c{number}"): sample(Comment, created_at=NOW) for number in range(2)}
    write({**likes(2), **likes(1, "p2"), **comments, posts.comment_path("p2", "c"): sample(Comment)})
    assert posts.delete_children("p1", 1) is False
    assert (set(database.under("likes")), len(database.under("posts/p1/comments"))) == ({"p2_u0"}, 2)
    assert posts.delete_children("p1", 1) is True
    assert (len(database.under("posts/p1/comments")), len(database.under("posts/p2/comments"))) == (0, 1)


def test_a_creations_reports_go_before_their_sum(database: Database) -> None:
    path = PATH
    assert records.delete_reports("p1", 0) is True, "never reported: nothing to look for"
    write(
        {path: moderation(), Subject("p1").report_path("u1"): report("u1"), Subject("p2").report_path("u1"): report()}
    )
    database.change("reports/p2_u1", postId="p2")
    assert records.delete_reports("p1", 0) is False
    assert database.get(path) is not None
    assert len(database.under("reports")) == 2
    assert records.delete_reports("p1", 1) is True
    assert database.get(path) is None
    assert set(database.under("reports")) == {"p2_u1"}
