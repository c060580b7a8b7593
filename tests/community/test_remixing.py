"""Remixes: a session of one's own with what the author shares, and nothing else."""

from __future__ import annotations

import main
from tests.community.community import PUBLIC_PARAMS, Community
from tests.support import call, crowd


def test_c4_a_remix_starts_a_session_with_what_is_shared(community: Community) -> None:
    post = community.published()
    remix = community.ok("remixPost", "bob", postId=post, requestId=community.request_id())
    prompt = community.post(post)["prompt"]
    assert remix["params"] == {"prompt": prompt, "size": "512x512", "style": "anime"}
    assert set(remix["params"]) <= PUBLIC_PARAMS | {"prompt"}
    assert (remix["type"], remix["model"]) == ("image", "Model A")
    session = community.ok("getSession", "bob", sessionId=remix["sessionId"])
    assert (session["sourcePostId"], session["params"], session["jobs"]) == (post, remix["params"], [])
    assert community.call("getSession", "ann", sessionId=remix["sessionId"]).code == "not-found"
    assert [each["sessionId"] for each in community.ok("listSessions", "bob")["sessions"]] == [remix["sessionId"]]
    assert community.ok("listSessions", "ann")["sessions"] == []
    assert community.post(post)["remixCount"] == 1


def test_generate_from_the_remix(community: Community) -> None:
    """What is made in the session is a job of it, and its post says what it came from."""
    post = community.published()
    community.ok("initializeUser", "zoe")
    remix = community.ok("remixPost", "zoe", postId=post, requestId=community.request_id())
    order = {**remix["params"], "type": remix["type"], "model": remix["model"], "sessionId": remix["sessionId"]}
    jobs = []
    for _ in range(2):
        job = community.ok("createStudioJob", "zoe", requestId=community.request_id(), **order)
        assert job["sessionId"] == remix["sessionId"]
        jobs.append(job["jobId"])
    assert community.ok("getSession", "zoe", sessionId=remix["sessionId"])["jobs"] == jobs
    status = community.ok("getJobStatus", "zoe", jobId=jobs[0])
    assert status["status"] == "completed"
    community.ok("publishPost", "zoe", creationId=status["creationId"])
    assert community.ok("getPost", postId=status["creationId"])["remixOf"] == post


def test_the_same_request_is_one_remix(community: Community) -> None:
    post, other = community.published(), community.published()
    request = community.request_id()
    answers = crowd(8, lambda _: call(main.remixPost, {"postId": post, "requestId": request}, uid="bob"))
    assert len({str(getattr(answer, "result", answer)) for answer in answers}) == 1
    assert community.post(post)["remixCount"] == 1
    changed = community.call("remixPost", "bob", postId=other, requestId=request)
    assert (changed.code, changed.reason) == ("already-exists", "RequestIdReused")
    community.ok("deletePost", "ann", postId=post)
    assert call(main.remixPost, {"postId": post, "requestId": request}, uid="bob") == answers[0]


def test_c4_what_is_not_there_cannot_be_remixed(community: Community) -> None:
    private = community.creation(secret=True)
    gone = community.published()
    community.ok("deletePost", "ann", postId=gone)
    for id_ in (private, gone, "absent"):
        refused = community.call("remixPost", "bob", postId=id_, requestId=community.request_id())
        assert (refused.code, refused.details) == ("not-found", {"reason": "NotFound"})
    assert community.database.under("sessions") == {}
