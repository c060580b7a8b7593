"""Ids: what a client may send as one, on the wire and in our own checks alike."""

from __future__ import annotations

import msgspec
import pytest

from studiox.api import callables
from studiox.kit import ids
from studiox.kit.errors import InvalidRequest


class _Named(callables.Request, frozen=True):
    id: callables.Id
    request_id: callables.RequestId | None = None


@pytest.mark.parametrize("text", ["a", "a_b-C9", "_x", "__x", "x__", "a" * 128])
def test_an_id_is_taken(text: str) -> None:
    assert msgspec.structs.asdict(callables.parse(_Named, {"id": text}))["id"] == text
    assert ids.is_id(text)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a/b", "a b", "a\n", "\na", "__x__", "____", "é", "a" * 129, "a" * 1600, "a\0", "a%2Fb"]
)
def test_c18_an_id_that_leaves_its_place_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        callables.parse(_Named, {"id": text})
    assert list(refused.value.details["fields"]) == ["id"]
    assert not ids.is_id(text)


@pytest.mark.parametrize("text", ["a" * 16 + "\n", "a" * 15, "a" * 65, "a" * 16 + "/"])
def test_c18_a_request_id_too(text: str) -> None:
    with pytest.raises(InvalidRequest):
        callables.parse(_Named, {"id": "a", "requestId": text})
