"""The library's surroundings are the community's."""

from tests.community.conftest import _gcs, community

__all__ = ["_gcs", "community"]
