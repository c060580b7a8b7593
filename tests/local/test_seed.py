"""emulator-data/: a stack that loads it has the people, creations and feed of local/generate/seed.json."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.generate.seed import DATA
from local.stack import settings
from local.stack.start import Stack, stack
from tests.support.database import Database
from tests.support.structs import differences, pattern

Data = dict[str, Any]
SEED: Data = json.loads((settings.ROOT / "local/generate/seed.json").read_text())
MADE = [each for each in SEED["creations"] if "fault" not in each]
UNSEEN = {each["post"] for each in SEED["decisions"]}
UNSEEN |= {each["key"] for each in MADE if each.get("publish", {}).get("rating") == "mature"}
"""Posts that the feed does not show to a visitor."""
MOST_BYTES = 6_000_000
UNTYPED: set[str] = set()
"""Collections whose documents have no struct yet."""


pytestmark = pytest.mark.usefixtures("own_parameters")


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with stack(data_dir=DATA) as started:
        yield started


def sign_in(running: Stack, user: Data) -> tuple[str, Data]:
    """(the ID token, its claims)."""
    url = f"http://{running.auth_host}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=local"
    given = {"email": user["email"], "password": SEED["password"], "returnSecureToken": True}
    answer = requests.post(url, json=given, timeout=60)
    assert answer.ok, answer.text
    token: str = answer.json()["idToken"]
    claims: Data = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return token, claims


def call(running: Stack, name: str, token: str = "", **data: Any) -> Data:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.post(f"{running.functions_url}/{name}", json={"data": data}, headers=headers, timeout=60)
    assert answer.ok, answer.text
    result: Data = answer.json()["result"]
    return result


def file(running: Stack, path: str, token: str = "") -> requests.Response:
    name = urllib.parse.quote(path, safe="")
    url = f"http://{running.storage_host}/v0/b/{running.project}.appspot.com/o/{name}?alt=media"
    return requests.get(url, headers={"Authorization": f"Firebase {token}"} if token else {}, timeout=60)


def test_it_is_small_and_holds_no_download_tokens() -> None:
    files = [path for path in DATA.rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in files) < MOST_BYTES
    assert not [path for path in files if path.suffix == ".json" and "downloadTokens" in path.read_text()]


def test_the_people_can_sign_in_and_the_administrator_is_one(running: Stack) -> None:
    for user in SEED["users"]:
        token, claims = sign_in(running, user)
        assert (claims.get("admin") is True) == user.get("admin", False)
        profile = call(running, "getProfile", token)
        assert profile["displayName"] == user["name"]
        ledger = call(running, "getTokenTransactions", token, pageSize=100)["transactions"]
        assert profile["balance"] == ledger[0]["balanceAfter"] == sum(entry["amount"] for entry in ledger)
    bought = {each["by"] for each in SEED["purchases"]}
    assert {name for name in bought if _payments(running, name)} == bought


def _payments(running: Stack, name: str) -> list[Data]:
    user = next(user for user in SEED["users"] if user["email"].startswith(f"{name}@"))
    payments: list[Data] = call(running, "getBillingHistory", sign_in(running, user)[0])["payments"]
    return payments


def test_the_libraries_hold_what_was_made(running: Stack) -> None:
    for user in SEED["users"]:
        name, (token, _) = user["email"].split("@")[0], sign_in(running, user)
        creations = call(running, "getUserCreations", token, pageSize=100)["creations"]
        described = [each for each in reversed(MADE) if each["by"] == name]
        assert [each["prompt"] for each in creations] == [each["prompt"] for each in described]
        assert [each["isFavorite"] for each in creations] == [each.get("favorite", False) for each in described]
        failed = [each for each in SEED["creations"] if each["by"] == name and "fault" in each]
        jobs = call(running, "listStudioJobs", token, status="failed")["jobs"]
        assert [(job["model"], job["refunded"] == job["price"] > 0) for job in jobs] == [
            (each["model"], True) for each in failed
        ]
        for item in (item for creation in creations for item in creation["media"]):
            assert len(file(running, item["path"], token).content) == item["bytes"]
            assert "imagePath" not in item or file(running, item["imagePath"], token).ok
            assert item["contentType"].startswith("audio/") or file(running, item["thumbnail"]["path"], token).ok


def test_the_feed_is_what_was_published(running: Stack) -> None:
    posts = call(running, "getFeed", pageSize=100)["posts"]
    names = {user["email"].split("@")[0]: user["name"] for user in SEED["users"]}
    comments = Counter(each["post"] for each in SEED["comments"])
    remixes = Counter(each["remix"] for each in SEED["creations"] if "remix" in each)
    described = [
        {
            "author": names[each["by"]],
            "caption": each["publish"]["caption"],
            "tags": each["publish"]["tags"],
            "prompt": each["prompt"] if each["publish"].get("shareParams", True) else None,
            "likes": len(SEED["likes"].get(each["key"], ())),
            "comments": comments[each["key"]],
            "remixes": remixes[each["key"]],
            "is a remix": "remix" in each,
        }
        for each in reversed(MADE)
        if "publish" in each and each["key"] not in UNSEEN
    ]
    found = [
        {
            "author": post["authorName"],
            "caption": post["caption"],
            "tags": post["tags"],
            "prompt": post.get("prompt"),
            "likes": post["likeCount"],
            "comments": post["commentCount"],
            "remixes": post["remixCount"],
            "is a remix": post.get("remixOf") is not None,
        }
        for post in posts
    ]
    assert found == described
    for item in (item for post in posts for item in post["media"]):
        assert len(file(running, item["path"]).content) == item["bytes"]


def stored(running: Stack) -> dict[str, Data]:
    return Database(running.firestore_host, running.project).all()


def test_models_have_a_sample_and_a_time(running: Stack) -> None:
    models = {each["id"]: each for each in call(running, "getStudioOptions")["models"]}
    shown = {each["model"] for each in MADE if each["key"] in SEED["samples"]}
    samples = {name: model["sample"] for name, model in models.items() if "sample" in model}
    assert set(samples) == shown
    assert [name for name, sample in samples.items() if not file(running, sample).ok] == []
    assert models["z-image"]["typicalSeconds"]["p50"] > 0


def test_notifications_name_and_show_what_they_are_about(running: Stack) -> None:
    told = [data for path, data in stored(running).items() if pattern(path) == "users/notifications"]
    made = [each for each in told if each["type"] == "job_completed"]
    assert len(made) == len(MADE)
    assert [each for each in made if not each.get("title")] == []
    pictures = [each for each in made if each["jobType"] in ("image", "edit", "video")]
    assert [each for each in pictures if not each.get("thumbnailPath")] == []
    assert {"post_commented", "content_hidden", "job_failed"} <= {each["type"] for each in told}


def test_the_administrators_pages_have_something_to_show(running: Stack) -> None:
    boss, _ = sign_in(running, next(user for user in SEED["users"] if user.get("admin")))
    days = sorted(data["createdAt"] for path, data in stored(running).items() if pattern(path) == "jobs")
    period = {"from": f"{days[0]:%Y-%m-%d}", "to": f"{days[-1]:%Y-%m-%d}"}
    overview = call(running, "getOverview", boss, **period)
    assert sum(each["completed"] for each in overview["hours"]) == len(MADE)
    assert sum(each["jobs"] for each in overview["models"]) == len(SEED["creations"])
    assert [day["revenue"] for day in overview["days"] if day["revenue"]]
    waiting = {
        kind: len(call(running, "getModerationQueue", boss, kind=kind)["items"])
        for kind in ("posts", "appeals", "claims")
    }
    assert waiting == {
        "posts": len({each["post"] for each in SEED["reports"]} - UNSEEN),
        "appeals": len(SEED["appeals"]),
        "claims": len([each for each in SEED["claims"] if not each.get("approve")]),
    }
    weeks = call(running, "getWeeklyReports", boss, limit=9)["reports"]
    assert [bool(each["totalRequests"]) for each in weeks] == [True, False]


def test_collections_hold_what_was_put_into_them(running: Stack) -> None:
    for each in SEED["collections"]:
        token, _ = sign_in(running, next(user for user in SEED["users"] if user["email"].startswith(each["by"])))
        found = call(running, "listCollections", token)["collections"]
        assert [(one["name"], one["count"]) for one in found] == [(each["name"], len(each["creations"]))]


def test_every_document_is_what_its_struct_says(running: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded and encoded again it is the same: no unknown field, none of another type, no required one missing."""
    monkeypatch.setenv("APP_SIGNING_KEY", "names nothing that is stored")
    documents = stored(running)
    assert {"users", "users/ledger", "auditLogs", "posts"} <= set(map(pattern, documents))
    wrong, untyped = differences(documents)
    assert wrong == []
    assert untyped <= UNTYPED
