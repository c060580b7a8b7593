"""Publishing against the official Storage emulator: the copies are there, are hidden, come back, and go."""

from __future__ import annotations

from studiox.media import objects
from tests.community.community import Community
from tests.media.conftest import emulator
from tests.media.servers import png

__all__ = ["emulator"]


def test_the_public_life_of_a_file(community: Community, emulator: str) -> None:
    assert emulator
    id_ = community.creation(files=2)
    for number in range(2):
        objects.store_bytes(png(1000 + number), f"users/ann/creations/{id_}/{number}")

    def public() -> list[int]:
        return [item.size_bytes for item in objects.list_prefix(f"posts/{id_}/").items]

    community.ok("publishPost", "ann", creationId=id_)
    assert public() == [1000, 1001]
    head = objects.read_head(f"posts/{id_}/0.png")
    assert head is not None
    assert head.content_type == "image/png"
    for action, files in (("hide", []), ("restore", [1000, 1001])):
        community.ok("moderatePost", "root", admin=True, postId=id_, action=action)
        assert public() == files
    community.ok("deletePost", "ann", postId=id_)
    assert public() == []
    assert len(objects.list_prefix(f"users/ann/creations/{id_}/").items) == 2
    community.ok("publishPost", "ann", creationId=id_)
    community.ok("deleteCreation", "ann", creationId=id_)
    assert public() == []
    assert objects.list_prefix(f"users/ann/creations/{id_}/").items == ()
