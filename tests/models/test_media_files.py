"""The names of a file's thumbnail and of public copies."""

from __future__ import annotations

from studiox.models.media_files import (
    MediaFile,
    Thumbnail,
    paths_of,
    public_path,
    public_thumbnail,
    thumbnail_stem,
)

SMALL = Thumbnail(path="users/u/creations/j/thumbnail-0.webp", content_type="image/webp", width=5, height=4)
PLAIN = MediaFile(path="users/u/creations/j/1.mp4", content_type="video/mp4", bytes=1)
SONG = MediaFile(
    path="users/u/creations/j/0.mp3", content_type="audio/mpeg", bytes=1, image_path="users/u/creations/j/2.png"
)


def test_all_objects_of_files_are_named() -> None:
    pictured = MediaFile(path="a/3.png", content_type="image/png", bytes=1, thumbnail=SMALL)
    assert paths_of(iter([PLAIN, SONG, pictured])) == [PLAIN.path, SONG.path, "a/3.png", SONG.image_path, SMALL.path]
    assert paths_of([]) == []


def test_a_thumbnail_is_beside_its_file() -> None:
    assert thumbnail_stem("users/u/creations/j/12.png") == "users/u/creations/j/thumbnail-12"
    assert f"{thumbnail_stem('users/u/creations/j/0.tar.gz')}.webp" == SMALL.path


def test_a_public_copy_has_the_posts_folder() -> None:
    assert public_path("p", SONG.path) == "posts/p/0.mp3"
    made = public_thumbnail("p", SMALL)
    assert made is not None
    assert (made.path, made.width, made.height) == ("posts/p/thumbnail-0.webp", 5, 4)
    assert public_thumbnail("p", None) is None
