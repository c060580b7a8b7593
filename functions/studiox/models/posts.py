"""Where the community lies: `posts/{id}` and its comments, `likes`, `reports`, and what a post keeps to itself.

Reports and what they add up to (`moderation/{postId}`) live as long as the creation does: who takes a post down and
publishes it again does not get rid of them. `posts/{id}/private/state` (read by nobody) lives exactly as long as its
post: whatever is written about a post changes one of the two, so that nothing can be added to a post that is being
deleted (faults C9).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from studiox.kit import firestore, ids, query
from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Docs

Data = Mapping[str, Any]

PAGE = 400
"""Documents that one step of a deletion takes."""
HOT_S = 45_000
"""Ten times the likes are worth as much as being 12.5 hours younger."""
REQUESTS_KEPT = timedelta(days=35)


def post_path(post_id: str) -> str:
    return f"posts/{post_id}"


def state_path(post_id: str) -> str:
    return f"posts/{post_id}/private/state"


def comment_path(post_id: str, comment_id: str) -> str:
    return f"posts/{post_id}/comments/{comment_id}"


def like_path(post_id: str, uid: str) -> str:
    return f"likes/{like_name(post_id, uid)}"


def report_path(post_id: str, uid: str) -> str:
    return f"reports/{like_name(post_id, uid)}"


def moderation_path(post_id: str) -> str:
    """What the reports of a post add up to, whether or not it is published now."""
    return f"moderation/{post_id}"


def request_path(comment_id: str) -> str:
    """Who asked for this comment, kept also when the comment is gone: a replay must not write it again."""
    return f"commentRequests/{comment_id}"


def find_post(post_id: str) -> Data | None:
    """The post, hidden or not."""
    [post] = firestore.read(post_path(post_id))
    return post


def read_post(post_id: str, uid: str | None) -> tuple[Data | None, bool]:
    """The post, hidden or not, and whether this user likes it; one round trip."""
    post, *likes = firestore.read(post_path(post_id), *([like_path(post_id, uid)] if uid else []))
    return post, any(like is not None for like in likes)


def visible_post(docs: Docs, post_id: str) -> Data:
    """The post for a call of the public's. `NotFound` for an absent and a hidden one alike."""
    post = docs.get(post_path(post_id))
    if post is None or post["hidden"]:
        raise NotFound
    return post


def add_post(docs: Docs, post: dict[str, Any]) -> None:
    docs.create(post_path(post["postId"]), post)
    earlier = docs.get(moderation_path(post["postId"])) or {}
    reports = earlier.get("reports", 0)
    docs.create(state_path(post["postId"]), {"postId": post["postId"], "uid": post["uid"], "reports": reports})


def remove_post(docs: Docs, post_id: str) -> None:
    """Take the post out of the feed. From now on nobody adds to its likes and comments, which the clean-up deletes."""
    docs.delete(post_path(post_id))
    docs.delete(state_path(post_id))


def set_hidden(docs: Docs, post_id: str, hidden: bool, **why: object) -> None:
    docs.update(post_path(post_id), {"hidden": hidden})
    docs.update(state_path(post_id), why)


def set_like(docs: Docs, post: Data, uid: str, liked: bool, now: datetime) -> Data:
    """The like's document and the post's count and rank, together; the post as it is then."""
    path = like_path(post["postId"], uid)
    if liked:
        docs.create(path, {"postId": post["postId"], "uid": uid, "createdAt": now})
    else:
        docs.delete(path)
    count = post["likeCount"] + (1 if liked else -1)
    return docs.update(post_path(post["postId"]), {"likeCount": count, "score": score(count, post["createdAt"])})


def add_comment(docs: Docs, post: Data, comment: dict[str, Any], fingerprint: str, now: datetime) -> None:
    comment_id, post_id = comment["commentId"], post["postId"]
    docs.create(comment_path(post_id, comment_id), comment)
    request = {"uid": comment["uid"], "postId": post_id, "fingerprint": fingerprint}
    docs.create(request_path(comment_id), {**request, "createdAt": now, "expiresAt": now + REQUESTS_KEPT})
    docs.update(post_path(post_id), {"commentCount": post["commentCount"] + 1})


def remove_comment(docs: Docs, post: Data, comment_id: str) -> None:
    docs.delete(comment_path(post["postId"], comment_id))
    docs.update(post_path(post["postId"]), {"commentCount": post["commentCount"] - 1})


def add_report(docs: Docs, standing: Data, uid: str, reason: str, text: str | None, points: int, now: datetime) -> Data:
    """A user's one report of a post; what the post's reports add up to with it."""
    post_id = standing["postId"]
    report = {"postId": post_id, "uid": uid, "reason": reason, "text": text, "createdAt": now}
    docs.create(report_path(post_id, uid), {**report, "points": points, "state": "open"})
    after = {**standing, "reports": standing["reports"] + 1, "points": standing["points"] + points, "updatedAt": now}
    after.setdefault("openSince", now)
    docs.put(moderation_path(post_id), after)
    docs.update(state_path(post_id), {"reports": after["reports"]})
    return after


def open_reports(post_id: str, limit: int) -> list[str]:
    """The paths of up to `limit` reports of a post that nobody has decided. `Unavailable`."""
    return query.names("reports", {"postId": post_id, "state": "open"}, limit)


def reported_posts(*, size: int, cursor: str | None) -> tuple[list[Data], str | None]:
    """A page of what is known of posts with reports that nobody has decided, the longest waiting first."""
    return query.page("moderation", {}, "openSince", size=size, cursor=cursor, oldest_first=True)


def reports_of(post_id: str, limit: int) -> list[Data]:
    """Up to `limit` reports of a post that nobody has decided. `Unavailable`."""
    return [found.data for found in query.documents("reports", equal={"postId": post_id, "state": "open"}, limit=limit)]


def count_remix(docs: Docs, post: Data) -> None:
    docs.update(post_path(post["postId"]), {"remixCount": post["remixCount"] + 1})


def list_posts(
    *, order: str, tag: str | None, uid: str | None, size: int, cursor: str | None
) -> tuple[list[Data], str | None]:
    """A page of the feed by `createdAt` or `score`, without what is hidden."""
    return query.page("posts", {"hidden": False, "uid": uid}, order, size=size, cursor=cursor, holds={"tags": tag})


def list_comments(post_id: str, *, size: int, cursor: str | None) -> tuple[list[Data], str | None]:
    return query.page(f"{post_path(post_id)}/comments", {}, "createdAt", size=size, cursor=cursor)


Owned = Literal["posts", "likes", "reports", "commentRequests", "moderation"]


def names_of(collection: Owned, uid: str, limit: int) -> list[str]:
    """The paths of up to `limit` documents of a user. `Unavailable`."""
    return query.names(collection, {"uid": uid}, limit)


def comments_of(uid: str, limit: int) -> list[str]:
    """The paths of up to `limit` comments of a user, wherever they stand. `Unavailable`."""
    return [found.path for found in query.documents("comments", equal={"uid": uid}, limit=limit, group=True)]


def liked_by(uid: str, post_ids: Iterable[str]) -> set[str]:
    """Which of these posts the user likes; one round trip."""
    asked = list(post_ids)
    likes = firestore.read(*(like_path(post_id, uid) for post_id in asked)) if asked else []
    return {post_id for post_id, like in zip(asked, likes, strict=True) if like is not None}


def comment_id_of(uid: str, request_id: str) -> str:
    return ids.derived("commentPost", uid, request_id)


def delete_children(post_id: str, steps: int) -> bool:
    """Delete a removed post's likes and comments, at most `steps` times PAGE; True when none is left."""
    return _delete_all(post_id, ("likes", f"{post_path(post_id)}/comments"), steps)


def delete_reports(post_id: str, steps: int) -> bool:
    """Delete all reports of a creation that is gone, and what they add up to; True when none is left."""
    [standing] = firestore.read(moderation_path(post_id))
    if standing is None:
        return True  # written with the first report
    if not _delete_all(post_id, ("reports",), steps):
        return False
    firestore.delete_all([moderation_path(post_id)])
    return True


def _delete_all(post_id: str, collections: Iterable[str], steps: int) -> bool:
    for collection in collections:
        equal = {} if collection.endswith("/comments") else {"postId": post_id}
        while True:
            found = query.names(collection, equal, PAGE)
            if found:
                if steps <= 0:
                    return False
                firestore.delete_all(found)
                steps -= 1
            if len(found) < PAGE:
                break
    return True


def score(likes: int, created_at: datetime) -> float:
    """The rank in `top`: likes count by their logarithm and age does not wear off, so nothing is ever recomputed but
    the post that was liked, and a new post enters the ranking at once (docs/decisions/0005-ranking.md)."""
    return round(math.log10(1 + max(0, likes)) + created_at.timestamp() / HOT_S, 7)


def like_name(post_id: str, uid: str) -> str:
    """`{postId}_{uid}`. A post's id has no `_`, so the first one ends it and no two pairs share a name (faults C7)."""
    return f"{post_id}_{uid}"
