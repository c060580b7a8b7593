"""A deployment rehearsed: the real Firebase CLI, by `make deploy`, against a stand-in of Google's management APIs.

The CLI takes a minute of CPU, so each test is a whole story.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from local.stack.settings import ROOT, read_env
from local.vendors.google.project import Project
from local.vendors.google.server import stand_in
from ops import rollout
from tests.ops import checkout

PROJECT = "studiox-staging"
FUNCTIONS = json.loads((ROOT / "tests" / "api_snapshot.json").read_text())["functions"]
VALUES = read_env(ROOT / "functions" / ".env") | checkout.PARAMETERS
REGION = VALUES["REGION"]
LOCATION = f"projects/{PROJECT}/locations/{REGION}"
CREATES = r"POST cloudfunctions\S+/functions$"
UPDATES = r"PATCH cloudfunctions\S+"
OLD = "cli-firebase--studiox-000000000000"
"""The label of functions that were deployed from other code."""


class Stage(NamedTuple):
    """A project without a deployment, and a checkout to deploy from."""

    google: Project
    variables: dict[str, str]
    folder: Path

    def deploy(self, *arguments: str) -> checkout.Ran:
        with checkout.deploying(self.folder, self.variables, *arguments) as process:
            return checkout.ended(process)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "studiox"
    folder.mkdir()
    checkout.make(folder)
    with stand_in(PROJECT, tmp_path / "home") as (google, variables):
        yield Stage(google, variables, folder)


def value(given: Any) -> Any:
    """What the CLI makes of an option: an expression of parameters is evaluated."""
    if not isinstance(given, str):
        return given
    return re.sub(r"\{\{ params\.(\w+) \}\}", lambda found: VALUES[found[1]], given)


def number(given: Any) -> float | None:
    return None if given is None else float(value(given))


def addresses(google: Project, name: str) -> tuple[str, str]:
    """Of the function, and of its Cloud Run service: either calls it."""
    function = google.functions[f"{LOCATION}/functions/{name}"]
    return function["url"], function["serviceConfig"]["uri"]


def invokers(google: Project, name: str) -> list[str]:
    """Who may call the function."""
    bindings = google.policies.get(f"{LOCATION}/services/{name.lower()}", {}).get("bindings", [])
    return [member for each in bindings if each["role"] == rollout.INVOKER for member in each["members"]]


@pytest.mark.long(80)
def test_a_first_deployment_that_is_interrupted_is_completed_by_the_second(stage: Stage) -> None:
    google = stage.google
    with checkout.deploying(stage.folder, stage.variables, "--batch", "40") as process:
        # As Ctrl-C does, in the second batch: the whole group is told.
        google.interrupt(CREATES, lambda: os.killpg(process.pid, signal.SIGINT), skip=55)
        ran = checkout.ended(process)
    assert ran.code == 1, ran.said
    assert "The deployment was interrupted." in ran.said
    assert "make deploy PROJECT=staging" in ran.said
    before = set(google.functions)
    assert 40 <= len(before) < len(FUNCTIONS)
    assert google.released == [], "the site waits for its functions"

    # Its repetition meets a busy API. The CLI tries again after some seconds.
    google.refuse(CREATES, 429, "Quota exceeded for quota metric 'Per project mutation requests'", times=1)
    google.refuse(CREATES, 409, "An operation on the function is already in progress.", status="ABORTED", times=1)
    ran = stage.deploy("--batch", "40")
    assert ran.code == 0, ran.said
    [current] = re.findall(rf"(\d+) of {len(FUNCTIONS)} functions are up to date", ran.said)
    assert 39 <= int(current) <= len(before), "those that were ready are not deployed again"

    assert "Rehearsed deploying to studiox-staging. Google was not contacted." in ran.said
    check_functions(google)
    check_callers(google)
    check_triggers(google)
    check_rules(google)
    check_site(google, stage.folder)
    check_source(google)
    assert google.unknown == []
    assert google.sent(":enable") == [], "the CLI has to enable an API: infra/ and the stand-in lack it"

    # From the same checkout, with what the CLI left in it.
    google.calls.clear()
    again = stage.deploy("--only", "functions")
    assert again.code == 0, again.said
    assert f"{len(FUNCTIONS)} of {len(FUNCTIONS)} functions are up to date." in again.said
    assert [call.address for call in google.calls if call.method != "GET"] == []

    check_updates_that_fail(stage)


def check_updates_that_fail(stage: Stage) -> None:
    """Three functions are old, and their updates are refused, cut off, or find no CPU. The same command goes on."""
    google, names = stage.google, ("createCheckoutSession", "dispatchStudioJobs", "health")
    full = {name: f"{LOCATION}/functions/{name}" for name in names}
    [label] = {function["labels"]["deployment-tool"] for function in google.functions.values()}
    for name in names:
        google.functions[full[name]]["labels"] = {**google.functions[full[name]]["labels"], "deployment-tool": OLD}

    def old() -> set[str]:
        return {name for name in names if google.functions[full[name]]["labels"]["deployment-tool"] != label}

    # One is refused for good, another is busy at first.
    google.refuse(rf"{UPDATES}/health$", 403, "Permission 'cloudfunctions.functions.update' denied")
    busy = "An operation on the function is already in progress."
    google.refuse(rf"{UPDATES}/createCheckoutSession$", 409, busy, status="ABORTED", times=1)
    ran = stage.deploy("--only", "functions")
    assert ran.code == 1
    assert re.search(r"errors with the following functions:\s+health\(", ran.said), ran.said
    assert "cloudfunctions.functions.update" in ran.said
    assert "make deploy PROJECT=staging" in ran.said
    assert old() == {"health"}, "the others of the batch are deployed, the busy one after another try"
    google.faults.clear()

    # Everything is killed between the request and its answer, as by a loss of power.
    google.functions[full["dispatchStudioJobs"]]["labels"]["deployment-tool"] = OLD
    with checkout.deploying(stage.folder, stage.variables, "--only", "functions") as process:
        google.interrupt(rf"{UPDATES}/health$", lambda: os.killpg(process.pid, signal.SIGKILL))
        assert checkout.ended(process).code == -signal.SIGKILL
    assert "health" in old()

    # The network is lost after the request was received, and comes back. The CLI waits for it, up to 25 minutes.
    asked = r"GET cloudfunctions\S+/operations/"
    google.calls.clear()
    google.fall_silent(asked, times=2)
    ran = stage.deploy("--only", "functions")
    assert ran.code == 0, ran.said
    assert len(google.sent(asked)) > 2
    assert old() == set()

    # There is no CPU for a new revision. The old one is not deleted.
    google.functions[full["health"]]["labels"]["deployment-tool"] = OLD
    google.calls.clear()
    google.cpu_quota = 1.0
    ran = stage.deploy("--only", "functions")
    assert ran.code == 1
    assert f"{len(FUNCTIONS) - 1} of {len(FUNCTIONS)} functions are up to date." in ran.said
    assert "Cloud Run's quota of CPU or memory" in ran.said
    assert google.sent(f"DELETE|{CREATES}") == []

    google.cpu_quota = 1_000.0
    ran = stage.deploy("--only", "functions")
    assert ran.code == 0, ran.said
    assert {call.path.rpartition("/")[2] for call in google.sent(UPDATES)} == {"health"}
    assert old() == set()
    check_functions(google)
    check_callers(google)
    check_triggers(google)


def check_functions(google: Project) -> None:
    """Each function of the snapshot, with its options and the live version of its secrets."""
    deployed = {name.rpartition("/")[2]: function for name, function in google.functions.items()}
    assert set(deployed) == set(FUNCTIONS)
    for name, pinned in FUNCTIONS.items():
        options, service = pinned["options"], deployed[name]["serviceConfig"]
        memory = options["availableMemoryMb"]
        cpu = rollout.SMALL[memory] if options["cpu"] == "gcf_gen1" else options["cpu"]
        assert deployed[name]["state"] == "ACTIVE", name
        assert deployed[name]["buildConfig"]["runtime"] == "python313"
        assert service["availableMemory"] == f"{memory}Mi", name
        assert float(service["availableCpu"]) == cpu, name
        assert service["maxInstanceRequestConcurrency"] == number(options["concurrency"]), name
        assert service["maxInstanceCount"] == number(options["maxInstances"]), name
        assert service.get("minInstanceCount") == number(options.get("minInstances")), name
        assert (service.get("timeoutSeconds") or 60) == number(options.get("timeoutSeconds", 60)), name
        account = value(options.get("serviceAccountEmail") or google.account)
        assert service["serviceAccountEmail"] == account, name
        secrets = {each["secret"]: each["version"] for each in service.get("secretEnvironmentVariables", [])}
        assert secrets == dict.fromkeys(pinned["secrets"], "1"), name
        assert service["environmentVariables"]["ENFORCE_APP_CHECK"] == "true", "functions/.env.staging is read"
        assert service["environmentVariables"]["THREADS"] == "80"


def check_callers(google: Project) -> None:
    """Everybody may call what checks its callers itself. Schedules and tasks are called by one account."""
    for name, pinned in FUNCTIONS.items():
        account = value(pinned["options"].get("serviceAccountEmail") or google.account)
        own = [f"serviceAccount:{account}"]
        match pinned["kind"]:
            case "callable" | "http" | "identity":
                assert invokers(google, name) == ["allUsers"], name
            case "schedule":
                assert invokers(google, name) == own, name
            case "task" if "invoker" in pinned["options"]["taskQueueTrigger"]:
                assert invokers(google, name) == own, name


def check_triggers(google: Project) -> None:
    kinds = {kind: [name for name in FUNCTIONS if FUNCTIONS[name]["kind"] == kind] for kind in ("schedule", "task")}
    jobs = {f"{LOCATION}/jobs/firebase-schedule-{name}-{REGION}": name for name in kinds["schedule"]}
    assert set(google.jobs) == set(jobs)
    for job, name in jobs.items():
        wanted = FUNCTIONS[name]["options"]["scheduleTrigger"]
        found = google.jobs[job]
        assert (found["schedule"], found["timeZone"]) == (wanted["schedule"], wanted["timeZone"])
        assert found["httpTarget"]["uri"] in addresses(google, name)
        timeout = number(FUNCTIONS[name]["options"].get("timeoutSeconds", 60)) or 0
        # Cloud Scheduler waits as long as the function may run; the CLI asks for three minutes at least.
        assert int(found["attemptDeadline"].rstrip("s")) == max(180, timeout), name
    assert set(google.queues) == {f"{LOCATION}/queues/{name}" for name in kinds["task"]}
    for name in kinds["task"]:
        wanted, found = FUNCTIONS[name]["options"]["taskQueueTrigger"], google.queues[f"{LOCATION}/queues/{name}"]
        limits = {key: number(each) for key, each in wanted["rateLimits"].items()}
        assert {key: found["rateLimits"][key] for key in limits} == limits
        assert found["retryConfig"]["maxAttempts"] == number(wanted["retryConfig"]["maxAttempts"])
    [identity] = [name for name in FUNCTIONS if FUNCTIONS[name]["kind"] == "identity"]
    triggers = google.auth["blockingFunctions"]["triggers"]
    assert list(triggers) == ["beforeCreate"]
    assert triggers["beforeCreate"]["functionUri"] in addresses(google, identity)


def check_rules(google: Project) -> None:
    bucket = f"firebase.storage/{PROJECT}.firebasestorage.app"
    for release, file in {"cloud.firestore": "firestore.rules", bucket: "storage.rules"}.items():
        ruleset = google.rulesets[google.releases[f"projects/{PROJECT}/releases/{release}"]["rulesetName"]]
        assert [each["content"] for each in ruleset["source"]["files"]] == [(ROOT / file).read_text()]
    wanted = json.loads((ROOT / "firestore.indexes.json").read_text())

    def plain(group: str, scope: str, fields: list[dict[str, Any]]) -> str:
        return json.dumps([group, scope, [each for each in fields if each["fieldPath"] != "__name__"]], sort_keys=True)

    found = {plain(name.split("/")[-3], each["queryScope"], each["fields"]) for name, each in google.indexes.items()}
    assert found == {plain(each["collectionGroup"], each["queryScope"], each["fields"]) for each in wanted["indexes"]}
    expiring = {tuple(name.split("/")[-3::2]) for name, each in google.fields.items() if "ttlConfig" in each}
    overrides = wanted["fieldOverrides"]
    assert expiring == {(each["collectionGroup"], each["fieldPath"]) for each in overrides if each.get("ttl")}
    assert len(google.fields) == len(overrides)


def check_site(google: Project, folder: Path) -> None:
    [name] = google.released
    version = google.versions[name]
    built = {f"/{path.relative_to(folder / 'web/dist')}" for path in (folder / "web/dist").rglob("*") if path.is_file()}
    assert set(version["files"]) == built
    assert "/index.html" in built
    texts = {path: gzip.decompress(google.contents[digest]) for path, digest in version["files"].items()}
    assert all(text == (folder / "web/dist" / path[1:]).read_bytes() for path, text in texts.items())
    assert any(b"local-site-key" in text for text in texts.values()), "the site sends App Check tokens"
    assert any(REGION.encode() in text for text in texts.values()), "the site calls the functions where they are"
    hosting = json.loads((ROOT / "firebase.json").read_text())["hosting"]
    for made, wanted in zip(version["config"]["rewrites"], hosting["rewrites"], strict=True):
        assert made["glob"] == wanted["source"]
        if "function" in wanted:
            assert made["run"] == {"serviceId": wanted["function"]["functionId"].lower(), "region": REGION}
        else:
            assert made["path"] == wanted["destination"]
    headers = {each["glob"]: each["headers"] for each in version["config"]["headers"]}
    assert list(headers) == [each["source"] for each in hosting["headers"]]
    policy = headers["**"]["Content-Security-Policy"]
    assert f"https://{REGION}-{PROJECT}.cloudfunctions.net" in policy
    for foreign in ("127.0.0.1", "localhost", "http:", "*.cloudfunctions.net"):
        assert foreign not in policy


def check_source(google: Project) -> None:
    """What is uploaded is what runs: the code, its requirements and its parameters, and no secret."""
    assert google.sources
    for archive in google.sources.values():
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            names = packed.namelist()
        assert {"main.py", "requirements.txt", "studiox/kit/config.py"} <= set(names)
        odd = [
            each for each in names if each.startswith(("venv/", ".git")) or ".local" in each or "__pycache__" in each
        ]
        assert odd == []


def test_a_region_without_cpu_stops_the_deployment_with_what_to_ask_for(stage: Stage) -> None:
    """The CLI alone would delete the function and create it again, without an end and without a word."""
    stage.google.cpu_quota = 1.0
    ran = stage.deploy("--only", "functions")
    assert ran.code == 1
    assert "Cloud Run's quota of CPU or memory" in ran.said
    assert f"{rollout.vcpus(VALUES) * 1000} milli vCPU" in ran.said
    assert "make deploy PROJECT=staging" in ran.said
    assert stage.google.released == []


@pytest.mark.long(25)
def test_a_refused_deployment_says_why_and_how_to_go_on(stage: Stage) -> None:
    google = stage.google
    google.refuse("secretmanager", 403, "Permission 'secretmanager.secrets.list' denied on resource")
    ran = stage.deploy("--only", "rules", "--confirm", "mock-models", "--batch", "5")
    assert ran.code == 1
    assert "make deploy PROJECT=staging CONFIRM=mock-models ONLY=rules BATCH=5\n" in ran.said
    assert "secretmanager.secrets.list" in ran.said
    assert "roles/secretmanager.viewer" in ran.said
    assert "no live version" not in ran.said, "a secret that could not be looked up is not absent"
    google.faults.clear()

    google.refuse(r"POST firebaserules\S+/rulesets", 403, "The caller does not have permission")
    ran = stage.deploy("--only", "rules")
    assert ran.code == 1
    assert "The caller does not have permission" in ran.said
    assert "make deploy PROJECT=staging" in ran.said
    assert google.rulesets == {}

    del google.secrets["APP_SIGNING_KEY"]
    ran = stage.deploy("--only", "rules")
    assert ran.code == 1
    assert re.findall(r"the secret (\w+) has no live version", ran.said) == ["APP_SIGNING_KEY"]

    (stage.folder / "functions" / "main.py").write_text("# changed\n")
    ran = stage.deploy("--only", "rules")
    assert "not committed" in ran.said
