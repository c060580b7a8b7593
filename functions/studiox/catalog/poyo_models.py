"""Poyo's models, with the inputs and credits of its published model table (mid-2026).

A token is priced as one Poyo credit, rounded up: a credit costs us $0.005 and a token sells for about $0.01, so a job
earns about twice what it costs. Credits are kept in hundredths beside each price, so that the margin shows.
"""

from __future__ import annotations

from typing import Any

from studiox.models.catalog import Input, Model, Price, Rule
from studiox.models.jobs import JobType

from .inputs import LOOK, NEGATIVE, PROMPT, RATIO, SIZE, WIDE, choice, files, flag, text


def tokens(credits: Any) -> Any:
    """Hundredths of a credit as whole tokens, rounded up."""
    if isinstance(credits, dict):
        return {name: tokens(value) for name, value in credits.items()}
    return -(-credits // 100)


def _poyo(
    model: str,
    type_: JobType,
    label: str,
    inputs: dict[str, Input],
    credits: Any,
    *,
    by: tuple[str, ...] = (),
    per: Any = "job",
    rules: tuple[Rule, ...] = (),
) -> Model:
    return Model(
        id=model,
        type=type_,
        provider="poyo",
        provider_model=model,
        label=label,
        inputs=inputs,
        price=Price(tokens=tokens(credits), by=by, per=per),
        credits=Price(tokens=credits, by=by, per=per),
        rules=rules,
    )


def _image(model: str, label: str, credits: int) -> list[Model]:
    """A model and its edit variant, which also accepts pictures and costs the same."""
    inputs = {**LOOK, "size": SIZE, "aspectRatio": RATIO}
    edit = {**inputs, "inputPaths": files(4, required=True)}
    return [
        _poyo(model, "image", label, inputs, credits),
        _poyo(f"{model}-edit", "edit", f"{label}: edit", edit, credits),
    ]


_GPT_CREDITS = {
    "low": {"1K": 200, "2K": 400, "4K": 800},
    "medium": {"1K": 848, "2K": 896, "4K": 1616},
    "high": {"1K": 3376, "2K": 3552, "4K": 6416},
}


def _two_variants(model: str, label: str, inputs: dict[str, Input], credits: Any, by: tuple[str, ...]) -> list[Model]:
    edit = {**inputs, "inputPaths": files(4, required=True)}
    return [
        _poyo(model, "image", label, inputs, credits, by=by),
        _poyo(f"{model}-edit", "edit", f"{label}: edit", edit, credits, by=by),
    ]


_FLUX = {**LOOK, "size": SIZE, "aspectRatio": RATIO, "resolution": choice("1K", "2K", default="1K")}
_GPT = {
    **LOOK,
    "size": SIZE,
    "quality": choice("low", "medium", "high", default="medium"),
    "resolution": choice("1K", "2K", "4K", default="1K"),
}
_VEO = {
    "prompt": PROMPT,
    "negativePrompt": NEGATIVE,
    "durationSeconds": choice(4, 6, 8, default=8),
    "resolution": choice("720p", "1080p", default="720p"),
    "aspectRatio": WIDE,
    "inputPaths": files(3),
}


def _kling(model: str, label: str, credits: dict[str, int], more: dict[str, Input]) -> Model:
    inputs = {
        "prompt": PROMPT,
        "sound": flag(),
        "durationSeconds": choice(5, 10, default=5),
        "aspectRatio": Input(kind="choice", values=("16:9", "9:16", "1:1"), default="16:9"),
        **more,
    }
    return _poyo(model, "video", label, inputs, credits, by=("sound",), per="second")


def _seconds(model: str, label: str, credits: dict[str, int], resolution: str, ratio: Input | None = None) -> Model:
    """A model with a price for each of its lengths, at one resolution."""
    lengths = tuple(int(length) for length in credits)
    inputs = {
        "prompt": PROMPT,
        "durationSeconds": choice(*lengths, default=lengths[0]),
        **({"resolution": choice(resolution, default=resolution)} if resolution else {}),
        **({"aspectRatio": ratio, "inputPaths": files(1)} if ratio else {}),
    }
    return _poyo(model, "video", label, inputs, credits, by=("durationSeconds",))


_SEEDANCE = {
    "prompt": PROMPT,
    "durationSeconds": Input(kind="integer", min=4, max=15, default=5),
    "resolution": choice("480p", "720p", "1080p", "4k", default="720p"),
    "aspectRatio": WIDE,
    "generateAudio": flag(),
    "inputPaths": files(2),
}

# Suno: in simple mode the prompt describes the song; in custom mode it is the sung text, unless lyrics are given.
_SUNO = {
    "prompt": text(3000, required=True),
    "customMode": flag(),
    "instrumental": flag(),
    "version": choice("V4", "V4_5", "V4_5PLUS", "V5", "V5_5", default="V5"),
    "style": text(200),
    "title": text(80),
    "lyrics": text(3000),
    "negativePrompt": text(200),
    "vocalGender": choice("male", "female"),
}
_SUNO_RULES = (
    Rule(when="customMode", needs=("style", "title")),
    Rule(when="customMode", values=(False,), excludes=("lyrics",), max={"prompt": 500}),
    Rule(when="instrumental", excludes=("lyrics", "vocalGender")),
)
_SUNG_OR_NOT = (Rule(when="instrumental", excludes=("lyrics",)),)
_TRACK = {"prompt": text(2000, required=True), "lyrics": text(3000), "instrumental": flag()}
_TIMED = {**_TRACK, "durationSeconds": Input(kind="integer", min=10, max=300, default=60)}

# Voices by name: Poyo rejects ElevenLabs' own ids.
_VOICES = (
    *("Rachel", "Adam", "Alice", "Aria", "Bill", "Brian", "Callum", "Charlie", "Charlotte", "Chris", "Daniel", "Eric"),
    *("George", "Jessica", "Laura", "Liam", "Lily", "Matilda", "River", "Roger", "Sarah", "Will"),
)
_SPEECH = {"prompt": text(5000, required=True), "voice": choice(*_VOICES, default="Rachel")}

MODELS: tuple[Model, ...] = (
    *_image("nano-banana", "Nano Banana", 500),
    *_image("nano-banana-2", "Nano Banana 2", 800),
    *_image("seedream-4.5", "Seedream 4.5", 500),
    _poyo("z-image", "image", "Z-Image", {**LOOK, "size": SIZE, "aspectRatio": RATIO}, 200),
    *_two_variants("flux-2-pro", "FLUX.2 Pro", _FLUX, {"1K": 600, "2K": 900}, ("resolution",)),
    *_two_variants("gpt-image-2", "GPT Image 2", _GPT, _GPT_CREDITS, ("quality", "resolution")),
    _poyo("veo3.1-lite", "video", "Veo 3.1 Lite", _VEO, 2000),
    _poyo("veo3.1-fast", "video", "Veo 3.1 Fast", _VEO, 3600),
    _poyo("veo3.1-quality", "video", "Veo 3.1 Quality", _VEO, 20000),
    _kling("kling-2.6", "Kling 2.6", {"false": 1300, "true": 2400}, {}),
    _kling(
        "kling-3.0/standard",
        "Kling 3.0 Standard",
        {"false": 2700, "true": 3900},
        {"multiShots": flag()},
    ),
    _kling(
        "kling-3.0/pro",
        "Kling 3.0 Pro",
        {"false": 3900, "true": 4900},
        {"multiShots": flag()},
    ),
    _seconds("sora-2-official", "Sora 2", {"4": 4800, "8": 9600, "12": 14400, "16": 19200, "20": 24000}, "", WIDE),
    _poyo(
        "seedance-2",
        "video",
        "Seedance 2",
        _SEEDANCE,
        {"480p": 2000, "720p": 4000, "1080p": 9000, "4k": 20000},
        by=("resolution",),
        per="second",
    ),
    _seconds("wan2.6-text-to-video", "Wan 2.6", {"5": 8000, "10": 16000, "15": 24000}, "720p"),
    _seconds("hailuo-2.3", "Hailuo 2.3", {"6": 3500, "10": 7000}, "768p"),
    _seconds("runway-gen-4.5", "Runway Gen-4.5", {"5": 7500, "10": 15000}, ""),
    _poyo("generate-music", "music", "Suno", _SUNO, 2000, rules=_SUNO_RULES),
    _poyo("minimax-music-2.6", "music", "MiniMax Music 2.6", _TRACK, 2000, rules=_SUNG_OR_NOT),
    _poyo("elevenlabs-music", "music", "ElevenLabs Music", _TIMED, 12800, per="minute", rules=_SUNG_OR_NOT),
    _poyo("elevenlabs-v3-tts", "speech", "ElevenLabs v3", _SPEECH, 1600, per="thousandCharacters"),
)
