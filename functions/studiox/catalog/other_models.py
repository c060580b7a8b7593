"""The bundled models of the providers other than Poyo, with our price and the provider's charge for each."""

from __future__ import annotations

from studiox.models.catalog import Input, Model, Price, Rule

from .inputs import LOOK, SIZE, choice, files, flag, text

SIZES = {"512x512": 1, "1024x1024": 3, "1024x1792": 4}


def _mock(model: str) -> Model:
    return Model(
        id=model,
        type="image",
        provider="mock",
        provider_model=model,
        label=model,
        inputs={**LOOK, "size": SIZE},
        price=Price(tokens=dict(SIZES), by=("size",)),
        credits=Price(tokens=0),
    )


MOCK = (_mock("Model A"), _mock("Model B"))

# PiAPI charges 500,000 points per order; a dollar is ten million points.
PIAPI = (
    Model(
        id="music-u",
        type="music",
        provider="piapi",
        provider_model="music-u",
        label="Udio",
        inputs={
            "prompt": text(2000, required=True),
            "lyrics": text(3000),
            "instrumental": flag(),
            "title": text(80),
            "style": text(100),
            "negativePrompt": text(100),
            "vocalGender": choice("male", "female"),
            "seed": Input(kind="integer", min=0, max=2**31 - 1),
        },
        price=Price(tokens=10),
        credits=Price(tokens=500),
        rules=(Rule(when="instrumental", excludes=("lyrics", "vocalGender")),),
    ),
)

# `provider_model` is the endpoint's own name for the model. An override's `providerModel` selects another one.
OPENAI = (
    Model(
        id="image-analysis",
        type="analysis",
        provider="openai",
        provider_model="gpt-4o-mini",
        label="Image analysis",
        inputs={"prompt": text(2000, required=True), "inputPaths": files(4, required=True)},
        price=Price(tokens=2),
        # A large picture is 25,500 of the endpoint's tokens. Four of them cost about what two of our tokens earn.
        credits=Price(tokens=700),
    ),
    Model(
        id="lyrics-writer",
        type="lyrics",
        provider="openai",
        provider_model="gpt-4o-mini",
        label="Lyrics",
        inputs={
            "prompt": text(1000, required=True),
            "mood": text(100),
            "presetType": text(100),
            "style": text(100),
            "language": text(50),
        },
        price=Price(tokens=2),
        credits=Price(tokens=160),
    ),
)

MODELS = (*PIAPI, *OPENAI, *MOCK)
