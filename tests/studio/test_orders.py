"""createStudioJob: one debit, one job, one submission, whoever calls how often at once (faults J1–J3, J16–J22)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from studiox.studio import service
from studiox.studio.input_files import NOT_A_PICTURE
from tests.media.servers import png
from tests.studio.studio import Studio
from tests.support import Answer, crowd

ID = "one-and-the-same-id"
CREATED = {"jobId", "status", "price", "balance", "sessionId"}


def test_the_answer_and_both_documents(studio: Studio) -> None:
    answer = studio.create(style="anime")
    assert answer.ok
    assert set(answer.result) == CREATED
    assert answer.result["price"] == 2
    assert answer.result["balance"] == studio.balance() == 998
    assert answer.result["status"] == "processing"
    job = studio.job(answer.result["jobId"])
    assert job["params"] == {"prompt": "a fox", "style": "anime", "size": "1024x1024"}
    assert "taskId" not in job
    (audit,) = studio.database.under("auditLogs").values()
    assert (audit["actor"], audit["action"]) == ("u1", "createStudioJob")
    assert audit["target"] == f"jobs/{answer.result['jobId']}"
    studio.check()


def test_j1_a_double_click_of_thirty_two(studio: Studio) -> None:
    studio.allow(64)
    answers = crowd(32, lambda _: studio.create(requestId=ID))
    assert {answer.ok for answer in answers} == {True}
    assert len({str(answer.result) for answer in answers}) == 1
    assert studio.balance() == 998
    assert len(studio.database.under("jobs")) == 1
    (charge,) = studio.poyo.charges().values()
    assert charge["submits"] == 1
    studio.check()


def test_j1_a_double_click_while_the_order_is_refused_answers_alike(studio: Studio) -> None:
    studio.poyo.plan("moderation", delay_s=0.5)
    answers = crowd(8, lambda _: studio.create(requestId=ID))
    assert {answer.reason for answer in answers} == {"ProviderRejected"}
    assert len({str(answer.details) for answer in answers}) == 1
    assert studio.balance() == 1000
    studio.check()


@pytest.mark.parametrize(("fault", "status"), [((), "processing"), (("429",), "pending")])
def test_a_replay_answers_as_the_first_call_but_for_the_status(
    studio: Studio, fault: tuple[str, ...], status: str
) -> None:
    """Job, price, balance and session are the first answer's; the status is live."""
    studio.poyo.plan(*fault)
    first = studio.create(requestId=ID)
    assert first.result["status"] == status
    assert studio.create(requestId=ID).result == first.result
    studio.created()
    studio.heal(first.result["jobId"])
    for _ in range(2):
        assert studio.create(requestId=ID).result == {**first.result, "status": "completed"}
        studio.restart()
    studio.check()


@pytest.mark.parametrize("fault", ["validation", "moderation", "401"])
def test_j1_a_replay_answers_as_the_first_call_although_the_order_was_refused_later(studio: Studio, fault: str) -> None:
    studio.poyo.plan("429")
    first = studio.create(requestId=ID)
    assert first.result["status"] == "pending"
    studio.poyo.plan(fault)
    studio.advance(60)
    studio.dispatch()
    assert studio.job(first.result["jobId"])["refunded"] == first.result["price"]
    assert studio.create(requestId=ID).result == {**first.result, "status": "failed"}
    studio.check()


def test_a_replay_of_a_cancelled_job_says_so(studio: Studio) -> None:
    first = studio.create(requestId=ID)
    assert studio.cancel(first.result["jobId"]).ok
    again = studio.create(requestId=ID)
    assert again.result == {**first.result, "status": "cancelled"}
    assert studio.balance() == 1000


def test_a_replay_while_the_first_call_is_sending_answers_its_job(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ANSWER_WAIT_S", 0.2)
    studio.poyo.plan(delay_s=3.0)
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(studio.create, requestId=ID)
        while not (made := studio.database.under("jobs")):
            time.sleep(0.01)
        assert made
        second = studio.create(requestId=ID)
        first = calling.result()
    assert second.result == {**first.result, "status": "pending"}
    assert studio.create(requestId=ID).result == first.result
    studio.check()


def test_a_refusal_by_the_provider_is_remembered(studio: Studio) -> None:
    studio.poyo.plan("moderation")
    first = studio.create(requestId=ID)
    assert (first.code, first.reason) == ("failed-precondition", "ProviderRejected")
    assert first.details["refunded"] == 2
    again = studio.create(requestId=ID)
    assert (again.code, again.details) == (first.code, first.details)
    assert studio.status(first.details["jobId"]).result["error"]["reason"] == "ContentRejected"
    assert len(studio.poyo.orders()) == 1
    studio.check()


def test_a_refusal_before_the_debit_is_not_remembered(studio: Studio) -> None:
    studio.user(balance=1)
    assert studio.create(requestId=ID).reason == "InsufficientTokens"
    studio.user(balance=5)
    assert studio.create(requestId=ID).ok


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "another fox"},
        {"style": "anime"},
        {"model": "nano-banana"},
        {"maxPrice": 7},
        {"sessionId": "another"},
        {"aspectRatio": "1:1"},
    ],
)
def test_j2_the_same_id_for_another_request(studio: Studio, change: dict[str, Any]) -> None:
    studio.created(requestId=ID)
    before = studio.database.hash("rateLimits")
    answer = studio.create(requestId=ID, **change)
    assert (answer.code, answer.reason) == ("already-exists", "RequestIdReused")
    assert studio.database.hash("rateLimits") == before


def test_the_scope_of_an_id_is_its_user(studio: Studio) -> None:
    studio.user("u2")
    assert studio.created(requestId=ID) != studio.created(requestId=ID, caller="u2")
    studio.check()
    studio.check("u2")


def test_j3_two_jobs_and_a_balance_for_one(studio: Studio) -> None:
    studio.user(balance=3)
    answers = crowd(2, lambda _: studio.create())
    assert sorted(str(answer.reason) for answer in answers) == [
        "InsufficientTokens",
        "None",
    ]
    studio.check()


def test_a_race_of_thirty_two_with_a_balance_for_ten(studio: Studio) -> None:
    studio.allow(64)
    studio.user(balance=21, plan="enterprise")
    answers = crowd(32, lambda _: studio.create())
    assert len(answers) == 32
    refused = [answer for answer in answers if not answer.ok]
    assert len(refused) == 22
    for answer in refused:
        assert (answer.code, answer.reason) == ("failed-precondition", "InsufficientTokens")
        assert answer.details == {"reason": "InsufficientTokens", "balance": 1, "price": 2}
    assert studio.balance() == 1
    assert len(studio.database.under("jobs")) == 10
    assert sorted(answer.result["balance"] for answer in answers if answer.ok) == list(range(1, 21, 2))
    studio.check()


@pytest.mark.parametrize(("plan", "most"), [("free", 3), ("pro", 10)])
def test_j30_places_are_counted_in_the_commit(studio: Studio, plan: str, most: int) -> None:
    studio.user(plan=plan)
    answers = crowd(most + 5, lambda _: studio.create())
    refused = [answer for answer in answers if not answer.ok]
    assert len(refused) == 5
    for answer in refused:
        assert (answer.code, answer.reason) == ("resource-exhausted", "TooManyJobs")
        assert answer.details["limit"] == most
    studio.check()
    first = next(answer for answer in answers if answer.ok)
    studio.heal(first.result["jobId"])
    assert studio.create().ok


def test_the_thirty_first_of_a_minute(studio: Studio) -> None:
    studio.user(plan="enterprise")
    for _ in range(30):
        assert studio.create().ok
    answer = studio.create()
    assert (answer.code, answer.reason) == ("resource-exhausted", "RateLimited")
    assert 1 <= answer.details["retryAfterSeconds"] <= 60
    studio.advance(61)
    assert studio.create().ok
    studio.check()


def test_a_replay_is_counted_too(studio: Studio) -> None:
    studio.created(requestId=ID)
    answers = [studio.create(requestId=ID) for _ in range(40)]
    assert all(each.ok for each in answers[:25])
    assert answers[-1].reason == "RateLimited"
    studio.check()


@pytest.mark.usefixtures("studio", "unchanged")
def test_j18_a_price_that_rose_since_it_was_shown(studio: Studio) -> None:
    answer = studio.create(maxPrice=1)
    assert (answer.code, answer.reason) == ("failed-precondition", "PriceChanged")
    assert answer.details == {"reason": "PriceChanged", "price": 2, "maxPrice": 1}


def test_j18_what_was_paid_is_what_is_refunded(studio: Studio) -> None:
    studio.poyo.plan("fail")
    job_id = studio.created(maxPrice=2)
    studio.database.put("models/z-image", {"price": {"tokens": 90}})
    studio.advance(61)
    studio.restart()
    studio.heal(job_id)
    assert studio.balance() == 1000
    assert studio.create().result["price"] == 90
    studio.check()


@pytest.mark.parametrize("bucket", ["monthly", "bonus", "purchased"])
def test_a_refund_goes_to_the_bucket_that_paid(studio: Studio, bucket: str) -> None:
    studio.user(bucket=bucket)
    studio.poyo.plan("validation")
    assert studio.create().reason == "ProviderRejected"
    assert studio.database.need("users/u1")["buckets"] == {"monthly": 0, "bonus": 0, "purchased": 0, bucket: 1000}
    studio.check()


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"model": "no-such-model"}, "invalid-argument", "InvalidRequest"),
        ({"type": "video"}, "invalid-argument", "InvalidRequest"),
        ({"style": "no such style"}, "invalid-argument", "InvalidRequest"),
        ({"prompt": "  "}, "invalid-argument", "InvalidRequest"),
        ({"prompt": "x" * 4001}, "invalid-argument", "InvalidRequest"),
        ({"price": 0}, "invalid-argument", "InvalidRequest"),
        ({"uid": "u2"}, "invalid-argument", "InvalidRequest"),
        ({"options": {"price": 1}}, "invalid-argument", "InvalidRequest"),
        ({"requestId": "short"}, "invalid-argument", "InvalidRequest"),
        ({"sessionId": "no-such-session"}, "not-found", "NotFound"),
        ({"inputPaths": ["users/u1/uploads/a.png"]}, "invalid-argument", "InvalidRequest"),
    ],
)
@pytest.mark.usefixtures("studio", "unchanged")
def test_what_is_refused_changes_nothing(studio: Studio, fields: dict[str, Any], code: str, reason: str) -> None:
    answer = studio.create(**fields)
    assert (answer.code, answer.reason) == (code, reason)
    assert studio.poyo.orders() == []


def test_a_suspended_caller_and_a_model_of_a_higher_plan(studio: Studio) -> None:
    studio.database.put("models/z-image", {"plan": "pro"})
    answer = studio.create()
    assert (answer.code, answer.reason, answer.details["plan"]) == ("failed-precondition", "PlanRequired", "pro")
    studio.user(suspended=True)
    assert studio.create().reason == "AccountSuspended"


def test_an_account_that_the_trigger_never_saw(studio: Studio) -> None:
    answer = studio.create(caller="imported")
    assert answer.ok
    assert answer.result["balance"] == 198
    studio.check("imported")


def test_sessions(studio: Studio) -> None:
    first = studio.create()
    session = studio.database.need(f"sessions/{first.result['sessionId']}")
    assert (session["uid"], session["model"]) == ("u1", "z-image")
    again = studio.create(sessionId=first.result["sessionId"])
    assert again.result["sessionId"] == first.result["sessionId"]
    studio.user("u2")
    before = studio.database.hash("rateLimits")
    foreign = studio.create(caller="u2", sessionId=first.result["sessionId"])
    absent = studio.create(caller="u2", sessionId="absent")
    assert (foreign.code, foreign.reason, foreign.message) == (absent.code, absent.reason, absent.message)
    assert foreign.code == "not-found"
    assert studio.database.hash("rateLimits") == before


def upload(studio: Studio, path: str, data: bytes | None = None) -> str:
    studio.gcs.put_object(path, png(2000) if data is None else data, {"contentType": "image/png"})
    return path


def edit(studio: Studio, *paths: str, **fields: Any) -> Answer:
    return studio.create(type="edit", model="nano-banana-edit", inputPaths=list(paths), **fields)


def test_inputs_are_the_callers_own_uploads(studio: Studio) -> None:
    mine = upload(studio, "users/u1/uploads/a.png")
    answer = edit(studio, mine)
    assert answer.ok
    (order,) = studio.poyo.orders()
    (url,) = order["input"]["image_urls"]
    assert url.startswith(f"http://127.0.0.1:{studio.gcs.port}/v0/b/")
    assert studio.job(answer.result["jobId"])["params"]["inputPaths"] == [mine]
    studio.check()


@pytest.mark.parametrize(
    "path",
    [
        "users/u2/uploads/a.png",
        "users/u1/creations/j/0.png",
        "users/u1/uploads/../../u2/uploads/a.png",
        "users/u1/uploads/",
        "users/u1/uploads/..",
        "users/u1/uploads/b/a.png",
        "users/u1/uploads/a\x00.png",
        "users/u1/uploads/a\n.png",
        "/users/u1/uploads/a.png",
        "users/u1/uploads/" + "ä" * 490,
        "https://169.254.169.254/computeMetadata",
        "users/u1/uploads/absent.png",
    ],
)
@pytest.mark.usefixtures("studio", "unchanged")
def test_m13_other_paths_are_refused(studio: Studio, path: str) -> None:
    for name in ("users/u2/uploads/a.png", "users/u1/uploads/b/a.png", "users/u1/creations/j/0.png"):
        upload(studio, name)
    answer = edit(studio, path)
    assert (answer.code, answer.reason) == ("invalid-argument", "InvalidRequest")
    assert list(answer.details["fields"]) == ["inputPaths"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Just a text, whatever its declared type says.",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n and then a text",
        b"ID3\4\0\0\0\0\0\x0f a song, by its first bytes",
        b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    ],
)
@pytest.mark.usefixtures("studio", "unchanged")
def test_m19_an_input_that_is_not_a_picture_is_refused_before_the_debit(studio: Studio, data: bytes) -> None:
    mine = [upload(studio, "users/u1/uploads/a.png"), upload(studio, "users/u1/uploads/b.png", data)]
    answer = edit(studio, *mine)
    assert (answer.reason, answer.details["fields"]) == ("InvalidRequest", {"inputPaths": NOT_A_PICTURE})


def test_a_replay_does_not_need_its_uploads_any_more(studio: Studio) -> None:
    mine = upload(studio, "users/u1/uploads/a.png")
    first = edit(studio, mine, requestId=ID)
    del studio.gcs.objects[mine]
    assert edit(studio, mine, requestId=ID).result == first.result


@pytest.mark.usefixtures("studio", "unchanged")
def test_storage_that_cannot_tell_is_no_bug_and_no_refusal(studio: Studio) -> None:
    studio.gcs.statuses = [503, 503, 503]
    answer = edit(studio, "users/u1/uploads/a.png")
    assert (answer.code, answer.reason) == ("unavailable", "Unavailable")
