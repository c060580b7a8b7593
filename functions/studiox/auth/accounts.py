"""The rules of an account: who counts as one person, what a new user's document holds. Pure."""

from __future__ import annotations

import calendar
import unicodedata
from collections.abc import Collection
from typing import Any

from ..clock import datetime

MAX_NAME = 100
FREE_PLAN = "free"

# Whose mailboxes ignore dots, and who treats what follows a plus as the same mailbox (their help pages).
_DOTLESS = {"gmail.com", "googlemail.com"}
_SAME_DOMAIN = {
    "googlemail.com": "gmail.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
    "me.com": "icloud.com",
}
_PLUS_TAGS = _DOTLESS | {
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "icloud.com",
    "me.com",
    "fastmail.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "yahoo.com",
    "zoho.com",
}


def person_address(email: str) -> str:
    """The address that one person's spellings of it share: case, dots and +tag folded where the provider folds them."""
    local, _, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    if domain in _PLUS_TAGS:
        local = local.split("+", 1)[0]
    if domain in _DOTLESS:
        local = local.replace(".", "")
    return f"{local}@{_SAME_DOMAIN.get(domain, domain)}"


def is_blocked(email: str, domains: Collection[str]) -> bool:
    """Whether the address is at one of these domains or below one."""
    domain = email.strip().lower().rpartition("@")[2].rstrip(".")
    parts = domain.split(".")
    return any(".".join(parts[start:]) in domains for start in range(len(parts)))


def display_name(given: str | None) -> str | None:
    """A sign-in provider's name for the user as plain text of at most 100 characters; it never fails a sign-up."""
    text = unicodedata.normalize("NFC", given or "")
    kept = "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cs"))
    return kept.strip()[:MAX_NAME].strip() or None


def photo_url(given: str | None) -> str | None:
    """The picture's address if it is an https one of sane length."""
    return given if given and given.startswith("https://") and len(given) <= 2048 and given.isprintable() else None


def a_month_after(moment: datetime, day: int | None = None) -> datetime:
    """The same moment in the next month; a day that the month lacks is its last (31 January → 28 February)."""
    return months_after(moment, 1, day or moment.day)


def months_after(moment: datetime, months: int, day: int) -> datetime:
    """The same time so many months later, on this day or the month's last. Also of what Firestore answers as times,
    whose own class cannot be given back to it once it was changed."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    clock = (moment.hour, moment.minute, moment.second, moment.microsecond)
    return datetime(year, month + 1, min(day, last), *clock, tzinfo=moment.tzinfo)


def new_user(email: str | None, name: str | None, photo: str | None, now: datetime) -> dict[str, Any]:
    """A user's document before any ledger entry. `welcome` is pending, granted or refused."""
    return {
        "email": email,
        "displayName": display_name(name),
        "photoUrl": photo_url(photo),
        "plan": FREE_PLAN,
        "isPremium": False,
        "balance": 0,
        "buckets": {"monthly": 0, "bonus": 0, "purchased": 0},
        "ledgerSeq": 0,
        "creditResetAt": a_month_after(now),
        "streak": {"current": 0, "longest": 0, "lastActiveDate": None},
        "plays": {"count": 0, "resetAt": None},
        "generationCount": 0,
        "activeJobs": 0,
        "preferences": {},
        "suspended": False,
        "welcome": "pending",
        "createdAt": now,
        "updatedAt": now,
    }
