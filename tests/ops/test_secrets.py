"""`make secrets`: what is held, live and bound; what is missing, made; a rotation that refuses no genuine event.

Google's real library talks to a stand-in of Secret Manager on loopback.
"""

from __future__ import annotations

import base64
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from local.stack.settings import ROOT
from ops import cloud, secrets
from studiox.integrations.providers.specs import PROVIDERS
from tests.ops.conftest import PROJECT, Google
from tests.support import canaries
from tests.support.secret_manager import Failure

GOOD = {name: f"{name.lower().replace('_', '-')}-0123456789abcdef" for name in secrets.needed()} | {
    "APP_SIGNING_KEY": "a" * 64,
    "STRIPE_SECRET_KEY": "rk_live_0123456789abcdef",
    "STRIPE_WEBHOOK_SECRET": "whsec_0123456789abcdef",
}
NEW = "whsec_fedcba9876543210"
HOOK = "STRIPE_WEBHOOK_SECRET"


def run(*arguments: str, answers: dict[str, str] | None = None) -> int:
    """The command, with somebody who types these answers at the prompts; without answers there is no terminal."""

    def ask(prompt: str) -> str:
        return (answers or {})[prompt.split()[0]]

    return secrets.main(["--project", "production", *arguments], None if answers is None else ask)


@pytest.fixture
def held(google: Google) -> Google:
    """Every secret has its first version, and every function runs with it."""
    for name, value in GOOD.items():
        google.secrets.add(name, value)
    deploy(google)
    return google


@pytest.fixture(autouse=True)
def _typed_values_are_canaries() -> None:
    canaries.plant(*GOOD.values(), NEW)


def deploy(google: Google) -> None:
    """What a deploy does to secrets: each function is bound to the newest version."""
    google.functions.bound = {
        function.name: {name: str(len(google.secrets.values[name])) for name in function.secrets}
        for function in cloud.functions().values()
    }


def test_every_secret_of_the_code_is_looked_up(held: Google) -> None:
    held.secrets.states["POYO_API_KEY"] = ["DISABLED"]
    del held.secrets.values["STRIPE_SECRET_KEY"]
    held.secrets.add("OPENAI_API_KEY", "newer")
    found = secrets.look_up(PROJECT)
    assert found == dict.fromkeys(GOOD, 1) | {
        "POYO_API_KEY": None,
        "STRIPE_SECRET_KEY": None,
        "OPENAI_API_KEY": 2,
    }
    assert not [path for _, path in held.secrets.requests if ":access" in path], "a value was read"


def test_only_the_newest_version_counts_because_only_that_is_bound(held: Google) -> None:
    held.secrets.add("OPENAI_API_KEY", "newer", state="DESTROYED")
    assert secrets.look_up(PROJECT)["OPENAI_API_KEY"] is None


FAILURES = {
    "permission": (
        Failure(403, "PERMISSION_DENIED", "Permission 'secretmanager.secrets.list' denied.", "IAM_PERMISSION_DENIED"),
        "roles/secretmanager.viewer",
    ),
    "api": (
        Failure(403, "PERMISSION_DENIED", "Secret Manager API has not been used in project 1.", "SERVICE_DISABLED"),
        f"gcloud services enable secretmanager.googleapis.com --project {PROJECT}",
    ),
    "project": (Failure(404, "NOT_FOUND", "Project not found or deleted."), ".firebaserc"),
    "unknown": (
        Failure(403, "PERMISSION_DENIED", "Permission denied on resource project x.", "CONSUMER_INVALID"),
        ".firebaserc",
    ),
    "signed out": (
        Failure(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
        "gcloud auth application-default login",
    ),
    "billing": (Failure(400, "FAILED_PRECONDITION", "Billing must be enabled."), "repeat the command"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_any_other_error_is_told_in_googles_words_and_means_nothing_about_secrets(
    google: Google, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    google.secrets.failure, advice = FAILURES[name]
    with pytest.raises(cloud.Refused):
        secrets.look_up(PROJECT)
    assert run(answers={}) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2, "what happened, and what to do"
    # The library does not pass a 401 on: it tries to renew the credentials, and says why that failed.
    assert google.secrets.failure.message in said[0] or "You are not signed in to Google" in said[0]
    assert advice in said[1]


def test_who_is_not_signed_in_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/credentials.json")
    with pytest.raises(cloud.Refused, match="gcloud auth application-default login"):
        secrets.look_up(PROJECT)


def test_no_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("google.api_core.retry.Retry", lambda **_: None)  # it would repeat for ten seconds
    monkeypatch.setenv(secrets.ADDRESS, "http://127.0.0.1:9")
    with pytest.raises(cloud.Refused, match="does not answer"):
        secrets.look_up(PROJECT)


@pytest.mark.parametrize("name", [secrets.ADDRESS, cloud.ADDRESSES["cloudfunctions"]])
def test_secrets_are_sent_to_no_other_machine(
    google: Google, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setenv(name, "http://stand-in.example")
    assert run(answers=GOOD) == 1
    assert f"{name} names another machine" in capsys.readouterr().err
    assert not google.secrets.values


def test_the_table_says_what_exists_what_is_live_and_who_runs_with_what(
    held: Google, capsys: pytest.CaptureFixture[str]
) -> None:
    held.secrets.add(HOOK, f"{NEW},{GOOD[HOOK]}")
    assert run() == 0
    said = capsys.readouterr().out
    rows = {cells[0]: cells[1:3] for line in said.splitlines() if (cells := line.split())}
    assert rows["APP_SIGNING_KEY"] == ["1", "1"]
    assert rows[HOOK] == ["2", "1"]
    assert f"{HOOK}: stripeWebhook" in said
    assert f"{HOOK}: version 2 is live, but stripeWebhook run with version 1: make deploy PROJECT=production" in said
    del held.secrets.values["POYO_API_KEY"]
    assert run() == 1
    assert "POYO_API_KEY has no live version: make secrets PROJECT=production" in capsys.readouterr().out


def test_what_is_missing_is_asked_for_and_stored_before_the_first_deploy(
    google: Google,
) -> None:
    google.functions.failure = Failure(
        403,
        "PERMISSION_DENIED",
        "Cloud Functions API is disabled.",
        "SERVICE_DISABLED",
        "cloudfunctions.googleapis.com",
    )
    assert run() == 1
    assert not google.secrets.values, "without a terminal nothing is made"
    assert run(answers={name: f"  {value}\n" for name, value in GOOD.items()}) == 0
    assert {name: [value.decode() for value in values] for name, values in google.secrets.values.items()} == {
        name: [value] for name, value in GOOD.items()
    }
    assert run(answers={}) == 0, "nothing is asked again"
    assert {len(versions) for versions in google.secrets.values.values()} == {1}


def test_our_own_keys_are_random_and_a_vendor_may_be_unused(google: Google) -> None:
    answers = dict.fromkeys(GOOD, "") | {"OPENAI_API_KEY": "unused", "STRIPE_SECRET_KEY": "unused"}
    assert run(answers=answers) == 1
    made = {name: google.secrets.newest(name) for name in google.secrets.values}
    assert set(made) == {"APP_SIGNING_KEY", "PIAPI_WEBHOOK_SECRET", "OPENAI_API_KEY"}, (
        "Stripe is no vendor to do without"
    )
    assert {len(bytes.fromhex(value)) for value in made.values()} == {32}
    assert len(set(made.values())) == 3


def test_the_signing_key_is_never_replaced(held: Google, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("--rotate", "--finish"):
        assert run(command, "APP_SIGNING_KEY", answers=GOOD) == 1
        assert "permanent" in capsys.readouterr().err
    for state, advice in (("DISABLED", "gcloud secrets versions enable 1"), ("DESTROYED", "CONFIRM=new-signing-key")):
        held.secrets.states["APP_SIGNING_KEY"] = [state]
        assert run(answers={}) == 1
        assert advice in capsys.readouterr().out
    assert run("--confirm", "new-signing-key", answers=GOOD) == 0
    assert held.secrets.values["APP_SIGNING_KEY"] == [b"a" * 64, b"a" * 64]


WRONG = [
    ("POYO_API_KEY", "short"),
    ("POYO_API_KEY", "with a space in the middle"),
    ("POYO_WEBHOOK_SECRET", "0123456789abcdef,0123456789abcdef"),
    ("POYO_API_KEY", "0123456789äbcdef"),
    ("POYO_API_KEY", "0123456789\nabcdef"),
    ("POYO_API_KEY", "whsec_0123456789abcdef"),
    ("OPENAI_API_KEY", "sk_live_0123456789abcdef"),
    ("STRIPE_SECRET_KEY", "pk_live_0123456789abcdef"),
    ("STRIPE_SECRET_KEY", "whsec_0123456789abcdef"),
    ("STRIPE_SECRET_KEY", "sk_test_0123456789abcdef"),
    (HOOK, "sk_live_0123456789abcdef"),
    (HOOK, "we_0123456789abcdef"),
    ("APP_SIGNING_KEY", "a" * 31),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_of_another_shape_is_not_stored_and_not_shown(
    google: Google, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    assert run(answers={**GOOD, name: value}) == 1
    assert set(google.secrets.values) == set(GOOD) - {name}, "the others are stored"
    printed = capsys.readouterr()
    assert value not in printed.out + printed.err


def test_stripes_mode_must_fit_the_project() -> None:
    test = "sk_test_0123456789abcdef"
    none: frozenset[str] = frozenset()
    assert secrets.checked("STRIPE_SECRET_KEY", test, staging=True, confirmed=none) == test
    assert secrets.checked("STRIPE_SECRET_KEY", test, staging=False, confirmed=frozenset({"test-key"})) == test
    with pytest.raises(cloud.Refused, match="real money"):
        secrets.checked("STRIPE_SECRET_KEY", GOOD["STRIPE_SECRET_KEY"], staging=True, confirmed=none)


def test_a_rotation_of_a_webhooks_secret(held: Google, capsys: pytest.CaptureFixture[str]) -> None:
    """Both values, a deploy, the new one, a deploy, the old versions disabled, then destroyed: no step is skipped."""
    deploys = "make deploy PROJECT=production"
    assert run("--rotate", HOOK, answers={HOOK: GOOD[HOOK]}) == 1, "the old value is no new one"
    assert run("--rotate", HOOK, answers={HOOK: NEW}) == 0
    assert held.secrets.newest(HOOK) == f"{NEW},{GOOD[HOOK]}"
    assert deploys in capsys.readouterr().out
    assert run("--finish", HOOK) == 1, "not before the deploy"
    assert run("--rotate", HOOK, answers={HOOK: NEW}) == 1, "one rotation at a time"
    assert deploys in capsys.readouterr().err
    deploy(held)
    assert run("--finish", HOOK) == 0
    assert held.secrets.newest(HOOK) == NEW
    assert set(held.secrets.states[HOOK]) == {"ENABLED"}, "functions still run with version 2"
    assert deploys in capsys.readouterr().out
    assert run("--finish", HOOK) == 1
    deploy(held)
    assert run("--finish", HOOK) == 0
    assert held.secrets.states[HOOK] == ["DISABLED", "DISABLED", "ENABLED"]
    assert run("--finish", HOOK, "--confirm", "destroy") == 0
    assert held.secrets.states[HOOK] == ["DESTROYED", "DESTROYED", "ENABLED"]
    assert run() == 0


def test_a_rotation_of_a_key_holds_one_value(held: Google) -> None:
    assert run("--rotate", "POYO_API_KEY", answers={"POYO_API_KEY": "poyo-fedcba9876543210"}) == 0
    assert held.secrets.newest("POYO_API_KEY") == "poyo-fedcba9876543210"
    deploy(held)
    assert run("--finish", "POYO_API_KEY") == 0
    assert held.secrets.states["POYO_API_KEY"] == ["DISABLED", "ENABLED"]


def test_the_secret_that_we_give_to_piapi_is_made_at_random(held: Google) -> None:
    name = "PIAPI_WEBHOOK_SECRET"
    assert run("--rotate", name, answers={name: ""}) == 0
    new, old = held.secrets.newest(name).split(",")
    assert old == GOOD[name]
    assert len(bytes.fromhex(new)) == 32


@pytest.mark.parametrize(
    ("arguments", "answers"),
    [
        (["--rotate", HOOK], {HOOK: ""}),
        (["--rotate", HOOK], None),
        (["--rotate", "NO_SECRET"], GOOD),
        (["--rotate", HOOK, "--finish", HOOK], GOOD),
        (["--project", "demo-studiox"], GOOD),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    held: Google, arguments: list[str], answers: dict[str, str] | None
) -> None:
    before = {name: list(values) for name, values in held.secrets.values.items()}
    assert run(*arguments, answers=answers) == 1
    assert held.secrets.values == before


def test_every_webhooks_secret_can_be_rotated() -> None:
    """A provider that calls back has one by this name; what to do at Stripe, Poyo and PiAPI is written down."""
    named = {name for name in secrets.needed() if secrets.is_webhooks(name)}
    assert named >= secrets.WEBHOOKS.keys() >= {"STRIPE_WEBHOOK_SECRET", "POYO_WEBHOOK_SECRET", "PIAPI_WEBHOOK_SECRET"}
    for name, spec in PROVIDERS.items():
        assert len(named & {secret.name for secret in spec.secrets}) == bool(spec.webhook), name


def test_the_functions_list_must_be_whole(held: Google, capsys: pytest.CaptureFixture[str]) -> None:
    """Versions that a function runs with would otherwise be disabled."""
    held.functions.failure = Failure(403, "PERMISSION_DENIED", "Permission 'cloudfunctions.functions.list' denied.")
    assert run("--finish", HOOK) == 1
    assert "cloudfunctions.functions.list" in capsys.readouterr().err


def typed(command: list[str], environment: dict[str, str], reply: Callable[[str], str]) -> tuple[int, str]:
    """Run the command on a terminal of its own and answer each prompt. The exit code, and what the screen showed."""
    terminal, inner = pty.openpty()
    process = subprocess.Popen(
        command, stdin=inner, stdout=inner, stderr=inner, env=environment, cwd=ROOT, start_new_session=True
    )
    os.close(inner)
    shown, answered, until = "", 0, time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                shown += os.read(terminal, 65536).decode()
            except OSError:  # the other end is closed
                break
        prompts = shown.split("): ")[:-1]
        if len(prompts) > answered:
            name = prompts[answered].splitlines()[-1].split()[0]
            answered += 1
            os.write(terminal, f"{reply(name)}\n".encode())
    os.close(terminal)
    return process.wait(30), shown


def test_on_a_terminal_nothing_that_is_typed_is_shown_logged_or_passed_on(google: Google) -> None:
    environment = {
        **os.environ,
        "GOOGLE_SDK_PYTHON_LOGGING_SCOPE": "google",  # the libraries' own log, with what they send
    }
    seen: list[str] = []

    def reply(name: str) -> str:
        seen.append(subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, timeout=20).stdout)
        return GOOD[name]

    code, shown = typed([sys.executable, "-m", "ops.secrets", "--project", "production"], environment, reply)
    assert code == 0, shown
    assert {name: google.secrets.newest(name) for name in GOOD} == GOOD
    assert len(seen) == len(GOOD)
    everything = shown + "".join(seen)
    assert "ops.secrets" in everything
    encoded = [base64.b64encode(value.encode()).decode() for value in GOOD.values()]  # as it is sent
    assert not [value for value in (*GOOD.values(), *encoded) if value in everything]
