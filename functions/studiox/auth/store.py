"""Where accounts lie: `users/{uid}`, and `welcomes/{person}`, which says who took a person's one bonus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import firestore, ids, pages, scan
from ..clock import datetime
from ..transact import Docs
from .accounts import person_address, used_month


def user_path(uid: str) -> str:
    return f"users/{uid}"


def welcome_path(email: str) -> str:
    """Named by a keyed hash: the address itself is not kept, and nobody without the key can test one."""
    return f"welcomes/{ids.keyed('welcome', person_address(email))}"


def keep_month(docs: Docs, uid: str) -> None:
    """Keep what an account that ends has had of its month, so that its person has it once, however often they return.

    Nothing is kept of an address that took no welcome: it has spent nothing.
    """
    user = docs.get(user_path(uid))
    welcome = welcome_path(user["email"]) if user is not None and user.get("email") else ""
    if user is not None and welcome and docs.get(welcome) is not None:
        docs.update(welcome, {"month": used_month(user)})


def release_welcome(docs: Docs, uid: str) -> None:
    """Let the person have their welcome again: the account that took it never did anything with it."""
    user = docs.get(user_path(uid))
    if user is None or not user.get("email") or user.get("generationCount"):
        return
    welcome = docs.get(welcome_path(user["email"]))
    if welcome is not None and (welcome["uid"], welcome["seq"]) == (uid, user["ledgerSeq"]):
        docs.delete(welcome_path(user["email"]))


def closed_path(uid: str) -> str:
    """What is left of an account that was deleted, under a name that only this deployment can tell from its uid."""
    return f"closedAccounts/{pseudonym(uid)}"


def pseudonym(uid: str) -> str:
    return ids.derived("closed", ids.keyed("closed", uid))


def change_user(docs: Docs, uid: str, now: datetime, **fields: object) -> None:
    """Set fields of the user's document, if the account still exists."""
    if docs.get(user_path(uid)) is not None:
        docs.update(user_path(uid), {**fields, "updatedAt": now})


def search_users(
    *, email: str | None, uid: str | None, plan: str | None, size: int, cursor: str | None
) -> tuple[list[Mapping[str, Any]], str | None]:
    """A page of accounts with their `uid`, newest first, by one of these or none. Auth keeps addresses lower-case."""
    if uid is not None:
        [user] = firestore.read(user_path(uid))
        return ([] if user is None else [{**user, "uid": uid}]), None
    equal = {"email": None if email is None else email.strip().lower(), "plan": plan}
    return pages.page("users", equal, "createdAt", size=size, cursor=cursor, named="uid")


def count_new_users(start: datetime, end: datetime) -> int:
    """How many accounts were made in [start, end). `Unavailable`."""
    return pages.count_between("users", start, end)


def all_users(after: str | None = None) -> Iterator[scan.Found]:
    """Every account by its uid, from behind this one: `createdAt` and `ledgerSeq`."""
    return scan.documents("users", after=after, fields=("createdAt", "ledgerSeq"))


def touched_since(moment: datetime) -> Iterator[scan.Found]:
    """The accounts that something changed since then; without their fields."""
    return scan.documents("users", order="updatedAt", least=moment, fields=("ledgerSeq",))


def due_for_reset(now: datetime) -> Iterator[scan.Found]:
    """The accounts whose month is over by now, the longest waiting first: `creditResetAt`."""
    return scan.documents("users", order="creditResetAt", most=now, fields=("creditResetAt",))
