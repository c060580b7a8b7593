"""An export in the official Storage emulator: written while it is made, readable by its address alone."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator

import pytest

from studiox.account_data import export_store
from studiox.media import objects


@pytest.mark.usefixtures("emulator")
def test_an_export_is_written_in_pieces_and_read_by_its_address() -> None:
    numbers = range(100_000)
    export_store.put("somebody", _text(range(3)))
    path = export_store.put("somebody", _text(numbers))
    with urllib.request.urlopen(objects.signed_url(path), timeout=20) as answer:
        assert json.loads(answer.read()) == list(numbers)
        assert answer.headers["Content-Type"] == "application/json"
    assert [item.path for item in objects.list_prefix(f"{export_store.folder('somebody')}/").items] == [path]


def _text(numbers: range) -> Iterator[str]:
    yield "["
    for number in numbers:
        yield f"{',' if number else ''}{number}"
    yield "]"
