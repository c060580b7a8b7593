"""What of an order reaches Poyo, family by family, held against the stand-in's idea of what each model requires."""

from __future__ import annotations

from typing import Any

import pytest

from local.vendors.poyo.server import PoyoStandIn
from studiox.catalog import defaults
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.poyo_inputs import RATIOS, translate
from studiox.integrations.providers.protocol import Order
from studiox.models.catalog import Model

LYRICS = "[Verse]\nThe tide is low\n[Chorus]\nand the moon is high"

# (type, model, StudioX's inputs, Poyo's)
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("image", "nano-banana", {"prompt": "a cat", "size": "1024x1024"}, {"prompt": "a cat", "size": "1:1"}),
    ("image", "nano-banana", {"prompt": "a cat", "size": "1024x1792"}, {"prompt": "a cat", "size": "9:16"}),
    (
        "image",
        "seedream-4.5",
        {"prompt": "a cat", "size": "1024x1024", "aspectRatio": "4:3"},
        {"prompt": "a cat", "size": "4:3"},
    ),
    (
        "image",
        "z-image",
        {"prompt": "a cat", "style": "oil painting", "color": "neon", "negativePrompt": "dogs"},
        {"prompt": "a cat, oil painting style, neon colors, Avoid: dogs"},
    ),
    ("image", "flux-2-pro", {"prompt": "a cat"}, {"prompt": "a cat", "size": "1:1", "resolution": "1K"}),
    (
        "edit",
        "flux-2-pro-edit",
        {"prompt": "a cat", "resolution": "2K", "aspectRatio": "16:9"},
        {"prompt": "a cat", "size": "16:9", "resolution": "2K"},
    ),
    (
        "image",
        "gpt-image-2",
        {"prompt": "a cat", "quality": "high", "resolution": "4K", "size": "auto"},
        {"prompt": "a cat", "quality": "high", "resolution": "4K", "size": "auto"},
    ),
    ("image", "gpt-image-2", {"prompt": "a cat"}, {"prompt": "a cat", "quality": "medium"}),
    (
        "video",
        "veo3.1-fast",
        {"prompt": "waves", "durationSeconds": 8, "aspectRatio": "9:16", "negativePrompt": "text"},
        {"prompt": "waves, Avoid: text", "duration": 8, "aspect_ratio": "9:16"},
    ),
    (
        "video",
        "kling-2.6",
        {"prompt": "waves", "durationSeconds": 10, "sound": True},
        {"prompt": "waves", "duration": 10, "sound": True},
    ),
    ("video", "kling-2.6", {"prompt": "waves"}, {"prompt": "waves", "duration": 5, "sound": False}),
    (
        "video",
        "kling-3.0/pro",
        {"prompt": "waves", "multiShots": False, "sound": False, "durationSeconds": 5},
        {"prompt": "waves", "multi_shots": False, "sound": False, "duration": 5},
    ),
    *(
        (
            "video",
            f"kling-3.0/{grade}",
            {"prompt": "waves"},
            {"prompt": "waves", "multi_shots": False, "sound": False, "duration": 5},
        )
        for grade in ("standard", "pro")
    ),
    (
        "video",
        "kling-3.0/standard",
        {"prompt": "waves\n\n rocks \ngulls", "multiShots": True, "durationSeconds": 10},
        {
            "multi_shots": True,
            "sound": False,
            "duration": 10,
            "multi_prompt": [
                {"prompt": "waves", "duration": 4},
                {"prompt": "rocks", "duration": 3},
                {"prompt": "gulls", "duration": 3},
            ],
        },
    ),
    (
        "video",
        "seedance-2",
        {"prompt": "waves", "durationSeconds": 4, "resolution": "4k", "generateAudio": True},
        {"prompt": "waves", "duration": 4, "resolution": "4k", "generate_audio": True},
    ),
    ("video", "seedance-2", {"prompt": "waves"}, {"prompt": "waves", "duration": 5, "resolution": "720p"}),
    ("video", "sora-2-official", {"prompt": "waves", "durationSeconds": 12}, {"prompt": "waves", "duration": 12}),
    (
        "music",
        "generate-music",
        {"prompt": "a song of the sea", "style": "folk"},
        {
            "prompt": "a song of the sea, folk style",
            "custom_mode": False,
            "instrumental": False,
            "mv": "V5",
        },
    ),
    (
        "music",
        "generate-music",
        {
            "prompt": "calm piano",
            "instrumental": True,
            "style": "classical",
            "title": "Quiet",
            "negativePrompt": "drums",
        },
        {
            "prompt": "calm piano",
            "style": "classical",
            "title": "Quiet",
            "custom_mode": True,
            "instrumental": True,
            "negative_tags": "drums",
            "mv": "V5",
        },
    ),
    (
        "music",
        "generate-music",
        {"prompt": "a slow waltz", "lyrics": LYRICS, "vocalGender": "female", "version": "V4_5"},
        {
            "prompt": LYRICS,
            "style": "a slow waltz",
            "title": "The tide is low",
            "custom_mode": True,
            "instrumental": False,
            "vocal_gender": "f",
            "mv": "V4_5",
        },
    ),
    (
        "music",
        "minimax-music-2.6",
        {"prompt": "city pop", "instrumental": True},
        {"prompt": "city pop", "is_instrumental": True},
    ),
    ("music", "minimax-music-2.6", {"prompt": "city pop", "lyrics": "la"}, {"prompt": "city pop", "lyrics": "la"}),
    ("music", "minimax-music-2.6", {"prompt": "city pop"}, {"prompt": "city pop", "lyrics_optimizer": True}),
    (
        "music",
        "elevenlabs-music",
        {"prompt": "city pop", "durationSeconds": 45, "style": "warm"},
        {"text": "city pop, warm style", "prompt": "city pop, warm style", "duration": 45},
    ),
    ("speech", "elevenlabs-v3-tts", {"prompt": "Hello.", "style": "x"}, {"text": "Hello.", "voice": "Rachel"}),
    ("speech", "elevenlabs-v3-tts", {"prompt": "Hello.", "voice": "Adam"}, {"text": "Hello.", "voice": "Adam"}),
    ("image", "a-model-of-tomorrow", {"prompt": "a cat", "size": "512x512"}, {"prompt": "a cat", "size": "1:1"}),
    ("analysis", "a-model-of-tomorrow", {"prompt": "a cat"}, {"prompt": "a cat"}),
]


@pytest.mark.parametrize(("type_", "model", "inputs", "expected"), CASES)
def test_translation(type_: str, model: str, inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    assert translate(Order(job_id="j", type=type_, model=model, inputs=inputs)) == expected


def test_the_ratios_are_what_their_names_say() -> None:
    assert {name: int(name.split(":")[0]) / int(name.split(":")[1]) for name in RATIOS} == RATIOS


def test_the_texts_of_a_song_are_cut_to_what_every_version_takes() -> None:
    def song(**inputs: object) -> dict[str, Any]:
        return translate(Order(job_id="j", type="music", model="generate-music", inputs=inputs))

    assert len(song(prompt="la " * 400)["prompt"]) == 500
    custom = song(prompt="la", customMode=True, style="s" * 300, title="t" * 300)
    assert (len(custom["style"]), len(custom["title"])) == (200, 80)


@pytest.mark.parametrize("given", [{"style": "classical"}, {"title": "Quiet"}])
def test_an_instrumental_without_style_or_title_is_a_simple_song(given: dict[str, str]) -> None:
    inputs = {"prompt": "calm piano", "instrumental": True, **given}
    assert not translate(Order(job_id="j", type="music", model="generate-music", inputs=inputs))["custom_mode"]


def test_more_shots_than_seconds_share_the_last() -> None:
    prompt = "\n".join(f"shot {n}" for n in range(9))
    inputs = {"prompt": prompt, "multiShots": True, "durationSeconds": 5}
    shots = translate(Order(job_id="j", type="video", model="kling-3.0/pro", inputs=inputs))["multi_prompt"]
    assert [shot["duration"] for shot in shots] == [1, 1, 1, 1, 1]
    assert " ".join(shot["prompt"] for shot in shots) == " ".join(prompt.splitlines())


def test_one_shot_takes_the_whole_duration() -> None:
    def shots(**inputs: object) -> object:
        order = Order(job_id="j", type="video", model="kling-3.0/pro", inputs={"multiShots": True, **inputs})
        return translate(order)["multi_prompt"]

    assert shots(prompt="waves") == [{"prompt": "waves", "duration": 5}]
    assert shots() == []


def test_in_custom_mode_the_prompt_is_sung_where_there_are_no_lyrics() -> None:
    inputs = {"prompt": "la la la", "customMode": True, "style": "swing", "title": "La"}
    song = translate(Order(job_id="j", type="music", model="generate-music", inputs=inputs))
    assert (song["custom_mode"], song["prompt"], song["style"], song["title"]) == (True, "la la la", "swing", "La")
    told = translate(Order(job_id="j", type="music", model="generate-music", inputs={**inputs, "lyrics": "words"}))
    assert told["prompt"] == "words"


def test_uploads_are_sent_as_addresses() -> None:
    order = Order(
        job_id="j", type="edit", model="nano-banana-edit", inputs={"prompt": "p"}, image_urls=("https://a/1",)
    )
    assert translate(order) == {"prompt": "p", "image_urls": ["https://a/1"]}


@pytest.mark.parametrize("model", [model for model in defaults.MODELS if model.provider == "poyo"], ids=lambda m: m.id)
def test_every_model_of_the_catalogue_is_ordered_whole(model: Model, poyo: PoyoStandIn, provider: Poyo) -> None:
    """With nothing but what the catalogue requires, and with all that it offers."""
    bare: dict[str, Any] = {name: spec.default for name, spec in model.inputs.items() if spec.default is not None}
    full = bare | {
        name: spec.values[-1] for name, spec in model.inputs.items() if spec.kind == "choice" and spec.values
    }
    for inputs in ({"prompt": "waves\nrocks"}, {**bare, "prompt": "waves\nrocks"}, {**full, "prompt": "waves\nrocks"}):
        pictures = ("https://uploads.example/1",) if "inputPaths" in model.inputs else ()
        order = Order(job_id="j", type=model.type, model=model.provider_model, inputs=inputs, image_urls=pictures)
        task = provider.poll(provider.submit(order), model.type, model.provider_model)
        assert task.files
    assert len(poyo.tasks()) == 3
