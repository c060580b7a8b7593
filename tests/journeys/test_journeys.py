"""The journeys and the browser tests, which are Node's, as one test: they run on one stack, beside all other tests."""

from __future__ import annotations

import subprocess
import sys

import pytest

from local.stack import settings

TIMEOUT_S = 1_800


@pytest.mark.long(200)
@pytest.mark.usefixtures("own_parameters")
def test_clients_and_people_on_the_whole_stack() -> None:
    """`python -m local.journeys WORD` runs the files with that word in their path alone."""
    ran = subprocess.run([sys.executable, "-m", "local.journeys"], cwd=settings.ROOT, check=False, timeout=TIMEOUT_S)
    assert ran.returncode == 0, "what was printed above says which of them failed"
