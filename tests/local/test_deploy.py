"""`make deploy`: what production must not run with is refused before anything is sent (A7)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from local.stack.settings import ROOT, read_env
from ops import deploy

GOOD = read_env(ROOT / "functions" / ".env") | {
    "SITE_URL": "https://studiox.example",
    "ALLOWED_ORIGINS": "https://studiox.example,https://www.studiox.example",
    "ENFORCE_APP_CHECK": "true",
    "PROJECT_NUMBER": "123456789012",
}
NONE: frozenset[str] = frozenset()


def test_a_good_production_passes() -> None:
    assert deploy.wrong_parameters(GOOD, NONE) == []


def test_the_page_of_a_project_talks_to_its_own_functions_and_not_to_loopback() -> None:
    """Else a script that got in could send what it finds to anybody's function."""
    config = (ROOT / "firebase.json").read_text()
    own = json.loads(deploy.config_of("studiox-production", config, "europe-west1", "restored"))
    [policy] = [
        header["value"]
        for entry in own["hosting"]["headers"]
        for header in entry["headers"]
        if header["key"] == "Content-Security-Policy"
    ]
    [connects] = [each.split()[1:] for each in policy.split("; ") if each.startswith("connect-src")]
    assert "https://europe-west1-studiox-production.cloudfunctions.net" in connects
    assert [each for each in connects if "*" in each] == []
    assert "127.0.0.1" not in policy
    assert "localhost" not in policy
    assert own["firestore"]["database"] == "restored"
    assert own["storage"]["rules"] == deploy.RULES.name
    assert own["functions"] == json.loads((ROOT / "firebase.json").read_text())["functions"]


def test_the_storage_rules_ask_the_database_that_the_functions_use() -> None:
    rules = (ROOT / "storage.rules").read_text()
    assert deploy.rules_of(rules, "(default)") == rules
    assert "/databases/restored/documents/users/" in deploy.rules_of(rules, "restored")
    assert "(default)" not in deploy.rules_of(rules, "restored")


def test_the_developers_own_defaults_do_not() -> None:
    said = deploy.wrong_parameters(read_env(ROOT / "functions" / ".env"), NONE)
    assert {each.split()[0] for each in said} == {"SITE_URL", "ALLOWED_ORIGINS", "ENFORCE_APP_CHECK", "PROJECT_NUMBER"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099"),
        ("FUNCTIONS_EMULATOR", "true"),
        ("FIRESTORE_EMULATOR_HOST", "x"),
        ("STORAGE_EMULATOR_HOST", ""),
        ("SITE_URL", "http://studiox.example"),
        ("SITE_URL", "https://localhost:5000"),
        ("SITE_URL", ""),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "https://studiox.example,http://127.0.0.1:5000"),
        ("ENABLE_MOCK_MODELS", "true"),
        ("ENFORCE_APP_CHECK", "false"),
        ("STRIPE_API_BASE", "http://127.0.0.1:4012"),
        ("POYO_BASE_URL", "http://api.poyo.ai"),
        ("THREADS", ""),
        ("THREADS", "1001"),
        ("JOB_TASKS", "0"),
        ("JOB_TASKS", "5001"),
        ("REGION", ""),
        ("REGION", "europe-west1,us-central1"),
        ("FIRESTORE_DATABASE", ""),
        ("FIRESTORE_DATABASE", "(other)"),
        ("PROJECT_NUMBER", ""),
        ("PROJECT_NUMBER", "studiox-production"),
        ("MAX_INSTANCES", "0"),
        ("MAX_INSTANCES", "many"),
        ("MAX_INSTANCES", "1000"),
        ("MOCK_FAILURE_RATE", "0.2"),
        ("DAILY_SPEND_LIMIT_USD", "a lot"),
        ("DAILY_SPEND_LIMIT_USD", "nan"),
        ("FREE_SPEND_LIMIT_USD", "some"),
        ("MEDIA_HOSTS", "127.0.0.1:4010"),
        ("MODERATION", "openia"),
        ("MODERATION_WHEN_AWAY", ""),
    ],
)
def test_a7_what_production_must_not_run_with(name: str, value: str) -> None:
    [said] = deploy.wrong_parameters({**GOOD, name: value}, NONE)
    assert said.startswith(name)


def test_what_the_owner_decides_is_asked_for_by_name() -> None:
    given = {**GOOD, "ENABLE_MOCK_MODELS": "true", "ENFORCE_APP_CHECK": "false"}
    assert len(deploy.wrong_parameters(given, NONE)) == 2
    assert deploy.wrong_parameters(given, frozenset({"app-check", "mock-models"})) == []


def test_this_shell_must_not_aim_at_an_emulator() -> None:
    assert deploy.wrong_environment({"PATH": "x", "FIRESTORE_EMULATOR_HOST": "y"}) != []
    assert deploy.wrong_environment({"PATH": "x"}) == []


@pytest.mark.parametrize(
    ("given", "environment", "named"),
    [
        ({"ENFORCE_APP_CHECK": "true"}, {}, "VITE_RECAPTCHA_KEY"),
        ({"ENFORCE_APP_CHECK": "true"}, {"VITE_RECAPTCHA_KEY": ""}, "VITE_RECAPTCHA_KEY"),
        ({}, {"NODE_ENV": "development"}, "NODE_ENV"),
    ],
)
def test_a_site_that_nobody_could_use_is_not_built(
    given: dict[str, str], environment: dict[str, str], named: str
) -> None:
    [said] = deploy.wrong_site(given, environment)
    assert named in said


def test_a_site_with_its_key_is_built() -> None:
    assert deploy.wrong_site({"ENFORCE_APP_CHECK": "true"}, {"VITE_RECAPTCHA_KEY": "6L"}) == []
    assert deploy.wrong_site({"ENFORCE_APP_CHECK": "false"}, {"NODE_ENV": "production"}) == []


def test_what_the_cli_leaves_in_the_checkout_is_no_change() -> None:
    """A second deploy from the same checkout would be refused as uncommitted."""
    for written in (".firebase/hosting.d2ViL2Rpc3Q.cache", "firebase-debug.log", "firebase.deployed.json"):
        done = subprocess.run(["git", "check-ignore", "--quiet", written], cwd=ROOT, timeout=30)
        assert done.returncode == 0, f"{written} is not ignored"


def test_r11_every_secret_of_the_code_must_have_a_live_version() -> None:
    [said] = deploy.missing_secrets({"STRIPE_SECRET_KEY": None, "POYO_API_KEY": 3}, "staging")
    assert "STRIPE_SECRET_KEY" in said
    assert "make secrets PROJECT=staging" in said


def test_a_projects_own_file_beats_the_common_one(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nB=1\n")
    (tmp_path / ".env.studiox-staging").write_text("B=2\n")
    (tmp_path / ".env.staging").write_text("B=3\n")
    assert deploy.parameters("staging", "studiox-staging", tmp_path) == {"A": "1", "B": "3"}


@pytest.mark.parametrize("project", ["", "default", "demo-studiox"])
def test_nothing_is_deployed_to_nowhere(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["--project", project]) == 1
    assert "Name the project" in capsys.readouterr().err


def test_all_that_is_wrong_is_said_at_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "parameters", lambda *_: {"FUNCTIONS_EMULATOR": "true"})
    assert deploy.main(["--project", "staging", "--check"]) == 1
    said = capsys.readouterr().err
    for each in ("FUNCTIONS_EMULATOR", "SITE_URL", "THREADS", "EMULATOR_HOST is set in this shell"):
        assert each in said
