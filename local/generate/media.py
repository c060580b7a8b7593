"""Generates local/vendors/media: films of drawn frames and music of computed tones. It needs ffmpeg with flite.

`python -m local.generate.media [DIRECTORY]`. The files are committed, because other encoder builds give other bytes.
"""

from __future__ import annotations

import math
import random
import subprocess
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path

from local.vendors.poyo.files import MEDIA
from local.vendors.scenery import Scene

RATE = 32_000
FILMS = {
    "sea.mp4": "a sailing boat on the sea at sunset",
    "forest.mp4": "a balloon over a forest by a lake at dawn",
}
FRAMES, PER_SECOND = 96, 24
SPOKEN = "Hello. I am the voice of the local studio. The real one will read your words."
# Four chords of four notes, in semitones from the A below middle C, and the order in which the notes are plucked.
SONGS = {
    "song.mp3": (((-9, 3, 7, 10), (-4, 3, 8, 12), (-2, 5, 10, 14), (-9, 3, 7, 15)), (0, 1, 2, 3, 2, 1, 3, 2)),
    "song-again.mp3": (((0, 7, 12, 16), (-5, 2, 11, 14), (-3, 4, 12, 16), (-7, 0, 9, 16)), (0, 2, 1, 3, 1, 2, 3, 1)),
}
SECONDS_PER_CHORD = 4


def frames(words: str) -> bytes:
    """Raw RGB frames, 640 by 360."""
    film = bytearray()
    for number in range(FRAMES):
        planes = Scene(words, 640, 360, number / FRAMES).draw().planes
        frame = bytearray(640 * 360 * 3)
        for channel, plane in enumerate(planes):
            frame[channel::3] = b"".join(plane)
        film += frame
    return bytes(film)


def plucked(track: array[float], at: int, pitch: float, strength: float, dice: random.Random) -> None:
    """Add a string's sound (Karplus and Strong's) to a track."""
    period = round(RATE / pitch)
    string = [dice.uniform(-1, 1) for _ in range(period)]
    for _ in range(2):  # softer
        string = [(string[n - 1] + string[n]) / 2 for n in range(period)]
    for n in range(min(len(track) - at, RATE * 3)):
        place = n % period
        track[at + n] += strength * string[place]
        string[place] = 0.4985 * (string[place] + string[(place + 1) % period])


def song(chords: Sequence[Sequence[int]], order: Sequence[int], dice: random.Random) -> bytes:
    """Plucked chords over a soft pad, as 16-bit samples."""
    length = RATE * SECONDS_PER_CHORD
    track = array("d", bytes(8 * length * len(chords)))
    for number, chord in enumerate(chords):
        pitches = [220 * 2 ** (note / 12) for note in chord]
        for n in range(length):
            swell = math.sin(math.pi * n / length) * 0.035
            track[number * length + n] += swell * sum(math.sin(math.tau * pitch * n / RATE) for pitch in pitches)
        for beat, note in enumerate(order):
            at = number * length + beat * length // len(order)
            plucked(track, at, pitches[note], 0.5 if beat % 4 else 0.7, dice)
    fade = RATE // 2
    for n in range(fade):
        track[-1 - n] *= n / fade
    loudest = max(map(abs, track))
    return array("h", (int(26_000 * sample / loudest) for sample in track)).tobytes()


def sea(dice: random.Random) -> bytes:
    """Slow waves on a beach: low-pass filtered noise that swells."""
    samples, low = array("h"), 0.0
    length = RATE * FRAMES // PER_SECOND
    for n in range(length):
        low += 0.06 * (dice.uniform(-1, 1) - low)
        samples.append(int(15_000 * low * (0.35 + 0.65 * math.sin(math.pi * n / length) ** 2)))
    return samples.tobytes()


def encode(target: Path, *arguments: str, given: bytes = b"") -> None:
    command = ["ffmpeg", "-loglevel", "error", "-y", *arguments, "-map_metadata", "-1", "-fflags", "+bitexact"]
    subprocess.run([*command, str(target)], input=given, check=True, timeout=300)


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0]) if arguments else MEDIA
    sound = ["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i"]
    mp3 = ["-codec:a", "libmp3lame", "-b:a", "80k", "-id3v2_version", "0"]
    waves = folder / "sea.pcm"
    waves.write_bytes(sea(random.Random("sea")))
    for name, words in FILMS.items():
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "640x360", "-r", str(PER_SECOND), "-i", "-"]
        video = ["-codec:v", "libx264", "-profile:v", "main", "-pix_fmt", "yuv420p", "-crf", "27", "-preset", "slow"]
        rest = ["-codec:a", "aac", "-b:a", "48k", "-shortest", "-movflags", "+faststart"]
        encode(folder / name, *raw, *sound, str(waves), *video, *rest, given=frames(words))
    waves.unlink()
    for name, (chords, order) in SONGS.items():
        encode(folder / name, *sound, "-", *mp3, given=song(chords, order, random.Random(name)))
    encode(folder / "speech.mp3", "-f", "lavfi", "-i", f"flite=text='{SPOKEN}':voice=slt", *mp3)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
