"""Where the library lies: `creations/{id}`, one for each completed job, under the job's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound
from studiox.kit.texts import plain_name
from studiox.kit.transaction import REMOVE, Docs

Data = Mapping[str, Any]


def creation_path(creation_id: str) -> str:
    return f"creations/{creation_id}"


def add_creation(docs: Docs, job: Data, now: datetime) -> str:
    """Put a completed job's result into its owner's library, in the job's own commit; the creation's id."""
    params = job["params"]
    # A provider's or the prompt's: what becomes of it is a title like the one that its owner may give it.
    titles = [title for each in (job, *job["media"]) if (title := plain_name(each.get("title") or ""))]
    creation = {
        "creationId": job["jobId"],
        "jobId": job["jobId"],
        "uid": job["uid"],
        "title": (titles[0] if titles else plain_name(params["prompt"]) or params["prompt"])[:100],
        "type": job["type"],
        "model": job["model"],
        "prompt": params["prompt"],
        "params": params,
        "media": job["media"],
        "isFavorite": False,
        "playCount": 0,
        "createdAt": now,
        "updatedAt": now,
    }
    if "text" in job:
        creation["text"] = job["text"]
    docs.create(creation_path(job["jobId"]), creation)
    return str(job["jobId"])


def need_creation(docs: Docs, uid: str, creation_id: str) -> Data:
    """The caller's creation, in a decision. `NotFound` for an absent one and somebody else's alike."""
    creation = docs.get(creation_path(creation_id))
    if creation is None or creation["uid"] != uid:
        raise NotFound
    return creation


def change_creation(docs: Docs, creation_id: str, now: datetime, **fields: object) -> Data:
    """Set fields of a creation that exists; what it holds then."""
    return docs.update(creation_path(creation_id), {**fields, "updatedAt": now})


def link_post(docs: Docs, creation_id: str, post_id: str) -> None:
    docs.update(creation_path(creation_id), {"postId": post_id})


def unlink_post(docs: Docs, creation_id: str, *, moderated: bool) -> None:
    """Its post is gone. `moderated`: not by its author's free will, so it is not published again."""
    if docs.get(creation_path(creation_id)) is not None:
        flag = {"moderated": True} if moderated else {}
        docs.update(creation_path(creation_id), {"postId": REMOVE, **flag})


def remove_creation(docs: Docs, creation_id: str) -> None:
    docs.delete(creation_path(creation_id))


def has_any(uid: str) -> bool:
    """Whether somebody has made anything that is still there. `Unavailable`."""
    return bool(query.names("creations", {"uid": uid}, 1))


def owned_creation(uid: str, creation_id: str) -> Data:
    """The caller's creation. `NotFound` for an absent one and somebody else's alike."""
    [creation] = firestore.read(creation_path(creation_id))
    if creation is None or creation["uid"] != uid:
        raise NotFound
    return creation


def list_creations(
    uid: str, *, type: str | None, favorite: bool | None, size: int, cursor: str | None
) -> tuple[list[Data], str | None]:
    equal = {"uid": uid, "type": type, "isFavorite": favorite}
    return query.page("creations", equal, "createdAt", size=size, cursor=cursor)
