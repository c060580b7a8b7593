"""Clean-up records, `cleanups/{kind}-{id}`: deletions that take longer than one call.

See docs/decisions/0006-deletion.md.
"""

from __future__ import annotations

from typing import Literal

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored

Kind = Literal["post", "creation", "collection", "account", "suspension"]
State = Literal["copying", "clearing", "settling"]


class CleanUp(Stored, frozen=True, kw_only=True):
    """A record exists from the commit that orders the deletion until everything is deleted."""

    kind: Kind
    """`post`: the folder `posts/{id}/`, and a deleted post's likes and comments. `creation`: the folder
    `users/{uid}/creations/{id}/`, and a deleted creation's reports. `collection`: the
    name of a deleted collection in its creations. `account`: everything of a user. `suspension`: nothing is deleted;
    a user's posts are hidden, or shown again."""
    id: str
    """The post's, creation's or collection's id; of an account or a suspension the user's pseudonym."""
    uid: str
    """The owner; empty if a sweep found a folder without a post."""
    state: State
    """`copying`: a call is making public copies and must finish by `due_at`. `clearing`: to be deleted, or being
    deleted. `settling`: deleted once; repeated at `due_at`, after every late writer has ended."""
    token: str
    """A random id of the call or run that wrote the record last; only it may finish what it began."""
    due_at: datetime
    """When the next run may start. A run sets it to the end of its lease."""
    last: bool
    """Whether the run after this one is the last."""
    failures: int
    """Runs that failed in a row."""
    created_at: datetime


CLEAN_UPS = Collection("cleanups", CleanUp)


def clean_up_path(kind: Kind, id_: str) -> Path[CleanUp]:
    return CLEAN_UPS.document(f"{kind}-{id_}")
