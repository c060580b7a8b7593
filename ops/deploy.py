"""`make deploy PROJECT=staging|production`: the checks of docs/deploy.md, then the Firebase CLI, step by step.

All problems are listed at once, and then nothing is deployed. Settings that are the owner's choice (App Check off, mock
models in staging) must be confirmed by name: CONFIRM=app-check,mock-models. The steps are the rules and indexes, the
functions, and the site. After a break the same command continues.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

from local.stack import settings
from local.stack.settings import ROOT, read_env
from ops import cloud, rollout, secrets
from ops.cloud import Api, Refused
from ops.rollout import Exhausted

VENDORS = tuple(stand_in.parameter for stand_in in settings.STAND_INS.values())
DEPLOYED = ROOT / "firebase.deployed.json"  # beside firebase.json, because its paths are relative to it
REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
DATABASE = re.compile(r"\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]")
RULES = ROOT / "storage.deployed.rules"
COUNT = re.compile(r"[1-9][0-9]{0,3}")
COUNTS = {"THREADS": 1_000, "MAX_INSTANCES": 999, "JOB_TASKS": 5_000}
"""The parameters that are counts, and the most that Cloud Run and Cloud Tasks allow."""
CHOICES = {"MODERATION": ("off", "openai", "words"), "MODERATION_WHEN_AWAY": ("refuse", "allow")}
STEPS = ("rules", "functions", "site")
AMOUNT = re.compile(r"([0-9]+(\.[0-9]+)?)?")
EMULATOR = re.compile(r"EMULATOR|_HOST$")
LOOPBACK = re.compile(r"^(localhost|127\.|\[?::1)")


def parameters(alias: str, project: str, functions: Path = ROOT / "functions") -> dict[str, str]:
    """The functions' parameters: .env, overridden by the project's own file, as the CLI reads them."""
    found = read_env(functions / ".env")
    for name in dict.fromkeys((project, alias)):
        found |= read_env(functions / f".env.{name}")
    return found


def wrong_parameters(given: Mapping[str, str], confirmed: frozenset[str]) -> list[str]:
    """The wrong parameters for production, and how to correct each."""
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
        found.append("ENABLE_MOCK_MODELS is on: mock models give pictures away (CONFIRM=mock-models)")
    if given.get("ENFORCE_APP_CHECK") != "true" and "app-check" not in confirmed:
        found.append("ENFORCE_APP_CHECK is off: scripts may call (CONFIRM=app-check if the web app is not ready)")
    if not REGION.fullmatch(given.get("REGION", "")):
        found.append("REGION must be a region of Cloud Functions, such as us-central1")
    if not DATABASE.fullmatch(given.get("FIRESTORE_DATABASE", "")):
        found.append("FIRESTORE_DATABASE must be the id of a database: (default), unless you restored another one")
    if not given.get("PROJECT_NUMBER", "").isdigit():
        found.append("PROJECT_NUMBER must be the project's number: tasks are sent as the account that it names")
    for name, most in COUNTS.items():
        if not (COUNT.fullmatch(given.get(name, "")) and int(given[name]) <= most):
            found.append(f"{name} must be a number from 1 to {most:,} (docs/capacity.md)")
    for name, values in CHOICES.items():
        if given.get(name) not in values:
            found.append(f"{name} must be one of {', '.join(values)} (docs/moderation.md)")
    if given.get("MOCK_FAILURE_RATE", "0") != "0":
        found.append("MOCK_FAILURE_RATE must be 0")
    for name in ("DAILY_SPEND_LIMIT_USD", "FREE_SPEND_LIMIT_USD"):
        if not AMOUNT.fullmatch(given.get(name, "")):
            found.append(f"{name} must be an amount: other text would count as no limit")
    if any(LOOPBACK.match(host.strip()) for host in given.get("MEDIA_HOSTS", "").split(",")):
        found.append("MEDIA_HOSTS must name the hosts of your providers' files, or be empty for the usual ones")
    return found


def _is_public(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    return parts.scheme == "https" and bool(parts.hostname) and not LOOPBACK.match(parts.hostname or "")


def wrong_environment(environment: Mapping[str, str]) -> list[str]:
    """Variables of this shell that would direct the deployment's tools to an emulator."""
    return [f"{name} is set in this shell: unset it" for name in sorted(environment) if name.endswith("_EMULATOR_HOST")]


def wrong_site(given: Mapping[str, str], environment: Mapping[str, str]) -> list[str]:
    """Variables of this shell with which the site would be built wrongly for the functions."""
    found = []
    if given.get("ENFORCE_APP_CHECK") == "true" and not environment.get("VITE_RECAPTCHA_KEY"):
        found.append(
            "ENFORCE_APP_CHECK is on, and VITE_RECAPTCHA_KEY is not set in this shell: the site would send no "
            "App Check tokens, and every call would be refused. Set it to the site key of the project's web app"
        )
    if environment.get("NODE_ENV", "production") != "production":
        found.append("NODE_ENV is set in this shell, and not to production: the site would be a development build")
    return found


def missing_secrets(live: Mapping[str, int | None], alias: str) -> list[str]:
    """Each secret without a live version, from what `secrets.look_up` found."""
    return [
        f"the secret {name} has no live version: make secrets PROJECT={alias}"
        for name, version in live.items()
        if version is None
    ]


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
    if done.returncode:
        return ["this folder is not a git checkout: deployed code must be in the history"]
    return (
        ["there are changes that are not committed: deployed code must be in the history"]
        if done.stdout.strip()
        else []
    )


def deploy_rules(api: Api, command: list[str], database: str) -> None:
    """The rules, indexes and TTL policies. Returns when the indexes are built, because the functions need them."""
    rollout.require_database(api, database)
    rollout.run([*command, "--only", "firestore,storage"], {})
    rollout.wait_for_indexes(api, database, print)


def deploy_functions(
    api: Api, command: list[str], region: str, live: Mapping[str, int | None], size: int = rollout.BATCH
) -> None:
    """The functions that are missing or outdated, `size` at a time. `Refused` if callers could not reach them."""
    wanted, name = cloud.functions(), rollout.release()
    there = {each.name: each for each in rollout.deployed(api) if each.region == region}
    triggered = rollout.Triggers(api, region)
    current = {
        each
        for each, function in wanted.items()
        if each in there and rollout.is_current(function, there[each], name, live) and triggered(function, there[each])
    }
    print(f"{len(current)} of {len(wanted)} functions are up to date.", flush=True)
    for said, part in rollout.batches(sorted(wanted.keys() - current), size):
        print(said, flush=True)
        # With --only the CLI deletes no function, and --force then only sets how long old images are kept (a day; what
        # runs has its own copy), and accepts the price of a minimum of instances.
        rollout.run([*command, "--only", rollout.only(part), "--force"], {"FIREBASE_DEPLOY_AGENT": name})
    found = rollout.deployed(api)
    public = {each for each, function in wanted.items() if function.kind in rollout.PUBLIC}
    closed = rollout.closed(api, [each for each in found if each.region == region and each.name in public])
    for each in found:
        if each.region != region or each.name not in wanted:
            print(
                f"{each.name} in {each.region} is no longer in the code, but still runs. To delete it:\n  node_modules"
                f"/.bin/firebase functions:delete {each.name} --region {each.region} --project {api.project}"
            )
    if closed:
        raise Refused(
            "Google refuses that everybody may call these functions, which check their callers themselves:\n"
            + "".join(f"  {each}: {why}\n" for each, why in sorted(closed.items()))
            + "If your organisation forbids allUsers, allow it for this project (constraints/iam.allowedPolicyMember"
            "Domains),\nor switch Cloud Run's own check off for each of them:\n"
            f"  gcloud run services update NAME --region {region} --project {api.project} --no-invoker-iam-check\n"
            "NAME is the function's name in lower case. If you lack a permission, ask for roles/run.admin."
        )


def deploy(given: argparse.Namespace, project: str, values: Mapping[str, str], live: Mapping[str, int | None]) -> None:
    """All steps, or the one that was asked for. `Refused`."""
    region, database = values["REGION"], values["FIRESTORE_DATABASE"]
    # By its alias, if it has one: the CLI takes the parameters from the file of the same name.
    command = ["deploy", "--project", given.project, "--config", DEPLOYED.name]
    DEPLOYED.write_text(config_of(project, (ROOT / "firebase.json").read_text(), region, database))
    RULES.write_text(rules_of((ROOT / "storage.rules").read_text(), database))
    try:
        with cloud.api(project, rollout.ROLES) as api:
            if given.only in ("", "rules"):
                deploy_rules(api, command, database)
            if given.only in ("", "functions"):
                deploy_functions(api, command, region, live, given.batch)
        if given.only in ("", "site"):
            rollout.run([*command, "--only", "hosting"], {f"VITE_{name}": values[name] for name in settings.BUILT_IN})
    except Exhausted:
        needed = rollout.vcpus(values)
        raise Refused(
            f"Cloud Run's quota of CPU or memory in {region} is used up. All functions at their most instances need "
            f'{needed} vCPUs.\nAsk for {needed * 1000} milli vCPU of "Total CPU allocation, in milli vCPU, per '
            f'project per region":\n  https://console.cloud.google.com/iam-admin/quotas?project={project}\n'
            "Until you have it, deploy fewer functions at a time (BATCH=5), or lower MAX_INSTANCES."
        ) from None
    finally:
        DEPLOYED.unlink(missing_ok=True)
        RULES.unlink(missing_ok=True)


def _size(given: str) -> int:
    """The size of a batch. With less than one, no function would be deployed, and the site without them."""
    if not given.isdigit() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given} is not a number of functions, such as {rollout.BATCH}")
    return int(given)


def _command(given: argparse.Namespace) -> str:
    """The command as it was given to make."""
    batch = str(given.batch) if given.batch != rollout.BATCH else ""
    variables = {"PROJECT": given.project, "CONFIRM": given.confirm, "ONLY": given.only, "BATCH": batch}
    return " ".join(["make deploy", *(f"{name}={value}" for name, value in variables.items() if value)])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--project", default="")
    parser.add_argument("--confirm", default="")
    parser.add_argument("--only", default="", choices=("", *STEPS), help="one step")
    parser.add_argument("--batch", type=_size, default=rollout.BATCH, help="functions at a time")
    parser.add_argument("--check", action="store_true", help="only the checks that need no network")
    given = parser.parse_args(arguments)
    project = cloud.resolved(given.project)
    if not cloud.is_real(project):
        print("Name the project: make deploy PROJECT=staging (the aliases are in .firebaserc)", file=sys.stderr)
        return 1
    confirmed = frozenset(given.confirm.split(","))
    values = parameters(given.project, project)
    wrong = wrong_environment(os.environ) + wrong_parameters(values, confirmed)
    if not given.check:
        wrong += wrong_site(values, os.environ) + uncommitted()
    try:
        live = {} if wrong or given.check else secrets.look_up(project)
        wrong += missing_secrets(live, given.project)
        if wrong:
            said = f"Not deployed to {project}, whose parameters are in functions/.env.{project}:"
            print(said, *(f"  - {each}" for each in wrong), sep="\n", file=sys.stderr)
            return 1
        if given.check:
            print(f"{project} could be deployed; its secrets were not checked")
            return 0
        rehearsed = cloud.stand_in(cloud.ADDRESSES["cloudfunctions"])
        if rehearsed:
            print(f"A rehearsal: the variables of this shell name {rehearsed} instead of Google.", flush=True)
        deploy(given, project, values, live)
    except (Refused, KeyboardInterrupt) as reason:
        said = str(reason) or "The deployment was interrupted."
        print(f"\n{said}\nRun the same command again to continue: {_command(given)}", file=sys.stderr)
        return 1
    print(f"Rehearsed deploying to {project}. Google was not contacted." if rehearsed else f"Deployed to {project}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
