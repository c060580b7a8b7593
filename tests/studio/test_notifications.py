"""What a user is told of jobs and tokens, and when a letter goes out: in the commit of what happened, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

import main
from studiox.kit import clock as studiox_clock
from studiox.kit import documents
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import notifications
from studiox.models.users import LOW_BALANCE, Preferences, user_path
from tests.studio.studio import Studio
from tests.support import call
from tests.support.indexes import read_file


def told(studio: Studio, uid: str = "u1") -> list[dict[str, Any]]:
    found = studio.database.under(f"users/{uid}/notifications").values()
    return sorted(found, key=lambda each: str(each["createdAt"]))


def kinds(studio: Studio) -> list[str]:
    return [each["type"] for each in told(studio)]


def letters(studio: Studio) -> list[dict[str, Any]]:
    return list(studio.database.under("mail").values())


def finish(studio: Studio, **fields: Any) -> str:
    job_id = studio.created(**fields)
    studio.heal(job_id)
    return job_id


def test_a_finished_job_is_told_once_however_often_it_is_looked_at(studio: Studio) -> None:
    job_id = finish(studio)
    studio.status(job_id)
    studio.settle(job_id, hint=True)
    [note] = told(studio)
    assert (note["type"], note["jobId"], note["jobType"], note["readAt"]) == ("job_completed", job_id, "image", None)
    assert note["expiresAt"] - note["createdAt"] == timedelta(days=90)
    assert letters(studio) == [], "nobody asked for letters"


def test_a_failed_job_is_told_and_a_cancelled_one_is_not(studio: Studio) -> None:
    studio.poyo.plan("fail")
    failed = studio.created()
    studio.heal(failed)
    cancelled = studio.created()
    studio.cancel(cancelled)
    studio.heal(cancelled)
    assert [(each["type"], each["jobId"]) for each in told(studio)] == [("job_failed", failed)]
    assert studio.job(failed)["status"] == "failed"


@pytest.mark.parametrize(
    ("preferences", "sent"),
    [
        ({}, 0),
        ({"emailNotifications": True}, 1),
        ({"emailJobs": True}, 1),
        ({"emailNotifications": True, "emailJobs": False}, 0),
        ({"emailTokens": True}, 0),
        ({"emailJobs": False}, 0),
    ],
)
def test_a_letter_goes_to_those_who_ask_for_it(studio: Studio, preferences: dict[str, bool], sent: int) -> None:
    studio.database.change("users/u1", preferences=preferences)
    finish(studio, prompt="a secret fox")
    assert len(letters(studio)) == sent
    for letter in letters(studio):
        assert letter["to"] == ["x@canary.test"]
        assert set(letter["message"]) == {"subject", "text"}
        assert "fox" not in str(letter)
        assert letter["uid"] == "u1"


def test_no_letter_without_an_address(studio: Studio) -> None:
    studio.database.change("users/u1", preferences={"emailNotifications": True}, email=None)
    finish(studio)
    assert kinds(studio) == ["job_completed"]
    assert letters(studio) == []


def test_few_tokens_are_told_when_the_line_is_crossed(studio: Studio) -> None:
    """21 → 19 tells, 19 → 17 does not."""
    studio.user(balance=21)
    studio.created()
    [note] = told(studio)
    assert (note["type"], note["balance"]) == ("tokens_low", 19)
    studio.created()
    assert kinds(studio) == ["tokens_low"]


def test_few_tokens_are_told_anew_after_there_were_enough(studio: Studio) -> None:
    studio.user(balance=21)
    first = studio.created()
    studio.cancel(first)
    assert studio.balance() == 21
    studio.created()
    assert kinds(studio) == ["tokens_low", "tokens_low"]
    studio.check()


def test_a_balance_at_the_line_is_enough(studio: Studio) -> None:
    studio.user(balance=22)
    studio.created()
    assert studio.balance() == LOW_BALANCE
    assert kinds(studio) == []


def test_a_lost_answer_tells_once(studio: Studio) -> None:
    """J22."""
    studio.user(balance=21)
    studio.rpcs.fail_after_apply("Commit")
    studio.created()
    assert kinds(studio) == ["tokens_low"]


@pytest.mark.parametrize("kind", list(notifications.LETTERS))
def test_every_kind_has_its_letter(studio: Studio, kind: notifications.Type) -> None:
    asked = replace(Preferences(), **{notifications.LETTERS[kind].preference: True})
    studio.database.change("users/u1", preferences=documents.encode(asked))
    now = studiox_clock.now()

    def decide(docs: Docs) -> None:
        docs.update(user_path("u1"), updated_at=now)
        notifications.add(docs, "u1", kind, "cause", now)

    transact("users/u1", decide, Reads(fresh=["users/u1"]))
    [letter] = letters(studio)
    assert letter["message"]["subject"].startswith("StudioX: ")
    assert kinds(studio) == [kind]


def test_what_is_told_expires() -> None:
    expiring = {each["collectionGroup"] for each in read_file()["fieldOverrides"] if each.get("ttl")}
    assert {"notifications", "mail"} <= expiring


def test_a_notification_shows_what_was_made(studio: Studio) -> None:
    job_id = finish(studio, prompt="A fox in the snow, " + "at night " * 20)
    [note] = told(studio)
    assert (note["creationId"], "thumbnailPath" in note, "text" in note) == (job_id, False, False)
    assert note["title"] == studio.database.need(f"creations/{job_id}")["title"]
    assert note["title"].startswith("A fox in the snow, ")
    assert note["title"].endswith("at night…")
    studio.queue.render(main.makeRenditions)
    [note] = told(studio)
    [made] = studio.job(job_id)["media"]
    assert note["thumbnailPath"] == made["thumbnail"]["path"]


def test_a_notification_of_a_failure_says_why(studio: Studio) -> None:
    studio.poyo.plan("fail")
    finish(studio, prompt="A fox")
    [note] = told(studio)
    assert (note["title"], note["text"]) == ("A fox", "The generation failed; your tokens were refunded.")
    assert "creationId" not in note


def test_a_notification_goes_with_the_creation(studio: Studio) -> None:
    job_id = finish(studio)
    assert call(main.deleteCreation, {"creationId": job_id}, uid="u1").ok
    assert told(studio) == []
