"""The studio's surroundings, which the sweep needs too."""

from __future__ import annotations

from tests.studio.conftest import poyo, studio

__all__ = ["poyo", "studio"]
