"""Creations and sessions: whose they are, what a change leaves, and how long a session's list of jobs is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from studiox.kit.documents import AlreadyDecided, Docs, decode, encode
from studiox.kit.errors import NotFound
from studiox.kit.query import Span
from studiox.models import creations, sessions
from studiox.models.creations import Creation, Wanted, creation_path
from studiox.models.jobs import JobType
from studiox.models.media_files import MediaFile, Thumbnail
from studiox.models.search_terms import terms_of
from studiox.models.sessions import Session, session_path
from tests.support import Database, Rpcs
from tests.support.documents import docs_with
from tests.support.jobs import THEN, creation, made_creation

ANY_TIME = Span("createdAt")
LATER = THEN + timedelta(hours=1)
CREATION = replace(made_creation("c1", "u1"), post_id="c1")
SESSION = Session(
    session_id="s1",
    uid="u1",
    type="image",
    model="Model A",
    params={},
    jobs=["j0"],
    created_at=THEN,
    source_post_id="p",
)


def holding(session: Session = SESSION) -> Docs:
    return docs_with({creation_path("c1"): encode(CREATION), session_path("s1"): encode(session)})


def test_a_creation_is_its_owners_alone(database: Database) -> None:
    database.put("creations/c1", encode(CREATION))
    assert creations.need_creation(holding(), "u1", "c1") == creations.owned_creation("u1", "c1") == CREATION
    for uid, id_ in (("u2", "c1"), ("u1", "c2")):
        with pytest.raises(NotFound):
            creations.need_creation(holding(), uid, id_)
        with pytest.raises(NotFound):
            creations.owned_creation(uid, id_)


def test_a_creation_is_added_changed_and_removed() -> None:
    docs, path = docs_with({}), creation_path("c1")
    creations.add_creation(docs, CREATION)
    made = replace(CREATION, terms=terms_of(CREATION.title, CREATION.prompt))
    assert docs.get(path) == made
    changed = creations.change_creation(docs, "c1", LATER, is_favorite=True)
    assert changed == docs.get(path) == replace(made, is_favorite=True, updated_at=LATER)
    renamed = creations.rename_creation(docs, changed, "Another", LATER)
    assert renamed == docs.get(path) == replace(changed, title="Another", terms=terms_of("Another", CREATION.prompt))
    with pytest.raises(AlreadyDecided):
        creations.add_creation(docs, CREATION)
    creations.remove_creation(docs, "c1")
    assert docs.get(path) is None


@pytest.mark.parametrize(
    ("before", "now", "after"), [(False, False, False), (False, True, True), (True, False, True), (True, True, True)]
)
def test_what_a_moderator_removed_stays_removed(before: bool, now: bool, after: bool) -> None:
    held = replace(CREATION, moderated=before)
    docs = docs_with({creation_path("c1"): encode(held)})
    creations.unlink_post(docs, "c1", moderated=now)
    assert docs.get(creation_path("c1")) == replace(CREATION, post_id=None, moderated=after)


def test_a_creation_is_shown_by_its_thumbnail_its_picture_or_its_cover() -> None:
    small = Thumbnail(path="t", content_type="image/webp", width=1, height=1)
    song = MediaFile(path="s", content_type="audio/mpeg", bytes=1)
    picture = MediaFile(path="p", content_type="image/png", bytes=1)
    shown = {"t": replace(song, thumbnail=small), "p": picture, "i": replace(song, image_path="i"), None: song}
    for path, file in shown.items():
        assert creations.picture_of(replace(CREATION, media=[file])) == path
    assert creations.picture_of(replace(CREATION, media=[song, replace(picture, thumbnail=small)])) == "t"


def test_what_no_moderator_removed_may_be_published() -> None:
    stored = {name: value for name, value in encode(CREATION).items() if name != "moderated"}
    assert decode(Creation, stored).moderated is False


def test_a_post_is_linked_and_unlinked_while_its_creation_is_there() -> None:
    docs = holding()
    creations.unlink_post(docs, "c1", moderated=False)
    creations.link_post(docs, "c1", "p9")
    assert docs.get(creation_path("c1")) == replace(CREATION, post_id="p9")
    gone = docs_with({})
    creations.unlink_post(gone, "c1", moderated=True)
    assert gone.changes == {}


def test_a_library_is_listed_by_type_and_favourites(database: Database, rpcs: Rpcs) -> None:
    assert creations.has_any("u1") is False
    for number, (kind, favorite) in enumerate([("image", True), ("video", False), ("image", False)]):
        at = THEN + number * timedelta(seconds=1)
        database.put(
            f"creations/c{number}", creation(f"c{number}", "u1", type=kind, is_favorite=favorite, created_at=at)
        )
    database.put("creations/other", creation("other", "u2"))

    def listed(kind: JobType | None = None, favorite: bool | None = None) -> list[str]:
        found, _ = creations.list_creations("u1", Wanted(kind, favorite), ANY_TIME, size=5, cursor=None)
        return [each.id for each in found]

    rpcs.reset()
    assert (creations.has_any("u1"), creations.has_any("u3")) == (True, False)
    assert rpcs.documents == 1
    assert listed() == ["c2", "c1", "c0"]
    assert listed("image") == ["c2", "c0"]
    assert listed(favorite=True) == ["c0"]
    assert listed(favorite=False) == ["c2", "c1"]
    assert listed("video", True) == []
    first, cursor = creations.list_creations("u1", Wanted(), ANY_TIME, size=2, cursor=None)
    rest, end = creations.list_creations("u1", Wanted(), ANY_TIME, size=2, cursor=cursor)
    assert ([each.id for each in first], [each.id for each in rest], end) == (["c2", "c1"], ["c0"], None)


def test_a_session_is_its_owners_alone(database: Database) -> None:
    database.put("sessions/s1", encode(SESSION))
    assert sessions.owned_session("u1", "s1") == SESSION
    for uid, id_ in (("u2", "s1"), ("u1", "s2")):
        docs = holding()
        with pytest.raises(NotFound):
            sessions.join_session(docs, id_, uid, "j1")
        assert docs.changes == {}
        with pytest.raises(NotFound):
            sessions.owned_session(uid, id_)


@pytest.mark.parametrize(("before", "kept"), [(1, 2), (98, 99), (99, 100), (100, 100), (101, 100)])
def test_a_session_lists_its_last_hundred_jobs(before: int, kept: int) -> None:
    docs = holding(replace(SESSION, jobs=[f"j{number}" for number in range(before)]))
    sessions.join_session(docs, "s1", "u1", "new")
    joined = docs.get(session_path("s1"))
    assert joined is not None
    assert joined.jobs == [*(f"j{number}" for number in range(before + 1 - kept, before)), "new"]


def test_a_session_knows_the_post_that_it_remixes(database: Database) -> None:
    docs = docs_with({})
    assert sessions.source_of(docs, "s1") is None
    sessions.add_session(docs, SESSION)
    assert sessions.source_of(docs, "s1") == "p"
    with pytest.raises(AlreadyDecided):
        sessions.add_session(docs, SESSION)
    database.put("sessions/s1", encode(SESSION))
    found, _ = sessions.list_sessions("u1", size=5, cursor=None)
    assert [each.data for each in found] == [SESSION]
    assert sessions.list_sessions("u2", size=5, cursor=None) == ([], None)
