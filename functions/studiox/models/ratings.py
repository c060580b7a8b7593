"""The rating of what people make and publish: for everybody, or only for those who ask for it. Pure."""

from __future__ import annotations

from typing import Literal

Rating = Literal["general", "mature"]


def highest(*ratings: Rating) -> Rating:
    """The rating of what is made from parts with these ratings."""
    return "mature" if "mature" in ratings else "general"
