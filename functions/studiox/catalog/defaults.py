"""The bundled catalogue: the entries on offer unless a Firestore document of the same id overrides them."""

from __future__ import annotations

from studiox.models.catalog import Feature

from . import other_models, poyo_models
from .other_models import SIZES

__all__ = ["COLORS", "FEATURES", "MODELS", "SIZES", "STYLES"]

STYLES = ("realistic", "anime", "oil painting", "sketch", "cyberpunk", "watercolor")
COLORS = ("vibrant", "monochrome", "pastel", "neon", "vintage")

FEATURES = (
    Feature(id="prompt_enhancement", label="Prompt enhancement", tokens=1),
    Feature(id="hd_download", label="Download in full quality", tokens=2),
    Feature(id="watermark_removal", label="Watermark removal", tokens=3),
    Feature(id="stem_export", label="Separate tracks of a song", tokens=5),
    Feature(id="commercial_license", label="Licence for commercial use", tokens=20),
)

MODELS = (*poyo_models.MODELS, *other_models.MODELS)
"""In the order in which clients list them: the first of a type is the one that a form starts with."""
