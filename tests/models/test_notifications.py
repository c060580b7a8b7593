"""Whom an event is told, by which way, for how long, and when the balance is low."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.kit.documents import AlreadyDecided, Docs, encode
from studiox.models import notifications
from studiox.models.ledger import LedgerEntry
from studiox.models.notifications import (
    LETTERS,
    Letter,
    Mail,
    MailMessage,
    Notification,
    Type,
    Words,
    notification_path,
)
from studiox.models.users import DaySpend, Preferences, user_path
from tests.support.documents import docs_with
from tests.support.people import user_of
from tests.support.samples import sample

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def person(preferences: Preferences = Preferences(), email: str | None = "x@canary.test") -> Docs:
    user = replace(user_of(email), preferences=preferences)
    return docs_with({user_path("u1"): encode(user)})


def changed(docs: Docs, below: str) -> list[Any]:
    return [data for path, data in docs.changes.items() if path.startswith(below)]


def mails(docs: Docs) -> list[Any]:
    return changed(docs, "mail/")


def test_a_notification_lives_for_ninety_days() -> None:
    docs = person()
    notifications.add(docs, "u1", "job_failed", "cause", NOW, job_id="j1", job_type="image")
    assert docs.get(notification_path("u1", "job_failed", "cause")) == Notification(
        type="job_failed",
        created_at=NOW,
        read_at=None,
        expires_at=NOW + timedelta(days=90),
        job_id="j1",
        job_type="image",
    )
    assert len(docs.changes) == 1


def test_a_cause_is_told_once() -> None:
    docs = person()
    notifications.add(docs, "u1", "job_failed", "cause", NOW)
    notifications.add(docs, "u1", "job_completed", "cause", NOW)
    notifications.add(docs, "u1", "job_failed", "other", NOW)
    with pytest.raises(AlreadyDecided):
        notifications.add(docs, "u1", "job_failed", "cause", NOW)
    assert len(docs.changes) == 3


def test_an_e_mail_is_addressed_and_lives_for_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_URL", "https://studiox.example")
    docs = person(Preferences(email_jobs=True))
    notifications.add(docs, "u1", "job_failed", "cause", NOW)
    assert mails(docs) == [
        encode(
            Mail(
                to=["x@canary.test"],
                message=MailMessage(
                    subject="StudioX: Your generation failed",
                    text="Your generation failed; your tokens were refunded.\n\nhttps://studiox.example\n",
                ),
                uid="u1",
                created_at=NOW,
                expires_at=NOW + timedelta(days=30),
            )
        )
    ]


@pytest.mark.parametrize("kind", LETTERS)
def test_each_kind_asks_for_its_own_preference(kind: Type) -> None:
    own = LETTERS[kind].preference
    kinds = {name for name in Preferences.__struct_fields__ if name.startswith("email_")}
    others = dict.fromkeys(kinds - {own, "email_notifications"}, True)
    for preferences, sent in (
        (Preferences(), 0),
        (Preferences(email_notifications=False), 0),
        (Preferences(email_notifications=True), 1),
        (replace(Preferences(), **{own: True}), 1),
        (replace(Preferences(email_notifications=False), **{own: True}), 1),
        (replace(Preferences(email_notifications=True), **{own: False}), 0),
        (replace(Preferences(), **others), 0),
    ):
        docs = person(preferences)
        notifications.add(docs, "u1", kind, "cause", NOW)
        assert len(mails(docs)) == sent, preferences


@pytest.mark.parametrize("email", [None, ""])
def test_without_an_address_no_e_mail_is_written(email: str | None) -> None:
    docs = person(Preferences(email_notifications=True), email)
    notifications.add(docs, "u1", "job_failed", "cause", NOW)
    assert len(changed(docs, "users/u1/notifications/")) == 1
    assert mails(docs) == []


def test_an_account_that_is_gone_gets_no_e_mail() -> None:
    docs = docs_with({})
    notifications.add(docs, "u1", "job_failed", "cause", NOW)
    assert mails(docs) == []


def test_what_was_told_is_amended_or_withdrawn_while_it_is_there() -> None:
    docs, path = person(), notification_path("u1", "post_commented", "c1")
    notifications.amend(docs, "u1", "post_commented", "c1", author_name="Ada")
    notifications.withdraw(docs, "u1", "post_commented", "c1")
    assert docs.changes == {}
    notifications.add(docs, "u1", "post_commented", "c1", NOW, author_name="Bob")
    notifications.amend(docs, "u1", "post_commented", "c1", author_name="Ada")
    told = docs.get(path)
    assert told is not None
    assert told.author_name == "Ada"
    notifications.withdraw(docs, "u1", "post_commented", "c1")
    assert docs.get(path) is None


@pytest.mark.parametrize(
    ("chosen", "before", "after", "told"),
    [
        (None, 20, 19, True),
        (None, 500, 0, True),
        (None, 21, 20, False),
        (None, 19, 18, False),
        (100, 100, 99, True),
        (100, 101, 100, False),
        (0, 500, 0, False),
    ],
)
def test_a_low_balance_is_told_when_it_falls_below_what_was_chosen(
    chosen: int | None, before: int, after: int, told: bool
) -> None:
    docs = person(Preferences(email_tokens=True))
    user = replace(user_of(), balance=before, preferences=Preferences(low_balance_at=chosen))
    notifications.tell_low_balance(docs, "u1", user, sample(LedgerEntry, id="debit", balance_after=after))
    found = docs.get(notification_path("u1", "tokens_low", "debit"))
    assert (found.balance if found else None) == (after if told else None)
    said = [each["message"]["text"].splitlines()[0] for each in mails(docs)]
    assert said == ([f"You have {after} tokens left, fewer than {chosen or 20}."] if told else [])


def test_a_reached_limit_is_told_by_its_day() -> None:
    docs = person(Preferences(email_tokens=True))
    notifications.tell_spend_limit(docs, "u1", DaySpend("2026-03-02", 50), NOW)
    found = docs.get(notification_path("u1", "spend_limit_reached", "2026-03-02"))
    assert found is not None
    assert found.text is not None
    assert found.text.startswith("You have spent 50 tokens today")
    assert [each["message"]["text"].startswith(found.text) for each in mails(docs)] == [True]


ARABIC = re.compile("[\u0600-\u06ff]")


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize(("language", "arabic"), [("ar", True), ("en", False), ("de", False), (None, False)])
def test_a_letter_is_in_the_persons_language(kind: Type, language: str | None, arabic: bool) -> None:
    docs = person(Preferences(email_notifications=True, language=language))
    notifications.add(docs, "u1", kind, "cause", NOW, Words("in English", "بالعربية"))
    [mail] = mails(docs)
    note = docs.get(notification_path("u1", kind, "cause"))
    assert note is not None
    assert note.text == ("بالعربية" if arabic else "in English")
    assert mail["message"]["text"].startswith(note.text)
    assert bool(ARABIC.search(mail["message"]["subject"])) is arabic


@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
def test_a_letter_says_as_much_in_each_language(letter: Letter) -> None:
    for words in (letter.subject, letter.text):
        assert not ARABIC.search(words.en)
        assert bool(words.en) is bool(ARABIC.search(words.ar))


def test_figures_are_in_both_languages() -> None:
    docs = person(Preferences(language="ar"))
    notifications.tell_spend_limit(docs, "u1", DaySpend(date="2026-03-02", tokens=731), NOW)
    note = docs.get(notification_path("u1", "spend_limit_reached", "2026-03-02"))
    assert note is not None
    assert note.text is not None
    assert "731" in note.text
    assert ARABIC.search(note.text)
