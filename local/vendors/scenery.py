"""Draws the stand-ins' pictures: a landscape whose light, season and subject follow the prompt's words.

The same words and proportions give the same bytes. A picture takes a few hundredths of a second and needs no library.
"""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Sequence
from typing import NamedTuple

from local.vendors.canvas import LONG_SIDE, Canvas, Colour, column, ellipse, glow, lit, mixed, pine, taper, toward


class Mood(NamedTuple):
    """The colours of a time of day, as RRGGBB: the sky from top to horizon, the light, the far and the near hills."""

    top: str
    middle: str
    low: str
    sun: str
    far: str
    near: str
    height: float
    """The sun's height over the horizon, as a share of the sky."""
    stars: int = 0
    snow: bool = False


MOODS = {
    "dawn": Mood("3b4a8c", "d98aa0", "ffd9a8", "fff3d6", "b58aa8", "2b2547", 0.26),
    "day": Mood("2f7fc8", "8fc6ea", "e9f4f2", "fffbe8", "8fb2c4", "1f4a45", 0.62),
    "dusk": Mood("2a1b55", "b8436b", "ff9a4d", "ffe2a0", "9a4a72", "1d1233", 0.34),
    "night": Mood("070b24", "16275a", "48659c", "f4f1dc", "33507f", "060a1c", 0.66, stars=160),
    "snow": Mood("6f9fcb", "b9d3e6", "f2f2f0", "ffffff", "c3d3e2", "3a5a78", 0.5, snow=True),
    "desert": Mood("3f7fae", "f0c38e", "ffe3b8", "fff6df", "d99a6c", "6e2f26", 0.34),
    "mist": Mood("7f9b9a", "b9cdc4", "eaf0e2", "ffffff", "a9c0b6", "203c3a", 0.45),
    "neon": Mood("0a0226", "5a0f7a", "ff3f9b", "ffd0ec", "7a2a9c", "0b0322", 0.28, stars=70),
}
# The prompt's words choose mood, features and grading. Random draws choose the rest.
WORDS: dict[str, str] = {
    "dawn": r"dawn|sunrise|morning|first light|breakfast",
    "dusk": r"dusk|sunset|evening|golden hour|autumn|fire",
    "night": r"night|moon\w*|stars?|starry|midnight|sleep\w*|lullab\w*|dark\w*|dream\w*",
    "snow": r"snow\w*|winter|ice|frozen|arctic|christmas|glacier",
    "desert": r"desert|dunes?|sand|canyon|savanna|mars",
    "mist": r"mist\w*|fog\w*|rain\w*|quiet|forest at",
    "neon": r"neon|cyberpunk|synthwave|electric|retro\w*",
    "day": r"day|noon|summer|sunny|meadow|spring|blue",
    "water": r"water|sea|lake|ocean|waves?|river|coast|shore|bay|harbou?r|island|boats?|sail\w*|ships?|lighthouse",
    "pines": r"forest|woods?|pines?|trees?|fox\w*|deer|wolf|bear|owl|cabin|mountain\w*|snow\w*",
    "city": r"city|town|street\w*|skyline|cyberpunk|tokyo|rooftops?|towers",
    "lighthouse": r"lighthouse|harbou?r|coast",
    "boat": r"boats?|sail\w*|ships?|fishing|voyage",
    "balloon": r"balloons?|flying|flight|journey|travel",
    "monochrome": r"monochrome|black and white|sketch|pencil|ink|charcoal",
    "pastel": r"pastel|watercolou?r|soft",
    "vintage": r"vintage|sepia|old photo\w*|1[89]\d\ds?",
    "vibrant": r"vibrant|vivid|anime|bold|poster",
}
_WORDS = {name: re.compile(rf"\b(?:{words})\b") for name, words in WORDS.items()}
GRADES = ("monochrome", "pastel", "vintage", "vibrant")


def picture(words: str, ratio: float) -> bytes:
    """A PNG (https://www.w3.org/TR/png/) drawn from the words. `ratio` is width by height, limited to 1:4 to 4:1."""
    ratio = min(4.0, max(0.25, ratio))
    width, height = (LONG_SIDE, round(LONG_SIDE / ratio)) if ratio >= 1 else (round(LONG_SIDE * ratio), LONG_SIDE)
    return Scene(words, width, height).draw().png()


def named(words: str) -> set[str]:
    """The names in WORDS whose pattern occurs in these words."""
    return {name for name, pattern in _WORDS.items() if pattern.search(words.lower())}


class Scene:
    """A picture that is being drawn: three planes of rows, painted from the sky to the foreground."""

    def __init__(self, words: str, width: int, height: int, moment: float = 0.0) -> None:
        """`moment`, 0 to 1, is the position in a film's motion."""
        said = named(words)
        self.dice = dice = random.Random(words)
        chance = dice.random
        moods = [name for name in MOODS if name in said]
        self.mood = MOODS[moods[0] if moods else dice.choice(list(MOODS))]
        self.grade = next((name for name in GRADES if name in said), "")
        # Make every random draw, needed or not, so that an extra word does not change the rest of the picture.
        throws = {"water": chance() < 0.6, "pines": chance() < 0.4, "boat": chance() < 0.3, "balloon": chance() < 0.15}
        told = said & {"water", "pines", "city", "lighthouse", "boat", "balloon"}
        self.has = told or {name for name, thrown in throws.items() if thrown}
        if self.has & {"boat", "lighthouse"}:
            self.has.add("water")
        self.width, self.height, self.moment = width, height, moment
        self.horizon = round(height * ((0.6 + 0.08 * chance()) if "water" in self.has else 1))
        self.skyline = self.horizon if "water" in self.has else round(height * 0.62)
        self.sun = (width * (0.22 + 0.56 * chance()), self.skyline * (1 - self.mood.height * (0.8 + 0.3 * chance())))
        self.sun = (self.sun[0], self.sun[1] + moment * height * 0.08)
        self.radius = min(width, height) * (0.045 + 0.03 * chance())
        self.canvas = Canvas(width)

    def draw(self) -> Canvas:
        self._sky()
        self._stars()
        self._clouds()
        if "balloon" in self.has:
            self._balloon()
        self._hills()
        if "water" in self.has:
            if "lighthouse" in self.has:
                self._lighthouse()
            if "boat" in self.has:
                self._boat()
            self._water()
        if "pines" in self.has and "city" not in self.has:
            self._pines()
        return self.canvas

    def colour(self, hexadecimal: str) -> Colour:
        """An RRGGBB colour after this picture's colour grading."""
        red, green, blue = bytes.fromhex(hexadecimal)
        light = int(0.3 * red + 0.59 * green + 0.11 * blue)
        match self.grade:
            case "monochrome":
                return light, light, min(255, light + 4)
            case "pastel":
                return mixed((red, green, blue), (252, 246, 244), 0.45)
            case "vintage":
                return mixed((red, green, blue), (min(255, light + 22), light * 15 // 16 + 6, light * 3 // 4 + 12), 0.8)
            case "vibrant":
                return mixed((light, light, light), (red, green, blue), 1.35)
        return red, green, blue

    # Layers, from back to front

    def _sky(self) -> None:
        top, middle, low = (self.colour(each) for each in self.mood[:3])
        sun, (x, y) = self.colour(self.mood.sun), self.sun
        for row in range(self.horizon):
            at = min(1.0, row / self.skyline)
            sky = mixed(top, middle, at / 0.6) if at < 0.6 else mixed(middle, low, (at - 0.6) / 0.4)
            half = glow(abs(row - int(y)))[: self.width]
            steps = half[: int(x) + 1][::-1].rjust(int(x) + 1, b"\0") + half[1 : self.width - int(x)]
            for plane, behind, light in zip(self.canvas.planes, sky, sun, strict=True):
                plane.append(bytearray(steps.ljust(self.width, b"\0").translate(lit(behind, light))))
        self.canvas.fill(y - self.radius, y + self.radius, sun, ellipse(x, self.radius, y, self.radius))

    def _stars(self) -> None:
        white = self.colour("fffdf0")
        for _ in range(self.mood.stars):
            x, y = self.dice.randrange(1, self.width - 1), int(self.skyline * 0.85 * self.dice.random() ** 1.4)
            strength = 0.25 + 0.75 * self.dice.random() ** 3
            self.canvas.blend(y, x, x + 1, white, strength)
            if strength > 0.8 and 0 < y < self.horizon - 1:
                self.canvas.blend(y, x - 1, x + 2, white, 0.3)
                for near in (y - 1, y + 1):
                    self.canvas.blend(near, x, x + 1, white, 0.3)

    def _clouds(self) -> None:
        """Paint long, flat clouds of a few ellipses each."""
        white = mixed(self.colour(self.mood.low), self.colour(self.mood.sun), 0.6)
        for _ in range(self.dice.randrange(2, 6)):
            x, y = self.width * self.dice.random(), self.skyline * (0.1 + 0.6 * self.dice.random())
            x += self.moment * self.width * 0.06
            long = self.width * (0.08 + 0.14 * self.dice.random())
            for _ in range(5):
                middle, half = x + long * (self.dice.random() - 0.5) * 1.6, long * (0.4 + 0.6 * self.dice.random())
                thick, up = 2 + self.height * 0.012 * self.dice.random(), 4 * (self.dice.random() - 0.5)
                self.canvas.fill(y + up - thick, y + up + thick, white, ellipse(middle, half, y + up, thick), 0.16)

    def _hills(self) -> None:
        """Paint mountain ranges, each nearer, darker and lower than the one behind it, with light haze between them."""
        far, near, low = (self.colour(each) for each in (self.mood.far, self.mood.near, self.mood.low))
        water, count = "water" in self.has, 3 if "water" in self.has else 5
        bottom = self.horizon
        tops: list[list[float]] = []
        bands: list[bytes] = []
        roofs: list[float] = []
        street = 0.0
        for number in range(count):
            depth = number / (count - 1)
            base = self.skyline * (1 - (0.16 - 0.13 * depth)) if water else self.skyline * (0.86 + 0.62 * depth**1.3)
            high = self.skyline * (0.3 - 0.2 * depth if water else 0.26 - 0.08 * depth)
            if "city" in self.has and number == count - (1 if water else 2):
                ridge = roofs = self._roofs(base, high * 1.6)
                street = min(base, bottom - 3.0)
            elif number < (2 if self.mood.snow or "pines" in self.has else 1):
                ridge = [base - high * each for each in jagged(self.dice, self.width)]
            else:
                ridge = [base - high * 0.6 * each for each in rolling(self.dice, self.width)]
            tops.append(ridge)
            bands.append(self._band(mixed(far, near, depth if not water else depth * 0.85), low, number))
        behind = [b"".join(plane) for plane in self.canvas.planes]
        columns = [
            column([plane[x :: self.width] for plane in behind], heights, bands, bottom)
            for x, heights in enumerate(zip(*tops, strict=True))
        ]
        for channel in range(3):
            down = b"".join(column[channel::3] for column in columns)
            self.canvas.planes[channel] = [bytearray(down[y::bottom]) for y in range(bottom)]
        if roofs:
            self._windows(roofs, street)

    def _band(self, colour: Colour, low: Colour, number: int) -> bytes:
        """A column of a range from its ridge down: snow, if any, then the range's colour fading into haze."""
        haze = self.skyline * 0.42
        snow = mixed((250, 252, 255), colour, 0.12) if self.mood.snow and number < 3 else colour
        pixels = bytearray()
        for at in range(self.horizon + 2):
            pixel = mixed(snow, colour, min(1.0, at / (haze * 0.5)))
            pixels.extend(mixed(pixel, low, 0.5 * min(1.0, at / haze) * (1 - 0.16 * number)))
        return bytes(pixels)

    def _roofs(self, base: float, high: float) -> list[float]:
        ridge: list[float] = []
        while len(ridge) < self.width:
            wide = max(6, int(self.width * (0.02 + 0.035 * self.dice.random())))
            roof = base - high * (0.15 + 0.85 * self.dice.random() ** 1.5)
            ridge += [roof] * wide
            if self.dice.random() < 0.25:
                ridge[-wide // 2] = roof - high * 0.2
        return ridge[: self.width]

    def _windows(self, roofs: Sequence[float], bottom: float) -> None:
        for _ in range(self.width):
            x, floor = 5 * self.dice.randrange(1, self.width // 5 - 1), self.dice.randrange(20)
            roof = max(roofs[x - 1 : x + 4])
            y = (int(roof) // 6 + floor) * 6 + 6
            if min(roofs[x - 1 : x + 4]) == roof and y < bottom:
                for down in range(3):
                    self.canvas.blend(y + down, x, x + 2, self.colour("ffd98a"), 0.75)

    def _water(self) -> None:
        """Paint the reflection of everything above the horizon, darker and rippled, with the light's path on it."""
        rows = self.height - self.horizon
        tint = self.colour(self.mood.middle)
        phase = (self.dice.random() + 3 * self.moment) * math.tau
        for channel, plane in enumerate(self.canvas.planes):
            for k in range(rows):
                depth = k / rows
                source = plane[max(0, self.horizon - 1 - int(k * 1.25))]
                shift = round((1 + 7 * depth) * math.sin(phase + 260 / (depth + 0.16) / 6 + 0.9 * (k % 3)))
                moved = source[shift:] + source[-1:] * shift if shift >= 0 else source[:1] * -shift + source[:shift]
                step = int(16 * depth)
                plane.append(moved.translate(toward(tint[channel], 43 - step // 2, 7 + step)))
        light = self.colour(self.mood.sun)
        for _ in range(90):
            depth = self.dice.random() ** 1.3
            half = (0.2 + self.dice.random()) * (0.004 + 0.03 * depth) * self.width
            half *= 1 - abs(math.sin(self.moment * math.pi * (3 + 5 * (1 - depth))))
            middle = self.sun[0] + (self.dice.random() - 0.5) * self.width * (0.05 + 0.3 * depth)
            y = self.horizon + int(depth * (rows - 1))
            self.canvas.blend(y, int(middle - half), int(middle + half), light, 0.5 * (1 - 0.6 * depth))

    # Objects

    def _lighthouse(self) -> None:
        """Paint a lighthouse on a rock, on the side away from the sun."""
        side = 0.78 if self.sun[0] < self.width / 2 else 0.22
        x, foot, high = self.width * side, float(self.horizon), min(self.width, self.height) * 0.34
        dark, white, red = self.colour(self.mood.near), self.colour("f6efe2"), self.colour("c8443c")
        shade = mixed(white, dark, 0.25)
        base = foot - high * 0.12
        tower = taper(x, base - high * 0.78, high * 0.055, base, high * 0.085)
        self.canvas.fill(base - high * 0.78, base, shade, tower)
        for band in (0.2, 0.52):
            self.canvas.fill(base - high * (band + 0.16), base - high * band, red, tower)
        lamp = base - high * 0.84
        self.canvas.fill(
            lamp, lamp + high * 0.06, self.colour("ffe9a8"), taper(x, lamp, high * 0.04, lamp + 9, high * 0.04)
        )
        self.canvas.fill(lamp - high * 0.07, lamp, red, taper(x, lamp - high * 0.07, 0.5, lamp, high * 0.06))
        self.canvas.fill(
            lamp + high * 0.055, lamp + high * 0.075, dark, taper(x, lamp, high * 0.08, lamp + 9, high * 0.08)
        )
        for step in range(1, 25 if self.mood.stars else 1):
            size, middle = high * 0.018 * step, lamp + high * 0.03
            self.canvas.fill(middle - size, middle + size, self.colour("fff2c4"), ellipse(x, size, middle, size), 0.02)
        self.canvas.fill(foot - high * 0.2, foot, mixed(dark, white, 0.08), ellipse(x, high * 0.42, foot, high * 0.17))

    def _boat(self) -> None:
        x = self.width * (0.3 + 0.4 * self.dice.random() + 0.1 * self.moment)
        size, foot = min(self.width, self.height) * 0.12, float(self.horizon)
        dark, white = self.colour(self.mood.near), mixed(self.colour("fff8ea"), self.colour(self.mood.near), 0.08)
        self.canvas.fill(foot - size * 0.16, foot, dark, taper(x, foot - size * 0.16, size * 0.5, foot, size * 0.36))
        top, low = foot - size * 1.2, foot - size * 0.22
        self.canvas.fill(top, low, white, lambda y: (x + 1, x + 1 + size * 0.42 * (y - top) / (low - top)))
        self.canvas.fill(
            top + size * 0.15, low, mixed(white, dark, 0.16), lambda y: (x - size * 0.3 * (y - top) / size, x - 1)
        )

    def _balloon(self) -> None:
        size = min(self.width, self.height) * 0.075
        x = self.width * (0.25 if self.sun[0] > self.width / 2 else 0.72)
        y = self.skyline * (0.32 - 0.1 * self.moment)
        cloth = [self.colour(each) for each in ("d9483b", "f3ead7", "e6a23c")]
        for stripe, share in enumerate((1.0, 0.72, 0.4, 0.14)):
            self.canvas.fill(y - size, y + size * 0.8, cloth[stripe % 3], ellipse(x, size * share, y, size))
        skirt = taper(x, y + size * 0.78, size * 0.5, y + size * 1.25, size * 0.18)
        self.canvas.fill(y + size * 0.78, y + size * 1.25, cloth[0], skirt)
        basket = y + size * 1.4
        self.canvas.fill(basket, basket + size * 0.24, self.colour("6b4630"), taper(x, 0, size * 0.16, 1, size * 0.16))

    def _pines(self) -> None:
        """Paint a wood in the foreground, denser on one side and open in the middle."""
        dark = mixed(self.colour(self.mood.near), (8, 12, 18), 0.35)
        left = self.dice.random() < 0.5
        trees = []
        for _ in range(max(10, self.width // 22)):
            place = self.dice.random() ** 2.2 * 0.62
            trees.append((place if left else 1 - place, 1 - place))
            place = self.dice.random() ** 3 * 0.24
            trees.append((1 - place if left else place, 0.7 - place))
        for place, strength in sorted(trees, key=lambda tree: tree[1]):
            high = min(self.width, self.height) * (0.1 + 0.26 * strength * (0.6 + 0.4 * self.dice.random()))
            foot = self.height + high * 0.12
            self.canvas.fill(foot - high, self.height, dark, pine(self.width * place, foot - high, high, high * 0.19))


def jagged(dice: random.Random, width: int) -> list[float]:
    """Heights of mountains, 0 to 1, by midpoint displacement: each subdivision moves midpoints half as far."""
    points, spread = [dice.random(), dice.random()], 0.7
    while len(points) <= 256:
        between = [(a + b) / 2 + spread * (dice.random() - 0.5) for a, b in itertools.pairwise(points)]
        points = [each for pair in zip(points, between, strict=False) for each in pair] + points[-1:]
        spread *= 0.52
    low, high = min(points), max(points)
    scale = (len(points) - 1) / width
    heights = []
    for x in range(width):
        at, share = divmod(x * scale, 1)
        here, there = points[int(at)], points[int(at) + 1]
        heights.append((here + (there - here) * share - low) / (high - low))
    return heights


def rolling(dice: random.Random, width: int) -> list[float]:
    """Heights of hills, about 0 to 1."""
    waves = [(0.5 / (1 + n), (0.7 + dice.random()) * (n + 1), math.tau * dice.random()) for n in range(4)]
    return [
        0.5 + sum(high * 0.5 * math.sin(phase + math.tau * often * x / LONG_SIDE) for high, often, phase in waves)
        for x in range(width)
    ]
