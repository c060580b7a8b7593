"""Posts as `publishPost` writes them, for tests that need one without publishing it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from studiox.kit.documents import encode
from studiox.models.posts import Post, score

CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def post(post_id: str, uid: str = "author", *, created_at: datetime = CREATED, **changes: Any) -> dict[str, Any]:
    """The document of a visible post without media, likes, comments or shared parameters; `changes` by struct field."""
    made = Post(
        post_id=post_id,
        uid=uid,
        author_name=uid.title(),
        author_photo_url=None,
        type="image",
        model="Model A",
        caption="",
        tags=[],
        media=[],
        like_count=0,
        comment_count=0,
        remix_count=0,
        hidden=False,
        score=score(0, created_at),
        created_at=created_at,
    )
    return encode(replace(made, **changes))
