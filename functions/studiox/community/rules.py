"""The rules of the community: what becomes public, how posts rank, what counts as text, when a post is hidden. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from studiox.kit.clock import datetime
from studiox.kit.errors import InvalidRequest, StudioxError
from studiox.kit.texts import plain_name
from studiox.models import posts

MAX_TAGS = 10
MAX_TAG = 30
MAX_LINKS = 5
MAX_COMMENTS = 10_000
ANONYMOUS = "Anonymous"

ReportReason = Literal["spam", "sexual", "violence", "hate", "copyright", "other"]
ModerationAction = Literal["hide", "restore", "remove"]

PUBLIC_PARAMS = frozenset(
    {
        "aspectRatio",
        "color",
        "customMode",
        "durationSeconds",
        "generateAudio",
        "instrumental",
        "language",
        "lyrics",
        "mood",
        "multiShots",
        "negativePrompt",
        "presetType",
        "quality",
        "resolution",
        "seed",
        "size",
        "sound",
        "style",
        "title",
        "version",
        "vocalGender",
        "voice",
    }
)
"""What of a creation's parameters its author may share. Uploads (their paths name a person) and whatever is new to the
catalogue are not, until somebody decides so here."""

Data = Mapping[str, Any]


class NotPublishable(StudioxError):
    """`status`: of the job that is not completed; `completed` when its result has no media to show."""

    code = "failed-precondition"
    figures = {"status": str}
    text = "There is nothing to publish here."


class RemixDisabled(StudioxError):
    code = "failed-precondition"
    text = "The author does not share how this was made."


class TooManyComments(StudioxError):
    code = "resource-exhausted"
    figures = {"limit": int}
    text = "This post takes no more comments."


def normal_tag(text: str) -> str:
    """A tag as it is kept and looked up: without `#`, case and spaces folded. `InvalidRequest` if it is none."""
    tag = text
    for _ in range(4):  # one form may compose into another; in practice the second round changes nothing
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tag).casefold())
        folded = "-".join(folded.lstrip("#").split())
        if folded == tag:
            break
        tag = folded
    fits = 1 <= len(tag) <= MAX_TAG and all(char in "-_" or unicodedata.category(char)[0] in "LMN" for char in tag)
    if not fits or not any(unicodedata.category(char)[0] in "LN" for char in tag):
        raise InvalidRequest(fields={"tags": f"letters, digits, - and _, at most {MAX_TAG}"})
    return tag


def normal_tags(given: Iterable[str]) -> list[str]:
    """Each once, in the author's order. `InvalidRequest`."""
    tags = list(dict.fromkeys(map(normal_tag, given)))
    if len(tags) > MAX_TAGS:
        raise InvalidRequest(fields={"tags": f"at most {MAX_TAGS}"})
    return tags


def check_comment(text: str) -> None:
    """`InvalidRequest` for a comment that shows nothing, or is mostly links (faults C10, C11)."""
    if all(unicodedata.category(char)[0] in "ZCM" for char in text):
        raise InvalidRequest(fields={"text": "nothing to read"})
    if len(re.findall(r"(?i)\b(?:https?://|www\.)", text)) > MAX_LINKS:
        raise InvalidRequest(fields={"text": f"at most {MAX_LINKS} links"})


def author(user: Data | None) -> dict[str, Any]:
    """How somebody is named in public: by the name they chose, never by their address."""
    user = user or {}
    return {
        "authorName": plain_name(user.get("displayName") or "") or ANONYMOUS,
        "authorPhotoUrl": user.get("photoUrl"),
    }


def public_path(post_id: str, path: str) -> str:
    """Where the public copy of a creation's file lies."""
    return f"posts/{post_id}/{path.rsplit('/', 1)[1]}"


def files_of(creation: Data) -> list[str]:
    """The paths of all files of a creation, covers too."""
    covers = [item["imagePath"] for item in creation["media"] if "imagePath" in item]
    return [item["path"] for item in creation["media"]] + covers


def new_post(
    creation: Data,
    user: Data | None,
    *,
    caption: str,
    tags: list[str],
    share_params: bool,
    remix_of: str | None,
    now: datetime,
) -> dict[str, Any]:
    """The public document. Whatever is not named here stays private (faults C5)."""
    post_id = creation["creationId"]
    post = {
        "postId": post_id,
        "uid": creation["uid"],
        **author(user),
        "type": creation["type"],
        "model": creation["model"],
        "caption": caption,
        "tags": tags,
        "media": [_public_item(post_id, item, creation["prompt"], share_params) for item in creation["media"]],
        "likeCount": 0,
        "commentCount": 0,
        "remixCount": 0,
        "hidden": False,
        "score": posts.score(0, now),
        "createdAt": now,
    }
    if share_params:
        params = {name: value for name, value in creation["params"].items() if name in PUBLIC_PARAMS}
        post |= {"prompt": creation["prompt"], "params": params}
    if remix_of is not None:
        post["remixOf"] = remix_of
    return post


def _public_item(post_id: str, item: Data, prompt: str, share_params: bool) -> dict[str, Any]:
    """A media item with its public path. A provider may echo the prompt in title or tags: unshared, neither does."""
    public = {"path": public_path(post_id, item["path"]), "contentType": item["contentType"], "bytes": item["bytes"]}
    if "imagePath" in item:
        public["imagePath"] = public_path(post_id, item["imagePath"])
    if "durationSeconds" in item:
        public["durationSeconds"] = item["durationSeconds"]
    if "title" in item and (share_params or not _echoes(item["title"], prompt)):
        public["title"] = plain_name(item["title"])
    if "tags" in item and share_params:
        public["tags"] = item["tags"]
    return public


def _echoes(title: str, prompt: str) -> bool:
    title, prompt = title.casefold().strip(), prompt.casefold()
    return title in prompt or prompt in title


def remix_params(post: Data) -> dict[str, Any]:
    """What a new session starts with. `RemixDisabled`; only what is public and on the list (faults C4)."""
    if "params" not in post or "prompt" not in post:
        raise RemixDisabled
    shared = {name: value for name, value in post["params"].items() if name in PUBLIC_PARAMS}
    return {**shared, "prompt": post["prompt"]}


def is_post_id(id_: str) -> bool:
    """Whether a post may be named so: a creation's id is derived, and has no `_`."""
    return "_" not in id_
