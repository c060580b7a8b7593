"""The bundled catalogue. Poyo's inputs and credits are those of its published model table (mid-2026).

A token is priced as one Poyo credit, rounded up: a credit costs us $0.005 and a token sells for about $0.01, so a
job earns about twice what it costs. Credits are kept in hundredths beside each price, so that the margin shows.
"""

from __future__ import annotations

from typing import Any

from .catalog import Input, JobType, Model, Price

STYLES = ("realistic", "anime", "oil painting", "sketch", "cyberpunk", "watercolor")
COLORS = ("vibrant", "monochrome", "pastel", "neon", "vintage")
SIZES = {"512x512": 1, "1024x1024": 3, "1024x1792": 4}

_PROMPT = Input(kind="text", required=True, max=4000)
_NEGATIVE = Input(kind="text", max=1000)
_STYLE = Input(kind="choice", catalogue="styles")
_COLOR = Input(kind="choice", catalogue="colors")
_SIZE = Input(kind="choice", catalogue="sizes", default="1024x1024")
_RATIO = Input(kind="choice", values=("1:1", "16:9", "9:16", "4:3", "3:4"))
_WIDE = Input(kind="choice", values=("16:9", "9:16"), default="16:9")
_LOOK = {"prompt": _PROMPT, "style": _STYLE, "color": _COLOR}


def _choice(*values: str | int, default: str | int | None = None, required: bool = False) -> Input:
    return Input(kind="choice", values=values, default=default, required=required)


def _files(most: int, *, required: bool = False) -> Input:
    return Input(kind="files", max=most, required=required)


def _tokens(credits: Any) -> Any:
    """Hundredths of a credit as whole tokens, rounded up."""
    if isinstance(credits, dict):
        return {name: _tokens(value) for name, value in credits.items()}
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
) -> Model:
    return Model(
        id=model,
        type=type_,
        provider="poyo",
        provider_model=model,
        label=label,
        inputs=inputs,
        price=Price(tokens=_tokens(credits), by=by, per=per),
        credits=Price(tokens=credits, by=by, per=per),
    )


def _mock(model: str) -> Model:
    price = Price(tokens=dict(SIZES), by=("size",))
    inputs = {**_LOOK, "size": _SIZE}
    free = Price(tokens=0)
    return Model(
        id=model,
        type="image",
        provider="mock",
        provider_model=model,
        label=model,
        inputs=inputs,
        price=price,
        credits=free,
    )


def _image(model: str, label: str, credits: int) -> list[Model]:
    """A family whose edit variant takes pictures and costs the same."""
    inputs = {**_LOOK, "size": _SIZE, "aspectRatio": _RATIO}
    edit = {**inputs, "inputPaths": _files(4, required=True)}
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
    edit = {**inputs, "inputPaths": _files(4, required=True)}
    return [
        _poyo(model, "image", label, inputs, credits, by=by),
        _poyo(f"{model}-edit", "edit", f"{label}: edit", edit, credits, by=by),
    ]


_FLUX = {**_LOOK, "size": _SIZE, "aspectRatio": _RATIO, "resolution": _choice("1K", "2K", default="1K")}
_GPT = {
    **_LOOK,
    "size": _SIZE,
    "quality": _choice("low", "medium", "high", default="medium"),
    "resolution": _choice("1K", "2K", "4K", default="1K"),
}
_VEO = {
    "prompt": _PROMPT,
    "negativePrompt": _NEGATIVE,
    "durationSeconds": _choice(4, 6, 8, default=8),
    "resolution": _choice("720p", "1080p", default="720p"),
    "aspectRatio": _WIDE,
    "inputPaths": _files(3),
}


def _kling(model: str, label: str, credits: dict[str, int], more: dict[str, Input]) -> Model:
    inputs = {
        "prompt": _PROMPT,
        "sound": Input(kind="flag", default=False),
        "durationSeconds": _choice(5, 10, default=5),
        "aspectRatio": Input(kind="choice", values=("16:9", "9:16", "1:1"), default="16:9"),
        **more,
    }
    return _poyo(model, "video", label, inputs, credits, by=("sound",), per="second")


def _seconds(model: str, label: str, credits: dict[str, int], resolution: str, ratio: Input | None = None) -> Model:
    """A model priced by its few lengths, at one resolution."""
    lengths = tuple(int(length) for length in credits)
    inputs = {
        "prompt": _PROMPT,
        "durationSeconds": _choice(*lengths, default=lengths[0]),
        **({"resolution": _choice(resolution, default=resolution)} if resolution else {}),
        **({"aspectRatio": ratio, "inputPaths": _files(1)} if ratio else {}),
    }
    return _poyo(model, "video", label, inputs, credits, by=("durationSeconds",))


_SEEDANCE = {
    "prompt": _PROMPT,
    "durationSeconds": Input(kind="integer", min=4, max=15, default=5),
    "resolution": _choice("480p", "720p", "1080p", "4k", default="720p"),
    "aspectRatio": _WIDE,
    "generateAudio": Input(kind="flag", default=False),
    "inputPaths": _files(2),
}

MODELS: tuple[Model, ...] = (
    _mock("Model A"),
    _mock("Model B"),
    *_image("nano-banana", "Nano Banana", 500),
    *_image("nano-banana-2", "Nano Banana 2", 800),
    *_image("seedream-4.5", "Seedream 4.5", 500),
    _poyo("z-image", "image", "Z-Image", {**_LOOK, "size": _SIZE, "aspectRatio": _RATIO}, 200),
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
        {"multiShots": Input(kind="flag", default=False)},
    ),
    _kling(
        "kling-3.0/pro",
        "Kling 3.0 Pro",
        {"false": 3900, "true": 4900},
        {"multiShots": Input(kind="flag", default=False)},
    ),
    _seconds("sora-2-official", "Sora 2", {"4": 4800, "8": 9600, "12": 14400, "16": 19200, "20": 24000}, "", _WIDE),
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
)
