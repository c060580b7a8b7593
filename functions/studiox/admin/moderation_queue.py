"""The posts and claims that await an administrator's decision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from studiox.kit import firestore
from studiox.models import creations as library
from studiox.models import posts as community
from studiox.models.media_files import MediaFile
from studiox.models.rewards import SocialClaim
from studiox.tokens import rewards_store as rewards

REPORTS = 10
"""The most reports listed with a post."""


class ReportedPost(NamedTuple):
    moderation: community.Moderation
    post: community.Post
    media: list[MediaFile]
    """The creation's files, because a hidden post has none."""
    reports: list[community.Report]


def claims(*, size: int, cursor: str | None) -> tuple[list[SocialClaim], str | None]:
    """The claims that await `reviewSocialTask`, oldest first."""
    return rewards.pending_claims(size=size, cursor=cursor)


def posts(*, size: int, cursor: str | None) -> tuple[list[ReportedPost], str | None]:
    """The posts that await `moderatePost`, oldest report first, and the next page's cursor. `Unavailable`.

    A post that its author has deleted is omitted, so a page may be shorter than `size`.
    """
    found, following = community.list_reported(size=size, cursor=cursor)
    post_paths = [community.post_path(each.post_id) for each in found]
    creation_paths = [library.creation_path(each.post_id) for each in found]
    documents = firestore.read_documents([*post_paths, *creation_paths]) if found else {}
    shown = [
        (moderation, post, creation.media if (creation := documents[creation_path].as_(creation_path)) else [])
        for moderation, post_path, creation_path in zip(found, post_paths, creation_paths, strict=True)
        if (post := documents[post_path].as_(post_path)) is not None
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        reports = pool.map(lambda each: community.open_reports(each[1].post_id, REPORTS), shown)
        return [ReportedPost(*each, given) for each, given in zip(shown, reports, strict=True)], following
