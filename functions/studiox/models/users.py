"""Users, `users/{uid}`, and what is left of a deleted account, `closedAccounts/{pseudonym}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from studiox.kit import firestore, ids, query
from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs


def user_path(uid: str) -> str:
    return f"users/{uid}"


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
    return query.page("users", equal, "createdAt", size=size, cursor=cursor, named="uid")


def count_new_users(start: datetime, end: datetime) -> int:
    """How many accounts were made in [start, end). `Unavailable`."""
    return query.count_between("users", start, end)


def all_users(after: str | None = None) -> Iterator[query.Found[Any]]:
    """Every account by its uid, from behind this one: `createdAt` and `ledgerSeq`."""
    return query.documents("users", after=after, fields=("createdAt", "ledgerSeq"))


def touched_since(moment: datetime) -> Iterator[query.Found[Any]]:
    """The accounts that something changed since then; without their fields."""
    return query.documents("users", order="updatedAt", least=moment, fields=("ledgerSeq",))


def due_for_reset(now: datetime) -> Iterator[query.Found[Any]]:
    """The accounts whose month is over by now, the longest waiting first: `creditResetAt`."""
    return query.documents("users", order="creditResetAt", most=now, fields=("creditResetAt",))


FREE_PLAN = "free"
