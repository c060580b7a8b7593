"""deleteCreations: up to fifty at once, each as deleteCreation deletes it, whatever dies meanwhile."""

from __future__ import annotations

import pytest

from tests.community.community import Community
from tests.support import Rpcs


def files_of(community: Community, id_: str) -> list[str]:
    return [path for path in community.gcs.objects if id_ in path]


def entries(community: Community) -> list[list[str]]:
    logs = [each for each in community.database.under("auditLogs").values() if each["action"] == "deleteCreations"]
    assert {(each["actor"], each["target"]) for each in logs} <= {("ann", "users/ann")}
    return sorted((each["details"]["creationIds"] for each in logs), key=len, reverse=True)


def test_many_go_with_their_posts_and_files(community: Community) -> None:
    private = [community.creation(files=2) for _ in range(10)]
    public = [community.published() for _ in range(3)]
    kept, foreign = community.published(), community.published("bob")
    community.ok("likePost", "bob", postId=public[0])
    community.ok("reportPost", "bob", postId=public[1], reason="spam")
    asked = [*private, "absent", *public, foreign, private[0]]
    answer = community.ok("deleteCreations", "ann", creationIds=asked)
    assert answer == {"deleted": private + public, "missing": ["absent", foreign]}
    assert sorted(community.feed()) == sorted([kept, foreign])
    for id_ in private + public:
        assert files_of(community, id_) == []
        assert community.call("getCreation", "ann", creationId=id_).code == "not-found"
        job = community.database.need(f"jobs/{id_}")
        assert (job["status"], job["media"]) == ("completed", [])
    assert len(files_of(community, kept)) == len(files_of(community, foreign)) == 2
    assert [len(each) for each in entries(community)] == [10, 3]  # two commits, each with its entry
    assert community.queue.tasks == []  # the call itself has deleted all files
    community.gcs.put_object(f"users/ann/creations/{private[3]}/1.png", b"late", {})  # C14
    community.gcs.put_object(f"posts/{public[2]}/1.png", b"late", {})
    community.wait()
    for id_ in private + public:
        assert files_of(community, id_) == []
        assert community.left_of(id_) == []
    assert community.database.under("cleanups") == {}
    again = community.ok("deleteCreations", "ann", creationIds=asked)
    assert again == {"deleted": [], "missing": [*private, "absent", *public, foreign]}


def test_what_is_repeated_after_a_failure_deletes_the_rest(community: Community, rpcs: Rpcs) -> None:
    made = [community.published() for _ in range(13)]
    commits = iter(range(1, 1_000))

    def lose(*_: object) -> None:
        if next(commits) > 1:
            raise KeyboardInterrupt  # the instance dies at its second commit

    rpcs.plan("Commit", times=1_000, before=lose)
    with pytest.raises(KeyboardInterrupt):
        community.call("deleteCreations", "ann", creationIds=made)
    rpcs.heal()
    answer = community.ok("deleteCreations", "ann", creationIds=made)
    assert answer == {"deleted": made[10:], "missing": made[:10]}
    assert community.feed() == []
    # Nobody has cleared what the first call deleted: the dispatcher finds it.
    assert files_of(community, made[0]) != []
    for _ in range(3):
        community.wait()
    assert [path for id_ in made for path in files_of(community, id_)] == []
    assert community.database.under("cleanups") == {}


def test_a_deletion_whose_answer_was_lost_is_answered_truthfully(community: Community, rpcs: Rpcs) -> None:
    made = [community.creation(), community.published()]
    rpcs.fail_after_apply("Commit")
    assert community.ok("deleteCreations", "ann", creationIds=made) == {"deleted": made, "missing": []}
    assert entries(community) == [made]
    assert [path for id_ in made for path in files_of(community, id_)] == []


def test_c15_storage_that_fails_is_tried_again(community: Community) -> None:
    made = [community.published(files=2) for _ in range(3)]
    community.gcs.statuses = [500] * 12
    assert community.ok("deleteCreations", "ann", creationIds=made) == {"deleted": made, "missing": []}
    assert community.database.under("cleanups") != {}
    for _ in range(8):
        community.wait(11)
    assert [path for id_ in made for path in files_of(community, id_)] == []
    assert community.database.under("cleanups") == {}


@pytest.mark.parametrize("wrong", [None, [], ["a"] * 51, ["a/b"], [""], [7], "creation", ["a", None]])
def test_what_is_wrong_is_refused_before_anything_happens(community: Community, wrong: object) -> None:
    before = community.database.hash("rateLimits")
    refused = community.call("deleteCreations", "ann", creationIds=wrong)
    assert refused.reason == "InvalidRequest"
    assert [name.partition("[")[0] for name in refused.details["fields"]] == ["creationIds"]
    assert community.database.hash("rateLimits") == before


def test_fifty_at_once(community: Community, rpcs: Rpcs) -> None:
    made = [community.creation() for _ in range(50)]
    rpcs.reset()
    assert community.ok("deleteCreations", "ann", creationIds=made)["deleted"] == made
    # Ten share two reads and a commit. The clean-up of each is begun and ended, and reads its moderation record.
    assert rpcs.count("Commit") == 5 + 50 * 2
    assert rpcs.count("BatchGetDocuments") == 2 * 5 + 50 * 3
