"""The studio's surroundings, which the sweep needs too."""

from __future__ import annotations

from tests.studio.conftest import clock, gcs, poyo, queue, studio

__all__ = ["clock", "gcs", "poyo", "queue", "studio"]
