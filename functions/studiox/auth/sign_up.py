"""The rules of an account: who counts as one person, what a new user's document holds. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Any

import msgspec

from studiox.kit.clock import a_month_after, datetime
from studiox.kit.texts import plain_name
from studiox.models.ledger import Buckets
from studiox.models.users import FREE_PLAN, Plays, Preferences, Streak, User
from studiox.models.welcomes import UsedMonth

MAX_NAME = 100

# Names of one mailbox, by the providers' help pages. Outlook's, Hotmail's and Yahoo's domains are not here: the same
# name at two of them may be two people.
_ONE_MAILBOX = {
    "gmail.com": ("googlemail.com",),
    "icloud.com": ("mac.com", "me.com"),
    "proton.me": ("pm.me", "protonmail.ch", "protonmail.com"),
    "yandex.ru": (
        "ya.ru",
        *(f"yandex.{end}" for end in ("az", "by", "com", "com.am", "com.ge", "com.tr", "com.ua", "ee", "fr", "kz")),
        *(f"yandex.{end}" for end in ("lt", "lv", "md", "tm", "ua", "uz")),
    ),
}
_SAME_DOMAIN = {alias: domain for domain, aliases in _ONE_MAILBOX.items() for alias in aliases}
_IGNORED = {"gmail.com": ".", "proton.me": ".-_"}
"""The characters that make no difference in a mailbox's name."""
_YAHOO = re.compile(r"(yahoo(\.co(m)?)?\.[a-z]{2,3}|ymail\.com|rocketmail\.com)")
_FASTMAIL = re.compile(r"([^.@]+)\.(fastmail\.(?:com|fm))")


def person_address(email: str) -> str:
    """The address in one spelling for all spellings that reach the same mailbox.

    Case and `+tag` are ignored at every provider. Dots, other tags and alternative domains are ignored where the
    provider ignores them. If a provider delivers `a+b` and `a` to two people, one of them gets no welcome bonus. No
    large provider does.
    """
    local, _, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    domain = domain.rstrip(".")
    if below := _FASTMAIL.fullmatch(domain):  # shop@ada.fastmail.com is ada+shop@fastmail.com
        local, domain = below[1], below[2]
    domain = _SAME_DOMAIN.get(domain, domain)
    local = local.partition("+")[0] or local
    if _YAHOO.fullmatch(domain):  # a disposable address of Yahoo's is name-keyword; no name holds a hyphen
        local = local.partition("-")[0] or local
    if domain == "yandex.ru":
        local = local.replace(".", "-")
    for char in _IGNORED.get(domain, ""):
        local = local.replace(char, "")
    return f"{local}@{domain}"


def disposable_domains() -> Collection[str]:
    """The domains of known throwaway addresses; loaded at first use, because only sign-ups ask."""
    from disposable_email_domains import blocklist

    return blocklist


def is_blocked(email: str, blocked: Collection[str], allowed: Collection[str] = ()) -> bool:
    """Whether sign-ups from the address's domain are blocked.

    `blocked` adds to the list of disposable domains, `allowed` removes from both. Each entry applies to the domain and
    its subdomains; the longest matching entry decides.
    """
    domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")[2].rstrip(".")
    parts = domain.split(".")
    for start in range(len(parts)):
        name = ".".join(parts[start:])
        if name in allowed:
            return False
        if name in blocked or name in disposable_domains():
            return True
    return False


def display_name(given: str | None) -> str | None:
    """A sign-in provider's name for the user as a name of at most 100 characters; it never fails a sign-up."""
    return plain_name(plain_name(given or "")[:MAX_NAME]) or None


def photo_url(given: str | None) -> str | None:
    """The picture's address if it is an https one of sane length."""
    return given if given and given.startswith("https://") and len(given) <= 2048 and given.isprintable() else None


def used_month(user: User) -> UsedMonth:
    """What a deleted account has used of its month, to be kept with the person's welcome."""
    return UsedMonth(
        credit_reset_at=user.credit_reset_at,
        generation_count=user.generation_count,
        generation_reset_at=user.generation_reset_at,
    )


def resumed(used: UsedMonth | None, now: datetime) -> dict[str, Any]:
    """The fields of a new account whose person deleted another one this month: its month and its songs continue."""
    fields: dict[str, Any] = {}
    if used is None:
        return fields
    until, songs_until = used.credit_reset_at, used.generation_reset_at
    if now < until <= a_month_after(now):
        fields |= {"credit_reset_at": until, "credit_anchor_day": until.day}
    if songs_until is not None and now < songs_until:
        fields |= {"generation_count": used.generation_count, "generation_reset_at": songs_until}
    return fields


def new_user(
    email: str | None, name: str | None, photo: str | None, now: datetime, used: UsedMonth | None = None
) -> User:
    """A user's document before any ledger entry.

    `used`: what the person's last account used of a month that may not be over yet.
    """
    user = User(
        email=email,
        display_name=display_name(name),
        photo_url=photo_url(photo),
        plan=FREE_PLAN,
        is_premium=False,
        balance=0,
        buckets=Buckets(),
        ledger_seq=0,
        credit_reset_at=a_month_after(now),
        streak=Streak(current=0, longest=0, last_active_date=None),
        plays=Plays(count=0, reset_at=None),
        generation_count=0,
        active_jobs=0,
        preferences=Preferences(),
        suspended=False,
        welcome="pending",
        created_at=now,
        updated_at=now,
    )
    return msgspec.structs.replace(user, **resumed(used, now))
