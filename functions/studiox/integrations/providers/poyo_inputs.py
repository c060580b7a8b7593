"""Translates StudioX's inputs to the fields of Poyo's models, by a table of model families.

Field names are from the API references that Poyo publishes with its agent skills (mid-2026). Poyo refuses fields that a
model does not list, so an input without a field is added to the prompt instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .protocol import Order

Fields = dict[str, Any]

# A size in pixels becomes the nearest of the ratios that all of Poyo's image models take.
RATIOS = {"1:1": 1.0, "4:3": 4 / 3, "3:4": 3 / 4, "16:9": 16 / 9, "9:16": 9 / 16, "3:2": 3 / 2, "2:3": 2 / 3}
_PIXELS = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", re.ASCII)

# How the prompt states inputs that have no field, in this order.
PHRASES = {"style": "{} style", "color": "{} colors", "negativePrompt": "Avoid: {}"}

# Suno's limits: the prompt in simple mode, title and style. Those of V4, which are the smallest.
SIMPLE_PROMPT, TITLE, STYLE = 500, 80, 200


class Family(NamedTuple):
    """The fields of one model family. The catalogue decides which inputs a model takes; this only names them."""

    fields: Mapping[str, str]
    """StudioX's name → Poyo's."""
    always: Mapping[str, Any] = {}
    """Values of fields that Poyo requires and an order may omit."""
    shape: str = "aspect_ratio"
    """The field for `aspectRatio` or the ratio of `size`; "" if there is none."""
    finish: Callable[[Fields, Mapping[str, Any]], None] | None = None
    """Sets fields that depend on others; changes the fields in place."""


def _pick(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _song(fields: Fields, given: Mapping[str, Any]) -> None:
    """Choose Suno's mode. In custom mode the prompt of a sung song is its lyrics, so an order that has only a
    description uses simple mode, unless it selects custom mode: then the description is sung."""
    lyrics, style, title = (_pick(given.get(name)) for name in ("lyrics", "style", "title"))
    instrumental = given.get("instrumental") is True
    description = _pick(given.get("prompt"))
    custom = given.get("customMode") is True or (bool(style and title) if instrumental else bool(lyrics))
    fields["custom_mode"], fields["instrumental"] = custom, instrumental
    if not custom:
        fields.pop("style", None)
        spoken = [description, PHRASES["style"].format(style) if style else ""]
        fields["prompt"] = ", ".join(filter(None, spoken))[:SIMPLE_PROMPT]
        return
    fields["prompt"] = description if instrumental else lyrics or description
    fields["style"] = (style or description or "pop")[:STYLE]
    sung = (line for line in lyrics.splitlines() if line.strip() and not line.startswith("["))
    fields["title"] = (title or next(sung, "Untitled").strip())[:TITLE]


def _words(fields: Fields, _given: Mapping[str, Any]) -> None:
    """MiniMax writes the lyrics if there are none and the track is not instrumental."""
    if not fields.get("lyrics") and fields.get("is_instrumental") is not True:
        fields["lyrics_optimizer"] = True


def _both_names(fields: Fields, _given: Mapping[str, Any]) -> None:
    """ElevenLabs' music: Poyo's reference names the description `text` and its price list `prompt`. It is sent as both,
    because no order has shown yet which one is right."""
    fields["prompt"] = fields.get("text", "")


def _shots(fields: Fields, _given: Mapping[str, Any]) -> None:
    """Kling's multiple shots: each line of the prompt is one, and they share the duration."""
    if fields.get("multi_shots") is not True or "multi_prompt" in fields:
        return
    seconds = int(fields["duration"])
    lines = [line.strip() for line in str(fields.pop("prompt", "")).splitlines() if line.strip()]
    if len(lines) > seconds:
        lines[seconds - 1 :] = [" ".join(lines[seconds - 1 :])]
    share, more = divmod(seconds, max(1, len(lines)))
    fields["multi_prompt"] = [
        {"prompt": line, "duration": share + (number < more)} for number, line in enumerate(lines)
    ]


_IMAGE_FIELDS = {"prompt": "prompt", "resolution": "resolution", "quality": "quality", "count": "n", "seed": "seed"}
_VIDEO_FIELDS = {
    "prompt": "prompt",
    "durationSeconds": "duration",
    "resolution": "resolution",
    "sound": "sound",
    "multiShots": "multi_shots",
    "multiPrompt": "multi_prompt",
    "generateAudio": "generate_audio",
    "seed": "seed",
}
_SONG_FIELDS = {"prompt": "prompt", "negativePrompt": "negative_tags", "style": "style", "version": "mv"}
_TRACK_FIELDS = {"lyrics": "lyrics", "instrumental": "is_instrumental", "durationSeconds": "duration"}

IMAGE = Family(_IMAGE_FIELDS, shape="size")
VIDEO = Family(_VIDEO_FIELDS)
SONG = Family({**_SONG_FIELDS, "vocalGender": "vocal_gender"}, {"mv": "V5"}, shape="", finish=_song)
SPEECH = Family({"prompt": "text", "voice": "voice"}, {"voice": "Rachel"}, shape="")

# By the model's name without `-edit`. A model that is not listed uses the family of its order's type.
FAMILIES: Mapping[str, Family] = {
    "flux-2-pro": IMAGE._replace(always={"size": "1:1", "resolution": "1K"}),
    "flux-2-flex": IMAGE._replace(always={"size": "1:1", "resolution": "1K"}),
    "gpt-image-2": IMAGE._replace(always={"quality": "medium"}),
    "kling-2.6": VIDEO._replace(always={"sound": False, "duration": 5}),
    "kling-3.0/standard": VIDEO._replace(always={"sound": False, "duration": 5, "multi_shots": False}, finish=_shots),
    "kling-3.0/pro": VIDEO._replace(always={"sound": False, "duration": 5, "multi_shots": False}, finish=_shots),
    "seedance-2": VIDEO._replace(always={"duration": 5, "resolution": "720p"}),
    "generate-music": SONG,
    "minimax-music-2.6": Family({"prompt": "prompt", **_TRACK_FIELDS}, shape="", finish=_words),
    "elevenlabs-music": Family({"prompt": "text", **_TRACK_FIELDS}, shape="", finish=_both_names),
    "elevenlabs-v3-tts": SPEECH,
}
BY_TYPE = {"image": IMAGE, "edit": IMAGE, "video": VIDEO, "music": SONG, "speech": SPEECH}
GENDERS = {"male": "m", "female": "f"}


def family(model: str, order_type: str) -> Family:
    """The model's family."""
    known = FAMILIES.get(model) or FAMILIES.get(model.removesuffix("-edit"))
    return known or BY_TYPE.get(order_type, Family({"prompt": "prompt"}))


def translate(order: Order) -> Fields:
    """The order as Poyo's `input` object."""
    kind, given = family(order.model, order.type), order.inputs
    fields: Fields = dict(kind.always)
    fields.update({theirs: given[ours] for ours, theirs in kind.fields.items() if given.get(ours) not in (None, "")})
    shape = _pick(given.get("aspectRatio")) or _ratio(_pick(given.get("size")))
    if kind.shape and shape:
        fields[kind.shape] = shape
    if order.image_urls:
        fields["image_urls"] = list(order.image_urls)
    if "vocal_gender" in fields:
        fields["vocal_gender"] = GENDERS.get(fields["vocal_gender"], fields["vocal_gender"])
    _append_to_prompt(fields, kind, given)
    if kind.finish is not None:
        kind.finish(fields, given)
    return fields


def _append_to_prompt(fields: Fields, kind: Family, given: Mapping[str, Any]) -> None:
    """Append inputs without a field to the prompt. Text that is to be spoken stays unchanged."""
    field = kind.fields.get("prompt")
    if field is None or not isinstance(fields.get(field), str) or kind is SPEECH:
        return
    phrases = [
        template.format(_pick(given.get(name)))
        for name, template in PHRASES.items()
        if name not in kind.fields and _pick(given.get(name))
    ]
    fields[field] = ", ".join([fields[field], *phrases])


def _ratio(size: str) -> str:
    """The name of the ratio nearest to a size in pixels; any other size (`auto`, `2K`) is returned unchanged."""
    match = _PIXELS.fullmatch(size)
    if match is None:
        return size
    wanted = int(match[1]) / int(match[2])
    return min(RATIOS, key=lambda name: max(RATIOS[name] / wanted, wanted / RATIOS[name]))
