"""The library: `creations/{id}`, one for each completed job, under the job's id."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored
from studiox.kit.errors import NotFound
from studiox.kit.query import Found
from studiox.kit.transaction import Docs

from . import media_files, search_terms
from .jobs import JobType
from .media_files import MediaFile
from .ratings import Rating


class Creation(Stored, frozen=True, kw_only=True):
    """`creations/{id}`: an entry of a user's library. Written when its job completes, and by its owner's calls."""

    creation_id: str
    job_id: str
    uid: str
    title: str
    """At most 100 characters on one line: the job's title or prompt, until its owner changes it."""
    type: JobType
    model: str
    """The catalogue's id of the model."""
    prompt: str
    params: dict[str, Any]
    """The job's inputs."""
    media: list[MediaFile]
    is_favorite: bool
    play_count: int
    created_at: datetime
    updated_at: datetime
    text: str | None = None
    """What the job wrote: lyrics, or an analysis."""
    post_id: str | None = None
    """Its post, while it is published."""
    renditions_at: datetime | None = None
    """When thumbnails and measures of its media were made, or could not be: they are tried once."""
    moderated: bool = False
    """Moderation removed its post: it cannot be published again."""
    collection_ids: list[str] = []
    """The collections of its owner that it is in."""
    terms: list[str] = []
    """The beginnings of the words of title and prompt, by which a search finds it. Empty until the nightly sweep has
    met a creation that was made before there were terms."""
    sources: list[str] | None = None
    """The owner's creations that it was made from; absent if there are none. They may have been deleted."""
    rating: Rating = "general"
    """Its job's, or what an administrator decided since."""


CREATIONS = Collection("creations", Creation)


def creation_path(creation_id: str) -> Path[Creation]:
    return CREATIONS.document(creation_id)


def add_creation(docs: Docs, creation: Creation) -> None:
    """A new entry of its owner's library, in the commit that completes its job."""
    terms = search_terms.terms_of(creation.title, creation.prompt)
    docs.create(creation_path(creation.creation_id), replace(creation, terms=terms))


def need_creation(docs: Docs, uid: str, creation_id: str) -> Creation:
    """The caller's creation, in a decision. `NotFound` also for another user's."""
    creation = docs.get(creation_path(creation_id))
    if creation is None or creation.uid != uid:
        raise NotFound
    return creation


def change_creation(docs: Docs, creation_id: str, now: datetime, **changes: Any) -> Creation:
    """Set fields of an existing creation, by the struct's names; the creation as it is then."""
    return docs.update(creation_path(creation_id), **changes, updated_at=now)


def rename_creation(docs: Docs, creation: Creation, title: str, now: datetime) -> Creation:
    terms = search_terms.terms_of(title, creation.prompt)
    return change_creation(docs, creation.creation_id, now, title=title, terms=terms)


def link_post(docs: Docs, creation_id: str, post_id: str) -> None:
    docs.update(creation_path(creation_id), post_id=post_id)


def unlink_post(docs: Docs, creation_id: str, *, moderated: bool) -> None:
    """Its post was removed. `moderated`: not by its author, so it cannot be published again."""
    creation = docs.get(creation_path(creation_id))
    if creation is not None:
        docs.update(creation_path(creation_id), post_id=None, moderated=creation.moderated or moderated)


def remove_creation(docs: Docs, creation_id: str) -> None:
    docs.delete(creation_path(creation_id))


def has_any(uid: str) -> bool:
    """Whether the user's library holds anything. `Unavailable`."""
    return bool(query.names(CREATIONS, {"uid": uid}, 1))


def owned_creation(uid: str, creation_id: str) -> Creation:
    """The caller's creation. `NotFound` also for another user's."""
    creation = firestore.get(creation_path(creation_id))
    if creation is None or creation.uid != uid:
        raise NotFound
    return creation


class Wanted(NamedTuple):
    """Which creations a list shows. None, or no words: any."""

    type: JobType | None = None
    favorite: bool | None = None
    model: str | None = None
    collection_id: str | None = None
    words: tuple[str, ...] = ()
    """Folded words (`search_terms`), the last one perhaps the beginning of one."""

    def is_met_by(self, creation: Creation) -> bool:
        return (
            self.type in (None, creation.type)
            and self.favorite in (None, creation.is_favorite)
            and self.model in (None, creation.model)
            and (self.collection_id is None or self.collection_id in creation.collection_ids)
            and (not self.words or search_terms.matches(self.words, creation.title, creation.prompt))
        )


class Lookup(NamedTuple):
    """How the index finds candidates, and what is then tested on them."""

    equal: dict[str, object]
    holds: dict[str, object]
    rest: Wanted


def _lookup(wanted: Wanted) -> Lookup:
    """One filter has the index, the one that is likely to leave the fewest; type and favorite have theirs together."""
    if wanted.collection_id is not None:
        return Lookup({}, {"collectionIds": wanted.collection_id}, wanted._replace(collection_id=None))
    if wanted.words:
        rest = wanted._replace(words=()) if search_terms.is_answered_by_term(wanted.words) else wanted
        return Lookup({}, {"terms": search_terms.term_of(wanted.words)}, rest)
    if wanted.model is not None:
        return Lookup({"model": wanted.model}, {}, wanted._replace(model=None))
    return Lookup({"type": wanted.type, "isFavorite": wanted.favorite}, {}, Wanted())


def list_creations(
    uid: str, wanted: Wanted, span: query.Span, *, size: int, cursor: str | None
) -> tuple[list[Found[Creation]], str | None]:
    """A page of the user's creations whose `createdAt` is in `span`, newest first. `InvalidCursor`, `Unavailable`.

    One query. With more than one filter a page may be short although the list goes on, as with `query.page`'s `test`.
    """
    equal, holds, rest = _lookup(wanted)
    test = None if rest == Wanted() else query.Test(repr(rest), rest.is_met_by)
    return query.page(
        CREATIONS, {"uid": uid, **equal}, "createdAt", size=size, cursor=cursor, holds=holds, span=span, test=test
    )


def newest_in(uid: str, collection_id: str) -> str | None:
    """The id of the newest creation in the user's collection. `Unavailable`."""
    holds = {"collectionIds": collection_id}
    found, _ = query.page(CREATIONS, {"uid": uid}, "createdAt", size=1, cursor=None, holds=holds)
    return found[0].id if found else None


def paths_in(collection_id: str, limit: int) -> list[Path[Creation]]:
    """The paths of up to `limit` creations that are in this collection. `Unavailable`."""
    return query.names(CREATIONS, {}, limit, holds={"collectionIds": collection_id})


def picture_of(creation: Creation) -> str | None:
    """The object's name of the creation's first thumbnail or picture, or of a song's cover; None without any."""
    return next((path for file in creation.media if (path := media_files.picture_of(file)) is not None), None)
