"""`make deploy PROJECT=staging|production`: the checks of docs/deploy.md, then `firebase deploy`.

All problems are listed at once, and then nothing is deployed. Settings that are the owner's choice (App Check off, mock
models in staging) must be confirmed by name: CONFIRM=app-check,mock-models.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path

from local.stack import settings
from local.stack.settings import ROOT, read_env

FIREBASE = ROOT / "node_modules" / ".bin" / "firebase"
VENDORS = tuple(stand_in.parameter for stand_in in settings.STAND_INS.values())
SECRETS = tuple(sorted(settings.SECRETS))
DEPLOYED = ROOT / "firebase.deployed.json"  # beside firebase.json, because its paths are relative to it
REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
DATABASE = re.compile(r"\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]")
RULES = ROOT / "storage.deployed.rules"
INSTANCES = re.compile(r"[1-9][0-9]{0,2}")
AMOUNT = re.compile(r"([0-9]+(\.[0-9]+)?)?")
EMULATOR = re.compile(r"EMULATOR|_HOST$")
LOOPBACK = re.compile(r"^(localhost|127\.|\[?::1)")


class CannotDeploy(Exception):
    """Nothing more is deployed. The message says why and what to do."""


def parameters(alias: str, project: str, functions: Path = ROOT / "functions") -> dict[str, str]:
    """What the functions will run with: .env, and the project's own file over it, as the CLI reads them."""
    found = read_env(functions / ".env")
    for name in dict.fromkeys((project, alias)):
        found |= read_env(functions / f".env.{name}")
    return found


def wrong_parameters(given: Mapping[str, str], confirmed: frozenset[str]) -> list[str]:
    """The parameters that production must not run with, and how to correct each."""
    found = [
        f"{name} is an emulator's: production would take unsigned tokens" for name in given if EMULATOR.search(name)
    ]
    for name in ("SITE_URL", *(each for each in VENDORS if each in given)):
        if not _is_public(given.get(name, "")):
            found.append(f"{name} must be a public https address")
    origins = [origin.strip() for origin in given.get("ALLOWED_ORIGINS", "").split(",") if origin.strip()]
    if not origins or not all(_is_public(origin) for origin in origins):
        found.append("ALLOWED_ORIGINS must be the https addresses of your sites")
    if given.get("ENABLE_MOCK_MODELS", "false") != "false" and "mock-models" not in confirmed:
        found.append("ENABLE_MOCK_MODELS is on: mock models give pictures for nothing (CONFIRM=mock-models)")
    if given.get("ENFORCE_APP_CHECK") != "true" and "app-check" not in confirmed:
        found.append("ENFORCE_APP_CHECK is off: scripts may call (CONFIRM=app-check if the web app is not ready)")
    if given.get("THREADS") != "80":
        found.append("THREADS must be 80: the server would take four of eighty calls at once")
    if not REGION.fullmatch(given.get("REGION", "")):
        found.append("REGION must be a region of Cloud Functions, such as us-central1")
    if not DATABASE.fullmatch(given.get("FIRESTORE_DATABASE", "")):
        found.append("FIRESTORE_DATABASE must be the id of a database: (default), unless you restored another one")
    if not given.get("PROJECT_NUMBER", "").isdigit():
        found.append("PROJECT_NUMBER must be the project's number: tasks are sent as the account that it names")
    if not INSTANCES.fullmatch(given.get("MAX_INSTANCES", "")):
        found.append("MAX_INSTANCES must be a number from 1 to 999, within the CPU quota of the region")
    if given.get("MOCK_FAILURE_RATE", "0") != "0":
        found.append("MOCK_FAILURE_RATE must be 0")
    for name in ("DAILY_SPEND_LIMIT_USD", "FREE_SPEND_LIMIT_USD"):
        if not AMOUNT.fullmatch(given.get(name, "")):
            found.append(f"{name} must be an amount: what is none would count as no limit")
    if any(LOOPBACK.match(host.strip()) for host in given.get("MEDIA_HOSTS", "").split(",")):
        found.append("MEDIA_HOSTS must name the hosts of your providers' files, or be left out for the usual ones")
    return found


def _is_public(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    return parts.scheme == "https" and bool(parts.hostname) and not LOOPBACK.match(parts.hostname or "")


def wrong_environment(environment: Mapping[str, str]) -> list[str]:
    """Variables of this shell that would direct the deployment's tools to an emulator."""
    return [f"{name} is set in this shell: unset it" for name in sorted(environment) if name.endswith("_EMULATOR_HOST")]


def wrong_site(given: Mapping[str, str], environment: Mapping[str, str]) -> list[str]:
    """What the build of the site takes from this shell, where it does not fit the functions."""
    found = []
    if given.get("ENFORCE_APP_CHECK") == "true" and not environment.get("VITE_RECAPTCHA_KEY"):
        found.append(
            "ENFORCE_APP_CHECK is on, and VITE_RECAPTCHA_KEY is not set in this shell: the site would send no "
            "App Check tokens, and every call would be refused. Set it to the site key of the project's web app"
        )
    if environment.get("NODE_ENV", "production") != "production":
        found.append("NODE_ENV is set in this shell, and not to production: the site would be a development build")
    return found


def missing_secrets(project: str, has: Callable[[str, str], bool]) -> list[str]:
    return [
        f"the secret {name} has no value: firebase functions:secrets:set {name} --project {project}"
        for name in SECRETS
        if not has(project, name)
    ]


def has_secret(project: str, name: str) -> bool:
    """Whether the project holds an enabled version of this secret. Its value is not read.

    `CannotDeploy` if that could not be found out: the secret is not known to be absent then.
    """
    command = [str(FIREBASE), "functions:secrets:get", name, "--project", project, "--json", "--non-interactive"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {}
    if answer.get("status") == "success":
        return any(version.get("state") == "ENABLED" for version in answer["result"]["secrets"])
    error = str(answer.get("error") or done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}")
    if error.startswith("HTTP Error: 404"):
        return False
    raise CannotDeploy(f"the secret {name} cannot be looked up. The Firebase CLI says: {error}")


def config_of(project: str, config: str, region: str, database: str = "(default)") -> str:
    """firebase.json for this project: its page may call the project's own functions, and not loopback.

    The file in the repository serves all projects and the local stack, so it allows every project's functions. The
    rules and the indexes go to `database`, and Storage's rules are those of `rules_of`.
    """
    own = config.replace("https://*.cloudfunctions.net", f"https://{region}-{project}.cloudfunctions.net")
    made = json.loads(own.replace(" http://127.0.0.1:* http://localhost:*", ""))
    made["firestore"]["database"] = database
    made["storage"]["rules"] = RULES.name
    return json.dumps(made, indent=2)


def rules_of(rules: str, database: str) -> str:
    """storage.rules, which look up accounts in the default database, for another database."""
    return rules.replace("/databases/(default)/", f"/databases/{database}/")


def uncommitted() -> list[str]:
    done = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, cwd=ROOT, timeout=60)
    return ["there are changes that are not committed: what runs must be in the history"] if done.stdout.strip() else []


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--project", default="")
    parser.add_argument("--confirm", default="")
    parser.add_argument("--check", action="store_true", help="only the checks that need no network")
    given = parser.parse_args(arguments)
    project = json.loads((ROOT / ".firebaserc").read_text())["projects"].get(given.project, given.project)
    if not project or project.startswith("demo-"):
        print("Where to? make deploy PROJECT=staging (the aliases are in .firebaserc)", file=sys.stderr)
        return 1
    confirmed = frozenset(given.confirm.split(","))
    values = parameters(given.project, project)
    wrong = wrong_environment(os.environ) + wrong_parameters(values, confirmed)
    if not given.check:
        wrong += wrong_site(values, os.environ) + uncommitted()
        try:
            wrong = wrong or missing_secrets(project, has_secret)
        except CannotDeploy as error:
            wrong = [str(error)]
    if wrong:
        print(f"Not deployed to {project}:", *(f"  - {each}" for each in wrong), sep="\n", file=sys.stderr)
        return 1
    if given.check:
        print(f"{project} could be deployed; secrets were not looked at")
        return 0
    # By its alias, if it has one: the CLI takes the parameters from the file of the same name.
    command = [str(FIREBASE), "deploy", "--project", given.project, "--non-interactive"]
    database = values["FIRESTORE_DATABASE"]
    DEPLOYED.write_text(config_of(project, (ROOT / "firebase.json").read_text(), values["REGION"], database))
    RULES.write_text(rules_of((ROOT / "storage.rules").read_text(), database))
    built_in = {f"VITE_{name}": values[name] for name in settings.BUILT_IN}
    try:
        command += ["--config", DEPLOYED.name, "--only", "functions,firestore,storage,hosting"]
        return subprocess.run(command, cwd=ROOT, env=os.environ | built_in).returncode
    finally:
        DEPLOYED.unlink()
        RULES.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
