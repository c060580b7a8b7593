"""stripe-mock, Stripe's own check of requests: built by Go once, and kept beside the other tools of the cache."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from local.stack import engine

VERSION = "0.203.0"


def binary() -> Path:
    return engine.hidane_root().parent / f"stripe-mock-{VERSION}" / "bin" / "stripe-mock"


def install() -> Path:
    """The binary, built first if it is not there: half a minute. It takes its place whole."""
    place = binary()
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="building-") as building:
        env = {**os.environ, "GOBIN": building}
        source = f"github.com/stripe/stripe-mock@v{VERSION}"
        subprocess.run(["go", "install", source], env=env, check=True, capture_output=True, timeout=600)
        (Path(building) / "stripe-mock").replace(place)
    return place
