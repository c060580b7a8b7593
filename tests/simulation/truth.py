"""What the checks at rest compare: the vendors' truth, and the database seen by what it is about."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field

from tests.simulation.stripe_truth import StripeTruth
from tests.simulation.violations import Document, Snapshot

MONTHLY = {"free": 50, "pro": 1_000, "enterprise": 10_000}
"""A plan's tokens of a month."""
FREE_SONGS = 3
"""Songs of a month on the plan free; the others have no limit."""


class Known(NamedTuple):
    """Somebody who has ever signed up."""

    pseudonym: str
    email: str
    """Also the key of the person: accounts with the same address are one person's."""


class Truth(Struct, kw_only=True):
    """What the world knows of the moment at which everything has come to rest."""

    now: float
    """Seconds since the epoch."""
    people: Mapping[str, Known]
    """By uid."""
    stripe: StripeTruth
    objects: Mapping[str, float]
    """{name in the bucket: when it was stored}."""
    charges: Mapping[str, Sequence[str]]
    """{job id: ids of the tasks that providers have accepted for it}."""
    listed: Mapping[str, int] = {}
    """{job id: files that the provider lists for it}, where the provider makes another number than usual."""
    unrefunded: Collection[str] = ()
    """Subscriptions that the operator was told to give back by hand."""
    auth: Collection[str]
    """The uids that Auth has."""
    calm: bool = False
    """Nothing went wrong at any time: no fault was injected."""
    mild: bool = False
    """Nothing went wrong but answers of commits that were lost at once, and orders that were refused for now."""
    clocks_agree: bool = False
    limits: Mapping[str, int] = {}
    """Calls in a minute of these functions, where they are not the usual ones."""


class View(Struct):
    """The database, by what it is about."""

    snapshot: Snapshot
    truth: Truth
    users: dict[str, Document] = field(default_factory=dict)
    ledgers: dict[str, dict[str, Document]] = field(default_factory=dict)
    """{uid, or pseudonym of a closed account: {entry's id: entry}}."""
    closed: dict[str, Document] = field(default_factory=dict)
    jobs: dict[str, Document] = field(default_factory=dict)
    creations: dict[str, Document] = field(default_factory=dict)
    posts: dict[str, Document] = field(default_factory=dict)
    orders: dict[str, Document] = field(default_factory=dict)
    subscriptions: dict[str, Document] = field(default_factory=dict)
    acts: set[tuple[str, str]] = field(default_factory=set)
    """(action, target) of every audit entry."""

    @classmethod
    def of(cls, snapshot: Snapshot, truth: Truth) -> View:
        view = cls(snapshot, truth)
        flat = {
            "users": view.users,
            "closedAccounts": view.closed,
            "jobs": view.jobs,
            "creations": view.creations,
            "posts": view.posts,
            "orders": view.orders,
            "subscriptions": view.subscriptions,
        }
        for path, document in snapshot.items():
            match path.split("/"):
                case [kind, name] if kind in flat:
                    flat[kind][name] = document
                case ["auditLogs", _]:
                    view.acts.add((document["action"], document["target"]))
                case ["users" | "closedAccounts", owner, "ledger", name]:
                    view.ledgers.setdefault(owner, {})[name] = document
        return view

    def state(self, job_id: str) -> Document:
        return self.snapshot.get(f"jobs/{job_id}/private/state", {})

    def is_parked(self, object_id: str) -> bool:
        return f"unmatchedPayments/{object_id}" in self.snapshot

    def is_leaving(self, kind: str, name: str) -> bool:
        """Whether a clean-up is still on its way."""
        return f"cleanups/{kind}-{name}" in self.snapshot

    def entries(self, uid: str) -> Mapping[str, Document]:
        return self.ledgers.get(uid, {})

    def users_of(self, email: str) -> Iterator[str]:
        """The accounts that a person has now."""
        people = self.truth.people
        return (uid for uid in self.users if uid in people and people[uid].email == email)

    def came_back(self, uid: str) -> bool:
        """Whether the person has had an account before, which was deleted. Its month goes on."""
        people = self.truth.people
        email = people[uid].email if uid in people else ""
        return any(each.email == email and each.pseudonym in self.closed for each in people.values())

    def did(self, action: str, target: str) -> bool:
        return (action, target) in self.acts


def seconds(moment: Any) -> float:
    """A stored time, in seconds since the epoch."""
    return float(moment.timestamp())


@functools.cache
def words_of(uid: str) -> Any:
    """Finds the uid where it is a word of its own."""
    import re

    return re.compile(rf"(?<![A-Za-z0-9-]){re.escape(uid)}(?![A-Za-z0-9-])")


def files_of(document: Document) -> Iterator[str]:
    for each in document["media"]:
        yield each["path"]
        if each.get("imagePath"):
            yield each["imagePath"]
