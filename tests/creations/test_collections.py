"""Collections: made once, counted truly whatever is put in, taken out or deleted meanwhile, nobody else's."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import main
from studiox.creations import collection_upkeep, collections
from tests.community.community import Community
from tests.support import Rpcs, budgets, call, crowd


def made(community: Community, name: str = "Foxes", uid: str = "ann") -> str:
    answer = community.ok("saveCollection", uid, name=name, requestId=community.request_id())
    return str(answer["collectionId"])


def listed(community: Community, uid: str = "ann", **asked: Any) -> dict[str, dict[str, Any]]:
    """{collectionId: what is listed of it}, in order."""
    return {each["collectionId"]: each for each in community.ok("listCollections", uid, **asked)["collections"]}


def members(community: Community, collection_id: str, uid: str = "ann", **asked: Any) -> list[str]:
    found = community.ok("getUserCreations", uid, collectionId=collection_id, pageSize=100, **asked)
    return [each["creationId"] for each in found["creations"]]


def change(community: Community, collection_id: str, add: list[str] = [], remove: list[str] = []) -> int:  # noqa: B006
    return int(community.ok("changeCollection", "ann", collectionId=collection_id, add=add, remove=remove)["count"])


def check(community: Community, *uids: str) -> None:
    """Counts and covers are those of the members, of every collection there is."""
    creations = community.database.under("creations")
    for uid in uids or ("ann",):
        found = community.database.under(f"users/{uid}/collections")
        assert community.database.need(f"users/{uid}").get("collectionCount", 0) == len(found)
        for path, each in found.items():
            own = {
                id_.split("/")[-1]
                for id_, data in creations.items()
                if path.split("/")[-1] in data.get("collectionIds", [])
            }
            assert each["count"] == len(own), path
            assert (each.get("cover") in own) if own else ("cover" not in each), path
        known = {path.split("/")[-1] for path in found}
        left = {each for data in creations.values() if data["uid"] == uid for each in data.get("collectionIds", [])}
        assert left <= known


def test_a_collection_is_made_filled_renamed_emptied_and_deleted(community: Community) -> None:
    foxes, empty = made(community, "  Fu\u0308chse "), made(community, "Later")
    one, two, three = (community.creation() for _ in range(3))
    assert change(community, foxes, add=[one, two]) == 2
    assert change(community, foxes, add=[two, three], remove=[one]) == 2
    assert members(community, foxes) == [three, two]
    found = listed(community)
    assert list(found) == [foxes, empty]  # last changed first
    assert {name: value for name, value in found[foxes].items() if name != "updatedAt"} == {
        "collectionId": foxes,
        "name": "Füchse",
        "count": 2,
        "coverPath": f"users/ann/creations/{three}/0.png",
    }
    assert (found[empty]["count"], "coverPath" in found[empty]) == (0, False)
    renamed = community.ok("saveCollection", "ann", collectionId=empty, name="Now", requestId=community.request_id())
    assert renamed == {"collectionId": empty}
    assert [each["name"] for each in listed(community).values()] == ["Now", "Füchse"]
    assert community.ok("deleteCollection", "ann", collectionId=foxes) == {"deleted": True}
    assert list(listed(community)) == [empty]
    assert members(community, foxes) == []
    assert len(community.ok("getUserCreations", "ann")["creations"]) == 3  # deletes no creation
    assert community.call("deleteCollection", "ann", collectionId=foxes).code == "not-found"
    assert community.call("changeCollection", "ann", collectionId=foxes, add=[one]).code == "not-found"
    assert community.database.under("cleanups") == {}
    check(community)
    entries = [each["action"] for each in community.database.under("auditLogs").values()]
    assert sorted(entries) == ["changeCollection"] * 2 + ["deleteCollection"] + ["saveCollection"] * 3


def test_a_creation_may_be_in_several_and_leaves_them_all(community: Community) -> None:
    first, second = made(community), made(community)
    one, two, three = (community.creation() for _ in range(3))
    change(community, first, add=[one, two, three])
    change(community, second, add=[three])
    change(community, first, remove=[three])  # its cover: the newest of the rest stands for it
    assert listed(community)[first]["coverPath"].split("/")[3] == two
    change(community, first, add=[three])
    check(community)
    community.ok("deleteCreation", "ann", creationId=three)
    found = listed(community)
    assert (found[first]["count"], found[second]["count"]) == (2, 0)
    assert found[first]["coverPath"].split("/")[3] == two
    assert "coverPath" not in found[second]
    check(community)
    assert community.ok("deleteCreations", "ann", creationIds=[two, one])["missing"] == []
    assert [each["count"] for each in listed(community).values()] == [0, 0]
    check(community)


def test_many_deleted_at_once_leave_every_count_true(community: Community, rpcs: Rpcs) -> None:
    kept = [made(community) for _ in range(3)]
    creations = [community.creation() for _ in range(25)]
    for number, collection_id in enumerate(kept):
        change(community, collection_id, add=creations[number::2])
    rpcs.fail_after_apply("Commit")
    community.ok("deleteCreations", "ann", creationIds=creations[:23])
    check(community)
    assert {each["count"] for each in listed(community).values()} == {1}


def test_changes_that_change_nothing(community: Community) -> None:
    foxes, one = made(community), community.creation()
    change(community, foxes, add=[one, one])
    before = community.database.hash("rateLimits")
    assert change(community, foxes, add=[one], remove=["absent"]) == 1
    assert change(community, foxes) == 1
    assert community.database.hash("rateLimits") == before


def test_all_or_nothing(community: Community) -> None:
    foxes, one, foreign = made(community), community.creation(), community.creation("bob")
    before = community.database.hash("rateLimits")
    for missing in ("absent", foreign):
        refused = community.call("changeCollection", "ann", collectionId=foxes, add=[one, missing])
        assert (refused.code, refused.reason) == ("not-found", "NotFound")
    both = community.call("changeCollection", "ann", collectionId=foxes, add=[one], remove=[one])
    assert (both.reason, list(both.details["fields"])) == ("InvalidRequest", ["remove"])
    for wrong in ([one] * 51, ["a/b"], [7]):
        assert community.call("changeCollection", "ann", collectionId=foxes, add=wrong).reason == "InvalidRequest"
    for name in ("", "  ", "x" * 61, "a\0b", 5, None):
        refused = community.call("saveCollection", "ann", name=name, requestId=community.request_id())
        assert refused.reason == "InvalidRequest", name
    assert community.database.hash("rateLimits") == before


def test_c1_somebody_elses_collection_is_not_there(community: Community) -> None:
    foxes, one = made(community), community.creation()
    change(community, foxes, add=[one])
    mine = community.creation("bob")
    community.ok("listCollections", "bob")
    before = community.database.hash("rateLimits")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("changeCollection", {"add": [mine]}),
        ("changeCollection", {"remove": [one]}),
        ("saveCollection", {"name": "mine", "requestId": community.request_id()}),
        ("deleteCollection", {}),
    ]
    for name, more in calls:
        foreign = community.call(name, "bob", collectionId=foxes, **more)
        absent = community.call(name, "bob", collectionId="absent", **more)
        assert (foreign.code, foreign.message, foreign.details) == (absent.code, absent.message, absent.details)
        assert foreign.code == "not-found"
    assert listed(community, "bob") == {}
    assert members(community, foxes, "bob") == []
    assert community.database.hash("rateLimits") == before


def test_one_request_makes_one_collection(community: Community, rpcs: Rpcs) -> None:
    """J1, J2: also after the collection is deleted."""
    asked: dict[str, Any] = {"name": "Foxes", "requestId": community.request_id()}
    answers = crowd(8, lambda _: call(main.saveCollection, asked, uid="ann"))
    [id_] = {answer.result["collectionId"] for answer in answers}
    assert list(listed(community)) == [id_]
    for other in ({**asked, "name": "Cats"}, {**asked, "collectionId": id_}):
        refused = community.call("saveCollection", "ann", **other)
        assert (refused.code, refused.reason) == ("already-exists", "RequestIdReused")
    rename: dict[str, Any] = {"name": "Cats", "collectionId": id_, "requestId": community.request_id()}
    rpcs.fail_after_apply("Commit")
    community.ok("saveCollection", "ann", **rename)
    community.ok("saveCollection", "ann", collectionId=id_, name="Dogs", requestId=community.request_id())
    assert community.ok("saveCollection", "ann", **rename) == {"collectionId": id_}  # the first answer, no effect
    assert listed(community)[id_]["name"] == "Dogs"
    community.ok("deleteCollection", "ann", collectionId=id_)
    assert community.ok("saveCollection", "ann", **asked) == {"collectionId": id_}
    assert listed(community) == {}
    other = community.ok("saveCollection", "bob", **asked)["collectionId"]  # an id's scope is one user
    assert other != id_
    check(community, "ann", "bob")


def test_limits(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "MAX_COLLECTIONS", 3)
    monkeypatch.setattr(collections, "MAX_PER_CREATION", 2)
    one = community.creation()
    mine = [made(community) for _ in range(3)]
    refused = community.call("saveCollection", "ann", name="more", requestId=community.request_id())
    assert (refused.code, refused.reason, refused.details["limit"]) == ("resource-exhausted", "TooManyCollections", 3)
    for each in mine[:2]:
        change(community, each, add=[one])
    refused = community.call("changeCollection", "ann", collectionId=mine[2], add=[one])
    assert (refused.reason, refused.details["limit"]) == ("TooManyCollections", 2)
    community.ok("deleteCollection", "ann", collectionId=mine[0])
    made(community)
    change(community, mine[2], add=[one])
    check(community)


def test_the_limit_holds_at_once(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "MAX_COLLECTIONS", 3)
    ids = [{"name": "a", "requestId": community.request_id()} for _ in range(8)]
    answers = crowd(8, lambda number: call(main.saveCollection, ids[number], uid="ann"))
    assert sum(answer.ok for answer in answers) == 3
    check(community)


def test_what_happens_at_once_leaves_counts_true(community: Community) -> None:
    """C6 of collections: puts, takes and deletions by two devices."""
    foxes, cats = made(community), made(community)
    creations = [community.creation() for _ in range(6)]
    change(community, foxes, add=creations[:3])
    change(community, cats, add=creations)
    acts: list[tuple[Any, dict[str, Any]]] = [
        (main.deleteCreation, {"creationId": creations[5]}),
        (main.deleteCreations, {"creationIds": creations[3:5]}),
        (main.changeCollection, {"collectionId": foxes, "add": creations[3:]}),
        (main.changeCollection, {"collectionId": foxes, "remove": creations[:2]}),
        (main.changeCollection, {"collectionId": cats, "remove": creations[:1]}),
        (main.toggleFavorite, {"creationId": creations[0]}),
        (main.deleteCollection, {"collectionId": cats}),
    ]
    answers = crowd(len(acts), lambda number: call(acts[number][0], acts[number][1], uid="ann"))
    assert {answer.code for answer in answers} <= {None, "not-found"}
    community.wait()
    check(community)
    assert list(listed(community)) == [foxes]


def test_a_creation_put_in_while_it_is_deleted_is_not_counted(community: Community, rpcs: Rpcs) -> None:
    foxes, one = made(community), community.creation()
    rpcs.before("Commit", lambda: community.elsewhere("deleteCreation", "ann", creationId=one))
    assert community.call("changeCollection", "ann", collectionId=foxes, add=[one]).code == "not-found"
    check(community)


def test_a_cover_that_is_deleted_while_it_is_chosen_is_none(community: Community, rpcs: Rpcs) -> None:
    foxes = made(community)
    one, two = community.creation(), community.creation()
    change(community, foxes, add=[one, two])
    commits = itertools.count(1)

    def elsewhere(*_: object) -> None:
        if next(commits) == 2:  # the first has deleted `two`, the second is to make `one` the cover
            community.elsewhere("deleteCreation", "ann", creationId=one)

    rpcs.plan("Commit", times=2, before=elsewhere)
    community.ok("deleteCreation", "ann", creationId=two)
    assert listed(community)[foxes]["count"] == 0
    check(community)


def test_a_large_collection_goes_in_bounded_runs(
    community: Community, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_upkeep, "PAGE", 4)
    foxes, other = made(community), made(community)
    creations = [community.creation() for _ in range(15)]
    change(community, foxes, add=creations)
    change(community, other, add=creations[:2])
    community.queue.refused = 403  # no task is enqueued
    rpcs.fail_after_apply("Commit")
    assert community.ok("deleteCollection", "ann", collectionId=foxes) == {"deleted": True}
    assert len(members(community, foxes)) == 3  # three pages of four by the call itself
    community.queue.refused = 0
    community.wait(1)
    assert members(community, foxes) == []
    assert sorted(members(community, other)) == sorted(creations[:2])
    assert community.database.under("cleanups") == {}
    check(community)


def test_filters_within_a_collection(community: Community) -> None:
    foxes = made(community)
    creations = [community.creation() for _ in range(6)]
    change(community, foxes, add=creations[1:])
    for id_ in creations[::2]:
        community.ok("toggleFavorite", "ann", creationId=id_)
    community.database.change(f"creations/{creations[2]}", type="video")
    assert members(community, foxes, favorite=True) == [creations[4], creations[2]]
    assert members(community, foxes, favorite=False) == [creations[5], creations[3], creations[1]]
    assert members(community, foxes, type="video") == [creations[2]]
    assert members(community, foxes, type="image", favorite=True) == [creations[4]]
    first = community.ok("getUserCreations", "ann", collectionId=foxes, favorite=False, pageSize=2)
    assert [each["creationId"] for each in first["creations"]] == [creations[5], creations[3]]
    asked = {"cursor": first["nextCursor"], "collectionId": foxes}
    assert community.call("getUserCreations", "ann", **asked).reason == "InvalidCursor"
    rest = community.ok("getUserCreations", "ann", **asked, favorite=False, pageSize=2)
    assert [each["creationId"] for each in rest["creations"]] == [creations[1]]


def test_round_trips(community: Community, rpcs: Rpcs) -> None:
    """Independent of how much a collection, a library and the list of collections hold."""
    mine = [made(community) for _ in range(4)]
    creations = [community.creation() for _ in range(12)]
    for each in mine:
        change(community, each, add=creations[:6])
    rpcs.reset()
    made(community)
    assert rpcs.calls == budgets.calls("saveCollection", "warm")
    rpcs.reset()
    change(community, mine[0], add=creations[6:], remove=creations[:2])
    assert rpcs.calls == budgets.calls("changeCollection", "warm")
    listed(community)
    rpcs.reset()
    listed(community)
    assert rpcs.calls == budgets.calls("listCollections", "warm")
    community.ok("getUserCreations", "ann")
    rpcs.reset()
    community.ok("getUserCreations", "ann", collectionId=mine[0], pageSize=5)
    assert rpcs.calls == budgets.calls("getUserCreations", "warm")
    assert rpcs.documents == 6
