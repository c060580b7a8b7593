"""stripe-mock, Stripe's own validation of requests. It is built with Go once and cached with the other tools."""

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
    """Path of the binary. Builds it if it is missing, which takes half a minute, and moves it into place atomically."""
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
