"""Inputs that several models of the bundled catalogue share."""

from __future__ import annotations

from studiox.models.catalog import Input

PROMPT = Input(kind="text", required=True, max=4000)
NEGATIVE = Input(kind="text", max=1000)
STYLE = Input(kind="choice", catalogue="styles")
COLOR = Input(kind="choice", catalogue="colors")
SIZE = Input(kind="choice", catalogue="sizes", default="1024x1024")
RATIO = Input(kind="choice", values=("1:1", "16:9", "9:16", "4:3", "3:4"))
WIDE = Input(kind="choice", values=("16:9", "9:16"), default="16:9")
LOOK = {"prompt": PROMPT, "style": STYLE, "color": COLOR}


def text(most: int, *, required: bool = False) -> Input:
    return Input(kind="text", max=most, required=required)


def flag() -> Input:
    return Input(kind="flag", default=False)


def choice(*values: str | int, default: str | int | None = None, required: bool = False) -> Input:
    return Input(kind="choice", values=values, default=default, required=required)


def files(most: int, *, required: bool = False) -> Input:
    return Input(kind="files", max=most, required=required)
