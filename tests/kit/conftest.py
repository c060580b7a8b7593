"""What the tests of the kit share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.kit.front import Act, Front


@pytest.fixture
def serve() -> Iterator[Callable[..., Front]]:
    fronts: list[Front] = []

    def begin(*acts: Act, **options: Any) -> Front:
        fronts.append(Front(*acts, **options))
        return fronts[-1]

    yield begin
    for front in fronts:
        front.close()
