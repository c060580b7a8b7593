"""The set-up's steps: each is done when what it depends on has changed, and only then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from local import setup
from local.progress import CommandFailed


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, path in {"ROOT": "", "STATE": ".local", "WEB": "web", "DIST": "web/dist"}.items():
        monkeypatch.setattr(setup, name, tmp_path / path)
    for name in ("package.json", "package-lock.json", "web/src/main.ts", "clients/typescript/src/index.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    return tmp_path


def builder(checkout: Path) -> tuple[Callable[[], None], list[int]]:
    done: list[int] = []

    def build() -> None:
        done.append(len(done))
        (checkout / "web/dist").mkdir(exist_ok=True)
        (checkout / "web/dist/index.html").write_text(str(done))

    return build, done


def test_the_playground_is_built_for_its_inputs_once(checkout: Path) -> None:
    build, done = builder(checkout)

    def step() -> int:
        setup.once("web", setup.playground(), setup.DIST / "index.html", build)
        return len(done)

    assert [step(), step()] == [1, 1]  # what was built is no input
    (checkout / "web/src/main.ts").write_text("changed")
    assert [step(), step()] == [2, 2]
    (checkout / "web/src/main.ts").rename(checkout / "web/src/other.ts")
    assert [step(), step()] == [3, 3]
    (checkout / "clients/typescript/src/index.ts").write_text("changed")
    assert [step(), step()] == [4, 4]
    (checkout / "web/dist/index.html").unlink()
    assert [step(), step()] == [5, 5]


def test_a_build_that_fails_says_why_and_is_tried_again(checkout: Path) -> None:
    (checkout / "package.json").write_text('{"scripts": {"build": "echo main.ts: error TS2322; exit 1"}}')
    for _ in range(2):
        with pytest.raises(CommandFailed, match="error TS2322"):
            setup.once("web", setup.playground(), setup.DIST / "index.html", setup.build_playground)
