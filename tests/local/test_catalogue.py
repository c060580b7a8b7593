"""`make catalogue`: a document of the catalogue written on the running stack, checked as the functions check it."""

from __future__ import annotations

import json
import pathlib

import pytest

import main
from local import catalogue
from tests.support import Database, call

MODEL = {"label": "A fox's model", "price": {"tokens": 6}}


def run(*arguments: str) -> int:
    return catalogue.main(list(arguments))


def written(tmp_path: pathlib.Path, entry: object) -> str:
    file = tmp_path / "entry.json"
    file.write_text(json.dumps(entry))
    return str(file)


def test_a_document_is_written_read_and_taken_away(
    database: Database, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "models/kling-3.0/pro"
    assert run("--set", name, "--file", written(tmp_path, {"label": "K3"})) == 0
    assert database.need("models/kling-3.0~pro") == {"label": "K3"}
    assert {each["id"]: each["label"] for each in call(main.getStudioOptions).result["models"]}["kling-3.0/pro"] == "K3"
    capsys.readouterr()
    assert run("--set", name) == 0
    assert json.loads(capsys.readouterr().out) == {"label": "K3"}
    assert run("--set", name, "--remove") == 0
    assert database.get("models/kling-3.0~pro") is None


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("name", "entry", "said"),
    [
        ("models/z-image", {"price": {"tokens": -1}}, "rate"),
        ("models/z-image", {"provider": "nobody"}, "nobody"),
        ("models/z-image", {"colour": 1}, "colour"),
        ("models/new", {"label": "alone"}, "type"),
        ("models/z-image", [], "one JSON object"),
        ("users/u1", {}, "collection"),
        ("models", {}, "collection"),
    ],
)
def test_what_would_not_be_offered_is_refused(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], name: str, entry: object, said: str
) -> None:
    assert run("--set", name, "--file", written(tmp_path, entry)) == 1
    assert said in capsys.readouterr().err


def test_without_a_stack_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with monkeypatch.context() as nowhere:
        nowhere.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
        assert run("--set", "models/z-image") == 1
    assert "make serve" in capsys.readouterr().err
