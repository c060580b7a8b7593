"""The library's surroundings are the community's: a clock, Cloud Storage, Cloud Tasks and people."""

from tests.community.conftest import clock, community, gcs, queue

__all__ = ["clock", "community", "gcs", "queue"]
