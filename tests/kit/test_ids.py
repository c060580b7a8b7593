"""Ids: what a client may send as one, on the wire and in our own checks alike."""

from __future__ import annotations

import re

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


@pytest.mark.parametrize("text", ["a", "a.b", "...", "__a", "a__", "a b", "é", "a\n", "x" * 128])
def test_a_segment_is_what_firestore_takes_as_one(text: str) -> None:
    assert ids.is_segment(text)


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "/", "__a__", "____", "a\0", "x" * 129])
def test_what_would_change_a_path_is_no_segment(text: str) -> None:
    assert not ids.is_segment(text)


def test_a_random_id_is_twenty_letters_and_digits() -> None:
    made = {ids.new() for _ in range(100)}
    assert len(made) == 100
    assert [each for each in made if not re.fullmatch("[A-Za-z0-9]{20}", each)] == []


def test_an_id_is_derived_from_each_part_of_its_cause() -> None:
    causes = [("a", "b"), ("ab",), ("a", "b", ""), ("", "a", "b"), ("b", "a")]
    made = [ids.derived(*cause) for cause in causes]
    assert len(set(made)) == len(causes)
    assert [ids.derived(*cause) for cause in causes] == made
    assert [each for each in made if not re.fullmatch("[a-z2-7]{24}", each)] == []
    assert ids.derived("debit", "j1") == "2ampdrsmnss6hqdcwtvw6mpj", "stored documents have such ids"


def test_a_keyed_hash_proves_its_purpose_and_parts() -> None:
    sealed = ids.keyed("cursor", "a", "b")
    assert re.fullmatch("[A-Za-z0-9_-]{43}", sealed)
    assert ids.is_keyed(sealed, "cursor", "a", "b")
    for other in (("cursor", "a"), ("cursor", "ab"), ("reporter", "a", "b"), ("cursor", "b", "a")):
        assert not ids.is_keyed(sealed, *other)
    for claim in ("", sealed[:-1], sealed + "=", sealed.swapcase(), "é" * 43, "\ud800"):
        assert not ids.is_keyed(claim, "cursor", "a", "b")


def test_a_keyed_hash_is_of_this_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = ids.keyed("cursor", "a")
    monkeypatch.setenv("APP_SIGNING_KEY", "canary-another-deployments-key-0123456789")
    assert not ids.is_keyed(sealed, "cursor", "a")
