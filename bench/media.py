"""The memory that copying media into Cloud Storage needs, which must not depend on the media's size."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.stage import Stage
from bench.table import counts
from tests.media.servers import gcs_server
from tests.media.servers import site as source
from tests.media.test_memory import big
from tests.media.test_memory import run as copy

MIB = 1024


def run(_stage: Stage, *, quick: bool) -> None:
    rows: list[tuple[str, float, float]] = []
    for copies, pieces, most_mb in ((1, 800, 4), (16, 40 if quick else 800, 16)):
        with tempfile.TemporaryDirectory() as folder, source() as site, gcs_server() as gcs:
            told = copy(site, gcs, copies, big(pieces, announced=True), Path(folder))
        what = f"{copies} at once of {pieces // 4} MiB"
        rows.append(
            (f"{what}: MiB over a base of {told['base'] / MIB:.0f}", (told["peak"] - told["base"]) / MIB, most_mb)
        )
        rows.append((f"{what}: files in the temporary folder", len(told["left"]), 0))
        rows.append((f"{what}: requests to Cloud Storage a copy", (len(gcs.requests) - 2) / copies, 2))
    counts("Media, piped from the provider into Cloud Storage", rows)
