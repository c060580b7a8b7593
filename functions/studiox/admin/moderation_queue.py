"""What waits for an administrator's decision: posts that were reported, claims of social tasks."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from studiox.kit import firestore
from studiox.models import creations as library
from studiox.models import posts as community
from studiox.tokens import rewards_store as rewards

Data = Mapping[str, Any]

REPORTS = 10
"""Of a post, at most: as many words of reporters as one reads before deciding."""


def claims(*, size: int, cursor: str | None) -> tuple[list[Data], str | None]:
    """The claims that wait for `reviewSocialTask`, the longest waiting first."""
    return rewards.pending_claims(size=size, cursor=cursor)


def posts(*, size: int, cursor: str | None) -> tuple[list[Data], str | None]:
    """The posts that wait for `moderatePost`, the longest waiting first: {standing, post, media, reports}.

    One that its author has taken down is omitted, so that a page may be shorter than asked for. The media are the
    creation's own: a hidden post has none.
    """
    found, after = community.reported_posts(size=size, cursor=cursor)
    ids_ = [each["postId"] for each in found]
    paths = [*map(community.post_path, ids_), *map(library.creation_path, ids_)]
    held = firestore.read(*paths) if paths else []
    listed = zip(found, held[: len(ids_)], held[len(ids_) :], strict=True)
    shown = [
        {"standing": standing, "post": post, "media": (creation or {}).get("media", ())}
        for standing, post, creation in listed
        if post is not None
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        said = pool.map(lambda each: community.reports_of(each["standing"]["postId"], REPORTS), shown)
        return [{**each, "reports": reports} for each, reports in zip(shown, said, strict=True)], after
