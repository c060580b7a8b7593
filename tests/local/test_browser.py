"""Which browser the browser tests get, and that they never go without one in silence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from local import browser


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on the PATH, without a browser in it."""
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "STATE", tmp_path / "state")
    return tmp_path


def write(path: Path, script: str = "") -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_the_usual_names_are_looked_for_and_a_named_one_comes_first(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chrome = write(programs / "google-chrome")
    assert browser.chromium() == chrome
    monkeypatch.setenv("CHROMIUM_PATH", write(programs / "another"))
    assert browser.chromium() == str(programs / "another")
    monkeypatch.setenv("CHROMIUM_PATH", str(programs / "gone"))
    with pytest.raises(browser.NoBrowser, match="gone"):
        browser.chromium()


def test_root_installs_it_where_there_is_apt_and_anybody_else_is_told_what_to_install(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (programs / "timeout").symlink_to(shutil.which("timeout", path=os.defpath) or "/usr/bin/timeout")
    installs = (
        'echo "$@" >> "$0.log"; case " $* " in *" install "*" chromium "*) /bin/cp "$0" "${0%/*}/chromium" ;; esac'
    )
    write(programs / "apt-get", installs)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(browser.NoBrowser, match="apt-get install chromium"):
        browser.chromium()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert browser.chromium() == str(programs / "chromium")
    first, second = (programs / "apt-get.log").read_text().splitlines()
    assert first.endswith("update")
    assert "--no-install-recommends" in second


def test_a_failing_installation_ends_the_tests_with_what_apt_said(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (programs / "timeout").symlink_to(shutil.which("timeout", path=os.defpath) or "/usr/bin/timeout")
    write(programs / "apt-get", "echo E: no archive; exit 100")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert browser.main() == 1
    assert "E: no archive" in capfd.readouterr().err
