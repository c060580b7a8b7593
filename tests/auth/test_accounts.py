"""The rules of an account: who is one person, whose domain is blocked, a month after, names and pictures."""

from __future__ import annotations

import calendar
import string
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.auth import sign_up
from studiox.kit import clock

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("spelling", "person"),
    [
        ("Alice@Gmail.com", "alice@gmail.com"),
        ("a.l.i.c.e@gmail.com", "alice@gmail.com"),
        ("alice+studio@gmail.com", "alice@gmail.com"),
        ("a.lice+x+y@googlemail.com", "alice@gmail.com"),
        (" alice@gmail.com ", "alice@gmail.com"),
        ("ａlice@gmail.com", "alice@gmail.com"),
        ("a.lice@outlook.com", "a.lice@outlook.com"),
        ("alice+x@outlook.com", "alice@outlook.com"),
        ("alice+x@me.com", "alice@icloud.com"),
        ("alice+x@pm.me", "alice@proton.me"),
        ("alice+x@protonmail.com", "alice@proton.me"),
        ("a.lice+x@example.com", "a.lice@example.com"),
        ("alice+x@mail.example.co.uk", "alice@mail.example.co.uk"),
        ("+x@example.com", "+x@example.com"),
        ("alice+x@outlook.de", "alice@outlook.de"),
        ("alice+x@hotmail.co.uk", "alice@hotmail.co.uk"),
        ("alice+x@live.fr", "alice@live.fr"),
        ("al.ice+x@yahoo.co.jp", "al.ice@yahoo.co.jp"),
        ("alice-shop@yahoo.com", "alice@yahoo.com"),
        ("alice-shop@yahoo.com.br", "alice@yahoo.com.br"),
        ("alice-shop@yahoo.de", "alice@yahoo.de"),
        ("alice-shop@ymail.com", "alice@ymail.com"),
        ("alice-shop@example.com", "alice-shop@example.com"),
        ("alice-shop@notyahoo.com", "alice-shop@notyahoo.com"),
        ("alice@mac.com", "alice@icloud.com"),
        ("a.l-i_ce@protonmail.ch", "alice@proton.me"),
        ("al.ice@ya.ru", "al-ice@yandex.ru"),
        ("al-ice@yandex.com.tr", "al-ice@yandex.ru"),
        ("shop@alice.fastmail.com", "alice@fastmail.com"),
        ("alice+shop@fastmail.com", "alice@fastmail.com"),
        ("alice@example.com.", "alice@example.com"),
        ("A@EXAMPLE.com", "a@example.com"),
    ],
)
def test_one_person_has_many_spellings(spelling: str, person: str) -> None:
    assert sign_up.person_address(spelling) == person


@given(st.text(string.ascii_letters + string.digits, min_size=1), st.data())
def test_every_spelling_at_gmail_is_the_same_person(name: str, data: st.DataObject) -> None:
    dotted = "".join(char + data.draw(st.sampled_from(["", "."])) for char in name[:-1]) + name[-1]
    tag = data.draw(st.sampled_from(["", "+", "+a", "+a.b", "+a+b"]))
    shout = data.draw(st.booleans())
    domain = data.draw(st.sampled_from(["gmail.com", "googlemail.com", "GMAIL.com"]))
    address = f"{dotted}{tag}@{domain}"
    assert sign_up.person_address(address.upper() if shout else address) == f"{name.lower()}@gmail.com"


@pytest.mark.parametrize(
    ("email", "blocked"),
    [
        ("a@trash.com", True),
        ("a@mail.trash.com", True),
        ("a@x.y.trash.com", True),
        ("a@TRASH.com", True),
        (" a@trash.com ", True),
        ("a@trash.com.", True),
        ("a@b@trash.com", True),
        ("trash.com@example.com", False),
        ("a@nottrash.com", False),
        ("a@trash.com.example.com", False),
        ("a@trash.co", False),
        ("a@com", False),
        ("a", False),
    ],
)
def test_a_blocked_domain_blocks_those_below_it(email: str, blocked: bool) -> None:
    assert sign_up.is_blocked(email, ["trash.com", "spam.net"]) is blocked


@pytest.mark.parametrize("domain", ["mailinator.com", "mx.mailinator.com", "yopmail.fr", "10minutemail.co.uk"])
def test_a_kept_list_of_disposable_domains_blocks(domain: str) -> None:
    """A4: also what lies below one of them."""
    assert sign_up.is_blocked(f"a@{domain}", [])
    assert not sign_up.is_blocked(f"a@{domain}", [], [domain])
    assert not sign_up.is_blocked(f"a@below.{domain}", [], [domain])


def test_the_longest_domain_decides() -> None:
    blocked, allowed = ["trash.com", "bad.good.com"], ["ok.trash.com", "good.com", "mailinator.com"]
    addresses = (
        "a@trash.com",
        "a@ok.trash.com",
        "a@b.ok.trash.com",
        "a@good.com",
        "a@bad.good.com",
        "a@mailinator.com",
    )
    outcomes = [sign_up.is_blocked(address, blocked, allowed) for address in addresses]
    assert outcomes == [True, False, False, False, True, False]


@pytest.mark.parametrize("provider", ["gmail.com", "outlook.com", "yahoo.co.uk", "proton.me", "icloud.com", "qq.com"])
def test_no_provider_of_many_is_blocked(provider: str) -> None:
    assert not sign_up.is_blocked(f"a@{provider}", [])
    assert not sign_up.is_blocked("a@example.com", [])


@pytest.mark.parametrize(
    ("moment", "after"),
    [
        ((2026, 1, 31), (2026, 2, 28)),
        ((2028, 1, 31), (2028, 2, 29)),
        ((2028, 2, 29), (2028, 3, 29)),
        ((2026, 2, 28), (2026, 3, 28)),
        ((2026, 3, 31), (2026, 4, 30)),
        ((2026, 12, 31), (2027, 1, 31)),
        ((2026, 11, 30), (2026, 12, 30)),
        ((2099, 12, 1), (2100, 1, 1)),
        ((2100, 1, 29), (2100, 2, 28)),
    ],
)
def test_a_month_after(moment: tuple[int, int, int], after: tuple[int, int, int]) -> None:
    """J26."""
    at = datetime(*moment, 23, 59, 58, 7, tzinfo=UTC)
    assert clock.a_month_after(at) == datetime(*after, 23, 59, 58, 7, tzinfo=UTC)


@given(MOMENTS)
def test_a_month_after_is_in_the_next_month(moment: datetime) -> None:
    after = clock.a_month_after(moment)
    assert (after.year * 12 + after.month) - (moment.year * 12 + moment.month) == 1
    assert (after.hour, after.minute, after.second, after.microsecond, after.tzinfo) == (
        *(moment.hour, moment.minute, moment.second, moment.microsecond),
        UTC,
    )
    assert after.day == min(moment.day, calendar.monthrange(after.year, after.month)[1])
    assert 28 <= (after.date() - moment.date()).days <= 31


@given(MOMENTS, st.integers(1, 60))
def test_a_day_of_the_month_that_was_clamped_comes_back(moment: datetime, months: int) -> None:
    """J26: who started on the 31st is reset on the last day of short months, and on the 31st again."""
    day, at = moment.day, moment
    for _ in range(months):
        at = clock.a_month_after(at, day)
        assert at.day == min(day, calendar.monthrange(at.year, at.month)[1])


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        (None, None),
        ("", None),
        (" \n ", None),
        ("\0\1", None),
        ("Ada", "Ada"),
        (" Ada\tLovelace\r\n ", "Ada Lovelace"),
        ("Ada\u202e ecalevoL\u202c", "Ada ecalevoL"),
        ("A\u200bd\u200da\ufeff\u2060", "Ada"),
        ("\u2066Ada\u2069\u00ad", "Ada"),
        ("\u3164", None),
        ("\u200b\u200f", None),
        ("\u0301", None),
        ("Ada  \u2028 L", "Ada L"),
        ("❤️ Ada", "❤️ Ada"),
        ("A\u0000d\ud800a", "Ada"),
        ("e\u0301", "é"),
        ("<b>Ada</b>", "<b>Ada</b>"),
        ("a" * 99 + " b", "a" * 99),
        ("😀" * 200, "😀" * 100),
    ],
)
def test_a_name_never_fails_a_sign_up(given_: str | None, kept: str | None) -> None:
    assert sign_up.display_name(given_) == kept


@given(st.text())
def test_any_name_becomes_plain_text(text: str) -> None:
    kept = sign_up.display_name(text)
    if kept is not None:
        assert 1 <= len(kept) <= 100
        assert kept == kept.strip()
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in kept)
        kept.encode()


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("https://lh3.googleusercontent.com/a/b=s96-c", "https://lh3.googleusercontent.com/a/b=s96-c"),
        (None, None),
        ("", None),
        ("http://example.com/a.png", None),
        ("javascript:alert(1)", None),
        ("data:image/svg+xml,<svg/>", None),
        (" https://example.com", None),
        ("https://example.com/\na", None),
        ("https://example.com/\ud800", None),
        ("https://example.com/" + "a" * 2048, None),
    ],
)
def test_a_picture_is_an_https_address_or_none(given_: str | None, kept: str | None) -> None:
    assert sign_up.photo_url(given_) == kept
