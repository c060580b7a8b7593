"""Whose address it is, which domains are refused, and what a new account begins with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from studiox.auth.sign_up import display_name, is_blocked, new_user, person_address, photo_url, resumed, used_month
from studiox.models.ledger import Buckets
from studiox.models.users import Plays, Preferences, Streak, User
from studiox.models.welcomes import UsedMonth

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MONTH_LATER = datetime(2026, 2, 28, 12, tzinfo=UTC)
TICK = timedelta.resolution


@pytest.mark.parametrize(
    ("spelling", "person"),
    [
        (" Ada+x+y@Canary.test. ", "ada@canary.test"),
        ("+x@canary.test", "+x@canary.test"),
        ("a.d-a_@canary.test", "a.d-a_@canary.test"),
        ("ａda@canary.test", "ada@canary.test"),
        ('"a@b"@canary.test', '"a@b"@canary.test'),
        ("a.d.a@googlemail.com", "ada@gmail.com"),
        ("a-d_a@gmail.com", "a-d_a@gmail.com"),
        ("ada@me.com", "ada@icloud.com"),
        ("a.d-a_@pm.me", "ada@proton.me"),
        ("a.da@yandex.com.tr", "a-da@yandex.ru"),
        ("ada-shop-2@yahoo.co.uk", "ada@yahoo.co.uk"),
        ("ada-shop@ymail.com", "ada@ymail.com"),
        ("-shop@yahoo.com", "-shop@yahoo.com"),
        ("ada-shop@yahoo.example.com", "ada-shop@yahoo.example.com"),
        ("shop@ada.fastmail.com", "ada@fastmail.com"),
        ("shop@ada.fastmail.fm", "ada@fastmail.fm"),
        ("ada+shop@fastmail.com", "ada@fastmail.com"),
        ("shop@a.b.fastmail.com", "shop@a.b.fastmail.com"),
    ],
)
def test_the_spellings_of_one_mailbox_are_one_person(spelling: str, person: str) -> None:
    assert person_address(spelling) == person


@pytest.mark.parametrize(
    ("email", "blocked", "allowed", "refused"),
    [
        ("ada@canary.test", (), (), False),
        ("ada@canary.test", ("canary.test",), (), True),
        (" ADA@Mail.CANARY.test. ", ("canary.test",), (), True),
        ("ada@xcanary.test", ("canary.test",), (), False),
        ("ada@canary.test", ("mail.canary.test",), (), False),
        ("ada@mail.canary.test", ("canary.test",), ("mail.canary.test",), False),
        ("ada@mail.canary.test", ("mail.canary.test",), ("canary.test",), True),
        ("ada@canary.test", ("canary.test",), ("canary.test",), False),
        ("ada@mailinator.com", (), (), True),
        ("ada@x.mailinator.com", (), (), True),
        ("ada@x.mailinator.com", (), ("mailinator.com",), False),
        ("ada@canary.test", ("ada",), (), False),
    ],
)
def test_the_longest_domain_that_fits_decides(
    email: str, blocked: tuple[str, ...], allowed: tuple[str, ...], refused: bool
) -> None:
    assert is_blocked(email, blocked, allowed) is refused


@pytest.mark.parametrize(
    ("given", "shown"),
    [(None, None), ("", None), ("\u200b", None), (" Ada\n", "Ada"), ("a" * 100, "a" * 100), ("a" * 101, "a" * 100)]
    + [("a" * 99 + " b", "a" * 99)],
)
def test_a_providers_name_is_cut_and_never_refused(given: str | None, shown: str | None) -> None:
    assert display_name(given) == shown


@pytest.mark.parametrize("given", [None, "", "http://a.example/x", "https://a.example/\n", "https://a" + "x" * 2040])
def test_a_strange_address_is_no_picture(given: str | None) -> None:
    assert photo_url(given) is None


def test_a_picture_is_at_an_https_address_of_at_most_2048_characters() -> None:
    longest = "https://a" + "x" * 2039
    assert photo_url(longest) == longest
    assert photo_url("https://a.example/x") == "https://a.example/x"


FRESH = User(
    email="ada@canary.test",
    display_name="Ada",
    photo_url="https://a.example/x",
    plan="free",
    is_premium=False,
    balance=0,
    buckets=Buckets(),
    ledger_seq=0,
    credit_reset_at=MONTH_LATER,
    streak=Streak(current=0, longest=0, last_active_date=None),
    plays=Plays(count=0, reset_at=None),
    generation_count=0,
    active_jobs=0,
    preferences=Preferences(),
    suspended=False,
    welcome="pending",
    created_at=NOW,
    updated_at=NOW,
)
USED = UsedMonth(credit_reset_at=NOW + timedelta(days=3), generation_count=7, generation_reset_at=NOW + TICK)


def test_an_account_begins_with_nothing_but_its_month() -> None:
    assert new_user("ada@canary.test", " Ada ", "https://a.example/x", NOW) == FRESH
    nobody = replace(FRESH, email=None, display_name=None, photo_url=None)
    assert new_user(None, None, "ftp://a", NOW) == nobody
    assert used_month(replace(FRESH, generation_count=7, generation_reset_at=NOW)) == UsedMonth(
        credit_reset_at=MONTH_LATER, generation_count=7, generation_reset_at=NOW
    )


def test_a_month_that_was_begun_goes_on() -> None:
    month = {"credit_reset_at": NOW + timedelta(days=3), "credit_anchor_day": 3}
    songs = {"generation_count": 7, "generation_reset_at": NOW + TICK}
    assert resumed(None, NOW) == {}
    assert resumed(USED, NOW) == {**month, **songs}
    assert new_user("ada@canary.test", "Ada", "https://a.example/x", NOW, USED) == replace(FRESH, **month, **songs)
    assert resumed(replace(USED, generation_reset_at=None), NOW) == month
    assert resumed(replace(USED, generation_reset_at=NOW), NOW) == month


@pytest.mark.parametrize(
    ("until", "goes_on"), [(NOW, False), (NOW + TICK, True), (MONTH_LATER, True), (MONTH_LATER + TICK, False)]
)
def test_a_month_that_is_over_or_too_long_does_not_go_on(until: datetime, goes_on: bool) -> None:
    used = replace(USED, credit_reset_at=until, generation_reset_at=None)
    assert resumed(used, NOW) == ({"credit_reset_at": until, "credit_anchor_day": until.day} if goes_on else {})
