"""The library's surroundings are the community's."""

from tests.community.conftest import _gcs, community
from tests.studio.conftest import poyo, studio

__all__ = ["_gcs", "community", "poyo", "studio"]
