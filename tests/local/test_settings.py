"""The files from which Firebase's own commands take what is local, and what of them a shifted stack uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.stack import settings


def test_the_files_hold_what_the_stack_runs_with_and_are_for_nobody_else(tmp_path: Path) -> None:
    settings.write_local_files(tmp_path, tmp_path / "state")
    assert settings.read_env(tmp_path / ".env.local") == settings.local_parameters(settings.PORTS)
    assert settings.read_env(tmp_path / ".secret.local") == settings.SECRETS
    for name in (".env.local", ".secret.local"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
        ignored = (settings.ROOT / ".gitignore").read_text().splitlines()
        assert name in ignored


def test_what_the_developer_wrote_stays_and_the_rest_follows_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.write_local_files(tmp_path, tmp_path / "state")
    path = tmp_path / ".env.local"
    text = path.read_text().replace("ENABLE_MOCK_MODELS=true", "# mine\nENABLE_MOCK_MODELS=false")
    path.write_text(text + "WELCOME_TOKENS=7\n")
    monkeypatch.setitem(settings.PORTS, "poyo", 4100)
    settings.write_local_files(tmp_path, tmp_path / "state")
    found = settings.read_env(path)
    assert found["ENABLE_MOCK_MODELS"] == "false"
    assert found["WELCOME_TOKENS"] == "7"
    assert found["POYO_BASE_URL"] == "http://127.0.0.1:4100"
    assert "# mine\n" in path.read_text()
    again = path.read_text()
    settings.write_local_files(tmp_path, tmp_path / "state")
    assert path.read_text() == again


def test_the_written_addresses_are_shifted_and_the_chosen_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    (tmp_path / "functions").mkdir()
    settings.write_local_files(tmp_path / "functions", tmp_path / "state")
    path = tmp_path / "functions/.env.local"
    path.write_text(path.read_text().replace("http://127.0.0.1:4012", "https://stripe.example"))
    parameters, secrets = settings.resolve(settings.shifted(100), {"POYO_API_KEY": "of the environment"})
    assert parameters["POYO_BASE_URL"] == "http://127.0.0.1:4110"
    assert parameters["STRIPE_API_BASE"] == "https://stripe.example"
    assert secrets == {**settings.SECRETS, "POYO_API_KEY": "of the environment"}


def test_the_region_is_the_same_everywhere() -> None:
    """`REGION` of functions/.env: the functions' default, the typed client's, the stack's, and infra's."""
    from studiox.kit import config

    client = re.search(r"export const REGION = '(.+)'", (settings.ROOT / "clients/typescript/src/index.ts").read_text())
    infra = re.search(r'variable "region" \{[^}]*default\s*= "(.+)"', (settings.ROOT / "infra/main.tf").read_text())
    assert client
    assert infra
    assert {client[1], infra[1], config.REGION.default, settings.REGION} == {"us-central1"}
    assert settings.resolve(settings.PORTS, {"REGION": "europe-west1"})[0]["REGION"] == settings.REGION
