"""The community's rules: what becomes public, which tags and comments are valid, what a remix starts with. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from studiox.integrations.moderation.protocol import Content
from studiox.kit.clock import datetime
from studiox.kit.errors import InvalidRequest, StudioxError, Wrong
from studiox.kit.texts import INVISIBLE, plain_name, shows
from studiox.models import posts
from studiox.models.creations import Creation
from studiox.models.media_files import MediaFile, paths_of, picture_of, public_path, public_thumbnail
from studiox.models.ratings import Rating, highest
from studiox.models.users import User

MAX_TAGS = 10
MAX_TAG = 30
MAX_LINKS = 5
MAX_COMMENTS = 10_000
ANONYMOUS = "Anonymous"

ModerationAction = Literal["hide", "restore", "remove", "rate"]

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
"""The parameters of a creation that its author may share.

Uploads are not among them, since their paths name a person. A parameter that is new in the catalogue stays private
until it is added here."""


class Publishing(NamedTuple):
    """What an author chooses when publishing."""

    caption: str
    tags: list[str]
    """Normalized."""
    share_params: bool
    rating: Rating
    """The least that the post has."""


class NotPublishable(StudioxError):
    """`status` is the job's: not yet `completed`, or `completed` without media."""

    code = "failed-precondition"
    figures = {"status": str}
    text = "This can't be published: it isn't finished, or has no media."


class RemixDisabled(StudioxError):
    code = "failed-precondition"
    text = "The author doesn't share how this was made."


class TooManyComments(StudioxError):
    code = "resource-exhausted"
    figures = {"limit": int}
    text = "This post can't take any more comments."


_TAG = Wrong(f"only letters, digits, - and _, at most {MAX_TAG} characters", {"rule": "characters", "most": MAX_TAG})


def normal_tag(text: str) -> str:
    """A tag as it is stored and searched for: without `#`, case and spaces folded. `InvalidRequest` for other text."""
    tag = text
    for _ in range(2):  # the first round may leave a `#` that stood behind spaces
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tag).casefold())
        tag = "-".join(folded.lstrip("#").split())
    fits = len(tag) <= MAX_TAG and all(char in "-_" or _is_part_of_a_word(char) for char in tag)
    if not fits or not any(unicodedata.category(char)[0] in "LN" for char in tag):
        raise InvalidRequest(fields={"tags": _TAG})
    return tag


def _is_part_of_a_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN" and char not in INVISIBLE


def normal_tags(given: Iterable[str]) -> list[str]:
    """Normalized and unique, in the author's order. `InvalidRequest` for an invalid tag or too many."""
    tags = list(dict.fromkeys(map(normal_tag, given)))
    if len(tags) > MAX_TAGS:
        raise InvalidRequest(fields={"tags": Wrong(f"at most {MAX_TAGS} tags", {"rule": "tooMany", "most": MAX_TAGS})})
    return tags


def check_comment(text: str) -> None:
    """`InvalidRequest` for a comment without visible characters, or with more than MAX_LINKS links."""
    if not shows(text):
        raise InvalidRequest(fields={"text": Wrong("must contain visible text", {"rule": "tooShort", "least": 1})})
    if len(re.findall(r"(?i)\b(?:https?://|www\.)", text)) > MAX_LINKS:
        links = Wrong(f"at most {MAX_LINKS} links", {"rule": "tooManyLinks", "most": MAX_LINKS})
        raise InvalidRequest(fields={"text": links})


def author_name(user: User | None) -> str:
    """The public name of a user: the name that they chose, never their e-mail address."""
    name = None if user is None else user.display_name
    return plain_name(name or "") or ANONYMOUS


def files_of(creation: Creation) -> list[str]:
    """The object names of all of a creation's files, covers and thumbnails included."""
    return paths_of(creation.media)


def new_post(
    creation: Creation, user: User | None, given: Publishing, *, rating: Rating, remix_of: str | None, now: datetime
) -> posts.Post:
    """The public document. Fields of the creation that are not named here stay private.

    `rating`: what the author chose, or the check of the content found. It can only raise the creation's.
    """
    post_id, prompt, share_params = creation.creation_id, creation.prompt, given.share_params
    shared = {name: value for name, value in creation.params.items() if name in PUBLIC_PARAMS}
    rating = highest(creation.rating, rating)
    return posts.Post(
        post_id=post_id,
        uid=creation.uid,
        author_name=author_name(user),
        author_photo_url=None if user is None else user.photo_url,
        type=creation.type,
        model=creation.model,
        caption=given.caption,
        tags=given.tags,
        media=[_public_file(post_id, file, prompt, share_params) for file in creation.media],
        like_count=0,
        comment_count=0,
        remix_count=0,
        hidden=posts.unless_hidden(rating),
        score=posts.score(0, now),
        created_at=now,
        prompt=prompt if share_params else None,
        params=shared if share_params else None,
        remix_of=remix_of,
        sources=creation.sources if share_params else None,
        rating=rating,
    )


def content_of(post: posts.Post, creation: Creation) -> Content:
    """What becomes public with a post: its texts, and a picture of each file of the creation."""
    texts = [post.caption, *post.tags, post.prompt or ""]
    texts += [value for value in (post.params or {}).values() if isinstance(value, str)]
    for file in post.media:
        texts += [file.title or "", *(file.tags or ())]
    pictures = [picture for file in creation.media if (picture := picture_of(file)) is not None]
    return Content(texts=[text for text in texts if text], pictures=pictures)


def _public_file(post_id: str, file: MediaFile, prompt: str, share_params: bool) -> MediaFile:
    """The file's public copy. Providers may repeat the prompt in title or tags, so both are private with it."""
    title_is_public = file.title is not None and (share_params or not _repeats(file.title, prompt))
    return MediaFile(
        path=public_path(post_id, file.path),
        content_type=file.content_type,
        bytes=file.bytes,
        title=plain_name(file.title or "") if title_is_public else None,
        duration_seconds=file.duration_seconds,
        tags=file.tags if share_params else None,
        image_path=None if file.image_path is None else public_path(post_id, file.image_path),
        width=file.width,
        height=file.height,
        thumbnail=public_thumbnail(post_id, file.thumbnail),
        waveform=file.waveform,
    )


def _repeats(title: str, prompt: str) -> bool:
    title, prompt = title.casefold().strip(), prompt.casefold()
    return title in prompt or prompt in title


def remix_params(post: posts.Post) -> dict[str, Any]:
    """The parameters that a remix starts with. `RemixDisabled` if the author does not share them."""
    if post.params is None or post.prompt is None:
        raise RemixDisabled
    shared = {name: value for name, value in post.params.items() if name in PUBLIC_PARAMS}
    return {**shared, "prompt": post.prompt}


def is_post_id(id_: str) -> bool:
    """Whether a post may have this id. Creations' ids have no `_`, which separates a like's post from its user."""
    return "_" not in id_
