"""The bundled catalogue: what is offered until a Firestore document of the same id says otherwise."""

from __future__ import annotations

from . import other_models, poyo_models
from .catalog import Feature

STYLES = ("realistic", "anime", "oil painting", "sketch", "cyberpunk", "watercolor")
COLORS = ("vibrant", "monochrome", "pastel", "neon", "vintage")
SIZES = other_models.SIZES

FEATURES = (
    Feature(id="prompt_enhancement", label="Prompt enhancement", tokens=1),
    Feature(id="hd_download", label="Download in full quality", tokens=2),
    Feature(id="watermark_removal", label="Watermark removal", tokens=3),
    Feature(id="stem_export", label="Separate tracks of a song", tokens=5),
    Feature(id="commercial_license", label="Licence for commercial use", tokens=20),
)

MODELS = (*other_models.MOCK, *poyo_models.MODELS, *other_models.PIAPI, *other_models.OPENAI)
